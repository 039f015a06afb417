"""What the demo's analysts did before the day: a watch list, and a rule that waits for approval."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import polars as pl

from clearway.identity.model import Actor, ActorKind, Role
from clearway.node.node import Node
from clearway.policy.act import Act
from clearway.risk.backtest.actions.record_test import record_test
from clearway.risk.backtest.run import run
from clearway.risk.lists.actions.change import change
from clearway.risk.lists.actions.keep import keep
from clearway.risk.lists.model import Subject, WatchList
from clearway.risk.model import CUSTOMS, Channel, Profile
from clearway.risk.profiles.actions.draft import draft
from clearway.terms.period import Period

_LIST, _RULE = "found_again", "D-NEW-PREF-1"
_OWNER = "risk analysis"
_MOST_LISTED = 3


def prepare_desk(node: Node, account: str, history: Path) -> None:
    """Keep a watch list and draft a rule that is tried on the history, in an analyst's name.

    Another analyst may then bring the rule into force.

    Args:
        history: folder of Parquet of past items; without any, nothing is done.
    """
    files = sorted(history.rglob("*.parquet"))
    if not files:
        return
    analyst = Actor(ActorKind.OFFICER, account, CUSTOMS, frozenset({Role.RISK_ANALYST}))
    now = node.clock()
    kept = WatchList(
        _LIST, Subject.IMPORTER, _OWNER, "Importers whose goods were found not conform again",
        "Findings of the months before", Period(now, now + timedelta(days=365)),
    )  # fmt: skip
    profile = Profile(
        id=_RULE,
        text="A little known importer claims a preference for dear goods.",
        expression="item.importer_items < 5 && item.is_preferential && item.value_eur > 10000.0",
        lane=Channel.YELLOW,
        agency=CUSTOMS,
        mandatory=False,
        period=Period(now),
        owner=_OWNER,
    )

    def listed(act: Act) -> None:
        keep(act, kept)
        change(act, _LIST, add=_found_most(files), reason="Found more than once")
        draft(act, profile, "Preferences of firms without a record are seldom verified")

    node.act(analyst, listed).result()
    report = run([profile], history)
    node.act(analyst, lambda act: record_test(act, _RULE, 1, report)).result()


def _found_most(files: list[Path]) -> list[str]:
    """Return the importers with the most finds, two at least, most first."""
    finds = pl.scan_parquet(files).filter(pl.col("illicit") & pl.col("importer").is_not_null())
    counted = finds.group_by("importer").len().filter(pl.col("len") > 1)
    ranked = counted.sort(["len", "importer"], descending=[True, False]).head(_MOST_LISTED)
    return ranked.collect()["importer"].to_list()
