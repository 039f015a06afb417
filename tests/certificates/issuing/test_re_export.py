"""Goods that leave again: never more than came in, whatever was applied for, given up, replaced."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.certificates import tables as received
from clearway.certificates.actions.approve import approve
from clearway.certificates.actions.cancel import cancel
from clearway.certificates.actions.issue import issue
from clearway.certificates.actions.notify_noncompliance import notify_noncompliance
from clearway.certificates.actions.receive import receive
from clearway.certificates.actions.receive_notice import receive_notice
from clearway.certificates.actions.record_result import record_result
from clearway.certificates.actions.withdraw_issued import withdraw_issued
from clearway.certificates.formats.profile import profile_of
from clearway.certificates.formats.sps_certificate import read, write
from clearway.certificates.intake import examine
from clearway.certificates.issuing import drafting, form, tables
from clearway.certificates.issuing.model import Original, Request
from clearway.certificates.issuing.notice import Ground, Notice, Taken
from clearway.certificates.model import Certificate, Key
from clearway.certificates.parts import Origin, Party
from clearway.errors import (
    BadTerm,
    ConflictingKey,
    MalformedMessage,
    NotFound,
    Refused,
    RuleViolation,
    TooLarge,
    WrongState,
)
from clearway.terms.places import Country
from clearway.terms.quantity import Quantity, UnitCode, kilograms
from tests.certificates.conftest import HUB, certificate
from tests.certificates.issuing.desk import (
    CERTIFIER,
    INSPECTOR,
    PARTY,
    START,
    TRADER,
    US,
    WORKER,
    Bureau,
    passed,
    request,
)

RX = profile_of("657")
KEY = Key.of("851", "EC", "EC-2026-000123")
FOUR_HUNDRED = kilograms(400)


def imported(bureau: Bureau, **changes: Any) -> Certificate:
    """File a certificate of EC for goods that came to us."""
    message = write(certificate(importing_country=US, **changes))
    found = examine(message, HUB, country=US, now=bureau.now)
    bureau.act(WORKER, receive, found.certificate, found.findings, message, HUB)
    return found.certificate


def leaving(source: Certificate, amount: Quantity = FOUR_HUNDRED, number: int = 1) -> Request:
    asked = drafting.re_export(source, {number: amount}, US, RX)
    content = dataclasses.replace(
        asked.content,
        importing_country=Country("GB"),
        consignor=Party("Re-exporter"),
        consignee=Party("Shop", address=("High Street",)),
    )
    return dataclasses.replace(asked, content=content, party=PARTY)


def test_a_re_export_names_its_original_on_each_line_and_reads_back(bureau: Bureau) -> None:
    key = bureau.issued(leaving(imported(bureau)))
    assert key.number == "XA-RX-2026-000001"
    held = bureau.ask(tables.get_issued, key)
    document = bureau.ask(tables.get_documents, held).document
    (goods,) = read(document)[0].lines
    assert goods.original_certificate == ("EC", "EC-2026-000123")
    assert goods.origins == (Origin(Country("EC"), ("Guayas",)),), "origin stays that of EC"
    assert (goods.net_mass, goods.treatments) == (kilograms(400), ())


def test_no_more_leaves_than_came_and_what_is_given_up_is_free_again(bureau: Bureau) -> None:
    source = imported(bureau)
    first = bureau.apply(leaving(source, kilograms(600)))
    with pytest.raises(RuleViolation, match=r"has 400\.50 KGM left") as refused:
        bureau.apply(leaving(source, kilograms(401)))
    assert refused.value.fields["refusal"] == "05"
    bureau.apply(leaving(source, Quantity(Decimal("0.4"), UnitCode("TNE"))))
    bureau.act(TRADER, cancel, first, "sold here")
    key = bureau.issued(leaving(source, kilograms(600)))
    bureau.act(CERTIFIER, withdraw_issued, key, "did not leave")
    bureau.apply(leaving(source, kilograms(600)))


def test_a_replaced_re_export_does_not_count_twice(bureau: Bureau) -> None:
    key = bureau.issued(leaving(imported(bureau), kilograms(900)))
    old = bureau.ask(tables.get_issued, key)
    made = drafting.replacement(old.content, "consignee moved", RX, old.request.originals)
    number = bureau.apply(dataclasses.replace(made, party=PARTY))
    bureau.act(INSPECTOR, record_result, number, passed())
    bureau.act(CERTIFIER, approve, number)
    bureau.act(CERTIFIER, issue, number, bureau.prepare(number))
    assert bureau.ask(tables.re_exported, KEY.subject, 1) == (kilograms(900),)


def test_what_cannot_be_re_exported_says_why(bureau: Bureau) -> None:
    source = imported(bureau)
    with pytest.raises(RuleViolation, match="no line 9"):
        leaving(source, number=9)
    with pytest.raises(RuleViolation, match="which line"):
        drafting.re_export(source, {}, US, RX)
    with pytest.raises(RuleViolation, match="not counted in") as unlike:
        bureau.apply(leaving(source, Quantity(Decimal(5), UnitCode("H87"))))
    assert unlike.value.fields["refusal"] == "10"
    twice = leaving(source)
    with pytest.raises(RuleViolation, match="2 times"):
        bureau.apply(dataclasses.replace(twice, originals=twice.originals * 2))
    unknown = Original("certificate:851:EC:NONE", 1, kilograms(1))
    with pytest.raises(NotFound):
        bureau.apply(dataclasses.replace(twice, originals=(unknown,)))
    imported(bureau, status="40")
    with pytest.raises(WrongState, match="withdrawn"):
        bureau.apply(leaving(source))


@given(st.lists(st.integers(1, 600), max_size=6))
def test_what_is_left_is_what_was_certified_less_what_was_taken(amounts: list[int]) -> None:
    taken = tuple(kilograms(amount) for amount in amounts)
    left = drafting.left_of(certificate(), Original(KEY.subject, 1, kilograms(1)), taken)
    assert left is not None
    assert left.value == max(Decimal(0), Decimal("1000.50") - sum(amounts))


# --- copies ------------------------------------------------------------------------------------


def test_a_copy_takes_the_goods_and_leaves_what_changes_each_time() -> None:
    made = drafting.copy(certificate(), profile_of("851"))
    (first, _) = made.lines
    assert (made.number, made.status, made.issued, made.signatories) == ("", "47", None, ())
    assert (made.equipment, made.transports) == ((), ())
    assert (first.net_mass, first.gross_mass, first.treatments) == (None, None, ())
    assert first.packagings[0].type == "CT"
    assert first.packagings[0].count == 0
    assert (first.botanical_name, made.consignee.name) == ("Persea americana", "Harbour Fruit")


def test_a_copy_never_takes_the_secret_along(bureau: Bureau) -> None:
    issued = bureau.ask(tables.get_issued, bureau.issued()).content
    made = drafting.copy(issued, profile_of("851"))
    assert "single_use_secret" not in {note.kind for note in made.notes}


# --- ISPM 13 -----------------------------------------------------------------------------------


def notice(**changes: Any) -> Notice:
    whole = Notice(
        "NL-7",
        START,
        Country("NL"),
        US,
        Ground.REGULATED_PEST,
        Taken.DESTROYED,
        "Larvae in 3 of 30 boxes",
        pest="Thaumatotibia leucotreta",
    )
    return dataclasses.replace(whole, **changes)


def test_a_notice_about_ours_is_filed_once_and_shown_in_its_history(bureau: Bureau) -> None:
    key = bureau.issued()
    assert bureau.act(WORKER, receive_notice, key, notice()) is not None
    assert bureau.act(WORKER, receive_notice, key, notice()) is None
    with pytest.raises(ConflictingKey):
        bureau.act(WORKER, receive_notice, key, notice(text="other"))
    with pytest.raises(RuleViolation, match="goes to NL"):
        bureau.act(WORKER, receive_notice, key, notice(importing_country=Country("GB")))
    assert bureau.ask(tables.get_issued, key).history[-1].remark == "NL-7"
    with pytest.raises(Refused):
        bureau.act(TRADER, receive_notice, key, notice(reference="2"))


def test_a_notice_of_ours_goes_to_the_country_that_certified(bureau: Bureau) -> None:
    imported(bureau)
    ours = notice(importing_country=US, exporting_country=Country("EC"))
    bureau.act(INSPECTOR, notify_noncompliance, KEY, ours)
    (filed,) = bureau.ask(tables.list_notices, certificate=KEY.subject)
    assert (filed.is_ours, filed.notice) == (True, ours)
    with pytest.raises(RuleViolation, match="sent already"):
        bureau.act(INSPECTOR, notify_noncompliance, KEY, ours)
    wrong = dataclasses.replace(ours, exporting_country=Country("KE"), reference="2")
    with pytest.raises(RuleViolation, match="is of EC"):
        bureau.act(INSPECTOR, notify_noncompliance, KEY, wrong)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"reference": ""}, "reference"),
        ({"text": ""}, "text"),
        ({"pest": ""}, "pest"),
        ({"exporting_country": Country("NL")}, "exporting_country"),
    ],
)
def test_a_notice_that_nobody_could_act_upon_is_refused(
    bureau: Bureau, changes: dict[str, Any], field: str
) -> None:
    key = bureau.issued()
    with pytest.raises(RuleViolation) as refused:
        bureau.act(WORKER, receive_notice, key, notice(**changes))
    assert field in [each.field for each in refused.value.findings]


# --- a message under our number, from a stranger ----------------------------------------------


def test_a_strangers_withdrawal_under_our_number_ends_nothing_of_ours(bureau: Bureau) -> None:
    key = bureau.issued()
    forged = write(certificate(number=key.number, issuing_country=US, status="40"))
    found = examine(forged, HUB, country=US, now=bureau.now)
    bureau.act(WORKER, receive, found.certificate, found.findings, forged, HUB)
    assert [fact.type for fact in bureau.seen[-2:]] == [
        "certificate.received/1",
        "certificate.withdrawn/1",
    ], "what was presented is evidence"
    assert bureau.ask(tables.get_issued, key).stage == "issued"
    assert bureau.ask(received.get, key).status == "40"


# --- the form ----------------------------------------------------------------------------------


def test_an_application_in_json_reads_back_as_it_was_written() -> None:
    whole = request(attachments=())
    assert form.read(form.write(whole), country=US) == whole


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", MalformedMessage),
        (b"[]", MalformedMessage),
        (b"{}", MalformedMessage),
        (b'{"format":"clearway.application/1"}', MalformedMessage),
        (b'{"format":"clearway.application/1","content":{"type_code":"851","lines":7}}', BadTerm),
        (b'{"format":"clearway.application/1","content":{"type_code":"851","x":7}}', BadTerm),
        (b'{"format":"clearway.application/1","content":{},"purpose":"theft"}', BadTerm),
        (b'{"a":' * 40 + b"1" + b"}" * 40, TooLarge),
        (b"[" * 100_000, MalformedMessage),
        (b'{"a":[' + b"0," * 60_000 + b"0]}", TooLarge),
        (b" " * (1 << 20) + b"{}", TooLarge),
    ],
)
def test_what_is_no_application_is_refused_at_the_edge(body: bytes, error: type) -> None:
    with pytest.raises(error):
        form.read(body, country=US)


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(body: bytes) -> None:
    with pytest.raises((MalformedMessage, BadTerm, TooLarge)):
        form.read(body, country=US)


def test_what_the_authority_gives_may_be_left_out() -> None:
    minimal = form.read(
        b'{"format":"clearway.application/1","content":{"type_code":"851"}}', country=US
    )
    assert (minimal.content.issuing_country, minimal.content.status) == (US, "47")
