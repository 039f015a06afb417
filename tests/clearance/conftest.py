from __future__ import annotations

import pytest
from sqlalchemy import Engine

from clearway.node import rooms  # noqa: F401 (declares all tables before they are made)
from clearway.policy.cedar import CedarPolicy

from .border import Border


@pytest.fixture(scope="session")
def policy() -> CedarPolicy:
    return CedarPolicy.load()


@pytest.fixture
def border(engine: Engine, policy: CedarPolicy) -> Border:
    return Border(engine, policy)
