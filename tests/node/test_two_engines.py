"""What partners give is kept on PostgreSQL as on SQLite: facts, cosignatures, double uses."""

from __future__ import annotations

from functools import partial
from hashlib import sha256
from pathlib import Path

import pytest

from clearway.cli.setup import OWNER
from clearway.connectors.peer import evidence, tables, uses
from clearway.connectors.peer.model import Cosigned
from clearway.ledger import receipt as receipts
from clearway.ledger.order.model import Use, UseBatch
from clearway.node import rooms
from clearway.node.clock import utc_now
from clearway.node.rebuild import rebuild
from tests.postgres import Cluster

from .test_two_agencies import House, Weighed


@pytest.mark.slow
def test_a_taker_on_postgresql_keeps_what_came_and_finds_a_double_use(
    tmp_path: Path, cluster: Cluster
) -> None:
    customs = House(tmp_path / "customs", "customs")
    server = cluster.schema("taker")
    plants = House(
        tmp_path / "plants", "plants", database=server.url, database_schema=server.schema
    )
    with plants.stack, customs.stack:  # whoever asks closes first
        plants.admit(customs.card())
        customs.admit(plants.card(), "order.*", "parcel.weighed/1")
        customs.take()
        for one in (customs, plants):
            batch = UseBatch(bytes(16), (Use(sha256(b"thing").digest(), "holder"),))
            one.node.act(OWNER, partial(one.node.ordering.use, batch=batch)).result()
        customs.record(*map(Weighed, range(3)))
        assert plants.take() == {customs.id: 5}
        origin = customs.node.log.origin
        assert customs.ask_witnesses() == ""
        assert plants.take() == {customs.id: 0}
        with plants.node.reading() as connection:
            (found,) = uses.double_uses(connection)
            assert {found.first.origin, found.second.origin} == {uses.OWN, origin}
            assert tables.cosigned_size(connection, origin) == customs.node.log.size
            proof = evidence.receipt_of(connection, origin, customs.node.log.size - 1)
        receipts.verify(proof, [customs.node.log.verifier])
        smaller = Cosigned(1, "note")
        plants.node.act(
            OWNER, lambda act: tables.keep_cosigned(act.connection, origin, smaller, utc_now())
        ).result()
        with plants.node.reading() as connection:
            assert tables.cosigned_size(connection, origin) == customs.node.log.size
        changed = plants.node.act(
            OWNER,
            lambda act: (
                rebuild(act.connection, rooms.projections(), rooms.projection_tables()).changed
            ),
        )
        assert changed.result().result == ()
    cluster.drop("taker")
