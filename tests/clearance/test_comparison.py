"""Two orders of the same arrivals: the direction of the published figures holds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from clearway.clearance.comparison import Treated, Visit, lost, lost_share, simulate
from clearway.clearance.model import Waiting
from clearway.clearance.priority import DEFAULT, first_come, order
from clearway.simulator.hall import BEGIN, Hall, arrivals, p95_stay_h, perishables_first
from clearway.simulator.hall import DEFAULT as HALL
from clearway.terms.identifiers import Mrn

MRN = Mrn.build(2026, "KE", "CLEARWAY00001")
BAYS = HALL.bays
HOUR = timedelta(hours=1)


def visit(name: str, at_h: float, service_h: float, spoils_h: float | None = None) -> Visit:
    spoils_at = None if spoils_h is None else BEGIN + timedelta(hours=spoils_h)
    since = BEGIN + timedelta(hours=at_h)
    return Visit(Waiting(name, MRN, "goods", since, spoils_at=spoils_at), service_h, spoils_at)


def p95_others(treated: Sequence[Treated]) -> float:
    return p95_stay_h(one for one in treated if one.visit.spoils_at is None)


def test_one_bay_by_hand() -> None:
    """A is examined 0-2 h. Then B (came first, keeps) or C (spoils at 5 h): 2-4 h, 4-6 h."""
    visits = [visit("A", 0, 2), visit("B", 1, 2), visit("C", 1.5, 2, spoils_h=5)]
    fifo = simulate(visits, 1, first_come)
    assert [one.visit.waiting.examination for one in fifo] == ["A", "B", "C"]
    assert [one.stay_h for one in fifo] == [2, 3, 4.5]
    assert lost(fifo) == 1
    slack = simulate(visits, 1, order)
    assert [one.visit.waiting.examination for one in slack] == ["A", "C", "B"]
    assert [one.waited_h for one in slack] == [0, 0.5, 3]
    assert lost(slack) == 0


def test_nothing_comes_and_nothing_spoils() -> None:
    assert simulate([], 2, order) == ()
    assert lost_share([]) == 0
    assert lost_share(simulate([visit("A", 0, 1)], 2, order)) == 0


def test_as_many_begin_at_once_as_there_are_bays() -> None:
    treated = simulate([visit(name, 0, 1) for name in "ABC"], 2, order)
    assert [one.waited_h for one in treated] == [0, 0, 1]


def test_a_bay_never_rests_while_goods_wait() -> None:
    """The last end is the same in every order that does not rest: here with one bay."""
    visits = arrivals(1, 0.9, 200)
    ends = {max(one.ended_at for one in simulate(visits, 1, how)) for how in (order, first_come)}
    assert len(ends) == 1


@pytest.mark.parametrize("load", [0.8, 0.9])
def test_slack_loses_far_less_than_first_come_and_less_than_a_lane_for_perishables(
    load: float,
) -> None:
    worlds = [arrivals(seed, load, 1200) for seed in range(3)]
    shares = {
        how: sum(lost_share(simulate(visits, BAYS, how)) for visits in worlds) / 3
        for how in (first_come, perishables_first, order)
    }
    assert shares[first_come] > 0.05
    assert shares[order] <= 0.05 * shares[first_come]
    assert shares[order] <= 0.5 * shares[perishables_first]


def test_too_much_work_does_not_turn_the_queue_into_first_come() -> None:
    visits = arrivals(0, 1.15, 1500)
    slack, fifo = simulate(visits, BAYS, order), simulate(visits, BAYS, first_come)
    assert lost_share(fifo) > 0.4
    assert lost_share(slack) < 0.1 * lost_share(fifo)


def test_a_wrong_estimate_of_life_costs_little() -> None:
    visits = arrivals(3, 0.9, 1500, Hall(error=0.7))
    assert lost_share(simulate(visits, BAYS, order)) <= 0.1 * lost_share(
        simulate(visits, BAYS, first_come)
    )


def test_other_goods_wait_a_bounded_time() -> None:
    visits = arrivals(0, 0.9, 1500)
    slack, fifo = simulate(visits, BAYS, order), simulate(visits, BAYS, first_come)
    assert p95_others(slack) <= 1.6 * p95_others(fifo)


def test_nobody_starves_even_with_too_much_work() -> None:
    """From its bound on, at most 2(k + 1) examinations begin before it, k older ones waiting."""
    treated = simulate(arrivals(4, 1.15, 1500), BAYS, order)
    late = [one for one in treated if one.waited_h * HOUR > DEFAULT.ageing]
    assert late, "the load is not high enough to test anything"
    for one in late:
        reached = one.visit.waiting.since + DEFAULT.ageing
        between = [other for other in treated if reached < other.started_at < one.started_at]
        older = sum(other.visit.waiting.since <= one.visit.waiting.since for other in between)
        assert len(between) <= 2 * (older + 1)
