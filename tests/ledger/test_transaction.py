"""Transactions: facts are numbered, tables follow, keys are remembered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

import pytest
from sqlalchemy import Connection, Engine, text

from clearway.errors import ConflictingKey
from clearway.ledger.fact import Fact
from clearway.ledger.transaction import Transaction

from .conftest import NOON


@dataclass(frozen=True, slots=True)
class Weighed:
    TYPE: ClassVar[str] = "parcel.weighed/1"
    mass_kg: str


def count(connection: Connection, fact: Fact) -> None:
    connection.execute(text("INSERT INTO seen VALUES (:seq)"), {"seq": fact.seq})


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as opened:
        opened.execute(text("CREATE TABLE seen (seq INTEGER)"))
        yield opened


@pytest.fixture
def tx(connection: Connection) -> Transaction:
    return Transaction(connection, NOON, 7, {"parcel.weighed/1": (count,)})


def weigh(tx: Transaction, mass_kg: str = "1.5") -> Fact:
    return tx.append(Weighed(mass_kg), subject="parcel:1", issuer="customs", actor="officer:amina")


def test_facts_are_numbered_on_and_kept_in_order(tx: Transaction) -> None:
    facts = [weigh(tx), weigh(tx)]
    assert [fact.seq for fact in facts] == [7, 8]
    assert tx.facts == facts
    assert tx.next_seq == 9


def test_a_fact_bears_its_type_its_body_and_both_instants(tx: Transaction) -> None:
    fact = tx.append(
        Weighed("2"),
        subject="parcel:1",
        issuer="customs",
        actor="officer:amina",
        occurred_at=NOON - timedelta(hours=1),
    )
    assert fact.type == "parcel.weighed/1"
    assert fact.body == b'{"mass_kg":"2"}'
    assert (fact.occurred_at, fact.recorded_at) == (NOON - timedelta(hours=1), NOON)
    assert weigh(tx).occurred_at == NOON


def test_tables_follow_at_once(tx: Transaction, connection: Connection) -> None:
    weigh(tx)
    assert connection.execute(text("SELECT seq FROM seen")).scalars().all() == [7]


def test_a_fact_that_no_table_follows_is_recorded_all_the_same(connection: Connection) -> None:
    tx = Transaction(connection, NOON, 0, {})
    assert weigh(tx).seq == 0


def test_a_key_never_used_is_free(tx: Transaction) -> None:
    assert tx.earlier("lodge", "K1", b"digest") is None


def test_the_same_key_and_content_lead_to_the_first_fact(tx: Transaction) -> None:
    tx.claim("lodge", "K1", b"digest", weigh(tx))
    assert tx.earlier("lodge", "K1", b"digest") == 7


def test_the_same_key_with_other_content_is_a_conflict(tx: Transaction) -> None:
    tx.claim("lodge", "K1", b"digest", weigh(tx))
    with pytest.raises(ConflictingKey, match="'K1' was used before for other content") as found:
        tx.earlier("lodge", "K1", b"other")
    assert found.value.fields["seq"] == 7


def test_keys_of_different_scopes_do_not_meet(tx: Transaction) -> None:
    tx.claim("lodge", "K1", b"digest", weigh(tx))
    assert tx.earlier("receive", "K1", b"other") is None
