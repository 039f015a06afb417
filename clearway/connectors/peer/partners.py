"""From an agency, as identity knows it, to a partner of the exchange."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import structlog
from sqlalchemy import Connection

from clearway.connectors.peer.model import Partner
from clearway.errors import ClearwayError
from clearway.identity import entitlement, tables_agencies
from clearway.identity.agencies import Agency, KeyKind
from clearway.ledger.former import Former
from clearway.ledger.keys import Verifier, read_vkey
from clearway.ledger.sealed import PublicKey

logger = structlog.get_logger()


def partner_of(agency: Agency, at: datetime) -> Partner:
    """Return what the exchange needs of an agency, with the keys that hold at an instant.

    Raises: BadTerm, VerificationError, MalformedMessage: an entitlement or a key is not in form.
    """
    return Partner(
        id=agency.id,
        origin=agency.origin,
        verifiers=tuple(verifiers_of(agency, at)),
        fingerprints=agency.keys_at(KeyKind.TLS, at),
        recipient=PublicKey.parse(agency.hpke_key) if agency.hpke_key else None,
        url=agency.url,
        entitlements=entitlement.parse_all(agency.entitlements),
    )


def verifiers_of(agency: Agency, at: datetime) -> Iterator[Verifier]:
    """Yield the keys of its log; one that was rotated counts up to its size only."""
    for key in agency.keys:
        if key.kind is KeyKind.LOG and key.holds(at):
            read = read_vkey(key.text)
            yield read if key.until_size is None else Former(read, up_to_size=key.until_size)


def list_partners(connection: Connection, at: datetime) -> tuple[Partner, ...]:
    """Return every agency that takes part now; one that cannot be read is told and left out."""
    agencies = tables_agencies.list_agencies(connection)
    found = (_readable(agency, at) for agency in agencies if agency.takes_part)
    return tuple(partner for partner in found if partner is not None)


def _readable(agency: Agency, at: datetime) -> Partner | None:
    """Return a partner, None for one whose rules or keys are broken: the others go on."""
    try:
        return partner_of(agency, at)
    except ClearwayError as error:
        logger.exception("partner_unreadable", agency=agency.id, detail=error.detail)
        return None


def find_by_certificate(connection: Connection, fingerprint: str, at: datetime) -> Partner | None:
    """Return the agency to which a certificate belongs now, None when it is nobody's."""
    for agency in tables_agencies.list_agencies(connection):
        if agency.takes_part and fingerprint in agency.keys_at(KeyKind.TLS, at):
            return _readable(agency, at)
    return None
