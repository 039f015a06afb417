"""The application without an engine: what it answers, and what it refuses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from clearway.errors import VerificationError
from clearway.ledger.database import open_writer
from clearway.ledger.order.cometbft.application import Application
from clearway.ledger.order.model import Code, Vote
from clearway.ledger.order.roster import write_genesis
from clearway.ledger.order.tables import TABLES
from clearway.ledger.tables import METADATA

from .conftest import NAMES, ORDER, agency_of, batch_of, signer_of, use_of

AGENCIES = tuple(map(agency_of, NAMES))
GENESIS: dict[str, Any] = {
    "chain_id": ORDER,
    "app_state": write_genesis(AGENCIES),
    "validators": [{"pub_key": {"ed25519": a.validator}, "power": a.power} for a in AGENCIES],
    "initial_height": 1,
}


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Application]:
    engine = open_writer(tmp_path / "order.db")
    METADATA.create_all(engine, tables=list(TABLES))
    app = Application(engine)
    app.answer("InitChain", GENESIS)
    yield app
    engine.dispose()


def tx(name: str, key: object, *items: Any) -> bytes:
    return signer_of(name).sign(batch_of(key, *items))


def block(app: Application, height: int, *txs: bytes) -> dict[str, Any]:
    answer = app.answer("FinalizeBlock", {"txs": list(txs), "height": height})
    app.answer("Commit", {})
    return answer


def test_a_block_finalized_but_not_committed_is_replayed_to_the_same_hash(tmp_path: Path) -> None:
    hashes = []
    path = tmp_path / "order.db"
    for life in range(3):
        engine = open_writer(path)
        METADATA.create_all(engine, tables=list(TABLES))
        app = Application(engine)
        if life == 0:
            app.answer("InitChain", GENESIS)
        assert app.answer("Info", {}).get("last_block_height", 0) == 0
        request = {"txs": [tx("customs", 1, use_of("a"))], "height": 1}
        hashes.append(app.answer("FinalizeBlock", request)["app_hash"])
        engine.dispose()
    assert len(set(hashes)) == 1


def test_an_empty_block_keeps_the_hash_and_moves_the_height(app: Application) -> None:
    first = block(app, 1, tx("customs", 1, use_of("a")))["app_hash"]
    assert block(app, 2)["app_hash"] == first
    info = app.answer("Info", {})
    assert (info["last_block_height"], info["last_block_app_hash"]) == (2, first)


def test_garbage_in_a_decided_block_is_judged_and_changes_nothing(app: Application) -> None:
    first = block(app, 1)["app_hash"]
    answer = block(app, 2, b"garbage", tx("stranger", 1, use_of("a")))
    assert answer["app_hash"] == first
    assert [r["code"] for r in answer["tx_results"]] == [Code.MALFORMED, Code.UNKNOWN_AGENCY]


def test_a_proposal_with_anything_unauthentic_or_doubled_is_rejected(app: Application) -> None:
    fine = tx("customs", 1, use_of("a"))
    assert app.answer("ProcessProposal", {"txs": [fine], "height": 1}) == {"status": 1}
    for txs in ([fine, b"x"], [fine, fine], [tx("stranger", 1, use_of("a"))]):
        assert app.answer("ProcessProposal", {"txs": txs, "height": 1}) == {"status": 2}
    mixed = {"txs": [b"x", fine, fine], "height": 1, "max_tx_bytes": 10_000}
    assert app.answer("PrepareProposal", mixed) == {"txs": [fine]}
    assert app.answer("PrepareProposal", {**mixed, "max_tx_bytes": 50}) == {"txs": []}


def test_one_agency_s_flood_leaves_room_for_the_others(app: Application) -> None:
    flood = [tx("customs", n, use_of(n)) for n in range(20)]
    late = [tx("port", "late", use_of("late"))]
    request = {"txs": flood + late, "height": 1, "max_tx_bytes": 5 * len(flood[0])}
    chosen = app.answer("PrepareProposal", request)["txs"]
    assert late[0] in chosen[:2]
    assert [each for each in chosen if each not in late] == flood[: len(chosen) - 1]


def test_votes_change_the_validators(app: Application) -> None:
    wanted = Vote(0, agency_of("rail"))
    answer = block(app, 1, *(tx(name, name, wanted) for name in NAMES[:3]))
    assert answer["validator_updates"] == [
        {"pub_key": {"ed25519": agency_of("rail").validator}, "power": 1}
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"app_state": b"{}"},
        {"app_state": b"x" * 70_000},
        {"validators": []},
        {"chain_id": "another"},
    ],
)
def test_another_genesis_stops_the_node(app: Application, change: dict[str, Any]) -> None:
    with pytest.raises(VerificationError):
        app.answer("InitChain", {**GENESIS, **change})


def test_a_gap_in_the_heights_stops_the_node(app: Application) -> None:
    with pytest.raises(VerificationError):
        app.answer("FinalizeBlock", {"txs": [], "height": 3})
    with pytest.raises(VerificationError):
        app.answer("Commit", {})


def test_snapshots_are_refused_politely(app: Application) -> None:
    assert app.answer("ListSnapshots", {}) == {}
    assert app.answer("OfferSnapshot", {}) == {"result": 2}


def test_an_unknown_query_is_answered_with_a_code(app: Application) -> None:
    for path, data in (("/nothing", b""), ("/stream", b"{"), ("/proof/use", bytes(32))):
        assert app.answer("Query", {"path": path, "data": data})["code"] > 0


def test_an_edited_head_is_not_served(tmp_path: Path, app: Application) -> None:
    block(app, 1, tx("customs", 1, use_of("a")))
    engine = open_writer(tmp_path / "order.db")
    with engine.begin() as connection:
        connection.execute(text("UPDATE order_head SET uses = 0, use_nodes = x''"))
    with pytest.raises(VerificationError):
        Application(engine)
    engine.dispose()
