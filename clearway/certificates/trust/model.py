"""Trust lists: which authority signs which certificates, with which key, from when to when.

A list says all: no chain of other certificates is followed, and a key that is not on it proves
nothing. Two instants decide about a signature: when it claims to be made (`signed_at`: was the key
in its period?) and when it is judged (`at`: is the list still good, is the key revoked?).

A key that goes out of use normally has its period ended: what it signed before still counts, and a
successor may begin earlier, so that both hold for a while. A key that is revoked counts no more at
all, since a thief would claim an earlier time.

    found = trust_list.find(certificate_der, "xml", country=Country("KE"), type_code="851", at=now)
    if isinstance(found, Trusted): ...
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, TypeAlias

from clearway.errors import BadTerm
from clearway.terms.period import Period
from clearway.terms.places import Country

KEY_ID_BYTES: Final = 8

# A clock abroad may be fast by so much.
CLOCK_SKEW: Final = timedelta(minutes=5)


class Usage(StrEnum):
    """What a key signs."""

    XML = "xml"  # documents, by XML signature
    SEAL = "seal"  # seals in QR codes, and status lists
    CREDENTIAL = "credential"  # W3C verifiable credentials


class Algorithm(StrEnum):
    """How a key signs. Nothing weaker has a name here."""

    ES256 = "ES256"  # ECDSA on P-256 with SHA-256
    ES384 = "ES384"  # ECDSA on P-384 with SHA-384
    RS256 = "RS256"  # RSA PKCS #1 v1.5 with SHA-256, 2,048 to 8,192 bits
    EDDSA = "EdDSA"  # Ed25519


class Why(StrEnum):
    """Why a key is not trusted."""

    UNKNOWN = "unknown"
    WRONG_USAGE = "wrong_usage"
    WRONG_COUNTRY = "wrong_country"
    WRONG_KIND = "wrong_kind"
    REVOKED = "revoked"
    NOT_YET_VALID = "not_yet_valid"
    EXPIRED = "expired"
    SIGNED_IN_THE_FUTURE = "signed_in_the_future"
    LIST_OUT_OF_DATE = "list_out_of_date"


_TEXT: Final = {
    Why.UNKNOWN: "The key that signed is on no trust list held here.",
    Why.WRONG_USAGE: "The key is trusted for another form of signature.",
    Why.WRONG_COUNTRY: "The key belongs to the authority of another country.",
    Why.WRONG_KIND: "The authority is not trusted for this kind of certificate.",
    Why.REVOKED: "The key was revoked: nothing that it signed counts any more.",
    Why.NOT_YET_VALID: "It was signed before the key was valid.",
    Why.EXPIRED: "It was signed after the key had expired.",
    Why.SIGNED_IN_THE_FUTURE: "It claims to be signed at a time that is still to come.",
    Why.LIST_OUT_OF_DATE: "The trust list is out of date; get its next version.",
}

# Of several entries of one key the least wrong one is told.
_ORDER: Final = tuple(Why)


def key_id_of(public: bytes) -> bytes:
    """Return the short name of a key: the first 8 bytes of the SHA-256 of its DER."""
    return hashlib.sha256(public).digest()[:KEY_ID_BYTES]


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """One key of one authority, and what it is trusted for.

    Args:
        authority: its name, as on certificates.
        country: for which it certifies.
        type_codes: kinds of certificate (UNECE 1001); empty: all.
        usage: what it signs.
        algorithm: how.
        public: DER of the X.509 certificate (usage `xml`) or of the SubjectPublicKeyInfo.
        key_id: of `public`, see `key_id_of`.
        valid: when it may sign.
        revoked_at: aware UTC, or None.
    """

    authority: str
    country: Country
    type_codes: tuple[str, ...]
    usage: Usage
    algorithm: Algorithm
    public: bytes
    key_id: bytes
    valid: Period
    revoked_at: datetime | None = None

    def __post_init__(self) -> None:
        """Check that the short name is that of the key."""
        if self.key_id != key_id_of(self.public):
            raise BadTerm("Key id", self.key_id.hex(), "must be SHA-256 of the key, first 8 bytes")

    def fault(
        self, usage: Usage, country: Country, type_code: str, signed_at: datetime, at: datetime
    ) -> Why | None:
        """Return why it is not trusted for that; None: it is."""
        if self.usage is not usage:
            return Why.WRONG_USAGE
        if self.country != country:
            return Why.WRONG_COUNTRY
        if self.type_codes and type_code not in self.type_codes:
            return Why.WRONG_KIND
        if self.revoked_at is not None and self.revoked_at <= at:
            return Why.REVOKED
        if signed_at < self.valid.start:
            return Why.NOT_YET_VALID
        if not self.valid.contains(signed_at):
            return Why.EXPIRED
        return Why.SIGNED_IN_THE_FUTURE if signed_at > at + CLOCK_SKEW else None


@dataclass(frozen=True, slots=True)
class Trusted:
    """The key is trusted for what was asked."""

    key: TrustedKey


@dataclass(frozen=True, slots=True)
class Untrusted:
    """The key is not trusted, and why.

    Args:
        reason: for machines.
        key: the entry that came nearest; None: it is on no list.
    """

    reason: Why
    key: TrustedKey | None = None

    @property
    def text(self) -> str:
        """One sentence for people."""
        return _TEXT[self.reason]


Found: TypeAlias = Trusted | Untrusted


@dataclass(frozen=True, slots=True)
class TrustList:
    """The keys that one issuer of lists vouches for.

    Args:
        issuer: who made the list, such as `Customs of XA`.
        version: counts up from 1; a lower one is older.
        issued_at, next_update: aware UTC; from `next_update` on the list proves nothing.
        keys: each once, or once for each thing that it is trusted for.
    """

    issuer: str
    version: int
    issued_at: datetime
    next_update: datetime
    keys: tuple[TrustedKey, ...]

    def __post_init__(self) -> None:
        """Check version and period."""
        if self.version < 1:
            raise BadTerm("Version of a trust list", self.version, "must be 1 or more")
        Period(self.issued_at, self.next_update)

    def find(
        self,
        key: bytes,
        usage: str,
        *,
        country: Country,
        type_code: str,
        at: datetime,
        signed_at: datetime | None = None,
    ) -> Found:
        """Return the entry of a key that is trusted for that, or why there is none.

        Args:
            key: its key id (8 bytes), or the DER of its certificate or public key.
            usage: `xml`, `seal` or `credential`.
            country: whose authority is said to sign.
            type_code: kind of certificate (UNECE 1001).
            at: when it is judged, aware UTC.
            signed_at: when the signature says it was made; None: at `at`.
        """
        signed = at if signed_at is None else signed_at
        best: Untrusted | None = None
        for entry in self.entries(key):
            why = entry.fault(Usage(usage), country, type_code, signed, at)
            if why is None:
                is_current = at < self.next_update
                return Trusted(entry) if is_current else Untrusted(Why.LIST_OUT_OF_DATE, entry)
            if best is None or _ORDER.index(why) > _ORDER.index(best.reason):
                best = Untrusted(why, entry)
        if best is not None:
            return best
        return self.find_stranger(at)

    def find_stranger(self, at: datetime) -> Untrusted:
        """Return why a key that is not on the list is not trusted."""
        return Untrusted(Why.UNKNOWN if at < self.next_update else Why.LIST_OUT_OF_DATE)

    def entries(self, key: bytes) -> Iterator[TrustedKey]:
        """Yield the entries of a key, given by its key id or by its DER."""
        if len(key) == KEY_ID_BYTES:
            return (entry for entry in self.keys if entry.key_id == key)
        return (entry for entry in self.keys if entry.public == key)
