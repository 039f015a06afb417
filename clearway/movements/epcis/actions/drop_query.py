"""A named query is deleted."""

from __future__ import annotations

from clearway.movements.epcis import naming, standing
from clearway.movements.epcis.facts import QueryDropped
from clearway.policy.act import Act


def drop_query(act: Act, name: str) -> None:
    """Delete a named query; its subscriptions end with it.

    Raises: NotFound. WrongState: it is another account's. Refused.
    """
    naming.sees_all(act.policy, act.actor)
    known = naming.get_query(act.connection, name, act.actor)
    naming.require_owner(act.actor, known.actor)
    ids = [one.id for one in standing.list_subscriptions(act.connection, name, limit=10_000)]
    standing.end_deliveries(act.connection, ids)
    act.append(QueryDropped(name), subject=f"epcis_query:{name}")
