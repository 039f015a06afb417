"""Writing a simulated day to files: what the border sees, and the truth in a folder of its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import msgspec

from clearway.errors import InputError
from clearway.simulator.day import Day
from clearway.simulator.day import simulate as simulate_day
from clearway.simulator.history import past
from clearway.simulator.world import build


@dataclass(frozen=True, slots=True)
class Written:
    """What was written."""

    messages: int
    history_rows: int


def write(
    out: Path, *, seed: int, when: date, consignments: int, history_days: int, per_day: float
) -> Written:
    """Write day and history. Raises: InputError: the folder exists already."""
    if out.exists():
        raise InputError(f"{out} exists already; name a folder that does not")
    world = build(seed)
    day = simulate_day(world, when, consignments)
    _write_messages(out / "messages", day)
    _write_truth(out / "truth", day)
    rows = 0
    if history_days:
        frame = past(world, history_days, per_day, until=when).frame
        (out / "history").mkdir(parents=True)
        frame.write_parquet(out / "history" / "items.parquet")
        rows = frame.height
    return Written(len(day.events), rows)


def _write_messages(folder: Path, day: Day) -> None:
    folder.mkdir(parents=True)
    with (folder / "index.ndjson").open("wb") as index:
        for number, event in enumerate(day.events):
            ending = "xml" if "xml" in event.content_type else "json"
            name = f"{number:06d}-{event.kind}.{ending}"
            (folder / name).write_bytes(event.body)
            line = {"file": name, "at": event.at, "kind": event.kind.value,
                    "account": event.account, "key": event.key}  # fmt: skip
            index.write(msgspec.json.encode(line) + b"\n")


def _write_truth(folder: Path, day: Day) -> None:
    folder.mkdir(parents=True)
    with (folder / "frauds.ndjson").open("wb") as file:
        for lrn, consignment in day.truth.consignments.items():
            modes = sorted({line.mode for line in consignment.lines if getattr(line, "mode", "")})
            file.write(msgspec.json.encode({"lrn": lrn, "modes": modes}) + b"\n")
