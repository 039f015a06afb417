"""Somebody wants to be told what matches a named query."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from clearway.errors import TooLarge
from clearway.ledger.fact import encode
from clearway.movements.epcis import naming, standing, tables
from clearway.movements.epcis.facts import Subscribed
from clearway.movements.epcis.standing import Delivery, Subscription
from clearway.policy.act import Act

MOST_SUBSCRIPTIONS = 200
"""Of one agency."""

MOST_OF_ACCOUNT = 20
"""Firms share the limit of an agency; none of them takes it all."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A subscription as it is asked for; `schedule` is None for a stream."""

    dest: str
    secret: str = ""
    schedule: dict[str, Any] | None = None
    report_if_empty: bool = False
    initial_record_time: datetime | None = None


def subscribe(act: Act, query: str, id: str, wish: Wish) -> Subscription:
    """Record a subscription; the secret stays out of the log.

    Raises: NotFound: no such query. BadTerm: the schedule fits no day. TooLarge: the agency has
    too many. Refused.
    """
    naming.sees_all(act.policy, act.actor)
    naming.get_query(act.connection, query, act.actor)
    _require_room(act)
    first = act.now if wish.schedule is None else naming.next_time(wish.schedule, act.now)
    since = wish.initial_record_time or act.now
    body = Subscribed(
        id, query, wish.dest, wish.schedule is None,
        "" if wish.schedule is None else encode(wish.schedule).decode(),
        wish.report_if_empty, since,
    )  # fmt: skip
    act.append(body, subject=f"epcis_subscription:{id}")
    after = tables.place_before(act.connection, since)
    standing.begin_delivery(act.connection, Delivery(id, wish.secret, after, first, 0, None, ""))
    return naming.get_subscription(act.connection, query, id, act.actor)


def _require_room(act: Act) -> None:
    count = standing.count_subscriptions
    if count(act.connection, actor=act.actor.reference) >= MOST_OF_ACCOUNT:
        raise TooLarge(f"An account has at most {MOST_OF_ACCOUNT} subscriptions; end one first")
    if count(act.connection, agency=act.actor.agency) >= MOST_SUBSCRIPTIONS:
        raise TooLarge(f"An agency has at most {MOST_SUBSCRIPTIONS} subscriptions; end one first")
