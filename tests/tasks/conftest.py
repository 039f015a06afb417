from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from clearway.coldchain.facts import AlarmRaised
from clearway.coldchain.model import Alarm, AlarmKind, AlarmLevel
from clearway.coldchain.standing import clear
from clearway.node import rooms  # noqa: F401 (declares all tables before they are made)
from clearway.policy.act import Act
from clearway.policy.cedar import CedarPolicy
from clearway.tasks.actions.attend import attend
from tests.clearance.border import BOX, WORKER, Border


@pytest.fixture(scope="session")
def policy() -> CedarPolicy:
    return CedarPolicy.load()


@pytest.fixture
def border(engine: Engine, policy: CedarPolicy) -> Border:
    return Border(engine, policy)


@pytest.fixture
def raised(border: Border) -> Callable[..., int]:
    """Raise an alarm of the cold chain and attend to it; returns the alarm's number."""

    def run(kind: str = "power_off", level: str = "warning", **changed: Any) -> int:
        alarm = Alarm(
            AlarmKind(kind),
            AlarmLevel(level),
            BOX,
            border.now,
            None,
            "The unit has no power.",
            "Plug the unit in.",
            {"container": str(BOX)},
        )
        alarm = replace(alarm, **changed)

        def act(hand: Act) -> int:
            body = AlarmRaised.of(alarm)
            fact = hand.append(body, subject=f"container:{alarm.container}", occurred_at=alarm.at)
            attend(hand, alarm.container)
            return fact.seq

        seq: int = border.act(act, actor=WORKER)
        return seq

    return run


@pytest.fixture
def ended(border: Border) -> Callable[..., None]:
    """End the alarms of a kind, as readings do, and attend to the container."""

    def run(kind: str) -> None:
        def act(hand: Act) -> None:
            clear(hand.connection, BOX, [AlarmKind(kind)], border.now)
            attend(hand, BOX)

        border.act(act, actor=WORKER)

    return run


@pytest.fixture
def here(border: Border) -> None:
    """The container stands at the office's place."""
    border.arrive(at=border.now - timedelta(hours=2))
