"""What given goods need and owe, by a profile; pure.

needed = requirements(profile, hs, origin, "import", now)
lacking = missing_documents(needed, [document.type for document in declaration.documents])
owed = duty(profile, hs, origin, item.preference, item.statistical_value)
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import TypeVar

from clearway.errors import RuleViolation
from clearway.measures.model import (
    Charge,
    ChargeKind,
    Profile,
    Rate,
    Requirement,
    RequirementKind,
    Scheme,
    Scope,
)
from clearway.terms.goods import HsCode
from clearway.terms.money import Money
from clearway.terms.places import Country
from clearway.terms.quantity import Quantity, UnitCode

T = TypeVar("T")

# A national letter before a code of UNECE 1001: EU declarations write N851 for 851.
_NATIONAL_FORM = re.compile(r"N([0-9]{3})")


def prefixes(hs: str) -> Iterator[str]:
    """Yield the code and all its beginnings down to "", the longest first."""
    for length in range(len(hs), -1, -1):
        yield hs[:length]


def requirements(
    profile: Profile, hs: HsCode, origin: Country, direction: str, at: datetime
) -> tuple[Requirement, ...]:
    """Return all that these goods need, by code.

    Args:
        direction: `import`, `export` or `transit`.
        at: aware UTC; alerts count only in their period.
    """
    found = {
        requirement.code: requirement
        for prefix in prefixes(hs)
        for requirement, scope in profile.requirements.get(prefix, ())
        if _fits(scope, hs, origin, direction)
        and (requirement.period is None or requirement.period.contains(at))
    }
    return tuple(found[code] for code in sorted(found))


def missing_documents(
    needed: Iterable[Requirement], document_types: Collection[str]
) -> tuple[Requirement, ...]:
    """Return the certificates and licences for which no document was stated.

    Args:
        document_types: as stated; `N851` and `851` are the same.
    """
    stated = {document_code(text) for text in document_types}
    return tuple(
        requirement
        for requirement in needed
        if requirement.kind is not RequirementKind.CONTROL
        and stated.isdisjoint(map(document_code, requirement.document_types))
    )


def document_code(text: str) -> str:
    """Return a document type without the national letter before a UNECE 1001 code."""
    found = _NATIONAL_FORM.fullmatch(text)
    return found[1] if found else text


def scheme_for(profile: Profile, origin: Country, preference: str) -> Scheme | None:
    """Return the scheme of a claimed preference, if goods of that origin may claim it."""
    scheme = profile.schemes.get(preference)
    return scheme if scheme is not None and origin in scheme.origins else None


def duty_rate(profile: Profile, hs: HsCode, origin: Country, preference: str = "") -> Rate:
    """Return the rate of customs duty.

    A preference that the origin does not allow, or that has no rate for these goods, gives the rate
    for everybody: `Rate.preference` tells which it was.
    """
    general = _longest(profile.duties, hs)
    scheme = scheme_for(profile, origin, preference)
    claimed = None if scheme is None else _longest(scheme.rates, hs)
    if claimed is not None:
        return claimed
    if general is None:
        raise RuleViolation(f"The tariff {profile.name!r} has no rate of duty for {hs}")
    return general


def duty(
    profile: Profile,
    hs: HsCode,
    origin: Country,
    preference: str,
    value: Money,
    quantities: tuple[Quantity, ...] = (),
) -> Money:
    """Return the customs duty of one item, to four decimals.

    Args:
        value: customs value, in the profile's currency.
        quantities: net mass and others; needed where the rate is by quantity.

    Raises: RuleViolation: the rate needs a quantity that was not stated. BadTerm: another currency.
    """
    rate = duty_rate(profile, hs, origin, preference)
    charge = _charge(ChargeKind.DUTY, rate, value, quantities)
    if charge.amount is None:
        raise RuleViolation(f"The duty on {hs} is by {charge.missing}; state that quantity")
    return charge.amount


def charges(
    profile: Profile,
    hs: HsCode,
    origin: Country,
    preference: str,
    value: Money,
    quantities: tuple[Quantity, ...] = (),
) -> tuple[Charge, ...]:
    """Return duty, excise and tax of one item; tax is on value, duty and excise together.

    Raises: BadTerm: the value is not in the profile's currency.
    """
    owed = [_charge(ChargeKind.DUTY, duty_rate(profile, hs, origin, preference), value, quantities)]
    excise = _longest(profile.excises, hs)
    if excise is not None:
        owed.append(_charge(ChargeKind.EXCISE, excise, value, quantities))
    tax = _longest(profile.taxes, hs)
    if tax is not None:
        owed.append(_tax(tax, value, owed))
    return tuple(owed)


def is_perishable(profile: Profile, hs: str) -> bool:
    """Return whether such goods spoil, so that their examination cannot wait (TFA 7.9)."""
    return bool(_longest(profile.perishable, hs))


def _fits(scope: Scope, hs: str, origin: Country, direction: str) -> bool:
    return (
        direction in scope.directions
        and not hs.startswith(scope.except_hs)
        and (not scope.origins or origin in scope.origins)
        and origin not in scope.except_origins
    )


def _longest(table: Mapping[str, T], hs: str) -> T | None:
    for prefix in prefixes(hs):
        found = table.get(prefix)
        if found is not None:
            return found
    return None


def _charge(kind: ChargeKind, rate: Rate, value: Money, quantities: tuple[Quantity, ...]) -> Charge:
    amount = value.times(rate.fraction)
    if rate.amount is None or rate.per is None:
        return Charge(kind, rate, amount)
    counted = _in_unit(quantities, rate.per)
    if counted is None:
        return Charge(kind, rate, None, rate.per)
    return Charge(kind, rate, amount + rate.amount.times(counted.value))


def _tax(rate: Rate, value: Money, before: Iterable[Charge]) -> Charge:
    """Return the tax on the value and all charges before it; unknown while one of them is."""
    base = value
    for charge in before:
        if charge.amount is None:
            return Charge(ChargeKind.TAX, rate, None, charge.missing)
        base += charge.amount
    return _charge(ChargeKind.TAX, rate, base, ())


def _in_unit(quantities: tuple[Quantity, ...], unit: UnitCode) -> Quantity | None:
    """Return the first quantity that can be told in a unit."""
    for quantity in quantities:
        if quantity.unit.dimension == unit.dimension:
            return quantity.to(unit)
    return None
