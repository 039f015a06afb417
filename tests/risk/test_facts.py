"""Risk reads facts of other rooms by their stored form; here with the rooms' own classes."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from clearway.clearance import facts as clearance
from clearway.clearance.model import Conformity, Discrepancy
from clearway.declarations import facts as declarations
from clearway.declarations.message import Form
from clearway.ledger.fact import Fact, FactBody, decode, encode
from clearway.risk import projections, tables
from clearway.risk.goods import Accepted, AcceptedDeclaration, goods_of
from clearway.terms.identifiers import Mrn
from clearway.terms.money import Currency, Money

from .test_actions import NOON, declared

MRN = Mrn.build(2026, "GH", "0000000000001")


def fact(body: FactBody) -> Fact:
    return Fact(1, body.TYPE, "x", "customs", "officer:amina", NOON, NOON, encode(body))


def accepted() -> declarations.Accepted:
    return declarations.Accepted(MRN, declared(2), "key", (), Form.JSON, b"d", b"original")


def examined(agency: str, outcome: Conformity, *items: int | None) -> clearance.Examined:
    return clearance.Examined(
        examination="E1",
        mrn=MRN,
        agency=agency,
        outcome=outcome,
        findings=tuple(Discrepancy("undervaluation", item, "cheap") for item in items),
        extra_revenue=Money(Decimal("12.50"), Currency("EUR")),
        started_at=NOON - timedelta(hours=1),
        ended_at=NOON,
        is_last=True,
    )


def test_goods_of_a_fact_equal_those_of_the_declaration() -> None:
    body = decode(fact(accepted()).body, Accepted)
    assert isinstance(body.declaration, AcceptedDeclaration)
    rates = {1: 5.0, 2: 5.0}
    assert goods_of(MRN, body.declaration, 1, rates) == goods_of(MRN, declared(2), 1, rates)


def test_the_types_that_risk_listens_to_are_those_that_are_stated() -> None:
    stated = {declarations.Accepted.TYPE, clearance.Examined.TYPE}
    assert stated < set(tables.PROJECTIONS)


def test_results_in_the_clearance_rooms_own_form_are_learnt(store: object) -> None:
    node = store(tables.PROJECTIONS)  # type: ignore[operator]
    found: list[tuple[int, int]] = []
    with node.engine.begin() as connection:
        for body, project in (
            (accepted(), projections.count_accepted),
            (examined("plant_health", Conformity.NOT_CONFORM, 1), projections.learn_result),
            (examined("customs", Conformity.NOT_CONFORM, None), projections.learn_result),
        ):
            project(connection, fact(body))
            rows = connection.exec_driver_sql("SELECT max(examined), max(found) FROM risk_history")
            found.append(tuple(rows.one()))  # type: ignore[arg-type]
    assert found == [(0, 0), (0, 0), (2, 2)]
