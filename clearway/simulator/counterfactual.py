"""What the day would have come to otherwise: another order of examinations, no alarms.

**Order.** The examinations that really took place are worked off once more, first come, first
served: same arrivals, same durations, same bays and desks (`clearway.clearance.comparison`). Goods
leave when their examination ends. For each perishable consignment the truth says how much life it
had left at that moment in either order; the difference, times its mass, is what the order saved (or
cost). Examinations that had not begun when the day ended are left out of both.

**Alarms.** Where an alarm led to a repair, the container's day is run once more with the mishap
left alone (`Truth` before the run), and life left at its departure is compared in the same way.

*Perishable* is what has at most `KEEPS_DAYS` days of life left on arrival: a day of the hundreds
that frozen goods and medicines keep is not a day of a strawberry's five, and adding them would hide
either. A consignment is *lost* when less life is left at departure than its way inland and the
shelf need; consignments that were lost before they arrived do not count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from clearway.clearance.comparison import Visit, simulate
from clearway.clearance.model import Waiting
from clearway.clearance.priority import first_come
from clearway.simulator.diary import Diary, Inspection
from clearway.simulator.truth import GOODS, Truth
from clearway.terms.identifiers import Mrn

_HOUR = timedelta(hours=1)
KEEPS_DAYS = 30.0


@dataclass(frozen=True, slots=True)
class Perishing:
    """How one consignment's goods perish.

    Args:
        mass_kg: true net mass.
        remaining_days: life left at an instant, days.
        saleable_until: when less life is left than needed, aware UTC.
    """

    mass_kg: float
    remaining_days: Callable[[datetime], float]
    saleable_until: datetime


@dataclass(frozen=True, slots=True)
class Effect:
    """What one way of working is worth against another.

    Args:
        consignments: perishable ones compared.
        kg_days: kilograms times days of life saved; negative: lost.
        life_days: days of life saved, summed over consignments.
        lost, lost_otherwise: consignments lost in this way and in the other.
        lost_kg, lost_kg_otherwise: their mass.
    """

    consignments: int
    kg_days: float
    life_days: float
    lost: int
    lost_otherwise: int
    lost_kg: float
    lost_kg_otherwise: float

    @property
    def saved(self) -> int:
        """Consignments saved; negative: more were lost."""
        return self.lost_otherwise - self.lost


@dataclass(frozen=True, slots=True)
class Waits:
    """Hours from arrival to the begin of the examination: mean and 95th percentile."""

    mean_h: float
    p95_h: float


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """Both comparisons of one run.

    Args:
        order: the queue as it was worked, against first come, first served.
        alarms: repairs that alarms led to, against none.
        perishable, perishable_otherwise: waits of goods that perish, in both orders.
        others, others_otherwise: waits of all other goods.
    """

    order: Effect
    alarms: Effect
    perishable: Waits
    perishable_otherwise: Waits
    others: Waits
    others_otherwise: Waits


def compare(diary: Diary, before: Truth) -> Counterfactual:
    """Return what order and alarms were worth in one run.

    Args:
        before: the day's truth, without any repair.
    """
    done = diary.inspections
    otherwise = [
        *served_first_come([one for one in done if one.scope == GOODS], diary.bays),
        *served_first_come([one for one in done if one.scope != GOODS], diary.desks),
    ]
    perishing = {
        one.lrn: found for one in done if (found := perishing_of(diary.truth, one.lrn)) is not None
    }
    return Counterfactual(
        order=order_effect(done, otherwise, perishing),
        alarms=alarm_effect(diary, before),
        perishable=_waits(one for one in done if one.lrn in perishing),
        perishable_otherwise=_waits(one for one in otherwise if one.lrn in perishing),
        others=_waits(one for one in done if one.lrn not in perishing),
        others_otherwise=_waits(one for one in otherwise if one.lrn not in perishing),
    )


def served_first_come(inspections: Sequence[Inspection], bays: int) -> tuple[Inspection, ...]:
    """Return the same examinations as first come, first served would have worked them off."""
    coming = sorted(inspections, key=lambda one: (one.seen_at, one.since, one.examination))
    visits = [_visit(rank, one) for rank, one in enumerate(coming)]
    return tuple(
        replace(
            coming[int(treated.visit.waiting.examination)],
            started_at=treated.started_at,
            ended_at=treated.ended_at,
        )
        for treated in simulate(visits, bays, first_come)
    )


def _visit(rank: int, inspection: Inspection) -> Visit:
    """Return an examination for the model hall, named by its rank so that ties keep their order."""
    waiting = Waiting(f"{rank:06d}", Mrn(inspection.mrn), "", inspection.seen_at)
    return Visit(waiting, (inspection.ended_at - inspection.started_at) / _HOUR)


def perishing_of(truth: Truth, lrn: str) -> Perishing | None:
    """Return how a consignment's goods truly perish; None: they keep."""
    until = truth.saleable_until(lrn)
    consignment = truth.consignments[lrn]
    left = truth.remaining_days(lrn, consignment.arrives_at)
    if until is None or left is None or left > KEEPS_DAYS:
        return None
    return Perishing(consignment.mass_kg, lambda at: truth.remaining_days(lrn, at) or 0.0, until)


def order_effect(
    done: Iterable[Inspection],
    otherwise: Iterable[Inspection],
    perishing: Mapping[str, Perishing],
) -> Effect:
    """Return what one order was worth against another.

    Args:
        done, otherwise: the same examinations with the times of either order.
        perishing: by local reference; consignments not in it do not perish.
    """
    other_end = {one.examination: one.ended_at for one in otherwise}
    pairs = [
        (perishing[one.lrn], one.ended_at, other_end[one.examination])
        for one in done
        if one.lrn in perishing and perishing[one.lrn].saleable_until > one.since
    ]
    return _effect(
        (goods.mass_kg, goods.remaining_days(mine), goods.remaining_days(other),
         mine > goods.saleable_until, other > goods.saleable_until)
        for goods, mine, other in pairs
    )  # fmt: skip


def alarm_effect(diary: Diary, before: Truth) -> Effect:
    """Return what the repairs were worth that alarms led to."""
    mended = {
        lrn
        for lrn, each in before.consignments.items()
        if any(box.number in diary.repairs for box in each.boxes)
    }
    return _effect(
        row for lrn in sorted(mended) if (row := _repaired(diary, before, lrn)) is not None
    )


def _repaired(
    diary: Diary, before: Truth, lrn: str
) -> tuple[float, float, float, bool, bool] | None:
    """Return mass, life with and without the repair, and whether it was lost with and without."""
    consignment = before.consignments[lrn]
    outcome = diary.outcomes.get(lrn)
    left_at = diary.ends_at
    if outcome is not None and outcome.released_at is not None:
        left_at = max(outcome.released_at, consignment.arrives_at)
    mine, other = diary.truth.remaining_days(lrn, left_at), before.remaining_days(lrn, left_at)
    on_arrival = before.remaining_days(lrn, consignment.arrives_at)
    if mine is None or other is None or on_arrival is None:
        return None
    if not consignment.needs_days < on_arrival <= KEEPS_DAYS:
        return None
    needs = consignment.needs_days
    return consignment.mass_kg, mine, other, mine < needs, other < needs


def _effect(rows: Iterable[tuple[float, float, float, bool, bool]]) -> Effect:
    """Add up rows of mass, life in this way and the other, lost in this way and the other."""
    every = list(rows)
    return Effect(
        consignments=len(every),
        kg_days=sum(mass * (mine - other) for mass, mine, other, _, _ in every),
        life_days=sum(mine - other for _, mine, other, _, _ in every),
        lost=sum(lost for *_, lost, _ in every),
        lost_otherwise=sum(lost for *_, lost in every),
        lost_kg=sum(mass for mass, *_, lost, _ in every if lost),
        lost_kg_otherwise=sum(mass for mass, *_, lost in every if lost),
    )


def _waits(inspections: Iterable[Inspection]) -> Waits:
    hours = sorted((one.started_at - one.seen_at) / _HOUR for one in inspections)
    if not hours:
        return Waits(0.0, 0.0)
    place = min(int(0.95 * len(hours)), len(hours) - 1)
    return Waits(sum(hours) / len(hours), hours[place])
