"""Thousands of worlds, each from its seed; and builds with one flaw, which must be caught."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest

from clearway.ledger.fact import Fact
from clearway.ledger.log import Log

from .disk import Store, empty_image
from .world import NOON, ORIGIN, SIGNER, WITNESSES, Flaws, Violation, World

WORLDS = 1_600
MOST_TO_CATCH = 300
SOUND = Flaws()
Ground = tuple[list[Store], tuple[bytes, bytes]]


@pytest.fixture(scope="module")
def ground() -> Iterator[Ground]:
    """Databases to run worlds on, and two beginnings: empty, and 250 facts before a tile's edge."""
    stores = [Store() for _ in range(2 + WITNESSES)]
    empty = empty_image()
    stores[0].begin(random.Random(1), empty)
    log = Log(ORIGIN, SIGNER)
    at = NOON - timedelta(days=1)
    facts = [Fact(n, "a.b/1", "x:1", "customs", "officer:1", at, at, b"{}") for n in range(250)]
    log.write(stores[0].connection, log.prepare(facts, [bytes(32)] * 250))
    stores[0].commit()
    yield stores, (empty, stores[0].image)
    for store in stores:
        store.close()


def run(seed: int, ground: Ground, flaws: Flaws = SOUND) -> Counter[str]:
    world = World(seed, *ground, flaws)
    world.run()
    return world.noticed


@pytest.mark.slow
def test_whatever_happens_nothing_acknowledged_is_lost_and_no_fork_goes_unseen(
    seeds: range | None, ground: Ground
) -> None:
    noticed: Counter[str] = Counter()
    for seed in range(WORLDS) if seeds is None else seeds:
        try:
            noticed += Counter(run(seed, ground).keys())
        except Exception as error:
            error.add_note(f"replay: pytest tests/simulation --simulation-seed {seed}")
            raise
    if seeds is None:  # enough happened for this to mean something
        assert set(noticed) == {"opening", "audit", "witness", "receipt holder"}
        assert min(noticed.values()) >= 5, noticed


@pytest.mark.parametrize(
    "flaws",
    [
        Flaws(ignores_sync=True),
        Flaws(signs_before_saving=True),
        Flaws(trusts_every_checkpoint=True),
        Flaws(acknowledges_before_commit=True),
    ],
    ids=lambda flaws: next(name for name in flaws.__slots__ if getattr(flaws, name)),
)
def test_a_build_with_a_flaw_is_caught(flaws: Flaws, ground: Ground) -> None:
    for seed in range(MOST_TO_CATCH):
        try:
            run(seed, ground, flaws)
        except Violation:
            return
    raise AssertionError(f"{MOST_TO_CATCH} worlds did not see it: this test proves nothing")


def test_the_same_seed_gives_the_same_world(ground: Ground) -> None:
    images = []
    for _ in range(2):
        run(77, ground)
        images.append([store.image for store in ground[0]])
    assert images[0] == images[1]
