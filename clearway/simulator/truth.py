"""What is really so on the simulated day, and what an examination brings to light of it.

The border never sees this file's objects. They serve three purposes: an officer who opens a
container learns what is inside (`Truth.examine`), the summary counts what was caught and missed,
and the counterfactual knows how the goods truly aged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np

from clearway.simulator.certificates import Flaw, Paper
from clearway.simulator.consignments import Consignment, Line
from clearway.simulator.reefers import TREATMENT_DAYS, TREATMENT_MAX_C, MishapKind
from clearway.simulator.streams import Generator, stream
from clearway.simulator.thermal import STEP_S
from clearway.simulator.voyage import Voyage

_DAY = timedelta(days=1)
_LONGEST_DAYS = 2000.0
GOODS, DOCUMENTS = "goods", "documents"
UNFIT = "unfit_for_consumption"
_FOUND_SHARE = 0.94
_FOUND_IN_PAPERS = {"undervaluation": 0.35, "false_origin": 0.35}
_PEST_SHARE = 0.03
_DOCUMENT_MINUTES = (8.0, 18.0)
_CONTAINER_MINUTES, _LOOSE_MINUTES = (60.0, 150.0), (30.0, 80.0)
_MINUTES_PER_ITEM = 9.0
# A cold store at an airport or in a shed holds goods at their best, but for an hour of handling.
_SHED_RATE = 1.15
_DETAILS = {
    "undervaluation": "comparable goods cost {times:.1f} times the declared price",
    "misclassification": "the goods are {goods} of HS {hs}",
    "false_origin": "markings and papers show origin {origin}",
    "short_quantity": "{mass:.0f} kg were found where {declared} kg were declared",
    "concealed": "other goods were hidden behind those declared",
}
_CHECKED_BY = {
    Flaw.ALTERED: "its quantity was altered after issue",
    Flaw.REUSED: "it covered another consignment before",
    Flaw.WITHDRAWN: "its authority has withdrawn it",
    Flaw.EXPIRED: "it was issued too long before the goods left",
    Flaw.SHORT: "it covers less than what was found",
    Flaw.OTHER_CONTAINER: "it names another container",
    Flaw.OTHER_SEAL: "it names another seal",
    Flaw.ABSENT: "no authority has sent it",
    Flaw.FALSE_TREATMENT: "the container did not hold the cold treatment that it claims",
}
_PHYSICAL = frozenset(
    {
        MishapKind.POWER_CUT,
        MishapKind.DOOR_OPEN,
        MishapKind.WRONG_SET_POINT,
        MishapKind.FAHRENHEIT,
        MishapKind.WARM_LOADING,
    }
)


@dataclass(frozen=True, slots=True)
class Discovery:
    """One thing that an examination brought to light.

    Args:
        kind: code, such as `undervaluation`, `certificate`, `quarantine_pest`.
        item: number of the item, None for the consignment as a whole.
        detail: a sentence.
    """

    kind: str
    item: int | None
    detail: str


@dataclass(frozen=True, slots=True)
class Examined:
    """What one agency's examination comes to.

    Args:
        outcome: `conform` or `not_conform`.
        minutes: how long it takes.
        discoveries: none when conform.
        extra_revenue: duties found owing, local currency.
    """

    outcome: str
    minutes: float
    discoveries: tuple[Discovery, ...]
    extra_revenue: float


@dataclass(frozen=True, slots=True)
class Truth:
    """The truth of one day.

    Args:
        seed: of the world; what an examination misses depends on it and on the reference alone.
        consignments: by local reference (LRN).
        papers: certificates, by LRN of the consignment that names them.
        voyage: the inside of all refrigerated containers; None on a day without any.
        unit_of: place in `voyage.units` by container number.
        meant_to_fail: keys of events that the border should refuse.
        forged_keys: idempotency keys under which altered content came.
    """

    seed: int
    consignments: Mapping[str, Consignment]
    papers: Mapping[str, Paper]
    voyage: Voyage | None
    unit_of: Mapping[str, int]
    meant_to_fail: frozenset[str] = frozenset()
    forged_keys: frozenset[str] = frozenset()

    def examine(self, lrn: str, agency: str, at: datetime, scope: str = GOODS) -> Examined:
        """Return what an agency finds when it looks at the consignment at `at`, aware UTC.

        Args:
            lrn: the declarant's reference of the declaration; the border gave it an MRN.
            agency: `customs`, `plant_health`, `veterinary`, `food_safety`, `port_health`.
            scope: `goods`, or `documents`: papers alone show bad certificates, and some prices and
                origins that cannot be, but no goods.

        Raises: KeyError: no consignment of this day bears the reference.
        """
        consignment = self.consignments[lrn]
        rng = stream(self.seed, "examination", lrn, agency)
        minutes = _minutes(consignment, scope, rng)
        found, revenue = self._papers(lrn), 0.0
        if agency == "customs":
            frauds, revenue = _frauds(consignment, scope, rng)
            found = frauds + (found if scope == DOCUMENTS else ())
        elif scope == GOODS:
            found += self._health(consignment, agency, at, rng)
        return Examined("not_conform" if found else "conform", minutes, found, revenue)

    def _papers(self, lrn: str) -> tuple[Discovery, ...]:
        paper = self.papers.get(lrn)
        if paper is None or not paper.flaw:
            return ()
        why = _CHECKED_BY[paper.flaw]
        return (Discovery("certificate", None, f"Certificate {paper.number}: {why}."),)

    def _health(
        self, consignment: Consignment, agency: str, at: datetime, rng: Generator
    ) -> tuple[Discovery, ...]:
        found = []
        if agency == "plant_health" and rng.random() < _PEST_SHARE:
            found.append(Discovery("quarantine_pest", 1, "A live regulated pest was found."))
        left = self.remaining_days(consignment.lrn, at)
        if left is not None and left <= 0:
            found.append(Discovery(UNFIT, 1, "The goods are no longer fit for their use."))
        return tuple(found)

    def remaining_days(self, lrn: str, at: datetime) -> float | None:
        """Return the true days of life left, of the worst container; None: does not perish.

        Days count at the goods' best temperature; negative: spoilt so long.
        """
        consignment = self.consignments[lrn]
        if not consignment.is_perishable:
            return None
        inside = self._inside(consignment)
        if inside and self.voyage is not None:
            return min(self.voyage.remaining_days(unit, at.timestamp()) for unit in inside)
        return self._in_shed(consignment, at)

    def _in_shed(self, consignment: Consignment, at: datetime) -> float:
        """Return the life of goods outside containers: they came by air and wait in a shed."""
        waited = (at - consignment.arrives_at) / _DAY
        return self._landed_days(consignment) - _SHED_RATE * waited

    def _landed_days(self, consignment: Consignment) -> float:
        rng = stream(self.seed, "lot", consignment.lrn)
        life = min(line.goods.life_days for line in consignment.lines if line.goods.is_perishable)
        lot = life * float(np.exp(rng.normal(0.0, 0.12)))
        flown = consignment.hours_under_way / 24.0 + float(rng.uniform(0.5, 1.5))
        return lot - _SHED_RATE * flown

    def saleable_until(self, lrn: str) -> datetime | None:
        """Return when the goods have no more life left than they need; None: do not perish.

        Beyond the simulated time the last day goes on as it was.
        """
        consignment = self.consignments[lrn]
        if not consignment.is_perishable:
            return None
        inside = self._inside(consignment)
        if not inside or self.voyage is None:
            spare = self._landed_days(consignment) - consignment.needs_days
            return consignment.arrives_at + spare / _SHED_RATE * _DAY
        voyage, needs = self.voyage, consignment.needs_days
        return min(_reaches(voyage, unit, needs, consignment.arrives_at) for unit in inside)

    def _inside(self, consignment: Consignment) -> list[int]:
        return [self.unit_of[box.number] for box in consignment.boxes if box.number in self.unit_of]

    def repaired(self, container: str, at: datetime) -> Truth:
        """Return the truth in which a container's mishap is put right at `at`."""
        if self.voyage is None:
            return self
        unit = self.unit_of[container]
        return replace(self, voyage=self.voyage.repaired(unit, at.timestamp()))

    def mishap(self, container: str) -> MishapKind | None:
        """Return what goes wrong with a container, if anything."""
        if self.voyage is None or container not in self.unit_of:
            return None
        mishap = self.voyage.units[self.unit_of[container]].mishap
        return None if mishap is None else mishap.kind

    def spoils_goods(self, container: str) -> bool:
        """Return whether something goes wrong with a container that harms the goods."""
        return self.mishap(container) in _PHYSICAL


def _minutes(consignment: Consignment, scope: str, rng: Generator) -> float:
    low, high = _DOCUMENT_MINUTES
    if scope == GOODS:
        low, high = _CONTAINER_MINUTES if consignment.boxes else _LOOSE_MINUTES
    items = _MINUTES_PER_ITEM * (len(consignment.lines) - 1) * (scope == GOODS)
    return round(float(rng.uniform(low, high)) + items, 1)


def _frauds(
    consignment: Consignment, scope: str, rng: Generator
) -> tuple[tuple[Discovery, ...], float]:
    """Return what customs finds, and the revenue found owing."""
    found, revenue = [], 0.0
    for line in consignment.lines:
        share = _FOUND_SHARE if scope == GOODS else _FOUND_IN_PAPERS.get(line.mode, 0.0)
        if line.mode and rng.random() < share:
            found.append(Discovery(line.mode, line.number, _detail(line)))
            revenue += line.extra_revenue
    return tuple(found), round(revenue, 2)


def _detail(line: Line) -> str:
    words = _DETAILS[line.mode].format(
        times=line.value_usd / max(float(line.declared_value_usd), 1.0),
        goods=line.goods.descriptions[0],
        hs=line.goods.hs,
        origin=line.origin,
        mass=line.mass_kg,
        declared=line.declared_mass_kg,
    )
    return f"Item {line.number}: {words}."


def _reaches(voyage: Voyage, unit: int, needs_days: float, since: datetime) -> datetime:
    """Return when a unit's life sinks to `needs_days`; long before `since` when it already has."""
    left = voyage.units[unit].lot.life_days - voyage.used_days[unit]
    below = np.flatnonzero(left <= needs_days)
    if below.size:
        return datetime.fromtimestamp(voyage.start_s + STEP_S * (int(below[0]) + 1), UTC)
    a_day = round(_DAY.total_seconds() / STEP_S)
    rate = max(float(left[-1 - a_day] - left[-1]), 1e-6)
    end = datetime.fromtimestamp(voyage.start_s + STEP_S * voyage.steps, UTC)
    spare = min((float(left[-1]) - needs_days) / rate, _LONGEST_DAYS)
    return max(end + spare * _DAY, since)


def holds_treatment(voyage: Voyage, unit: int) -> bool:
    """Return whether the goods truly stayed cold for as long as its certificate claims."""
    start, end = (voyage.step(at) for at in voyage.units[unit].treatment_s)
    longest = run = 0
    for is_cold in (voyage.course.pulp_c[unit, start : end + 1] <= TREATMENT_MAX_C).tolist():
        run = run + 1 if is_cold else 0
        longest = max(longest, run)
    return longest * STEP_S >= TREATMENT_DAYS * 86_400
