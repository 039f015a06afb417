"""A fish reefer, the readings that it sends, and the doors through which they come."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from clearway.coldchain import commodities
from clearway.coldchain.model import Batch, Commodity, Journey, Reading
from clearway.terms.transport import ContainerNumber

START = datetime(2026, 3, 1, 0, 0, tzinfo=UTC)
NUMBER = ContainerNumber("CSQU3054383")


@pytest.fixture(scope="session")
def start() -> datetime:
    return START


@pytest.fixture(scope="session")
def container() -> ContainerNumber:
    return NUMBER


@pytest.fixture(scope="session")
def fish() -> Commodity:
    return commodities.get("fish_temperate")


@pytest.fixture(scope="session")
def banana() -> Commodity:
    return commodities.get("banana")


@pytest.fixture(scope="session")
def fish_journey() -> Journey:
    return Journey(NUMBER, "fish_temperate", START, set_point_c=-0.5, loaded_pulp_c=0.0)


@pytest.fixture(scope="session")
def hold() -> Callable[..., list[Reading]]:
    """`hold(n, supply_c=..., ...)`: n equal readings, ten minutes apart, with no change in them."""

    def make(
        count: int, *, first: int = 1, minutes: float = 10.0, **values: object
    ) -> list[Reading]:
        usual = {"supply_c": -0.8, "return_c": 0.2, "powered": True, "door_open": False}
        return [
            replace(
                Reading(first + i, START + timedelta(minutes=minutes * (first + i))),
                **(usual | values),
            )
            for i in range(count)
        ]

    return make


@pytest.fixture(scope="session")
def batch_of() -> Callable[..., Batch]:
    def make(readings: list[Reading], device: str = "reefer-7", boot_id: str = "1") -> Batch:
        return Batch(device, NUMBER, boot_id, tuple(readings))

    return make
