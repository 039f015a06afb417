"""The node looks after its models: trains elsewhere, survives what befalls it, swaps and tells."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from clearway.clearance.facts import Examined
from clearway.clearance.model import Conformity, Discrepancy
from clearway.coldchain.archive import SERIES
from clearway.connectors.notices.actions.set_address import set_address
from clearway.connectors.notices.facts import NoticePosted
from clearway.connectors.notices.model import Address, Channel
from clearway.declarations.facts import Accepted
from clearway.declarations.message import Form
from clearway.errors import NotFound, Refused
from clearway.identity.model import Actor, ActorKind, Role
from clearway.lake.writer import LakeWriter
from clearway.ledger import tables as ledger
from clearway.ledger.database import open_writer
from clearway.ledger.fact import decode
from clearway.node.clock import seeded_entropy
from clearway.node.node import Node, create
from clearway.node.rebuild import facts
from clearway.node.risk_job import Done, Job, Task
from clearway.node.risk_process import Process
from clearway.node.risk_watch import RiskWatch, promote
from clearway.risk import tables as risk
from clearway.risk.actions.activate_model import activate_model
from clearway.risk.facts import ModelActivated
from clearway.risk.formats import artefact
from clearway.risk.monitor import tables
from clearway.risk.monitor.contest import Judgement, Verdict
from clearway.risk.monitor.facts import (
    ChallengerJudged,
    ChallengerTrained,
    Drift,
    DriftNoticed,
    Moved,
    TrainingFailed,
)
from clearway.settings import Settings
from clearway.terms.identifiers import Lrn, Mrn
from clearway.terms.money import Currency, Money
from tests.risk.border import declaration
from tests.risk.world import BEGIN, history

ANALYST = Actor(ActorKind.OFFICER, "ines", "customs", frozenset({Role.RISK_ANALYST}))
OFFICER = Actor(ActorKind.OFFICER, "amina", "customs", frozenset({Role.CUSTOMS_OFFICER}))
OWNER = Actor(ActorKind.SYSTEM, "owner", "customs", frozenset({Role.ADMINISTRATOR, Role.WORKER}))
END = BEGIN + timedelta(days=365)
_MODELS = {ModelActivated.TYPE: risk.PROJECTIONS[ModelActivated.TYPE]}


@dataclass
class Clock:
    """Moves by hand, and a microsecond at each look."""

    now: datetime

    def __call__(self) -> datetime:
        self.now += timedelta(microseconds=1)
        return self.now


@dataclass
class Elsewhere:
    """Stands in for the process: answers as told, and remembers what it was asked."""

    answers: list[Done] = field(default_factory=list)
    asked: list[Job] = field(default_factory=list)

    def __call__(self, job: Job) -> Done:
        self.asked.append(job)
        return self.answers.pop(0) if self.answers else Done()


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a lake of a year and one model, trained from it by the real process."""
    folder = tmp_path_factory.mktemp("watch")
    settings = _settings(folder)
    create(settings, seeded_entropy(1))
    clock = Clock(BEGIN)
    with Node.open(settings, clock=clock, entropy=seeded_entropy(2)) as node:
        _live_a_year(node, clock)
        with node.reading() as connection:
            LakeWriter(node.folder.lake, series=SERIES).copy(connection)
        clock.now = END
        watch = RiskWatch(node)
        assert watch.train(), _last(node, TrainingFailed.TYPE)
    return folder


def _settings(folder: Path) -> Settings:
    return replace(Settings(), data_directory=folder / "node", risk_watch_seconds=0)


def _live_a_year(node: Node, clock: Clock) -> None:
    """Accept and examine a year of declarations, recorded every five days."""
    frame = history(1_600, examined=1.0)
    cases = frame.partition_by("mrn", maintain_order=True)
    events: list[tuple[datetime, int, Any]] = []
    for part in cases:
        rows = part.to_dicts()
        events.append((rows[0]["accepted_at"], 0, rows))
        if rows[0]["examined"]:
            events.append((rows[0]["known_at"], 1, rows))
    events.sort(key=lambda each: each[:2])
    while events:
        until = clock.now + timedelta(days=5)
        now, events = (
            [each for each in events if each[0] < until],
            [each for each in events if each[0] >= until],
        )
        clock.now = until

        def record(act: Any, batch: list[Any] = now) -> None:
            for at, is_result, rows in batch:
                _state(act, Mrn.build(2025, "GH", rows[0]["mrn"][-13:]), rows, at, is_result)

        node.act(OWNER, record).result()


def _state(act: Any, mrn: Mrn, rows: list[Any], at: datetime, is_result: int) -> None:
    if not is_result:
        declared = replace(declaration(rows), lrn=Lrn(str(mrn)))
        body = Accepted(mrn, declared, str(mrn), (), Form.JSON, b"", b"")
        act.append(body, subject=f"declaration:{mrn}", occurred_at=at)
        return
    found = tuple(
        Discrepancy(
            "undervaluation",
            row["item"],
            "",
            Money(Decimal(f"{row['extra_revenue']:.2f}"), Currency("EUR")),
        )
        for row in rows
        if row["illicit"]
    )
    outcome = Conformity.NOT_CONFORM if found else Conformity.CONFORM
    examined = Examined(f"{mrn}-1", mrn, "customs", outcome, found, None, at, at, is_last=True)
    act.append(examined, subject=f"examination:{mrn}-1", occurred_at=at)


@pytest.fixture
def node(trained: Path, tmp_path: Path) -> Iterator[Node]:
    """The node of `trained`, copied, opened a day after its challenger was trained."""
    import shutil

    shutil.copytree(trained / "node", tmp_path / "node", copy_function=shutil.copy2)
    settings = _settings(tmp_path)
    with Node.open(
        settings, clock=Clock(END + timedelta(days=1)), entropy=seeded_entropy(3)
    ) as opened:
        yield opened


def _last(node: Node, type_: str) -> Any:
    with node.reading() as connection:
        events = tables.list_events(connection, type_, limit=1)
    return events[0].stated if events else None


def _model(node: Node) -> str:
    return str(_last(node, ChallengerTrained.TYPE).model)


def _advance(node: Node, **by: float) -> None:
    node.clock.now += timedelta(**by)  # type: ignore[attr-defined]


# The process


def test_a_model_is_trained_from_the_nodes_own_past_and_begins_as_challenger(node: Node) -> None:
    told = _last(node, ChallengerTrained.TYPE)
    card = artefact.load(node.folder.models / told.model).card
    assert card.labelled == told.labelled and card.labelled > 800
    assert card.cut_off == END
    with node.reading() as connection:
        assert risk.active_model(connection) is None
    assert node.rulebook.selectivity.scorer.model == ""


def test_the_challenger_scores_in_shadow_and_a_person_brings_it_into_use_without_a_restart(
    node: Node,
) -> None:
    model, watch = _model(node), RiskWatch(node, Elsewhere())
    watch.round()
    shadow = node.rulebook.selectivity.challenger
    assert shadow is not None and shadow.model == model
    assert node.rulebook.selectivity.scorer.model == ""
    with pytest.raises(Refused):
        node.act(OFFICER, lambda act: promote(act, node, model, "")).result()
    node.act(ANALYST, lambda act: promote(act, node, model, "Finds more.")).result()
    watch.round()
    assert node.rulebook.selectivity.scorer.model == model
    assert node.rulebook.selectivity.challenger is None


def test_an_activation_wakes_the_running_watch(node: Node) -> None:
    node.settings = replace(node.settings, risk_watch_seconds=3_600)
    with RiskWatch(node, Elsewhere()):
        node.act(ANALYST, lambda act: promote(act, node, _model(node), "")).result()
        until = time.monotonic() + 10
        while node.rulebook.selectivity.scorer.model == "" and time.monotonic() < until:
            time.sleep(0.02)
        assert node.rulebook.selectivity.scorer.model == _model(node)


def test_a_trainer_that_is_killed_is_told_and_the_champion_stays(node: Node) -> None:
    model = _model(node)
    node.act(ANALYST, lambda act: promote(act, node, model, "")).result()
    watch = RiskWatch(node)
    watch.take_over(model, None)
    before = node.rulebook.selectivity.scorer
    models = sorted(path.name for path in node.folder.models.iterdir())
    killer = threading.Thread(target=_kill_soon, args=(watch.process,))
    killer.start()
    assert watch.train() == ""
    killer.join()
    failed = _last(node, TrainingFailed.TYPE)
    assert failed.code == "process_ended" and "signal 9" in failed.detail
    assert node.rulebook.selectivity.scorer is before
    assert sorted(path.name for path in node.folder.models.iterdir()) == models


def _kill_soon(process: Process) -> None:
    while process.pid is None:
        time.sleep(0.005)
    time.sleep(0.3)
    os.kill(process.pid, signal.SIGKILL)


def test_thin_history_is_told_by_a_process_of_the_lowest_priority(tmp_path: Path) -> None:
    process = Process()
    seen: list[int] = []
    watcher = threading.Thread(target=_see_priority, args=(process, seen))
    watcher.start()
    thin = process.run(Job(Task.TRAIN, str(tmp_path / "none"), str(tmp_path / "m"), "", END))
    watcher.join()
    assert thin.code == "rule_violation" and "too thin" in thin.detail
    assert max(seen) == 19


def test_a_trainer_is_handed_no_secret_of_the_node(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLEARWAY_MAIL_PASSWORD_FILE", "/secret/place")
    monkeypatch.setenv("PGPASSWORD", "of the store")
    process = Process()
    seen: list[bytes] = []
    watcher = threading.Thread(target=_see_environment, args=(process, seen))
    watcher.start()
    thin = process.run(Job(Task.TRAIN, str(tmp_path / "none"), str(tmp_path / "m"), "", END))
    watcher.join()
    assert "too thin" in thin.detail
    handed_on = b"".join(seen)
    assert b"OMP_NUM_THREADS=1" in handed_on
    assert b"secret" not in handed_on and b"of the store" not in handed_on


def _see_environment(process: Process, seen: list[bytes]) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and not any(b"OMP_NUM_THREADS" in one for one in seen):
        if process.pid is not None:
            try:
                seen[:] = [Path(f"/proc/{process.pid}/cmdline").read_bytes()]
                if b"risk_job" in seen[0]:  # before, it is still a copy of this process
                    seen[:] = [Path(f"/proc/{process.pid}/environ").read_bytes()]
            except (ProcessLookupError, FileNotFoundError):
                return
        time.sleep(0.005)


def _see_priority(process: Process, seen: list[int]) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and max(seen, default=0) < 19:
        if process.pid is not None:
            try:
                seen.append(os.getpriority(os.PRIO_PROCESS, process.pid))
            except ProcessLookupError:
                return
        time.sleep(0.005)


def test_a_disk_that_fails_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    job = Job(Task.TRAIN, str(tmp_path / "file"), str(tmp_path), "", END)
    failed = Process().run(job)
    assert failed.model == "" and failed.code in {"storage_failure", "try_later"}, failed


def test_a_process_ends_with_the_node_and_after_its_time(node: Node) -> None:
    job = Job(Task.TRAIN, str(node.folder.lake), str(node.folder.models), "", END)
    slow = Process(timeout_s=0.2)
    assert slow.run(job).code == "process_ended"
    stopped = Process()
    threading.Timer(0.2, stopped.stop).start()
    begun = time.monotonic()
    assert stopped.run(job).code == "process_ended"
    assert time.monotonic() - begun < 10
    assert stopped.run(job).code == "process_ended"


def test_a_model_that_was_changed_on_disk_never_begins(node: Node) -> None:
    folder = node.folder.models / _model(node)
    with (folder / "model.txt").open("a") as file:
        file.write("tampered")
    watch = RiskWatch(node, Elsewhere([Done(model=folder.name)]))
    watch.train()
    assert _last(node, TrainingFailed.TYPE).code == "verification_error"


# Rounds


def _drift(model: str, *names: str) -> DriftNoticed:
    moved = tuple(Moved(name, 0.6, 0.25) for name in names)
    return DriftNoticed(model, Drift.FEATURES, moved, END, END)


def _judgement(verdict: Verdict, look: int = 1) -> Judgement:
    return Judgement(look, 900, 90, 40, 0.2, 0.3, 0.1, 0.02, 0.2, 0.025, verdict)


def _with_champion(node: Node) -> tuple[str, str]:
    """Make the trained model the champion, and the same with another weight its challenger."""
    from clearway.risk.monitor.actions import record_challenger
    from clearway.risk.monitor.retraining import Because
    from clearway.risk.scoring import weighed

    champion = _model(node)
    made = artefact.load(node.folder.models / champion)
    other = next(mix.weight for mix in made.card.frontier if mix.weight != made.card.revenue_weight)
    sibling = weighed(made, other)
    artefact.save(sibling, node.folder.models)
    node.act(ANALYST, lambda act: activate_model(act, made.card)).result()
    node.act(OWNER, lambda act: record_challenger(act, sibling.card, Because.SCHEDULE)).result()
    return champion, sibling.card.id


def test_drift_is_recorded_once_and_brings_a_training(node: Node) -> None:
    champion, _ = _with_champion(node)
    elsewhere = Elsewhere()
    watch = RiskWatch(node, elsewhere)
    watch.round()
    assert elsewhere.asked == [], "a node that has just started is left alone"
    _advance(node, days=1)
    elsewhere.answers = [Done(drift=(_drift(champion, "importer_rate"),))]
    watch.round()
    assert [job.task for job in elsewhere.asked] == [Task.LOOK]
    noticed = _last(node, DriftNoticed.TYPE)
    assert noticed.moved[0].name == "importer_rate"
    _advance(node, days=1)
    elsewhere.answers = [Done(drift=(_drift(champion, "importer_rate"),))]
    watch.round()
    with node.reading() as connection:
        assert len(tables.list_events(connection, DriftNoticed.TYPE)) == 1
    _advance(node, days=7)
    elsewhere.asked.clear()
    watch.round()
    assert [job.task for job in elsewhere.asked] == [Task.LOOK, Task.TRAIN]


def test_whoever_gave_an_address_is_told_of_drift_and_of_a_failure(node: Node) -> None:
    champion, _ = _with_champion(node)
    address = Address("desk", Channel.WEBHOOK, "http://127.0.0.1/", "customs", "officer")
    node.act(OFFICER, lambda act: set_address(act, address)).result()
    watch = RiskWatch(node, Elsewhere())
    watch.round()
    _advance(node, days=1)
    watch._run_job = Elsewhere([Done(drift=(_drift(champion, "importer_rate"),))])
    watch.round()
    watch._run_job = Elsewhere([Done(code="rule_violation", detail="The history is too thin.")])
    watch.train()
    with node.reading() as connection:
        posted = [
            decode(fact.body, NoticePosted)
            for fact in facts(connection, 0)
            if fact.type == NoticePosted.TYPE
        ]
    assert [one.event for one in posted] == ["risk.drift_noticed", "risk.training_failed"]
    assert "importer_rate" in posted[0].text and "too thin" in posted[1].text


def test_a_failed_training_is_not_tried_again_at_once(node: Node) -> None:
    node.settings = replace(node.settings, risk_train_days=1)
    _with_champion(node)
    failing = Elsewhere([Done(code="rule_violation", detail="too thin")] * 9)
    watch = RiskWatch(node, failing)
    _advance(node, days=2)
    watch.round()
    watch.round()
    trains = [job for job in failing.asked if job.task is Task.TRAIN]
    assert len(trains) == 1
    _advance(node, hours=25)
    watch.round()
    assert len([job for job in failing.asked if job.task is Task.TRAIN]) == 2


def test_a_better_challenger_waits_for_a_person(node: Node) -> None:
    champion, challenger = _with_champion(node)
    elsewhere = Elsewhere()
    watch = RiskWatch(node, elsewhere)
    watch.round()
    _advance(node, days=8)
    elsewhere.answers = [Done(judgement=_judgement(Verdict.BETTER))]
    watch.round()
    assert elsewhere.asked[0].challenger == challenger and elsewhere.asked[0].look == 1
    judged = _last(node, ChallengerJudged.TYPE)
    assert (judged.challenger, judged.champion) == (challenger, champion)
    assert node.rulebook.selectivity.scorer.model == champion
    _advance(node, days=1)
    elsewhere.asked.clear()
    watch.round()
    assert elsewhere.asked[0].challenger == "", "one looks once a week, since each look costs"


def test_a_better_challenger_is_promoted_unasked_only_where_the_setting_says_so(
    node: Node,
) -> None:
    node.settings = replace(node.settings, risk_promote_unasked=True)
    _, challenger = _with_champion(node)
    watch = RiskWatch(node, Elsewhere())
    watch.round()
    _advance(node, days=8)
    watch._run_job = Elsewhere([Done(judgement=_judgement(Verdict.BETTER))])
    watch.round()
    watch.round()
    assert node.rulebook.selectivity.scorer.model == challenger
    with node.reading() as connection:
        active = risk.active_model(connection)
    assert active is not None and active.id == challenger and "unasked" in active.reason


def test_a_worse_challenger_leaves_and_one_can_go_back_to_a_former_model(node: Node) -> None:
    champion, challenger = _with_champion(node)
    watch = RiskWatch(node, Elsewhere())
    watch.round()
    _advance(node, days=8)
    watch._run_job = Elsewhere([Done(judgement=_judgement(Verdict.WORSE))])
    watch.round()
    watch.round()
    assert node.rulebook.selectivity.challenger is None
    node.act(ANALYST, lambda act: promote(act, node, challenger, "A trial.")).result()
    watch.round()
    assert node.rulebook.selectivity.scorer.model == challenger
    node.act(ANALYST, lambda act: promote(act, node, champion, "Back.")).result()
    watch.round()
    assert node.rulebook.selectivity.scorer.model == champion
    for wrong in ("lgb-0000000000000000", "../node", ""):
        with pytest.raises(NotFound):
            node.act(ANALYST, lambda act, name=wrong: promote(act, node, name, "")).result()


def test_a_pinned_model_is_left_alone(node: Node) -> None:
    node.settings = replace(node.settings, model_directory="somewhere")
    _with_champion(node)
    RiskWatch(node, Elsewhere()).round()
    assert node.rulebook.selectivity.scorer.model == ""


def test_replaying_the_facts_gives_the_same_table(node: Node, tmp_path: Path) -> None:
    _with_champion(node)
    scratch = open_writer(tmp_path / "scratch.db")
    ledger.METADATA.create_all(scratch)
    with node.reading() as connection, scratch.begin() as again:
        for fact in facts(connection, 0):
            for project in (tables.PROJECTIONS | _MODELS).get(fact.type, ()):
                project(again, fact)
        assert tables.list_events(again) == tables.list_events(connection) != ()
        assert tables.challenger(again) == tables.challenger(connection) is not None
        assert tables.standing(again) == tables.standing(connection)
    scratch.dispose()
