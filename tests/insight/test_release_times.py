"""A time release study equals one made by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from clearway.clearance.model import Step
from clearway.errors import InputError
from clearway.insight.model import Passage, ReleaseTime, Stay
from clearway.insight.release_times import study

BEGIN = datetime(2026, 3, 2, tzinfo=UTC)


def stay(name: str, channel: str, *passages: tuple[Step, str, float]) -> Stay:
    made = (Passage(step, agency, BEGIN + timedelta(hours=at)) for step, agency, at in passages)
    return Stay(name, tuple(made), mode="1", channel=channel, chapter="03", office="KEMBA")


# Three consignments, hours since midnight.
STAYS = (
    stay("A", "green", (Step.LODGED, "trader", 0), (Step.ARRIVED, "trader", 10),
         (Step.RELEASED, "customs", 10.5)),
    stay("B", "red", (Step.LODGED, "trader", 2), (Step.ARRIVED, "trader", 4),
         (Step.EXAMINED, "customs", 8), (Step.EXAMINED, "plant_health", 10),
         (Step.RELEASED, "customs", 11)),
    stay("C", "green", (Step.LODGED, "trader", 5), (Step.ARRIVED, "trader", 9),
         (Step.DOCUMENTS_COMPLETE, "trader", 7), (Step.RELEASED, "customs", 12.5)),
)  # fmt: skip


def row(found: tuple[ReleaseTime, ...], step: Step, agency: str) -> ReleaseTime:
    return next(one for one in found if one.step is step and one.agency == agency)


def test_hours_from_arrival_to_release_by_hand() -> None:
    """A 0.5, B 7, C 3.5: mean 11 / 3, median 3.5, 0.9 quantile 3.5 + 0.8 (7 - 3.5) = 6.3."""
    released = row(study(STAYS), Step.RELEASED, "customs")
    assert released.count == 3
    assert released.mean_h == pytest.approx(11 / 3)
    assert released.median_h == 3.5
    assert released.p90_h == pytest.approx(6.3)


def test_each_agency_has_its_own_row() -> None:
    found = study(STAYS)
    assert row(found, Step.EXAMINED, "customs").mean_h == 4
    assert row(found, Step.EXAMINED, "plant_health").mean_h == 6
    assert row(found, Step.EXAMINED, "customs").count == 1


def test_what_was_done_before_arrival_counts_as_no_time_and_is_told() -> None:
    found = row(study(STAYS), Step.DOCUMENTS_COMPLETE, "trader")
    assert (found.count, found.before, found.mean_h) == (1, 1, 0)
    assert row(study(STAYS), Step.LODGED, "trader").before == 3


def test_the_clock_may_begin_at_lodgement() -> None:
    """A 10.5, B 9, C 7.5."""
    released = row(study(STAYS, since=Step.LODGED), Step.RELEASED, "customs")
    assert released.mean_h == 9
    assert released.before == 0


def test_groups_are_apart() -> None:
    found = study(STAYS, by=("channel",))
    times = {one.group["channel"]: one.mean_h for one in found if one.step is Step.RELEASED}
    assert times == {"green": 2, "red": 7}


def test_what_has_not_arrived_is_not_counted() -> None:
    waiting = stay("D", "green", (Step.LODGED, "trader", 0), (Step.RELEASED, "customs", 1))
    assert study([waiting]) == ()
    assert study([]) == ()


def test_an_unknown_group_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(InputError, match="'colour'; choose among mode, channel"):
        study(STAYS, by=("colour",))
