"""Trust lists as signed JSON; docs/design/trust.md specifies the form.

    document = write(trust_list, key)                    # key: AuthorityKey on P-256
    trust_list = read(document, signer=spki)             # or VerificationError

The signature (ECDSA on P-256 with SHA-256) covers the canonical form (RFC 8785) of everything but
itself. Who may sign is decided by whoever accepts the list, never by the list.
"""

from __future__ import annotations

import base64
import binascii
import re
from datetime import UTC, datetime
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from clearway.certificates.trust.keys import AuthorityKey, entry_of, public_key, spki_of
from clearway.certificates.trust.model import TrustedKey, TrustList, Usage, key_id_of
from clearway.errors import BadTerm, InputError, MalformedMessage, TooLarge, VerificationError
from clearway.terms.period import Period
from clearway.terms.places import Country
from clearway.wire import canonical, json
from clearway.wire.limits import Limits

FORMAT: Final = "clearway-trust-list/1"
MOST_KEYS: Final = 2_000
LIMITS: Final = Limits(size_bytes=8 << 20, depth=6, nodes=60_000, attributes=0, digits=16)

_HEAD: Final = frozenset(
    {"format", "issuer", "version", "issued_at", "next_update", "keys", "signature"}
)
_KEY: Final = frozenset(
    {
        "authority", "country", "type_codes", "usage", "algorithm", "public", "valid_from",
        "valid_until", "revoked_at",
    }
)  # fmt: skip
_SIGNATURE: Final = frozenset({"algorithm", "key_id", "value"})
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_KIND: Final = re.compile(r"[A-Za-z0-9]{1,3}")
_LONGEST_NAME: Final = 200
_P256_BYTES: Final = 32


def write(trust_list: TrustList, key: AuthorityKey) -> bytes:
    """Return a trust list signed with a key on P-256.

    Raises: BadTerm: the key is on another curve. TooLarge: more than 2,000 keys.
    """
    private = key.private
    if not isinstance(private, ec.EllipticCurvePrivateKey) or key.algorithm != "ES256":
        raise BadTerm("Key of a trust list", key.algorithm, "must be on P-256 (ES256)")
    if len(trust_list.keys) > MOST_KEYS:
        raise _too_many(len(trust_list.keys))
    body = _body(trust_list)
    r, s = decode_dss_signature(private.sign(canonical.json(body), ec.ECDSA(hashes.SHA256())))
    value = r.to_bytes(_P256_BYTES, "big") + s.to_bytes(_P256_BYTES, "big")
    signer = key_id_of(spki_of(private.public_key()))
    body["signature"] = {"algorithm": "ES256", "key_id": signer.hex(), "value": _text(value)}
    return canonical.json(body)


def read(document: bytes, *, signer: bytes) -> TrustList:
    """Return a trust list whose signature holds.

    Args:
        document: as received.
        signer: SubjectPublicKeyInfo (DER) of the key that must have signed it.

    Raises:
        MalformedMessage, TooLarge, BadTerm, RuleViolation: it is no list of this form, or holds
            a key that is not accepted; names the place.
        VerificationError: it is not signed by `signer`, or was altered.
    """
    body = json.parse(document, limits=LIMITS)
    _require_names(body, _HEAD, "the list")
    signature = body.pop("signature")
    _require_names(signature, _SIGNATURE, "signature")
    _verify(canonical.json(body), signature, signer)
    if body["format"] != FORMAT:
        raise MalformedMessage(f"The format is {str(body['format'])[:60]!r}; {FORMAT!r} is read")
    keys = body["keys"]
    if not isinstance(keys, list):
        raise MalformedMessage("keys must be a list")
    if len(keys) > MOST_KEYS:
        raise _too_many(len(keys))
    version = body["version"]
    if not isinstance(version, int) or isinstance(version, bool):
        raise MalformedMessage("version must be a whole number")
    return TrustList(
        issuer=_name(body["issuer"], "issuer"),
        version=version,
        issued_at=_time(body["issued_at"], "issued_at"),
        next_update=_time(body["next_update"], "next_update"),
        keys=tuple(_key(each, f"keys[{at}]") for at, each in enumerate(keys)),
    )


def _verify(content: bytes, signature: dict[str, Any], signer: bytes) -> None:
    key = public_key(signer)
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise BadTerm("Signer of a trust list", key_id_of(signer).hex(), "must be on P-256")
    if signature["algorithm"] != "ES256":
        raise _not_signed(f"its algorithm is {str(signature['algorithm'])[:20]!r}, not ES256")
    named = str(signature["key_id"])[:40]
    if named != key_id_of(signer).hex():
        raise _not_signed(f"it is signed by the key {named}, not by {key_id_of(signer).hex()}")
    value = _bytes(signature["value"], "signature.value")
    if len(value) != 2 * _P256_BYTES:
        raise _not_signed(f"its signature has {len(value)} bytes instead of 64")
    r, s = (int.from_bytes(part, "big") for part in (value[:_P256_BYTES], value[_P256_BYTES:]))
    try:
        key.verify(encode_dss_signature(r, s), content, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature as error:
        raise _not_signed("it was altered after it was signed") from error


def _body(trust_list: TrustList) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "issuer": trust_list.issuer,
        "version": trust_list.version,
        "issued_at": _stated(trust_list.issued_at),
        "next_update": _stated(trust_list.next_update),
        "keys": [_key_body(key) for key in trust_list.keys],
    }


def _key_body(key: TrustedKey) -> dict[str, Any]:
    return {
        "authority": key.authority,
        "country": str(key.country),
        "type_codes": list(key.type_codes),
        "usage": str(key.usage),
        "algorithm": str(key.algorithm),
        "public": _text(key.public),
        "valid_from": _stated(key.valid.start),
        "valid_until": None if key.valid.end is None else _stated(key.valid.end),
        "revoked_at": None if key.revoked_at is None else _stated(key.revoked_at),
    }


def _key(body: Any, place: str) -> TrustedKey:
    _require_names(body, _KEY, place)
    try:
        return _entry(body, place)
    except InputError as error:
        error.args = (f"{place}: {error.detail}",)
        error.detail = f"{place}: {error.detail}"
        raise


def _entry(body: dict[str, Any], place: str) -> TrustedKey:
    if body["usage"] not in tuple(Usage):
        raise BadTerm("usage", body["usage"], "must be xml, seal or credential")
    end, revoked = body["valid_until"], body["revoked_at"]
    valid = Period(
        _time(body["valid_from"], "valid_from"), None if end is None else _time(end, "valid_until")
    )
    entry = entry_of(
        _bytes(body["public"], "public"),
        _name(body["authority"], "authority"),
        Country(body["country"]),
        Usage(body["usage"]),
        type_codes=_kinds(body["type_codes"]),
        valid=valid,
        revoked_at=None if revoked is None else _time(revoked, "revoked_at"),
    )
    if body["algorithm"] != entry.algorithm:
        raise BadTerm("algorithm", body["algorithm"], f"must be that of the key: {entry.algorithm}")
    return entry


def _kinds(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > 100:
        raise BadTerm("type_codes", value, "must be a list of at most 100 codes")
    for each in value:
        if not isinstance(each, str) or not _KIND.fullmatch(each):
            raise BadTerm("type_codes", each, "must hold codes of UNECE 1001, such as 851")
    return tuple(value)


def _require_names(body: Any, names: frozenset[str], place: str) -> None:
    if not isinstance(body, dict) or set(body) != names:
        raise MalformedMessage(f"In {place} must stand exactly: {', '.join(sorted(names))}")


def _name(value: Any, field: str) -> str:
    if not isinstance(value, str) or not 0 < len(value.strip()) <= _LONGEST_NAME:
        raise BadTerm(field, value, f"must be a text of 1 to {_LONGEST_NAME} characters")
    return value


def _time(value: Any, field: str) -> datetime:
    if isinstance(value, str) and _TIME.fullmatch(value):
        try:
            return datetime.fromisoformat(value).astimezone(UTC)
        except (ValueError, OverflowError):
            pass  # no such day: told below, with the form that is wanted
    raise BadTerm(field, value, "must be a UTC time such as 2026-03-01T00:00:00Z")


def _bytes(value: Any, field: str) -> bytes:
    text = value if isinstance(value, str) else ""
    try:
        found = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise BadTerm(field, value, "must be base64") from error
    if not found or _text(found) != text:
        raise BadTerm(field, value, "must be base64 with padding")
    return found


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _stated(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _too_many(count: int) -> TooLarge:
    return TooLarge(f"A trust list holds at most {MOST_KEYS:,} keys, not {count:,}", limit="keys")


def _not_signed(why: str) -> VerificationError:
    return VerificationError(f"The trust list is not accepted: {why}", reason="list")
