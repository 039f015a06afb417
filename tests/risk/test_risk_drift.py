"""The bench of new schemes: what a policy knows, and that its figures can be bad."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
import pytest

from clearway.cli.bench import risk_drift, risk_drift_loop
from clearway.cli.bench.risk_drift_loop import Arm, Stage, Walk, walk
from clearway.cli.bench.risk_drift_memory import Memory, coded
from clearway.risk.columns import columns_of
from clearway.risk.features import NAMES
from clearway.risk.formats import history
from clearway.risk.replay import replay
from clearway.simulator.scale import NATION
from clearway.simulator.years import years

FOREVER = 1 << 62
SMALL = replace(NATION, importers=200, brokers=20, schemes_a_year=60)


@pytest.fixture(scope="module")
def stage() -> Stage:
    return risk_drift.staged(5, 3_000, SMALL)[0]


def test_features_day_by_day_are_those_of_the_replay() -> None:
    frame = years(3, 900, scale=SMALL, begin=date(2023, 6, 1)).frame
    day = pl.col("accepted_at").dt.date()
    frame = history.conform(frame.unique(day, keep="first", maintain_order=True))
    # Results that come at midnight: within a day nothing is learnt.
    known = pl.col("known_at").dt.truncate("1d") + pl.duration(days=1)
    frame = frame.with_columns(known_at=known)
    columns = columns_of(frame, FOREVER)
    memory, seen = Memory(coded(columns)), []
    results = columns.results
    for row, at in enumerate(columns.declared.day.tolist()):
        before = columns.declared.day[row - 1] if row else -1
        for on in range(int(before) + 1 if row else at - 5, at + 1):
            due = results.day == on
            if due.any():
                rows, found = results.row[due], results.found[due] == 1
                memory.learn(rows, found, results.revenue[due], on)
        seen.append(memory.features(row, row + 1)[0])
        memory.count(row, row + 1)
    wanted = replay(frame, FOREVER).matrix
    recent = np.array(["recent" in name for name in NAMES])
    made = np.array(seen)
    np.testing.assert_array_equal(made[:, ~recent], wanted[:, ~recent])
    assert frame.height > 300 and np.nanmax(wanted[:, NAMES.index("border_rate")]) > 0


@pytest.fixture(scope="module")
def walked(stage: Stage) -> Walk:
    return walk(stage, Arm("a", explored=0.3, drawn=0.1, retrain_days=400))


def test_no_day_has_more_examinations_than_its_capacity(stage: Stage, walked: Walk) -> None:
    for day in np.unique(stage.day):
        rows = stage.day == day
        most = max(1, round(int(rows.sum()) * stage.capacity)) if day >= stage.starts else 0
        assert walked.chosen[rows].sum() == most


def test_what_would_be_found_elsewhere_changes_no_choice(stage: Stage) -> None:
    arm = Arm("a", retrain_days=400)
    before = walk(stage, arm)
    # Results of what it never looked at are turned round: it must not notice.
    looked = before.chosen | (stage.warm & (stage.day < stage.starts))
    turned = replace(stage, illicit=np.where(looked, stage.illicit, ~stage.illicit))
    np.testing.assert_array_equal(walk(turned, arm).chosen, before.chosen)
    # Negative control: who sees everything does notice.
    everything = walk(turned, replace(arm, sees_all=True))
    assert (everything.chosen != before.chosen).any()


def test_a_result_is_not_learnt_before_it_is_known(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    early: list[int] = []

    class Watched(Memory):
        def learn(self, rows, found, revenue, day):  # type: ignore[no-untyped-def]
            early.extend((stage.known[rows] > day).tolist())
            super().learn(rows, found, revenue, day)

    monkeypatch.setattr(risk_drift_loop, "Memory", Watched)
    walk(stage, Arm("a", retrain_days=400))
    assert early and not any(early)
    assert (stage.known > stage.day).all()


def test_exploring_spends_the_share_that_was_asked_for(walked: Walk) -> None:
    # On days of one place nothing can be shared out but the place itself.
    share = walked.explored.sum() / walked.chosen.sum()
    assert share == pytest.approx(0.38, abs=0.07)
    assert not (walked.explored & ~walked.chosen).any()


def test_the_report_sees_that_a_static_policy_is_bad() -> None:
    tried = risk_drift.try_on(
        5, is_unseen=False, quick=True, arms=(replace(risk_drift.ARMS[2], retrain_days=120),
                                              risk_drift.ARMS[3])
    )  # fmt: skip
    rows = tried.after(30, 180)
    assert tried.precision("static", rows) < 0.8 * tried.precision("informed", rows)
    assert tried.recall("static", rows) < tried.recall("informed", rows)
