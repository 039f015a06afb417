"""Readings leave the tables once the lake's series has them and no unit needs them."""

from __future__ import annotations

from datetime import datetime

from clearway.coldchain.facts import ReadingsArchived
from clearway.ledger.fact import Fact
from clearway.policy.act import Act


def archive_readings(act: Act, until: datetime, upto: int) -> Fact:
    """Record that readings before `until` are asked from the series, as far as it has them.

    Args:
        upto: place in the log of the last fact that the series has, durably.
    """
    act.require("coldchain.record_readings", device="")
    return act.append(ReadingsArchived(until, upto), subject="containers:many")
