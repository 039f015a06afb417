"""Turns: who sends little is not kept waiting by who sends much."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from clearway.api.admission import Turns
from clearway.errors import TryLater


def run(scene: Callable[[Turns, list[float]], Awaitable[None]], **limits: int) -> None:
    """Play a scene with turns whose clock is `now[0]`."""
    now = [0.0]
    turns = Turns(**{"at_work": 8, "waiting": 64, **limits}, clock=lambda: now[0])
    asyncio.run(scene(turns, now))  # type: ignore[arg-type]


async def knock(turns: Turns, account: str, times: int) -> list[asyncio.Task[None]]:
    """Let an account ask for turns; return its requests, those let in are done."""
    tasks = [asyncio.create_task(turns.take(account)) for _ in range(times)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return tasks


def let_in(tasks: list[asyncio.Task[None]]) -> int:
    return sum(task.done() and not task.cancelled() and not task.exception() for task in tasks)


async def leave(*tasks: asyncio.Task[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def test_an_account_alone_has_all_turns() -> None:
    async def scene(turns: Turns, now: list[float]) -> None:
        tasks = await knock(turns, "flood", 20)
        assert let_in(tasks) == 8
        turns.give_back("flood")
        await asyncio.sleep(0)
        assert let_in(tasks) == 9
        await leave(*tasks)

    run(scene)


def test_beside_an_honest_account_a_backlog_has_a_quarter() -> None:
    async def scene(turns: Turns, now: list[float]) -> None:
        flood = await knock(turns, "flood", 30)
        honest = await knock(turns, "honest", 1)
        assert let_in(flood) == 8
        for _ in range(7):
            turns.give_back("flood")
            await asyncio.sleep(0)
        await asyncio.gather(*honest)
        assert let_in(flood) == 9
        more = await knock(turns, "honest", 1)
        assert let_in(more) == 1
        await leave(*flood)

    run(scene)


def test_an_account_that_left_the_doors_gives_its_turns_back() -> None:
    async def scene(turns: Turns, now: list[float]) -> None:
        await turns.take("honest")
        turns.give_back("honest")
        now[0] = 2.0
        tasks = await knock(turns, "flood", 20)
        assert let_in(tasks) == 8
        await leave(*tasks)

    run(scene)


def test_accounts_with_backlogs_share_evenly() -> None:
    async def scene(turns: Turns, now: list[float]) -> None:
        one = await knock(turns, "one", 20)
        two = await knock(turns, "two", 20)
        for _ in range(4):
            turns.give_back("one")
            await asyncio.sleep(0)
        assert (let_in(one) - 4, let_in(two)) == (4, 4)
        await leave(*one, *two)

    run(scene)


def test_too_much_waiting_is_refused_with_a_pause() -> None:
    async def scene(turns: Turns, now: list[float]) -> None:
        tasks = await knock(turns, "flood", 10)
        with pytest.raises(TryLater, match="2 of your messages are waiting") as refused:
            await turns.take("flood")
        assert refused.value.retry_after_s >= 1
        await leave(*tasks)

    run(scene, waiting=2)


def test_who_leaves_while_waiting_takes_no_turn() -> None:
    async def scene(turns: Turns, now: list[float]) -> None:
        tasks = await knock(turns, "flood", 10)
        await leave(tasks[8])
        turns.give_back("flood")
        await asyncio.sleep(0)
        assert let_in(tasks) == 9
        for _ in range(8):
            turns.give_back("flood")
        again = await knock(turns, "flood", 8)
        assert let_in(again) == 8
        await leave(*tasks, *again)

    run(scene)
