"""Keep a watch list, or change what is said of it."""

from __future__ import annotations

from clearway.errors import NotFound, RuleViolation, WrongState
from clearway.ledger.fact import Fact
from clearway.policy.act import Act
from clearway.risk.lists import tables
from clearway.risk.lists.facts import ListKept
from clearway.risk.lists.model import WatchList


def keep(act: Act, watch_list: WatchList) -> Fact:
    """Record a list; to end one, give it a period that ends.

    Raises:
        Refused: policy says no.
        RuleViolation: nobody owns it, or it has no reason or source.
        WrongState: a list of that name is about another thing.
    """
    act.require("risk.keep_list", subject=watch_list.name)
    if not (watch_list.owner and watch_list.reason and watch_list.source):
        raise RuleViolation(
            f"The watch list {watch_list.name} needs an owner, a reason and a source: whoever is on"
            " it may ask why"
        )
    try:
        former = tables.get(act.connection, watch_list.name)
    except NotFound:
        former = watch_list
    if former.subject is not watch_list.subject:
        raise WrongState(
            f"The watch list {watch_list.name} is about {former.subject}; keep another one"
        )
    return act.append(ListKept(watch_list), subject=f"list:{watch_list.name}")
