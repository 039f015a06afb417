"""Watches the risk model of a running node: drift, training, the challenger, and the swap.

A round, now and then (`risk_watch_seconds`), in a thread of its own:

1. `take_over`: the model that was activated last scores from now on, and the challenger beside it.
   Nothing is stopped for it; an activation wakes the thread, so it takes seconds.
2. Once a day a process looks for drift over the node's own past, and once a week at the challenger.
3. If training is due (`monitor.retraining`), a process trains; its model becomes the challenger.

Heavy work is done by `risk_process`, one job at a time, at the lowest priority, from the lake. What
fails is recorded and told; the model in use stays. A verdict promotes nothing: a person activates
(`promote`), unless the setting `risk_promote_unasked` says otherwise.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from clearway.errors import ClearwayError, MustStop, NotFound
from clearway.identity.model import Actor, ActorKind, Role
from clearway.ledger.fact import Fact
from clearway.node import risk_telling as telling
from clearway.node.node import Node
from clearway.node.risk_job import Done, Job, Task
from clearway.node.risk_process import Process
from clearway.policy.act import Act
from clearway.risk import tables as risk
from clearway.risk.actions.activate_model import activate_model
from clearway.risk.facts import ModelActivated
from clearway.risk.formats import artefact
from clearway.risk.monitor import actions, retraining, tables
from clearway.risk.monitor.contest import Verdict
from clearway.risk.monitor.facts import ChallengerJudged, ChallengerTrained, DriftNoticed
from clearway.risk.monitor.retraining import Because
from clearway.risk.scoring import Scorer

logger = structlog.get_logger()

LOOK_EVERY = timedelta(days=1)
JUDGE_EVERY = timedelta(days=7)

_SETTLING = timedelta(minutes=30)
_WORKER = Actor(ActorKind.SYSTEM, "risk-watch", "customs", frozenset({Role.WORKER}))
# Acts only where the setting lets it promote unasked.
_ANALYST = Actor(
    ActorKind.SYSTEM, "risk-watch", "customs", frozenset({Role.WORKER, Role.RISK_ANALYST})
)
_LANE = "risk-watch"
_WAKING = frozenset({ModelActivated.TYPE, ChallengerTrained.TYPE, ChallengerJudged.TYPE})


@dataclass(frozen=True, slots=True)
class _Now:
    """What the node's tables say of models at the beginning of a round."""

    at: datetime
    active: str
    active_since: datetime | None
    challenger: tables.Challenger | None
    standing: retraining.Standing


class RiskWatch:
    """Looks after the node's risk models; use as a context manager inside the open node.

    Args:
        run: does a job elsewhere and returns what came of it; for tests, another than a process.
    """

    def __init__(self, node: Node, run: Callable[[Job], Done] | None = None) -> None:
        self._node = node
        self.process = Process()
        self._run_job = run or self.process.run
        self._looked_at: datetime | None = None
        self._woken = threading.Event()
        self._ended = threading.Event()
        self._counts = dict.fromkeys(("looks", "drifts", "trained", "failed", "promoted"), 0)
        self._thread = threading.Thread(target=self._run, name="risk-watch", daemon=True)
        node.counted["risk_watch"] = lambda: dict(self._counts)
        node.on_commit(self._tell)

    def __enter__(self) -> RiskWatch:
        if self._node.settings.risk_watch_seconds > 0:
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._woken.set()
        self.process.stop()
        if self._thread.is_alive():
            self._thread.join()

    def round(self) -> None:
        """Do whatever is due; see above."""
        now = self._now()
        self.take_over(now.active, now.challenger)
        if self._looked_at is None:
            # Not at once: whoever starts a node has better use for its cores.
            self._looked_at = now.at - LOOK_EVERY + _SETTLING
        if now.active and now.at >= self._looked_at + LOOK_EVERY:
            self._looked_at = now.at
            self._look(now)
            now = self._now()
        because = retraining.due(now.at, self._node.settings.risk_train_days, now.standing)
        if because is not None and not self._ended.is_set():
            self.train(because)

    def train(self, because: Because = Because.ASKED) -> str:
        """Train a model as the challenger and return its id; "" when it failed, which is told."""
        now = self._node.clock()
        job = self._job(Task.TRAIN, now, seed=int(now.timestamp()) // 86_400)
        done = self._run_job(job)
        if self._ended.is_set():
            return ""  # the node stops; whoever starts it next trains anew
        if done.model:
            done = self._begin(done.model, because)
        if done.code:
            logger.error("risk_training_failed", code=done.code, detail=done.detail)
            self._counts["failed"] += 1
            self._act(lambda act: telling.record_failure(act, because, done.code, done.detail))
        return done.model

    def take_over(self, active: str, challenger: tables.Challenger | None) -> None:
        """Let the models that the facts name score from the next declaration on.

        They are read and verified here; only the exchange itself is done between two commits.
        """
        if self._node.settings.model_directory:
            return  # the operator has pinned one
        inside = self._node.rulebook.selectivity
        shadow = "" if challenger is None else challenger.model
        beside = "" if inside.challenger is None else inside.challenger.model
        changes: dict[str, Scorer | None] = {}
        if active and active != inside.scorer.model:
            changes["scorer"] = self._scorer(active)
        if shadow != beside:
            changes["challenger"] = self._scorer(shadow) if shadow else None
        if changes:
            self._act(lambda act: self._exchange(changes))
            logger.info("risk_models_taken_over", active=active, challenger=shadow)

    def _exchange(self, changes: dict[str, Scorer | None]) -> None:
        # In the writer's thread, as the exchange of rules is: neither undoes the other.
        book = self._node.rulebook
        selectivity = replace(book.selectivity, **changes)  # type: ignore[arg-type]
        self._node.rulebook = replace(book, selectivity=selectivity)

    def _look(self, now: _Now) -> None:
        challenger = now.challenger
        is_due = challenger is not None and now.at >= JUDGE_EVERY + (
            challenger.judged_at or challenger.since
        )
        job = self._job(Task.LOOK, now.at, active=now.active, active_since=now.active_since)
        if challenger is not None and is_due:
            job = replace(job, challenger=challenger.model, look=challenger.looks + 1)
        done = self._run_job(job)
        if self._ended.is_set():
            return
        self._counts["looks"] += 1
        if done.code:
            logger.error("risk_look_failed", code=done.code, detail=done.detail)
            return
        for noticed in done.drift:
            self._notice(noticed)
        if challenger is not None and done.judgement is not None:
            self._judge(challenger.model, now.active, done)

    def _notice(self, noticed: DriftNoticed) -> None:
        if self._act(lambda act: telling.notice_drift(act, noticed)) is not None:
            self._counts["drifts"] += 1
            names = [one.name for one in noticed.moved]
            logger.warning("risk_drift_noticed", what=noticed.what.value, moved=names)

    def _judge(self, challenger: str, champion: str, done: Done) -> None:
        judgement = done.judgement
        if judgement is None:
            return
        self._act(lambda act: telling.record_judgement(act, challenger, champion, judgement))
        logger.info("risk_challenger_judged", model=challenger, verdict=judgement.verdict.value)
        if judgement.verdict is Verdict.BETTER and self._node.settings.risk_promote_unasked:
            why = f"Better than {champion} by {judgement.gain:.4f} of its openings, unasked."
            self._act(lambda act: promote(act, self._node, challenger, why), _ANALYST)
            self._counts["promoted"] += 1

    def _begin(self, model: str, because: Because) -> Done:
        """Let a trained model begin as the challenger; it must be whole as it lies on disk."""
        try:
            card = artefact.load(self._node.folder.models / model).card
        except ClearwayError as error:
            return Done(code=error.code, detail=error.detail)
        self._act(lambda act: actions.record_challenger(act, card, because))
        self._counts["trained"] += 1
        return Done(model=model)

    def _scorer(self, model: str) -> Scorer:
        return artefact.load_scorer(self._node.folder.models / model)

    def _job(self, task: Task, now: datetime, **more: object) -> Job:
        folder = self._node.folder
        return Job(task, str(folder.lake), str(folder.models), "", now, **more)  # type: ignore[arg-type]

    def _now(self) -> _Now:
        with self._node.reading() as connection:
            active = risk.active_model(connection)
            return _Now(
                at=self._node.clock(),
                active="" if active is None else active.id,
                active_since=None if active is None else active.activated_at,
                challenger=tables.challenger(connection),
                standing=tables.standing(connection),
            )

    def _act(self, action: Callable[[Act], object], actor: Actor = _WORKER) -> object:
        return self._node.act(actor, action, lane=_LANE).result().result

    def _tell(self, facts: Sequence[Fact]) -> None:
        if any(fact.type in _WAKING for fact in facts):
            self._woken.set()

    def _run(self) -> None:
        while not self._ended.is_set():
            self._woken.clear()  # before the round: what is committed during it wakes the next
            try:
                self.round()
            except MustStop:
                return  # the node has told it
            except (ClearwayError, OSError) as error:
                logger.exception("risk_watch_failed", detail=str(error))
            self._woken.wait(self._node.settings.risk_watch_seconds)


def promote(act: Act, node: Node, model: str, reason: str) -> Fact:
    """Bring a model of this node into use, the challenger or a former one: a person's act.

    Raises:
        NotFound: the node has no such model.
        Refused, WrongState: see `activate_model`. VerificationError: it was changed.
    """
    is_name = re.fullmatch(r"[a-z]{3}-[0-9a-f]{16}", model) is not None
    if not is_name or not (node.folder.models / model).is_dir():
        raise NotFound(f"This node has no model {model}", model=model)
    return activate_model(act, artefact.load(node.folder.models / model).card, reason)
