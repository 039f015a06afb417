"""Disclosures sealed for partner agencies, and opened by them (`ledger.sealed`).

What binds the content to its fact is the disclosure itself, which the sender's log signed; the seal
is bound to that log's origin, so that nobody passes it on as his own.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from clearway.cli.store import opened
from clearway.connectors.peer.partners import verifiers_of
from clearway.errors import NotFound, Refused, TooLarge
from clearway.identity.agencies import Agency
from clearway.identity.tables_agencies import get_agency
from clearway.ledger import disclosure as disclosures
from clearway.ledger import sealed
from clearway.ledger.sealed import PublicKey
from clearway.node.clock import entropy, utc_now
from clearway.node.keys import open_keys
from clearway.settings import load


def seal_for(file: Path | None, content: bytes, agencies: Sequence[str]) -> bytes:
    """Return a disclosure of ours, sealed for these agencies alone.

    Raises: NotFound: no such agency. Refused: it takes no part, or its card bears no key.
    """
    with opened(file) as (_, signer, connection):
        found = [get_agency(connection, each) for each in agencies]
    keys = {agency.origin: _key(agency) for agency in found}
    return sealed.seal(content, keys, _binding(signer.name), entropy=entropy)


def open_from(file: Path | None, path: Path, sender: str) -> bytes:
    """Return the disclosure that an agency sealed for us, once it is seen to hold.

    Raises: NotFound: no such agency, or it is not sealed for us. VerificationError: it was changed,
    another agency sent it, or its log did not sign it. MalformedMessage, TooLarge.
    """
    if path.stat().st_size > sealed.MAX_CONTENT * 2:
        raise TooLarge(f"{path.name} is larger than anything that is sealed")
    data = path.read_bytes()
    settings = load(file)
    with opened(file) as (folder, signer, connection):
        agency = get_agency(connection, sender)
    post_quantum = settings.witness_post_quantum
    keys = open_keys(folder, signer.name, entropy, utc_now(), post_quantum=post_quantum)
    for key in keys.recipients:
        with suppress(NotFound):  # it may be sealed to the former key
            content = sealed.open_sealed(data, signer.name, key, _binding(agency.origin))
            disclosures.verify(disclosures.parse(content), tuple(verifiers_of(agency, utc_now())))
            return content
    raise NotFound(f"{path.name} is not sealed for {signer.name!r}")


def _binding(origin: str) -> bytes:
    return f"clearway-sealed-disclosure/1\n{origin}\n".encode()


def _key(agency: Agency) -> PublicKey:
    if not agency.takes_part:
        raise Refused(f"{agency.id} takes no part now; nothing is sealed for it")
    if not agency.hpke_key:
        raise Refused(f"The card of {agency.id} bears no key to seal to; ask for a newer card")
    return PublicKey.parse(agency.hpke_key)
