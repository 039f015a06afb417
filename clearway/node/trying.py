"""Trying a rule on the node's own history, beside the rules in force and with the lists kept now.

    report = try_rule(node, profile)

Whoever asks (the API at once, the console with its progress) gets the same answer.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from clearway.errors import NotFound
from clearway.node.node import Node
from clearway.risk.backtest.model import Report
from clearway.risk.backtest.run import run
from clearway.risk.lists import tables as lists
from clearway.risk.lists.model import named_in
from clearway.risk.model import Profile


def require_history(node: Node) -> Path:
    """Return the folder of the node's history. Raises: NotFound: it holds none."""
    folder = node.folder.history
    if not any(folder.rglob("*.parquet")):
        raise NotFound(
            "This node holds no history of declarations; write its own past with: clearway risk"
            " history, or put Parquet into the folder history of its data directory"
        )
    return folder


def try_rule(
    node: Node, profile: Profile, progress: Callable[[float], None] = lambda share: None
) -> Report:
    """Return what a rule would have done; another version of it in force is not compared with.

    Args:
        progress: called with the share done, 0 to 1.

    Raises:
        NotFound: the node holds no history.
        RuleViolation, MalformedMessage, TooLarge: see `risk.backtest.run`.
    """
    folder = require_history(node)
    set_ = node.rulebook.selectivity
    live = [one for one in set_.profiles.profiles if one.id != profile.id]
    named = named_in(one.expression for one in (profile, *live))
    with node.reading() as connection:
        known = {one.list.name for one in lists.list_lists(connection)}
        kept = lists.load(connection, sorted(named & known))
    return run(
        [profile], folder, live=live, capacities=set_.capacities, lists=kept, progress=progress
    )
