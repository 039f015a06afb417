"""The figures of a replayed day, each computed from the run itself and from its truth.

| figure | how |
|---|---|
| fraud | examined by customs and found; precision over what customs examined, recall over all |
| certificates | flawed ones with which matching or an examination found fault, over all flawed |
| alarms | see `alarms` |
| tasks | as the border lists them when the day is over |
| life saved | `counterfactual` |
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from statistics import median

from clearway.simulator.alarms import Alarms, judge
from clearway.simulator.counterfactual import Counterfactual, compare
from clearway.simulator.day import Day
from clearway.simulator.diary import Diary, Knock, TaskSeen
from clearway.simulator.enrolled import Sent
from clearway.simulator.mail import Kind
from clearway.simulator.schemes import MODE_NAMES
from clearway.simulator.truth import UNFIT, Truth

SEAL = "seal"
_HOUR = timedelta(hours=1)
_FRAUD = frozenset(MODE_NAMES) - {""}


@dataclass(frozen=True, slots=True)
class Caught:
    """How many of what was there was found.

    Args:
        present: in truth.
        found: of those.
        looked_at: where somebody looked.
    """

    present: int
    found: int
    looked_at: int

    @property
    def precision(self) -> float:
        """Share of what was looked at that was found wanting; 0 when nobody looked."""
        return self.found / self.looked_at if self.looked_at else 0.0

    @property
    def recall(self) -> float:
        """Share of what was there that was found; 1 when nothing was there."""
        return self.found / self.present if self.present else 1.0


@dataclass(frozen=True, slots=True)
class Tasks:
    """What alarms asked, and what came of it.

    Args:
        opened: all; `taken`: by somebody; `passed_on`: to the next who can act, at least once.
        done: ended with an outcome, by `outcomes`; `void`: needless before anybody took them.
        waiting: neither done nor void.
        median_taken_h: from opening to taking, hours; None: none was taken.
    """

    opened: int
    taken: int
    passed_on: int
    done: int
    void: int
    waiting: int
    outcomes: Mapping[str, int]
    median_taken_h: float | None


@dataclass(frozen=True, slots=True)
class Seals:
    """Containers whose seals asked customs to look.

    Args:
        asked: containers; `examined`: those that were looked into.
        fraud: containers behind whose seals an examination found fraud.
    """

    asked: int
    examined: int
    fraud: int


@dataclass(frozen=True, slots=True)
class DaySummary:
    """What the day came to.

    Args:
        messages: delivered, by kind.
        lodged: declarations accepted; `rejected`: refused; `repeated`: sent twice and answered
            alike; `conflicts`: other content under a key or number.
        released_by_channel: of risk.
        not_released: declarations that were accepted and not released when the day ended.
        examined: examinations that ended; `waiting`: that had not begun.
        fraud: declarations that cheat, as customs found them.
        fraud_by_mode: present and found, by mode.
        revenue_found, revenue_hidden: extra revenue found, and in truth present; local currency.
        certificates: flawed certificates.
        spoilt_found: examinations that found goods spoilt.
        alarms: of the cold chain.
        posted: readings over HTTP, by content type; `sent`: what enrolled devices sent by MQTT.
        events: of EPCIS, captured.
        tasks: that alarms opened; `seals`: those about seals.
        counterfactual: what order and alarms were worth.
        receipts: issued.
        median_ms, p99_ms: real time of an answer to a declaration.
    """

    messages: Mapping[str, int]
    lodged: int
    rejected: int
    repeated: int
    conflicts: int
    released_by_channel: Mapping[str, int]
    not_released: int
    examined: int
    waiting: int
    fraud: Caught
    fraud_by_mode: Mapping[str, tuple[int, int]]
    revenue_found: Decimal
    revenue_hidden: Decimal
    certificates: Caught
    spoilt_found: int
    alarms: Alarms
    posted: Mapping[str, int]
    sent: Sent
    events: int
    tasks: Tasks
    seals: Seals
    counterfactual: Counterfactual
    receipts: int
    median_ms: float
    p99_ms: float


def summarise(day: Day, diary: Diary) -> DaySummary:
    """Return the figures of one run."""
    truth = day.truth
    declared = [knock for knock in diary.knocks if knock.kind is Kind.DECLARATION]
    first, repeats = _apart(declared)
    channels = Counter(
        one.channel or "none" for one in diary.outcomes.values() if one.released_at is not None
    )
    found = _frauds_found(diary)
    times = sorted(knock.took_s * 1000 for knock in first) or [0.0]
    return DaySummary(
        messages=Counter(knock.kind.value for knock in diary.knocks),
        lodged=sum(knock.is_accepted for knock in first),
        rejected=sum(not knock.is_accepted and knock.status != 409 for knock in first),
        repeated=sum(knock.is_accepted for knock in repeats),
        conflicts=sum(knock.status == 409 for knock in diary.knocks),
        released_by_channel=channels,
        not_released=len(diary.mrns) - sum(channels.values()),
        examined=len(diary.inspections),
        waiting=diary.waiting_at_end,
        fraud=_fraud(truth, diary, found),
        fraud_by_mode=_by_mode(truth, found),
        revenue_found=sum((one.extra_revenue for one in diary.inspections), Decimal(0)),
        revenue_hidden=_hidden(truth),
        certificates=_certificates(truth, diary),
        spoilt_found=sum(
            any(each.kind == UNFIT for each in one.discoveries) for one in diary.inspections
        ),
        alarms=judge(truth, diary),
        posted=diary.posted,
        sent=diary.sent,
        events=diary.events,
        tasks=_tasks(diary.tasks),
        seals=_seals(diary),
        counterfactual=compare(diary, truth),
        receipts=diary.receipts,
        median_ms=median(times),
        p99_ms=times[min(int(0.99 * len(times)), len(times) - 1)],
    )


def _tasks(seen: Collection[TaskSeen]) -> Tasks:
    taken = [(one.taken_at - one.opened_at) / _HOUR for one in seen if one.taken_at is not None]
    states = Counter(one.state for one in seen)
    return Tasks(
        opened=len(seen),
        taken=len(taken),
        passed_on=sum(one.passed_on > 0 for one in seen),
        done=states["done"],
        void=states["void"],
        waiting=states["open"] + states["taken"],
        outcomes=Counter(one.outcome for one in seen if one.outcome),
        median_taken_h=median(taken) if taken else None,
    )


def _seals(diary: Diary) -> Seals:
    mine = [one for one in diary.tasks if one.cause == SEAL]
    examined = {one.container for one in mine if one.outcome == "examined"}
    guilty = {
        box.number
        for one in diary.inspections
        if any(each.kind in _FRAUD for each in one.discoveries)
        for box in diary.truth.consignments[one.lrn].boxes
    }
    asked = {one.container for one in mine}
    return Seals(len(asked), len(examined), len(asked & guilty))


def _apart(declared: Iterable[Knock]) -> tuple[list[Knock], list[Knock]]:
    """Return the first knock under each key, and all later ones."""
    seen: set[str] = set()
    first: list[Knock] = []
    repeats: list[Knock] = []
    for knock in declared:
        (repeats if knock.key in seen else first).append(knock)
        seen.add(knock.key)
    return first, repeats


def _frauds_found(diary: Diary) -> dict[str, set[int]]:
    """Return the items on which customs found fraud, by local reference."""
    found: dict[str, set[int]] = {}
    for one in diary.inspections:
        for each in one.discoveries:
            if each.kind in _FRAUD and each.item is not None:
                found.setdefault(one.lrn, set()).add(each.item)
    return found


def _fraud(truth: Truth, diary: Diary, found: Mapping[str, set[int]]) -> Caught:
    lodged = [truth.consignments[lrn] for lrn in diary.mrns]
    looked_at = sum("customs" in one.agencies for one in diary.inspections)
    return Caught(sum(each.is_illicit for each in lodged), len(found), looked_at)


def _by_mode(truth: Truth, found: Mapping[str, set[int]]) -> dict[str, tuple[int, int]]:
    present: Counter[str] = Counter()
    caught: Counter[str] = Counter()
    for lrn, consignment in truth.consignments.items():
        for line in consignment.lines:
            if line.mode:
                present[line.mode] += 1
                caught[line.mode] += line.number in found.get(lrn, ())
    return {mode: (present[mode], caught[mode]) for mode in sorted(present)}


def _hidden(truth: Truth) -> Decimal:
    lines = (line for each in truth.consignments.values() for line in each.lines)
    return sum((Decimal(str(line.extra_revenue)) for line in lines), Decimal(0))


def _certificates(truth: Truth, diary: Diary) -> Caught:
    """Return flawed certificates that the border found fault with, by matching or by looking."""
    faulted = {
        (lrn, number) for lrn, outcome in diary.outcomes.items() for number in outcome.papers
    }
    examined = {
        one.lrn
        for one in diary.inspections
        if any(each.kind == "certificate" for each in one.discoveries)
    }
    flawed = {lrn: paper for lrn, paper in truth.papers.items() if paper.flaw and lrn in diary.mrns}
    found = [
        lrn for lrn, paper in flawed.items() if lrn in examined or (lrn, paper.number) in faulted
    ]
    looked_at = {lrn for lrn, _ in faulted} | examined
    return Caught(len(flawed), len(found), len(looked_at))
