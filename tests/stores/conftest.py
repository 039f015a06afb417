"""Every test here runs on SQLite and on PostgreSQL, unless it is about one of them."""

from __future__ import annotations

import pytest


@pytest.fixture(params=("sqlite", "postgresql"))
def engine_name(request: pytest.FixtureRequest) -> str:
    """Both engines, one after the other."""
    return str(request.param)
