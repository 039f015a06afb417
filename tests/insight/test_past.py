"""The node's own past, made from facts: what risk learns from is what officers found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from clearway.clearance import tables
from clearway.clearance.actions.record_audit import record_audit
from clearway.clearance.actions.record_examination import record_examination
from clearway.clearance.model import Discrepancy, Extent
from clearway.coldchain.archive import SERIES
from clearway.insight import past
from clearway.insight.views import open_lake
from clearway.lake.query import Lake
from clearway.lake.writer import LakeWriter
from clearway.ledger import tables as ledger
from clearway.policy.cedar import CedarPolicy
from clearway.risk.formats.history import SCHEMA
from clearway.terms.identifiers import Lrn
from clearway.terms.money import Currency, Money

from ..clearance.border import BOX, DRAWN, Border, machines, result

EUR = Currency("EUR")
Ask = Callable[[Callable[[Lake], object]], object]


@pytest.fixture
def border(engine: Engine) -> Border:
    return Border(engine, CedarPolicy.load())


@pytest.fixture
def ask(border: Border, tmp_path: Path) -> Ask:
    """Copies what was recorded so far to the lake, and asks it."""

    def asked(question: Callable[[Lake], object]) -> object:
        with border.engine.begin() as connection:
            # The lake's copy is chained to the ledger by leaf hashes; any bytes do for that.
            for (seq,) in connection.execute(select(ledger.fact.c.seq)).all():
                leaf = sha256(str(seq).encode()).digest()
                connection.execute(
                    ledger.fact.update().where(ledger.fact.c.seq == seq).values(leaf_hash=leaf)
                )
        with border.engine.connect() as connection:
            LakeWriter(tmp_path / "lake", series=SERIES).copy(connection)
        with open_lake(tmp_path / "lake") as lake:
            return question(lake)

    return asked


def _two_items(lrn: str) -> object:
    whole = machines().items[0]
    half = replace(
        whole,
        net_mass_kg=whole.net_mass_kg / 2,
        gross_mass_kg=whole.gross_mass_kg / 2,
        packages=whole.packages // 2,
    )
    return machines(lrn=Lrn(lrn), items=(half, replace(half, number=2)))


def _open(border: Border, mrn: str, **changes: object) -> None:
    border.wait(1)
    border.arrive(BOX)
    border.wait(3)
    (order,) = border.ask(tables.examinations_of, mrn)
    said = replace(result("customs", border.now, "undervaluation"), **changes)  # type: ignore[arg-type]
    border.wait(20)  # the report is written on the next day
    border.act(record_examination, order.id, said)


def test_a_declaration_that_nobody_looked_at_has_no_result(border: Border, ask: Ask) -> None:
    border.lodge(machines())
    frame = ask(past.history)
    assert list(frame.columns) == list(SCHEMA)  # type: ignore[attr-defined]
    (row,) = frame.iter_rows(named=True)  # type: ignore[attr-defined]
    assert (row["examined"], row["illicit"], row["known_at"]) == (False, None, None)
    assert 0.0 < row["propensity"] < 1.0 and row["stratum"] == "none"
    assert row["value"] > 0.0 and row["duty_rate"] is not None


def test_a_finding_is_put_to_its_line_with_kind_revenue_and_the_moment_it_was_known(
    border: Border, ask: Ask
) -> None:
    mrn = border.lodge(_two_items("M-2"), draw=DRAWN).lodged.mrn  # type: ignore[arg-type]
    found = (Discrepancy("false_origin", 2, "", Money(Decimal(30), EUR)),)
    _open(
        border,
        mrn,
        discrepancies=found,
        extra_revenue=Money(Decimal(40), EUR),
        extent=Extent.PARTIAL,
        hours=2.0,
    )
    frame = ask(past.history)
    clean, guilty = frame.iter_rows(named=True)  # type: ignore[attr-defined]
    assert (clean["illicit"], clean["outcome"], clean["mode"]) == (False, "nothing", "")
    assert (guilty["illicit"], guilty["outcome"], guilty["mode"]) == (
        True,
        "partial",
        "false_origin",
    )
    assert (clean["extra_revenue"], guilty["extra_revenue"]) == (0.0, 40.0)
    assert guilty["known_at"] == border.now, "known when recorded, not when the goods were seen"
    assert guilty["stratum"] == "random" and guilty["propensity"] > 0.0
    (chosen,) = ask(past.selections).iter_rows(named=True)  # type: ignore[attr-defined]
    assert chosen["resulted"] and chosen["found"] and chosen["channel"] == "red"
    assert (chosen["outcome"], chosen["revenue"], chosen["hours"]) == ("partial", 40.0, 2.0)


def test_findings_that_name_no_line_are_about_all_of_it(border: Border, ask: Ask) -> None:
    mrn = border.lodge(_two_items("M-3"), draw=DRAWN).lodged.mrn  # type: ignore[arg-type]
    whole = (Discrepancy("short_quantity", None, ""),)
    _open(border, mrn, discrepancies=whole, extra_revenue=Money(Decimal(10), EUR))
    rows = list(ask(past.history).iter_rows(named=True))  # type: ignore[attr-defined]
    assert [row["illicit"] for row in rows] == [True, True]
    assert [row["extra_revenue"] for row in rows] == [5.0, 5.0]


def test_an_audit_is_a_result_but_no_opened_goods(border: Border, ask: Ask) -> None:
    mrn = border.lodge(machines()).lodged.mrn
    border.wait(1)
    border.arrive(BOX)
    border.wait(200)
    border.act(record_audit, mrn, result("customs", border.now, "undervaluation"))
    (row,) = ask(past.history).iter_rows(named=True)  # type: ignore[attr-defined]
    assert (row["examined"], row["illicit"], row["stratum"]) == (True, True, past.AUDIT)
    assert row["propensity"] is None
    assert row["known_at"] - row["accepted_at"] > timedelta(days=8)
    (chosen,) = ask(past.selections).iter_rows(named=True)  # type: ignore[attr-defined]
    assert not chosen["resulted"] and chosen["found"] and chosen["propensity"] is None


def test_other_agencies_teach_customs_nothing(border: Border, ask: Ask) -> None:
    border.lodge(machines(), draw=DRAWN)
    chosen = ask(past.selections)
    assert not chosen["resulted"].any()  # type: ignore[index]
    assert ask(lambda lake: past.shadows(lake, "lgb-1")).is_empty()  # type: ignore[attr-defined]
