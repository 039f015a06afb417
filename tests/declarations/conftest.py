from __future__ import annotations

import pytest
from sqlalchemy import Engine

from clearway.declarations import tables  # noqa: F401 (declares the tables before they are made)

from .desk import Desk, Willing


@pytest.fixture
def policy() -> Willing:
    return Willing()


@pytest.fixture
def desk(engine: Engine, policy: Willing) -> Desk:
    return Desk(engine, policy)
