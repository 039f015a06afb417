"""How the interpreter is set while it runs a node.

Each message is a few short-lived objects without cycles. The collector would look for cycles after
every 700 of them, and now and then among all that the program ever loaded: measured, a third of the
CPU time of a message. So what is there when the node stands is taken out of its sight, and it looks
at the rest less often; cycles are still found.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

SWITCH_S: Final = 0.0005
"""The writer, the doors and the workshop share one interpreter."""

_THRESHOLDS: Final = (20_000, 20, 20)  # objects, and rounds of the younger generations


@contextmanager
def tuned() -> Iterator[None]:
    """Set the interpreter for a node that is open; put back what was, at the end."""
    switch, thresholds = sys.getswitchinterval(), gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
    sys.setswitchinterval(SWITCH_S)
    try:
        yield
    finally:
        sys.setswitchinterval(switch)
        gc.set_threshold(*thresholds)
        gc.unfreeze()
