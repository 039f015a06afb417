"""Types of the JSON form: text in, our own terms out, each refusal a sentence.

Every text has a longest length, that of the WCO Data Model field it stands for, so that a
declaration that came as JSON can be written as WCO XML.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, Field, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from clearway.errors import BadTerm
from clearway.terms.goods import HsCode as Hs
from clearway.terms.identifiers import Lrn as LrnTerm
from clearway.terms.identifiers import PartyId as PartyIdTerm
from clearway.terms.identifiers import Ucr as UcrTerm
from clearway.terms.money import Currency as CurrencyTerm
from clearway.terms.places import Country as CountryTerm
from clearway.terms.quantity import UnitCode as UnitCodeTerm
from clearway.terms.transport import ContainerNumber as ContainerTerm
from clearway.terms.transport import SealNumber as SealTerm

T = TypeVar("T")

# Masses and quantities have 16 digits at most, of which 6 decimals; amounts 3 decimals (WCO DM).
_MASS = r"[0-9]{1,10}(\.[0-9]{1,6})?"
_AMOUNT = r"[0-9]{1,13}(\.[0-9]{1,3})?"
_INSTANT = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})"
)


def refusal(rule: str) -> PydanticCustomError:
    """Return the error of a value that breaks a rule; `rule` follows the words "the value"."""
    return PydanticCustomError("rule", "{rule}", {"rule": rule})


def _term(make: Callable[[str], T]) -> AfterValidator:
    def check(value: str) -> T:
        try:
            return make(value)
        except BadTerm as error:
            raise refusal(str(error.fields["rule"])) from error

    return AfterValidator(check)


def _decimal(pattern: str, rule: str) -> AfterValidator:
    compiled = re.compile(pattern)

    def check(value: str) -> Decimal:
        if compiled.fullmatch(value) is None:
            raise refusal(rule)
        return Decimal(value)

    return AfterValidator(check)


def _instant(value: str) -> datetime:
    rule = "must be a date and time with zone (RFC 3339), such as 2026-03-02T12:00:00Z"
    if re.fullmatch(_INSTANT, value) is None:
        raise refusal(rule)
    try:
        return datetime.fromisoformat(value).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise refusal(rule) from error


def _text_schema(description: str, pattern: str, example: str) -> WithJsonSchema:
    schema = {"type": "string", "description": description, "examples": [example]}
    return WithJsonSchema(schema | {"pattern": f"^({pattern})$"})


def words(longest: int) -> StringConstraints:
    """Return the bounds of a text of 1 to `longest` characters, without outer blanks."""
    return StringConstraints(min_length=1, max_length=longest, pattern=r"^\S(.*\S)?$")


def coded(pattern: str) -> StringConstraints:
    """Return the bounds of a code that follows a pattern."""
    return StringConstraints(pattern=f"^{pattern}$")


def several(most: int) -> Any:
    """Return the bounds of a list of at most `most`."""
    return Field(strict=False, max_length=most)


Mass = Annotated[
    str,
    _decimal(_MASS, "must be a number in quotes, not negative, with at most 6 decimals"),
    _text_schema("Kilograms, or a quantity: a decimal number in quotes.", _MASS, "1250.5"),
]
Amount = Annotated[
    str,
    _decimal(_AMOUNT, "must be an amount in quotes, not negative, with at most 3 decimals"),
    _text_schema("An amount of money: a decimal number in quotes.", _AMOUNT, "18400.00"),
]
Instant = Annotated[
    str,
    AfterValidator(_instant),
    WithJsonSchema(
        {
            "type": "string",
            "format": "date-time",
            "description": "An instant with its zone (RFC 3339).",
            "examples": ["2026-03-02T12:00:00Z"],
        }
    ),
]
HsCode = Annotated[str, _term(Hs), _text_schema("HS code.", "[0-9]{6,10}", "080390")]
Lrn = Annotated[str, _term(LrnTerm), _text_schema("Local reference.", "[!-~]{1,35}", "B-2026-17")]
Ucr = Annotated[
    str,
    _term(UcrTerm),
    _text_schema(
        "Unique consignment reference.",
        "[0-9][A-Z]{2}[0-9A-Z][0-9A-Z()/-]{0,31}",
        "6KE0123456789-AB12",
    ),
]
PartyId = Annotated[
    str,
    _term(PartyIdTerm),
    _text_schema("Party number (EORI or the like).", "[A-Z]{2}[0-9A-Z]{1,15}", "KEP051234567Z"),
]
Country = Annotated[str, _term(CountryTerm), _text_schema("ISO 3166-1 alpha-2.", "[A-Z]{2}", "KE")]
Currency = Annotated[str, _term(CurrencyTerm), _text_schema("ISO 4217.", "[A-Z]{3}", "USD")]
UnitCode = Annotated[
    str, _term(UnitCodeTerm), _text_schema("UN/ECE Rec. 20.", "[0-9A-Z]{2,3}", "KGM")
]
ContainerNumber = Annotated[
    str,
    _term(ContainerTerm),
    _text_schema("ISO 6346, with check digit.", "[A-Z]{3}[UJZ][0-9]{7}", "CSQU3054383"),
]
SealNumber = Annotated[
    str,
    _term(SealTerm),
    _text_schema(
        "Seal number.", "[0-9A-Za-z]([0-9A-Za-z ./_-]{0,33}[0-9A-Za-z])?", "KE-SEAL 00417"
    ),
]
