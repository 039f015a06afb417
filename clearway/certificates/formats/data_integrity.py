"""W3C Data Integrity proofs with JCS: eddsa-jcs-2022 and ecdsa-jcs-2019 (P-256, P-384).

    proof = {"type": "DataIntegrityProof", "cryptosuite": "eddsa-jcs-2022", "created": "...",
             "verificationMethod": "did:key:z6Mk...#z6Mk...", "proofPurpose": "assertionMethod"}
    signed bytes = H(JCS(proof)) || H(JCS(document without proof)),   H: SHA-256, P-384: SHA-384

JCS is RFC 8785. The suites ending in `-rdfc` are refused: they canonicalise RDF, for which contexts
must be fetched or trusted, and a context decides there what a name means. Nothing is fetched here.
A public key is named by `did:key`: it is the key itself, so a name says nothing about trust.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, Hash
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from clearway.errors import MalformedMessage, VerificationError
from clearway.ledger import ed25519 as strict_ed25519

PublicKey: TypeAlias = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey
PrivateKey: TypeAlias = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
Json: TypeAlias = dict[str, Any]

EDDSA: Final = "eddsa-jcs-2022"
ECDSA: Final = "ecdsa-jcs-2019"

_ALPHABET: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_ED25519, _P256, _P384 = b"\xed\x01", b"\x80\x24", b"\x81\x24"  # multicodec, as varint
_CURVES: Final = {_P256: ec.SECP256R1(), _P384: ec.SECP384R1()}
_COORDINATE: Final = {"secp256r1": 32, "secp384r1": 48}
_MAX_BASE58: Final = 200
_MEMBERS: Final = frozenset(
    ("type", "cryptosuite", "created", "verificationMethod", "proofPurpose", "@context")
)


def sign(document: Json, options: Json, key: PrivateKey) -> Json:
    """Return the document with a proof.

    Args:
        document: without proof.
        options: of the proof, without its value; `cryptosuite` must be that of the key.

    Raises: MalformedMessage: something in it has no JCS.
    """
    signed = _signed_bytes(document, options, key.public_key())
    if isinstance(key, ed25519.Ed25519PrivateKey):
        signature = key.sign(signed)
    else:
        size = _COORDINATE[key.curve.name]
        algorithm = ec.ECDSA(_hash(key.public_key()), deterministic_signing=True)
        r, s = decode_dss_signature(key.sign(signed, algorithm))
        signature = r.to_bytes(size, "big") + s.to_bytes(size, "big")
    return {**document, "proof": {**options, "proofValue": "z" + base58(signature)}}


def verify(secured: Json, key: PublicKey) -> Json:
    """Check the one proof of a document and return the document as signed, without proof.

    Raises: MalformedMessage: it bears no proof of this form. VerificationError: another suite, or
    the proof does not hold.
    """
    proof = proof_of(secured)
    options = {name: value for name, value in proof.items() if name != "proofValue"}
    document = {name: value for name, value in secured.items() if name != "proof"}
    if "@context" in options:
        _require_context(document, options["@context"])
    signature = from_base58(proof["proofValue"].removeprefix("z"))
    signed = _signed_bytes(document, options, key)
    if isinstance(key, ed25519.Ed25519PublicKey):
        strict_ed25519.verify(key.public_bytes_raw(), signature, signed)
    else:
        _verify_ecdsa(key, signature, signed)
    return document


def proof_of(secured: Json) -> Json:
    """Return the one proof, its form checked. Raises: MalformedMessage, VerificationError."""
    proof = secured.get("proof")
    if not isinstance(proof, dict) or proof.get("type") != "DataIntegrityProof":
        raise MalformedMessage("The document bears no DataIntegrityProof, or several")
    if strange := proof.keys() - _MEMBERS - {"proofValue"}:
        raise MalformedMessage(f"The proof has members unknown here: {sorted(strange)!r:.80}")
    suite, value = proof.get("cryptosuite"), proof.get("proofValue")
    if suite not in (EDDSA, ECDSA):
        raise VerificationError(
            f"The cryptosuite {suite!r:.40} is not verified here; {EDDSA} and {ECDSA} are"
        )
    if proof.get("proofPurpose") != "assertionMethod":
        raise VerificationError("The proof is made for another purpose than to assert")
    if not isinstance(value, str) or not value.startswith("z"):
        raise MalformedMessage("The value of the proof is not multibase base58btc")
    return proof


def did_key(key: PublicKey) -> str:
    """Return the name of a key that is the key itself: `did:key:z...`."""
    if isinstance(key, ed25519.Ed25519PublicKey):
        return "did:key:z" + base58(_ED25519 + key.public_bytes_raw())
    prefix = next(code for code, curve in _CURVES.items() if curve.name == key.curve.name)
    point = key.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    return "did:key:z" + base58(prefix + point)


def key_of(did: str) -> PublicKey:
    """Return the key that a `did:key` is, with or without its fragment.

    Raises: MalformedMessage: none, or of a kind not accepted.
    """
    name, _, fragment = did.partition("#")
    text = name.removeprefix("did:key:z")
    if text == name or (fragment and fragment != f"z{text}"):
        raise MalformedMessage("A key is named by did:key here, and by nothing that is fetched")
    data = from_base58(text)
    try:
        if data[:2] == _ED25519:
            return ed25519.Ed25519PublicKey.from_public_bytes(data[2:])
        if data[:2] in _CURVES:
            return ec.EllipticCurvePublicKey.from_encoded_point(_CURVES[data[:2]], data[2:])
    except ValueError as error:
        raise MalformedMessage(f"The key in did:key is none: {error}") from error
    raise MalformedMessage("The key in did:key is neither of Ed25519 nor of P-256 or P-384")


def base58(data: bytes) -> str:
    """Return base58btc; leading zero bytes become `1`."""
    number, text = int.from_bytes(data, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        text = _ALPHABET[digit] + text
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + text


def from_base58(text: str) -> bytes:
    """Return the bytes of base58btc. Raises: MalformedMessage: another character, or too long."""
    if len(text) > _MAX_BASE58 or any(mark not in _ALPHABET for mark in text):
        raise MalformedMessage("This is not base58btc of a key or signature")
    number = 0
    for mark in text:
        number = number * 58 + _ALPHABET.index(mark)
    zeros = len(text) - len(text.lstrip("1"))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")


def _signed_bytes(document: Json, options: Json, key: PublicKey) -> bytes:
    suite = EDDSA if isinstance(key, ed25519.Ed25519PublicKey) else ECDSA
    if options.get("cryptosuite") != suite:
        raise VerificationError(f"The cryptosuite of the proof is not that of its key: {suite}")
    return b"".join(_digest(part, key) for part in (options, document))


def _digest(value: Mapping[str, Any], key: PublicKey) -> bytes:
    try:
        canonical = rfc8785.dumps(dict(value))
    except (rfc8785.CanonicalizationError, RecursionError) as error:
        raise MalformedMessage(f"The document has no canonical form (RFC 8785): {error}") from error
    hashed = Hash(_hash(key))
    hashed.update(canonical)
    return hashed.finalize()


def _hash(key: PublicKey) -> SHA256 | SHA384:
    is_long = isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name == "secp384r1"
    return SHA384() if is_long else SHA256()


def _require_context(document: Json, stated: object) -> None:
    """Check that the proof speaks in the document's own context (vc-di-eddsa 3.3.2, step 5)."""
    own = document.get("@context")
    wanted = stated if isinstance(stated, list) else [stated]
    have = own if isinstance(own, list) else [own]
    if have != wanted:
        raise VerificationError("The proof states another @context than the document")


def _verify_ecdsa(key: ec.EllipticCurvePublicKey, signature: bytes, signed: bytes) -> None:
    size = _COORDINATE.get(key.curve.name, 0)
    if len(signature) != 2 * size:
        raise VerificationError(f"The proof has {len(signature)} bytes instead of {2 * size}")
    r, s = (int.from_bytes(part, "big") for part in (signature[:size], signature[size:]))
    try:
        key.verify(encode_dss_signature(r, s), signed, ec.ECDSA(_hash(key)))
    except InvalidSignature as error:
        raise VerificationError("The proof does not hold") from error
