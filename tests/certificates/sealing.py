"""Keys from fixed seeds, lists and seals made with them: for tests, and for the vectors in docs."""

from __future__ import annotations

import dataclasses
import hashlib
from datetime import UTC, date, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from clearway.certificates.claims import Place
from clearway.certificates.formats import seal, sps_certificate, status_list
from clearway.certificates.model import Certificate
from clearway.certificates.status import State, StatusList
from clearway.certificates.trust.keys import AuthorityKey
from clearway.certificates.trust.model import TrustedKey, TrustList, Usage
from clearway.terms.period import Period
from clearway.terms.places import Country

from .conftest import certificate, line

AT = datetime(2026, 3, 20, 9, 0, tzinfo=UTC)
VALID = Period(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
PLACE = Place("S1", 481516)
SECRET = bytes(range(16))
AUTHORITY = "Plant Protection Organisation of Ecuador"


def authority_key(seed: int = 1, country: str = "EC", usage: Usage = Usage.SEAL) -> AuthorityKey:
    """Return a key whose private number is the seed."""
    return AuthorityKey(
        ec.derive_private_key(0xC1EA0000 + seed, ec.SECP256R1()), b"", Country(country), usage
    )


KEY = authority_key()
STRANGER = authority_key(2)


def trusted(key: AuthorityKey = KEY, **changes: Any) -> TrustedKey:
    whole = key.trusted(AUTHORITY, VALID, ("851", "657"))
    return dataclasses.replace(whole, **changes)


def trust(*keys: TrustedKey, **changes: Any) -> TrustList:
    whole = TrustList(
        "Customs of NL", 1, AT - timedelta(days=1), AT + timedelta(days=6), keys or (trusted(),)
    )
    return dataclasses.replace(whole, **changes)


TRUST = trust()


def issued(**changes: Any) -> Certificate:
    """Return a certificate of three lines as read back from its document."""
    whole = certificate(lines=(line(1), line(2), line(3)), **changes)
    return sps_certificate.read(sps_certificate.write(whole))[0]


def fixed(**changes: Any) -> Certificate:
    """Return a certificate whose digest depends on no writer of XML: that of its number."""
    whole = certificate(lines=(line(1), line(2), line(3)), **changes)
    digest = hashlib.sha256(whole.number.encode()).hexdigest()
    return dataclasses.replace(whole, content_digest=digest)


CERTIFICATE = fixed()
UNTIL = date(2026, 9, 14)


def sealed(with_lines: bool = False, key: AuthorityKey = KEY, **changes: Any) -> bytes:
    options = {"secret": SECRET, "valid_until": UNTIL} | changes
    place = options.pop("place", PLACE)
    return seal.emit(options.pop("of", CERTIFICATE), key, place, with_lines, **options)


def list_bytes(
    states: dict[int, State] | None = None, key: AuthorityKey = KEY, **changes: Any
) -> bytes:
    options: dict[str, Any] = {
        "issued_at": AT - timedelta(hours=3),
        "next_update": AT + timedelta(hours=21),
    } | changes
    list_id = options.pop("list_id", PLACE.list_id)
    return status_list.emit(list_id, states or {7: State.WITHDRAWN}, key, **options)


def listed(states: dict[int, State] | None = None, **changes: Any) -> StatusList:
    return status_list.verify(list_bytes(states, **changes), TRUST, AT)
