"""Figures of the README: `python -m tests.insight.measure [declarations]`."""

from __future__ import annotations

import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, insert

from clearway.insight import archive
from clearway.insight.views import open_lake
from clearway.lake.writer import LakeWriter
from clearway.ledger import tables as ledger
from clearway.ledger.database import open_writer

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
_CHANNELS = ("green",) * 8 + ("yellow", "red")
_HS = ("080390", "847989", "030214")


def main(many: int) -> None:
    folder = Path(tempfile.mkdtemp())
    engine = open_writer(folder / "node.db")
    ledger.METADATA.create_all(engine)
    count = _store(engine, many)
    with engine.connect() as connection:
        _timed(f"copy {count} facts", lambda: LakeWriter(folder / "lake").copy(connection))
    with open_lake(folder / "lake") as lake:
        _timed("release times", lambda: archive.release_times(lake))
        groups = ("channel", "chapter")
        _timed("  by channel, chapter", lambda: archive.release_times(lake, by=groups))
        _timed("hit rates", lambda: archive.hit_rates(lake))
        _timed("targeting", lambda: archive.targeting(lake))
        _timed("data quality", lambda: archive.data_quality(lake))


def _timed(name: str, run: Callable[[], object]) -> None:
    begin = time.perf_counter()
    run()
    sys.stdout.write(f"{name:24} {time.perf_counter() - begin:6.2f} s\n")


def _store(engine: Engine, many: int) -> int:
    rng, rows, count = random.Random(1), [], 0
    with engine.begin() as connection:
        for n in range(many):
            for type_, at, body in _facts(rng, f"26KEMBA{n:011}", n):
                rows.append(_row(count, type_, at, body))
                count += 1
            if len(rows) > 20_000:
                connection.execute(insert(ledger.fact), rows)
                rows = []
        if rows:
            connection.execute(insert(ledger.fact), rows)
    return count


def _row(seq: int, type_: str, at: datetime, body: dict[str, Any]) -> dict[str, Any]:
    return {
        "seq": seq,
        "type": type_,
        "subject": f"declaration:{body['mrn']}",
        "issuer": "customs",
        "actor": "system:measure",
        "occurred_at": at,
        "recorded_at": at,
        "body": json.dumps(body).encode(),
        "salt": b"",
        "leaf_hash": seq.to_bytes(32, "big"),
    }


def _facts(rng: random.Random, mrn: str, n: int) -> Iterator[tuple[str, datetime, dict[str, Any]]]:
    lodged = BEGIN + timedelta(minutes=n / 20)
    channel = rng.choice(_CHANNELS)
    items = [
        {"hs": rng.choice(_HS), "net_mass_kg": str(rng.randrange(9999)), "description": "x" * 300}
        for _ in range(3)
    ]
    declaration = {
        "office": "KEMBA",
        "transport_mode": rng.choice("134"),
        "declarant": {"id": f"KEP{n % 500}", "name": ""},
        "containers": [],
        "items": items,
    }
    stated = {"channel": channel, "stratum": "score", "propensity": 0.02}
    accepted = {"mrn": mrn, "declaration": declaration, "findings": []}
    yield "declaration.accepted/1", lodged, accepted
    yield "risk.assessed/1", lodged, {"mrn": mrn, "assessment": stated}
    yield "clearance.decided/1", lodged, {"mrn": mrn, "missing": []}
    at = lodged + timedelta(hours=rng.random() * 30)
    yield "clearance.arrived/1", at, {"mrn": mrn, "arrived_at": at.isoformat()}
    if channel == "red":
        part = {"agency": "customs", "scope": "goods"}
        order = {"mrn": mrn, "examination": f"{mrn}-1", "parts": [part]}
        yield "clearance.examination_ordered/1", lodged, order
        begun, at = at + timedelta(hours=rng.random() * 5), at + timedelta(hours=6)
        start = {"mrn": mrn, "examination": f"{mrn}-1", "started_at": begun.isoformat()}
        yield "clearance.examination_started/1", begun, start
        times = {"started_at": begun.isoformat(), "ended_at": at.isoformat()}
        report = {"agency": "customs", "outcome": "conform", "extra_revenue": None, **times}
        yield "clearance.examined/1", at, {"mrn": mrn, "examination": f"{mrn}-1", **report}
    yield "declaration.released/1", at, {"mrn": mrn}


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50_000)
