"""Status lists: two bits for each certificate, compressed and signed, kept for offline use.

The form is the IETF's Token Status List as CWT (draft-ietf-oauth-status-list, section 5.2): a
COSE_Sign1 of type `application/statuslist+cwt` over

    {2: "urn:clearway:status-list:EC:S1", 4: 1774080000, 6: 1773993600,
     65533: {"bits": 2, "lst": h'78da...'}}

with subject, next update, instant of issue, and the entries as a zlib stream. A million
certificates, one in a hundred of them set, need 17 kB. Signed with ES256 by a key of usage `seal`.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec

from clearway.certificates.formats.seal import SealKey
from clearway.certificates.formats.seal_text import inflate
from clearway.certificates.status import ENTRIES, ENTRY_BITS, State, StatusList
from clearway.certificates.trust.keys import public_key
from clearway.certificates.trust.model import TrustedKey, TrustList, Usage
from clearway.errors import BadTerm, MalformedMessage, RuleViolation, TooLarge, VerificationError
from clearway.ledger import cbor, cose
from clearway.terms.places import Country

TYPE: Final = "application/statuslist+cwt"
MAX_SIZE: Final = 1 << 18
MAX_ENTRIES_SIZE: Final = 1 << 20  # 4 million entries

_TYP: Final = 16  # header, RFC 9596
_SUBJECT, _UNTIL, _ISSUED, _STATUS_LIST = 2, 4, 6, 65533
_URN: Final = "urn:clearway:status-list:{country}:{list_id}"
_SUBJECT_FORM: Final = re.compile(r"urn:clearway:status-list:([A-Z]{2}):([A-Za-z0-9-]{1,16})")
_INSTANTS: Final = range(1 << 33)


def emit(
    list_id: str,
    states: Mapping[int, State],
    key: SealKey,
    *,
    issued_at: datetime,
    next_update: datetime,
    size: int = ENTRIES,
) -> bytes:
    """Return a signed status list.

    Args:
        list_id: 1 to 16 letters, digits and hyphens.
        states: of the entries that are not valid, by index.
        key: of usage `seal`; the list is of its country.
        issued_at, next_update: aware; whole seconds are kept.
        size: number of entries, a multiple of 4.

    Raises: RuleViolation: the key, name or instants are none for a list; BadTerm: an index outside.
    """
    subject = _URN.format(country=key.country, list_id=list_id)
    if not _SUBJECT_FORM.fullmatch(subject):
        raise RuleViolation(f"A status list cannot have the name {list_id!r:.40}")
    if next_update <= issued_at:
        raise RuleViolation("The next update of a status list comes after its issue")
    private = key.private
    if not isinstance(private, ec.EllipticCurvePrivateKey) or private.curve.name != "secp256r1":
        raise RuleViolation("A status list is signed with a key of P-256")
    claims: dict[int, Any] = {
        _SUBJECT: subject,
        _ISSUED: int(issued_at.timestamp()),
        _UNTIL: int(next_update.timestamp()),
        _STATUS_LIST: {"bits": ENTRY_BITS, "lst": zlib.compress(packed(states, size), 9)},
    }
    payload = cbor2.dumps(claims, canonical=True)
    return cose.sign_es256(payload, private, {cose.KID: key.key_id, _TYP: TYPE})


def packed(states: Mapping[int, State], size: int = ENTRIES) -> bytes:
    """Return the entries, four in a byte. Raises: BadTerm: an index outside."""
    entries = bytearray(size * ENTRY_BITS // 8)
    for index, state in states.items():
        if not 0 <= index < size:
            raise BadTerm("Index in a status list", index, f"0 to {size - 1}")
        entries[index >> 2] |= state << (index & 3) * ENTRY_BITS
    return bytes(entries)


def verify(data: bytes, trust_list: TrustList, at: datetime) -> StatusList:
    """Return the status list that a trusted key signed. Only what is signed is read.

    An old list is returned as well: that it is out of date is for the verdict to say, and what it
    says of withdrawals stays true.

    Args:
        at: when it is judged, aware UTC.

    Raises: MalformedMessage, TooLarge: no status list. VerificationError: not signed by a key that
    is trusted for the seals of its country.
    """
    if len(data) > MAX_SIZE:
        raise TooLarge(f"A status list has at most {MAX_SIZE:,} bytes", limit="bytes")
    message = cose.read_sign1(data)
    key_id = message.header.get(cose.KID)
    if message.header.get(_TYP) != TYPE or not isinstance(key_id, bytes) or not message.payload:
        raise MalformedMessage(f"This is no status list: its header lacks type {TYPE} or key id")
    country, list_id, issued_at, until, _ = _parts(message.payload)
    key = _key(trust_list, key_id, country, issued_at, at)
    entries = _parts(cose.verify_sign1(message, _public(key)))[-1]
    plain = inflate(entries, limit=MAX_ENTRIES_SIZE)
    return StatusList(country, list_id, issued_at, until, plain, key)


def _parts(payload: bytes) -> tuple[Country, str, datetime, datetime, bytes]:
    claims = cbor.read(payload)
    known = claims.get(_STATUS_LIST) if isinstance(claims, dict) else None
    if not isinstance(known, dict) or known.get("bits") != ENTRY_BITS:
        raise MalformedMessage(f"The status list has no entries of {ENTRY_BITS} bits")
    subject, entries = claims.get(_SUBJECT), known.get("lst")
    named = _SUBJECT_FORM.fullmatch(subject) if isinstance(subject, str) else None
    if named is None or not isinstance(entries, bytes) or not entries.startswith(b"x"):
        raise MalformedMessage("The status list lacks its name or its compressed entries")
    issued_at, until = (_instant(claims.get(label)) for label in (_ISSUED, _UNTIL))
    return Country(named[1]), named[2], issued_at, until, entries


def _instant(value: object) -> datetime:
    if type(value) is not int or value not in _INSTANTS:
        raise MalformedMessage("The status list lacks its instant of issue or of next update")
    return datetime.fromtimestamp(value, UTC)


def _key(
    trust_list: TrustList, key_id: bytes, country: Country, issued_at: datetime, at: datetime
) -> TrustedKey:
    """Return the key of a list; whether it may speak of a kind, the verdict on a seal asks."""
    why = "unknown"
    for entry in trust_list.entries(key_id):
        kind = entry.type_codes[0] if entry.type_codes else ""
        fault = entry.fault(Usage.SEAL, country, kind, issued_at, at)
        if fault is None:
            return entry
        why = fault.value
    raise VerificationError(f"The status list of {country} is signed by a key not trusted: {why}")


def _public(key: TrustedKey) -> ec.EllipticCurvePublicKey:
    public = public_key(key.public)
    if not isinstance(public, ec.EllipticCurvePublicKey):
        raise VerificationError("The key of a status list is not one of P-256")
    return public
