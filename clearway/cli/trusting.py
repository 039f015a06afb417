"""What the commands of `clearway certificates trust` do."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from clearway.certificates.actions.accept_trust_list import accept_trust_list
from clearway.certificates.formats import trust_list as form
from clearway.certificates.formats.published import Published, entries
from clearway.certificates.trust import tables
from clearway.certificates.trust.keys import AuthorityKey, spki_of
from clearway.certificates.trust.model import TrustList, Usage
from clearway.cli.setup import OWNER
from clearway.cli.store import opened
from clearway.errors import MalformedMessage, NotFound
from clearway.node.clock import entropy, utc_now
from clearway.node.node import Node
from clearway.settings import load
from clearway.terms.places import Country
from clearway.wire import json

_MEMBERS = {"country", "name", "certificate"}


def accept(
    file: Path | None, document: bytes, signer_pem: bytes, *, is_new_signer: bool
) -> TrustList:
    """Accept a list on a node that nobody serves.

    Raises: VerificationError, WrongState, RuleViolation: see `accept_trust_list`. TryLater.
    """
    signer = _public(signer_pem)
    trust_list = form.read(document.strip(), signer=signer)
    with Node.open(load(file), clock=utc_now, entropy=entropy) as node:
        node.act(
            OWNER,
            lambda act: accept_trust_list(
                act, trust_list, document.strip(), signer, is_new_signer=is_new_signer
            ),
        ).result()
    return trust_list


def held(file: Path | None) -> tables.Held:
    """Return the list that the node holds, also while it serves. Raises: NotFound: it has none."""
    with opened(file) as (_, _, connection):
        found = tables.find(connection)
    if found is None:
        raise NotFound("No trust list is held; accept one with: clearway certificates trust add")
    return found


def make(
    published: bytes, key_pem: bytes, issuer: str, version: int, days: int
) -> tuple[bytes, list[tuple[str, str]]]:
    """Return a signed list of published certificates, and which were left out and why."""
    now = utc_now().replace(microsecond=0)
    found = entries(_published(published), at=now)
    country = Country(load(None).country)
    key = AuthorityKey.from_pem(key_pem, b"", country, Usage.SEAL)
    whole = TrustList(issuer, version, now, now + timedelta(days=days), found.keys)
    return form.write(whole, key), [(each.country, why) for each, why in found.refused]


def _published(data: bytes) -> list[Published]:
    rows = json.parse(data, limits=form.LIMITS)
    if not isinstance(rows, list):
        raise MalformedMessage("The file must hold a JSON list of certificates")
    for row in rows:
        is_text = isinstance(row, dict) and all(isinstance(each, str) for each in row.values())
        if not is_text or set(row) != _MEMBERS:
            raise MalformedMessage(f"Each certificate has exactly: {', '.join(sorted(_MEMBERS))}")
    return [Published(row["country"], row["name"], row["certificate"]) for row in rows]


def _public(pem: bytes) -> bytes:
    try:
        return spki_of(load_pem_public_key(pem))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise MalformedMessage(f"This is no public key in PEM: {error}") from error
