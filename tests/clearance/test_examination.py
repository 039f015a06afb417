"""Orders of examination: who may report, and what becomes of the goods."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from clearway.certificates import tables as certificates
from clearway.certificates.model import Key
from clearway.clearance import tables
from clearway.clearance.actions.record_examination import record_examination
from clearway.clearance.actions.release import release
from clearway.clearance.actions.start_examination import start_examination
from clearway.clearance.facts import Examined
from clearway.clearance.model import Outcome
from clearway.clearance.record import State
from clearway.errors import NotFound, Refused, RuleViolation, WrongState
from clearway.ledger.fact import decode
from clearway.terms.goods import HsCode
from clearway.terms.money import Currency, Money
from clearway.terms.places import Country
from clearway.terms.quantity import kilograms

from .border import (
    DRAWN,
    INSPECTOR,
    TRADER,
    WORKER,
    Border,
    bananas,
    certificate,
    codes,
    item,
    machines,
    mrn_of,
    result,
)

PHYTO = Key.of("851", "EC", "EC-2026-17")
SEED_POTATOES = {
    "items": (
        item(hs=HsCode("070110"), description="Seed potatoes", origin=Country("NL"), documents=()),
    )
}


def test_one_order_for_all_agencies_is_closed_once(border: Border) -> None:
    """Drawn for customs, and seed potatoes are always examined by plant health."""
    mrn = mrn_of(border.lodge(machines(**SEED_POTATOES), draw=DRAWN))
    (order,) = border.ask(tables.examinations_of, mrn)
    assert order.agencies == ("customs", "plant_health")
    assert order.is_mandatory
    border.arrive()
    border.wait(2)
    border.act(start_examination, order.id)
    assert border.consignment(mrn).state is State.UNDER_EXAMINATION
    assert border.act(start_examination, order.id, actor=INSPECTOR) is None
    border.wait(1)
    border.act(record_examination, order.id, result("customs", border.now))
    assert border.ask(tables.get_examination, order.id).waiting_for == ("plant_health",)
    border.wait(1)
    fact = border.act(
        record_examination, order.id, result("plant_health", border.now), actor=INSPECTOR
    )
    assert decode(fact.body, Examined).is_last
    assert border.types().count("clearance.examination_started") == 1
    decided = border.ask(tables.decisions_of, mrn)[-1].decided
    assert decided.decision is Outcome.HOLD  # the phytosanitary certificate is missing still
    assert border.consignment(mrn).examined_at == border.now


def test_examined_and_conform_goods_go(border: Border) -> None:
    mrn = mrn_of(border.lodge(machines(), draw=DRAWN))
    (order,) = border.ask(tables.examinations_of, mrn)
    border.arrive()
    border.wait(3)
    border.act(record_examination, order.id, result("customs", border.now))
    consignment = border.consignment(mrn)
    assert consignment.state is State.RELEASED
    assert consignment.started_at == border.now - timedelta(hours=1)
    decided = border.ask(tables.decisions_of, mrn)[-1].decided
    assert codes(decided) == ["CLR_R50"]
    assert len(decided.inputs.examinations) == 1


def test_not_conform_goods_are_held_until_an_officer_releases_them(border: Border) -> None:
    mrn = mrn_of(border.lodge(machines(), draw=DRAWN))
    (order,) = border.ask(tables.examinations_of, mrn)
    border.arrive()
    border.wait(3)
    owed = Money(Decimal("1200.50"), Currency("KES"))
    border.act(
        record_examination,
        order.id,
        result("customs", border.now, "undervaluation", extra_revenue=owed),
    )
    assert border.consignment(mrn).state is State.HELD
    with pytest.raises(RuleViolation, match="one sentence"):
        border.act(release, mrn, "  ")
    border.act(release, mrn, "The difference was paid.")
    last = border.ask(tables.decisions_of, mrn)[-1]
    assert last.decided.by_hand and last.actor == "officer:amina"
    assert border.consignment(mrn).state is State.RELEASED
    with pytest.raises(WrongState):
        border.act(release, mrn, "Again.")


def test_refused_goods_give_back_their_certificate_and_are_not_released(border: Border) -> None:
    border.certify(certificate())
    mrn = mrn_of(border.lodge(bananas(), draw=DRAWN))
    (order,) = border.ask(tables.examinations_of, mrn)
    border.arrive()
    border.wait(3)
    border.act(record_examination, order.id, result("customs", border.now, "quarantine_pest"))
    assert border.consignment(mrn).state is State.REFUSED
    assert border.ask(certificates.get, PHYTO).balances[0].available == kilograms(10000)
    with pytest.raises(WrongState, match="re-exported"):
        border.act(release, mrn, "Please.")


def test_officers_report_for_their_own_agency_only(border: Border) -> None:
    mrn = mrn_of(border.lodge(machines(**SEED_POTATOES), draw=DRAWN))
    (order,) = border.ask(tables.examinations_of, mrn)
    border.arrive()
    border.wait(3)
    with pytest.raises(Refused):
        border.act(record_examination, order.id, result("plant_health", border.now))
    with pytest.raises(Refused):
        border.act(record_examination, order.id, result("customs", border.now), actor=INSPECTOR)
    with pytest.raises(Refused):
        border.act(record_examination, order.id, result("customs", border.now), actor=TRADER)
    with pytest.raises(Refused):
        border.act(release, mrn, "For a friend.", actor=TRADER)


def test_a_worker_never_releases(border: Border) -> None:
    mrn = mrn_of(border.lodge(machines(), draw=DRAWN))
    with pytest.raises(Refused):
        border.act(release, mrn, "The model says so.", actor=WORKER)


def test_an_examination_cannot_begin_before_the_goods_are_here(border: Border) -> None:
    mrn = mrn_of(border.lodge(machines(), draw=DRAWN))
    (order,) = border.ask(tables.examinations_of, mrn)
    with pytest.raises(WrongState, match="have not arrived"):
        border.act(start_examination, order.id)
    assert border.ask(tables.queue, border.now) == ()
    with pytest.raises(NotFound):
        border.act(start_examination, "no such order")


def test_a_trader_is_not_told_why_risk_chose(border: Border) -> None:
    mrn = mrn_of(border.lodge(machines(), draw=DRAWN))
    ordered = next(fact for fact in border.facts if fact.type == "declaration.control_ordered/1")
    assert b"random" not in ordered.body
    assert codes(border.ask(tables.decisions_of, mrn)[-1].decided) == ["CLR_R10"]
