"""Readings in the lake's series: all of them, in few bytes, and one question over both stores."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from clearway.coldchain import follow, tables
from clearway.coldchain.actions.archive_readings import archive_readings
from clearway.coldchain.actions.record_readings import record_readings
from clearway.coldchain.actions.start_journey import start_journey
from clearway.coldchain.archive import READINGS, readings_of
from clearway.coldchain.facts import ReadingsRecorded
from clearway.coldchain.model import Batch, Journey, Reading
from clearway.identity.model import Actor, ActorKind, Role
from clearway.lake.query import Lake
from clearway.lake.series import MANY, SeriesWriter, cursor_of, scan
from clearway.ledger.database import open_writer
from clearway.node.clock import SteppedClock, entropy
from clearway.node.node import Node, create
from clearway.node.rebuild import rebuild
from clearway.node.rooms import projection_tables, projections
from clearway.policy.act import Act
from clearway.settings import Settings

WORKER = Actor(ActorKind.SYSTEM, "test", "customs", frozenset({Role.WORKER}))


class Ship:
    """A node, the series of its readings, and what one reefer sends."""

    def __init__(self, folder: Path, start) -> None:
        settings = Settings(data_directory=folder / "node")
        create(settings, entropy)
        self.clock = SteppedClock(start + timedelta(days=1))
        self.node = Node.open(settings, clock=self.clock, entropy=entropy).__enter__()
        self.folder = folder / "series"
        self.writer = SeriesWriter(self.folder, READINGS)

    def act(self, action: Callable[..., object], *args: object) -> None:
        self.node.act(WORKER, lambda act: action(act, *args)).result(20)

    def copy(self) -> int:
        with self.node.reading() as connection:
            return self.writer.copy(connection)

    def readings(self, container: str, **bounds: object) -> tuple[Reading, ...]:
        with self.node.reading() as connection:
            return readings_of(connection, self.folder, container, **bounds)

    def rows(self) -> pl.DataFrame:
        return scan(self.folder, READINGS).collect()


@pytest.fixture
def ship(tmp_path: Path, start) -> Iterator[Ship]:
    made = Ship(tmp_path, start)
    yield made
    made.node.__exit__(None, None, None)


def test_all_readings_are_rows_with_both_times(
    ship: Ship, container, hold, batch_of, start
) -> None:
    probes = [replace(r, probes_c=(0.1, None), humidity_pct=88.5) for r in hold(3)]
    ship.act(record_readings, batch_of(probes))
    ship.act(record_readings, batch_of(hold(2, first=4, return_c=None)))
    ship.copy()
    rows = ship.rows().sort("seq")
    assert rows["seq"].to_list() == [1, 2, 3, 4, 5]
    assert rows["return_c"].to_list() == [0.2, 0.2, 0.2, None, None]
    assert rows["probes_c"].to_list()[0] == [0.1, None]
    assert rows["humidity_pct"].to_list() == [88.5, 88.5, 88.5, None, None]
    assert set(rows["container"]) == {str(container)}
    arrived = rows.select(pl.col("measured_at") + pl.duration(seconds="delay_s")).to_series()
    assert set(arrived) == {start + timedelta(days=1)}


@pytest.mark.parametrize("merged", [False, True])
def test_every_value_comes_back_in_every_bit(ship: Ship, container, hold, batch_of, merged) -> None:
    odd = (0.1 + 0.2, 13.277777777777779, -0.05, 1e300, -0.0, 69.9, 13.3, None)
    readings = [
        replace(reading, supply_c=value, humidity_pct=value)
        for reading, value in zip(hold(len(odd) * 3), odd * 3, strict=True)
    ]
    for reading in readings if merged else ():
        ship.act(record_readings, batch_of([reading]))
        ship.copy()
    ship.act(record_readings, batch_of(readings))
    last = ship.copy()
    ship.clock.move_to(readings[-1].at + timedelta(days=40))
    ship.act(archive_readings, readings[-1].at + timedelta(days=1), last)
    assert ship.readings(container) == tuple(readings)
    with Lake(ship.folder.parent, series={ship.folder.name: READINGS}) as lake:
        _, rows = lake.rows(f'SELECT supply_c FROM "{ship.folder.name}" ORDER BY seq')
    assert [value for (value,) in rows] == [reading.supply_c for reading in readings]


def test_facts_of_the_former_kind_are_rows_too(ship: Ship, container, hold) -> None:
    def record(act: Act) -> None:
        body = ReadingsRecorded("old-1", container, "1", tuple(hold(3)))
        act.append(body, subject=f"container:{container}")

    ship.act(record)
    ship.copy()
    assert ship.rows().height == 3
    assert ship.readings(container) == tuple(hold(3))


def test_a_copy_goes_on_where_the_last_one_ended_and_merges_small_files(
    ship: Ship, container, hold, batch_of
) -> None:
    readings = hold(MANY * 2 + 1)
    for reading in readings:
        ship.act(record_readings, batch_of([reading]))
        last = ship.copy()
    assert cursor_of(ship.folder) == last
    assert len(list(ship.folder.glob("*.parquet"))) < MANY + 4
    rows = ship.rows()
    assert sorted(rows["seq"]) == [reading.seq for reading in readings]
    again = SeriesWriter(ship.folder, READINGS)
    with ship.node.reading() as connection:
        assert again.copy(connection) == last
    assert ship.rows().height == len(readings)


def test_old_readings_leave_the_tables_and_are_found_all_the_same(
    ship: Ship, container, hold, batch_of, start, fish_journey
) -> None:
    ship.act(start_journey, fish_journey)
    readings = hold(100)
    ship.act(record_readings, batch_of(readings))
    before = ship.readings(container)
    until = start + timedelta(days=40)
    ship.clock.move_to(until + timedelta(days=1))
    ship.act(archive_readings, until, ship.copy())
    with ship.node.reading() as connection:
        assert follow.known(connection, container, None) == []
        unit = tables.get_unit(connection, container)
    assert ship.readings(container) == before == tuple(readings)
    some = ship.readings(container, since=readings[10].at, until=readings[19].at)
    assert some == tuple(readings[10:20])
    # The same again is a repeat still; what comes late is on record, and judges nothing anew.
    repeated = ship.node.act(WORKER, lambda act: record_readings(act, batch_of(readings))).result(9)
    assert (repeated.result.recorded, repeated.result.repeated) == (0, 100)
    ship.act(record_readings, Batch("probe-2", container, "1", tuple(hold(1, first=50))))
    with ship.node.reading() as connection:
        now = tables.get_unit(connection, container)
    assert (now.state, now.readings) == (unit.state, unit.readings + 1)
    assert len(ship.readings(container)) == 101


def test_a_unit_that_still_sends_keeps_its_journey_in_the_tables(
    ship: Ship, container, hold, batch_of, start, fish_journey
) -> None:
    ship.act(start_journey, fish_journey)
    ship.act(record_readings, batch_of(hold(100)))
    ship.act(archive_readings, start + timedelta(hours=5), ship.copy())
    with ship.node.reading() as connection:
        assert len(follow.known(connection, container, None)) == 100
    later = replace(fish_journey, loaded_at=start + timedelta(hours=10))
    ship.act(start_journey, later)
    ship.act(archive_readings, start + timedelta(hours=12), ship.copy())
    with ship.node.reading() as connection:
        left = follow.known(connection, container, None)
    assert left[-1][2] == hold(100)[-1]
    assert len(ship.readings(container)) == 100


def test_a_rebuild_gives_the_same_tables_after_readings_left(
    ship: Ship, container, hold, batch_of, start, fish_journey
) -> None:
    ship.act(start_journey, fish_journey)
    ship.act(record_readings, batch_of(hold(60)))
    ship.act(archive_readings, start + timedelta(days=40), ship.copy())
    ship.act(record_readings, batch_of(hold(60)))
    ship.act(start_journey, Journey(container, "banana", start + timedelta(hours=20)))
    store = ship.node.folder.store
    ship.node.__exit__(None, None, None)
    engine = open_writer(store)
    with engine.begin() as connection:
        assert rebuild(connection, projections(), projection_tables()).changed == ()
    engine.dispose()
    ship.node = ship.node.open(ship.node.settings, clock=ship.clock, entropy=entropy).__enter__()
