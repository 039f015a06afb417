"""One reason for a decision, in officers' words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something was decided or scored so.

    Args:
        code: stable, for machines, statistics and translation.
        text: one sentence for the officer and the trader.
        value: the value that weighed, as shown.
        weight: how much it weighed; its unit is the scorer's (log-odds for the risk model).
    """

    code: str
    text: str
    value: str = ""
    weight: float = 0.0
