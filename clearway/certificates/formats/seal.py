"""Seals: a certificate's claims in COSE, signed by its authority, as text in a QR code.

    CW1:NCF...            reference seal: what it is, digest, place of its status; QR version 10, M
    CW1:6BF...            inspection seal: also three lines in short; QR version 14, M

The text is the prefix, then Base45 of COSE_Sign1 (ES256), compressed with zlib where that is
shorter; its payload is `seal_claims`. The format with test vectors is in `docs/design/seal.md`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Protocol

from cryptography.hazmat.primitives.asymmetric import ec

from clearway.certificates import single_use
from clearway.certificates.claims import Claims, Place
from clearway.certificates.formats import seal_claims
from clearway.certificates.formats.profile import profile_of
from clearway.certificates.formats.seal_goods import inspections
from clearway.certificates.formats.seal_text import (
    INSPECTION_CHARACTERS,
    MAX_BYTES,
    REFERENCE_CHARACTERS,
    parse,
    text,
)
from clearway.certificates.model import Certificate
from clearway.certificates.status import StatusList
from clearway.certificates.trust.keys import public_key
from clearway.certificates.trust.model import (
    KEY_ID_BYTES,
    Found,
    Trusted,
    TrustList,
    Untrusted,
    Usage,
    Why,
)
from clearway.certificates.verdict import (
    Credential,
    Evidence,
    Signature,
    Verdict,
    judge,
    unreadable,
)
from clearway.errors import (
    InputError,
    MalformedMessage,
    RuleViolation,
    TooLarge,
    VerificationError,
)
from clearway.ledger import cose
from clearway.terms.places import Country

_DAY: Final = timedelta(hours=23, minutes=59, seconds=59)


class SealKey(Protocol):
    """A key of an authority, as `trust.keys.AuthorityKey` is one."""

    @property
    def private(self) -> object:
        """Of P-256."""

    @property
    def key_id(self) -> bytes:
        """8 bytes."""

    @property
    def country(self) -> Country:
        """For which the authority certifies."""


@dataclass(frozen=True, slots=True)
class Seal:
    """A seal as read. Nothing in it is proved: what is signed, `verify` returns.

    Args:
        key_id: of the key that is said to have signed, 8 bytes.
        stated: what it says.
        message: the COSE message.
    """

    key_id: bytes
    stated: Claims
    message: cose.Sign1


def emit(
    certificate: Certificate,
    key: SealKey,
    place: Place | None,
    with_lines: bool,
    *,
    secret: bytes | None = None,
    is_bearer: bool = False,
    valid_until: date | None = None,
) -> bytes:
    """Return the seal of a certificate: a COSE_Sign1.

    Args:
        certificate: as issued, with its content digest.
        key: of usage `seal`, of the issuing country.
        place: where its status is told.
        with_lines: an inspection seal; names are cut until it fits QR version 14.
        secret: of single use, 16 bytes; None: the certificate has none.
        is_bearer: show the secret itself, not only its commitment: whoever photographs the paper
            then holds it, see `docs/design/seal.md`.
        valid_until: last day on which it may be used.

    Raises: RuleViolation: no digest, no day of issue, or a key of another country. TooLarge: it
    fits no code of the stated version even with all names cut.
    """
    claims = claims_of(
        certificate, place, secret=secret, is_bearer=is_bearer, valid_until=valid_until
    )
    if not with_lines:
        return _fitting([claims], key, REFERENCE_CHARACTERS)
    return _fitting(
        (replace(claims, inspection=goods) for goods in inspections(certificate)),
        key,
        INSPECTION_CHARACTERS,
    )


def claims_of(
    certificate: Certificate,
    place: Place | None,
    *,
    secret: bytes | None = None,
    is_bearer: bool = False,
    valid_until: date | None = None,
) -> Claims:
    """Return what the reference seal of a certificate states. Raises: RuleViolation."""
    if len(certificate.content_digest) != 64 or certificate.issued_at is None:
        raise RuleViolation("Only an issued certificate is sealed: digest or date of issue lacks")
    return Claims(
        type_code=certificate.type_code,
        issuing_country=certificate.issuing_country,
        number=certificate.number,
        status=certificate.status,
        issued=certificate.issued_at.date(),
        content_digest=bytes.fromhex(certificate.content_digest),
        importing_country=certificate.importing_country,
        valid_until=valid_until,
        place=place,
        secret_digest=None if secret is None else single_use.commit(secret),
        secret=secret if is_bearer else None,
    )


def sign(claims: Claims, key: SealKey) -> bytes:
    """Return the COSE_Sign1 of claims.

    Raises: RuleViolation: the key is not one for seals. MalformedMessage: a claim is longer than a
    seal states.
    """
    private = key.private
    if not isinstance(private, ec.EllipticCurvePrivateKey) or private.curve.name != "secp256r1":
        raise RuleViolation("A seal is signed with a key of P-256: telephones verify no other")
    if key.country != claims.issuing_country:
        raise RuleViolation(
            f"A key of {key.country} cannot seal a certificate of {claims.issuing_country}"
        )
    payload = seal_claims.write(claims)
    seal_claims.read(payload)  # what no reader would take is not signed
    return cose.sign_es256(payload, private, {cose.KID: key.key_id})


def read(seal: bytes | str) -> Seal:
    """Read a seal, from COSE or from the text of a QR code. Nothing in it is proved by that.

    Raises: MalformedMessage, TooLarge: no seal of a form known here.
    """
    data = parse(seal) if isinstance(seal, str) else seal
    if len(data) > MAX_BYTES:
        raise TooLarge(f"A seal has at most {MAX_BYTES:,} bytes", limit="bytes")
    message = cose.read_sign1(data)
    key_id = message.header.get(cose.KID)
    if message.header.keys() != {cose.ALG, cose.KID} or message.unprotected:
        raise MalformedMessage("A seal has algorithm and key id in its signed header, no more")
    if not isinstance(key_id, bytes) or len(key_id) != KEY_ID_BYTES:
        raise MalformedMessage(f"The key id of a seal has {KEY_ID_BYTES} bytes")
    if message.header[cose.ALG] != cose.ES256:
        raise MalformedMessage("A seal is signed with ES256")
    if message.payload is None:
        raise MalformedMessage("A seal has its claims inside")
    return Seal(key_id, seal_claims.read(message.payload), message)


def signed_claims(seal: Seal, public: ec.EllipticCurvePublicKey) -> Claims:
    """Return what the seal says, as signed. Raises: VerificationError: the signature fails."""
    return seal_claims.read(cose.verify_sign1(seal.message, public))


def verify(
    seal: Seal,
    trust_list: TrustList | None,
    status_lists: Iterable[StatusList],
    at: datetime,
    *,
    document: Certificate | None = None,
    document_signature: Signature = Signature.NOT_CHECKED,
    credential: Credential | None = None,
) -> Verdict:
    """Return the verdict on a seal, from what is at hand; nothing is fetched.

    Args:
        trust_list: whose signature was verified; None: none is at hand.
        status_lists: as `status_list.verify` returned them; the newest of the right name counts.
        at: aware UTC.
        document: as read from the document that came with the seal.
        document_signature: what its own signature proves (`accompanying.read` gives both).
        credential: what a credential that came with it commits to.
    """
    found = None if trust_list is None else _signer(seal, trust_list, at)
    signature, claims = _checked(seal, found)
    listed, lister = _listed(claims, status_lists, trust_list, at)
    return judge(
        Evidence(
            claims=claims,
            signature=signature,
            signer=found,
            at=at,
            status_list=listed,
            status_signer=lister,
            usable=profile_of(claims.type_code).usable_statuses,
            document=document,
            document_signature=document_signature,
            credential=credential,
        )
    )


def check(
    seal: bytes | str,
    trust_list: TrustList | None,
    status_lists: Iterable[StatusList],
    at: datetime,
    *,
    document: Certificate | None = None,
    document_signature: Signature = Signature.NOT_CHECKED,
    credential: Credential | None = None,
) -> Verdict:
    """Return the verdict on whatever a camera read: what is no seal is red (see `verify`)."""
    try:
        found = read(seal)
    except InputError as error:
        return unreadable(error.detail)
    return verify(
        found,
        trust_list,
        status_lists,
        at,
        document=document,
        document_signature=document_signature,
        credential=credential,
    )


def _signer(seal: Seal, trust_list: TrustList, at: datetime) -> Found:
    """Return what is known of the key. A seal tells its day only: the best hour of it counts."""
    stated = seal.stated
    midnight = datetime.combine(stated.issued, time(), UTC)

    def found_for(signed_at: datetime) -> Found:
        return trust_list.find(
            seal.key_id,
            Usage.SEAL,
            country=stated.issuing_country,
            type_code=stated.type_code,
            at=at,
            signed_at=signed_at,
        )

    found = found_for(midnight)
    if isinstance(found, Untrusted) and found.reason is Why.NOT_YET_VALID:
        return found_for(max(midnight, min(midnight + _DAY, at)))
    return found


def _checked(seal: Seal, found: Found | None) -> tuple[Signature, Claims]:
    if found is None or found.key is None:
        return Signature.NOT_CHECKED, seal.stated
    public = public_key(found.key.public) if found.key.usage is not Usage.XML else None
    if not isinstance(public, ec.EllipticCurvePublicKey):
        return Signature.NOT_CHECKED, seal.stated
    try:
        return Signature.HOLDS, signed_claims(seal, public)
    except VerificationError:
        return Signature.FAILS, seal.stated


def _listed(
    claims: Claims, status_lists: Iterable[StatusList], trust_list: TrustList | None, at: datetime
) -> tuple[StatusList | None, Found | None]:
    """Return the list that the seal names, and what is known of its key.

    The newest counts of those whose key may speak of this kind: another authority of the country
    cannot hide a list by a newer one of its name.
    """
    if claims.place is None or trust_list is None:
        return None, None
    wanted = (claims.issuing_country, claims.place.list_id)
    named = [
        (each, _list_signer(claims, each, trust_list, at))
        for each in status_lists
        if (each.country, each.list_id) == wanted
    ]
    return max(
        named,
        key=lambda pair: (isinstance(pair[1], Trusted), pair[0].issued_at),
        default=(None, None),
    )


def _list_signer(claims: Claims, listed: StatusList, trust_list: TrustList, at: datetime) -> Found:
    return trust_list.find(
        listed.key.public,
        Usage.SEAL,
        country=claims.issuing_country,
        type_code=claims.type_code,
        at=at,
        signed_at=listed.issued_at,
    )


def _fitting(candidates: Iterable[Claims], key: SealKey, most: int) -> bytes:
    shortest = 0
    for claims in candidates:
        seal = sign(claims, key)
        shortest = len(text(seal))
        if shortest <= most:
            return seal
    raise TooLarge(
        f"The seal needs {shortest} characters and its code holds {most}: shorten the number of"
        " the certificate or the name of the status list",
        limit="characters",
    )
