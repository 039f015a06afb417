"""docs/design/telemetry.md is true: its example, and what the packed form promises."""

from __future__ import annotations

import json
import re
import zlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from clearway.coldchain.archive import SCHEMA, rows_of
from clearway.coldchain.facts import ReadingsReceived
from clearway.coldchain.model import Batch, Reading
from clearway.coldchain.packing import (
    Arrival,
    Group,
    heads_of,
    pack,
    pack_group,
    unpack,
    unpack_group,
)
from clearway.ledger.fact import decode, encode
from clearway.terms.transport import ContainerNumber

PAGE = Path(__file__).resolve().parents[2] / "docs/design/telemetry.md"
START = datetime(2026, 3, 2, 12, tzinfo=UTC)
BOXES = [ContainerNumber.build(f"CWYU{i:06d}") for i in range(3)]

temperatures = st.none() | st.floats(-60, 70)
readings = st.builds(
    Reading,
    seq=st.integers(0, 2**53 - 1),
    at=st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),
    supply_c=temperatures,
    return_c=temperatures,
    pulp_c=temperatures,
    powered=st.none() | st.booleans(),
    humidity_pct=st.none() | st.floats(0, 100),
    probes_c=st.lists(temperatures, max_size=4).map(tuple),
)
arrivals = st.builds(
    Arrival,
    st.builds(
        Batch,
        device=st.sampled_from(["a", "b"]),
        container=st.sampled_from(BOXES),
        boot_id=st.sampled_from(["1", "2"]),
        readings=st.lists(readings, min_size=1, max_size=5).map(tuple),
    ),
    st.just(START),
    st.binary(max_size=20),
    st.none(),
)


def examples() -> list[object]:
    text = PAGE.read_text(encoding="utf-8")
    return [json.loads(found) for found in re.findall(r"```json\n(.*?)```", text, re.DOTALL)]


def test_the_example_is_read_as_the_page_says() -> None:
    told, inside = examples()
    body = decode(json.dumps(told).encode(), ReadingsReceived)
    plain = msgspec.msgpack.decode(zlib.decompress(body.packed))
    assert json.loads(msgspec.json.encode(plain)) == inside
    first, second = unpack_group(body.packed)
    assert (body.batches, body.readings) == (2, 3)
    assert first.batch.readings[1] == Reading(
        2305, START + timedelta(minutes=10), 13.3, 14.1, powered=True
    )
    assert first.arrived_at == START + timedelta(minutes=10, seconds=4)
    assert second.batch.readings == (Reading(0, START + timedelta(minutes=5), pulp_c=13.8),)


def test_the_page_names_the_columns_of_the_series() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for column in (*SCHEMA.names()[:7], SCHEMA.names()[-1]):
        assert f"`{column}`" in text


@given(st.lists(arrivals, min_size=1, max_size=6))
def test_what_is_packed_comes_back_in_every_bit(group: list[Arrival]) -> None:
    packed = pack_group(group)
    assert list(unpack_group(packed)) == group
    heads = list(heads_of(packed))
    assert [h.numbers for h in heads] == [[r.seq for r in a.batch.readings] for a in group]
    found = Group(packed).find("a", "1", 0, 2**53)
    assert found == [
        r
        for a in group
        if (a.batch.device, a.batch.boot_id) == ("a", "1")
        for r in a.batch.readings
    ]
    whole = ReadingsReceived(len(group), sum(len(a.batch.readings) for a in group), packed)
    assert decode(encode(whole), ReadingsReceived) == whole
    rows = rows_of([(0, ReadingsReceived.TYPE, 0, encode(whole))])
    assert rows.height == whole.readings and rows.schema == SCHEMA


@given(st.lists(readings, min_size=1, max_size=20))
def test_readings_that_are_packed_alone_come_back_in_every_bit(some: list[Reading]) -> None:
    assert list(unpack(pack(some))) == some


def test_columns_of_a_later_version_are_passed_over_and_absent_ones_are_empty() -> None:
    later = msgspec.msgpack.encode(
        [
            [["a", str(BOXES[0]), "1", 0, 1, b""]],
            {"seq": [7], "at": [1_772_452_800_000_000], "carbon_dioxide_pct": [4.0]},
        ]
    )
    (found,) = unpack_group(zlib.compress(later))
    assert found.batch.readings == (Reading(7, START),)
    assert replace(found.batch, readings=()).device == "a"
