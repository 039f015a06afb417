"""No sequence of steps leads where it must not: a machine tries them all under the real policy."""

from __future__ import annotations

import contextlib
import dataclasses
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sqlalchemy import select

from clearway.certificates.actions.amend import amend
from clearway.certificates.actions.approve import approve
from clearway.certificates.actions.cancel import cancel
from clearway.certificates.actions.dispatch import dispatch
from clearway.certificates.actions.expire import expire
from clearway.certificates.actions.issue import issue
from clearway.certificates.actions.record_result import record_result
from clearway.certificates.actions.refuse import refuse
from clearway.certificates.actions.reject import reject
from clearway.certificates.actions.report_delivery import report_delivery
from clearway.certificates.actions.report_use import report_use
from clearway.certificates.actions.send_back import send_back
from clearway.certificates.actions.withdraw_issued import withdraw_issued
from clearway.certificates.formats.profile import profile_of
from clearway.certificates.issuing import course, tables
from clearway.certificates.issuing.course import Delivery, Stage, Step
from clearway.certificates.issuing.drafting import replacement
from clearway.certificates.issuing.model import Application, Issue
from clearway.certificates.model import Key
from clearway.errors import NotFound, Refused, RuleViolation, WrongState
from clearway.identity.model import Role
from clearway.ledger import tables as ledger_tables
from clearway.ledger.database import open_writer
from clearway.terms.places import Country
from clearway.terms.quantity import kilograms
from tests.certificates.conftest import line
from tests.certificates.issuing.desk import (
    CERTIFIER,
    INSPECTOR,
    OTHER,
    PROJECTIONS,
    TRADER,
    US,
    WORKER,
    Bureau,
    officer,
    passed,
)

# One who may do everything that officers may: only the second person stops this one.
EVERYBODY = officer("omni", Role.CERTIFYING_OFFICER, Role.PLANT_HEALTH_INSPECTOR)
OFFICERS = st.sampled_from([CERTIFIER, OTHER, EVERYBODY])
NO = (NotFound, Refused, RuleViolation, WrongState)
PLACE = st.integers(0, 3)


class Life(RuleBasedStateMachine):
    """Applications of one exporter, and whoever wants to do whatever with them."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.engine = open_writer(Path(self.folder.name) / "node.db")
        ledger_tables.METADATA.create_all(self.engine)
        self.bureau = Bureau(self.engine)
        self.numbers: list[str] = []
        self.stages: dict[str, Stage] = {}
        self.issued: dict[str, tuple[Any, bytes]] = {}
        self.made: Issue | None = None

    def teardown(self) -> None:
        self.same_tables_from_the_facts()
        self.engine.dispose()
        self.folder.cleanup()

    def pick(self, place: int) -> str:
        return self.numbers[place % len(self.numbers)]

    def key(self, place: int) -> Key:
        numbers = sorted(self.issued)
        key = self.bureau.held(numbers[place % len(numbers)]).key
        assert key is not None
        return key

    def attempt(self, who: Any, action: Any, *given: Any, **named: Any) -> None:
        with contextlib.suppress(*NO):
            self.bureau.act(who, action, *given, **named)

    @precondition(lambda self: len(self.numbers) < 4)
    @rule(who=st.sampled_from([TRADER, CERTIFIER, EVERYBODY]))
    def apply(self, who: Any) -> None:
        self.numbers.append(self.bureau.apply(who=who))

    @precondition(lambda self: self.numbers and len(self.numbers) > len(self.issued))
    @rule(place=PLACE, who=st.sampled_from([INSPECTOR, CERTIFIER, EVERYBODY]), good=st.booleans())
    def examine(self, place: int, who: Any, good: bool) -> None:
        self.attempt(who, record_result, self.pick(place), passed(conforms=good))

    @precondition(lambda self: self.numbers)
    @rule(place=PLACE, who=st.sampled_from([TRADER, EVERYBODY]), mass=st.integers(1, 3))
    def mend(self, place: int, who: Any, mass: int) -> None:
        goods = (line(1, net_mass=kilograms(mass), treatments=()),)
        held = self.bureau.held(self.pick(place)).request
        content = dataclasses.replace(held.content, lines=goods)
        self.attempt(who, amend, self.pick(place), dataclasses.replace(held, content=content), US)

    @precondition(lambda self: self.numbers)
    @rule(place=PLACE, who=OFFICERS, action=st.sampled_from([send_back, cancel, refuse]))
    def stop(self, place: int, who: Any, action: Any) -> None:
        self.attempt(who, action, self.pick(place), "for a reason")

    @precondition(lambda self: self.numbers)
    @rule(place=PLACE, who=st.sampled_from([CERTIFIER, OTHER, EVERYBODY, INSPECTOR, TRADER]))
    def approve(self, place: int, who: Any) -> None:
        self.attempt(who, approve, self.pick(place))

    @precondition(lambda self: self.numbers)
    @rule(place=PLACE, who=st.sampled_from([CERTIFIER, OTHER, EVERYBODY, TRADER]))
    def issue(self, place: int, who: Any) -> None:
        with contextlib.suppress(*NO):
            self.made = self.bureau.prepare(self.pick(place))
        if self.made is not None:
            self.attempt(who, issue, self.pick(place), self.made)

    @precondition(lambda self: len(self.numbers) < 4)
    @rule()
    def bring_one_to_issue(self) -> None:
        """So that the machine spends its steps on what comes after, too."""
        number = self.bureau.apply()
        self.numbers.append(number)
        self.bureau.act(INSPECTOR, record_result, number, passed())
        self.bureau.act(CERTIFIER, approve, number)
        self.bureau.act(OTHER, issue, number, self.bureau.prepare(number))

    @precondition(lambda self: len(self.numbers) < 4 and self.issued)
    @rule(place=PLACE)
    def replace(self, place: int) -> None:
        held = self.bureau.held(self.pick(place))
        if held.issued is not None:
            wanted = replacement(held.issued, "mended", profile_of("851"))
            wanted = dataclasses.replace(wanted, party=held.party)
            with contextlib.suppress(*NO):
                self.numbers.append(self.bureau.apply(wanted))

    @precondition(lambda self: self.issued)
    @rule(place=PLACE, hub=st.sampled_from(["1", "2"]))
    def send(self, place: int, hub: str) -> None:
        self.attempt(WORKER, dispatch, self.key(place), "hub", hub_number=hub)

    @precondition(lambda self: self.issued)
    @rule(place=PLACE, what=st.sampled_from(Delivery))
    def tell(self, place: int, what: Delivery) -> None:
        self.attempt(WORKER, report_delivery, self.key(place), what)

    @precondition(lambda self: self.issued)
    @rule(place=PLACE, mass=st.integers(0, 1200), reference=st.sampled_from("AB"))
    def use(self, place: int, mass: int, reference: str) -> None:
        self.attempt(WORKER, report_use, self.key(place), 1, kilograms(mass), reference)

    @precondition(lambda self: self.issued)
    @rule(place=PLACE)
    def turn_down(self, place: int) -> None:
        self.attempt(WORKER, reject, self.key(place), Country("NL"), "no")

    @precondition(lambda self: self.issued)
    @rule(place=PLACE, who=OFFICERS)
    def take_back(self, place: int, who: Any) -> None:
        self.attempt(who, withdraw_issued, self.key(place), "for a reason")

    @precondition(lambda self: self.issued)
    @rule(days=st.integers(1, 200))
    def wait(self, days: int) -> None:
        self.bureau.later(days=days)
        self.bureau.act(WORKER, expire)

    @invariant()
    def every_step_was_one_that_may_follow(self) -> None:
        for number in self.numbers:
            held = self.bureau.held(number)
            walked(held)
            second_person(held)
            assert course.state(held.stage, held.delivery, used=bool(held.used)) in course.STATES

    @invariant()
    def what_is_issued_stays_as_it_was(self) -> None:
        for number in self.numbers:
            held = self.bureau.held(number)
            if held.issued is None:
                assert number not in self.issued
                continue
            now = (held.issued, self.bureau.ask(tables.get_documents, held).document)
            assert self.issued.setdefault(number, now) == now

    @invariant()
    def numbers_run_without_gap_or_double(self) -> None:
        keys = [self.bureau.held(number).key for number in self.numbers]
        given = [key.number for key in keys if key is not None]
        by_year: dict[str, list[int]] = {}
        for one in given:
            series, _, running = one.rpartition("-")
            by_year.setdefault(series, []).append(int(running))
        for running_numbers in by_year.values():
            assert sorted(running_numbers) == list(range(1, len(running_numbers) + 1))

    def same_tables_from_the_facts(self) -> None:
        with self.engine.begin() as connection:
            before = content(connection)
            for table in tables.TABLES:
                connection.execute(table.delete())
            for fact in self.bureau.seen:
                for project in PROJECTIONS.get(fact.type, ()):
                    project(connection, fact)
            assert content(connection) == before


def content(connection: Any) -> dict[str, list[Any]]:
    return {
        table.name: sorted(map(tuple, connection.execute(select(table))), key=repr)
        for table in tables.TABLES
    }


def walked(held: Application) -> None:
    """Follow the history by the table of the course alone; it must end where the row stands."""
    stage = Stage.APPLIED
    assert held.history[0].step is Step.APPLY
    for done in held.history[1:]:
        assert course.can(done.step, stage), (done.step, stage)
        if done.step is Step.REPORT_USE and stage in (Stage.ISSUED, Stage.EXHAUSTED):
            # What is left decides; the next step, or the end, shows which of the two it was.
            continue
        stage = course.TO.get(done.step, stage)
    used = {Stage.ISSUED, Stage.EXHAUSTED}
    assert held.stage is stage or {held.stage, stage} == used
    assert (held.issued is None) == (Step.ISSUE not in {done.step for done in held.history})


def second_person(held: Application) -> None:
    """Nobody who prepared or examined has approved or issued."""
    before = set(held.doers(Step.APPLY, Step.AMEND, Step.RECORD_RESULT))
    assert before.isdisjoint(held.doers(Step.APPROVE, Step.ISSUE))


Life.TestCase.settings = settings(
    max_examples=15,
    stateful_step_count=40,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    deadline=None,
    # A failing run names its steps; making it shorter would take minutes.
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
test_no_sequence_of_steps_leads_where_it_must_not = Life.TestCase


@pytest.mark.parametrize("stage", Stage)
def test_what_has_ended_never_comes_to_life_again(stage: Stage) -> None:
    ended = {Stage.CANCELLED, Stage.REFUSED, Stage.WITHDRAWN, Stage.REPLACED, Stage.EXPIRED}
    leads = {course.TO.get(step, stage) for step in course.steps_from(stage)}
    if stage in ended:
        assert leads <= {stage}
    else:
        assert leads - {stage}, "there is a way on"


def test_nothing_is_issued_but_what_was_approved() -> None:
    assert course.FROM[Step.ISSUE] == {Stage.APPROVED}
    assert [step for step, to in course.TO.items() if to is Stage.ISSUED] == [Step.ISSUE]
    assert [step for step, to in course.TO.items() if to is Stage.APPROVED] == [Step.APPROVE]


@pytest.mark.parametrize("now", Delivery)
def test_a_report_never_leads_back_to_nothing_sent(now: Delivery) -> None:
    assert course.DELIVERIES[now].isdisjoint({Delivery.NONE, Delivery.DUE})
