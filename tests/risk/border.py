"""Declarations and facts for tests of risk, made from rows of `world.history`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from clearway.declarations.model import Declaration, Item, Kind, Party
from clearway.ledger.fact import Fact
from clearway.policy.act import Act
from clearway.terms.goods import HsCode
from clearway.terms.identifiers import Lrn, PartyId
from clearway.terms.money import Currency, Money
from clearway.terms.places import Country

KGM = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Accepted:
    """What the declarations room states, as far as it is public."""

    TYPE: ClassVar[str] = "declaration.accepted/1"

    mrn: str
    declaration: Declaration
    key: str = "k"


@dataclass(frozen=True, slots=True)
class Finding:
    kind: str
    item: int | None
    detail: str
    revenue: Money | None = None


@dataclass(frozen=True, slots=True)
class Examined:
    """What the clearance room states, as far as it is public."""

    TYPE: ClassVar[str] = "clearance.examined/1"

    examination: str
    mrn: str
    agency: str
    outcome: str
    findings: tuple[Finding, ...]
    extra_revenue: Money | None
    started_at: datetime
    ended_at: datetime


def declaration(rows: list[dict[str, Any]]) -> Declaration:
    """Return the declaration that these rows of history describe."""
    head = rows[0]
    items = tuple(
        Item(
            number=row["item"],
            hs=HsCode(row["hs"]),
            description=row["description"],
            origin=Country(row["origin"]),
            procedure="4000",
            net_mass_kg=_decimal(row["net_mass_kg"]),
            value=Money(_decimal(row["value"], 4), Currency(row["currency"])),
            packages=row["packages"],
            preference=row["preference"],
            country_of_dispatch=Country(row["dispatch"]),
        )
        for row in rows
    )
    return Declaration(
        kind=Kind.IMPORT,
        lrn=Lrn("L1"),
        declarant=Party(PartyId(head["declarant"])),
        importer=Party(PartyId(head["importer"])),
        exporter=Party(None, head["exporter"]),
        office=head["office"],
        goods_location="SHED1",
        transport_mode=head["transport_mode"],
        country_of_dispatch=Country(head["dispatch"]),
        invoice=Money(sum((item.value.amount for item in items), Decimal(0)), Currency("EUR")),
        gross_mass_kg=sum((item.net_mass_kg for item in items), Decimal(0)),
        packages=1,
        items=items,
    )


def _decimal(number: float, places: int = 6) -> Decimal:
    return Decimal(f"{number:.{places}f}")


def accept(act: Act, mrn: str, declared: Declaration, at: datetime) -> Fact:
    """State that a declaration was accepted."""
    return act.append(Accepted(mrn, declared), subject=f"declaration:{mrn}", occurred_at=at)


def examine(
    act: Act,
    mrn: str,
    illicit: tuple[int, ...],
    at: datetime,
    agency: str = "customs",
    revenue: Mapping[int, float] | None = None,
) -> Fact:
    """State the result of an examination: these items did not conform, and what each brought."""
    brought = {
        item: Money(Decimal(repr(amount)), Currency("EUR"))
        for item, amount in (revenue or {}).items()
    }
    body = Examined(
        examination=f"E-{mrn}",
        mrn=mrn,
        agency=agency,
        outcome="not_conform" if illicit else "conform",
        findings=tuple(Finding("undervalued", item, "", brought.get(item)) for item in illicit),
        extra_revenue=None,
        started_at=at,
        ended_at=at,
    )
    return act.append(body, subject=f"examination:E-{mrn}", occurred_at=at)
