"""From an agency, as identity knows it, to a partner of the exchange."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from clearway.connectors.peer import entitlement
from clearway.connectors.peer.model import Partner
from clearway.identity import tables_agencies
from clearway.identity.agencies import Agency, KeyKind
from clearway.ledger.note import read_vkey


def partner_of(agency: Agency, at: datetime) -> Partner:
    """Return what the exchange needs of an agency, with the keys that hold at an instant.

    Raises: BadTerm, VerificationError: an entitlement or a key is not in form.
    """
    return Partner(
        id=agency.id,
        origin=agency.origin,
        verifiers=tuple(read_vkey(text) for text in agency.keys_at(KeyKind.LOG, at)),
        fingerprints=agency.keys_at(KeyKind.TLS, at),
        recipient=agency.hpke_key,
        url=agency.url,
        entitlements=entitlement.parse_all(agency.entitlements),
    )


def list_partners(connection: Connection, at: datetime) -> tuple[Partner, ...]:
    """Return every agency that takes part now."""
    agencies = tables_agencies.list_agencies(connection)
    return tuple(partner_of(agency, at) for agency in agencies if agency.takes_part)


def find_by_certificate(connection: Connection, fingerprint: str, at: datetime) -> Partner | None:
    """Return the agency to which a certificate belongs now, None when it is nobody's."""
    for agency in tables_agencies.list_agencies(connection):
        if agency.takes_part and fingerprint in agency.keys_at(KeyKind.TLS, at):
            return partner_of(agency, at)
    return None
