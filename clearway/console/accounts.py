"""How much of a certificate is left, line by line, as the page of a consignment shows it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import Connection

from clearway.certificates import tables as certificates
from clearway.certificates.model import Key
from clearway.certificates.quantity import Balance
from clearway.certificates.uses.standing import why_unusable
from clearway.certificates.uses.tables import UseState, uses_of
from clearway.terms.identifiers import Mrn
from clearway.terms.quantity import Quantity


@dataclass(frozen=True, slots=True)
class LineAccount:
    """One line: amounts in its unit, and the same as shares of the bar in percent.

    Args:
        ours: reserved and consumed by this declaration.
        consumed, reserved: by other declarations.
    """

    line: int
    unit: str
    certified: Decimal
    ours: Decimal
    consumed: Decimal
    reserved: Decimal
    left: Decimal

    @property
    def digits(self) -> int:
        """Decimals to show, at most 6, so that a gram that is left is not rounded away."""
        shown = (self.certified, self.ours, self.consumed, self.reserved, self.left)
        exponents = (each.normalize().as_tuple().exponent for each in shown)
        return min(6, max(0, *(-each for each in exponents if isinstance(each, int))))

    @property
    def is_gone(self) -> bool:
        """Whether nothing is left, and none of it went to this declaration."""
        return not self.left and not self.ours

    def percent(self, amount: Decimal) -> str:
        """Return an amount as a share of what is certified, such as `37.50`."""
        return f"{100 * amount / self.certified:.2f}" if self.certified else "0"


@dataclass(frozen=True, slots=True)
class Account:
    """A certificate that a declaration names.

    Args:
        why_unusable: one sentence; "" where goods may enter under it.
        is_pending: goods of this declaration used it, and the agencies' order has not said so yet.
        is_ordered: the order has taken its use by this declaration.
    """

    lines: tuple[LineAccount, ...]
    why_unusable: str
    is_pending: bool
    is_ordered: bool


def accounts(connection: Connection, mrn: Mrn, keys: Iterable[Key]) -> dict[str, Account]:
    """Return the account of each of these certificates, by its subject."""
    return {key.subject: _account(connection, mrn, key) for key in keys}


def _account(connection: Connection, mrn: Mrn, key: Key) -> Account:
    record = certificates.get(connection, key)
    states = {
        each.state for each in uses_of(connection, key) if each.reference.startswith(f"{mrn}/")
    }
    lines = (_line(balance, mrn) for balance in record.balances)
    return Account(
        tuple(line for line in lines if line is not None),
        why_unusable(connection, record),
        UseState.CONSUMED in states,
        UseState.ORDERED in states,
    )


def _line(balance: Balance, mrn: Mrn) -> LineAccount | None:
    certified, left = balance.certified, balance.available
    if certified is None or left is None:
        return None
    others = [each for each in balance.positions if each.mrn != mrn]
    own = [each for each in balance.positions if each.mrn == mrn]
    return LineAccount(
        balance.line,
        str(certified.unit),
        certified.value,
        _sum(each.reserved for each in own) + _sum(each.consumed for each in own),
        _sum(each.consumed for each in others),
        _sum(each.reserved for each in others),
        left.value,
    )


def _sum(amounts: Iterable[Quantity]) -> Decimal:
    return sum((each.value for each in amounts), Decimal(0))
