"""The life of a certificate of ours, from the application to its end."""

from __future__ import annotations

from decimal import Decimal

import pytest

from clearway.certificates.actions.amend import amend
from clearway.certificates.actions.approve import approve
from clearway.certificates.actions.cancel import cancel
from clearway.certificates.actions.dispatch import dispatch
from clearway.certificates.actions.expire import expire
from clearway.certificates.actions.issue import issue
from clearway.certificates.actions.record_result import record_result
from clearway.certificates.actions.refuse import refuse
from clearway.certificates.actions.reject import reject
from clearway.certificates.actions.report_delivery import report_delivery
from clearway.certificates.actions.report_use import report_use
from clearway.certificates.actions.send_back import send_back
from clearway.certificates.actions.withdraw_issued import withdraw_issued
from clearway.certificates.formats.profile import profile_of
from clearway.certificates.formats.sps_certificate import read
from clearway.certificates.issuing import standing, tables
from clearway.certificates.issuing.course import Delivery, Stage, Step
from clearway.certificates.issuing.drafting import replacement
from clearway.certificates.issuing.model import ResultKind
from clearway.certificates.issuing.preparing import prepare_word
from clearway.certificates.parts import Party, noted
from clearway.certificates.status import State
from clearway.errors import NotFound, Refused, RuleViolation, WrongState
from clearway.terms.places import Country
from clearway.terms.quantity import Quantity, UnitCode, kilograms
from tests.certificates.conftest import heat, line
from tests.certificates.issuing.desk import (
    CERTIFIER,
    INSPECTOR,
    PARTY,
    PROJECTIONS,
    RIVAL,
    START,
    TRADER,
    WORKER,
    Bureau,
    NoKeys,
    draft,
    passed,
    request,
)

NL = Country("NL")
PHYTO = profile_of("851")


def test_a_certificate_from_application_to_acknowledged_replaced_and_withdrawn(
    bureau: Bureau,
) -> None:
    number = bureau.apply()
    assert number == "XA-A-2026-000001"
    assert bureau.held(number).stage is Stage.APPLIED
    bureau.act(
        INSPECTOR,
        record_result,
        number,
        passed(declaration="Free from Bactrocera dorsalis.", text="30 boxes cut"),
    )
    bureau.act(
        INSPECTOR, record_result, number, passed(ResultKind.TREATMENT, treatment=heat(), lines=(1,))
    )
    assert bureau.held(number).stage is Stage.EXAMINED
    bureau.act(CERTIFIER, approve, number)
    approved = bureau.held(number)
    assert approved.key is not None
    assert (approved.stage, approved.key.subject) == (
        Stage.APPROVED,
        "certificate:851:XA:XA-PC-2026-000001",
    )
    made = bureau.prepare(number)
    bureau.act(CERTIFIER, issue, number, made)
    key = approved.key
    issued = bureau.ask(tables.get_issued, key)
    content = issued.content
    assert (content.status, content.number) == ("70", "XA-PC-2026-000001")
    assert content.lines[0].treatments == (heat(),), "the treatment's result went into it"
    assert "Free from Bactrocera dorsalis." in content.additional_declarations
    assert noted(content.notes, "single_use_secret") == (made.secret,)
    assert content.signatories[0].officer == "R. Njoroge"
    documents = bureau.ask(tables.get_documents, issued)
    assert (documents.document, documents.secret) == (made.document, made.secret)
    assert documents.seal == b"XA-PC-2026-000001|851-1|0"
    assert read(documents.document) == (content, ())

    assert [each.certificate for each in bureau.ask(tables.list_to_dispatch)] == [key.subject]
    bureau.act(WORKER, dispatch, key, "hub", hub_number="EPN-1", digest=content.digest)
    bureau.act(WORKER, report_delivery, key, Delivery.DELIVERED)
    bureau.act(WORKER, report_delivery, key, Delivery.ACKNOWLEDGED, hub_number="EPN-1")
    (row,) = bureau.ask(tables.list_applications, party=PARTY, state="acknowledged")
    assert row.number == number
    assert bureau.ask(tables.list_to_dispatch) == ()

    bureau.later(days=1)
    mended = replacement(content, "The consignee moved.", PHYTO)
    wanted = request(
        content=mended.content, purpose=mended.purpose, replaces=mended.replaces, party=PARTY
    )
    new = bureau.issued(wanted)
    old = bureau.ask(tables.get_issued, key)
    assert (old.stage, old.replaced_by, old.delivery) == (
        Stage.REPLACED,
        new.subject,
        Delivery.DUE,
    )
    after = bureau.ask(tables.get_issued, new).content
    assert (after.replaces, after.number) == ("XA-PC-2026-000001", "XA-PC-2026-000002")
    assert noted(after.notes, "replacement_reason") == ("The consignee moved.",)
    assert noted(after.notes, "replaced_issue_date") == ("2026-03-20",)
    assert noted(after.notes, "single_use_secret") != (made.secret,)
    told, _ = read(prepare_word(old, at=bureau.now, authority=NoKeys()))
    assert (told.status, told.number) == ("44", key.number)

    bureau.act(CERTIFIER, withdraw_issued, new, "pest found at loading")
    ended = bureau.ask(tables.get_issued, new)
    assert (ended.stage, ended.delivery) == (Stage.WITHDRAWN, Delivery.NONE)
    assert bureau.ask(standing.states_of, "851-1") == {0: State.REPLACED, 1: State.WITHDRAWN}
    assert [done.step for done in ended.history] == [
        Step.APPLY,
        Step.RECORD_RESULT,
        Step.APPROVE,
        Step.ISSUE,
        Step.WITHDRAW,
    ]


def test_what_was_issued_never_changes_whatever_comes_after(bureau: Bureau) -> None:
    key = bureau.issued()
    before = bureau.ask(tables.get_issued, key)
    kept = bureau.ask(tables.get_documents, before)
    bureau.act(WORKER, dispatch, key, "hub", hub_number="1")
    bureau.act(WORKER, reject, key, NL, "no import permit")
    bureau.act(CERTIFIER, withdraw_issued, key, "asked by the exporter")
    after = bureau.ask(tables.get_issued, key)
    assert after.content == before.content
    assert bureau.ask(tables.get_documents, after) == kept


def test_an_application_goes_back_is_mended_and_results_of_other_goods_do_not_count(
    bureau: Bureau,
) -> None:
    number = bureau.apply()
    bureau.act(INSPECTOR, record_result, number, passed())
    bureau.act(CERTIFIER, send_back, number, "name the consignee's town")
    assert bureau.held(number).stage is Stage.RETURNED
    with pytest.raises(WrongState, match="possible now: amend, cancel, refuse"):
        bureau.act(CERTIFIER, approve, number)
    moved = request(content=draft(consignee=Party("Harbour Fruit", city="Delft")))
    bureau.act(TRADER, amend, number, moved, Country("XA"))
    bureau.act(CERTIFIER, approve, number)
    other = bureau.apply()
    bureau.act(INSPECTOR, record_result, other, passed())
    bureau.act(CERTIFIER, send_back, other, "state the true mass")
    heavier = request(content=draft(lines=(line(1, net_mass=kilograms(1050), treatments=()),)))
    bureau.act(TRADER, amend, other, heavier, Country("XA"))
    with pytest.raises(RuleViolation, match="inspection is not on file for these goods"):
        bureau.act(CERTIFIER, approve, other)


def test_goods_that_did_not_conform_are_not_certified_until_they_do(bureau: Bureau) -> None:
    number = bureau.apply()
    bureau.act(INSPECTOR, record_result, number, passed(conforms=False, text="scale insects"))
    with pytest.raises(RuleViolation, match="inspection did not conform"):
        bureau.act(CERTIFIER, approve, number)
    bureau.act(INSPECTOR, record_result, number, passed(text="after sorting"))
    bureau.act(CERTIFIER, approve, number)


def test_traders_file_and_follow_only_their_own(bureau: Bureau) -> None:
    with pytest.raises(Refused, match="You do not represent XA10000001"):
        bureau.apply(who=RIVAL)
    number = bureau.apply()
    with pytest.raises(Refused):
        bureau.act(RIVAL, cancel, number, "not mine")
    bureau.act(TRADER, cancel, number, "sold at home")
    assert bureau.held(number).stage is Stage.CANCELLED
    key = bureau.issued()
    with pytest.raises(Refused):
        bureau.act(TRADER, withdraw_issued, key, "mine")
    named = bureau.ask(tables.get_issued, key).content
    mended = replacement(named, "mine now", PHYTO)
    with pytest.raises(NotFound, match="of this exporter"):
        bureau.apply(
            request(
                content=mended.content, purpose=mended.purpose, replaces=key.subject, party="XA2"
            ),
            RIVAL,
        )


def test_a_refused_number_is_void_and_the_next_one_follows_it(bureau: Bureau) -> None:
    first = bureau.approved()
    bureau.act(CERTIFIER, refuse, first, "fumigation failed")
    second = bureau.issued()
    assert second.number == "XA-PC-2026-000002"
    assert bureau.ask(standing.states_of, "851-1") == {0: State.WITHDRAWN}
    held = bureau.held(first)
    assert (held.stage, held.key and held.key.number) == (Stage.REFUSED, "XA-PC-2026-000001")


def test_numbers_begin_anew_each_year(bureau: Bureau) -> None:
    bureau.issued()
    bureau.later(days=300)
    assert bureau.issued().number == "XA-PC-2027-000001"
    assert bureau.apply() == "XA-A-2027-000002"


def test_a_repeated_application_is_answered_the_same(bureau: Bureau) -> None:
    number = bureau.apply(key="T-1")
    before = len(bureau.seen)
    assert bureau.apply(key="T-1") == number
    assert len(bureau.seen) == before
    assert bureau.apply() != number, "without a key, each is one of its own"


def test_what_was_prepared_before_a_change_is_not_issued(bureau: Bureau) -> None:
    number = bureau.approved()
    other = bureau.approved()
    with pytest.raises((RuleViolation, WrongState)):
        bureau.act(CERTIFIER, issue, other, bureau.prepare(number))
    made = bureau.prepare(number)
    bureau.act(CERTIFIER, issue, number, made)
    with pytest.raises(WrongState, match="issued"):
        bureau.act(CERTIFIER, issue, number, made)


def test_a_failed_delivery_goes_out_again_and_a_late_report_changes_nothing_known(
    bureau: Bureau,
) -> None:
    key = bureau.issued()
    with pytest.raises(WrongState, match="due"):
        bureau.act(WORKER, report_delivery, key, Delivery.DELIVERED)
    bureau.act(WORKER, dispatch, key, "hub", hub_number="1")
    assert bureau.act(WORKER, dispatch, key, "hub", hub_number="1") is None
    bureau.act(WORKER, report_delivery, key, Delivery.FAILED, message="no route")
    bureau.act(WORKER, dispatch, key, "hub", hub_number="1")
    bureau.act(WORKER, report_delivery, key, Delivery.WITH_WARNINGS, message="no HS")
    assert bureau.act(WORKER, report_delivery, key, Delivery.WITH_WARNINGS) is None
    bureau.act(WORKER, report_delivery, key, Delivery.ACKNOWLEDGED)
    with pytest.raises(WrongState, match="acknowledged"):
        bureau.act(WORKER, report_delivery, key, Delivery.FAILED)
    with pytest.raises(WrongState, match="was last sent as 1"):
        bureau.act(WORKER, report_delivery, key, Delivery.FAILED, hub_number="2")
    with pytest.raises(WrongState, match="cannot be reported"):
        bureau.act(WORKER, report_delivery, key, Delivery.DUE)


def test_it_is_used_in_parts_until_nothing_is_left_and_too_much_is_an_alarm(
    bureau: Bureau,
) -> None:
    key = bureau.issued()
    bureau.act(WORKER, report_use, key, 1, kilograms(400), "26NL1")
    assert bureau.ask(tables.list_applications, state="used_in_part")
    bureau.act(WORKER, report_use, key, 1, Quantity(Decimal("0.6005"), UnitCode("TNE")), "26NL2")
    assert bureau.ask(tables.get_issued, key).stage is Stage.EXHAUSTED
    assert bureau.act(WORKER, report_use, key, 1, kilograms(400), "26NL1") is None
    bureau.act(WORKER, report_use, key, 1, kilograms(100), "26NL1")
    assert bureau.ask(tables.get_issued, key).stage is Stage.ISSUED, "a use was taken back in part"
    bureau.act(WORKER, report_use, key, 1, kilograms(900), "26NL3")
    assert b'"exceeds":true' in bureau.seen[-1].body
    with pytest.raises(RuleViolation, match="has no line 7"):
        bureau.act(WORKER, report_use, key, 7, kilograms(1), "26NL4")
    with pytest.raises(RuleViolation, match="kilogram"):
        bureau.act(WORKER, report_use, key, 1, Quantity(Decimal(1), UnitCode("H87")), "26NL4")


def test_it_expires_after_the_days_of_its_profile(bureau: Bureau) -> None:
    key = bureau.issued()
    bureau.later(days=179)
    assert bureau.act(WORKER, expire) == ()
    bureau.later(days=2)
    assert len(bureau.act(WORKER, expire)) == 1
    assert bureau.ask(tables.get_issued, key).stage is Stage.EXPIRED
    assert bureau.act(WORKER, expire) == ()


def test_a_country_to_which_it_does_not_go_cannot_reject_it(bureau: Bureau) -> None:
    key = bureau.issued()
    with pytest.raises(RuleViolation, match="goes to NL"):
        bureau.act(WORKER, reject, key, Country("KE"), "")
    bureau.act(WORKER, reject, key, NL, "no import permit", reference="NL-7")
    assert bureau.ask(tables.get_issued, key).stage is Stage.REJECTED


def test_a_result_names_lines_that_are_there_and_lies_in_the_past(bureau: Bureau) -> None:
    number = bureau.apply()
    with pytest.raises(RuleViolation, match="no line 9"):
        bureau.act(INSPECTOR, record_result, number, passed(lines=(9,)))
    with pytest.raises(RuleViolation, match="future"):
        late = passed(done_at=START.replace(year=2027))
        bureau.act(INSPECTOR, record_result, number, late)
    with pytest.raises(RuleViolation, match="treatment"):
        bureau.act(INSPECTOR, record_result, number, passed(ResultKind.TREATMENT))


def test_what_came_after_an_erased_application_stands_on_nothing_and_breaks_nothing(
    bureau: Bureau,
) -> None:
    bureau.issued()
    kept = bureau.issued()
    remaining = [fact for fact in bureau.seen if fact.seq != 0]
    with bureau.engine.begin() as connection:
        for table in tables.TABLES:
            connection.execute(table.delete())
        for fact in remaining:
            for project in PROJECTIONS.get(fact.type, ()):
                project(connection, fact)
        assert [row.certificate for row in tables.list_applications(connection)] == [kept.subject]
        assert tables.last_number(connection, "XA-PC-2026") == 2


def test_what_was_used_up_abroad_can_still_be_withdrawn(bureau: Bureau) -> None:
    key = bureau.issued()
    bureau.act(WORKER, report_use, key, 1, kilograms(5000), "26NL1")
    assert bureau.ask(tables.get_issued, key).stage is Stage.EXHAUSTED
    bureau.act(CERTIFIER, withdraw_issued, key, "the inspection was never made")
    bureau.act(WORKER, report_use, key, 1, kilograms(1), "26NL2")
    assert bureau.ask(tables.get_issued, key).stage is Stage.WITHDRAWN, "a late report"
