"""Goods that need a certificate: what they wait for, take of it, and lose with it."""

from __future__ import annotations

from clearway.certificates import tables as certificates
from clearway.certificates.model import Key
from clearway.clearance import tables
from clearway.clearance.actions.invalidate import invalidate
from clearway.clearance.actions.withdraw_certificate import withdraw_certificate
from clearway.clearance.model import Cover, Outcome
from clearway.clearance.record import State
from clearway.terms.identifiers import Lrn
from clearway.terms.places import Country
from clearway.terms.quantity import kilograms

from .border import (
    WORKER,
    Border,
    bananas,
    certificate,
    codes,
    mrn_of,
)

PHYTO = Key.of("851", "EC", "EC-2026-17")


def test_a_certificate_that_comes_later_frees_what_waits_for_it(border: Border) -> None:
    mrn = mrn_of(border.lodge(bananas()))
    assert border.consignment(mrn).state is State.HELD
    assert "declaration.documents_requested" in border.types()
    border.wait(1)
    border.arrive()
    assert border.consignment(mrn).state is State.HELD
    came = border.wait(5)
    border.certify(certificate())
    consignment = border.consignment(mrn)
    assert consignment.state is State.RELEASED
    assert consignment.complete_at == came
    assert border.ask(tables.matches_of, mrn)[0].match.cover is Cover.COVERS


def test_documents_are_asked_for_once_and_in_the_name_of_their_agency(border: Border) -> None:
    border.lodge(bananas())
    border.arrive()
    asked = [fact for fact in border.facts if fact.type == "declaration.documents_requested/1"]
    assert [fact.issuer for fact in asked] == ["plant_health"]


def test_what_a_declaration_takes_of_a_certificate_is_held_then_used(border: Border) -> None:
    border.certify(certificate())
    border.lodge(bananas())
    balance = border.ask(certificates.get, PHYTO).balances[0]
    assert (balance.reserved, balance.available) == (kilograms(10000), kilograms(0))
    border.arrive()
    balance = border.ask(certificates.get, PHYTO).balances[0]
    assert (balance.reserved, balance.consumed) == (kilograms(0), kilograms(10000))


def test_a_certificate_used_twice_calls_customs_and_plant_health(border: Border) -> None:
    border.certify(certificate())
    border.lodge(bananas())
    second = border.lodge(bananas(lrn=Lrn("B-2026-18")))
    assert second.decided is not None
    assert second.decided.decision is Outcome.EXAMINE
    assert "CLR_R06" in codes(second.decided)
    examination = border.ask(tables.get_examination, second.decided.examination)
    assert examination.agencies == ("customs", "plant_health")


def test_an_invalidated_declaration_gives_back_what_it_held(border: Border) -> None:
    border.certify(certificate())
    mrn = mrn_of(border.lodge(bananas()))
    border.act(invalidate, mrn, "Not shipped.")
    assert border.ask(certificates.get, PHYTO).balances[0].available == kilograms(10000)
    assert border.consignment(mrn).state is State.CLOSED
    border.arrive()
    assert border.consignment(mrn).state is State.CLOSED


def test_a_withdrawn_certificate_holds_goods_that_were_ready(border: Border) -> None:
    border.certify(certificate())
    mrn = mrn_of(border.lodge(bananas()))
    border.act(withdraw_certificate, PHYTO, "Issued in error.", actor=WORKER)
    assert border.consignment(mrn).state is State.HELD
    border.arrive()
    consignment = border.consignment(mrn)
    assert consignment.state is State.HELD
    assert codes(border.ask(tables.decisions_of, mrn)[-1].decided) == ["CLR_R03"]
    assert border.ask(certificates.get, PHYTO).balances[0].reserved == kilograms(0)


def test_a_replacement_is_matched_where_the_old_one_was_named(border: Border) -> None:
    wrong = certificate(importing_country=Country("TZ"))
    border.certify(wrong)
    mrn = mrn_of(border.lodge(bananas()))
    assert border.consignment(mrn).state is State.TO_EXAMINE
    border.certify(certificate(status="44"))
    assert border.consignment(mrn).state is State.HELD
    assert "clearance.examination_cancelled" in border.types()
    assert border.ask(tables.list_examinations) == ()
