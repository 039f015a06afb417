"""Issuing on a whole node: many officers at once, every number once and none left out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from clearway.certificates.actions.apply import apply
from clearway.certificates.actions.approve import approve
from clearway.certificates.actions.dispatch import dispatch
from clearway.certificates.actions.record_result import record_result
from clearway.certificates.actions.withdraw_issued import withdraw_issued
from clearway.certificates.formats.sps_certificate import read
from clearway.certificates.issuing import tables
from clearway.certificates.issuing.schema import TABLES
from clearway.errors import Refused
from clearway.identity.model import Actor
from clearway.ledger.database import open_writer
from clearway.node import issuing, rooms
from clearway.node.clock import SteppedClock, seeded_entropy
from clearway.node.node import Node, create
from clearway.node.rebuild import rebuild
from clearway.settings import Settings
from tests.certificates.issuing.desk import (
    CERTIFIER,
    INSPECTOR,
    START,
    TRADER,
    US,
    WORKER,
    passed,
    request,
)

MANY = 24


def issue_one(node: Node, place: int) -> tuple[str, str]:
    """Take one application through all steps; return its secret and its certificate's number."""

    def act(who: Actor, action: Any) -> Any:
        return node.act(who, action, lane=f"{who.id}:{place}").result().result

    number = act(TRADER, lambda hand: apply(hand, request(), US)).number
    act(INSPECTOR, lambda hand: record_result(hand, number, passed()))
    act(CERTIFIER, lambda hand: approve(hand, number))
    act(CERTIFIER, issuing.prepare(node, CERTIFIER, number, "Port"))
    with node.reading() as connection:
        held = tables.get_application(connection, number)
        papers = tables.get_documents(connection, held)
    assert held.key is not None
    return papers.secret, held.key.number


def test_many_officers_at_once_give_each_number_and_each_place_once(tmp_path: Path) -> None:
    settings = replace(Settings(), data_directory=tmp_path / "node")
    create(settings, seeded_entropy(1))
    clock = SteppedClock(START)
    with Node.open(settings, clock=clock, entropy=seeded_entropy(2)) as node:
        with ThreadPoolExecutor(8) as crowd:
            done = list(crowd.map(lambda place: issue_one(node, place), range(MANY)))
        secrets, numbers = zip(*done, strict=True)
        assert sorted(numbers) == [f"XA-PC-2026-{one:06}" for one in range(1, MANY + 1)]
        assert len(set(secrets)) == MANY
        with node.reading() as connection:
            rows = connection.execute(select(TABLES[0].c.status_index)).all()
        assert sorted(row.status_index for row in rows) == list(range(MANY))
        store = node.folder.store
    engine = open_writer(store)
    with engine.connect() as connection:
        done = rebuild(connection, rooms.projections(), rooms.projection_tables())
        assert done.changed == ()
        connection.rollback()
    engine.dispose()


@pytest.fixture
def node(tmp_path: Path) -> Any:
    settings = replace(Settings(), data_directory=tmp_path / "node")
    create(settings, seeded_entropy(1))
    with Node.open(settings, clock=SteppedClock(START), entropy=seeded_entropy(2)) as opened:
        yield opened


def test_the_word_that_is_sent_is_the_document_and_then_its_end(node: Node) -> None:
    _, certificate = issue_one(node, 0)
    with node.reading() as connection:
        (row,) = tables.list_to_dispatch(connection)
        held = tables.get_application(connection, row.number)
        document = tables.get_documents(connection, held).document
    key = held.key
    assert key is not None
    assert issuing.word_of(node, held) == document
    node.act(WORKER, lambda hand: dispatch(hand, key, "hub", hub_number="1")).result()
    node.act(CERTIFIER, lambda hand: withdraw_issued(hand, key, "pest found")).result()
    with node.reading() as connection:
        ended = tables.get_application(connection, row.number)
    told, _ = read(issuing.word_of(node, ended))
    assert (told.number, told.status, told.has_signature) == (certificate, "40", True)


def test_nothing_is_signed_for_whom_policy_refuses(node: Node) -> None:
    number = node.act(TRADER, lambda hand: apply(hand, request(), US)).result().result.number
    with pytest.raises(Refused):
        issuing.prepare(node, TRADER, number)
    assert not (node.folder.root / "authority.key").exists(), "no key was even made"
