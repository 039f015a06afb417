"""Watch lists, and pages that join the history to the node's own facts."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl
import pytest

from clearway.cli.server import application
from clearway.console.pages.risk import fairness
from clearway.console.pages.risk.past import selections_of
from clearway.node.workers import Workers
from clearway.risk.lists import tables as lists

from .border import Border
from .browser import Browser

Visit = Callable[[str], Browser]
RULE = "/console/risk/rules/new"


def test_a_watch_list_is_made_and_its_entries_come_and_go(border: Border, visit: Visit) -> None:
    amina, place = visit("amina"), "/console/risk/lists"
    fields = {
        "name": "t_firms", "subject": "importer", "owner": "risk analysis", "source": "Findings",
        "reason": "Reborn firms", "until": "2027-12-31",
    }  # fmt: skip
    for wrong in ({"name": "Two words"}, {"subject": "ships"}, {"until": "2020-01-01"},
                  {"reason": " "}):  # fmt: skip
        refused = amina.send(place, place, **fields | wrong)
        assert refused.status_code == 422, wrong
        assert 'value="Findings"' in refused.text
    made = amina.send(place, place, **fields).headers["location"]
    assert made == f"{place}/t_firms"
    assert "Nothing is on this list" in amina.get(made).text
    assert amina.send(f"{made}/add", made, entries="XA1<b>\n\n XA2 ", why="Seen").status_code == 303
    shown = amina.get(made).text
    assert "XA1&lt;b&gt;" in shown
    assert "XA2" in shown
    assert amina.send(f"{made}/add", made, entries="\n").status_code == 422
    assert amina.send(f"{made}/remove", made, entries="XA2").status_code == 303
    assert border.ask(lists.list_entries, "t_firms") == ("importer:XA1<b>",)
    changed = amina.send(place, place, **fields | {"subject": "hs"})
    assert changed.status_code == 409
    audit = visit("audit")
    assert "t_firms" in audit.get(place).text
    assert "Put on the list" not in audit.get(made).text
    assert audit.send(f"{made}/add", RULE, entries="XA3").status_code == 403
    assert amina.get(f"{place}/nobody").status_code == 404


def test_performance_joins_the_nodes_own_facts_to_the_history(border: Border) -> None:
    before = selections_of(border.node)
    assert before is not None
    Workers(border.node).copy_to_lake()
    after = selections_of(border.node)
    assert after is not None
    own = set(border.mrns.values()) & set(after["mrn"])
    assert own
    assert not own & set(before["mrn"])
    assert len(after) >= len(before) + len(own)
    assert after["mrn"].n_unique() == len(after)


def test_fairness_claims_equal_risk_only_where_it_was_compared(
    border: Border, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = selections_of(border.node)
    assert frame is not None
    plain = frame.with_columns(pl.lit(None, dtype=pl.Float64).alias("score"))
    scored = pl.concat([plain, plain.with_columns((pl.col("mrn") + "S").alias("mrn"))])
    scored = scored.with_columns(pl.lit(0.5).alias("score"))
    for rows, is_adjusted in ((plain, False), (scored, True)):
        monkeypatch.setattr(fairness, "selections_of", lambda node, rows=rows: rows)
        page = Browser(application(border.node))
        page.cookies = visit("amina").cookies
        text = page.get("/console/risk/fairness").text
        assert ("at equal risk, and is less found" in text) is is_adjusted
        assert ("not at equal risk" in text) is not is_adjusted
