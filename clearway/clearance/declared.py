"""What clearance reads of a declaration in the facts of that desk: no more than it needs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from clearway.certificates.model import normal_number
from clearway.coldchain import commodities
from clearway.terms.goods import description_of

_LONGEST_GOODS = 60


@dataclass(frozen=True, slots=True)
class _Party:
    id: str | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class _Money:
    amount: Decimal


@dataclass(frozen=True, slots=True)
class _Document:
    type: str
    number: str


@dataclass(frozen=True, slots=True)
class _Item:
    hs: str
    description: str
    net_mass_kg: Decimal
    statistical_value: _Money | None = None
    documents: tuple[_Document, ...] = ()


@dataclass(frozen=True, slots=True)
class _Container:
    number: str


@dataclass(frozen=True, slots=True)
class _Declaration:
    kind: str
    office: str
    transport_mode: str
    declarant: _Party
    importer: _Party
    items: tuple[_Item, ...]
    containers: tuple[_Container, ...] = ()
    documents: tuple[_Document, ...] = ()
    arrival_expected_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Declared:
    """What clearance reads of `declaration.accepted/1` and `declaration.corrected/1`."""

    mrn: str
    declaration: _Declaration


def columns(declaration: _Declaration) -> dict[str, Any]:
    """Return the columns of a consignment that come from its declaration."""
    weightiest = max(declaration.items, key=lambda item: item.net_mass_kg)
    commodity = _commodity(declaration.items)
    return {
        "kind": declaration.kind,
        "office": declaration.office,
        "mode": declaration.transport_mode,
        "declarant": declaration.declarant.id or declaration.declarant.name,
        "importer": declaration.importer.id or declaration.importer.name,
        "importer_name": declaration.importer.name,
        "goods": _words(weightiest),
        "commodity": commodity,
        "chapter": weightiest.hs[:2],
        "mass_kg": sum((item.net_mass_kg for item in declaration.items), Decimal(0)),
        "value": sum(
            (each.statistical_value.amount for each in declaration.items if each.statistical_value),
            Decimal(0),
        ),
        "containers": len(declaration.containers),
        "arrival_expected_at": declaration.arrival_expected_at,
    }


def _commodity(items: tuple[_Item, ...]) -> str:
    """Return the goods that spoil first among those that spoil, by their life when fresh."""
    known = [found for item in items if (found := commodities.of_hs(item.hs)) is not None]
    return min(known, key=lambda each: each.life_days[0]).code if known else ""


def _words(item: _Item) -> str:
    words = item.description.strip() or description_of(item.hs) or f"HS {item.hs}"
    return words if len(words) <= _LONGEST_GOODS else words[: _LONGEST_GOODS - 1] + "…"


def documents(declaration: _Declaration) -> list[tuple[str, str]]:
    """Return number (as compared) and type of each document named, each once, sorted."""
    named = [*declaration.documents]
    for item in declaration.items:
        named += item.documents
    return sorted({(normal_number(each.number), each.type) for each in named})
