"""How the world's traders come to be: importers with their lanes, then schemes and their shells."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from clearway.simulator import schemes as ways
from clearway.simulator import traders
from clearway.simulator.goods import Catalogue
from clearway.simulator.places import Border, Origin
from clearway.simulator.scale import Scale
from clearway.simulator.schemes import Scheme
from clearway.simulator.streams import Generator, stream
from clearway.simulator.tariff import Tariff
from clearway.simulator.traders import Firms, Importers, Lanes

# Importers lanes per trader; the first is in the trader's own line of business.
_LANE_COUNTS = np.array([0.3, 0.28, 0.2, 0.14, 0.08])
_OWN_LINE_SHARE = 0.85
_TRANSHIPPED_SHARE = 0.04


@dataclass(slots=True)
class Register:
    """What has been founded so far; lists grow, then `importers` and `lanes` close them."""

    seed: int
    border: Border
    catalogue: Catalogue
    places: dict[str, Origin]
    countries: tuple[str, ...]
    tariff: Tariff
    days: int
    scale: Scale
    lines: list[str] = field(default_factory=list)
    first_day: list[int] = field(default_factory=list)
    last_day: list[int] = field(default_factory=list)
    dishonesty: list[float] = field(default_factory=list)
    is_shell: list[bool] = field(default_factory=list)
    principal: list[int] = field(default_factory=list)
    turns: dict[int, tuple[int, float]] = field(default_factory=dict)
    rows: list[tuple[float, ...]] = field(default_factory=list)
    suppliers: dict[tuple[int, int, int], int] = field(default_factory=dict)

    def found(
        self,
        line: str,
        first: int,
        last: int,
        dishonesty: float,
        is_shell: bool,
        principal: int | None = None,
    ) -> int:
        """Register an importer and return its place.

        Args:
            principal: place of the first importer of the same people; None: these are new.
        """
        self.lines.append(line)
        self.first_day.append(first)
        self.last_day.append(last)
        self.dishonesty.append(dishonesty)
        self.is_shell.append(is_shell)
        place = len(self.lines) - 1
        self.principal.append(place if principal is None else principal)
        return place

    def open_lane(
        self, rng: Generator, importer: int, goods: int, broker: int, size: float
    ) -> None:
        """Register a lane of an importer, from a supplier in one of the kind's origins."""
        kind = self.catalogue.kinds[goods]
        known = {code: share for code, share in kind.origins.items() if code in self.countries}
        code = traders.pick(rng, known)
        origin = self.countries.index(code)
        elsewhere = rng.random() < _TRANSHIPPED_SHARE and not kind.is_perishable
        dispatch = int(rng.integers(len(self.countries))) if elsewhere else origin
        mode = traders.way_in(rng, kind.modes, self.places[self.countries[dispatch]])
        key = (goods, origin, int(rng.integers(self.scale.suppliers)))
        supplier = self.suppliers.setdefault(key, len(self.suppliers))
        mass, price = rng.normal(0.0, 0.3), rng.normal(0.0, kind.spread * 0.5)
        prefers = rng.random() < 0.85
        row = (importer, broker, supplier, goods, origin, dispatch, mode, size)
        self.rows.append((*row, np.exp(mass), np.exp(price), prefers))

    def importers(self, rng: Generator) -> Importers:
        """Return all importers founded."""
        country = self.border.country
        return Importers(
            traders.found_firms(rng, self.lines, [country] * len(self.lines)),
            np.array(self.first_day, dtype=np.int64),
            np.array(self.last_day, dtype=np.int64),
            np.array(self.dishonesty),
            np.array(self.is_shell, dtype=np.bool_),
            np.array(self.principal, dtype=np.int64),
            *self._turned(),
        )

    def _turned(self) -> tuple[traders.Ints, traders.Floats]:
        """Return the day on which each importer changes, and its dishonesty from then on."""
        day = np.full(len(self.lines), 2 * self.days, dtype=np.int64)
        after = np.array(self.dishonesty)
        for place, (when, dishonesty) in self.turns.items():
            day[place], after[place] = when, dishonesty
        return day, after

    def exporters(self, rng: Generator) -> Firms:
        """Return all suppliers that a lane needed."""
        kinds = self.catalogue.kinds
        trades = [kinds[goods].family for goods, _, _ in self.suppliers]
        return traders.found_firms(rng, trades, [self.countries[o] for _, o, _ in self.suppliers])

    def lanes(self, importers: Importers) -> Lanes:
        """Return all lanes; each is used while its importer trades."""
        table = np.array(self.rows, dtype=np.float64)
        importer, broker, exporter, goods, origin, dispatch, mode = table[:, :7].T.astype(np.int64)
        return Lanes(
            importer=importer,
            broker=broker,
            exporter=exporter,
            goods=goods,
            origin=origin,
            dispatch=dispatch,
            mode=mode,
            weight=traders.match_trade(goods, table[:, 7], self.catalogue),
            mass_factor=table[:, 8],
            price_factor=table[:, 9],
            prefers=table[:, 10] > 0.5,
            first_day=importers.first_day[importer],
            last_day=importers.last_day[importer],
        )


def found_regular(register: Register) -> None:
    """Found the regular importers and open their lanes."""
    rng = stream(register.seed, "importers")
    kinds = register.catalogue
    share = kinds.weight / kinds.weight.sum()
    count = register.scale.importers
    born, closed = traders.lifetimes(rng, count, register.days)
    honesty = traders.honesty(rng, count)
    size = traders.sizes(rng, count)
    for place in range(count):
        main = int(rng.choice(len(share), p=share))
        family = kinds.kinds[main].family
        broker = int(rng.integers(register.scale.brokers))
        importer = register.found(
            family, int(born[place]), int(closed[place]), float(honesty[place]), False
        )
        lines = 1 + int(rng.choice(len(_LANE_COUNTS), p=_LANE_COUNTS))
        for number in range(lines):
            goods = main if number == 0 else _next_line(rng, kinds, family, share)
            register.open_lane(rng, importer, goods, broker, float(size[place]) / (1 + number))


def _next_line(rng: Generator, kinds: Catalogue, family: str, share: traders.Floats) -> int:
    if rng.random() < _OWN_LINE_SHARE:
        return int(rng.choice(kinds.of_family(family)))
    return int(rng.choice(len(share), p=share))


def found_schemes(register: Register) -> tuple[Scheme, ...]:
    """Found the schemes of all years, and the shell importers that some of them need."""
    rng = stream(register.seed, "schemes")
    helpers = traders.complicit(rng, register.scale.brokers)
    pays = ways.possible_modes(register.catalogue, register.tariff.general)
    regular = np.array([row[:4:3] for row in register.rows], dtype=np.int64)
    count = round(register.scale.schemes_a_year * register.days / 365)
    found = []
    for _ in range(count):
        mode = int(rng.choice(len(ways.MODE_WEIGHTS), p=ways.MODE_WEIGHTS))
        goods = ways.choose_goods(rng, register.catalogue, pays[:, mode])
        broker = int(rng.choice(helpers))
        first, last, intensity, depth = ways.plan(rng, register.days)
        members = _members(rng, register, regular, goods)
        members += _shells(rng, register, goods, broker, (first, last))
        found.append(Scheme(mode, goods, members, broker, first, last, intensity, depth))
    return tuple(found)


def _members(
    rng: Generator, register: Register, regular: traders.Ints, goods: tuple[int, ...]
) -> tuple[int, ...]:
    """Choose one to four importers that trade in the goods, the dishonest ones first."""
    trading = np.unique(regular[np.isin(regular[:, 1], goods), 0])
    if not trading.size:
        return ()
    taste = np.array([register.dishonesty[place] for place in trading]) + 0.004
    count = min(int(rng.integers(1, 5)), trading.size)
    chosen = rng.choice(trading, count, replace=False, p=taste / taste.sum())
    return tuple(int(place) for place in chosen)


def _shells(
    rng: Generator, register: Register, goods: tuple[int, ...], broker: int, span: tuple[int, int]
) -> tuple[int, ...]:
    """Found up to two shell importers that live no longer than their scheme."""
    shells: list[int] = []
    for _ in range(int(rng.integers(0, 3))):
        first = max(span[0] + int(rng.integers(0, 60)), 0)
        last = min(span[1], first + int(rng.integers(60, 260)), register.days)
        if last - first < 20:
            continue
        line = register.catalogue.kinds[goods[0]].family
        shell = register.found(line, first, last, float(rng.uniform(0.1, 0.4)), True, *shells[:1])
        for place in goods:
            register.open_lane(rng, shell, place, broker, float(rng.uniform(1.0, 6.0)))
        shells.append(shell)
    return tuple(shells)
