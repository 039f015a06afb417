"""EPCIS: events captured per second, durable, and questions to a million of them.

Capture goes the whole way: JSON-LD read and checked, CBV hash, four indexes, Merkle log, COMMIT
with synchronous=FULL. Beside it the same documents put into one table as they came, as durably: the
limit of the disk and of SQLite. Questions go to tables that the room's own projection filled in
bulk; beside them a look at one row by its key.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pysqlite3
from numpy.random import Generator, default_rng
from sqlalchemy import Connection

from clearway.cli.bench.house import OFFICER, temporary_node
from clearway.cli.bench.pairs import Figure, cpu_s, in_turns, percentile, rate
from clearway.ledger import tables as ledger
from clearway.ledger.database import open_reader, open_writer
from clearway.ledger.fact import encode
from clearway.ledger.statement import Rows, run
from clearway.movements.epcis import intake, tables
from clearway.movements.epcis.actions.capture import capture
from clearway.movements.epcis.facts import Behaviour, EventCaptured
from clearway.movements.epcis.index import index_of
from clearway.movements.epcis.intake import Intake
from clearway.movements.epcis.parameters import read
from clearway.node.node import Node

_CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
_START = datetime(2026, 1, 1, tzinfo=UTC)
_NOW = datetime(2026, 12, 31, tzinfo=UTC)
_PER_DOCUMENT = 100
_BULK = 5_000
_PROJECTED = 50_000
_STEPS = ("arriving", "departing", "shipping", "receiving", "inspecting", "transporting")
_SPAN_S = 300 * 86_400


def measure(*, quick: bool) -> list[Figure]:
    """Return captured events/s beside raw inserts, and the 95th percentile of queries."""
    return [*_captures(20 if quick else 100), *_questions(100_000 if quick else 1_000_000)]


def _event(number: int, dice: Generator) -> dict[str, Any]:
    """Return an event of one of 20,000 items at one of 200 places, a third with temperature."""
    at = _START + timedelta(seconds=int(dice.integers(_SPAN_S)))
    event: dict[str, Any] = {
        "type": "ObjectEvent",
        "eventID": f"urn:uuid:00000000-0000-4000-8000-{number:012d}",
        "eventTime": at.isoformat(),
        "eventTimeZoneOffset": "+00:00",
        "action": "OBSERVE",
        "bizStep": _STEPS[int(dice.integers(len(_STEPS)))],
        "disposition": "in_transit",
        "epcList": [f"urn:epc:id:sgtin:0614141.107346.{int(dice.integers(20_000))}"],
        "readPoint": {"id": f"urn:epc:id:sgln:0614141.{int(dice.integers(200)):05d}.0"},
    }
    if number % 3 == 0:
        value = round(float(dice.normal(4, 3)), 1)
        report = {"type": "Temperature", "value": value, "uom": "CEL"}
        event["sensorElementList"] = [{"sensorReport": [report]}]
    return event


def _documents(count: int) -> list[bytes]:
    dice = default_rng(7)  # the same documents each time, no secret
    return [
        json.dumps(
            {
                "@context": [_CONTEXT],
                "type": "EPCISDocument",
                "schemaVersion": "2.0",
                "creationDate": "2026-12-30T00:00:00Z",
                "epcisBody": {
                    "eventList": [
                        _event(number, dice) for number in range(first, first + _PER_DOCUMENT)
                    ]
                },
            }
        ).encode()
        for first in range(0, count * _PER_DOCUMENT, _PER_DOCUMENT)
    ]


def _captures(count: int) -> list[Figure]:
    documents = _documents(count)
    spent = 0.0

    def ours() -> float:
        nonlocal spent
        with temporary_node(clock=lambda: _NOW) as node:
            before = cpu_s()
            found = rate(count * _PER_DOCUMENT, lambda: _capture_all(node, documents))
            spent = (cpu_s() - before) / (count * _PER_DOCUMENT)
        return found

    mine, raw = in_turns(ours, lambda: _raw(documents), turns=3)
    note = f"{_PER_DOCUMENT} a document, {spent * 1e6:.0f} us CPU each: read, hashed, indexed"
    return [Figure("EPCIS events captured/s", mine, "raw SQLite rows/s", raw, note)]


def _read(document: bytes) -> Intake:
    return intake.read(document, is_xml=False, behaviour=Behaviour.ROLLBACK)


def _capture_all(node: Node, documents: list[bytes]) -> None:
    waiting = []
    for document in documents:
        prepared = _read(document)
        waiting.append(node.act(OFFICER, lambda act, it=prepared: capture(act, it)))  # type: ignore[misc]
        if len(waiting) >= 16:
            waiting.pop(0).result()
    for future in waiting:
        future.result()


def _raw(documents: list[bytes]) -> float:
    """Insert the events' texts, a document a commit, synchronous=FULL: unread, with no index."""
    texts = [
        [json.dumps(one) for one in json.loads(document)["epcisBody"]["eventList"]]
        for document in documents
    ]
    with tempfile.TemporaryDirectory(prefix="clearway-bench-") as folder:
        store = pysqlite3.connect(Path(folder) / "raw.db", isolation_level=None)
        store.execute("PRAGMA journal_mode=WAL")
        store.execute("PRAGMA synchronous=FULL")
        store.execute("CREATE TABLE event (seq INTEGER PRIMARY KEY, body TEXT NOT NULL)")

        def insert() -> None:
            for document in texts:
                store.execute("BEGIN")
                store.executemany("INSERT INTO event (body) VALUES (?)", [(t,) for t in document])
                store.execute("COMMIT")

        found = rate(sum(map(len, texts)), insert)
        store.close()
    return found


def _questions(count: int) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="clearway-bench-") as folder:
        store = Path(folder) / "node.db"
        filled = _fill(store, count)
        reader = open_reader(store)
        with reader.begin() as connection:
            took = [_timed(connection, wanted) for wanted in _wanted()]
            rows = [_row(connection, seq) for seq in range(0, count, count // 200)]
        reader.dispose()
    note = f"{count:,} events, {len(took)} questions of 12 kinds, first page of 30 with its events"
    p95, row = percentile(took, 0.95) * 1e3, percentile(rows, 0.95) * 1e3
    return [
        Figure("EPCIS query p95, ms", p95, "one row by key p95", row, note),
        Figure("EPCIS query median, ms", percentile(took, 0.5) * 1e3),
        Figure("EPCIS events projected/s", filled, note="in bulk, for the questions above"),
    ]


def _fill(store: Path, count: int) -> float:
    """Make a store of events: facts without a log, tables as the projection fills them.

    The projection makes the first ones; the rest repeat them at other times, in SQL.

    Returns: events a second of the projection.
    """
    projected = min(count, _PROJECTED)
    dice = default_rng(11)  # the same events each time, no secret
    facts = Rows(ledger.fact)
    pool = _read(
        json.dumps(
            {
                "@context": [_CONTEXT],
                "type": "EPCISDocument",
                "schemaVersion": "2.0",
                "creationDate": "2026-12-30T00:00:00Z",
                "epcisBody": {"eventList": [_event(n, dice) for n in range(1_000)]},
            }
        ).encode()
    ).events

    def fill(connection: Connection, first: int) -> None:
        rows, bodies = [], []
        for seq in range(first, min(first + _BULK, projected)):
            known = pool[int(dice.integers(len(pool)))].event
            event, event_id = _moved(known, seq, dice)
            recorded = _START + timedelta(seconds=seq * _SPAN_S // projected)
            rows.append((seq, event_id, event, recorded, index_of(event, event_id, recorded), ()))
            body = encode(EventCaptured(event, event_id, "", "", 0, ""))
            bodies.append(
                facts.values(
                    {
                        "seq": seq, "type": EventCaptured.TYPE, "subject": f"epcis:{event_id}",
                        "issuer": "customs", "actor": "officer:bench", "occurred_at": recorded,
                        "recorded_at": recorded, "body": body, "form": 1, "salt": b"\0" * 32,
                        "leaf_hash": b"\0" * 32,
                    }
                )
            )  # fmt: skip
        run(connection, facts.insert, bodies)
        tables.store(connection, rows)

    writer = open_writer(store, synchronous="OFF")
    ledger.METADATA.create_all(writer)
    started = time.perf_counter()
    for first in range(0, projected, _BULK):
        with writer.begin() as connection:
            fill(connection, first)
    speed = projected / (time.perf_counter() - started)
    for first in range(projected, count, projected):
        with writer.begin() as connection:
            _repeat(connection, first, projected)
    writer.dispose()
    return speed


def _repeat(connection: Connection, first: int, count: int) -> None:
    """Tell the first `count` events once more, from place `first` on, at other times."""
    later = first * 7_919_000_000 % (_SPAN_S * 1_000_000)
    for table, changed in (
        ("fact", {"seq": f"seq + {first}"}),
        (
            "epcis_event",
            {
                "seq": f"seq + {first}",
                "event_id": f"event_id || '-{first}'",
                "event_time": f"event_time + {later}",
                "record_time": f"record_time + {_SPAN_S * first // count * 1_000_000}",
            },
        ),
        ("epcis_word", {"seq": f"seq + {first}"}),
        ("epcis_number", {"seq": f"seq + {first}"}),
        ("epcis_identifier", {"seq": f"seq + {first}"}),
    ):
        columns = [column.name for column in ledger.METADATA.tables[table].columns]
        values = ", ".join(changed.get(name, name) for name in columns)
        names = ", ".join(columns)
        run(
            connection,
            f"INSERT INTO {table} ({names}) SELECT {values} FROM {table} WHERE seq < {count}",
        )


def _moved(event: Any, seq: int, dice: Generator) -> tuple[Any, str]:
    at = _START + timedelta(seconds=int(dice.integers(_SPAN_S)))
    epc = f"urn:epc:id:sgtin:0614141.107346.{int(dice.integers(20_000))}"
    place = replace(event.read_point, id=f"urn:epc:id:sgln:0614141.{int(dice.integers(200)):05d}.0")
    moved = replace(event, event_time=at, epc_list=(epc,), read_point=place)
    return moved, f"urn:uuid:00000000-0000-4000-8000-{seq:012d}"


def _wanted() -> Iterator[dict[str, Any]]:
    """Yield questions of twelve kinds, from one item to a tenth of all events."""
    dice = default_rng(13)  # the same questions each time, no secret
    for _ in range(20):
        at = _START + timedelta(seconds=int(dice.integers(_SPAN_S)))
        until = at + timedelta(days=1)
        span = {"GE_eventTime": at.isoformat(), "LT_eventTime": until.isoformat()}
        epc = f"urn:epc:id:sgtin:0614141.107346.{int(dice.integers(20_000))}"
        place = f"urn:epc:id:sgln:0614141.{int(dice.integers(200)):05d}.0"
        newest = {"orderBy": "eventTime"}
        yield from (
            {"MATCH_epc": epc},
            {"MATCH_anyEPC": epc, **newest},
            {"MATCH_epc": "urn:epc:idpat:sgtin:0614141.107346.*", **newest},
            {"EQ_readPoint": place, **newest},
            {"EQ_readPoint": place, "EQ_bizStep": _STEPS[int(dice.integers(len(_STEPS)))], **span},
            {"EQ_bizStep": "arriving|departing", **newest},
            {"EQ_bizStep": _STEPS[int(dice.integers(len(_STEPS)))], **span, **newest},
            span,
            {"GE_recordTime": at.isoformat(), "EQ_disposition": "in_transit"},
            {"EQ_type": "gs1:Temperature", "GE_value_KEL": 285.15, **newest},
            {"GE_value_CEL": 11.5, "EQ_readPoint": place},
            {"EQ_eventID": f"urn:uuid:00000000-0000-4000-8000-{int(dice.integers(100_000)):012d}"},
        )


def _timed(connection: Connection, wanted: dict[str, Any]) -> float:
    query = read(wanted)
    return _seconds(lambda: tables.find_events(connection, query))


def _row(connection: Connection, seq: int) -> float:
    asked = "SELECT body FROM fact WHERE seq = ?"
    return _seconds(lambda: run(connection, asked, (seq,)).fetchone())


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
