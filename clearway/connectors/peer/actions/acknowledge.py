"""Note how far a partner keeps our log and how far its own is cosigned; resume after an alarm."""

from __future__ import annotations

from clearway.connectors.peer import tables
from clearway.connectors.peer.actions.receive import SUBJECT
from clearway.connectors.peer.facts import Resumed
from clearway.connectors.peer.model import Acknowledgement, Cosigned
from clearway.policy.act import Act


def acknowledge(act: Act, partner: str, said: Acknowledgement, note: str) -> int:
    """Keep a partner's verified word; an older one changes nothing. Return the place that holds."""
    act.require("agency.report")
    known = tables.read_acknowledged(act.connection, partner)
    if known is not None and known[0] >= said.size:
        return known[0]
    tables.keep_acknowledged(act.connection, partner, said.size, note, act.now)
    return said.size


def mark_cosigned(act: Act, origin: str, shown: Cosigned) -> None:
    """Keep that facts taken before are cosigned now."""
    act.require("agency.report")
    tables.keep_cosigned(act.connection, origin, shown, act.now)


def resume(act: Act, partner: str, reason: str) -> None:
    """Let the exchange with a partner go on after people looked into its alarm."""
    act.require("agency.manage")
    if tables.find_alarm(act.connection, partner) is not None:
        act.append(Resumed(partner, reason), subject=f"{SUBJECT}{partner}")
