"""Money: an exact amount of a currency of ISO 4217.

    Money(Decimal("1250.00"), Currency("KES")) + Money(Decimal("0.50"), Currency("KES"))

An amount may have up to four decimals whatever the currency's minor unit: invoices price goods in
parts of a cent. `quantize` rounds to the minor unit, for payment and display.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal, Inexact, InvalidOperation

from clearway.errors import BadTerm
from clearway.terms.currencies import CURRENCIES, MINOR_UNITS
from clearway.terms.quantity import require_number
from clearway.terms.term import Term

_MOST_DECIMALS = 4
_FOUR_DECIMALS = Decimal("0.0001")
_EXACT = Context(prec=120, traps=[Inexact, InvalidOperation])
_ROUNDING = Context(prec=120, rounding=ROUND_HALF_UP, traps=[InvalidOperation])


class Currency(Term):
    """An ISO 4217 currency code, such as `KES`."""

    __slots__ = ()

    RULE = "must be a currency code of three capital letters (ISO 4217), such as KES"

    def __new__(cls, value: str) -> Currency:
        """Return the one instance of this code. Raises: BadTerm: no such currency."""
        known = _KNOWN.get(value) if isinstance(value, str) else None
        if known is None:
            cls.refuse(value)
        return known

    @property
    def name(self) -> str:
        """English name."""
        return CURRENCIES[self]

    @property
    def decimals(self) -> int:
        """Decimals of the minor unit: 2 for most, 0 for JPY, 3 for KWD."""
        return MINOR_UNITS.get(self, 2)


_KNOWN: dict[str, Currency] = {code: str.__new__(Currency, code) for code in CURRENCIES}


@dataclass(frozen=True, slots=True)
class Money:
    """An amount of a currency; negative amounts are refunds and differences.

    Args:
        amount: exact, at most four decimals, below 10^21.
        currency: ISO 4217.

    Raises: BadTerm: no finite number, too large, or over four decimals.
    """

    amount: Decimal
    currency: Currency

    def __post_init__(self) -> None:
        """Check the amount."""
        require_number("Money", self.amount)
        if not isinstance(self.currency, Currency):
            object.__setattr__(self, "currency", Currency(self.currency))
        if int(self.amount.as_tuple().exponent) < -_MOST_DECIMALS:
            raise BadTerm("Money", str(self), "must have at most four decimals")

    def __str__(self) -> str:
        return f"{self.amount:f} {self.currency}"

    def __add__(self, other: Money) -> Money:
        return Money(_EXACT.add(self.amount, self._like(other)), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(_EXACT.subtract(self.amount, self._like(other)), self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.amount < self._like(other)

    def __le__(self, other: Money) -> bool:
        return self.amount <= self._like(other)

    def __gt__(self, other: Money) -> bool:
        return self.amount > self._like(other)

    def __ge__(self, other: Money) -> bool:
        return self.amount >= self._like(other)

    def times(self, factor: Decimal) -> Money:
        """Return this times an exact factor , such as a duty rate, rounded half up to 0.0001.

        Raises: BadTerm: the factor is no finite Decimal.
        """
        product = _ROUNDING.multiply(self.amount, require_number("Factor", factor))
        return Money(_ROUNDING.quantize(product, _FOUR_DECIMALS), self.currency)

    def quantize(self) -> Money:
        """Return the amount rounded half up to the currency's minor unit, for display."""
        minor = Decimal(1).scaleb(-self.currency.decimals)
        return Money(_ROUNDING.quantize(self.amount, minor), self.currency)

    def _like(self, other: Money) -> Decimal:
        if other.currency != self.currency:
            rule = f"is in {self.currency}, the other amount in {other.currency}; convert it first"
            raise BadTerm("Money", str(self), rule)
        return other.amount
