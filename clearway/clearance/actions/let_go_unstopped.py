"""Green declarations whose time to be stopped is over go."""

from __future__ import annotations

from clearway.clearance.actions.reconsider import reconsider
from clearway.clearance.lanes import tables
from clearway.ledger.fact import Fact
from clearway.policy.act import Act


def let_go_unstopped(act: Act, limit: int = 100) -> tuple[Fact, ...]:
    """Decide anew on those that nobody stopped in time; return what was decided.

    A worker calls this every half minute or so; what the rules decide bears their name.

    Raises: Refused: policy says no.
    """
    act.require("clearance.reroute")
    held = tables.list_held(act.connection, until=act.now, limit=limit)
    return reconsider(act, [one.mrn for one in held])
