"""Keep that watch lists were compared with a partner's, and how often one may ask."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection

from clearway.errors import TryLater
from clearway.ledger.fact import Fact
from clearway.policy.act import Act
from clearway.risk.sharing import tables
from clearway.risk.sharing.facts import ListsCompared

MOST_A_DAY = 4
_DAY = timedelta(days=1)


def require_rate(connection: Connection, partner: str, now: datetime) -> None:
    """Refuse a partner that asked often enough today: each question is so many guesses.

    Raises: TryLater.
    """
    if tables.count_answered(connection, partner, now - _DAY) >= MOST_A_DAY:
        raise TryLater(f"{partner} compared lists {MOST_A_DAY} times within a day; ask tomorrow")


def record_comparison(act: Act, stated: ListsCompared) -> Fact:
    """State a comparison, before its answer leaves the house, or when ours has come.

    Raises:
        TryLater: the partner asked often enough today.
        Refused: policy says no.
    """
    act.require("risk.share")
    if not stated.is_asked:
        require_rate(act.connection, stated.partner, act.now)
    return act.append(stated, subject=f"list:{stated.list}")
