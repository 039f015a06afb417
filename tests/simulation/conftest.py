"""Which worlds are run; `pytest tests/simulation --simulation-seed 1234` replays one."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Two options; they are known where this folder is named on the command line."""
    parser.addoption("--simulation-seed", type=int, default=None, help="run this world only")
    parser.addoption("--simulation-seeds", type=int, default=None, help="run so many worlds")


@pytest.fixture
def seeds(request: pytest.FixtureRequest) -> range | None:
    """The worlds that were asked for; None: those that the test runs by itself."""
    one = request.config.getoption("--simulation-seed", default=None)
    if one is not None:
        return range(one, one + 1)
    many = request.config.getoption("--simulation-seeds", default=None)
    return None if many is None else range(many)
