"""One trained model for all tests of risk: training it costs a few seconds."""

from __future__ import annotations

from datetime import timedelta

import pytest

from clearway.risk.scoring import Artefact
from clearway.risk.training import train

from .world import BEGIN, history


@pytest.fixture(scope="session")
def artefact() -> Artefact:
    """A model trained on 6,000 made-up items, sealed."""
    return train(history(6_000, seed=3), seed=7, now=BEGIN + timedelta(days=360))
