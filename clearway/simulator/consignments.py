"""The consignments of one day: who brings what, in which box, on which ship, lodged when.

A consignment holds both what is true and what will be declared. Nothing of the truth leaves this
room but through `truth.py`; `messages.py` writes what is declared.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np

from clearway.simulator import cheating, names
from clearway.simulator.goods import Goods
from clearway.simulator.history import currencies
from clearway.simulator.places import AIR, RATES, ROAD, SEA
from clearway.simulator.schemes import MODE_NAMES
from clearway.simulator.streams import Generator, stream
from clearway.simulator.trade import Items, draw
from clearway.simulator.traders import MODES, Firms, Floats
from clearway.simulator.world import World, day_number
from clearway.terms.transport import ContainerNumber

_LARGEST_LOAD_KG = 26_500.0
_PREARRIVAL_SHARE = 0.72
_SHIP_HOURS = (1.5, 6.5, 12.0, 17.5)
_DISCHARGE_H = 5.0


@dataclass(frozen=True, slots=True)
class Line:
    """One item: the truth, and what is declared.

    Args:
        goods, origin, mass_kg, value_usd, packages: true kind, country, net mass, price, count.
        declared: kind under whose HS code it is declared.
        mode: `undervaluation` ... or "" when honest.
        extra_revenue: what the cheat would save, local currency.
        container: number of the container it is in, "" outside containers.
    """

    number: int
    goods: Goods
    origin: str
    mass_kg: float
    value_usd: float
    packages: int
    mode: str
    extra_revenue: float
    declared: Goods
    description: str
    declared_origin: str
    dispatch: str
    prefers: bool
    declared_mass_kg: Decimal
    declared_gross_kg: Decimal
    declared_value: Decimal
    declared_value_usd: Decimal
    declared_packages: int
    container: str = ""


@dataclass(frozen=True, slots=True)
class Box:
    """A container and its seal."""

    number: str
    seal: str
    is_refrigerated: bool


@dataclass(frozen=True, slots=True)
class Firm:
    """A party as messages name it."""

    id: str
    name: str
    country: str


@dataclass(frozen=True, slots=True)
class Consignment:
    """One declaration's worth of goods.

    Args:
        lrn: the broker's own reference; unique in the simulation.
        broker_place: place of the broker in the world.
        transport: mode of UN/ECE Recommendation 19.
        lodged_at, arrives_at: aware UTC.
        needs_days: days of life that the goods must still have when they leave, for the way
            inland and the shelf; 0 for goods that keep.
        hours_under_way: from the exporter to the border.
    """

    lrn: str
    importer: Firm
    broker: Firm
    exporter: Firm
    broker_place: int
    currency: str
    office: str
    transport: str
    vessel: str
    lodged_at: datetime
    arrives_at: datetime
    lines: tuple[Line, ...]
    boxes: tuple[Box, ...]
    needs_days: float
    hours_under_way: float

    @property
    def is_declared_before_arrival(self) -> bool:
        """Whether it is lodged before the goods are there (additional declaration type D)."""
        return self.lodged_at < self.arrives_at

    @property
    def is_perishable(self) -> bool:
        """Whether any goods in it age."""
        return any(line.goods.is_perishable for line in self.lines)

    @property
    def is_illicit(self) -> bool:
        """Whether any item cheats."""
        return any(line.mode for line in self.lines)

    @property
    def mass_kg(self) -> float:
        """True net mass."""
        return sum(line.mass_kg for line in self.lines)


def of_day(world: World, when: date, count: int) -> tuple[Consignment, ...]:
    """Return the consignments lodged on a day, in the order of lodgement.

    Raises: ValueError: the day lies outside the world's years, or `count` is below 1.
    """
    if count < 1:
        raise ValueError(f"a day has at least one consignment, not {count}")
    day = day_number(when)
    rng = stream(world.seed, "day", day)
    items = draw(world, rng, day, np.array([count]))
    revenue = cheating.extra_revenue(world, items.truths, items.declared, items.mode)
    ships = tuple((names.ship(rng), hour) for hour in _SHIP_HOURS)
    bounds = np.searchsorted(items.declaration, np.arange(count + 1))
    return tuple(
        _consignment(world, rng, when, _Rows(items, revenue, range(first, last)), ships)
        for first, last in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True)
    )


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows of one declaration among a day's items."""

    items: Items
    revenue: Floats
    rows: range


def _consignment(
    world: World,
    rng: Generator,
    when: date,
    rows: _Rows,
    ships: tuple[tuple[str, float], ...],
) -> Consignment:
    first, lanes = rows.rows.start, world.lanes
    lane = int(rows.items.lane[first])
    importer, broker, exporter = (
        int(column[lane]) for column in (lanes.importer, lanes.broker, lanes.exporter)
    )
    transport = MODES[int(lanes.mode[lane])]
    currency = str(currencies(world)[exporter])
    lines = tuple(_line(world, rows, row, currency) for row in rows.rows)
    boxes, lines = _stuff(rng, transport, lines)
    midnight = datetime(when.year, when.month, when.day, tzinfo=UTC)
    lodged = midnight + timedelta(seconds=int(rows.items.second[first]))
    vessel, arrives = _arrival(rng, transport, midnight, lodged, ships)
    origin = world.places[world.countries[int(lanes.dispatch[lane])]]
    number = int(rows.items.declaration[first])
    return Consignment(
        lrn=f"{world.brokers.ids[broker][2:6]}-{when:%y%m%d}-{number:05d}",
        importer=_firm(world.importers.firms, importer),
        broker=_firm(world.brokers, broker),
        exporter=_firm(world.exporters, exporter),
        broker_place=broker,
        currency=currency,
        office=world.border.offices[transport],
        transport=transport,
        vessel=vessel,
        lodged_at=lodged,
        arrives_at=arrives,
        lines=lines,
        boxes=boxes,
        needs_days=_needs(rng, lines),
        hours_under_way=origin.hours_by(transport),
    )


def _firm(firms: Firms, place: int) -> Firm:
    return Firm(firms.ids[place], firms.names[place], firms.countries[place])


def _line(world: World, rows: _Rows, row: int, currency: str) -> Line:
    items, said, kinds = rows.items, rows.items.declared, world.catalogue.kinds
    described = kinds[int(said.described_as[row])]
    usd = float(said.value_usd[row])
    return Line(
        number=int(items.number[row]),
        goods=kinds[int(items.goods[row])],
        origin=world.countries[int(items.origin[row])],
        mass_kg=float(items.mass_kg[row]),
        value_usd=float(items.value_usd[row]),
        packages=int(items.packages[row]),
        mode=MODE_NAMES[int(items.mode[row])],
        extra_revenue=round(float(rows.revenue[row]), 2),
        declared=kinds[int(said.goods[row])],
        description=described.descriptions[int(said.wording[row])],
        declared_origin=world.countries[int(said.origin[row])],
        dispatch=world.countries[int(said.dispatch[row])],
        prefers=bool(said.prefers[row]),
        declared_mass_kg=exact(float(said.mass_kg[row]), 1),
        declared_gross_kg=exact(float(said.gross_kg[row]), 1),
        declared_value=exact(usd / RATES[currency], 2 if currency != "JPY" else 0),
        declared_value_usd=exact(usd, 2),
        declared_packages=int(said.packages[row]),
    )


def exact(value: float, decimals: int) -> Decimal:
    """Return the decimal number that is written for a float."""
    return Decimal(f"{value:.{decimals}f}")


def _stuff(
    rng: Generator, transport: str, lines: tuple[Line, ...]
) -> tuple[tuple[Box, ...], tuple[Line, ...]]:
    """Put the lines into containers: cold goods by sea or road always, dry goods by sea."""
    cold = any(line.goods.is_perishable for line in lines)
    if transport == AIR or (transport == ROAD and not cold):
        return (), lines
    boxes: list[Box] = []
    stuffed: list[Line] = []
    load = np.inf
    for line in lines:
        load += line.mass_kg
        if load > _LARGEST_LOAD_KG or cold:
            boxes.append(_box(rng, cold))
            load = line.mass_kg
        stuffed.append(replace(line, container=boxes[-1].number))
    return tuple(boxes), tuple(stuffed)


def _box(rng: Generator, cold: bool) -> Box:
    prefix = f"{'CWRU' if cold else 'CWDU'}{int(rng.integers(1_000_000)):06d}"
    seal = f"S{int(rng.integers(10_000_000)):07d}"
    return Box(str(ContainerNumber.build(prefix)), seal, cold)


def _arrival(
    rng: Generator,
    transport: str,
    midnight: datetime,
    lodged: datetime,
    ships: tuple[tuple[str, float], ...],
) -> tuple[str, datetime]:
    """Return vessel and arrival; most goods are declared before they arrive."""
    if transport == SEA:
        ship, hour = ships[int(rng.integers(len(ships)))]
        arrives = midnight + timedelta(hours=hour + float(rng.uniform(0.5, _DISCHARGE_H)))
    elif transport == ROAD:
        ship = f"TR{int(rng.integers(10_000)):04d}"
        arrives = midnight + timedelta(hours=float(rng.uniform(4.0, 21.0)))
    else:
        ship = f"CW{int(rng.integers(100, 999))}"
        arrives = midnight + timedelta(hours=float(rng.uniform(0.0, 22.0)))
    if arrives < lodged and rng.random() < _PREARRIVAL_SHARE:
        arrives = lodged + timedelta(hours=float(rng.uniform(0.5, 6.0)))
    return ship, arrives.replace(microsecond=0)


def _needs(rng: Generator, lines: tuple[Line, ...]) -> float:
    """Return the days of life that the inland way and the shelf need."""
    lives = [line.goods.life_days for line in lines if line.goods.is_perishable]
    if not lives:
        return 0.0
    return round(float(rng.uniform(0.15, 0.35)) * min(min(lives), 30.0), 2)
