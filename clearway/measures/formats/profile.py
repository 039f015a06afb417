"""A profile as a folder of four JSON files: profile, requirements, duties, perishable.

Country content is data: an operator writes such a folder for its own border, and
`read_profile(folder)` says what is wrong with it by file and place. `sample()` is the folder that
comes with the package; its content is made up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import Any, TypeVar

import msgspec

from clearway.errors import BadTerm, MalformedMessage
from clearway.measures.model import (
    Profile,
    Rate,
    Requirement,
    RequirementKind,
    Scheme,
    Scope,
)
from clearway.terms.goods import HsPrefix
from clearway.terms.money import Currency, Money
from clearway.terms.period import Period
from clearway.terms.places import Country
from clearway.terms.quantity import UnitCode

T = TypeVar("T")

_DIRECTIONS = frozenset({"import", "export", "transit"})


class _About(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    about: str
    is_sample: bool
    country: Country
    currency: Currency


class _Requirement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    code: str
    kind: RequirementKind
    hs: tuple[HsPrefix, ...]
    agency: str
    legal_basis: str
    text: str
    directions: tuple[str, ...] = ("import",)
    documents: tuple[str, ...] = ()
    except_hs: tuple[HsPrefix, ...] = ()
    origins: tuple[Country, ...] = ()
    except_origins: tuple[Country, ...] = ()
    share: Decimal = Decimal(1)
    start: datetime | None = None
    end: datetime | None = None


class _Specific(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    per: UnitCode
    amount: Decimal
    percent: Decimal = Decimal(0)


class _Scheme(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    preference: str
    name: str
    origins: tuple[Country, ...]
    documents: tuple[str, ...]
    percent: dict[str, Decimal]


class _Duties(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    legal_basis: str
    general_percent: dict[str, Decimal]
    tax_percent: dict[str, Decimal]
    excises: dict[str, _Specific]
    schemes: tuple[_Scheme, ...]


class _Perishable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    spoils: tuple[HsPrefix, ...]
    keeps: tuple[HsPrefix, ...]


@cache
def sample() -> Profile:
    """Return the sample profile of the package, read once."""
    return read_profile(files("clearway.measures") / "profiles" / "sample")


def read_profile(folder: Traversable) -> Profile:
    """Return the profile of a folder.

    Raises: MalformedMessage: a file is no JSON, lacks a field, has an unknown one, or a value in it
    breaks its standard; the message names file and place.
    """
    about = _read(folder, "profile.json", _About)
    duties = _read(folder, "duties.json", _Duties)
    perishable = _read(folder, "perishable.json", _Perishable)
    written = _read(folder, "requirements.json", tuple[_Requirement, ...])
    basis = duties.legal_basis
    if "" not in duties.general_percent:
        raise MalformedMessage('duties.json: general_percent must have a rate for "", the rest')
    return Profile(
        name=about.name,
        is_sample=about.is_sample,
        country=about.country,
        currency=about.currency,
        requirements=_requirements(written),
        duties=_rates(duties.general_percent, basis),
        excises=_excises(duties.excises, about.currency, basis),
        taxes=_rates(duties.tax_percent, basis),
        schemes=MappingProxyType({s.preference: _scheme(s, basis) for s in duties.schemes}),
        perishable=MappingProxyType(
            dict.fromkeys(map(str, perishable.spoils), True)
            | dict.fromkeys(map(str, perishable.keeps), False)
        ),
    )


def _read(folder: Traversable, name: str, wanted: type[T]) -> T:
    try:
        content = (folder / name).read_bytes()
        return msgspec.json.decode(content, type=wanted, dec_hook=_term)
    except FileNotFoundError as error:
        raise MalformedMessage(f"{name}: the profile lacks this file") from error
    except (msgspec.DecodeError, BadTerm, UnicodeDecodeError) as error:
        raise MalformedMessage(f"{name}: {error}") from error


def _term(wanted: type[Any], value: Any) -> Any:
    return wanted(value)


def _requirements(
    written: tuple[_Requirement, ...],
) -> Mapping[str, tuple[tuple[Requirement, Scope], ...]]:
    by_prefix: dict[str, list[tuple[Requirement, Scope]]] = defaultdict(list)
    seen: set[str] = set()
    for line in written:
        if line.code in seen:
            raise MalformedMessage(f"requirements.json: the code {line.code} is there twice")
        seen.add(line.code)
        pair = _requirement(line), _scope(line)
        for prefix in line.hs:
            by_prefix[str(prefix)].append(pair)
    return MappingProxyType({prefix: tuple(pairs) for prefix, pairs in by_prefix.items()})


def _requirement(line: _Requirement) -> Requirement:
    is_control = line.kind is RequirementKind.CONTROL
    if bool(line.documents) is is_control:
        rule = "names no documents" if is_control else "needs at least one document type"
        raise MalformedMessage(f"requirements.json: {line.code}: a {line.kind} {rule}")
    if not 0 < line.share <= 1 or (line.share != 1 and not is_control):
        rule = "share is above 0 and up to 1, and below 1 only for a control"
        raise MalformedMessage(f"requirements.json: {line.code}: {rule}")
    if line.start is None and line.end is not None:
        raise MalformedMessage(f"requirements.json: {line.code}: an end needs a start")
    try:
        period = None if line.start is None else Period(line.start, line.end)
    except BadTerm as error:
        raise MalformedMessage(f"requirements.json: {line.code}: {error}") from error
    return Requirement(
        code=line.code,
        kind=line.kind,
        document_types=line.documents,
        agency=line.agency,
        legal_basis=line.legal_basis,
        text=line.text,
        share=line.share,
        period=period,
    )


def _scope(line: _Requirement) -> Scope:
    if not set(line.directions) <= _DIRECTIONS or not line.directions:
        rule = f"directions must be of {', '.join(sorted(_DIRECTIONS))}"
        raise MalformedMessage(f"requirements.json: {line.code}: {rule}")
    return Scope(
        directions=frozenset(line.directions),
        hs=line.hs,
        except_hs=line.except_hs,
        origins=frozenset(line.origins),
        except_origins=frozenset(line.except_origins),
    )


def _rates(
    percents: Mapping[str, Decimal], basis: str, preference: str = "100"
) -> Mapping[str, Rate]:
    return MappingProxyType(
        {
            _prefix(prefix): Rate(
                _percent(prefix, percent), prefix=prefix, preference=preference, basis=basis
            )
            for prefix, percent in percents.items()
        }
    )


def _excises(
    written: Mapping[str, _Specific], currency: Currency, basis: str
) -> Mapping[str, Rate]:
    return MappingProxyType(
        {
            _prefix(prefix): Rate(
                percent=_percent(prefix, line.percent),
                amount=Money(line.amount, currency),
                per=line.per,
                prefix=prefix,
                basis=basis,
            )
            for prefix, line in written.items()
        }
    )


def _scheme(line: _Scheme, basis: str) -> Scheme:
    return Scheme(
        preference=line.preference,
        name=line.name,
        origins=frozenset(line.origins),
        document_types=line.documents,
        rates=_rates(line.percent, f"{basis}; {line.name}", line.preference),
    )


def _prefix(text: str) -> str:
    """Return a key of a rate table: an HS prefix, or "" for the rest."""
    try:
        return str(HsPrefix(text)) if text else ""
    except BadTerm as error:
        raise MalformedMessage(f"duties.json: {error}") from error


def _percent(prefix: str, percent: Decimal) -> Decimal:
    if not percent.is_finite() or not 0 <= percent <= 1000:
        raise MalformedMessage(f"duties.json: {prefix!r}: {percent} must be 0 to 1000 per cent")
    return percent
