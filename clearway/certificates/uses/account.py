"""A whole certificate's account, as a customs system that is not ours draws on it.

    decided = reserve(record, mrn, (Want(1, 1, "040100", kilograms(600)),))
    decided.code       # "01", or why not: 03 04 05 06 07 10
    decided.steps      # what is returned, then what is held

The rules are those recorded of the EU's quantity management: a reservation states all that a
declaration needs of the certificate and takes the place of what it held; it is taken whole or not
at all (one certificate is one unit). Release consumes all of it for good, delete returns it. A
refusal changes nothing, but for one: 05 drops the old hold, since the declaration has said that
it no longer stands for it. Which refusal comes first is not recorded; here: status, write-off,
lines, codes, units, quantities.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Final

from clearway.certificates import quantity
from clearway.certificates.model import CertificateLine, describe_status
from clearway.certificates.quantity import Balance, Position, UseKind
from clearway.certificates.record import Record
from clearway.errors import BadTerm, InputError
from clearway.terms.identifiers import Mrn
from clearway.terms.quantity import Quantity

MOST_WANTS: Final = 999


class Operation(StrEnum):
    """What a customs system asks for."""

    RESERVE = "reserve"
    RELEASE = "release"
    DELETE = "delete"


class ReservationFailure(StrEnum):
    """Why a reservation is refused (ReservationFailureReason)."""

    CODES = "03"
    STATUS = "04"
    INSUFFICIENT = "05"
    WRITTEN_OFF = "06"
    LINES = "07"
    UNITS = "10"


class ManagementOutcome(StrEnum):
    """What came of a reservation, a release or a deletion (QuantityManagementOutcome)."""

    EXECUTED = "01"
    NO_RECORD = "02"
    CONSUMED = "03"
    STATUS_WARNING = "04"


@dataclass(frozen=True, slots=True)
class Want:
    """What one goods item of a declaration needs of one line.

    Args:
        item: number of the goods item, 1 to 9999.
        line: number of the certificate's line.
        hs: commodity code, 2 to 10 digits; "" where it is not to be compared.
        quantity: above zero, in whatever unit of the line's family.

    Raises: BadTerm.
    """

    item: int
    line: int
    hs: str
    quantity: Quantity

    def __post_init__(self) -> None:
        """Check the numbers."""
        if not 1 <= self.item <= 9_999:
            raise BadTerm("goods item", self.item, "1 to 9999", field="item")
        if self.hs and not (self.hs.isascii() and self.hs.isdigit() and 2 <= len(self.hs) <= 10):
            raise BadTerm("commodity code", self.hs, "2 to 10 digits", field="hs")
        if self.quantity.value <= 0:
            raise BadTerm("quantity", str(self.quantity), "must be above zero", field="quantity")


@dataclass(frozen=True, slots=True)
class Step:
    """One change of one line's account."""

    kind: UseKind
    line: int
    item: int
    quantity: Quantity


@dataclass(frozen=True, slots=True)
class Decided:
    """What is answered, and what changes.

    Args:
        code: of `ReservationFailure` where `is_executed` is false for a reservation, else of
            `ManagementOutcome`.
        detail: one sentence.
        steps: in order; of a refusal 05, what was held returns.
    """

    is_executed: bool
    code: str
    detail: str
    steps: tuple[Step, ...] = ()


def require_wants(wants: tuple[Want, ...]) -> None:
    """Refuse what states no whole position. Raises: BadTerm."""
    if not 1 <= len(wants) <= MOST_WANTS:
        raise BadTerm("number of positions", len(wants), f"1 to {MOST_WANTS}", field="positions")
    if len({(want.item, want.line) for want in wants}) < len(wants):
        rule = "name each item and line once; add the quantities up"
        raise BadTerm("positions", len(wants), rule, field="positions")


def reserve(record: Record, mrn: Mrn, wants: tuple[Want, ...], unusable: str = "") -> Decided:
    """Hold what a declaration needs of a certificate, in place of all that it held of it.

    Args:
        wants: the declaration's whole position, see `require_wants`.
        unusable: why goods cannot be cleared under it; "": they can.
    """
    held = holdings(record, mrn)
    if unusable:
        return _refused(ReservationFailure.STATUS, unusable)
    if any(position.consumed.value for _, position in held):
        detail = f"{mrn} has used the certificate already; a write-off is for good"
        return _refused(ReservationFailure.WRITTEN_OFF, detail)
    for want in wants:
        unlike = _unlike(record, want)
        if unlike is not None:
            return unlike
    freed = _without(record, mrn)
    try:
        for want in wants:
            before = freed[want.line]
            freed[want.line] = quantity.reserve(before, mrn, want.item, want.quantity)
    except InputError as short:
        drop = tuple(_returned(line, position) for line, position in held)
        return Decided(False, ReservationFailure.INSUFFICIENT, short.detail, drop)
    return Decided(
        True, ManagementOutcome.EXECUTED, "The quantities are held.", _changes(held, wants)
    )


def release(record: Record, mrn: Mrn, unusable: str = "") -> Decided:
    """Consume for good all that a declaration holds.

    The goods are out: what is not in force any more is written off all the same, with a warning.
    """
    steps = tuple(
        Step(UseKind.CONSUME, line, position.item, position.reserved)
        for line, position in holdings(record, mrn)
        if position.reserved.value
    )
    if not steps:
        return _nothing_held(record, mrn)
    if unusable:
        return Decided(True, ManagementOutcome.STATUS_WARNING, unusable, steps)
    return Decided(True, ManagementOutcome.EXECUTED, "The quantities are used up.", steps)


def delete(record: Record, mrn: Mrn) -> Decided:
    """Return all that a declaration holds; whatever the certificate's status."""
    steps = tuple(
        _returned(line, position)
        for line, position in holdings(record, mrn)
        if position.reserved.value
    )
    if not steps:
        return _nothing_held(record, mrn)
    return Decided(True, ManagementOutcome.EXECUTED, "The quantities are free again.", steps)


def applied(record: Record, mrn: Mrn, steps: tuple[Step, ...]) -> Record:
    """Return the record after these steps, each of which takes one position's place."""
    balances = {balance.line: balance for balance in record.balances}
    for step in steps:
        balance = balances[step.line]
        own = (mrn, step.item)
        rest = tuple(each for each in balance.positions if (each.mrn, each.item) != own)
        if step.kind is not UseKind.RETURN and balance.certified is not None:
            amount = step.quantity.to(balance.certified.unit)
            nothing = Quantity(Decimal(0), amount.unit)
            is_hold = step.kind is UseKind.RESERVE
            pair = (amount, nothing) if is_hold else (nothing, amount)
            rest = (*rest, Position(mrn, step.item, *pair))
        balances[step.line] = replace(balance, positions=rest)
    return replace(record, balances=tuple(balances.values()))


def holdings(record: Record, mrn: Mrn) -> tuple[tuple[int, Position], ...]:
    """Return what a declaration has reserved and consumed, line by line."""
    return tuple(
        (balance.line, position)
        for balance in record.balances
        for position in balance.positions
        if position.mrn == mrn
    )


def scaled(amount: Quantity, *, up: bool) -> int:
    """Return a quantity as a whole number of the least unit of its family: a millionth of its base.

    Every unit of a family has the same least unit, so whole numbers of one certificate can be
    added and compared by whoever knows neither unit nor goods.

    Args:
        up: round a fraction up (what is drawn), else down (what may be drawn).
    """
    whole = Fraction(amount.value) * amount.unit.unit.factor * 1_000_000
    return -((-whole) // 1) if up else whole // 1


def _unlike(record: Record, want: Want) -> Decided | None:
    """Return the refusal of a want that does not fit the line it names, or None."""
    line, balance = record.certificate.line(want.line), record.balance(want.line)
    if line is None or balance is None:
        detail = f"The certificate has no line {want.line}; name one of its lines"
        return _refused(ReservationFailure.LINES, detail)
    if not _is_kin(line, want.hs):
        certified = ", ".join(line.hs)
        detail = f"Line {want.line} is of HS code {certified}, item {want.item} of {want.hs}"
        return _refused(ReservationFailure.CODES, detail)
    certified_unit = None if balance.certified is None else balance.certified.unit
    if certified_unit is None or certified_unit.dimension != want.quantity.unit.dimension:
        shown = "no quantity that can be used" if certified_unit is None else str(certified_unit)
        detail = (
            f"Line {want.line} is certified in {shown}, item {want.item} states {want.quantity}"
        )
        return _refused(ReservationFailure.UNITS, detail)
    return None


def _is_kin(line: CertificateLine, hs: str) -> bool:
    """Return whether a code and a line's code lie under one another; nothing stated fits all."""
    return (
        not hs or not line.hs or any(hs.startswith(code) or code.startswith(hs) for code in line.hs)
    )


def _without(record: Record, mrn: Mrn) -> dict[int, Balance]:
    """Return the lines' accounts as if this declaration held nothing."""
    return {
        balance.line: replace(
            balance, positions=tuple(each for each in balance.positions if each.mrn != mrn)
        )
        for balance in record.balances
    }


def _changes(held: Iterable[tuple[int, Position]], wants: tuple[Want, ...]) -> tuple[Step, ...]:
    """Return what returns and what is held; what stays as it was is no step."""
    before = {(line, position.item): position for line, position in held}
    wanted = {(want.line, want.item) for want in wants}
    gone = [_returned(line, each) for (line, item), each in before.items()
            if (line, item) not in wanted]  # fmt: skip
    new = [
        Step(UseKind.RESERVE, want.line, want.item, want.quantity)
        for want in wants
        if (known := before.get((want.line, want.item))) is None or known.reserved != want.quantity
    ]
    return (*gone, *new)


def _returned(line: int, position: Position) -> Step:
    return Step(UseKind.RETURN, line, position.item, position.reserved)


def _refused(code: ReservationFailure, detail: str) -> Decided:
    return Decided(False, code, detail)


def _nothing_held(record: Record, mrn: Mrn) -> Decided:
    if any(position.consumed > _none(position) for _, position in holdings(record, mrn)):
        return Decided(False, ManagementOutcome.CONSUMED, f"{mrn} has used the quantities for good")
    status = describe_status(record.status)
    detail = f"{mrn} holds nothing of this certificate, whose status is {status}"
    return Decided(False, ManagementOutcome.NO_RECORD, detail)


def _none(position: Position) -> Quantity:
    return Quantity(Decimal(0), position.consumed.unit)
