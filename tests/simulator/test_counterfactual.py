"""What another order and no alarms would have cost: worked by hand, and as properties."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearway.clearance.comparison import Visit, simulate
from clearway.clearance.model import Waiting
from clearway.clearance.priority import order
from clearway.simulator.counterfactual import (
    KEEPS_DAYS,
    Perishing,
    alarm_effect,
    order_effect,
    perishing_of,
    served_first_come,
)
from clearway.simulator.day import Day
from clearway.simulator.diary import Diary, Inspection, Outcome
from clearway.simulator.reefers import MishapKind
from clearway.simulator.truth import Truth
from clearway.terms.identifiers import Mrn

OPENS = datetime(2026, 7, 14, tzinfo=UTC)
HOUR = timedelta(hours=1)
MRN = Mrn.build(2026, "XA", "0000000000001")


def inspection(name: str, since_h: float, start_h: float, hours: float = 1.0) -> Inspection:
    start = OPENS + start_h * HOUR
    return Inspection(
        name,
        MRN,
        name,
        OPENS + since_h * HOUR,
        OPENS + since_h * HOUR,
        start,
        start + hours * HOUR,
        ("customs",),
        "goods",
        False,
        (),
        Decimal(0),
    )


def perishing(mass_kg: float, life_days: float, needs_days: float = 0.0) -> Perishing:
    def left(at: datetime) -> float:
        return life_days - (at - OPENS) / timedelta(days=1)

    return Perishing(mass_kg, left, OPENS + (life_days - needs_days) * timedelta(days=1))


def test_a_fish_that_overtakes_a_machine_saves_its_wait():
    # One bay: the machine came first, the fish was taken first.
    done = [inspection("fish", 0.2, 1.0), inspection("machine", 0.1, 2.0)]
    otherwise = served_first_come(done, 1)
    assert [one.examination for one in otherwise] == ["machine", "fish"]
    effect = order_effect(done, otherwise, {"fish": perishing(24_000.0, 3.0)})
    waited_less = otherwise[1].ended_at - done[0].ended_at
    assert effect.kg_days == pytest.approx(24_000 * (waited_less / timedelta(days=1)))
    assert effect.consignments == 1


def test_goods_that_would_have_perished_in_the_queue_count_as_saved():
    done = [inspection("fish", 0.2, 0.2), inspection("machine", 0.1, 1.2, 30.0)]
    otherwise = served_first_come(done, 1)
    effect = order_effect(done, otherwise, {"fish": perishing(10_000.0, 1.0)})
    assert (effect.lost, effect.lost_otherwise, effect.saved) == (0, 1, 1)
    assert effect.lost_kg_otherwise == 10_000.0


def test_goods_lost_before_they_came_count_neither_way():
    done = [inspection("fish", 30.0, 31.0)]
    effect = order_effect(done, served_first_come(done, 1), {"fish": perishing(10_000.0, 1.0)})
    assert effect.consignments == 0


def test_nothing_perishable_nothing_saved():
    done = [inspection("a", 0, 1), inspection("b", 0.5, 0.5)]
    effect = order_effect(done, served_first_come(done, 1), {})
    assert (effect.kg_days, effect.lost, effect.lost_otherwise) == (0.0, 0, 0)


visits = st.lists(
    st.tuples(st.floats(0, 40), st.floats(0.25, 3.0)),
    min_size=1,
    max_size=25,
    unique_by=lambda v: v[0],
)


@settings(max_examples=60, deadline=None)
@given(visits, st.integers(1, 4), st.booleans())
def test_with_equal_perishability_our_order_is_first_come_first_served(arrivals, bays, perish):
    """Goods that all keep, or that all spoil alike after arrival, gain nothing by another order."""
    made = []
    for number, (hours, service) in enumerate(arrivals):
        since = OPENS + hours * HOUR
        spoils = since + 60 * HOUR if perish else None
        made.append(Visit(Waiting(f"e{number:02d}", MRN, "", since, spoils_at=spoils), service))
    ours = simulate(made, bays, order)
    done = [
        Inspection(
            one.visit.waiting.examination, MRN, one.visit.waiting.examination,
            one.visit.waiting.since, one.visit.waiting.since, one.started_at, one.ended_at,
            (), "goods", False, (), Decimal(0),
        )
        for one in ours
    ]  # fmt: skip
    otherwise = served_first_come(done, bays)
    goods = {one.examination: perishing(1000.0, 9.0) for one in done}
    assert order_effect(done, otherwise, goods).kg_days == pytest.approx(0.0, abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(visits, st.integers(1, 4))
def test_first_come_keeps_every_examination_its_duration_and_never_more_bays(arrivals, bays):
    done = [
        inspection(f"e{number:02d}", hours, hours + 1, service)
        for number, (hours, service) in enumerate(arrivals)
    ]
    otherwise = served_first_come(done, bays)
    assert {one.examination for one in otherwise} == {one.examination for one in done}
    durations = {one.examination: one.ended_at - one.started_at for one in done}
    for one in otherwise:
        assert one.ended_at - one.started_at == durations[one.examination]
        assert one.started_at >= one.since
        at_once = [each for each in otherwise if each.started_at <= one.started_at < each.ended_at]
        assert len(at_once) <= bays
    starts = [one.started_at for one in sorted(otherwise, key=lambda one: one.since)]
    assert starts == sorted(starts)


def repaired_diary(day: Day, container: str, at: datetime, lrn: str) -> Diary:
    diary = Diary(day.truth.repaired(container, at), 3, 1, day.begins_at, day.begins_at + 36 * HOUR)
    diary.repairs[container] = at
    diary.outcomes[lrn] = Outcome("released", "green", day.begins_at + 30 * HOUR, True)
    return diary


def cut(day: Day) -> tuple[str, str, float]:
    """Return container, local reference and start of a power cut on the day."""
    voyage = day.truth.voyage
    assert voyage is not None
    for unit in voyage.units:
        if unit.mishap is not None and unit.mishap.kind is MishapKind.POWER_CUT:
            for lrn, each in day.truth.consignments.items():
                if any(box.number == unit.container for box in each.boxes):
                    return unit.container, lrn, unit.mishap.start_s
    raise AssertionError("the day has no power cut")


def test_a_repaired_power_cut_saves_life_and_an_early_one_more(day):
    container, lrn, start_s = cut(day)
    start = datetime.fromtimestamp(start_s, UTC)
    early, late = (
        alarm_effect(repaired_diary(day, container, start + hours * HOUR, lrn), day.truth)
        for hours in (1.0, 6.0)
    )
    assert early.consignments == late.consignments == 1
    assert early.kg_days > late.kg_days > 0


def test_without_a_repair_alarms_are_worth_nothing(day):
    diary = Diary(day.truth, 3, 1, day.begins_at, day.begins_at + 36 * HOUR)
    assert alarm_effect(diary, day.truth).kg_days == 0.0


def test_only_goods_that_perish_are_counted(day):
    truth: Truth = day.truth
    for lrn, consignment in truth.consignments.items():
        left = truth.remaining_days(lrn, consignment.arrives_at)
        perishes = left is not None and left <= KEEPS_DAYS
        assert (perishing_of(truth, lrn) is not None) == perishes
