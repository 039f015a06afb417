from __future__ import annotations

import pytest

from clearway.connectors.notices import tables


@pytest.fixture
def node(store):
    return store(tables.PROJECTIONS)
