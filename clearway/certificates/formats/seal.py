"""Seals: a certificate's claims in COSE, signed by its authority, as text in a QR code.

    CW1:NCF...            reference seal: what it is, digest, place of its status; QR version 10, M
    CW1:6BF...            inspection seal: also three lines in short; QR version 14, M

The text is the prefix, then Base45 of COSE_Sign1 (ES256), compressed with zlib where that is
shorter; its payload is `seal_claims`. The format with test vectors is in `docs/design/seal.md`.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Final, Protocol

from cryptography.hazmat.primitives.asymmetric import ec

from clearway.certificates import single_use
from clearway.certificates.claims import ClaimedLine, Claims, Inspection, Place
from clearway.certificates.formats import base45, seal_claims
from clearway.certificates.formats.seal_claims import MAX_LINES, MAX_SEALS
from clearway.certificates.model import Certificate, CertificateLine
from clearway.certificates.parts import Equipment
from clearway.certificates.trust.model import KEY_ID_BYTES
from clearway.errors import MalformedMessage, RuleViolation, TooLarge
from clearway.ledger import cose
from clearway.terms.places import Country
from clearway.terms.quantity import UnitCode

PREFIX: Final = "CW1:"
# Characters of an alphanumeric QR code at level M (ISO/IEC 18004, table 7).
REFERENCE_CHARACTERS: Final = 311  # version 10, 57 modules
INSPECTION_CHARACTERS: Final = 528  # version 14, 73 modules
MAX_TEXT: Final = 4_296  # of any QR code
MAX_BYTES: Final = 4_096  # after decompression

_GRAM: Final = UnitCode("GRM")
_CUT: Final = "…"
# How long names may be and how many containers are shown, until the seal fits.
_FITS: Final = ((40, 30, 4), (32, 24, 3), (26, 20, 2), (20, 16, 1), (14, 12, 1), (10, 8, 0))


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
        return _fitting(iter([claims]), key, REFERENCE_CHARACTERS)
    return _fitting(_inspections(claims, certificate), key, INSPECTION_CHARACTERS)


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
    """Return the COSE_Sign1 of claims. Raises: RuleViolation: the key is not one for seals."""
    private = key.private
    if not isinstance(private, ec.EllipticCurvePrivateKey) or private.curve.name != "secp256r1":
        raise RuleViolation("A seal is signed with a key of P-256: telephones verify no other")
    if key.country != claims.issuing_country:
        raise RuleViolation(
            f"A key of {key.country} cannot seal a certificate of {claims.issuing_country}"
        )
    return cose.sign_es256(seal_claims.write(claims), private, {cose.KID: key.key_id})


def text(seal: bytes) -> str:
    """Return a seal as the text of a QR code."""
    packed = zlib.compress(seal, 9)
    return PREFIX + base45.encode(packed if len(packed) < len(seal) else seal)


def parse(qr_text: str) -> bytes:
    """Return the COSE_Sign1 in the text of a QR code.

    Raises: MalformedMessage: no seal. TooLarge: longer than any QR code, or than any seal.
    """
    if not qr_text.startswith(PREFIX):
        raise MalformedMessage(f"This is no seal: its text does not begin with {PREFIX}")
    if len(qr_text) > MAX_TEXT:
        raise TooLarge(f"A QR code holds at most {MAX_TEXT:,} characters", limit="characters")
    return inflate(base45.decode(qr_text.removeprefix(PREFIX)))


def inflate(data: bytes, *, limit: int = MAX_BYTES) -> bytes:
    """Return the bytes, decompressed where they are a zlib stream (RFC 1950, of 32 kB window).

    Raises: MalformedMessage: broken or followed by other bytes. TooLarge: over the limit.
    """
    if not data.startswith(b"x"):
        return data
    stream = zlib.decompressobj()
    try:
        plain = stream.decompress(data, limit + 1)
    except zlib.error as error:
        raise MalformedMessage(f"The compressed bytes cannot be read: {error}") from error
    if len(plain) > limit:
        raise TooLarge(f"Over {limit:,} bytes after decompression", limit="bytes")
    if not stream.eof or stream.unused_data:
        raise MalformedMessage("The compressed bytes end too early, or others follow")
    return plain


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


def _fitting(candidates: Iterator[Claims], key: SealKey, most: int) -> bytes:
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


def _inspections(claims: Claims, certificate: Certificate) -> Iterator[Claims]:
    for name, party, containers in _FITS:
        shown = Inspection(
            lines=tuple(_line(line, name) for line in certificate.lines[:MAX_LINES]),
            line_count=len(certificate.lines),
            consignor=_short(certificate.consignor.name, party),
            consignee=_short(certificate.consignee.name, party),
            containers=_containers(certificate, containers),
            container_count=len(certificate.containers),
        )
        yield replace(claims, inspection=shown)


def _containers(certificate: Certificate, most: int) -> tuple[tuple[str, ...], ...]:
    seals: dict[str, list[str]] = {}
    for each in _equipment(certificate):
        if each.container:
            known = seals.setdefault(_short(each.container, 35), [])
            known += [_short(seal, 35) for seal in each.seals]
    return tuple((number, *known[:MAX_SEALS]) for number, known in list(seals.items())[:most])


def _equipment(certificate: Certificate) -> Iterator[Equipment]:
    yield from certificate.equipment
    for line in certificate.lines:
        yield from line.equipment


def _line(line: CertificateLine, most: int) -> ClaimedLine:
    mass = line.net_mass
    return ClaimedLine(
        number=line.number,
        hs=line.hs[0][:12] if line.hs else "",
        name=_short(line.botanical_name or line.description, most),
        net_grams=None if mass is None else int(mass.to(_GRAM).value.to_integral_value()),
        packages=line.packages,
    )


def _short(words: str, most: int) -> str:
    """Return a text on one line, cut where it is too long, and marked so."""
    plain = "".join(mark for mark in " ".join(words.split()) if mark.isprintable())
    return plain if len(plain) <= most else plain[: most - 1].rstrip() + _CUT
