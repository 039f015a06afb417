from __future__ import annotations

import threading

import pytest

from clearway.errors import TryLater
from clearway.node.workshop import Workshop


def test_work_is_answered_with_its_result_or_its_error() -> None:
    shop = Workshop(threads=2, lane_limit=10, total_limit=10)
    shop.start()
    good = shop.submit("a", lambda: 7)
    bad = shop.submit("a", lambda: 1 / 0)
    assert good.result(5) == 7
    with pytest.raises(ZeroDivisionError):
        bad.result(5)
    shop.close()


def test_a_flood_of_one_sender_does_not_keep_another_waiting() -> None:
    shop = Workshop(threads=1, lane_limit=1_000, total_limit=2_000)
    order: list[str] = []
    for _ in range(500):
        shop.submit("flood", lambda: order.append("flood"))
    honest = shop.submit("honest", lambda: order.append("honest"))
    shop.start()
    honest.result(5)
    shop.close()
    assert order.index("honest") <= 1
    assert order.count("flood") == 500


def test_a_full_lane_says_try_later_and_leaves_the_others_open() -> None:
    shop = Workshop(threads=1, lane_limit=2, total_limit=10)
    held = threading.Event()
    shop.submit("a", held.wait)
    shop.submit("a", held.wait)
    with pytest.raises(TryLater) as refusal:
        shop.submit("a", held.wait)
    assert "2 of your messages" in refusal.value.detail
    other = shop.submit("b", lambda: "served")
    held.set()
    shop.start()
    assert other.result(5) == "served"
    shop.close()


def test_a_closed_workshop_finishes_what_waits_and_takes_no_more() -> None:
    shop = Workshop(threads=1, lane_limit=10, total_limit=10)
    waiting = [shop.submit("a", lambda: 1) for _ in range(5)]
    shop.start()
    shop.close()
    assert [one.result(1) for one in waiting] == [1] * 5
    with pytest.raises(TryLater):
        shop.submit("a", lambda: 1)
