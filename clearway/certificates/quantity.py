"""How much of a certificate's line is left: reserved by declarations, consumed, returned.

    balance = reserve(balance, mrn, 1, kilograms(600))    # hold for item 1 of a declaration
    balance = consume(balance, mrn, 1, kilograms(590))    # for good; the rest of the hold returns

The rules are those of the EU's quantity management: a second reservation of the same item replaces
the first; what is consumed never returns; units of one dimension convert, pieces never become mass.
Refusals bear its codes (02 no record, 03 already consumed, 05 quantity insufficient, 06 written off
already, 10 unit mismatch) and change nothing: an action of ours that is refused leaves nothing
behind. Another customs system asks by whole certificates, see `uses.account`; there a refused
reservation (05) drops the old hold, as it is recorded.

Source: ReservationFailureReason and QuantityManagementOutcome as recorded on TRACES acceptance.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from clearway.errors import BadTerm, InputError, RuleViolation, WrongState
from clearway.terms.identifiers import Mrn
from clearway.terms.quantity import Quantity


class UseKind(StrEnum):
    """What is done with a quantity."""

    RESERVE = "reserve"
    CONSUME = "consume"
    RETURN = "return"


@dataclass(frozen=True, slots=True)
class Position:
    """What one item of one declaration holds of a line, in the line's unit.

    Args:
        reserved: held, may return.
        consumed: used up for good.
    """

    mrn: Mrn
    item: int
    reserved: Quantity
    consumed: Quantity


@dataclass(frozen=True, slots=True)
class Balance:
    """One line's account.

    Args:
        line: number of the line.
        certified: what the certificate says; None: nothing that could be used up.
        positions: who holds what, in the order of their first use.
    """

    line: int
    certified: Quantity | None
    positions: tuple[Position, ...] = ()

    @property
    def reserved(self) -> Quantity | None:
        """All that is held."""
        if self.certified is None:
            return None
        return _total(self.certified, [each.reserved for each in self.positions])

    @property
    def consumed(self) -> Quantity | None:
        """All that is used up."""
        if self.certified is None:
            return None
        return _total(self.certified, [each.consumed for each in self.positions])

    @property
    def available(self) -> Quantity | None:
        """What is left; zero when a later version of the certificate says less than was used."""
        if self.certified is None:
            return None
        held = [amount for each in self.positions for amount in (each.reserved, each.consumed)]
        used = _total(self.certified, held)
        return self.certified - used if used <= self.certified else _none(self.certified)

    def position(self, mrn: Mrn, item: int) -> Position | None:
        """Return what this item of this declaration holds."""
        return next(
            (each for each in self.positions if each.mrn == mrn and each.item == item), None
        )

    def held(self, mrn: Mrn, item: int) -> Quantity:
        """Return what this item of this declaration has reserved.

        Raises: WrongState: nothing (02), or it has consumed it (03).
        """
        position = self.position(mrn, item)
        if position is not None and position.consumed.value > 0:
            raise _refused("03", f"item {item} of {mrn} has used this line up for good", WrongState)
        if position is None or position.reserved.value == 0:
            raise _refused("02", f"item {item} of {mrn} holds nothing of this line", WrongState)
        return position.reserved


def reserve(balance: Balance, mrn: Mrn, item: int, quantity: Quantity) -> Balance:
    """Hold a quantity for one item of a declaration, in place of what it held before.

    Args:
        quantity: all that the item needs of this line, above zero.

    Raises:
        RuleViolation: not enough is left (05), or the unit measures something else (10).
        WrongState: this item has consumed already (06).
    """
    wanted = _in_unit_of(balance, quantity)
    held = _position(balance, mrn, item, wanted)
    if held.consumed.value > 0:
        raise _refused("06", f"item {item} of {mrn} has used this line already", WrongState)
    return _with(balance, replace(held, reserved=wanted))


def consume(balance: Balance, mrn: Mrn, item: int, quantity: Quantity) -> Balance:
    """Use a quantity up for good; what the item held beyond it is free again.

    Args:
        quantity: above zero; a reservation before is usual, not needed.

    Raises:
        RuleViolation: not enough is left (05), or the unit measures something else (10).
        WrongState: this item has consumed already (03).
    """
    wanted = _in_unit_of(balance, quantity)
    held = _position(balance, mrn, item, wanted)
    if held.consumed.value > 0:
        raise _refused("03", f"item {item} of {mrn} has used this line already", WrongState)
    return _with(balance, replace(held, reserved=_none(wanted), consumed=wanted))


def give_back(balance: Balance, mrn: Mrn, item: int) -> Balance:
    """Free what one item of a declaration holds.

    Raises: WrongState: it holds nothing (02), or has consumed it (03).
    """
    balance.held(mrn, item)
    held = balance.position(mrn, item)
    others = tuple(each for each in balance.positions if each is not held)
    return replace(balance, positions=others)


def apply(balance: Balance, kind: UseKind, mrn: Mrn, item: int, quantity: Quantity) -> Balance:
    """Return the balance after one use (see `reserve`, `consume`, `give_back`)."""
    if kind is UseKind.RETURN:
        return give_back(balance, mrn, item)
    use = reserve if kind is UseKind.RESERVE else consume
    return use(balance, mrn, item, quantity)


def _position(balance: Balance, mrn: Mrn, item: int, like: Quantity) -> Position:
    return balance.position(mrn, item) or Position(mrn, item, _none(like), _none(like))


def _in_unit_of(balance: Balance, quantity: Quantity) -> Quantity:
    if balance.certified is None:
        raise _refused("10", f"line {balance.line} states no quantity that could be used up")
    if quantity.value <= 0:
        raise _refused("05", f"a quantity above zero must be stated, not {quantity}")
    try:
        return quantity.to(balance.certified.unit)
    except BadTerm as error:
        detail = f"line {balance.line} is certified in {balance.certified.unit.unit.name}"
        raise _refused("10", f"{detail}, but {quantity} was asked for") from error


def _with(balance: Balance, changed: Position) -> Balance:
    """Put a position in its place. Raises: RuleViolation: more would be used than is certified."""
    others = tuple(
        each for each in balance.positions if (each.mrn, each.item) != (changed.mrn, changed.item)
    )
    free = replace(balance, positions=others).available
    wanted = changed.reserved + changed.consumed
    if free is None or wanted > free:
        raise _refused(
            "05",
            f"line {balance.line} has {free} left of {balance.certified}, but {wanted} is needed;"
            " state less, or another certificate",
        )
    known = balance.position(changed.mrn, changed.item)
    if known is None:
        return replace(balance, positions=(*others, changed))
    return replace(
        balance, positions=tuple(changed if each is known else each for each in balance.positions)
    )


def _total(like: Quantity, amounts: list[Quantity]) -> Quantity:
    return sum(amounts, start=_none(like))


def _none(like: Quantity) -> Quantity:
    return Quantity(Decimal(0), like.unit)


def _refused(
    code: str, what: str, kind: type[RuleViolation] | type[WrongState] = RuleViolation
) -> InputError:
    return kind(f"The certificate's quantity cannot be used: {what}", refusal=code)
