"""One trained model for all tests of risk: training it costs a few seconds."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from clearway.risk.engines.spark import opened
from clearway.risk.scoring import Artefact
from clearway.risk.training import train

from .world import BEGIN, history


@pytest.fixture(scope="session")
def artefact() -> Artefact:
    """A model trained on 6,000 made-up items, sealed."""
    return train(history(6_000, seed=3), seed=7, now=BEGIN + timedelta(days=360))


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A Spark of two local workers, loopback only, stopped afterwards."""
    pytest.importorskip("xgboost.spark", reason="extra spark is not installed")
    if shutil.which("java") is None:
        pytest.skip("no Java on this machine")
    with opened("local[2]", tmp_path_factory.mktemp("spark"), "1g") as session:
        yield session
