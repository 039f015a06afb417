"""Seals, masses and clearance: what does not agree is an alarm, a task and an examination."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from clearway.clearance import tables
from clearway.clearance.actions.explain_delay import explain_delay
from clearway.clearance.actions.receive_movement import receive_movement
from clearway.clearance.actions.record_examination import record_examination
from clearway.clearance.agreement import Declared, declared_of, mass_alarm
from clearway.clearance.delays import Course, Errand, explain
from clearway.clearance.facts import DelayExplained
from clearway.clearance.model import Outcome
from clearway.clearance.record import State
from clearway.declarations.model import Container
from clearway.ledger.fact import decode
from clearway.movements import tables as movements
from clearway.movements.actions.authorise_place import authorise_place
from clearway.movements.alarm import MovementAlarmKind as Kind
from clearway.movements.model import (
    Direction,
    GatePass,
    SealCheck,
    SealReport,
    SealState,
    Weighing,
    Whereabouts,
)
from clearway.movements.places import AuthorisedPlace, Doing
from clearway.risk import tables as risk
from clearway.risk.model import Channel, Profile
from clearway.risk.rules import Profiles
from clearway.tasks import tables as tasks
from clearway.tasks.model import State as TaskState
from clearway.terms.identifiers import Lrn
from clearway.terms.period import Period
from clearway.terms.transport import ContainerNumber, SealNumber

from .border import (
    BOX,
    NOON,
    OFFICER,
    TERMINAL,
    bananas,
    certificate,
    codes,
    machines,
    mrn_of,
    result,
    selectivity,
)

SEAL = SealNumber("EC-4711")
OTHER = ContainerNumber.build("MSKU123456")


def decided(border, mrn):
    return border.ask(tables.decisions_of, mrn)[-1].decided


def kinds(border):
    return [raised.alarm.kind for raised in border.ask(movements.list_alarms, container=BOX)]


@pytest.fixture
def mrn(border):
    border.certify(certificate())
    return mrn_of(border.lodge(bananas()))


def tell(border, movement):
    border.act(receive_movement, movement, actor=TERMINAL)


def opened(border, **changed):
    report = SealReport(BOX, "KEMBA", border.now, SEAL, SealState.OPENED, place="A104-KM88")
    return replace(report, **changed)


def test_a_seal_opened_on_the_road_reopens_what_was_decided(border, mrn):
    assert decided(border, mrn).decision is Outcome.RELEASE
    tell(border, opened(border))
    now = decided(border, mrn)
    assert (now.decision, codes(now)) == (Outcome.EXAMINE, ["CLR_R41"])
    facts = [border.facts[seq].type for seq in now.inputs.movement_alarms]
    assert facts == ["movement.alarm_raised/1"]
    (task,) = border.ask(tasks.open_of, BOX)
    assert (task.agency, task.alarms[0].kind) == ("customs", "seal_opened")
    assert now.inputs.movement_alarms[0] in border.ask(tables.appeal_record, mrn).facts


def test_a_seal_opened_in_the_shed_in_working_hours_changes_nothing(border, mrn):
    shed = AuthorisedPlace(
        "KEMBA-SHED4", "Shed 4", "KEMBA", (Doing.OPEN_SEAL,), NOON - timedelta(days=1)
    )
    border.act(authorise_place, shed, actor=OFFICER)
    tell(border, opened(border, place="KEMBA-SHED4"))
    assert decided(border, mrn).decision is Outcome.RELEASE
    assert border.ask(tasks.open_of, BOX) == ()


def test_a_seal_opened_before_the_declaration_came_is_heeded_too(border):
    tell(border, opened(border))
    border.certify(certificate())
    mrn = mrn_of(border.lodge(bananas()))
    assert codes(decided(border, mrn)) == ["CLR_R41"]


def test_a_seal_that_is_not_the_declared_one_calls_customs(border, mrn):
    tell(border, SealCheck(BOX, "KEMBA", border.now, SealNumber("CN-999"), True))
    assert kinds(border) == [Kind.SEAL_DIFFERS]
    assert codes(decided(border, mrn)) == ["CLR_R42"]
    assert "EC-4711" in decided(border, mrn).reasons[0].text


@pytest.mark.parametrize("written", ["EC-4711", "ec 4711", "EC4711"])
def test_people_write_a_seal_in_many_ways(border, mrn, written):
    tell(border, SealCheck(BOX, "KEMBA", border.now, SealNumber(written), True))
    assert kinds(border) == []
    assert decided(border, mrn).decision is Outcome.RELEASE


def test_a_seal_seen_before_the_declaration_is_compared_when_it_comes(border):
    tell(border, SealCheck(BOX, "KEMBA", border.now, SealNumber("CN-999"), True))
    border.wait(5)
    border.certify(certificate())
    mrn = mrn_of(border.lodge(bananas()))
    assert codes(decided(border, mrn)) == ["CLR_R42"]
    assert [task.cause for task in border.ask(tasks.open_of, BOX)] == ["seal"]


def test_a_further_seal_beside_the_declared_one_is_no_alarm(border, mrn):
    for seal in ("EC-4711", "KE-0001"):
        tell(border, SealCheck(BOX, "KEMBA", border.now, SealNumber(seal), True))
    assert kinds(border) == []


def test_the_seal_put_on_after_an_authorised_opening_is_no_alarm(border, mrn):
    shed = AuthorisedPlace(
        "KEMBA-SHED4", "Shed 4", "KEMBA", (Doing.OPEN_SEAL,), NOON - timedelta(days=1)
    )
    border.act(authorise_place, shed, actor=OFFICER)
    tell(border, opened(border, place="KEMBA-SHED4"))
    border.wait(1)
    tell(border, SealCheck(BOX, "KEMBA", border.now, SealNumber("KE-0001"), True))
    assert kinds(border) == []


def test_a_seal_of_an_earlier_voyage_is_not(border):
    tell(border, SealCheck(BOX, "KEMBA", border.now, SealNumber("CN-999"), True))
    border.wait(24 * 5)
    border.certify(certificate())
    mrn = mrn_of(border.lodge(bananas()))
    assert decided(border, mrn).decision is Outcome.RELEASE


def weighed(border, gross, tare=None):
    tare_kg = None if tare is None else Decimal(tare)
    return Weighing(BOX, "KEMBA", border.now, "2", Decimal(gross), tare_kg)


def test_goods_that_weigh_more_than_declared_call_customs(border, mrn):
    tell(border, weighed(border, 20000, 4800))
    assert codes(decided(border, mrn)) == ["CLR_R43"]
    text = decided(border, mrn).reasons[0].text
    assert "15,200" in text
    assert "45%" in text
    assert "more" in text


def test_a_weight_within_the_tolerance_changes_nothing(border, mrn):
    tell(border, weighed(border, 15600, 4800))
    assert kinds(border) == []


@pytest.mark.parametrize(
    ("gross", "tare", "is_alarm"),
    [
        (15300, 4800, False),
        (15825, 4800, False),
        (15826, 4800, True),
        (14775, 4800, False),
        (14774, 4800, True),
        (36025, None, False),
        (36026, None, True),
        (9974, None, True),
        (9975, None, False),
    ],
)
def test_the_bounds_of_mass_are_exact(gross, tare, is_alarm):
    """10,500 kg declared: 525 kg are 5 %; without a tare 25 t may be container and truck."""
    known = Whereabouts(
        BOX,
        gross_mass_kg=Decimal(gross),
        tare_kg=None if tare is None else Decimal(tare),
        weighed_at=NOON,
    )
    assert (mass_alarm(Declared((), Decimal(10500), ("M",)), known) is not None) is is_alarm


def test_what_is_not_said_of_one_container_is_not_compared():
    both = (Container(BOX, ()), Container(OTHER, ()))
    shared = bananas(containers=both)
    one = bananas(containers=both, items=(replace(shared.items[0], containers=(BOX,)),))
    nowhere = bananas(containers=both, items=(replace(shared.items[0], containers=()),))
    assert declared_of(BOX, [("M", one)]).gross_mass_kg == Decimal(10500)
    assert declared_of(OTHER, [("M", one)]).gross_mass_kg is None
    assert declared_of(BOX, [("M", nowhere)]).gross_mass_kg is None
    assert declared_of(BOX, [("M", one), ("N", nowhere)]).gross_mass_kg is None
    assert mass_alarm(Declared((), None, ()), Whereabouts(BOX)) is None


def test_declarations_in_one_container_are_weighed_together(border, mrn):
    second = mrn_of(border.lodge(machines(lrn=Lrn("B-2"))))
    tell(border, weighed(border, 25800, 4800))
    assert kinds(border) == []
    passed = GatePass(
        BOX, "KEMBA", border.wait(1), "3", Direction.IN, Decimal(31000), Decimal(4800)
    )
    tell(border, passed)
    assert codes(decided(border, mrn)) == codes(decided(border, second)) == ["CLR_R43"]


def test_the_examination_answers_the_alarm_and_its_task(border):
    mrn = mrn_of(border.lodge(machines()))
    border.wait(48)
    tell(border, opened(border))
    border.arrive()
    order = decided(border, mrn).examination
    (task,) = border.ask(tasks.open_of, BOX)
    border.wait(3)
    border.act(record_examination, order, result("customs", border.now), actor=OFFICER)
    assert kinds(border) == []
    ended = border.ask(tasks.get, task.seq)
    assert (ended.state, ended.outcome) == (TaskState.DONE, "examined")
    assert border.consignment(mrn).state is State.RELEASED


def test_the_reasons_of_a_delay_name_who_was_to_act(border):
    """TFA 7.9.4: each hour since arrival belongs to one cause, and an open task is one."""
    asked, ended = NOON + timedelta(hours=1), NOON + timedelta(hours=4)
    errand = Errand("terminal", "The unit has no power.", asked, ended)
    course = Course(
        NOON, NOON, None, (), (), NOON + timedelta(hours=6), NOON + timedelta(hours=6), (errand,)
    )
    reasons = {reason.code: reason for reason in explain(course)}
    assert set(reasons) == {"CLR_D05", "CLR_D06"}
    acting = reasons["CLR_D06"]
    assert (acting.agency, acting.hours) == ("terminal", 3.0)
    assert "no power" in acting.text
    assert sum(reason.hours for reason in explain(course)) == pytest.approx(6.0)


def test_a_delay_is_explained_with_the_task_in_it(border):
    mrn = mrn_of(border.lodge(machines()))
    border.wait(48)
    tell(border, opened(border))
    border.arrive()
    border.wait(4)
    fact = border.act(explain_delay, mrn, "Kenya Fruit Importers", actor=OFFICER)
    told = decode(fact.body, DelayExplained)
    assert told.reasons[0].code == "CLR_D03", "the examination that the seal called for"
    assert sum(reason.hours for reason in told.reasons) == pytest.approx(4.0)


def test_an_alarm_of_its_container_is_a_signal_to_risk(border):
    """A profile sees it at the moment of acceptance; so does whoever reads the assessment."""
    expression = 'declaration.alarms.exists(kind, kind == "seal_opened")'
    always = Period(NOON - timedelta(days=9), None)
    profile = Profile("S-1", "Opened under way.", expression, Channel.RED, "customs", False, always)
    watching = replace(selectivity(), profiles=Profiles((profile,)))
    quiet = mrn_of(border.lodge(machines(lrn=Lrn("B-1")), selectivity=watching))
    tell(border, opened(border))
    loud = mrn_of(border.lodge(machines(lrn=Lrn("B-2")), selectivity=watching))
    assert border.ask(risk.get_assessment, quiet).assessment.profiles == ()
    assert border.ask(risk.get_assessment, loud).assessment.profiles == ("S-1",)
