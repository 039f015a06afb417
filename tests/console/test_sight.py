"""Whose goods are in a container now, and who may therefore see how they fare."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from clearway.console.permission import sees_container
from clearway.identity.model import Actor, ActorKind, Role
from tests.api.conftest import BOX, TRADER, Border, opened
from tests.api.test_epcis import BOX as EPC_OF_BOX
from tests.api.test_epcis import capture, event, find

ACME = Actor(
    ActorKind.TRADER,
    "acme",
    "customs",
    frozenset({Role.TRADER}),
    str(TRADER),
    frozenset({str(TRADER)}),
)


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Border]:
    """A node behind its doors, without a simulated day."""
    yield from opened(tmp_path)


def sees(door: Border) -> bool:
    with door.node.reading() as connection:
        return sees_container(door.node, ACME, connection, BOX)


def test_who_had_goods_in_a_container_does_not_see_those_of_the_next(door: Border) -> None:
    assert not sees(door)
    mrn = door.mrn()
    assert sees(door)
    assert mrn in door.arrive().json()["data"]["released"]
    door.clock.move_to(door.clock() + timedelta(days=6))
    assert sees(door)
    door.clock.move_to(door.clock() + timedelta(days=2))
    assert not sees(door)


def test_a_declaration_that_counts_no_more_shows_no_container(door: Border) -> None:
    mrn = door.mrn()
    why = {"reason": "By mistake."}
    answer = door.ask("POST", f"/v1/declarations/{mrn}/invalidation", "acme", params=why)
    assert answer.status_code in (200, 201), answer.text
    assert not sees(door)
    capture(door, event(1, epcList=[EPC_OF_BOX]))
    assert find(door, who="carrier") == [1]
    assert find(door, who="acme") == []
