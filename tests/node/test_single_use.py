"""Two nodes of two countries, one order: a certificate counts once, and nobody shows content."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from clearway.certificates import tables
from clearway.certificates.actions.manage_quantity import Request, manage_quantity
from clearway.certificates.formats import profile as profiles
from clearway.certificates.formats.profile import profile_of
from clearway.certificates.model import Certificate, Key
from clearway.certificates.parts import Note
from clearway.certificates.uses import tables as uses
from clearway.certificates.uses.account import Operation, Want
from clearway.certificates.uses.facts import DoubleUseFound, UseOrdered
from clearway.certificates.uses.single import Finding, registration, secret_of
from clearway.certificates.uses.tables import UseState
from clearway.clearance import tables as clearance
from clearway.clearance.actions.receive_certificate import receive_certificate
from clearway.clearance.actions.receive_declaration import receive_declaration
from clearway.clearance.intake import prepare
from clearway.clearance.model import Outcome
from clearway.declarations.formats import json
from clearway.errors import MalformedMessage, TryLater, VerificationError
from clearway.ledger.database import open_writer
from clearway.ledger.fact import decode
from clearway.ledger.order import nullifier
from clearway.ledger.order.encoding import BatchSigner
from clearway.ledger.order.local import LocalOrder, begin
from clearway.ledger.order.model import Agency, Code, UseBatch
from clearway.ledger.order.tables import TABLES, order_use
from clearway.ledger.tables import METADATA
from clearway.measures.formats.profile import sample
from clearway.node import rooms
from clearway.node.clock import SteppedClock, entropy
from clearway.node.node import Node, create
from clearway.node.rebuild import facts, rebuild
from clearway.node.single_use import SingleUses, members_key
from clearway.settings import Settings
from clearway.terms.identifiers import Mrn
from clearway.terms.quantity import kilograms
from tests.clearance.border import (
    HUB,
    NOBODY_DRAWN,
    NOON,
    OFFICER,
    TRADER,
    WORKER,
    bananas,
    certificate,
    selectivity,
)

MEMBERS = sha256(b"members").digest()
SECRET = "00112233445566778899aabbccddeeff"
KEY = certificate().key


def signer_of(country: str) -> BatchSigner:
    return BatchSigner("two-countries", f"customs-{country}", sha256(country.encode()).digest())


@dataclass
class Country:
    """A node, its way to the shared order, and what the test does there."""

    node: Node
    order: LocalOrder
    mrns: dict[str, Mrn] = field(default_factory=dict)
    is_cut_off: bool = False

    def __post_init__(self) -> None:
        self.worker = SingleUses(self.node, self.reach, MEMBERS)

    def reach(self) -> LocalOrder:
        if self.is_cut_off:
            raise TryLater("the order cannot be reached")
        return self.order

    def act(self, action: Any, *args: Any, actor: Any = WORKER, **named: Any) -> Any:
        return self.node.act(actor, lambda hand: action(hand, *args, **named)).result().result

    def file(self, given: Certificate) -> Key:
        original = repr(given).encode()
        digest = sha256(original).hexdigest()
        read = replace(given, digest=digest, content_digest=digest)
        self.act(receive_certificate, read, (), original, HUB)
        return given.key

    def lodge(self) -> Mrn:
        message = json.read(json.write(bananas()))
        prepared = prepare(message, sample(), self.node.clock())
        done = self.act(receive_declaration, prepared, "", draw=NOBODY_DRAWN,
                        selectivity=selectivity(), actor=TRADER)  # fmt: skip
        mrn: Mrn = done.lodged.mrn
        return mrn

    def customs(self, operation: str, kg: str = "", *, mrn: Mrn, key: Key = KEY) -> str:
        wants = (Want(1, 1, "", kilograms(kg)),) if kg else ()
        request = Request(Operation(operation), key, mrn, wants)
        return str(self.act(manage_quantity, request, actor=OFFICER).code)

    def use(self, kg: str, number: int = 1) -> Mrn:
        mrn = Mrn.build(2026, self.order.signer.agency[-2:].upper(), f"{number:013d}")
        assert self.customs("reserve", kg, mrn=mrn) == "01"
        assert self.customs("release", mrn=mrn) == "01"
        return mrn

    def ask(self, query: Any, *args: Any) -> Any:
        with self.node.reading() as connection:
            return query(connection, *args)

    def facts(self, kind: Any) -> list[Any]:
        with self.node.reading() as connection:
            return [decode(one.body, kind) for one in facts(connection) if one.type == kind.TYPE]

    def decision(self, mrn: Mrn) -> Any:
        return self.ask(clearance.last_decision, mrn).decided


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[Engine]:
    engine = open_writer(tmp_path / "order.db")
    METADATA.create_all(engine, tables=list(TABLES))
    members = tuple(
        Agency(signer_of(each).agency, signer_of(each).public_key) for each in ("ke", "nl", "ec")
    )
    with engine.begin() as connection:
        begin(connection, "two-countries", members)
    yield engine
    engine.dispose()


@pytest.fixture
def two(tmp_path: Path, shared: Engine) -> Iterator[tuple[Country, Country]]:
    with ExitStack() as stack:
        made = []
        for name in ("ke", "nl"):
            found = replace(Settings(), data_directory=tmp_path / name, country=name.upper())
            create(found, entropy)
            node = stack.enter_context(Node.open(found, clock=SteppedClock(NOON), entropy=entropy))
            made.append(Country(node, LocalOrder(shared, signer_of(name))))
        yield made[0], made[1]


def issued(**changed: Any) -> Certificate:
    """A certificate with a secret of its own."""
    note = Note("SUSEC", SECRET, "single_use_secret")
    return certificate(notes=(note,), **changed)


def test_a_certificate_used_here_is_refused_there_with_the_first_use_s_reference(
    two: tuple[Country, Country],
) -> None:
    kenya, netherlands = two
    for each in two:
        each.file(issued())
    first = kenya.use("4000")
    assert kenya.worker.round() == 0
    mrn = netherlands.lodge()
    assert netherlands.decision(mrn).decision is Outcome.RELEASE
    assert netherlands.worker.round() == 0
    (told,) = netherlands.facts(DoubleUseFound)
    assert (told.finding, told.agency) == (Finding.USED_ELSEWHERE, "customs-ke")
    (ordered,) = kenya.facts(UseOrdered)
    assert (told.seq, told.item) == (ordered.seq, ordered.item)
    decision = netherlands.decision(mrn)
    assert decision.decision is Outcome.HOLD
    assert f"used before by customs-ke (place {ordered.seq}.{ordered.item} of the order)" in str(
        decision.reasons + decision.missing
    )
    other = Mrn.build(2026, "NL", "0000000000009")
    assert netherlands.customs("reserve", "1", mrn=other) == "04"
    # Whoever holds the certificate can tell that this first use was for that declaration.
    secret = bytes.fromhex(SECRET)
    nullifier.require_holder(told.holder, secret, "customs-ke", f"{first}/1")
    for key, reference in ((bytes(16), f"{first}/1"), (secret, "26KE0000000000000000/1")):
        with pytest.raises(VerificationError):
            nullifier.require_holder(told.holder, key, "customs-ke", reference)


def test_neither_the_order_nor_the_other_node_learns_what_is_used(
    two: tuple[Country, Country], shared: Engine
) -> None:
    kenya, netherlands = two
    kenya.file(issued())
    mrn = kenya.use("4000")
    kenya.worker.round()
    seen = b"".join(one.transaction for one in netherlands.order.stream(0))
    with shared.connect() as connection:
        rows = repr(connection.execute(select(order_use)).all()).encode()
    assert seen and rows
    secret = bytes.fromhex(SECRET)
    for content in (b"EC-2026-17", b"080390", b"Banan", mrn.encode(), secret, SECRET.encode()):
        assert content not in seen and content not in rows
    with netherlands.node.reading() as connection:
        assert list(facts(connection)) == []


def test_a_second_use_of_our_own_is_no_double_use(two: tuple[Country, Country]) -> None:
    kenya, _ = two
    kenya.file(issued())
    kenya.use("4000")
    kenya.worker.round()
    kenya.use("6000", 2)
    assert kenya.worker.round() == 0
    assert [each.state for each in kenya.ask(uses.uses_of, KEY)] == [UseState.ORDERED] * 2
    assert kenya.facts(DoubleUseFound) == []


def test_other_content_under_one_number_is_found_though_the_forger_chose_his_own_secret(
    two: tuple[Country, Country],
) -> None:
    kenya, netherlands = two
    kenya.file(issued())
    line = certificate().lines[0]
    forged = certificate(
        notes=(Note("SUSEC", "f" * 32, "single_use_secret"),),
        lines=(replace(line, net_mass=kilograms(50_000)),),
    )
    netherlands.file(forged)
    kenya.use("4000")
    kenya.worker.round()
    netherlands.use("20000")
    netherlands.worker.round()
    (told,) = netherlands.facts(DoubleUseFound)
    assert (told.finding, told.agency) == (Finding.OTHER_CONTENT, "customs-ke")
    assert kenya.facts(DoubleUseFound) == []


def test_an_altered_quantity_is_found_at_its_first_use_where_the_issuer_registered(
    two: tuple[Country, Country], shared: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The altered copy keeps number and secret; what it claims is over what was certified."""
    _, netherlands = two
    genuine = issued()
    digest = sha256(repr(genuine).encode()).hexdigest()
    issuer = LocalOrder(shared, signer_of("ec"))
    items = registration(replace(genuine, content_digest=digest), MEMBERS)
    issuer.submit(UseBatch(bytes(16), items))
    altered = replace(genuine, lines=(replace(genuine.lines[0], net_mass=kilograms(50_000)),))
    netherlands.file(altered)
    netherlands.use("10000.001")
    netherlands.worker.round()
    (told,) = netherlands.facts(DoubleUseFound)
    assert told.finding == Finding.OTHER_CONTENT
    (last,) = [one for one in netherlands.order.stream(0) if one.agency == "customs-nl"]
    codes = [each.code for each in last.outcome.items]
    assert codes == [
        Code.USED_BEFORE, Code.QUOTA_OF_ANOTHER, Code.ACCEPTED, Code.QUOTA_EXHAUSTED,
    ]  # fmt: skip


def test_countries_that_share_a_quantity_draw_it_to_the_last_gram_and_no_further(
    two: tuple[Country, Country], monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = {**profiles.profiles(), "851": replace(profile_of("851"), shares_quantity=True)}
    monkeypatch.setattr(profiles, "profiles", lambda: shared)
    kenya, netherlands = two
    for each in two:
        each.file(issued())
    kenya.use("6000")
    kenya.worker.round()
    netherlands.use("4000")
    assert netherlands.worker.round() == 0
    assert netherlands.facts(DoubleUseFound) == []
    netherlands.use("0.001", 2)
    netherlands.worker.round()
    (told,) = netherlands.facts(DoubleUseFound)
    assert (told.finding, told.agency) == (Finding.QUANTITY_EXCEEDED, "")


def test_a_certificate_without_a_secret_gets_one_by_the_members_key(
    two: tuple[Country, Country],
) -> None:
    kenya, netherlands = two
    for each in two:
        each.file(certificate())
    kenya.use("4000")
    kenya.worker.round()
    netherlands.use("4000")
    netherlands.worker.round()
    (told,) = netherlands.facts(DoubleUseFound)
    assert told.finding == Finding.USED_ELSEWHERE
    read = netherlands.ask(tables.get, KEY).certificate
    assert secret_of(read, MEMBERS) != secret_of(read, bytes(32))


def test_while_the_order_is_away_uses_are_pending_and_reconciled_later(
    two: tuple[Country, Country],
) -> None:
    kenya, netherlands = two
    for each in two:
        each.file(issued())
        each.is_cut_off = True
        each.use("4000")
        with pytest.raises(TryLater):
            each.worker.round()
        assert [one.state for one in each.ask(uses.uses_of, KEY)] == [UseState.CONSUMED]
    for each in two:
        each.is_cut_off = False
        assert each.worker.round() == 0
        assert each.worker.round() == 0
    assert [one.agency for one in netherlands.facts(DoubleUseFound)] == ["customs-ke"]
    assert len(kenya.facts(UseOrdered)) == 1
    assert [one.key for one in netherlands.ask(uses.list_stops)] == [KEY]


def test_goods_wait_for_the_order_where_the_profile_says_so(
    two: tuple[Country, Country], monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = {**profiles.profiles(), "851": replace(profile_of("851"), waits_for_order=True)}
    monkeypatch.setattr(profiles, "profiles", lambda: waiting)
    kenya, netherlands = two
    for each in two:
        each.file(issued())
    mrn = kenya.lodge()
    decision = kenya.decision(mrn)
    assert decision.decision is Outcome.HOLD
    assert [reason.code for reason in decision.reasons] == ["CLR_R09"]
    kenya.worker.round()
    assert kenya.decision(mrn).decision is Outcome.RELEASE
    second = netherlands.lodge()
    netherlands.worker.round()
    assert netherlands.decision(second).decision is Outcome.HOLD
    assert len(netherlands.facts(DoubleUseFound)) == 1


def test_a_lost_answer_asks_the_same_again_and_orders_once(two: tuple[Country, Country]) -> None:
    kenya, _ = two
    kenya.file(issued())
    kenya.use("4000")
    lost = LostAnswers(kenya.order)
    kenya.order = lost  # type: ignore[assignment]
    with pytest.raises(TryLater):
        kenya.worker.round()
    kenya.order = lost.real
    before = list(kenya.order.stream(0))
    assert len(before) == 1 and kenya.facts(UseOrdered) == []
    assert kenya.worker.round() == 0
    assert list(kenya.order.stream(0)) == before
    assert len(kenya.facts(UseOrdered)) == 1


class LostAnswers:
    """The order takes what is handed in, and the link breaks before it answers."""

    def __init__(self, real: LocalOrder) -> None:
        self.real = real
        self.signer = real.signer

    def submit(self, batch: UseBatch) -> None:
        self.real.submit(batch)
        raise TryLater("the link broke")


def test_the_tables_of_uses_are_rebuilt_from_the_facts(
    two: tuple[Country, Country], tmp_path: Path
) -> None:
    for each in two:
        each.file(issued())
        each.use("4000")
        each.worker.round()
    for name in ("ke", "nl"):
        engine = open_writer(tmp_path / name / "node.db")
        with engine.connect() as connection:
            done = rebuild(connection, rooms.projections(), rooms.projection_tables())
            connection.rollback()
        engine.dispose()
        assert done.changed == ()


def test_the_members_key_is_drawn_once_and_a_damaged_one_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "members.key"
    drawn = members_key(file, entropy)
    assert members_key(file, entropy) == drawn and file.stat().st_mode & 0o777 == 0o600
    for damaged in ("", "zz" * 32, "00" * 31, "é"):
        file.write_text(damaged, encoding="utf-8")
        with pytest.raises(MalformedMessage):
            members_key(file, entropy)
