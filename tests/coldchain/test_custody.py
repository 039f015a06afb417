"""In whose hands the goods lost their life: the shares are the total, to the last digit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from clearway.coldchain.custody import UNKNOWN, Held, LifePoint, attribute, by_holder, consumed_at

BEGIN = datetime(2026, 3, 2, tzinfo=UTC)


def at(hours):
    return BEGIN + timedelta(hours=hours)


# Twelve hours in the cold (0.5 days), then twelve in the sun (2 days), then cold again.
POINTS = [
    LifePoint(at(0), 1.0),
    LifePoint(at(12), 1.5),
    LifePoint(at(24), 3.5),
    LifePoint(at(48), 4.5),
]


def test_life_between_two_points_is_used_evenly():
    assert consumed_at(POINTS, at(18)) == 2.5
    assert consumed_at(POINTS, at(-5)) == 1.0
    assert consumed_at(POINTS, at(99)) == 4.5


def test_each_holder_answers_for_what_was_lost_in_his_hands_by_hand():
    found = attribute(
        POINTS,
        [
            Held("terminal", at(12), at(30), "arrived"),
            Held("carrier", at(0), at(12)),
            Held("plant_health", at(30), at(36), "examined"),
        ],
    )
    assert found.total_days == Decimal("3.5")
    assert [(one.holder, one.lost_days) for one in found.shares] == [
        ("carrier", Decimal("0.5")),
        ("terminal", Decimal("2.25")),
        ("plant_health", Decimal("0.25")),
        (UNKNOWN, Decimal("0.5")),
    ]
    assert found.shares[1].excess_days == Decimal("1.5")
    assert next(iter(by_holder(found.shares))) == ("terminal", "arrived")


def test_a_handover_between_two_readings_splits_what_was_lost_between_them():
    found = attribute(POINTS, [Held("a", at(0), at(18)), Held("b", at(18), at(48))])
    assert [one.lost_days for one in found.shares] == [Decimal("1.5"), Decimal("2")]


def test_without_readings_nothing_is_lost():
    assert attribute([], [Held("carrier", at(0), at(1))]).shares == ()
    assert attribute(POINTS[:1], [Held("carrier", at(-1), at(1))]).shares == ()


def test_nobody_known_means_all_unknown():
    (only,) = attribute(POINTS, []).shares
    assert (only.holder, only.lost_days) == (UNKNOWN, Decimal("3.5"))


steps = st.lists(st.tuples(st.integers(1, 10**9), st.floats(0, 3)), min_size=2, max_size=12)
spans = st.lists(st.tuples(st.floats(-20, 200), st.floats(0, 90)), max_size=8)


@given(steps, spans, st.floats(0, 50))
def test_the_shares_are_the_total_exactly_and_cover_the_time_without_gap(steps, spans, before):
    total, when, points = before, BEGIN, []
    for microseconds, step in steps:
        total, when = total + step, when + timedelta(microseconds=microseconds)
        points.append(LifePoint(when, total))
    held = [Held(f"h{n}", at(s), at(s + long)) for n, (s, long) in enumerate(spans)]
    found = attribute(points, held)
    assert sum(one.lost_days for one in found.shares) == found.total_days
    assert sum(lost for lost, _ in by_holder(found.shares).values()) == found.total_days
    assert abs(found.total_days - Decimal(points[-1].consumed_days - points[0].consumed_days)) < (
        Decimal("0.00000001")
    )
    assert all(one.lost_days >= 0 for one in found.shares)
    assert found.shares[0].since == points[0].at
    assert found.shares[-1].until == points[-1].at
    assert all(one.until == other.since for one, other in pairwise(found.shares))


@given(steps, spans, st.floats(0, 30))
def test_one_more_handover_changes_nobody_else_s_share(steps, spans, cut):
    total, points = 0.0, []
    for n, (_, step) in enumerate(steps):
        total += step
        points.append(LifePoint(at(n * 6), total))
    held = [Held("one", at(0), at(60))]
    split = [Held("one", at(0), at(cut)), Held("one", at(cut), at(60))]
    whole, parts = attribute(points, held), attribute(points, split)
    assert by_holder(whole.shares) == by_holder(parts.shares)
