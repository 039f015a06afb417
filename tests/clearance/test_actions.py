"""A consignment's way through clearance, on a real database and the policy that runs."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from clearway.certificates import tables as certificates
from clearway.certificates.model import Key
from clearway.clearance import schema, tables
from clearway.clearance.actions.check_seal import check_seal
from clearway.clearance.actions.explain_delay import explain_delay
from clearway.clearance.actions.invalidate import invalidate
from clearway.clearance.actions.present import present
from clearway.clearance.actions.receive_correction import receive_correction
from clearway.clearance.actions.reconsider import reconsider_container
from clearway.clearance.actions.record_examination import record_examination
from clearway.clearance.actions.release import release
from clearway.clearance.actions.start_examination import start_examination
from clearway.clearance.actions.withdraw_certificate import withdraw_certificate
from clearway.clearance.facts import Decided, DelayExplained, Examined
from clearway.clearance.intake import prepare
from clearway.clearance.model import Cover, Outcome, Place, Step
from clearway.clearance.record import State
from clearway.declarations.actions.lodge import Conflict
from clearway.declarations.formats import json
from clearway.declarations.model import Container, Document
from clearway.errors import NotFound, Refused, RuleViolation, WrongState
from clearway.ledger.fact import decode
from clearway.measures.formats.profile import sample
from clearway.movements.model import SealCheck
from clearway.terms.goods import HsCode
from clearway.terms.identifiers import Lrn, Mrn
from clearway.terms.money import Currency, Money
from clearway.terms.places import Country
from clearway.terms.quantity import kilograms
from clearway.terms.transport import ContainerNumber, SealNumber

from .border import (
    BOX,
    DRAWN,
    INSPECTOR,
    NOBODY_DRAWN,
    TERMINAL,
    TRADER,
    WORKER,
    Border,
    bananas,
    certificate,
    item,
    machines,
    result,
    selectivity,
)

PHYTO = Key.of("851", "EC", "EC-2026-17")
SEED_POTATOES = {
    "items": (
        item(hs=HsCode("070110"), description="Seed potatoes", origin=Country("NL"), documents=()),
    )
}


def codes(decided: Decided | None) -> list[str]:
    return [] if decided is None else [reason.code for reason in decided.reasons]


def mrn_of(received: object) -> Mrn:
    return received.lodged.mrn  # type: ignore[attr-defined,no-any-return]


def test_before_arrival_everything_is_decided_and_on_arrival_the_goods_go(border: Border) -> None:
    border.certify(certificate())
    received = border.lodge(bananas())
    mrn = mrn_of(received)
    assert received.decided is not None and received.decided.on_arrival
    assert codes(received.decided) == ["CLR_R13", "CLR_R14", "CLR_R60"]
    assert border.consignment(mrn).state is State.READY
    at = border.wait(48)
    arrived = border.arrive()
    assert arrived.released == (mrn,)
    consignment = border.consignment(mrn)
    assert (consignment.state, consignment.released_at) == (State.RELEASED, at)
    assert [step for step, _ in consignment.steps()] == [Step.LODGED, Step.ARRIVED, Step.RELEASED]


def test_what_the_rules_decide_bears_the_name_of_the_rules(border: Border) -> None:
    border.lodge(machines())
    by_type = {fact.type.split("/")[0]: fact for fact in border.facts}
    assert by_type["declaration.accepted"].actor == "trader:broker"
    for type_ in ("risk.assessed", "clearance.decided"):
        assert by_type[type_].actor == "system:clearance"
        assert by_type[type_].issuer == "customs"


def test_a_declaration_lodged_twice_is_decided_once(border: Border) -> None:
    first = border.lodge(machines())
    facts = len(border.facts)
    again = border.lodge(machines())
    assert len(border.facts) == facts
    assert again.lodged == replace(first.lodged, repeated=True)  # type: ignore[type-var]
    assert (again.decided, again.decided_seq) == (first.decided, first.decided_seq)


def test_other_content_under_a_key_decides_nothing(border: Border) -> None:
    border.lodge(machines(), key="k")
    conflict = border.lodge(machines(packages=541), key="k")
    assert isinstance(conflict.lodged, Conflict)
    assert conflict.decided is None
    assert border.types()[-1] == "declaration.key_conflict"


def test_a_rejected_declaration_is_not_decided_on(border: Border) -> None:
    rejected = border.lodge(machines(items=(item(number=7),)))
    assert rejected.decided is None
    assert border.types() == ["declaration.rejected"]


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


def test_a_broken_seal_stops_goods_that_were_ready(border: Border) -> None:
    mrn = mrn_of(border.lodge(machines()))
    seen = SealCheck(BOX, "KEMBA", border.now, SealNumber("EC-4711"), False)
    border.act(check_seal, seen, actor=TERMINAL)
    assert border.consignment(mrn).state is State.TO_EXAMINE
    border.arrive()
    consignment = border.consignment(mrn)
    assert consignment.state is State.TO_EXAMINE
    decided = border.ask(tables.decisions_of, mrn)[-1].decided
    assert codes(decided) == ["CLR_R40"]
    assert border.facts[decided.inputs.seals[0]].type == "movement.seal_checked/1"


def test_a_seal_broken_on_an_earlier_voyage_is_no_matter(border: Border) -> None:
    seen = SealCheck(BOX, "KEMBA", border.now - timedelta(days=30), SealNumber("OLD-1"), False)
    border.act(check_seal, seen, actor=TERMINAL)
    assert codes(border.lodge(machines()).decided) == ["CLR_R13", "CLR_R60"]


def test_goods_in_two_containers_are_here_when_both_are(border: Border) -> None:
    other = ContainerNumber.build("MSKU123456")
    boxes = (Container(BOX, ()), Container(other, ()))
    mrn = mrn_of(border.lodge(machines(containers=boxes)))
    border.arrive()
    assert border.consignment(mrn).arrived_at is None
    at = border.wait(6)
    border.arrive(other)
    consignment = border.consignment(mrn)
    assert (consignment.arrived_at, consignment.state) == (at, State.RELEASED)


def test_goods_declared_after_they_came_go_at_once(border: Border) -> None:
    border.arrive()
    came = border.now
    border.wait(10)
    mrn = mrn_of(border.lodge(machines()))
    consignment = border.consignment(mrn)
    assert (consignment.state, consignment.arrived_at) == (State.RELEASED, came)


def test_loose_goods_declared_before_they_come_are_presented(border: Border) -> None:
    loose = machines(
        containers=(),
        items=tuple(replace(each, containers=()) for each in machines().items),
        additional_type="D",
        transport_mode="4",
    )
    mrn = mrn_of(border.lodge(loose))
    assert border.consignment(mrn).state is State.READY
    with pytest.raises(RuleViolation, match="lies ahead"):
        border.act(present, mrn, border.now + timedelta(hours=1), "SHED3", actor=TERMINAL)
    border.wait(1)
    border.act(present, mrn, border.now, "SHED3", actor=TERMINAL)
    assert border.consignment(mrn).state is State.RELEASED
    with pytest.raises(WrongState, match="are here since"):
        border.act(present, mrn, border.now, "SHED3", actor=TERMINAL)


def test_containers_are_not_presented_by_hand(border: Border) -> None:
    mrn = mrn_of(border.lodge(machines()))
    with pytest.raises(WrongState, match="record the arrival of these"):
        border.act(present, mrn, border.now, "SHED3", actor=TERMINAL)


def test_a_correction_is_decided_on_anew(border: Border) -> None:
    border.certify(certificate())
    mrn = mrn_of(border.lodge(bananas(items=(item(documents=()),))))
    assert border.consignment(mrn).state is State.HELD
    message = json.read(json.write(bananas()))
    prepared = prepare(message, sample(), border.now)
    border.act(
        receive_correction,
        mrn,
        prepared,
        "The certificate was forgotten.",
        draw=NOBODY_DRAWN,
        selectivity=selectivity(),
        actor=TRADER,
    )
    consignment = border.consignment(mrn)
    assert consignment.state is State.READY
    assert consignment.corrected_by == "trader:broker"
    border.arrive()
    assert border.consignment(mrn).state is State.RELEASED


def test_a_correction_does_not_lead_out_of_the_random_share(border: Border) -> None:
    mrn = mrn_of(border.lodge(bananas(items=(item(documents=()),))))
    prepared = prepare(json.read(json.write(bananas())), sample(), border.now)
    border.act(
        receive_correction, mrn, prepared, "Mended.", draw=DRAWN, selectivity=selectivity(),
        actor=TRADER,
    )  # fmt: skip
    assert border.consignment(mrn).state is State.TO_EXAMINE


def test_reasons_of_a_delay_are_drafted_from_the_record(border: Border) -> None:
    mrn = mrn_of(border.lodge(machines(), draw=DRAWN))
    (order,) = border.ask(tables.examinations_of, mrn)
    with pytest.raises(WrongState, match="not late yet"):
        border.act(explain_delay, mrn, "Kenya Fruit Importers")
    border.arrive()
    border.wait(10)
    border.act(record_examination, order.id, result("customs", border.now, took_h=2))
    fact = border.act(explain_delay, mrn, "Kenya Fruit Importers")
    told = decode(fact.body, DelayExplained)
    assert told.total_h == 10
    assert [(each.code, each.hours) for each in told.reasons] == [("CLR_D03", 8), ("CLR_D04", 2)]
    assert sum(each.hours for each in told.reasons) == told.total_h


def test_an_appeal_finds_everything_that_the_decisions_rest_on(border: Border) -> None:
    border.certify(certificate())
    mrn = mrn_of(border.lodge(bananas(), draw=DRAWN))
    border.arrive()
    appeal = border.ask(tables.appeal_record, mrn)
    types = {border.facts[seq].type.split("/")[0] for seq in appeal.facts}
    assert types == {
        "declaration.accepted",
        "certificate.received",
        "risk.assessed",
        "clearance.certificate_matched",
        "clearance.decided",
    }
    decided = appeal.decisions[0].decided
    assert decided.rules == "clearance-rules/2"
    assert [need.code for need in decided.needs] == ["PHY-IMPORT"]
    with pytest.raises(NotFound):
        border.ask(tables.appeal_record, "26KE00000000000000")


def test_nothing_new_decides_nothing_new(border: Border) -> None:
    border.lodge(bananas())
    facts = len(border.facts)
    assert border.act(reconsider_container, BOX) == ()
    assert len(border.facts) == facts


def test_the_queue_puts_what_spoils_before_what_came_first(border: Border) -> None:
    other = ContainerNumber.build("MSKU123456")
    first = border.lodge(machines(), draw=DRAWN)
    border.arrive()
    border.wait(2)
    border.certify(certificate())
    boxed = bananas(
        lrn=Lrn("B-2"),
        containers=(Container(other, ()),),
        items=(item(containers=(other,), hs=HsCode("030214"), description="Fresh salmon",
                    origin=Country("NO"), documents=(Document("N853", "NO-1", Country("NO")),)),),
    )  # fmt: skip
    second = border.lodge(boxed, draw=DRAWN)
    border.arrive(other)
    queue = border.ask(tables.queue, border.now)
    assert [entry.mrn for entry in queue] == [mrn_of(second), mrn_of(first)]
    assert queue[0].place is Place.SPOILS
    assert queue[0].moved == 1
    assert queue[0].waiting.value == Decimal("8400.00")
    mine = border.ask(tables.queue, border.now, agency="veterinary")
    assert mine == ()
    elsewhere = border.ask(tables.queue, border.now, office="TZDAR")
    assert elsewhere == ()


def test_lists_are_paged_by_cursor(border: Border) -> None:
    mrns = [mrn_of(border.lodge(machines(lrn=Lrn(f"M-{n}")), draw=DRAWN)) for n in range(5)]
    first = border.ask(tables.list_consignments, limit=2)
    rest = border.ask(tables.list_consignments, limit=5, before=first[-1].seq)
    assert [one.mrn for one in (*first, *rest)] == mrns[::-1]
    ready = border.ask(tables.list_consignments, states=[State.TO_EXAMINE], importers=["nobody"])
    assert ready == ()
    page = border.ask(tables.list_examinations, limit=3, agency="customs")
    following = border.ask(tables.list_examinations, limit=3, before=page[-1][0])
    assert [order.mrn for _, order in (*page, *following)] == mrns[::-1]


def test_tables_rebuilt_from_the_facts_are_the_same(border: Border) -> None:
    from clearway.node.rebuild import rebuild
    from clearway.node.rooms import projection_tables, projections

    border.certify(certificate())
    border.lodge(bananas(), draw=DRAWN)
    mrn = mrn_of(border.lodge(machines(lrn=Lrn("M")), draw=DRAWN))
    border.arrive()
    border.wait(3)
    (order,) = border.ask(tables.examinations_of, mrn)
    border.act(record_examination, order.id, result("customs", border.now))
    border.act(withdraw_certificate, PHYTO, "Issued in error.", actor=WORKER)
    with border.engine.begin() as connection:
        assert rebuild(connection, projections(), projection_tables()).changed == ()
        assert connection.execute(select(func.count()).select_from(schema.decision)).scalar() == 4
