"""Batches as columns: the quick way in says what the other says, or leaves it to the other."""

from __future__ import annotations

import json as plain
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.coldchain import intake
from clearway.coldchain.formats import json, json_columns
from clearway.coldchain.model import Batch, Reading, warmest
from clearway.coldchain.sheets import sheet_of
from clearway.errors import ClearwayError
from clearway.terms.transport import ContainerNumber

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
NUMBER = ContainerNumber("CSQU3054383")
ROW: dict[str, Any] = {"seq": 1, "at": "2026-03-02T11:00:00Z", "supply_c": 1, "powered": True}
MESSAGE: dict[str, Any] = {"device": "r", "container": str(NUMBER), "boot_id": "1"}

celsius = st.none() | st.floats(-60, 70)
flag = st.none() | st.booleans()
near = st.datetimes(datetime(2025, 1, 1), datetime(2026, 3, 2, 12, 10), timezones=st.just(UTC))


@st.composite
def regular(draw: st.DrawFn) -> Reading:
    probes = draw(st.just(()) | st.lists(celsius, max_size=4).map(tuple))
    return Reading(
        draw(st.integers(-1, 40)),
        draw(near),
        draw(celsius),
        draw(celsius),
        draw(celsius) if warmest(probes) is None else warmest(probes),
        powered=draw(flag),
        door_open=draw(flag),
        probes_c=probes,
    )


batches = st.builds(
    Batch,
    device=st.sampled_from(["r", "b/7", "", "x y"]),
    container=st.just(NUMBER),
    boot_id=st.sampled_from(["1", "2026-02-14a"]),
    readings=st.lists(regular(), min_size=1, max_size=8).map(tuple),
)


def message(*rows: dict[str, Any], **changes: Any) -> bytes:
    return plain.dumps(MESSAGE | {"readings": rows or (ROW,)} | changes).encode()


def said(batch: Any) -> str:
    try:
        intake.require_plausible(batch, NOW)
    except ClearwayError as error:
        return f"{type(error).__name__} {error}"
    return "plausible"


@given(batches)
def test_columns_hold_the_batch_in_every_bit(batch: Batch) -> None:
    assert sheet_of(batch).batch == batch
    assert sheet_of(sheet_of(batch)) == sheet_of(batch)


@given(batches, st.sampled_from([b"", b" ", b'"firmware": "7", ']))
def test_what_is_read_as_columns_is_what_else_is_read(batch: Batch, oddity: bytes) -> None:
    data = b"{" + oddity + json.write(batch)[1:]
    found = json_columns.read(data)
    if found is not None:
        assert found.batch == json.read(data)[0]
        assert found == sheet_of(json.read(data)[0])
        assert not json.read(data)[1]


@given(batches)
def test_both_are_found_plausible_or_not_for_the_same_reason(batch: Batch) -> None:
    assert said(sheet_of(batch)) == said(batch)


def test_a_batch_in_order_is_plausible_as_columns() -> None:
    rows = tuple(Reading(n, NOW - timedelta(minutes=9 - n), 1.0) for n in range(9))
    batch = Batch("r", NUMBER, "1", rows)
    assert said(sheet_of(batch)) == "plausible"
    twice = replace(batch, readings=(*rows[:4], *rows[3:]))
    assert said(sheet_of(twice)).startswith("RuleViolation")
    early = replace(batch, readings=(replace(rows[0], at=NOW - timedelta(days=401)), *rows[1:]))
    assert said(sheet_of(early)).startswith("RuleViolation")
    long = replace(batch, readings=tuple(replace(rows[0], seq=n) for n in range(1_001)))
    assert said(sheet_of(long)).startswith("TooLarge")


@pytest.mark.parametrize(
    "rows",
    [
        [ROW],
        [ROW, ROW | {"seq": 2}],
        [ROW, {"seq": 2, "at": "2026-03-02T11:00:00.123456Z", "supply_c": -0.5}],
        [ROW | {"probes_c": [1.5, 2.5], "pulp_c": 2.5}],
    ],
)
def test_what_devices_send_is_read_as_columns(rows: list[dict[str, Any]]) -> None:
    found = json_columns.read(message(*rows))
    assert found is not None
    assert found.batch == json.read(message(*rows))[0]


@pytest.mark.parametrize(
    "data",
    [
        message(ROW | {"colour": 1}),
        message(ROW, {**ROW, "seq": 2, "return_c": 1.0}),
        message(ROW | {"return_c": None}),
        message(ROW | {"at": "2026-03-02T11:00:00+02:00"}),
        message(ROW | {"at": "2026-03-02T11:00:00"}),
        message(ROW | {"probes_c": [1.0]}),
        message(ROW | {"probes_c": [1.0] * 17, "pulp_c": 1.0}),
        message(ROW | {"supply_c": "warm"}),
        message({"seq": 1, "at": ROW["at"]}),
        message(readings=[]),
        message(container="CSQU3054384"),
        message(firmware="7"),
        message().replace(b'"seq"', b'"seq":7,"seq"'),
        message().replace(b'"r"', b'"\xff"'),
        b"[" * 100_000,
        b" " * (json.LIMITS.size_bytes + 1),
        b"",
    ],
)
def test_what_is_unusual_is_left_to_the_other_reader(data: bytes) -> None:
    assert json_columns.read(data) is None
