"""What officers find is kept as it was said, and audits after clearance are told too."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import Engine, select

from clearway.clearance import tables
from clearway.clearance.actions.record_audit import record_audit
from clearway.clearance.actions.record_examination import record_examination
from clearway.clearance.facts import Audited, Examined
from clearway.clearance.model import Conformity, Discrepancy, Extent, Fraud, Result
from clearway.errors import Refused, RuleViolation, WrongState
from clearway.ledger.fact import decode
from clearway.policy.cedar import CedarPolicy
from clearway.risk import schema as risk
from clearway.terms.identifiers import Lrn
from clearway.terms.money import Currency, Money

from .border import BOX, DRAWN, WORKER, Border, machines, result

USD = Currency("USD")


@pytest.fixture
def border(engine: Engine) -> Border:
    return Border(engine, CedarPolicy.load())


def _drawn(border: Border) -> str:
    mrn = border.lodge(machines(), draw=DRAWN).lodged.mrn
    border.wait(1)
    border.arrive(BOX)
    border.wait(3)
    (order,) = border.ask(tables.examinations_of, mrn)
    return str(order.id)


def _found(border: Border, **changes: object) -> Result:
    usual = result("customs", border.now, "undervaluation")
    return replace(usual, **changes)  # type: ignore[arg-type]


def test_all_that_an_officer_says_is_kept(border: Border) -> None:
    line = Discrepancy(Fraud.UNDERVALUATION, 1, "Half the usual price.", Money(Decimal(80), USD))
    said = _found(
        border,
        discrepancies=(line,),
        extra_revenue=Money(Decimal(100), USD),
        extent=Extent.PARTIAL,
        hours=2.5,
        note="The invoice was made after the sale.",
    )
    id = _drawn(border)
    border.act(record_examination, id, replace(said, started_at=border.now, ended_at=border.now))
    (kept,) = border.ask(tables.get_examination, id).results
    assert (kept.found, kept.hours, kept.note) == (Extent.PARTIAL, 2.5, said.note)
    assert kept.discrepancies == (line,)


def test_a_report_without_an_extent_says_all_or_nothing() -> None:
    usual = Result("customs", Conformity.CONFORM, (), None, None, None)  # type: ignore[arg-type]
    assert usual.found is Extent.NOTHING
    assert replace(usual, outcome=Conformity.NOT_CONFORM).found is Extent.FULL


def test_a_fact_of_before_is_still_read() -> None:
    old = (
        b'{"examination":"M-1","mrn":"26GHACC00000000006","agency":"customs","outcome":"conform",'
        b'"findings":[],"extra_revenue":null,"started_at":"2026-01-01T00:00:00Z",'
        b'"ended_at":"2026-01-01T01:00:00Z","is_last":true}'
    )
    read = decode(old, Examined)
    assert (read.extent, read.hours, read.note) == (None, None, "")


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("CLR_R73", {"extent": Extent.NOTHING}),
        ("CLR_R74", {"hours": -1.0}),
        ("CLR_R74", {"hours": float("nan")}),
        ("CLR_R75", {"discrepancies": (Discrepancy("documents", 1, "", Money(Decimal(9), USD)),)}),
        (
            "CLR_R75",
            {
                "extra_revenue": Money(Decimal(9), Currency("EUR")),
                "discrepancies": (Discrepancy("documents", 1, "", Money(Decimal(9), USD)),),
            },
        ),
        (
            "CLR_R68",
            {"discrepancies": (Discrepancy("documents", 1, "", Money(Decimal(-9), USD)),)},
        ),
    ],
)
def test_a_report_that_contradicts_itself_is_refused(
    border: Border, rule: str, changes: dict[str, object]
) -> None:
    id = _drawn(border)
    with pytest.raises(RuleViolation) as refused:
        border.act(record_examination, id, _found(border, **changes))
    assert refused.value.fields["rule"] == rule


def _released(border: Border) -> str:
    mrn = border.lodge(machines()).lodged.mrn
    border.wait(1)
    border.arrive(BOX)
    border.wait(24)
    return str(mrn)


def test_an_audit_of_released_goods_is_told_and_decides_nothing(border: Border) -> None:
    mrn = _released(border)
    before = len(border.ask(tables.decisions_of, mrn))
    fact = border.act(record_audit, mrn, _found(border, hours=6.0))
    assert decode(fact.body, Audited).hours == 6.0
    (kept,) = border.ask(tables.audits_of, mrn)
    assert kept.found is Extent.FULL
    assert len(border.ask(tables.decisions_of, mrn)) == before


def test_an_audit_is_told_once_of_goods_that_have_left(border: Border) -> None:
    other = _released(border)
    border.act(record_audit, other, _found(border))
    with pytest.raises(WrongState, match="already"):
        border.act(record_audit, other, _found(border))
    with pytest.raises(Refused):
        border.act(record_audit, other, _found(border), actor=WORKER)
    still_here = border.lodge(machines(lrn=Lrn("M-9")), draw=DRAWN).lodged.mrn
    with pytest.raises(WrongState, match="not released"):
        border.act(record_audit, still_here, _found(border))


def test_risk_learns_from_an_audit(border: Border) -> None:
    mrn = _released(border)
    border.act(record_audit, mrn, _found(border))
    with border.engine.connect() as connection:
        query = select(risk.declaration.c.examined_day).where(risk.declaration.c.mrn == mrn)
        assert connection.execute(query).scalar_one() is not None
