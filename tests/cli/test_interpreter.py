"""The interpreter is set for a node that is open, and put back at the end."""

from __future__ import annotations

import gc
import sys

from clearway.cli.interpreter import SWITCH_S, tuned


class _Ring:
    """Holds itself: only the collector of cycles can end it."""

    ended = 0

    def __init__(self) -> None:
        self.itself = self

    def __del__(self) -> None:
        _Ring.ended += 1


def test_what_was_set_before_is_set_again() -> None:
    before = gc.get_threshold(), sys.getswitchinterval(), gc.get_freeze_count()
    with tuned():
        assert gc.get_freeze_count() > 1_000
        assert gc.get_threshold() != before[0]
        assert abs(sys.getswitchinterval() - SWITCH_S) < 1e-6
    assert (gc.get_threshold(), sys.getswitchinterval(), gc.get_freeze_count()) == before


def test_cycles_are_still_found() -> None:
    with tuned():
        first = _Ring.ended
        for _ in range(25_000):
            _Ring()
        assert _Ring.ended > first
