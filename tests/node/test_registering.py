"""Two nodes of two countries, one order: what one issues, the other cannot use altered."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from clearway.certificates import tables
from clearway.certificates.actions.apply import apply
from clearway.certificates.actions.approve import approve
from clearway.certificates.actions.record_result import record_result
from clearway.certificates.actions.withdraw_issued import withdraw_issued
from clearway.certificates.formats import sps_certificate
from clearway.certificates.issuing import tables as issued
from clearway.certificates.model import Certificate, Key
from clearway.certificates.parts import Text
from clearway.certificates.uses.content import as_issued
from clearway.certificates.uses.facts import AT_ISSUE, DoubleUseFound, Registered, UseOrdered
from clearway.certificates.uses.registrations import Registration, registration_of
from clearway.certificates.uses.single import Finding, registration_batches
from clearway.certificates.uses.tables import list_stops
from clearway.clearance.actions.receive_certificate import receive_certificate
from clearway.errors import TryLater
from clearway.ledger.database import open_writer
from clearway.ledger.order.local import LocalOrder, begin
from clearway.ledger.order.model import MAX_ITEMS, Agency
from clearway.ledger.order.tables import TABLES
from clearway.ledger.tables import METADATA
from clearway.node import issuing, rooms
from clearway.node.clock import SteppedClock, entropy
from clearway.node.node import Node, create
from clearway.node.rebuild import rebuild
from clearway.settings import Settings
from clearway.terms.identifiers import Mrn
from tests.certificates.issuing.desk import CERTIFIER, INSPECTOR, TRADER, US, passed, request
from tests.clearance.border import HUB, NOON
from tests.node.test_single_use import MEMBERS, Country, LostAnswers, signer_of


@pytest.fixture
def two(tmp_path: Path) -> Iterator[tuple[Country, Country]]:
    """The issuer and the importer; a third member never acts."""
    names = ("ke", "nl", "ec")
    with ExitStack() as stack:
        engine = open_writer(tmp_path / "order.db")
        stack.callback(engine.dispose)
        METADATA.create_all(engine, tables=list(TABLES))
        members = (Agency(signer_of(one).agency, signer_of(one).public_key) for one in names)
        with engine.begin() as connection:
            begin(connection, "two-countries", tuple(members))
        made = []
        for name in names[:2]:
            found = replace(
                Settings(), data_directory=tmp_path / name, country={"ke": "XA", "nl": "NL"}[name]
            )
            create(found, entropy)
            node = stack.enter_context(Node.open(found, clock=SteppedClock(NOON), entropy=entropy))
            made.append(Country(node, LocalOrder(engine, signer_of(name))))
        yield made[0], made[1]


def issue(country: Country) -> tuple[Key, bytes]:
    """Issue one certificate; return its key and its document."""
    number = country.act(apply, request(), US, actor=TRADER).number
    country.act(record_result, number, passed(done_at=NOON), actor=INSPECTOR)
    country.act(approve, number, actor=CERTIFIER)
    action = issuing.prepare(country.node, CERTIFIER, number, "Port")
    country.node.act(CERTIFIER, action).result()
    held = country.ask(issued.get_application, number)
    assert held.key is not None
    return held.key, country.ask(issued.get_documents, held).document


def receive(country: Country, document: bytes) -> Certificate:
    read, findings = sps_certificate.read(document)
    country.act(receive_certificate, read, findings, document, HUB)
    return read


def altered(document: bytes) -> bytes:
    """Number, secret and quantities stay; what the document is called does not."""
    read, _ = sps_certificate.read(document)
    return sps_certificate.write(replace(read, title=(Text("Another title", "en"),)))


def use(country: Country, key: Key, kg: str = "10") -> None:
    mrn = Mrn.build(2026, "NL", f"{1:013d}")
    assert country.customs("reserve", kg, mrn=mrn, key=key) == "01"
    assert country.customs("release", mrn=mrn, key=key) == "01"


def state(country: Country, key: Key) -> Registration | None:
    found: Registration | None = country.ask(registration_of, key)
    return found


def test_an_altered_copy_is_found_at_its_first_use_abroad_with_the_issuers_agency(
    two: tuple[Country, Country],
) -> None:
    issuer, importer = two
    key, document = issue(issuer)
    assert state(issuer, key) is Registration.OPEN
    assert issuer.worker.round() == 0
    (told,) = issuer.facts(Registered)
    assert (told.certificate, told.agency) == (key.subject, "customs-ke")
    assert state(issuer, key) is Registration.REGISTERED
    receive(importer, altered(document))
    use(importer, key)
    importer.worker.round()
    (found,) = importer.facts(DoubleUseFound)
    assert (found.finding, found.agency) == (Finding.OTHER_CONTENT, "customs-ke")
    assert (found.seq, found.item) == (told.seq, told.item)
    assert importer.facts(UseOrdered) == []


def test_the_genuine_certificate_is_used_as_its_issuer_registered_it(
    two: tuple[Country, Country],
) -> None:
    issuer, importer = two
    key, document = issue(issuer)
    issuer.worker.round()
    read = receive(importer, document)
    mine = issuer.ask(issued.get_issued, key).issued
    assert mine is not None and read.content_digest == mine.content_digest
    use(importer, key)
    assert importer.worker.round() == 0
    assert importer.facts(DoubleUseFound) == [] and len(importer.facts(UseOrdered)) == 1


def test_an_issue_while_the_order_is_away_stays_pending_and_is_made_up(
    two: tuple[Country, Country],
) -> None:
    issuer, _ = two
    issuer.is_cut_off = True
    key, _ = issue(issuer)
    with pytest.raises(TryLater):
        issuer.worker.round()
    assert state(issuer, key) is Registration.OPEN
    issuer.is_cut_off = False
    assert issuer.worker.round() == 0
    assert issuer.worker.round() == 0
    assert len(issuer.facts(Registered)) == 1


def test_an_issue_that_the_order_does_not_answer_counts_as_pending(
    two: tuple[Country, Country], monkeypatch: pytest.MonkeyPatch
) -> None:
    issuer, _ = two
    key, _ = issue(issuer)
    with monkeypatch.context() as slow:
        slow.setattr(issuer.order, "outcome", lambda _: None)
        assert issuer.worker.round() == 1
    assert state(issuer, key) is Registration.OPEN
    assert issuer.worker.round() == 0


def test_a_lost_answer_registers_once(two: tuple[Country, Country]) -> None:
    issuer, _ = two
    issue(issuer)
    lost = LostAnswers(issuer.order)
    issuer.order = lost  # type: ignore[assignment]
    with pytest.raises(TryLater):
        issuer.worker.round()
    issuer.order = lost.real
    before = list(issuer.order.stream(0))
    assert len(before) == 1 and issuer.facts(Registered) == []
    assert issuer.worker.round() == 0
    assert list(issuer.order.stream(0)) == before
    assert len(issuer.facts(Registered)) == 1


def test_the_worker_wakes_at_an_issue(two: tuple[Country, Country]) -> None:
    issuer, _ = two
    heard: list[str] = []
    issuer.node.on_commit(lambda committed: heard.extend(fact.type for fact in committed))
    issuer.node.on_commit(issuer.worker.tell)
    issue(issuer)
    assert "certificate.issued/1" in heard
    assert issuer.worker._wake.is_set()


def test_other_content_that_stood_under_the_number_first_is_an_alarm_for_officers(
    two: tuple[Country, Country],
) -> None:
    issuer, importer = two
    key, document = issue(issuer)
    receive(importer, altered(document))
    use(importer, key)
    importer.worker.round()
    assert issuer.worker.round() == 0
    assert issuer.worker.round() == 0
    (told,) = issuer.facts(DoubleUseFound)
    assert (told.line, told.reference, told.agency) == (0, AT_ISSUE, "customs-nl")
    assert state(issuer, key) is Registration.CONTESTED
    assert issuer.facts(Registered) == []
    assert [one.key for one in issuer.ask(list_stops)] == [key]


def test_a_genuine_use_before_the_issuer_registered_is_no_alarm(
    two: tuple[Country, Country],
) -> None:
    issuer, importer = two
    key, document = issue(issuer)
    receive(importer, document)
    use(importer, key)
    importer.worker.round()
    issuer.worker.round()
    assert [one.agency for one in issuer.facts(Registered)] == ["customs-nl"]
    assert issuer.facts(DoubleUseFound) == []


def test_the_word_of_a_withdrawal_is_no_other_content(two: tuple[Country, Country]) -> None:
    """The goods were used here before the word came, and the order was away meanwhile."""
    issuer, importer = two
    key, document = issue(issuer)
    issuer.worker.round()
    read = receive(importer, document)
    use(importer, key)
    issuer.act(withdraw_issued, key, "pest found", actor=CERTIFIER)
    word = issuing.word_of(issuer.node, issuer.ask(issued.get_issued, key))
    told = receive(importer, word)
    assert told.status == "40" and told.content_digest != read.content_digest
    record = importer.ask(tables.get, key)
    assert record.certificate.status == "40"
    assert importer.ask(as_issued, record).content_digest == read.content_digest
    assert importer.worker.round() == 0
    assert importer.facts(DoubleUseFound) == []


def test_an_altered_copy_does_not_hide_behind_the_status_of_a_withdrawal(
    two: tuple[Country, Country],
) -> None:
    issuer, _ = two
    _, document = issue(issuer)
    read, _ = sps_certificate.read(document)
    word = sps_certificate.write(replace(read, status="40"))
    other = sps_certificate.write(replace(read, status="40", title=(Text("Another", "en"),)))
    assert sps_certificate.issue_digest(document) == read.content_digest
    assert sps_certificate.issue_digest(word) == read.content_digest
    assert sps_certificate.issue_digest(other) != read.content_digest


def test_more_lines_than_the_order_takes_at_once_are_split(two: tuple[Country, Country]) -> None:
    issuer, _ = two
    key, _ = issue(issuer)
    one = issuer.ask(issued.get_issued, key).issued
    assert one is not None
    many = replace(one, lines=tuple(replace(one.lines[0], number=n) for n in range(1, 1101)))
    batches = registration_batches(many, MEMBERS)
    assert batches == registration_batches(many, MEMBERS)
    assert [len(each.items) for each in batches] == [MAX_ITEMS, MAX_ITEMS, 1101 - 2 * MAX_ITEMS]
    assert len({each.key for each in batches}) == 3
    for each in batches:
        answer = issuer.order.outcome(issuer.order.submit(each))
        assert answer is not None and len(answer.items) == len(each.items)


def test_the_table_of_registrations_is_rebuilt_and_older_issues_are_caught_up(
    two: tuple[Country, Country], tmp_path: Path
) -> None:
    issuer, importer = two
    contested, document = issue(issuer)
    receive(importer, altered(document))
    use(importer, contested)
    importer.worker.round()
    issuer.worker.round()
    waiting, _ = issue(issuer)
    engine = open_writer(tmp_path / "ke" / "node.db")
    with engine.connect() as connection:
        done = rebuild(connection, rooms.projections(), rooms.projection_tables())
        assert done.changed == ()
        connection.exec_driver_sql("DELETE FROM certificate_registration")
        again = rebuild(connection, rooms.projections(), rooms.projection_tables())
        assert again.changed == ("certificate_registration",)
        assert registration_of(connection, waiting) is Registration.OPEN
        assert registration_of(connection, contested) is Registration.CONTESTED
        connection.rollback()
    engine.dispose()
