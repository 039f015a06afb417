"""A query gets a name."""

from __future__ import annotations

from typing import Any

from clearway.errors import TooLarge, WrongState
from clearway.ledger.fact import encode
from clearway.movements.epcis import naming, standing
from clearway.movements.epcis.facts import QueryNamed
from clearway.movements.epcis.standing import NamedQuery
from clearway.policy.act import Act

MOST_QUERIES = 200
"""Of one account."""


def name_query(act: Act, name: str, definition: dict[str, Any]) -> NamedQuery:
    """Keep a query under a name; the same again is answered the same.

    Raises: BadTerm: no name that a query can have. RuleViolation: a parameter is wrong. WrongState:
    another query has that name. TooLarge: the account has too many. Refused.
    """
    naming.sees_all(act.policy, act.actor)
    naming.require_name(name)
    naming.read_definition(definition)
    known = standing.find_query(act.connection, name)
    if known is not None:
        if known.actor == act.actor.reference and known.definition == definition:
            return known
        raise WrongState(f"A query named {name} exists; delete it first, or choose another name")
    if standing.count_queries(act.connection, act.actor.reference) >= MOST_QUERIES:
        raise TooLarge(f"An account has at most {MOST_QUERIES} named queries; delete one first")
    body = QueryNamed(name, encode(definition).decode())
    act.append(body, subject=f"epcis_query:{name}")
    return naming.get_query(act.connection, name, act.actor)
