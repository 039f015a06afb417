"""A subscription ends."""

from __future__ import annotations

from clearway.movements.epcis import naming, standing
from clearway.movements.epcis.facts import Unsubscribed
from clearway.policy.act import Act


def unsubscribe(act: Act, query: str, id: str) -> None:
    """End a subscription.

    Raises: NotFound. WrongState: it is another account's. Refused.
    """
    naming.sees_all(act.policy, act.actor)
    known = naming.get_subscription(act.connection, query, id, act.actor)
    naming.require_owner(act.actor, known.actor)
    standing.end_deliveries(act.connection, [id])
    act.append(Unsubscribed(id), subject=f"epcis_subscription:{id}")
