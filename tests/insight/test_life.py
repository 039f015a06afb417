"""Life spent in each custody sums to the whole."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.clearance.model import Step
from clearway.coldchain.custody import UNKNOWN, Held, LifePoint
from clearway.insight.custody import BorderStay, Opening, custodies
from clearway.insight.life import by_custody, by_holder
from clearway.movements.model import CustodySpan

BEGIN = datetime(2026, 3, 2, tzinfo=UTC)


def at(hours: float) -> datetime:
    return BEGIN + timedelta(hours=hours)


# Twelve hours in the cold (0.5 days), then twelve in the sun (2 days), then cold again.
POINTS = [
    LifePoint(at(0), 1.0),
    LifePoint(at(12), 1.5),
    LifePoint(at(24), 3.5),
    LifePoint(at(48), 4.5),
]


def test_each_custody_answers_for_what_was_used_in_it_by_hand() -> None:
    held = [
        Held("terminal", at(12), at(30), "arrived"),
        Held("carrier", at(0), at(12)),
        Held("plant_health", at(30), at(36), "examined"),
    ]
    found = by_custody(POINTS, held)
    assert [(one.holder, one.consumed_days) for one in found] == [
        ("carrier", 0.5),
        ("terminal", 2.25),
        ("plant_health", 0.25),
        (UNKNOWN, 0.5),
    ]
    assert found[1].excess_days == pytest.approx(2.25 - 0.75)
    assert [one.holder for one in by_holder(found)] == [
        "terminal",
        "carrier",
        UNKNOWN,
        "plant_health",
    ]


def test_without_readings_nothing_is_said() -> None:
    assert by_custody([], [Held("carrier", at(0), at(1))]) == ()
    assert by_holder([]) == ()


@given(
    st.lists(st.floats(0, 3), min_size=2, max_size=8),
    st.lists(st.tuples(st.floats(-20, 120), st.floats(0, 60)), max_size=8),
)
def test_the_sum_over_all_custodies_is_the_whole_loss(
    steps: list[float], spans: list[tuple[float, float]]
) -> None:
    total, points = 0.0, []
    for place, step in enumerate(steps):
        total += step
        points.append(LifePoint(at(place * 12), total))
    held = [Held(f"h{n}", at(s), at(s + long)) for n, (s, long) in enumerate(spans)]
    found = by_custody(points, held)
    # Shares are in whole billionths of a day, which sum exactly; the floats are rounded to them.
    whole = pytest.approx(total - points[0].consumed_days, abs=2e-9)
    assert sum(one.consumed_days for one in found) == whole
    assert sum(one.elapsed_days for one in found) == pytest.approx((len(steps) - 1) / 2)


STAY = BorderStay(at(0), at(10), (Opening("plant_health", at(20), at(22)),), at(30))


def told(held: tuple[Held, ...]) -> list[tuple[str, float, float, str]]:
    hour = timedelta(hours=1)
    return [
        (one.holder, (one.since - BEGIN) / hour, (one.until - BEGIN) / hour, one.step)
        for one in held
    ]


def test_without_handovers_the_border_is_taken_as_it_usually_is() -> None:
    assert told(custodies(STAY)) == [
        ("carrier", 0, 10, ""),
        ("terminal", 10, 20, Step.EXAMINATION_STARTED),
        ("plant_health", 20, 22, Step.EXAMINED),
        ("terminal", 22, 30, Step.RELEASED),
    ]


def test_handovers_on_record_say_who_held_the_goods() -> None:
    handovers = (
        CustodySpan("ferry", at(4), at(12)),
        CustodySpan("cold store", at(12), None),
    )
    assert told(custodies(STAY, handovers)) == [
        ("carrier", 0, 4, ""),
        ("ferry", 4, 12, ""),
        ("cold store", 12, 20, ""),
        ("plant_health", 20, 22, Step.EXAMINED),
        ("cold store", 22, 30, ""),
    ]


@given(
    st.lists(st.floats(0, 40), max_size=5),
    st.lists(st.tuples(st.floats(0, 40), st.floats(0, 9)), max_size=4),
)
def test_custodies_have_neither_gap_nor_overlap(
    changes: list[float], openings: list[tuple[float, float]]
) -> None:
    instants = [at(hour) for hour in sorted(set(changes))]
    spans = tuple(
        CustodySpan(f"h{n}", since, until)
        for n, (since, until) in enumerate(zip(instants, [*instants[1:], None], strict=True))
    ) if instants else ()  # fmt: skip
    stay = BorderStay(
        at(0), at(10), tuple(Opening("x", at(s), at(s + long)) for s, long in openings), at(30)
    )
    held = custodies(stay, spans)
    assert held[0].since == at(0)
    assert held[-1].until == at(30)
    assert all(one.until == other.since for one, other in pairwise(held))
