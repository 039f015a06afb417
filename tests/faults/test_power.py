"""Power cuts on a real file system: nothing answered is lost with synchronous=FULL."""

from __future__ import annotations

import random

import pytest
from sqlalchemy.exc import DBAPIError

from clearway.errors import VerificationError

from .conftest import Child, Disk, Verdict, judge

CUTS = 6
CONTROL_CUTS = 5


def cut(disk: Disk, first: int, synchronous: str, chance: random.Random) -> list[int]:
    """Cut the power under a load; return the numbers that were answered before."""
    child = Child(disk.path / "node.db", first, synchronous)
    child.listen(chance.uniform(0.05, 0.4))
    disk.cut_power()
    child.drop()
    disk.power_up()
    return child.numbers


@pytest.mark.slow
def test_a_power_cut_loses_nothing_that_was_answered(disk: Disk) -> None:
    chance, answered = random.Random(3), list[int]()
    for turn in range(CUTS):
        answered += cut(disk, len(answered), "FULL", chance)
        verdict = judge(disk.path / "node.db", answered)
        assert verdict.holds, (turn, verdict)
    assert len(answered) > 20 * CUTS


@pytest.mark.slow
def test_the_control_without_synchronising_loses(disk: Disk) -> None:
    chance = random.Random(4)
    for _ in range(CONTROL_CUTS):
        answered = cut(disk, 0, "OFF", chance)
        try:
            verdict = judge(disk.path / "node.db", answered)
        except (DBAPIError, VerificationError) as error:
            verdict = Verdict(0, faults=[str(error)])
        if not verdict.holds:
            return
        disk.format()
    raise AssertionError("synchronous=OFF never lost anything: these cuts are none")
