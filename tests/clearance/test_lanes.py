"""What becomes of a lane: held greens, yellow to blue, the audit list."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from clearway.clearance.actions.let_go_unstopped import let_go_unstopped
from clearway.clearance.actions.record_audit import record_audit
from clearway.clearance.actions.record_examination import record_examination
from clearway.clearance.actions.reroute_unattended import reroute_unattended
from clearway.clearance.actions.start_examination import start_examination
from clearway.clearance.actions.stop_green import stop_green
from clearway.clearance.lanes import tables as lanes
from clearway.clearance.lanes.facts import Rerouted
from clearway.clearance.model import Conformity, Scope
from clearway.clearance.record import State
from clearway.errors import Refused, RuleViolation, WrongState
from clearway.risk import tables as risk
from clearway.risk.history import day_of
from clearway.risk.model import Capacities, Capacity, Channel, Profile
from clearway.risk.rules import Profiles
from clearway.risk.scoring import rules_only
from clearway.risk.selectivity import Selectivity
from clearway.terms.identifiers import Lrn
from clearway.terms.period import Period

from .border import (
    NOON,
    OFFICER,
    TRADER,
    WORKER,
    Border,
    codes,
    machines,
    mrn_of,
    result,
)

CAPACITY = Capacity(red=5, yellow=50, blue=2, random_share=0.0, yellow_days=3)


def selecting(lane: Channel | None, capacity: Capacity = CAPACITY) -> Selectivity:
    """Return a selection by one profile that hits everything, or by none."""
    profile = Profile(
        "P", "Everything is looked at.", "true", lane or Channel.RED, "customs", False,
        Period(NOON.replace(year=2020)), "risk analysis",
    )  # fmt: skip
    chosen = [] if lane is None else [profile]
    return Selectivity(rules_only(), Profiles(chosen), Capacities(capacity))


def lodged(border: Border, number: int, chosen: Selectivity) -> str:
    declared = machines(lrn=Lrn(f"M-{number}"), containers=(), items=machines().items)
    goods = tuple(replace(item, containers=()) for item in declared.items)
    return str(mrn_of(border.lodge(replace(declared, items=goods), selectivity=chosen)))


DELAYED = selecting(None, replace(CAPACITY, green_delay_minutes=60))


def test_a_green_with_delay_goes_when_nobody_stopped_it(border: Border) -> None:
    mrn = lodged(border, 1, DELAYED)
    assert border.consignment(mrn).state is State.HELD
    (held,) = border.ask(lanes.list_held)
    assert held.mrn == mrn
    border.wait(0.9)
    assert border.act(let_go_unstopped, actor=WORKER) == ()
    assert border.consignment(mrn).state is State.HELD
    border.wait(0.2)
    (decided,) = border.act(let_go_unstopped, actor=WORKER)
    assert decided.actor == "system:clearance"
    assert border.consignment(mrn).state is State.RELEASED
    assert border.ask(lanes.list_held) == ()
    with pytest.raises(WrongState, match="not held"):
        border.act(stop_green, mrn, Scope.GOODS, "Too late.")


def test_an_officer_stops_a_green_within_its_time(border: Border) -> None:
    mrn = lodged(border, 1, DELAYED)
    with pytest.raises(RuleViolation, match="reason"):
        border.act(stop_green, mrn, Scope.GOODS, "  ")
    with pytest.raises(Refused):
        border.act(stop_green, mrn, Scope.GOODS, "Mine.", actor=TRADER)
    border.act(stop_green, mrn, Scope.DOCUMENTS, "The invoice has another date.")
    assert border.consignment(mrn).state is State.TO_EXAMINE
    border.wait(2)
    assert border.act(let_go_unstopped, actor=WORKER) == ()
    order = border.consignment(mrn).examination
    border.act(record_examination, order, result("customs", border.now))
    assert border.consignment(mrn).state is State.RELEASED


def test_the_reason_of_a_stop_is_for_officers_only(border: Border) -> None:
    mrn = lodged(border, 1, DELAYED)
    border.act(stop_green, mrn, Scope.GOODS, "An informer told us.")
    ordered = [fact for fact in border.facts if fact.type == "declaration.control_ordered/1"]
    assert ordered and all(b"informer" not in fact.body for fact in ordered)


def test_a_green_without_delay_is_not_held(border: Border) -> None:
    mrn = lodged(border, 1, selecting(None))
    assert border.consignment(mrn).state is State.RELEASED
    with pytest.raises(WrongState):
        border.act(stop_green, mrn, Scope.GOODS, "Because.")


def test_yellow_that_nobody_began_becomes_an_audit_within_the_blue_places(border: Border) -> None:
    chosen = selecting(Channel.YELLOW)
    mrns = [lodged(border, number, chosen) for number in range(4)]
    capacities = chosen.capacities
    border.wait(71)
    assert border.act(reroute_unattended, capacities, actor=WORKER) == ()
    border.act(start_examination, border.consignment(mrns[0]).examination)
    border.wait(2)
    moved = border.act(reroute_unattended, capacities, actor=WORKER)
    assert [fact.type for fact in moved] == [Rerouted.TYPE] * 2  # blue has two places a day
    assert {fact.actor for fact in moved} == {"system:clearance"}
    assert border.act(reroute_unattended, capacities, actor=WORKER) == ()
    today = border.ask(risk.read_day, "KEMBA", day_of(border.now))
    assert (today.blue, today.arrivals) == (2, 0)
    states = [border.consignment(mrn).state for mrn in mrns]
    assert states == [State.UNDER_EXAMINATION, State.RELEASED, State.RELEASED, State.TO_EXAMINE]
    border.wait(24)
    assert len(border.act(reroute_unattended, capacities, actor=WORKER)) == 1
    last = border.facts[-1]
    assert last.type == "clearance.examination_cancelled/1" or b"CLR_R17" in last.body


def test_yellow_that_the_law_demands_or_that_never_ends_stays(border: Border) -> None:
    never = selecting(Channel.YELLOW, replace(CAPACITY, yellow_days=0))
    mrn = lodged(border, 1, never)
    border.wait(24 * 300)
    assert border.act(reroute_unattended, never.capacities, actor=WORKER) == ()
    assert border.consignment(mrn).state is State.TO_EXAMINE
    with pytest.raises(Refused):
        border.act(reroute_unattended, never.capacities, actor=OFFICER)


def test_blue_goods_stand_on_the_audit_list_until_their_audit(border: Border) -> None:
    chosen = selecting(Channel.BLUE)
    mrn = lodged(border, 1, chosen)
    assert border.consignment(mrn).state is State.RELEASED
    (entry,) = border.ask(lanes.list_audits)
    assert (entry.mrn, entry.outcome, entry.is_rerouted) == (mrn, None, False)
    border.wait(30)
    border.act(record_audit, mrn, result("customs", border.now, "undervaluation"))
    assert border.ask(lanes.list_audits) == ()
    (entry,) = border.ask(lanes.list_audits, open_only=False)
    assert (entry.outcome, entry.audited_at) == (Conformity.NOT_CONFORM, border.now)


def test_a_rerouted_one_is_audited_too_and_green_is_not(border: Border) -> None:
    yellow = selecting(Channel.YELLOW)
    mrn, green = lodged(border, 1, yellow), lodged(border, 2, selecting(None))
    border.wait(80)
    border.act(reroute_unattended, yellow.capacities, actor=WORKER)
    assert {border.consignment(each).state for each in (mrn, green)} == {State.RELEASED}
    (entry,) = border.ask(lanes.list_audits)
    assert (entry.mrn, entry.is_rerouted) == (mrn, True)
    decided = border.ask(lambda connection: connection.execute(select(lanes.lane)).all())
    assert len(decided) == 1


def test_the_sentence_of_a_held_one_tells_when_it_goes(border: Border) -> None:
    received = border.lodge(machines(), selectivity=DELAYED)
    assert codes(received.decided) == ["CLR_R15"]
    assert received.decided is not None
    assert "2026-03-02 13:00" in received.decided.reasons[0].text
