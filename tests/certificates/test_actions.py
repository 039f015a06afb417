"""Certificates on a real database: received, contested, withdrawn, replaced, used, rebuilt."""

from __future__ import annotations

import base64
import dataclasses
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Connection, select

from clearway.certificates import facts, tables
from clearway.certificates.actions.receive import Conflict, Received, receive
from clearway.certificates.actions.use import use
from clearway.certificates.actions.withdraw import withdraw
from clearway.certificates.formats.profile import profile_of
from clearway.certificates.formats.sps_certificate import read, write
from clearway.certificates.model import Assurance, Certificate, Channel, Key, Provenance
from clearway.certificates.parts import Party
from clearway.certificates.quantity import UseKind
from clearway.certificates.record import Record
from clearway.errors import InputError, NotFound, RuleViolation, TooLarge, WrongState
from clearway.ledger.fact import decode, encode
from clearway.ledger.transaction import Transaction
from clearway.policy.act import Act
from clearway.terms.quantity import Quantity, UnitCode, kilograms

from .conftest import HUB, MRN, OTHER_MRN, PHYTO, UPLOAD, FactDesk, certificate, line, take

KEY = certificate().key
ALTERED = certificate(consignee=Party("Somebody Else"))
WITHDRAWN = certificate(status="40")
RESERVE, CONSUME, RETURN = UseKind.RESERVE, UseKind.CONSUME, UseKind.RETURN


def on_file(desk: FactDesk, key: Key = KEY) -> Record:
    with desk.engine.begin() as connection:
        return tables.get(connection, key)


def ask(desk: FactDesk, question: Any, *arguments: Any, **options: Any) -> Any:
    with desk.engine.begin() as connection:
        return question(connection, *arguments, **options)


def test_a_certificate_is_filed_whole_with_its_message_and_findings(desk: FactDesk) -> None:
    original = write(certificate())
    outcome = take(desk, original)
    assert outcome == Received(KEY, 0)
    record = on_file(desk)
    assert dataclasses.replace(record.certificate, digest="", content_digest="") == certificate()
    assert (record.status, record.assurance, record.is_disputed) == ("70", Assurance.CHANNEL, False)
    assert (record.received_at, record.provenance) == (desk.now, HUB)
    assert record.findings == ()
    assert ask(desk, tables.get_original, record) == original
    assert [str(each.certified) for each in record.balances] == ["1000.50 KGM", "500 KGM"]


def test_the_same_message_again_is_answered_the_same_and_changes_nothing(desk: FactDesk) -> None:
    first = take(desk, certificate())
    before = len(desk.seen)
    assert not first.repeated
    assert take(desk, certificate()) == first
    assert take(desk, certificate()).repeated
    assert take(desk, base64.b64encode(write(certificate()))) == first
    assert take(desk, write(certificate()).replace(b"><", b">\n<")) == first
    assert desk.seen[before:] == []


def test_other_content_under_one_number_is_an_alarm_and_blocks_both(desk: FactDesk) -> None:
    take(desk, certificate())
    outcome = take(desk, ALTERED)
    assert outcome == Conflict(KEY, 1)
    assert take(desk, ALTERED) == outcome
    record = on_file(desk)
    assert record.is_disputed
    assert record.certificate.consignee.name == "Harbour Fruit"
    (alarm,) = ask(desk, tables.list_alarms)
    assert (alarm.key, alarm.seq, alarm.prevails) == (KEY, 1, False)
    assert alarm.registered_digest == record.certificate.digest
    assert alarm.other_digest != alarm.registered_digest
    with pytest.raises(WrongState, match="nothing tells which is true"):
        desk.act(use, KEY, 1, MRN, 1, RESERVE, kilograms(1))


def test_an_unproved_copy_neither_blocks_nor_changes_what_the_authority_sent(
    desk: FactDesk,
) -> None:
    take(desk, certificate())
    assert isinstance(take(desk, ALTERED, UPLOAD), Conflict)
    assert isinstance(take(desk, WITHDRAWN, UPLOAD), Conflict)
    record = on_file(desk)
    assert (record.status, record.is_disputed) == ("70", False)
    desk.act(use, KEY, 1, MRN, 1, RESERVE, kilograms(1))
    assert len(ask(desk, tables.list_alarms, key=KEY)) == 2


def test_the_authority_corrects_a_false_copy_that_came_first(desk: FactDesk) -> None:
    take(desk, ALTERED, UPLOAD)
    outcome = take(desk, certificate())
    assert outcome == Conflict(KEY, 1)
    assert take(desk, certificate()) == outcome
    record = on_file(desk)
    assert (record.certificate.consignee.name, record.seq) == ("Harbour Fruit", 2)
    assert (record.assurance, record.is_disputed) == (Assurance.CHANNEL, False)
    (alarm,) = ask(desk, tables.list_alarms)
    assert alarm.prevails
    assert ask(desk, tables.get_original, record) == write(certificate())


def test_the_authority_confirms_a_true_copy_that_came_first(desk: FactDesk) -> None:
    assert take(desk, certificate(), UPLOAD) == Received(KEY, 0)
    assert on_file(desk).assurance is Assurance.UNPROVEN
    assert take(desk, certificate()) == Received(KEY, 1)
    assert on_file(desk).assurance is Assurance.CHANNEL
    assert take(desk, certificate(), UPLOAD) == Received(KEY, 1)
    assert ask(desk, tables.list_alarms) == ()


def test_another_countrys_authority_proves_nothing(desk: FactDesk) -> None:
    take(desk, certificate(), Provenance(Channel.HUB, "KE"))
    assert on_file(desk).assurance is Assurance.CONTRADICTED
    with pytest.raises(RuleViolation, match="sent by KE"):
        desk.act(use, KEY, 1, MRN, 1, RESERVE, kilograms(1))
    assert isinstance(take(desk, certificate(), UPLOAD), Received)
    assert on_file(desk).assurance is Assurance.UNPROVEN


def test_a_withdrawal_by_message_ends_the_certificate(desk: FactDesk) -> None:
    take(desk, certificate())
    before = len(desk.seen)
    assert isinstance(take(desk, WITHDRAWN), Received)
    assert [fact.type for fact in desk.seen[before:]] == [
        "certificate.received/1",
        "certificate.withdrawn/1",
    ]
    assert on_file(desk).status == "40"
    assert isinstance(take(desk, certificate()), Received), "the old message is answered as before"
    assert on_file(desk).status == "40"


def test_a_withdrawn_certificate_does_not_come_to_life_again(desk: FactDesk) -> None:
    take(desk, WITHDRAWN)
    assert isinstance(take(desk, certificate()), Conflict)
    record = on_file(desk)
    assert (record.status, record.is_disputed) == ("40", False)


def test_a_draft_becomes_issued(desk: FactDesk) -> None:
    take(desk, certificate(status="47"))
    with pytest.raises(WrongState, match="draft"):
        desk.act(use, KEY, 1, MRN, 1, RESERVE, kilograms(1))
    assert isinstance(take(desk, certificate()), Received)
    desk.act(use, KEY, 1, MRN, 1, RESERVE, kilograms(1))


def test_an_officer_withdraws_on_the_word_of_the_authority_once(desk: FactDesk) -> None:
    take(desk, certificate(), UPLOAD)
    fact = desk.act(withdraw, KEY, "stolen form")
    assert decode(fact.body, facts.Withdrawn) == facts.Withdrawn(KEY.subject, "stolen form")
    assert on_file(desk).status == "40"
    with pytest.raises(WrongState, match="withdrawn"):
        desk.act(withdraw, KEY, "again")
    take(desk, certificate())
    assert on_file(desk).status == "40", "a late copy does not undo it"


def test_withdrawing_what_is_not_on_file_is_refused(desk: FactDesk) -> None:
    with pytest.raises(NotFound, match="EC-2026-000123"):
        desk.act(withdraw, KEY, "")


def replacing(number: str, old: str) -> Certificate:
    return certificate(number=number, notes=(PHYTO.note("replaced_number", old),))


def test_a_replacement_ends_the_certificate_that_it_replaces(desk: FactDesk) -> None:
    take(desk, certificate())
    before = len(desk.seen)
    take(desk, replacing("EC-2", "ec-2026-000123"))
    assert [fact.type for fact in desk.seen[before:]] == [
        "certificate.received/1",
        "certificate.replaced/1",
    ]
    old = on_file(desk)
    assert (old.status, old.replaced_by) == ("44", "certificate:851:EC:EC-2")
    with pytest.raises(WrongState, match="replaced"):
        desk.act(use, KEY, 1, MRN, 1, RESERVE, kilograms(1))


def test_a_replacement_may_come_before_what_it_replaces(desk: FactDesk) -> None:
    take(desk, replacing("EC-2", certificate().number))
    take(desk, certificate())
    assert on_file(desk).replaced_by == "certificate:851:EC:EC-2"


def test_an_unproved_replacement_does_not_end_what_the_authority_sent(desk: FactDesk) -> None:
    take(desk, certificate())
    take(desk, replacing("EC-2", certificate().number), UPLOAD)
    take(
        desk,
        replacing(certificate().number + "X", certificate().number),
        Provenance(Channel.HUB, "KE"),
    )
    assert on_file(desk).status == "70"


def test_a_certificate_that_replaces_itself_stays_in_force(desk: FactDesk) -> None:
    take(desk, replacing(certificate().number, certificate().number))
    assert on_file(desk).status == "70"


def test_a_message_over_two_mebibytes_is_not_filed_and_says_what_to_do(desk: FactDesk) -> None:
    large = write(certificate()).replace(
        b"<ram:SignatorySPSAuthentication>",
        b"<ram:ReferenceSPSReferencedDocument><ram:AttachmentBinaryObject>"
        + base64.b64encode(bytes(2 << 20))
        + b"</ram:AttachmentBinaryObject></ram:ReferenceSPSReferencedDocument>"
        b"<ram:SignatorySPSAuthentication>",
    )
    with pytest.raises(TooLarge, match="without its attachments"):
        take(desk, large)
    assert ask(desk, tables.list_certificates) == ()


def test_a_certificate_read_from_another_message_is_not_filed(desk: FactDesk) -> None:
    read_from, _ = read(write(certificate()))
    with pytest.raises(RuleViolation, match="not the one"):
        desk.act(receive, read_from, (), write(ALTERED), HUB)


def test_use_reserves_consumes_and_returns_across_declarations(desk: FactDesk) -> None:
    take(desk, certificate())
    desk.act(use, KEY, 1, MRN, 1, RESERVE, kilograms(600))
    desk.act(use, KEY, 1, OTHER_MRN, 1, RESERVE, Quantity(Decimal("0.4"), UnitCode("TNE")))
    with pytest.raises(RuleViolation, match="left") as refused:
        desk.act(use, KEY, 1, OTHER_MRN, 2, RESERVE, kilograms(1))
    assert refused.value.fields["refusal"] == "05"
    after = desk.act(use, KEY, 1, MRN, 1, CONSUME)
    assert (after.consumed, after.available) == (kilograms(600), kilograms("0.50"))
    desk.act(use, KEY, 1, OTHER_MRN, 1, RETURN)
    balance = on_file(desk).balance(1)
    assert balance is not None
    assert (balance.reserved, balance.available) == (kilograms(0), kilograms("400.50"))
    assert [(key, number, item.item) for key, number, item in ask(desk, tables.list_uses, MRN)] == [
        (KEY, 1, 1)
    ]
    assert ask(desk, tables.list_uses, OTHER_MRN) == ()


def test_a_repeated_reservation_records_nothing_new(desk: FactDesk) -> None:
    take(desk, certificate())
    desk.act(use, KEY, 1, MRN, 1, RESERVE, kilograms(600))
    before = len(desk.seen)
    desk.act(use, KEY, 1, MRN, 1, RESERVE, kilograms("600.0"))
    assert desk.seen[before:] == []


@pytest.mark.parametrize(
    ("number", "kind", "amount", "code"),
    [
        (9, RESERVE, kilograms(1), "07"),
        (1, RESERVE, Quantity(Decimal(1), UnitCode("H87")), "10"),
        (1, RESERVE, kilograms(2000), "05"),
        (1, RESERVE, None, "02"),
        (1, CONSUME, None, "02"),
        (1, RETURN, None, "02"),
    ],
)
def test_a_use_that_cannot_be_is_refused_with_its_code(
    desk: FactDesk, number: int, kind: UseKind, amount: Quantity | None, code: str
) -> None:
    take(desk, certificate())
    with pytest.raises(InputError) as refused:
        desk.act(use, KEY, number, MRN, 1, kind, amount)
    assert refused.value.fields["refusal"] == code


def test_a_hold_can_be_returned_after_a_withdrawal_but_not_consumed(desk: FactDesk) -> None:
    take(desk, certificate())
    desk.act(use, KEY, 1, MRN, 1, RESERVE, kilograms(600))
    take(desk, WITHDRAWN)
    with pytest.raises(WrongState, match="withdrawn") as refused:
        desk.act(use, KEY, 1, MRN, 1, CONSUME)
    assert refused.value.fields["refusal"] == "04"
    desk.act(use, KEY, 1, MRN, 1, RETURN)


def test_holds_outlive_a_version_that_certifies_in_another_unit(desk: FactDesk) -> None:
    take(desk, certificate(), UPLOAD)
    desk.act(use, KEY, 1, MRN, 1, RESERVE, kilograms(600))
    pieces = line(1, net_mass=None, gross_mass=None, quantity=Quantity(Decimal(9), UnitCode("H87")))
    take(desk, certificate(lines=(pieces,)))
    balance = on_file(desk).balance(1)
    assert balance is not None
    assert (balance.certified, len(balance.positions)) == (None, 1)
    desk.act(use, KEY, 1, MRN, 1, RETURN)


def test_certificates_are_found_by_number_container_and_page(desk: FactDesk) -> None:
    take(desk, certificate())
    for number in range(3):
        take(desk, certificate(number=f"EC-{number}", equipment=()))
    assert ask(desk, tables.find, Key.of("851", "EC", " ec-2026- 000123 ")) is not None
    assert ask(desk, tables.find, Key.of("853", "EC", "EC-2026-000123")) is None
    (by_number,) = ask(desk, tables.find_by_number, "851", "ec-1")
    (by_container,) = ask(desk, tables.find_by_container, "csqu 305438-3")
    assert (by_number.key.number, by_container.key) == ("EC-1", KEY)
    first = ask(desk, tables.list_certificates, limit=3)
    rest = ask(desk, tables.list_certificates, limit=3, before=first[-1].seq)
    assert [each.certificate.number for each in (*first, *rest)] == [
        "EC-2",
        "EC-1",
        "EC-0",
        "EC-2026-000123",
    ]
    assert ask(desk, tables.list_certificates, status="40") == ()
    assert ask(desk, tables.find_by_number, "851", "unknown") == ()


def test_the_tables_rebuilt_from_the_facts_are_the_same(desk: FactDesk) -> None:
    take(desk, ALTERED, UPLOAD)
    take(desk, certificate())
    take(desk, replacing("EC-2", "EC-2026-000123"))
    take(desk, certificate(number="EC-3"))
    take(desk, certificate(number="EC-3", consignee=Party("X")))
    take(desk, certificate(number="EC-4"))
    other = Key.of("851", "EC", "EC-4")
    desk.act(use, other, 1, MRN, 1, RESERVE, kilograms(600))
    desk.act(use, other, 1, MRN, 1, CONSUME, kilograms("599.5"))
    desk.act(use, other, 2, MRN, 2, RESERVE, kilograms(5))
    desk.act(use, other, 2, MRN, 2, RETURN)
    desk.act(withdraw, other, "pest found")
    with desk.engine.begin() as connection:
        before = content(connection)
        for table in tables.TABLES:
            connection.execute(table.delete())
        tx = Transaction(connection, desk.now, 0, tables.PROJECTIONS)
        for fact in desk.seen:
            for project in tx.projections[fact.type]:
                project(connection, fact)
        assert content(connection) == before
    assert [len(before[table.name]) for table in tables.TABLES] == [4, 4, 1, 2]


def content(connection: Connection) -> dict[str, list[Any]]:
    return {
        table.name: sorted(map(tuple, connection.execute(select(table))), key=repr)
        for table in tables.TABLES
    }


def test_a_stored_fact_decodes_to_what_was_stored() -> None:
    whole = facts.Used(KEY.subject, 1, MRN, 2, kilograms("1.50"), RESERVE)
    back = decode(encode(whole), facts.Used)
    assert (back, str(back.quantity)) == (whole, "1.50 KGM")


def test_policy_is_asked_with_the_agency_of_the_kind(desk: FactDesk) -> None:
    asked: list[tuple[str, dict[str, str]]] = []

    class Listening:
        def require(self, actor: Any, action: str, resource: dict[str, str]) -> Any:
            asked.append((action, resource))

    def listen(act: Act) -> None:
        heard = dataclasses.replace(act, policy=Listening())
        withdraw(heard, KEY, "")

    take(desk, certificate())
    desk.act(listen)
    assert asked == [
        (
            "certificate.withdraw",
            {"agency": profile_of("851").agency, "certificate": KEY.subject},
        )
    ]
