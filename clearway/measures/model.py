"""What goods owe and need at a border: rates, requirements, and the profile that holds them.

A measure speaks of an HS prefix and of origins; the longest prefix that fits a code is the one that
counts for rates, while requirements of every fitting prefix apply together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from clearway.terms.goods import HsPrefix
from clearway.terms.money import Currency, Money
from clearway.terms.period import Period
from clearway.terms.places import Country
from clearway.terms.quantity import UnitCode

NO_PREFERENCE = "100"


class RequirementKind(StrEnum):
    """What must be there before the goods may go."""

    CERTIFICATE = "certificate"
    LICENCE = "licence"
    CONTROL = "control"


class ChargeKind(StrEnum):
    """What is owed."""

    DUTY = "duty"
    EXCISE = "excise"
    TAX = "tax"


@dataclass(frozen=True, slots=True)
class Requirement:
    """One document that must be there, or one control that must be made.

    Args:
        code: stable, such as `PHY-IMPORT`.
        kind: certificate, licence or control.
        document_types: any one of them satisfies it; empty for a control.
        agency: who asks for it, and looks at it.
        legal_basis: where it is written.
        text: what is needed and why, in a sentence for the trader.
        share: of consignments to be controlled, above 0 up to 1; always 1 for documents.
        period: of an alert (TFA 5.1); None: permanent.
    """

    code: str
    kind: RequirementKind
    document_types: tuple[str, ...]
    agency: str
    legal_basis: str
    text: str
    share: Decimal = Decimal(1)
    period: Period | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """Which goods something speaks of.

    Args:
        directions: `import`, `export`, `transit`.
        hs: prefixes, any of which fits.
        except_hs: prefixes that are left out again.
        origins: empty: every country.
        except_origins: countries that are left out again.
    """

    directions: frozenset[str]
    hs: tuple[HsPrefix, ...]
    except_hs: tuple[HsPrefix, ...] = ()
    origins: frozenset[Country] = frozenset()
    except_origins: frozenset[Country] = frozenset()


@dataclass(frozen=True, slots=True)
class Rate:
    """How much is owed, of the value, of the quantity, or of both.

    Args:
        percent: of the value; 12.5 means 12.5 %.
        amount: for each `per`, or None.
        per: unit of that amount.
        prefix: HS prefix that it was found under; "" for the rest.
        preference: code of the scheme that gave it; `100`: none, the rate for everybody (MFN).
        basis: where it is written.
    """

    percent: Decimal
    amount: Money | None = None
    per: UnitCode | None = None
    prefix: str = ""
    preference: str = NO_PREFERENCE
    basis: str = ""

    @property
    def fraction(self) -> Decimal:
        """The part of the value: 0.125 for 12.5 %."""
        return self.percent / 100


@dataclass(frozen=True, slots=True)
class Scheme:
    """A preference: an agreement or a generalised scheme.

    Args:
        preference: code under which it is claimed, such as `300`.
        name: for people.
        origins: countries whose goods may claim it.
        document_types: proofs of origin, any one of which is needed.
        rates: prefix -> rate.
    """

    preference: str
    name: str
    origins: frozenset[Country]
    document_types: tuple[str, ...]
    rates: Mapping[str, Rate]


@dataclass(frozen=True, slots=True)
class Charge:
    """One thing owed for one item.

    Args:
        amount: None when it depends on a quantity that was not stated.
        missing: the unit of that quantity, or None.
    """

    kind: ChargeKind
    rate: Rate
    amount: Money | None
    missing: UnitCode | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """A country's measures, indexed by HS prefix.

    Args:
        name: for people.
        is_sample: true for content made up for a demonstration: no country's law.
        country: whose border this is.
        currency: of all amounts; values must be stated in it.
        requirements: prefix -> requirements and their scopes.
        duties: prefix -> rate for everybody.
        excises: prefix -> rate.
        taxes: prefix -> rate on value, duty and excise together.
        schemes: preference code -> scheme.
        perishable: prefix -> whether such goods spoil; the longest prefix counts.
    """

    name: str
    is_sample: bool
    country: Country
    currency: Currency
    requirements: Mapping[str, tuple[tuple[Requirement, Scope], ...]]
    duties: Mapping[str, Rate]
    excises: Mapping[str, Rate]
    taxes: Mapping[str, Rate]
    schemes: Mapping[str, Scheme]
    perishable: Mapping[str, bool]
