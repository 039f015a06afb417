"""A small border day on both engines gives the same tables, row by row, and the same figures."""

from __future__ import annotations

import random
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from clearway.clearance.actions.receive_declaration import receive_declaration
from clearway.clearance.intake import prepare
from clearway.cli.bench.messages import Lodgements, broker_of, day_of_declarations
from clearway.console import tables as console
from clearway.declarations.formats.reading import read
from clearway.insight import live
from clearway.ledger import tables
from clearway.ledger.database import open_writer
from clearway.node import rooms
from clearway.node.node import Node, create
from clearway.node.rebuild import digest, rebuild
from clearway.settings import Settings
from tests.postgres import Cluster

COUNT = 25


def _day(settings: Settings) -> dict[str, Any]:
    """Lodge a few declarations; return the log's head, each table's digest and the figures."""
    day = day_of_declarations()
    entropy = random.Random(7).randbytes
    now = day.begins_at + timedelta(hours=12)
    create(settings, entropy)
    lodgements, actors = Lodgements(day), broker_of(day)
    with Node.open(settings, clock=lambda: now, entropy=entropy) as node:
        for _ in range(COUNT):
            event, body = next(lodgements)
            action = partial(
                receive_declaration,
                prepared=prepare(read(body, event.content_type), node.rulebook.profile, now),
                draw=node.draw(),
                selectivity=node.rulebook.selectivity,
            )
            node.act(actors[event.account], action).result(30)
        with node.reading() as connection:
            found = {table.name: digest(connection, table) for table in rooms.projection_tables()}
            found["head"] = node.log.note
            found["fact"] = digest(connection, tables.fact)
            found["figures"] = (
                live.release_times(connection),
                live.hits(connection),
                live.aim(connection),
                live.flow(connection),
                console.lanes(connection),
                console.count_released(connection, day.begins_at),
            )
    with Node.open(settings, clock=lambda: now, entropy=entropy) as node:
        assert node.log.note == found["head"]
        size, store = node.log.size, node.folder.store
    engine = open_writer(store)
    with engine.begin() as connection:
        again = rebuild(connection, rooms.projections(), rooms.projection_tables())
    engine.dispose()
    assert again.facts == size > COUNT and again.changed == ()
    return found


@pytest.mark.slow
def test_both_engines_keep_the_same_day(tmp_path: Path, cluster: Cluster) -> None:
    at = Settings(node_name="customs.example/day", data_directory=tmp_path / "file")
    remote = Settings(
        node_name="customs.example/day",
        data_directory=tmp_path / "server",
        database=cluster.url,
        database_schema="border_day",
    )
    on_file, on_server = _day(at), _day(remote)
    assert not (tmp_path / "server/node.db").exists()
    assert on_server == on_file
    cluster.drop("border_day")
