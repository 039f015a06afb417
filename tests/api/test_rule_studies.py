"""Whole histories are gone through where the border does not wait for it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from clearway.node import trying

from .test_rules import RULE, analysts, keep_history

__all__ = ["analysts"]


def test_goods_are_declared_while_analysts_try_rules_for_minutes(
    analysts: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_history(analysts)
    assert analysts.ask("POST", "/v1/risk/rules", "ada", json=RULE).status_code == 201
    begun, go_on = threading.Semaphore(0), threading.Event()
    real = trying.run

    def slow(*args: Any, **more: Any) -> Any:
        begun.release()
        assert go_on.wait(60), "nobody let the back-test go on"
        return real(*args, **more)

    monkeypatch.setattr(trying, "run", slow)

    def back_test(who: str) -> int:
        path = "/v1/risk/rules/LAPTOPS/1/back-test"
        return int(analysts.ask("POST", path, who).status_code)

    with ThreadPoolExecutor(8) as people:
        try:
            tried = [people.submit(back_test, who) for who in ("ada", "ben") * 3]
            for _ in range(2):  # both threads of the study are taken
                assert begun.acquire(timeout=30)
            assert people.submit(analysts.mrn, "ONE").result(30)
        finally:
            go_on.set()
        assert {one.result(60) for one in tried} == {200}
