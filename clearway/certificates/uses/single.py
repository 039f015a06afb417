"""Single use across countries: what is shown to the order of the agencies, and what it answers.

Of a line that is used here the order sees four things that cannot be told from chance without the
certificate's secret: that its number has this content, how much the line is for in a least unit,
that it is used, and how much of it. A second country's items meet the first ones. So these are
found without either side revealing content: a line used in two countries, more drawn than was
certified first, another content under the same number.

    secret = secret_of(certificate, shared_key)
    batch = batch_of(claim, agency)                      # what the order is asked
    findings = judge(claim, agency, outcome, seen)       # what its answer means

A certificate issued with a secret of 128 bits (a note `single_use_secret`) hides from all who do
not hold it, members included. One without gets a secret from a key that the members share: that
hides from outsiders only. Content under a number is always registered by the members' key, since a
forger chooses a secret of his own.

Source: ledger.order.nullifier; docs/design/order.md.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from clearway.certificates.model import Certificate, Key
from clearway.certificates.parts import noted
from clearway.certificates.uses.account import scaled
from clearway.ledger.order import nullifier
from clearway.ledger.order.model import (
    MAX_AMOUNT,
    MAX_ITEMS,
    Code,
    Item,
    Outcome,
    QuotaOpening,
    Use,
    UseBatch,
    UseRecord,
)
from clearway.terms.quantity import Quantity

_SECRET_HEX = 2 * nullifier.SECRET_SIZE


class Finding(StrEnum):
    """What the order found against a certificate."""

    USED_ELSEWHERE = "used_elsewhere"
    QUANTITY_EXCEEDED = "quantity_exceeded"
    OTHER_CONTENT = "other_content"


@dataclass(frozen=True, slots=True)
class Names:
    """The order's names for one line of one certificate, 32 bytes each.

    Args:
        number: of the certificate's number; its holder is `content`.
        content: commitment to what stands under the number, 64 hexadecimal digits.
        use: of the use of the line.
        quota: of its quantity.
    """

    number: bytes
    content: str
    use: bytes
    quota: bytes


@dataclass(frozen=True, slots=True)
class Claim:
    """One use here that is to count everywhere.

    Args:
        key: of the certificate.
        line: that is used.
        reference: our own of what it is used for: `<mrn>/<item>`.
        names: see `names_of`.
        secret: 16 bytes.
        certified: of the line; None where it states no quantity.
        drawn: what is used; None: the use is claimed before the quantity is final.
        is_exclusive: one country only may use the line; else its quantity is shared.
    """

    key: Key
    line: int
    reference: str
    names: Names
    secret: bytes
    certified: Quantity | None
    drawn: Quantity | None
    is_exclusive: bool = True


@dataclass(frozen=True, slots=True)
class Found:
    """One finding, with the place of what came first; `first` None where only a sum is known."""

    finding: Finding
    nullifier: bytes
    first: UseRecord | None


def stated_secret(certificate: Certificate) -> bytes | None:
    """Return the secret that its authority gave it, or None; one of another form is none."""
    for text in noted(certificate.notes, "single_use_secret"):
        digits = text.strip().lower()
        if len(digits) == _SECRET_HEX and all(each in "0123456789abcdef" for each in digits):
            return bytes.fromhex(digits)
    return None


def secret_of(certificate: Certificate, shared_key: bytes) -> bytes:
    """Return the secret of a certificate, 16 bytes: its own, else one by the members' key.

    Args:
        shared_key: 32 secret bytes that all members hold.
    """
    own = stated_secret(certificate)
    if own is not None:
        return own
    text = certificate.key.subject
    return nullifier.keyed("certificate-secret/1", shared_key, text)[: nullifier.SECRET_SIZE]


def names_of(certificate: Certificate, line: int, shared_key: bytes) -> Names:
    """Return what the order knows one line by."""
    secret, subject = secret_of(certificate, shared_key), certificate.key.subject
    content = f"{subject} {certificate.content_digest}"
    return Names(
        number=nullifier.keyed("certificate-number/1", shared_key, subject),
        content=nullifier.keyed("certificate-content/1", shared_key, content).hex(),
        use=nullifier.of(f"certificate-line/1/{line}", secret),
        quota=nullifier.of(f"certificate-quota/1/{line}", secret),
    )


def registration(certificate: Certificate, shared_key: bytes) -> tuple[Item, ...]:
    """Return what an issuing agency has ordered at issue: its content and its quantities.

    Registered so, a later forgery is found at its first use, not only at the second.
    """
    whole = names_of(certificate, 0, shared_key)
    items: list[Item] = [Use(whole.number, whole.content)]
    for line in certificate.lines:
        names = names_of(certificate, line.number, shared_key)
        if (limit := _limit(line.certified)) is not None:
            items.append(QuotaOpening(names.quota, limit))
    return tuple(items)


def registration_batches(certificate: Certificate, shared_key: bytes) -> tuple[UseBatch, ...]:
    """Return what is asked of the order at issue, the number in the first batch.

    The same certificate gives the same batches, so a retry is one; more lines than the order takes
    at once are split.
    """
    items = registration(certificate, shared_key)
    secret = secret_of(certificate, shared_key)
    text = f"{certificate.key.subject} {certificate.content_digest}"
    batches: list[UseBatch] = []
    for start in range(0, len(items), MAX_ITEMS):
        said = b"clearway-registration/1\n" + f"{text} {start}".encode()
        key = hmac.digest(secret, said, sha256)  # keyed by the secret, as in `batch_of`
        batches.append(UseBatch(key[:16], items[start : start + MAX_ITEMS]))
    return tuple(batches)


def contested(number: Use, first: UseRecord) -> Found | None:
    """Return what the first use of a number says against the content we issued under it."""
    if hmac.compare_digest(first.holder.encode(), number.holder.encode()):
        return None
    return Found(Finding.OTHER_CONTENT, number.nullifier, first)


def batch_of(claim: Claim, agency: str) -> UseBatch:
    """Return what is asked of the order; the same claim is the same batch, so a retry is one.

    Args:
        agency: our id in the order.
    """
    names = claim.names
    items: list[Item] = [Use(names.number, names.content)]
    held = nullifier.holder(claim.secret, agency, claim.reference)
    limit = _limit(claim.certified)
    if limit is not None:
        items.append(QuotaOpening(names.quota, limit))
    if claim.is_exclusive:
        items.append(Use(names.use, held))
    if limit is not None and claim.drawn is not None:
        drawn = min(max(scaled(claim.drawn, up=True), 1), MAX_AMOUNT)
        items.append(Use(names.quota, held, drawn))
    text = f"{claim.key.subject} {claim.line} {claim.reference} {claim.drawn}"
    # Keyed by the secret: the key of a batch is public, and a guessed text must not open it.
    key = hmac.digest(claim.secret, b"clearway-single-use/1\n" + text.encode(), sha256)
    return UseBatch(key[:16], tuple(items))


def judge(
    claim: Claim, agency: str, batch: UseBatch, outcome: Outcome, seen: Mapping[bytes, UseRecord]
) -> tuple[Found, ...]:
    """Return what the order's answer to a batch means; nothing: the use counts.

    Args:
        seen: first uses by nullifier, of those that the outcome says were used before.
    """
    found: list[Found] = []
    for item, each in zip(batch.items, outcome.items, strict=True):
        name = item.quota if isinstance(item, QuotaOpening) else None
        if isinstance(item, Use):
            name = item.nullifier
        if name is None:
            continue
        if each.code is Code.USED_BEFORE:
            found += against(claim, agency, name, seen.get(name))
        elif each.code in (Code.QUOTA_EXHAUSTED, Code.LIMIT_BELOW_DRAWN):
            found.append(Found(Finding.QUANTITY_EXCEEDED, name, None))
    return tuple(found)


def against(claim: Claim, agency: str, name: bytes, first: UseRecord | None) -> tuple[Found, ...]:
    """Return what a use that came first says against a claim.

    Our own use of a line is none: what is left of it is told by our own account.
    """
    if first is None:
        return ()
    if name == claim.names.number:
        if hmac.compare_digest(first.holder.encode(), claim.names.content.encode()):
            return ()
        return (Found(Finding.OTHER_CONTENT, name, first),)
    if name == claim.names.use and first.agency != agency and claim.is_exclusive:
        return (Found(Finding.USED_ELSEWHERE, name, first),)
    return ()


def _limit(certified: Quantity | None) -> int | None:
    """Return a line's quantity in least units; None: there is nothing that could be drawn."""
    if certified is None:
        return None
    least = min(scaled(certified, up=False), MAX_AMOUNT)
    return least if least >= 1 else None
