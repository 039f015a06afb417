"""From a declaration to the goods that are scored: one way, for the live border and for facts.

`goods_of` takes a `declarations.model.Declaration`, or the part of one that `AcceptedDeclaration`
reads from the fact of its acceptance: a projection must not depend on more of another room's fact
than it needs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from clearway.declarations.model import Declaration
from clearway.risk.exchange import in_eur
from clearway.risk.model import Goods, Header
from clearway.terms.money import Money


@dataclass(frozen=True, slots=True)
class AcceptedParty:
    """A party of an accepted declaration."""

    id: str | None = None
    name: str = ""
    address: str = ""
    city: str = ""


@dataclass(frozen=True, slots=True)
class AcceptedMoney:
    """An amount of an accepted declaration."""

    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class AcceptedQuantity:
    """A quantity of an accepted declaration; units of UN/ECE Recommendation 20."""

    value: Decimal
    unit: str = ""


@dataclass(frozen=True, slots=True)
class AcceptedDocument:
    """A document of an accepted declaration."""

    type: str = ""


@dataclass(frozen=True, slots=True)
class AcceptedItem:
    """An item of an accepted declaration."""

    number: int
    hs: str
    description: str
    origin: str
    net_mass_kg: Decimal
    value: AcceptedMoney
    packages: int
    preference: str = ""
    statistical_value: AcceptedMoney | None = None
    documents: tuple[AcceptedDocument, ...] = ()
    country_of_dispatch: str | None = None
    quantity: AcceptedQuantity | None = None


@dataclass(frozen=True, slots=True)
class AcceptedDeclaration:
    """What risk reads of an accepted declaration."""

    declarant: AcceptedParty
    importer: AcceptedParty
    office: str
    transport_mode: str
    country_of_dispatch: str
    items: tuple[AcceptedItem, ...]
    exporter: AcceptedParty | None = None
    documents: tuple[AcceptedDocument, ...] = ()


@dataclass(frozen=True, slots=True)
class Accepted:
    """What risk reads of `declaration.accepted/1`."""

    mrn: str
    declaration: AcceptedDeclaration


@dataclass(frozen=True, slots=True)
class Beside:
    """What a border knows of goods that their declaration does not say, at one moment.

    Args:
        signals: bits of `model.SIGNALS` by number of item; absent: no desk has looked.
        kin: oldest of the numbers known to be the importer's people, its own when it is alone.
        address: of the importer in the register; it counts where the declaration gives none.
    """

    signals: Mapping[int, int] = field(default_factory=dict)
    kin: str = ""
    address: str = ""


NOTHING_BESIDE = Beside()


def goods_of(
    mrn: str,
    declaration: Declaration | AcceptedDeclaration,
    day: int,
    duty_rates: Mapping[int, float],
    beside: Beside = NOTHING_BESIDE,
) -> tuple[Goods, ...]:
    """Return the items of a declaration as they are scored.

    Args:
        mrn: of the declaration.
        declaration: what was declared.
        day: of its acceptance, days since 1970 UTC.
        duty_rates: percent of the value by number of item; items without one are unknown.
        beside: what else was known then.
    """
    exporter = declaration.exporter
    common = len(declaration.documents)
    address = f"{declaration.importer.address} {declaration.importer.city}".strip()
    return tuple(
        Goods(
            mrn=mrn,
            item=item.number,
            day=day,
            importer=importer_of(declaration),
            declarant=party_key(declaration.declarant.id, declaration.declarant.name),
            exporter="" if exporter is None else party_key(exporter.id, exporter.name),
            office=declaration.office,
            hs=item.hs,
            origin=item.origin,
            dispatch=item.country_of_dispatch or declaration.country_of_dispatch,
            preference=item.preference,
            net_mass_kg=float(item.net_mass_kg),
            value_eur=_value_eur(item.value, item.statistical_value),
            duty_rate=duty_rates.get(item.number, math.nan),
            packages=item.packages,
            transport_mode=declaration.transport_mode,
            description=item.description,
            certificates=float(common + len(item.documents)),
            address=address or beside.address,
            kin=beside.kin,
            signals=beside.signals.get(item.number, -1),
            quantity=math.nan if item.quantity is None else float(item.quantity.value),
        )
        for item in declaration.items
    )


def header_of(declaration: Declaration) -> Header:
    """Return what profiles see of a declaration beside its goods."""
    cited = [
        *declaration.documents,
        *(each for item in declaration.items for each in item.documents),
    ]
    return Header(
        kind=declaration.kind.value,
        containers=len(declaration.containers),
        documents=tuple(document.type for document in cited),
    )


def importer_of(declaration: Declaration | AcceptedDeclaration) -> str:
    """Return what the importer of a declaration is remembered by; "" unknown."""
    return party_key(declaration.importer.id, declaration.importer.name)


def party_key(id: str | None, name: str) -> str:
    """Return what a party is remembered by: its id, else its name without case and blanks."""
    return id if id else " ".join(name.upper().split())


def _value_eur(value: Money | AcceptedMoney, statistical: Money | AcceptedMoney | None) -> float:
    """Return the price in EUR; without one, the statistical value."""
    worth = statistical if value.amount <= 0 and statistical is not None else value
    return in_eur(float(worth.amount), worth.currency)
