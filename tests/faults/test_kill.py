"""kill -9 in the middle of a load: nothing answered is lost, nothing is doubled."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from .conftest import Child, judge

KILLS = 20


@pytest.mark.slow
def test_kill_9_loses_and_doubles_nothing_that_was_answered(tmp_path: Path) -> None:
    """The same store is killed again and again; what was in flight is sent again each time."""
    database, chance = tmp_path / "node.db", random.Random(7)
    answered: list[int] = []
    for kill in range(KILLS):
        child = Child(database, len(answered), "FULL")
        # Every fourth dies while it opens the store that the one before left behind.
        opening = kill % 4 == 3
        child.listen(chance.uniform(0.02, 0.25), at_least=0 if opening else 1)
        child.kill()
        answered += child.numbers
        assert answered == list(range(len(answered))), "answers come in the order of one lane"
        verdict = judge(database, answered)
        assert verdict.holds, (kill, verdict)
        assert len(answered) <= verdict.size
    assert len(answered) > 50 * KILLS


@pytest.mark.slow
def test_the_control_that_answers_too_early_is_caught(tmp_path: Path) -> None:
    chance = random.Random(8)
    for turn in range(6):
        database = tmp_path / f"{turn}.db"
        child = Child(database, 0, "FULL", "early")
        child.listen(chance.uniform(0.02, 0.2))
        child.kill()
        if judge(database, child.numbers).lost:
            return
    raise AssertionError("answers before the commit were never lost: this test sees nothing")
