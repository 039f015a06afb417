"""A consignment's way through clearance, on a real database and the policy that runs."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from clearway.certificates.model import Key
from clearway.clearance import schema, tables
from clearway.clearance.actions.explain_delay import explain_delay
from clearway.clearance.actions.receive_correction import receive_correction
from clearway.clearance.actions.reconsider import reconsider_container
from clearway.clearance.actions.record_examination import record_examination
from clearway.clearance.actions.withdraw_certificate import withdraw_certificate
from clearway.clearance.facts import DelayExplained
from clearway.clearance.intake import prepare
from clearway.clearance.model import Place, Step
from clearway.clearance.record import State
from clearway.declarations.actions.lodge import Conflict
from clearway.declarations.formats import json
from clearway.declarations.model import Container, Document
from clearway.errors import NotFound, WrongState
from clearway.ledger.fact import decode
from clearway.measures.formats.profile import sample
from clearway.terms.goods import HsCode
from clearway.terms.identifiers import Lrn
from clearway.terms.places import Country
from clearway.terms.transport import ContainerNumber

from .border import (
    BOX,
    DRAWN,
    NOBODY_DRAWN,
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
    selectivity,
)

PHYTO = Key.of("851", "EC", "EC-2026-17")


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
    assert decided.rules == "clearance-rules/4"
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
