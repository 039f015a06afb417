"""One simulated day, shared by the tests that only look at it."""

from datetime import date

import pytest

from clearway.simulator.day import Day, simulate
from clearway.simulator.world import World, build

WHEN = date(2026, 7, 14)


@pytest.fixture(scope="session")
def world() -> World:
    return build(7)


@pytest.fixture(scope="session")
def day(world: World) -> Day:
    return simulate(world, WHEN)
