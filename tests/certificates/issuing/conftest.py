"""The office of the tests of this folder."""

from __future__ import annotations

from typing import Any

import pytest

from tests.certificates.issuing.desk import Bureau


@pytest.fixture
def bureau(engine: Any) -> Bureau:
    return Bureau(engine)
