"""The store: opened as promised, or not at all."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Column, Engine, Integer, MetaData, Table, text
from sqlalchemy.exc import OperationalError

from clearway.errors import StorageFailure
from clearway.ledger.columns import Exact, Instant
from clearway.ledger.database import open_reader, open_writer, require_safe_sqlite


@pytest.mark.parametrize("version", [(3, 51, 2), (3, 40, 1), (2, 9, 9)])
def test_an_unsafe_library_is_refused(version: tuple[int, ...]) -> None:
    with pytest.raises(StorageFailure, match="can corrupt its own journal"):
        require_safe_sqlite(version)


def test_the_library_in_use_is_safe() -> None:
    require_safe_sqlite()
    require_safe_sqlite((3, 51, 3))


def pragma(engine: Engine, name: str) -> object:
    with engine.connect() as connection:
        return connection.execute(text(f"PRAGMA {name}")).scalar()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", 2),
        ("wal_autocheckpoint", 0),
        ("mmap_size", 0),
        ("foreign_keys", 1),
    ],
)
def test_the_writer_is_durable(engine: Engine, name: str, value: object) -> None:
    assert pragma(engine, name) == value


def test_a_reader_cannot_write(engine: Engine, tmp_path: Path) -> None:
    reader = open_reader(tmp_path / "node.db")
    with reader.connect() as connection, pytest.raises(OperationalError, match="readonly"):
        connection.execute(text("DELETE FROM fact"))
    reader.dispose()


def test_a_reader_sees_one_snapshot_while_the_writer_goes_on(
    engine: Engine, tmp_path: Path
) -> None:
    reader = open_reader(tmp_path / "node.db")
    count = text("SELECT count(*) FROM claim")
    insert = text("INSERT INTO claim VALUES ('a', :key, X'00', 1)")
    with reader.connect() as reading, engine.connect() as writing:
        assert reading.execute(count).scalar() == 0
        writing.execute(insert, {"key": "k"})
        writing.commit()
        assert reading.execute(count).scalar() == 0
        reading.rollback()
        assert reading.execute(count).scalar() == 1
    reader.dispose()


def test_there_is_one_writer_at_a_time(engine: Engine, tmp_path: Path) -> None:
    other = open_writer(tmp_path / "node.db")
    with engine.connect() as first, other.connect() as second:
        second.exec_driver_sql("PRAGMA busy_timeout = 50")
        second.rollback()
        first.execute(text("SELECT 1"))
        with pytest.raises(OperationalError, match="locked"):
            second.execute(text("SELECT 1"))
    other.dispose()


def test_instants_and_exact_numbers_come_back_as_they_went(engine: Engine) -> None:
    table = Table(
        "thing",
        MetaData(),
        Column("id", Integer, primary_key=True),
        Column("at", Instant),
        Column("mass", Exact),
    )
    at = datetime(2026, 3, 2, 12, 0, 0, 123456, tzinfo=UTC)
    with engine.begin() as connection:
        table.create(connection)
        connection.execute(table.insert().values(id=1, at=at, mass=Decimal("1.500")))
        connection.execute(table.insert().values(id=2, at=None, mass=None))
        rows = connection.execute(table.select().order_by(table.c.id)).all()
    assert tuple(rows[0]) == (1, at, Decimal("1.500"))
    assert str(rows[0].mass) == "1.500"
    assert tuple(rows[1]) == (2, None, None)
