"""The life of a declaration through its actions, on a real database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.declarations import lifecycle, tables
from clearway.declarations.actions.clear import clear
from clearway.declarations.actions.correct import correct
from clearway.declarations.actions.invalidate import invalidate
from clearway.declarations.actions.lodge import Conflict, Lodged, lodge
from clearway.declarations.actions.order_control import order_control
from clearway.declarations.actions.release import release
from clearway.declarations.actions.request_documents import request_documents
from clearway.declarations.facts import Accepted
from clearway.declarations.formats import json, wco
from clearway.declarations.lifecycle import TRANSITIONS, Status, Step, possible
from clearway.declarations.message import Message
from clearway.declarations.model import Party
from clearway.declarations.numbering import country_of_lodgement, next_mrn
from clearway.errors import NotFound, Refused, RuleViolation, WrongState
from clearway.ledger.fact import decode
from clearway.policy.cedar import CedarPolicy
from clearway.terms.identifiers import Lrn, Mrn
from clearway.terms.reason import Reason

from .desk import INSPECTOR, OFFICER, TRADER, Desk, Willing
from .samples import BROKER, IMPORTER, NOON, bananas, three_items, with_item

WHY = (Reason("FRUIT", "Fruit of this origin is sampled."),)
STEPS: dict[Step, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    Step.REQUEST_DOCUMENTS: (request_documents, (("N851",), WHY)),
    Step.ORDER_CONTROL: (order_control, (("customs", "plant_health"), WHY)),
    Step.CORRECT: (correct, (Message.of(bananas(vessel="EVER GIVEN")), "another vessel")),
    Step.RELEASE: (release, (WHY,)),
    Step.CLEAR: (clear, ()),
    Step.INVALIDATE: (invalidate, ("lodged twice",)),
}


def read(declaration: Any) -> Message:
    return json.read(json.write(declaration))


def test_a_declaration_is_accepted_and_gets_a_number(desk: Desk) -> None:
    outcome = desk.lodge(bananas())
    assert outcome == Lodged(Mrn.build(2026, "KE", "MBA0000000000"), 0, Status.ACCEPTED, ())
    record = desk.ask(tables.get, outcome.mrn)
    assert record.declaration == bananas()
    assert record.status is Status.ACCEPTED and record.version == 1
    assert record.summary.at == {Status.ACCEPTED: NOON}
    assert record.summary.lodged_by == "trader:broker"


def test_a_declaration_lodged_twice_is_answered_the_same(desk: Desk) -> None:
    first = desk.lodge(bananas())
    again = desk.lodge(bananas())
    assert again == replace(first, repeated=True)
    assert desk.next_seq == 1


def test_the_answer_stays_the_same_whatever_happened_since(desk: Desk) -> None:
    first = desk.lodge(bananas(ucr=None))
    assert [finding.code for finding in first.findings] == ["DEC_R50"]
    desk.act(correct, first.mrn, read(bananas()), "the reference was missing", actor=TRADER)
    desk.act(release, first.mrn, WHY)
    assert desk.lodge(bananas(ucr=None)) == replace(first, repeated=True)


def test_other_content_under_the_key_is_an_alarm(desk: Desk) -> None:
    first = desk.lodge(bananas())
    altered = bananas(vessel="EVER GIVEN")
    outcome = desk.lodge(altered)
    assert outcome == Conflict(first.mrn, "B-2026-17", 1)
    assert desk.ask(tables.get, first.mrn).declaration == bananas()
    (event,) = desk.ask(tables.timeline, first.mrn)[1:]
    assert event.type == "declaration.key_conflict/1"
    assert event.actor == "trader:broker"
    told = desk.ask(tables.list_notifications, party=str(BROKER)).items
    assert [each.kind for each in told] == ["accepted", "key_conflict"]


def test_the_alarm_comes_each_time(desk: Desk) -> None:
    desk.lodge(bananas())
    desk.conflict(read(bananas(vessel="A")), "")
    desk.conflict(read(bananas(vessel="B")), "")
    assert desk.next_seq == 3


def test_other_blanks_are_other_bytes(desk: Desk) -> None:
    desk.lodge(bananas())
    spaced = json.read(json.write(bananas()).replace(b'":', b'": '))
    assert spaced.declaration == bananas()
    desk.conflict(spaced, "")


def test_a_key_of_the_request_stands_before_the_reference(desk: Desk) -> None:
    first = desk.lodge(bananas(), key="abc")
    assert desk.lodge(bananas(), key="abc").repeated
    second = desk.lodge(bananas(vessel="EVER GIVEN"), key="def")
    assert second.mrn != first.mrn and not second.repeated


def test_two_declarants_may_use_the_same_reference(desk: Desk) -> None:
    first = desk.lodge(bananas())
    other = bananas(declarant=bananas().importer, representative_status="")
    second = desk.lodge(other)
    assert isinstance(second, Lodged) and second.mrn != first.mrn


def test_a_declaration_that_breaks_a_rule_is_rejected_with_findings(desk: Desk) -> None:
    outcome = desk.lodge(bananas(packages=5))
    assert outcome.status is Status.REJECTED
    assert [finding.field for finding in outcome.findings] == ["packages"]
    record = desk.ask(tables.get, outcome.mrn)
    assert record.status is Status.REJECTED and record.findings == outcome.findings
    assert record.summary.at == {Status.REJECTED: NOON}


def test_a_rejected_declaration_is_mended_and_lodged_under_its_reference(desk: Desk) -> None:
    wrong = desk.lodge(bananas(packages=5))
    assert desk.lodge(bananas(packages=5)) == replace(wrong, repeated=True)
    right = desk.lodge(bananas())
    assert right.status is Status.ACCEPTED and right.mrn != wrong.mrn
    assert desk.lodge(bananas()).repeated
    desk.conflict(read(bananas(packages=5)), "")


def test_findings_of_the_reader_reject_too(desk: Desk) -> None:
    data = wco.write(bananas()).replace(b"<ID>08039", b"<ID>77039")
    outcome = desk.act(lodge, wco.read(data), actor=TRADER)
    assert outcome.status is Status.REJECTED
    assert outcome.findings[0].code == "DEC_F02"


def test_what_cannot_be_recorded_is_refused_with_findings(desk: Desk) -> None:
    message = json.read(b'{"format": "clearway.declaration/1"}')
    with pytest.raises(RuleViolation) as caught:
        desk.act(lodge, message, actor=TRADER)
    assert caught.value.findings == message.findings
    assert desk.next_seq == 0


def test_the_original_bytes_are_kept(desk: Desk) -> None:
    data = wco.write(three_items()) + b"\n<!-- as sent -->"
    outcome = desk.act(lodge, wco.read(data), actor=TRADER)
    assert desk.ask(tables.original, outcome.mrn) == data


def test_a_declaration_made_without_message_is_bound_to_its_content(desk: Desk) -> None:
    first = desk.act(lodge, Message.of(bananas()), actor=TRADER)
    assert desk.act(lodge, Message.of(bananas()), actor=TRADER).repeated
    assert isinstance(desk.act(lodge, Message.of(bananas(vessel="A")), actor=TRADER), Conflict)
    assert desk.ask(tables.original, first.mrn) == b""


@pytest.mark.parametrize("status", [s for s in Status if s is not Status.CORRECTED])
@pytest.mark.parametrize("step", list(Step))
def test_each_step_is_possible_or_says_what_is(desk: Desk, status: Status, step: Step) -> None:
    mrn = bring_to(desk, status)
    action, arguments = STEPS[step]
    if step in possible(status):
        desk.act(action, mrn, *arguments)
        assert desk.ask(tables.get, mrn).status is TRANSITIONS[step][1]
        return
    with pytest.raises(WrongState) as caught:
        desk.act(action, mrn, *arguments)
    assert f"declaration {mrn} is {status.replace('_', ' ')}" in caught.value.detail
    for other in possible(status):
        assert other.replace("_", " ") in caught.value.detail
    assert desk.ask(tables.get, mrn).status is status


def bring_to(desk: Desk, status: Status) -> Mrn:
    """Lodge the bananas and lead them to a state."""
    if status is Status.REJECTED:
        rejected: Mrn = desk.lodge(bananas(packages=5)).mrn
        return rejected
    mrn = desk.accepted(bananas()).mrn
    if status is Status.CLEARED:
        desk.act(release, mrn, WHY)
    step = next((step for step, (_, target) in TRANSITIONS.items() if target is status), None)
    if step is not None:
        action, arguments = STEPS[step]
        desk.act(action, mrn, *arguments)
    return mrn


@given(st.lists(st.sampled_from(Step), max_size=12))
def test_no_way_leads_out_of_an_end_or_back_from_release(steps: list[Step]) -> None:
    status = Status.ACCEPTED
    for step in steps:
        before = status
        try:
            status = lifecycle.take(step, status, "declaration")
        except WrongState:
            continue
        assert before not in (Status.REJECTED, Status.CLEARED, Status.INVALIDATED)
        if before is Status.RELEASED:
            assert status is Status.CLEARED


def test_a_correction_keeps_the_number_and_counts_versions(desk: Desk) -> None:
    mrn = desk.accepted(bananas()).mrn
    desk.now = NOON + timedelta(hours=1)
    done = desk.act(correct, mrn, read(three_items()), "two pallets more", actor=TRADER)
    assert (done.mrn, done.version, done.seq) == (mrn, 2, 1)
    record = desk.ask(tables.get, mrn)
    assert record.version == 2 and record.declaration == three_items()
    assert record.summary.items == 3 and record.summary.corrected_by == "trader:broker"
    assert record.summary.at[Status.CORRECTED] == desk.now
    assert len(desk.ask(tables.list_items, mrn)) == 3


def test_a_correction_sent_twice_is_answered_the_same(desk: Desk) -> None:
    mrn = desk.accepted(bananas()).mrn
    first = desk.act(correct, mrn, read(three_items()), "more", actor=TRADER)
    again = desk.act(correct, mrn, read(three_items()), "more", of_version=1, actor=TRADER)
    assert again == replace(first, repeated=True)
    assert desk.next_seq == 2


def test_a_correction_of_a_version_that_passed_is_refused(desk: Desk) -> None:
    mrn = desk.accepted(bananas()).mrn
    desk.act(correct, mrn, read(three_items()), "more", of_version=1, actor=TRADER)
    with pytest.raises(WrongState, match="Version 2 of declaration"):
        desk.act(correct, mrn, read(bananas(vessel="A")), "no", of_version=1, actor=TRADER)


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (read(bananas(packages=5)), "breaks a rule"),
        (read(bananas(importer=Party(BROKER, "Somebody else"))), "another trader"),
        (json.read(b"{}"), "no whole declaration"),
    ],
)
def test_a_wrong_correction_changes_nothing(desk: Desk, message: Message, said: str) -> None:
    mrn = desk.accepted(bananas()).mrn
    with pytest.raises(RuleViolation, match=said):
        desk.act(correct, mrn, message, "mend", actor=TRADER)
    assert desk.ask(tables.get, mrn).version == 1


def test_the_timeline_tells_all(desk: Desk) -> None:
    mrn = desk.accepted(bananas()).mrn
    desk.act(request_documents, mrn, ("N851",), WHY, actor=INSPECTOR)
    desk.act(order_control, mrn, ("plant_health",), WHY)
    desk.act(release, mrn, WHY)
    desk.act(clear, mrn)
    events = desk.ask(tables.timeline, mrn)
    assert [event.type.split(".")[1] for event in events] == [
        "accepted/1",
        "documents_requested/1",
        "control_ordered/1",
        "released/1",
        "cleared/1",
    ]
    assert events[1].issuer == "plant_health" and events[1].actor == "officer:juma"


def test_the_accepted_fact_can_be_read_by_other_rooms(desk: Desk) -> None:
    outcome = desk.accepted(bananas())
    with desk.engine.connect() as connection:
        body = connection.exec_driver_sql("SELECT body FROM fact WHERE seq = 0").scalar_one()
    accepted = decode(body, Accepted)
    assert accepted.mrn == outcome.mrn and accepted.declaration == bananas()
    assert accepted.key == "B-2026-17"


@pytest.mark.parametrize("action", [request_documents, order_control, release, clear, invalidate])
def test_an_unknown_number_is_not_found(desk: Desk, action: Callable[..., Any]) -> None:
    mrn = next_mrn(bananas(), NOON, 7)
    arguments = next(arguments for each, arguments in STEPS.values() if each is action)
    with pytest.raises(NotFound, match=str(mrn)):
        desk.act(action, mrn, *arguments)


def test_policy_is_told_whose_goods_they_are_and_who_lodged_them(
    desk: Desk, policy: Willing
) -> None:
    mrn = desk.accepted(bananas()).mrn
    desk.act(request_documents, mrn, ("N851",), WHY, actor=INSPECTOR)
    assert policy.asked == [
        ("declaration.lodge", {"agency": "customs", "party": str(IMPORTER)}),
        ("declaration.lodge", {"agency": "customs", "party": str(BROKER)}),
        (
            "declaration.request_documents",
            {
                "agency": "plant_health",
                "mrn": str(mrn),
                "lodged_by": "trader:broker",
                "party": str(IMPORTER),
            },
        ),
    ]


def test_the_real_policy_lets_each_do_their_work_and_no_more(desk: Desk) -> None:
    desk.policy = CedarPolicy.load()
    mrn = desk.accepted(bananas()).mrn
    desk.act(request_documents, mrn, ("N851",), WHY, actor=INSPECTOR)
    desk.act(correct, mrn, read(three_items()), "more", actor=TRADER)
    with pytest.raises(Refused):
        desk.act(release, mrn, WHY, actor=TRADER)
    with pytest.raises(Refused):
        desk.act(order_control, mrn, ("plant_health",), WHY, actor=INSPECTOR)
    stranger = replace(TRADER, party=str(BROKER), represents=frozenset({str(BROKER)}))
    with pytest.raises(Refused, match=str(IMPORTER)):
        desk.lodge(bananas(lrn=Lrn("B-2")), actor=stranger)
    desk.act(release, mrn, WHY, actor=OFFICER)


def test_nobody_takes_another_declarants_references(desk: Desk) -> None:
    desk.policy = CedarPolicy.load()
    importer = replace(TRADER, party=str(IMPORTER), represents=frozenset({str(IMPORTER)}))
    with pytest.raises(Refused, match=str(BROKER)):
        desk.lodge(bananas(), actor=importer)


def test_numbers_are_unique_and_carry_the_office() -> None:
    numbers = {next_mrn(bananas(), NOON, seq) for seq in range(2000)}
    assert len(numbers) == 2000
    assert all(number.startswith("26KEMBA") for number in numbers)
    assert next_mrn(bananas(office="KEA-B.7"), NOON, 35)[:17] == "26KEAB7000000000Z"
    assert next_mrn(bananas(office="KE"), NOON, 36)[:17] == "26KE0000000000010"


def test_the_country_of_an_unknown_office_is_that_of_the_goods_or_a_party() -> None:
    assert country_of_lodgement(bananas(office="QQPRT")) == "KE"
    strange = bananas(office="", goods_location="", declarant=Party(None, "x"))
    assert country_of_lodgement(strange) == "KE"
    nobody = replace(strange, importer=Party(), exporter=None)
    assert country_of_lodgement(nobody) == "EC"


def test_a_refused_item_is_named_in_the_senders_terms(desk: Desk) -> None:
    outcome = desk.lodge(with_item(packages=1000, gross_mass_kg=bananas().gross_mass_kg - 9000))
    assert "items[0].gross_mass_kg" in {finding.field for finding in outcome.findings}
