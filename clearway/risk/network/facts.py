"""What the network states: a person's word on a proposed link."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from clearway.risk.network.model import Verdict


@dataclass(frozen=True, slots=True)
class KinConfirmed:
    """A person said whether two numbers are the same people. Subject: `party:<one>`.

    Args:
        one, other: party numbers, `one` < `other`.
        verdict: the same, or different; a later word replaces an earlier one.
        reason: in the officer's words.
        probability: that was proposed; None: nobody had proposed the link.
        shared: what the two share.
    """

    TYPE: ClassVar[str] = "risk.kin_confirmed/1"

    one: str
    other: str
    verdict: Verdict
    reason: str
    probability: float | None = None
    shared: tuple[str, ...] = ()
