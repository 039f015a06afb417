"""Quantities: an exact number and a unit of UN/ECE Recommendation 20.

    Quantity(Decimal("12.5"), UnitCode("TNE")).to(UnitCode("KGM"))   # 12500 KGM

Two quantities are equal when they are the same amount: 1 TNE equals 1000 KGM. Quantities of unlike
dimension are never equal, and comparing or adding them raises `BadTerm`: pieces are not mass.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal, Inexact, InvalidOperation
from fractions import Fraction

from clearway.errors import BadTerm
from clearway.terms.term import Term
from clearway.terms.units import UNITS, Unit

# A number on a trade document has at most 16 digits and 6 decimals (WCO DM); these limits leave
# room for what conversion makes of them, and keep a hostile 1E+999999 from filling the memory.
_LARGEST = Decimal("1E+21")
_SMALLEST_EXPONENT = -80

# As many digits as IEEE 754 decimal128, for the few conversions that have no finite decimal.
_ROUNDED = Context(prec=34, rounding=ROUND_HALF_EVEN)
_EXACT = Context(prec=120, traps=[Inexact, InvalidOperation])


class UnitCode(Term):
    """A unit of UN/ECE Recommendation 20 that this system knows, such as `KGM`."""

    __slots__ = ()

    RULE = "must be a unit of UN/ECE Recommendation 20 that trade uses, such as KGM, LTR or H87"

    def __new__(cls, value: str) -> UnitCode:
        """Return the one instance of this code. Raises: BadTerm: no such unit."""
        known = _KNOWN.get(value) if isinstance(value, str) else None
        if known is None:
            cls.refuse(value)
        return known

    @property
    def unit(self) -> Unit:
        """Name, dimension and factor."""
        return UNITS[self]

    @property
    def dimension(self) -> str:
        """What it measures: `mass`, `volume`, `pieces` ..."""
        return UNITS[self].dimension


_KNOWN: dict[str, UnitCode] = {code: str.__new__(UnitCode, code) for code in UNITS}

KGM = UnitCode("KGM")


def require_number(term: str, value: Decimal) -> Decimal:
    """Return a finite Decimal of sane size.

    Raises: BadTerm: not a Decimal, not finite, 10^21 or more, or over 80 decimals.
    """
    if not isinstance(value, Decimal):
        raise BadTerm(term, type(value).__name__, "must be a decimal number, never a float")
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int):
        raise BadTerm(term, str(value), "must be a finite number")
    if exponent < _SMALLEST_EXPONENT or exponent > 21 or value.copy_abs() >= _LARGEST:
        raise BadTerm(term, str(value), "must be below 10^21 and have at most 80 decimals")
    return value


@dataclass(frozen=True, slots=True, eq=False)
class Quantity:
    """An amount in a unit; never negative, but for temperatures.

    Args:
        value: exact, below 10^21.
        unit: UN/ECE Recommendation 20.

    Raises: BadTerm: no finite number, too large, or below zero (below absolute zero).
    """

    value: Decimal
    unit: UnitCode

    def __post_init__(self) -> None:
        """Check the number against the unit."""
        require_number("Quantity", self.value)
        if not isinstance(self.unit, UnitCode):
            object.__setattr__(self, "unit", UnitCode(self.unit))
        if self.value < 0 and _in_base(self) < 0:
            raise BadTerm("Quantity", str(self), "must not be below zero")

    def __str__(self) -> str:
        return f"{self.value:f} {self.unit}"

    def to(self, unit: UnitCode) -> Quantity:
        """Return the same amount in another unit, exact, or rounded to 34 digits.

        Raises: BadTerm: the units measure different things.
        """
        if unit == self.unit:
            return self
        self._require_like(unit)
        target = UNITS[unit]
        return Quantity(_decimal(_in_base(self) / target.factor - target.offset), unit)

    def __add__(self, other: Quantity) -> Quantity:
        return Quantity(_EXACT.add(self.value, other.to(self.unit).value), self.unit)

    def __sub__(self, other: Quantity) -> Quantity:
        return Quantity(_EXACT.subtract(self.value, other.to(self.unit).value), self.unit)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Quantity):
            return NotImplemented
        return _key(self) == _key(other)

    def __hash__(self) -> int:
        return hash(_key(self))

    def __lt__(self, other: Quantity) -> bool:
        return self._in_base_beside(other) < _in_base(other)

    def __le__(self, other: Quantity) -> bool:
        return self._in_base_beside(other) <= _in_base(other)

    def __gt__(self, other: Quantity) -> bool:
        return self._in_base_beside(other) > _in_base(other)

    def __ge__(self, other: Quantity) -> bool:
        return self._in_base_beside(other) >= _in_base(other)

    def _in_base_beside(self, other: Quantity) -> Fraction:
        self._require_like(other.unit)
        return _in_base(self)

    def _require_like(self, unit: UnitCode) -> None:
        mine, theirs = self.unit.unit, unit.unit
        if mine.dimension != theirs.dimension:
            rule = f"{mine.name} cannot be compared with, or converted to, {theirs.name}"
            raise BadTerm("Quantity", str(self), rule)


def kilograms(value: Decimal | int | str) -> Quantity:
    """Return so many kilograms. Raises: BadTerm: not a number."""
    try:
        number = Decimal(value) if isinstance(value, int | str) else value
    except InvalidOperation:
        raise BadTerm("Quantity", value, "must be a decimal number, such as 12.5") from None
    return Quantity(number, KGM)


def _in_base(quantity: Quantity) -> Fraction:
    unit = UNITS[quantity.unit]
    return (Fraction(quantity.value) + unit.offset) * unit.factor


def _key(quantity: Quantity) -> tuple[str, Fraction]:
    return UNITS[quantity.unit].dimension, _in_base(quantity)


def _decimal(amount: Fraction) -> Decimal:
    """Return the Decimal of a fraction: exact where there is one of up to 120 digits."""
    numerator, denominator = Decimal(amount.numerator), Decimal(amount.denominator)
    try:
        return _EXACT.divide(numerator, denominator)
    except Inexact:
        return _ROUNDED.divide(numerator, denominator)
