"""News of facts: bounded, from any thread, silent when nobody listens."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from clearway.ledger.fact import Fact
from clearway.node.feed import Feed

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def fact(seq: int) -> Fact:
    return Fact(seq, "parcel.weighed/1", "parcel:1", "customs", "system:test", NOON, NOON, b"{}")


def test_a_listener_that_lags_hears_the_newest() -> None:
    async def lag() -> int:
        feed = Feed()
        listener = feed.listen()
        await asyncio.to_thread(feed.tell, [fact(seq) for seq in range(300)])
        await asyncio.sleep(0)
        return (await listener.next()).seq

    assert asyncio.run(lag()) == 300 - 256


def test_who_left_and_a_loop_that_ended_hear_nothing() -> None:
    feed = Feed()

    async def come_and_stay() -> None:
        feed.leave(feed.listen())
        feed.listen()

    asyncio.run(come_and_stay())
    feed.tell([fact(0)])
    feed.tell([])
