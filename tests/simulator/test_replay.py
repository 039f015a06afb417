"""A day against a real node, through its doors: all is answered as it should be, and adds up."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest

from clearway.api.app import build_api
from clearway.cli.world import admit
from clearway.errors import Refused
from clearway.node.clock import SteppedClock, seeded_entropy
from clearway.node.node import Node, create
from clearway.settings import Settings
from clearway.simulator.day import Day, simulate
from clearway.simulator.diary import Diary
from clearway.simulator.mail import Kind
from clearway.simulator.replay import Pace, Progress, replay
from clearway.simulator.summary import DaySummary, summarise
from clearway.simulator.world import World

from .conftest import WHEN

HOUR = timedelta(hours=1)
CONSIGNMENTS = 40


@dataclass
class Played:
    """A day, what was written down of it, and how the clock moved."""

    day: Day
    diary: Diary
    clock: list[datetime]
    shown: list[Progress]

    @property
    def summary(self) -> DaySummary:
        return summarise(self.day, self.diary)


def play(day: Day, folder: Path, pace: Pace) -> Played:
    entropy = seeded_entropy(1)
    settings = replace(Settings(), data_directory=folder / "node", red_per_day=12)
    create(settings, entropy)
    clock = SteppedClock(day.events[0].at)
    moved: list[datetime] = []
    shown: list[Progress] = []

    def move(instant: datetime) -> None:
        moved.append(instant)
        clock.move_to(instant)

    async def go(node: Node, tokens: dict[str, str]) -> Diary:
        transport = httpx.ASGITransport(build_api(node))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
            return await replay(day, http, tokens, set_clock=move, pace=pace, tell=shown.append)

    with Node.open(settings, clock=clock, entropy=entropy) as node:
        diary = asyncio.run(go(node, admit(node, day)))
    return Played(day, diary, moved, shown)


@pytest.fixture(scope="module")
def played(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    day = simulate(world, WHEN, CONSIGNMENTS, send_every=6)
    yield play(day, tmp_path_factory.mktemp("played"), Pace(tick=timedelta(minutes=15)))


def test_everything_is_accepted_but_what_is_meant_to_fail(played):
    truth = played.day.truth
    for knock in played.diary.knocks:
        if knock.key in truth.meant_to_fail:
            assert knock.status in (400, 422), knock
        elif knock.key in truth.forged_keys:
            assert knock.status in (201, 409), knock
        elif knock.kind is not Kind.CERTIFICATE:
            assert knock.is_accepted, knock
    assert set(played.diary.mrns) == set(truth.consignments)


def test_a_repeat_is_answered_alike_and_a_forgery_is_an_alarm(played):
    summary = played.summary
    assert (summary.lodged, summary.rejected, summary.repeated) == (CONSIGNMENTS, 3, 2)
    assert summary.conflicts >= 1
    (forged,) = played.day.truth.forged_keys
    codes = [knock.code for knock in played.diary.knocks if knock.key == forged]
    assert codes == ["", "conflicting_key"]


def test_the_clock_only_moves_forward_and_no_message_comes_before_its_instant(played):
    assert played.clock == sorted(set(played.clock))
    assert played.clock[0] >= played.day.events[0].at


def test_every_declaration_ends_somewhere_and_most_are_released(played):
    states = Counter(outcome.state for outcome in played.diary.outcomes.values())
    assert sum(states.values()) == CONSIGNMENTS
    assert states["released"] > CONSIGNMENTS / 2
    assert set(states) <= {"released", "held", "refused", "ready", "waiting"}


def test_every_decision_has_a_receipt(played):
    assert all(outcome.has_receipt for outcome in played.diary.outcomes.values())
    assert played.summary.receipts > CONSIGNMENTS


def test_bays_and_desks_are_never_overbooked_and_nothing_begins_before_it_is_seen(played):
    diary = played.diary
    assert diary.inspections
    for scope, most in (("goods", diary.bays), ("documents", diary.desks)):
        mine = [one for one in diary.inspections if one.scope == scope]
        for one in mine:
            assert one.seen_at <= one.started_at <= one.ended_at
            at_once = [each for each in mine if each.started_at <= one.started_at < each.ended_at]
            assert len(at_once) <= most


def test_what_officers_report_is_what_the_truth_holds(played):
    truth = played.day.truth
    for one in played.diary.inspections:
        modes = {line.mode for line in truth.consignments[one.lrn].lines} - {""}
        frauds = {found.kind for found in one.discoveries if found.item} - {
            "quarantine_pest", "unfit_for_consumption",
        }  # fmt: skip
        assert frauds <= modes
        assert (one.extra_revenue > 0) <= bool(modes)


def test_the_figures_add_up(played):
    summary, diary = played.summary, played.diary
    released = sum(summary.released_by_channel.values())
    assert released + summary.not_released == summary.lodged
    assert summary.examined == len(diary.inspections)
    assert 0 <= summary.fraud.found <= summary.fraud.present
    assert 0 <= summary.certificates.found <= summary.certificates.present
    alarms = summary.alarms
    assert alarms.true + alarms.false + alarms.about_loggers == alarms.raised == len(diary.alarms)
    assert summary.revenue_found <= summary.revenue_hidden
    assert played.shown[-1].delivered == played.shown[-1].total


def test_repairs_follow_tasks_and_only_where_something_was_wrong(played):
    for container, at in played.diary.repairs.items():
        assert played.day.truth.mishap(container) is not None
        tasks = [task for task in played.diary.tasks if task.container == container]
        assert any(task.taken_at and task.opened_at <= task.taken_at <= at for task in tasks)


def test_crews_answer_what_they_are_asked_and_the_tasks_add_up(played):
    tasks, seen = played.summary.tasks, played.diary.tasks
    assert tasks.opened == len(seen) == tasks.done + tasks.void + tasks.waiting
    assert 0 < tasks.taken <= tasks.opened
    assert tasks.done == sum(tasks.outcomes.values())
    asked = {"trader:carrier", "trader:terminal", "officer:customs-bay", "officer:food-safety-bay"}
    assert {task.taken_by for task in seen} <= asked | {""}


def test_a_seal_opened_on_the_way_is_a_task_of_customs_and_ends(played):
    seals = [task for task in played.diary.tasks if task.cause == "seal"]
    opened = {event.subject for event in played.day.events if event.key.startswith("eseal:")}
    assert opened <= {task.container for task in seals}
    assert {task.state for task in seals if task.container in opened} == {"done"}
    assert played.summary.events > 1


def test_with_one_message_at_a_time_a_day_plays_the_same_again(world, tmp_path):
    day = simulate(world, WHEN, 10, send_every=12)
    pace = Pace(tick=HOUR, at_once=1)
    first, second = (play(day, tmp_path / name, pace).diary for name in ("a", "b"))
    assert first.mrns == second.mrns
    assert first.inspections == second.inspections
    assert first.alarms == second.alarms
    assert first.outcomes == second.outcomes
    assert first.tasks == second.tasks


def test_an_account_without_rights_stops_the_replay_with_its_reason(world, tmp_path):
    day = simulate(world, WHEN, 3)
    accounts = tuple(one for one in day.accounts if one.id != "customs-bay")
    carrier = next(one for one in day.accounts if one.id == "carrier")
    stranger = replace(carrier, id="customs-bay", party="XA90000009", represents=frozenset())
    with pytest.raises(Refused, match="did not show the queue"):
        play(replace(day, accounts=(*accounts, stranger)), tmp_path, Pace(tick=HOUR))
