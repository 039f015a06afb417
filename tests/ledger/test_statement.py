"""Statements as the driver takes them: the same rows and the same errors as through SQLAlchemy."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest
from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Engine,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    select,
)
from sqlalchemy.exc import IntegrityError

from clearway.ledger.columns import Exact, Instant
from clearway.ledger.statement import Rows, run
from clearway.terms.places import Country

from .conftest import NOON

PARCEL = Table(
    "parcel",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("origin", Text),
    Column("mass_kg", Exact),
    Column("at", Instant),
    Column("body", LargeBinary),
    Column("is_open", Boolean),
)
ROWS = Rows(PARCEL)
FULL = {
    "id": 1,
    "origin": Country("NL"),
    "mass_kg": Decimal("12.50"),
    "at": NOON,
    "body": b"{}",
    "is_open": True,
}


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    PARCEL.metadata.create_all(engine)
    with engine.connect() as opened:
        yield opened


def test_a_row_comes_back_as_it_went_and_as_core_reads_it(connection: Connection) -> None:
    ROWS.add(connection, [FULL])
    found = run(connection, f"{ROWS.select} WHERE id = ?", (1,)).fetchone()
    assert ROWS.read(found) == FULL
    assert dict(connection.execute(select(PARCEL)).one()._mapping) == FULL


def test_absent_columns_are_null(connection: Connection) -> None:
    ROWS.add(connection, [{"id": 1}, {"id": 2, "origin": "DE"}])
    assert run(connection, "SELECT id, origin, at FROM parcel ORDER BY id").fetchall() == [
        (1, None, None),
        (2, "DE", None),
    ]


def test_no_rows_are_no_statement(connection: Connection) -> None:
    ROWS.add(connection, [])
    assert run(connection, "SELECT count(*) FROM parcel").fetchone() == (0,)


def test_a_known_row_is_put_and_changed(connection: Connection) -> None:
    put = ROWS.put(("id",), ("origin",))
    for origin in ("NL", "FR"):
        run(connection, put, ROWS.values(FULL | {"origin": origin}))
    ROWS.change(connection, {"mass_kg": Decimal("3"), "at": None}, origin="FR")
    assert list(run(connection, "SELECT origin, mass_kg, at FROM parcel")) == [("FR", "3", None)]


def test_it_runs_in_the_transaction_of_the_connection(connection: Connection) -> None:
    ROWS.add(connection, [FULL])
    connection.rollback()
    assert run(connection, "SELECT count(*) FROM parcel").fetchone() == (0,)


def test_what_the_driver_refuses_is_raised_as_everywhere_else(connection: Connection) -> None:
    ROWS.add(connection, [FULL])
    with pytest.raises(IntegrityError, match="UNIQUE"):
        ROWS.add(connection, [FULL])
