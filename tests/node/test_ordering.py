"""A node's order: uses in the action's own transaction, or by asking and being answered later."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from clearway.errors import BadTerm, InputError, RuleViolation, StorageFailure
from clearway.identity.model import Actor, ActorKind, Role
from clearway.ledger.database import open_writer
from clearway.ledger.fact import decode
from clearway.ledger.order import requests
from clearway.ledger.order.audit import audit
from clearway.ledger.order.facts import UsesAnswered, UsesAsked
from clearway.ledger.order.model import Code, LogRoot, Outcome, Use, UseBatch
from clearway.ledger.order.port import wait_for
from clearway.node import rooms
from clearway.node.clock import SteppedClock, entropy
from clearway.node.files import Folder
from clearway.node.node import Node, create
from clearway.node.rebuild import facts, rebuild
from clearway.policy.act import Act
from clearway.settings import Settings

START = datetime(2026, 7, 14, 8, 0, tzinfo=UTC)
DESK = Actor(ActorKind.SYSTEM, "desk", "customs", frozenset({Role.WORKER}))


def digest(text: str) -> bytes:
    return sha256(text.encode()).digest()


def batch_of(key: str, *things: str) -> UseBatch:
    return UseBatch(digest(key)[:16], tuple(Use(digest(thing), "holder") for thing in things))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    found = replace(Settings(), data_directory=tmp_path / "node")
    create(found, entropy)
    return found


@contextmanager
def running(settings: Settings) -> Iterator[Node]:
    with Node.open(settings, clock=SteppedClock(START), entropy=entropy) as node:
        yield node


def use(node: Node, batch: UseBatch) -> Outcome | None:
    return node.act(DESK, lambda act: node.ordering.use(act, batch)).result().result


def test_a_use_is_ordered_with_the_action_and_a_second_one_meets_it(settings: Settings) -> None:
    with running(settings) as node:
        first = use(node, batch_of("a", "certificate 1"))
        second = use(node, batch_of("b", "certificate 1", "certificate 2"))
        assert first is not None and first.code is Code.ACCEPTED
        assert second is not None
        assert [item.code for item in second.items] == [Code.USED_BEFORE, Code.ACCEPTED]
        with node.reading() as connection:
            told = [decode(f.body, UsesAnswered) for f in facts(connection)
                    if f.type == UsesAnswered.TYPE]  # fmt: skip
            audit(connection)
    assert [answer.code for answer in told] == ["accepted", "some_refused"]
    assert told[1].items[0].first_seq == first.seq


def test_an_action_that_raises_takes_its_use_back(settings: Settings) -> None:
    def refused(act: Act) -> None:
        node.ordering.use(act, batch_of("a", "certificate"))
        raise RuleViolation("the action says no")

    with running(settings) as node:
        with pytest.raises(RuleViolation):
            node.act(DESK, refused).result()
        assert node.ordering.order.use(digest("certificate")) is None
        again = use(node, batch_of("b", "certificate"))
        assert again is not None and again.code is Code.ACCEPTED


def test_the_same_batch_again_is_one_use_and_one_answer(settings: Settings) -> None:
    with running(settings) as node:
        assert use(node, batch_of("a", "thing")) == use(node, batch_of("a", "thing"))
        with node.reading() as connection:
            types = [fact.type for fact in facts(connection)]
    assert types == [UsesAsked.TYPE, UsesAnswered.TYPE]


def test_the_port_of_a_node_orders_in_its_writer_and_proves(settings: Settings) -> None:
    with running(settings) as node:
        order = node.ordering.order
        ticket = order.submit(UseBatch(digest("k")[:16], (LogRoot("log", 1, digest("r")),)))
        assert wait_for(order, ticket, timeout_s=5).code is Code.ACCEPTED
        order.submit(batch_of("u", "thing"))
        assert order.prove_use(digest("thing"))
    with running(settings) as node:  # and it goes on after a start
        assert node.ordering.order.use(digest("thing")) is not None


def test_only_uses_are_asked_in_an_action(settings: Settings) -> None:
    other = UseBatch(digest("k")[:16], (LogRoot("log", 1, digest("r")),))
    with running(settings) as node, pytest.raises(InputError, match="uses"):
        use(node, other)


def test_a_node_whose_order_key_was_lost_does_not_start(settings: Settings) -> None:
    with running(settings) as node:
        key = node.folder.order_key
    key.unlink()
    with pytest.raises(StorageFailure, match=r"order\.key"), running(settings):
        pass


def test_an_unknown_engine_is_refused_by_name(settings: Settings) -> None:
    with pytest.raises(BadTerm, match="raft"), running(replace(settings, order="raft")):
        pass


def test_requests_come_out_the_same_from_the_facts(settings: Settings) -> None:
    with running(settings) as node:
        use(node, batch_of("a", "thing"))
    with running(replace(settings, order="cometbft")) as node:
        assert use(node, batch_of("b", "other")) is None
        with node.reading() as connection:
            asked = requests.open_requests(connection, 10)
        assert [each.batch() for each in asked] == [batch_of("b", "other")]
    engine = open_writer(Folder.of(settings).store)
    with engine.begin() as connection:
        assert rebuild(connection, rooms.projections(), rooms.projection_tables()).changed == ()
    engine.dispose()


def test_without_a_validator_a_request_waits_and_nothing_is_lost(settings: Settings) -> None:
    with running(replace(settings, order="cometbft")) as node:
        assert use(node, batch_of("b", "other")) is None
        with pytest.raises(InputError, match="no validator"):
            node.ordering.round()
        with node.reading() as connection:
            assert len(requests.open_requests(connection, 10)) == 1
