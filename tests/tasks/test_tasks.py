"""An alarm becomes a task, passes on, and ends with an outcome; everything is a fact."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from clearway.coldchain import tables as coldchain
from clearway.coldchain.actions.acknowledge_alarm import acknowledge_alarm
from clearway.coldchain.model import AlarmKind
from clearway.errors import BadTerm, NotFound, Refused, WrongState
from clearway.identity.model import Actor, ActorKind, Role
from clearway.movements import tables as movements
from clearway.movements.actions.authorise_place import authorise_place
from clearway.movements.actions.depart import depart
from clearway.movements.actions.report_seal import report_seal
from clearway.movements.alarm import MovementAlarmKind
from clearway.movements.model import Departure, SealReport, SealState
from clearway.movements.places import AuthorisedPlace, Doing
from clearway.node.rooms import projections
from clearway.tasks import rules, tables
from clearway.tasks.actions.attend import attend
from clearway.tasks.actions.comment import comment
from clearway.tasks.actions.complete import complete
from clearway.tasks.actions.escalate import escalate
from clearway.tasks.actions.take import take
from clearway.tasks.actions.void import void
from clearway.tasks.actions.watch import watch
from clearway.tasks.facts import TaskOpened
from clearway.tasks.handling import DUE, HANDLINGS, NEVER
from clearway.tasks.model import AlarmOn, Audience, Cause, Outcome, Room, Scene, State
from clearway.terms.alarm import AlarmLevel
from clearway.terms.transport import ContainerNumber, SealNumber
from tests.clearance.border import BOX, INSPECTOR, NOON, OFFICER, TERMINAL, WORKER

CARRIER = Actor(ActorKind.TRADER, "line", "customs", frozenset({Role.CARRIER}))
FOOD = Actor(ActorKind.OFFICER, "wanjiru", "food_safety", frozenset({Role.FOOD_INSPECTOR}))
SEAL = SealNumber("KE123456")


def only(border):
    (task,) = border.ask(tables.open_of, BOX)
    return task


def test_a_container_in_the_yard_without_power_is_the_terminals_task(border, here, raised):
    seq = raised()
    task = only(border)
    assert (task.audience, task.cause, task.agency) == (
        Audience.TERMINAL,
        Cause.COLD,
        "food_safety",
    )
    assert [alarm.seq for alarm in task.alarms] == [seq]
    assert task.raise_at == border.now
    assert task.due_at == border.now + DUE[AlarmLevel.WARNING]
    assert border.facts[task.seq].actor == "system:tasks", "asked by the rules, not who sent it"


def test_on_the_road_it_is_the_carriers(border, raised):
    raised()
    assert only(border).audience is Audience.CARRIER


def test_attending_again_changes_nothing(border, raised):
    raised()
    before = len(border.facts)
    border.act(attend, BOX, actor=WORKER)
    assert len(border.facts) == before


def test_alarms_of_one_cause_are_one_task_and_the_worse_one_asks_its_own(border, here, raised):
    raised("power_off")
    raised("limit_expected", limit_at=border.now + timedelta(hours=1))
    task = only(border)
    assert len(task.alarms) == 2
    assert task.due_at == border.now + timedelta(hours=1), "the limit is nearer"
    raised("limit_passed", "critical")
    task = only(border)
    assert (task.level, task.audiences) == (
        AlarmLevel.CRITICAL,
        (Audience.TERMINAL, Audience.OFFICER),
    )
    raised("door_open")
    assert len(border.ask(tables.open_of, BOX)) == 2, "another cause, another task"


def test_what_everybody_was_asked_waits_for_nobody_more(border, raised):
    raised("power_off")  # under way: the carrier, then an officer
    border.arrive(at=border.now)
    raised("limit_passed", "critical")
    assert only(border).audiences == (Audience.CARRIER, Audience.OFFICER)
    border.wait(5)
    assert border.act(watch, actor=WORKER).escalated == ()
    assert border.ask(tables.list_overdue, border.now) == (), "it would hold up others for ever"


def test_nobody_is_asked_before_the_delay_is_over(border, here, raised, ended):
    raised("door_open")
    assert border.ask(tables.list_open, border.now) == ()
    assert border.ask(tables.count_open, border.now) == 0
    border.wait(0.1)
    ended("door_open")
    assert border.ask(tables.open_of, BOX) == ()
    border.wait(1)
    assert border.ask(tables.list_open, border.now) == (), "it ended by itself: nobody was asked"


def test_doors_may_stand_open_longer_where_containers_are_opened(border, here, raised):
    shed = AuthorisedPlace(
        "KEMBA-SHED4", "Shed 4", "KEMBA", (Doing.OPEN_SEAL,), border.now - timedelta(days=1)
    )
    border.act(authorise_place, shed)
    raised("door_open")
    assert only(border).raise_at == border.now + timedelta(minutes=45)


def test_a_critical_alarm_waits_for_nothing():
    alarm = on(kind="door_open", level=AlarmLevel.CRITICAL)
    assert rules.delay_of(alarm, Scene("KEMBA", True)) == timedelta(0)


def on(**changed):
    alarm = AlarmOn(Room.COLDCHAIN, 1, "power_off", AlarmLevel.WARNING, BOX, NOON, None, "m", "a")
    return replace(alarm, **changed)


@pytest.mark.parametrize("kind", sorted(NEVER))
def test_what_is_normal_asks_nobody(kind):
    assert not rules.asks(on(kind=kind))


def test_every_kind_of_alarm_has_its_handling():
    kinds = {kind.value for kind in (*AlarmKind, *MovementAlarmKind)}
    assert kinds - NEVER == set(HANDLINGS) - NEVER


def test_taking_a_task_takes_on_its_alarms(border, here, raised):
    seq = raised()
    task = only(border)
    border.act(take, task.seq, "on my way", actor=TERMINAL)
    taken = only(border)
    assert (taken.state, taken.taken_by, taken.note) == (State.TAKEN, "trader:berth5", "on my way")
    alarm = border.ask(coldchain.get_alarm, seq)
    assert (alarm.acknowledged_by, alarm.note) == ("trader:berth5", "on my way")
    assert border.act(take, task.seq, actor=TERMINAL) is None, "taken twice by the same: no change"
    with pytest.raises(WrongState, match="berth5"):
        border.act(take, task.seq, actor=FOOD)


def test_taking_on_an_alarm_takes_its_task(border, here, raised):
    seq = raised()
    border.act(acknowledge_alarm, seq, "I see to it", actor=TERMINAL)
    assert (only(border).state, only(border).taken_by) == (State.TAKEN, "trader:berth5")


def test_each_acts_on_what_is_theirs(border, here, raised):
    raised()
    task = only(border)
    for stranger in (CARRIER, INSPECTOR, OFFICER, WORKER):
        with pytest.raises(Refused):
            border.act(take, task.seq, actor=stranger)
    border.act(take, task.seq, actor=FOOD)


def test_what_nobody_takes_passes_on_step_by_step(border, here, raised):
    raised()
    border.wait(2)
    done = border.act(watch, actor=WORKER)
    assert len(done.escalated) == 1
    assert only(border).audiences == (Audience.TERMINAL, Audience.CARRIER)
    assert border.act(watch, actor=WORKER).escalated == ()
    border.wait(2)
    border.act(watch, actor=WORKER)
    task = only(border)
    assert (task.audience, task.step, task.next_at) == (Audience.OFFICER, 2, None)
    border.wait(9)
    assert border.act(watch, actor=WORKER).escalated == (), "everybody was asked"
    border.act(take, task.seq, actor=TERMINAL)


def test_what_was_taken_has_twice_as_long(border, here, raised):
    raised()
    task = only(border)
    border.wait(1)
    border.act(take, task.seq, actor=TERMINAL)
    border.wait(3.9)
    assert border.act(watch, actor=WORKER).escalated == ()
    border.wait(0.2)
    assert len(border.act(watch, actor=WORKER).escalated) == 1
    assert "too long" in border.facts[-1].body.decode()


def test_a_task_passes_on_by_hand_with_a_reason(border, here, raised):
    raised()
    seq = only(border).seq
    with pytest.raises(BadTerm):
        border.act(escalate, seq, " ", actor=TERMINAL)
    border.act(escalate, seq, "No plug left in the yard.", actor=TERMINAL)
    border.act(escalate, seq, "No engineer.", actor=CARRIER)
    assert only(border).audience is Audience.OFFICER
    with pytest.raises(WrongState):
        border.act(escalate, seq, "again", actor=FOOD)


def test_what_the_readings_end_is_void_if_nobody_took_it(border, here, raised, ended):
    raised()
    seq = only(border).seq
    ended("power_off")
    task = border.ask(tables.get, seq)
    assert (task.state, task.outcome) == (State.VOID, "")


def test_what_the_readings_end_is_done_if_somebody_took_it(border, here, raised, ended):
    raised()
    seq = only(border).seq
    border.act(take, seq, actor=TERMINAL)
    ended("power_off")
    task = border.ask(tables.get, seq)
    assert (task.state, task.outcome) == (State.DONE, "restored")
    with pytest.raises(WrongState, match="done"):
        border.act(complete, seq, "restored", actor=TERMINAL)


def test_a_task_ends_only_when_all_its_alarms_did(border, here, raised, ended):
    raised("power_off")
    raised("off_set_point")
    ended("power_off")
    assert only(border).is_open
    ended("off_set_point")
    assert border.ask(tables.open_of, BOX) == ()


def test_an_alarm_that_outlives_its_outcome_asks_anew(border, here, raised):
    raised()
    seq = only(border).seq
    border.act(complete, seq, "restored", actor=TERMINAL)
    border.act(watch, actor=WORKER)
    assert border.ask(tables.open_of, BOX) == ()
    border.wait(1.1)
    border.act(watch, actor=WORKER)
    assert only(border).seq > seq
    again = only(border).seq
    border.act(complete, again, "false_alarm", "The sensor's plug was loose.", actor=TERMINAL)
    border.wait(9)
    border.act(watch, actor=WORKER)
    assert border.ask(tables.open_of, BOX) == (), "said to be false: nobody is asked again"


def test_two_versions_of_readings_stay_until_somebody_says_what_it_was(border, here, raised):
    seq = raised("readings_differ", "critical")
    task = only(border)
    assert task.agency == "customs"
    border.act(take, task.seq, actor=OFFICER)
    assert border.ask(coldchain.get_alarm, seq).cleared_at is not None
    border.act(watch, actor=WORKER)
    assert only(border).state is State.TAKEN
    border.act(complete, task.seq, "explained", "The logger was reset.", actor=OFFICER)


def test_a_terminal_is_not_asked_for_what_left_its_yard(border, here, raised):
    raised()
    border.wait(0.5)
    border.act(depart, Departure(BOX, "KEMBA", border.now), actor=TERMINAL)
    border.act(attend, BOX, actor=WORKER)
    assert only(border).audiences == (Audience.TERMINAL, Audience.CARRIER)


def test_the_watch_finds_what_was_not_attended(border, here):
    report = SealReport(BOX, "KEMBA", border.now, SEAL, SealState.OPENED)
    border.act(report_seal, report, actor=TERMINAL)
    assert border.ask(tables.open_of, BOX) == ()
    border.act(watch, actor=WORKER)
    task = only(border)
    assert (task.cause, task.agency, task.audience) == (Cause.SEAL, "customs", Audience.OFFICER)
    assert border.act(watch, actor=WORKER).attended == ()


def test_the_outcome_of_a_seals_task_settles_its_alarm(border, here):
    report = SealReport(BOX, "KEMBA", border.now, SEAL, SealState.OPENED)
    border.act(report_seal, report, actor=TERMINAL)
    border.act(attend, BOX, actor=WORKER)
    task = only(border)
    border.act(complete, task.seq, "sealed_anew", "KE999999 put on.", actor=OFFICER)
    alarm = border.ask(movements.get_alarm, task.alarms[0].seq)
    assert (alarm.settled_by, alarm.outcome) == ("officer:amina", "sealed_anew")
    border.wait(30)
    assert border.act(watch, actor=WORKER).attended == ()


def test_outcomes_and_notes_are_held_to_their_form(border, here, raised):
    raised()
    seq = only(border).seq
    with pytest.raises(BadTerm, match="restored"):
        border.act(complete, seq, "fixed", actor=TERMINAL)
    with pytest.raises(BadTerm, match="sentence"):
        border.act(complete, seq, "false_alarm", actor=TERMINAL)
    with pytest.raises(BadTerm):
        border.act(complete, seq, "restored", "x" * 1_001, actor=TERMINAL)
    with pytest.raises(NotFound):
        border.act(complete, 9_999, "restored", actor=TERMINAL)
    with pytest.raises(BadTerm):
        border.act(void, seq, "", actor=TERMINAL)


def test_what_was_said_stands_in_order(border, here, raised):
    raised()
    seq = only(border).seq
    border.act(comment, seq, "Which row?", actor=FOOD)
    border.act(comment, seq, "Row 7.", actor=TERMINAL)
    said = border.ask(tables.comments_on, seq)
    assert [(one.actor, one.text) for one in said] == [
        ("officer:wanjiru", "Which row?"),
        ("trader:berth5", "Row 7."),
    ]


def test_lists_are_for_whoever_looks_and_page_on(border, raised):
    for i in range(5):
        box = ContainerNumber.build(f"ABCU00000{i}")
        raised("power_off", "critical" if i % 2 else "warning", container=box)
    first = border.ask(tables.list_open, border.now, audiences=(Audience.CARRIER,), limit=3)
    after = tables.place_of(first[-1])
    rest = border.ask(tables.list_open, border.now, after=after, limit=3)
    assert [task.level for task in (*first, *rest)] == [AlarmLevel.CRITICAL] * 2 + [
        AlarmLevel.WARNING
    ] * 3
    assert len({task.seq for task in (*first, *rest)}) == 5
    for nothing in ({"audiences": (Audience.TERMINAL,)}, {"agency": "customs"}, {"parties": ()}):
        assert border.ask(tables.list_open, border.now, **nothing) == ()
    assert border.ask(tables.count_open, border.now, agency="food_safety") == 5


def test_replaying_the_facts_makes_the_same_tables(border, here, raised, ended):
    raised("power_off")
    raised("limit_passed", "critical")
    raised("door_open")
    first, second = border.ask(tables.open_of, BOX)
    border.act(take, first.seq, "going", actor=TERMINAL)
    border.act(comment, first.seq, "Row 7.", actor=TERMINAL)
    border.act(complete, second.seq, "restored", actor=TERMINAL)
    raised("warm_loading")
    border.wait(3)
    border.act(watch, actor=WORKER)
    with border.engine.begin() as connection:
        live = [connection.execute(select(table)).all() for table in tables.TABLES]
        for table in tables.TABLES:
            connection.execute(table.delete())
        for fact in border.facts:
            for project in tables.PROJECTIONS.get(fact.type, ()):
                project(connection, fact)
        assert [connection.execute(select(table)).all() for table in tables.TABLES] == live
    assert all(live)
    assert TaskOpened.TYPE in projections()


def test_outcomes_that_promise_are_outcomes():
    assert set(Outcome) > rules.PROMISES
