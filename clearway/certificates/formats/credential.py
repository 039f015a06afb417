"""A certificate as W3C Verifiable Credential 2.0: the same digest, for whoever reads credentials.

    {"@context": ["https://www.w3.org/ns/credentials/v2", {"@vocab": "urn:clearway:certificate#"}],
     "type": ["VerifiableCredential", "SPSCertificateCredential"],
     "issuer": {"id": "did:key:z6Mk...", "name": "Plant Protection Organisation of ..."},
     "validFrom": "2026-03-14T15:12:00Z",
     "credentialSubject": {"type": "SPSCertificate", "typeCode": "851", "issuingCountry": "EC",
                           "number": "EC-2026-000123", "statusCode": "70",
                           "issueDate": "2026-03-14", "contentDigest": "bc0f..."},
     "proof": {...}}                                        see `data_integrity`

The context that defines our words stands inside, and none is ever fetched. It holds no goods and no
parties: it attests the document, it does not repeat it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final, Protocol

from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from clearway.certificates.claims import Claims, Place
from clearway.certificates.formats import data_integrity
from clearway.certificates.formats.data_integrity import ECDSA, EDDSA, Json, key_of
from clearway.certificates.formats.seal import claims_of
from clearway.certificates.model import Certificate
from clearway.certificates.trust.keys import spki_of
from clearway.certificates.trust.model import Trusted, TrustList, Usage
from clearway.certificates.verdict import Credential, Signature
from clearway.errors import BadTerm, MalformedMessage, RuleViolation, VerificationError
from clearway.terms.places import Country
from clearway.wire.json import parse
from clearway.wire.limits import Limits

CONTEXT: Final = [
    "https://www.w3.org/ns/credentials/v2",
    {"@vocab": "urn:clearway:certificate#"},
]
TYPE: Final = ["VerifiableCredential", "SPSCertificateCredential"]
MEDIA_TYPE: Final = "application/vc"
LIMITS: Final = Limits(size_bytes=1 << 16, depth=16, nodes=2_000)


class CredentialKey(Protocol):
    """A key of an authority, as `trust.keys.AuthorityKey` is one."""

    @property
    def private(self) -> object:
        """Of Ed25519, P-256 or P-384."""

    @property
    def country(self) -> Country:
        """For which the authority certifies."""


@dataclass(frozen=True, slots=True)
class Attested:
    """What a credential attests, as signed.

    Args:
        claims: of the certificate; no secret and no goods.
        signed_at: instant of the proof, aware UTC.
        authority: whose key signed, from the trust list.
    """

    claims: Claims
    signed_at: datetime
    authority: str


def emit(
    certificate: Certificate,
    key: CredentialKey,
    place: Place | None,
    *,
    authority: str,
    at: datetime,
    valid_until: date | None = None,
) -> bytes:
    """Return the credential of a certificate, as JSON.

    Args:
        key: of usage `credential`; its kind decides the cryptosuite.
        place: where its status is told.
        authority: its name.
        at: instant of the proof, aware.

    Raises: RuleViolation: the key is none for credentials, or of another country.
    """
    private = key.private
    if not isinstance(private, ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey):
        raise RuleViolation("A credential is signed with a key of Ed25519, P-256 or P-384")
    if key.country != certificate.issuing_country:
        raise RuleViolation(f"A key of {key.country} cannot attest {certificate.key.subject}")
    did = data_integrity.did_key(private.public_key())
    instant = at.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")
    claims = claims_of(certificate, place, valid_until=valid_until)
    document = {
        "@context": CONTEXT,
        "type": TYPE,
        "issuer": {"id": did, "name": authority},
        "validFrom": instant,
        "credentialSubject": _subject(claims),
    }
    options = {
        "type": "DataIntegrityProof",
        "cryptosuite": EDDSA if isinstance(private, ed25519.Ed25519PrivateKey) else ECDSA,
        "created": instant,
        "verificationMethod": f"{did}#{did.removeprefix('did:key:')}",
        "proofPurpose": "assertionMethod",
        "@context": CONTEXT,
    }
    secured = data_integrity.sign(document, options, private)
    return json.dumps(secured, ensure_ascii=False, separators=(",", ":")).encode()


def verify(data: bytes, trust_list: TrustList, at: datetime) -> Attested:
    """Return what a credential attests, as a trusted key signed it. Nothing is fetched.

    Raises: MalformedMessage, TooLarge: no such credential. VerificationError: its proof does not
    hold, or its key is not trusted for credentials of this country and kind.
    """
    secured = read(data)
    public = key_of(_text(data_integrity.proof_of(secured), "verificationMethod"))
    document = data_integrity.verify(secured, public)
    claims = _claims(document)
    signed_at = _instant(_text(data_integrity.proof_of(secured), "created"))
    found = trust_list.find(
        spki_of(public),
        Usage.CREDENTIAL,
        country=claims.issuing_country,
        type_code=claims.type_code,
        at=at,
        signed_at=signed_at,
    )
    if not isinstance(found, Trusted):
        raise VerificationError(f"The credential proves nothing: {found.text}", why=found.reason)
    return Attested(claims, signed_at, found.key.authority)


def evidence(data: bytes, trust_list: TrustList | None, at: datetime) -> Credential:
    """Return what a verdict needs of a credential that came beside a seal.

    Raises: MalformedMessage, TooLarge: no such credential.
    """
    secured = read(data)
    stated = _claims({name: value for name, value in secured.items() if name != "proof"})
    if trust_list is None:
        return Credential(stated.content_digest, Signature.NOT_CHECKED)
    try:
        attested = verify(data, trust_list, at)
    except VerificationError as error:
        is_unknown = error.fields.get("why") in ("unknown", "list_out_of_date")
        return Credential(
            stated.content_digest, Signature.NOT_CHECKED if is_unknown else Signature.FAILS
        )
    return Credential(attested.claims.content_digest, Signature.HOLDS)


def read(data: bytes) -> Json:
    """Return a credential's JSON with numbers as RFC 8785 takes them. Raises: MalformedMessage."""
    value = _plain(parse(data, limits=LIMITS))
    if not isinstance(value, dict):
        raise MalformedMessage("A credential is a JSON object")
    return value


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return float(value) if isinstance(value, Decimal) else value


def _subject(claims: Claims) -> Json:
    stated = {
        "type": "SPSCertificate",
        "typeCode": claims.type_code,
        "issuingCountry": str(claims.issuing_country),
        "number": claims.number,
        "importingCountry": claims.importing_country and str(claims.importing_country),
        "statusCode": claims.status,
        "issueDate": claims.issued.isoformat(),
        "lastDay": claims.valid_until and claims.valid_until.isoformat(),
        "contentDigest": claims.content_digest.hex(),
        "statusList": claims.place and claims.place.list_id,
        "statusListIndex": claims.place and claims.place.index,
    }
    return {name: value for name, value in stated.items() if value is not None}


def _claims(document: Json) -> Claims:
    if document.get("@context") != CONTEXT or document.get("type") != TYPE:
        raise MalformedMessage("This is no credential of a certificate: another @context or type")
    subject = document.get("credentialSubject")
    if not isinstance(subject, dict) or subject.get("type") != "SPSCertificate":
        raise MalformedMessage("The credential is about no certificate")
    importing, last = subject.get("importingCountry"), subject.get("lastDay")
    try:
        return Claims(
            type_code=_text(subject, "typeCode"),
            issuing_country=Country(_text(subject, "issuingCountry")),
            number=_text(subject, "number"),
            status=_text(subject, "statusCode"),
            issued=date.fromisoformat(_text(subject, "issueDate")),
            content_digest=_digest(_text(subject, "contentDigest")),
            importing_country=None if importing is None else Country(importing),
            valid_until=None if last is None else date.fromisoformat(_text(subject, "lastDay")),
            place=_place(subject),
        )
    except (BadTerm, ValueError) as error:
        raise MalformedMessage(f"The credential states what cannot be: {error}") from error


def _digest(text: str) -> bytes:
    digest = bytes.fromhex(text)
    if len(digest) != 32 or digest.hex() != text:
        raise ValueError("contentDigest: 64 hexadecimal digits, small letters")
    return digest


def _place(subject: Json) -> Place | None:
    if "statusList" not in subject:
        return None
    index = subject.get("statusListIndex")
    if type(index) is not int or index < 0:
        raise ValueError("statusListIndex: a whole number from 0")
    return Place(_text(subject, "statusList"), index)


def _text(members: Json, name: str) -> str:
    value = members.get(name)
    if not isinstance(value, str) or not 1 <= len(value) <= 300:
        raise MalformedMessage(f"The credential lacks {name}, or it is no short text")
    return value


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise MalformedMessage(f"The proof's instant {text!r:.40} is none") from error
    if instant.tzinfo is None:
        raise MalformedMessage(f"The proof's instant {text!r:.40} has no zone")
    return instant.astimezone(UTC)
