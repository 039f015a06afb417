"""A party takes its mandate back."""

from __future__ import annotations

from clearway.errors import NotFound, WrongState
from clearway.identity import tables
from clearway.identity.facts import MandateWithdrawn
from clearway.identity.hand import Hand
from clearway.ledger.fact import Fact
from clearway.terms.identifiers import PartyId


def withdraw_mandate(act: Hand, principal: PartyId, agent: PartyId, reason: str) -> Fact:
    """End a mandate at once.

    Raises: Refused. NotFound: none was given. WrongState: it is withdrawn already.
    """
    act.require("identity.manage", what="mandate", party=principal)
    given = tables.find_mandate(act.connection, principal, agent)
    if given is None:
        raise NotFound(f"{principal} gave {agent} no mandate")
    if given.withdrawn_at is not None:
        raise WrongState(f"The mandate of {principal} for {agent} is withdrawn already")
    body = MandateWithdrawn(principal, agent, reason)
    return act.append(body, subject=f"party:{principal}")
