"""What the commands of `clearway certificates trust` do."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from clearway.certificates.actions.accept_trust_list import accept_trust_list
from clearway.certificates.formats import trust_list as form
from clearway.certificates.formats.published import Published, entries
from clearway.certificates.trust import tables
from clearway.certificates.trust.keys import (
    AuthorityKey,
    entry_of,
    period_of,
    signing_certificate,
    spki_of,
)
from clearway.certificates.trust.model import TrustedKey, TrustList, Usage
from clearway.cli.setup import OWNER
from clearway.cli.store import opened
from clearway.errors import MalformedMessage, NotFound
from clearway.node.authority import open_authority
from clearway.node.clock import entropy, utc_now
from clearway.node.files import Folder
from clearway.node.node import Node
from clearway.settings import load
from clearway.terms.period import Period
from clearway.terms.places import Country
from clearway.wire import json

_MEMBERS = {"country", "name", "certificate"}
_SEAL_MEMBERS = {"country", "name", "seal_key", "valid_from", "valid_until"}


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
    rows = _rows(published)
    bare = [row for row in rows if "certificate" in row]
    found = entries([Published(r["country"], r["name"], r["certificate"]) for r in bare], at=now)
    keys = (*found.keys, *(_seal_key(row) for row in rows if "seal_key" in row))
    country = Country(load(None).country)
    key = AuthorityKey.from_pem(key_pem, b"", country, Usage.SEAL)
    whole = TrustList(issuer, version, now, now + timedelta(days=days), keys)
    return form.write(whole, key), [(each.country, why) for each, why in found.refused]


def own(file: Path | None) -> list[dict[str, str]]:
    """Return the keys with which this node issues, as `make` reads them.

    Raises: NotFound: it has none yet.
    """
    settings = load(file)
    folder = Folder.of(settings)
    if not (folder.root / "seal.key").exists():
        raise NotFound("This node has no keys to issue with yet; it makes them at its first issue")
    name = settings.agency_name or settings.node_name
    keys = open_authority(folder, name, Country(settings.country), entropy, utc_now())
    valid = period_of(signing_certificate(keys.xml_key.public))
    start, end = (each.isoformat() for each in (valid.start, valid.end or valid.start))
    whose = {"country": settings.country, "name": name}
    return [
        whose | {"certificate": base64.b64encode(keys.xml_key.public).decode("ascii")},
        whose
        | {"seal_key": base64.b64encode(keys.seal_key.public).decode("ascii")}
        | {"valid_from": start, "valid_until": end},
    ]


def _rows(data: bytes) -> list[dict[str, str]]:
    rows = json.parse(data, limits=form.LIMITS)
    if not isinstance(rows, list):
        raise MalformedMessage("The file must hold a JSON list of certificates and seal keys")
    for row in rows:
        is_text = isinstance(row, dict) and all(isinstance(each, str) for each in row.values())
        if not is_text or set(row) not in (_MEMBERS, _SEAL_MEMBERS):
            raise MalformedMessage(
                f"Each certificate has exactly: {', '.join(sorted(_MEMBERS))};"
                f" each seal key: {', '.join(sorted(_SEAL_MEMBERS))}"
            )
    return rows


def _seal_key(row: dict[str, str]) -> TrustedKey:
    try:
        public = base64.b64decode(row["seal_key"].encode("ascii"), validate=True)
        start, end = (
            datetime.fromisoformat(row[each]).astimezone(UTC)
            for each in ("valid_from", "valid_until")
        )
    except (binascii.Error, ValueError, OverflowError) as error:
        raise MalformedMessage(
            "A seal_key is base64 of its public key (SPKI), valid_from and valid_until are times"
            f" (ISO 8601): {error}"
        ) from error
    return entry_of(
        public, row["name"], Country(row["country"]), Usage.SEAL, valid=Period(start, end)
    )


def _public(pem: bytes) -> bytes:
    try:
        return spki_of(load_pem_public_key(pem))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise MalformedMessage(f"This is no public key in PEM: {error}") from error
