"""Batches and journeys as JSON: round trips, lenient reading, hostile bytes."""

from __future__ import annotations

import json as plain
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.coldchain.formats import json
from clearway.coldchain.model import Batch, Journey, Reading, warmest
from clearway.errors import (
    BadTerm,
    ClearwayError,
    InputError,
    MalformedMessage,
    RuleViolation,
    TooLarge,
)
from clearway.terms.transport import ContainerNumber

NUMBER = ContainerNumber("CSQU3054383")
MESSAGE = {
    "device": "reefer-7",
    "container": "CSQU3054383",
    "boot_id": "1",
    "readings": [
        {"seq": 1, "at": "2026-03-01T00:10:00Z", "supply_c": -0.8, "powered": True},
        {"seq": 2, "at": "2026-03-01T00:20:00Z", "return_c": 0.2, "door_open": False},
    ],
}

celsius = st.one_of(st.none(), st.floats(-273, 1e6, allow_nan=False))
flag = st.sampled_from([None, True, False])
instant = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))
readings = st.lists(
    st.builds(
        Reading, st.integers(0, 2**53 - 1), instant, celsius, celsius, celsius, celsius, flag, flag,
        celsius,
    ),
    max_size=20,
)  # fmt: skip


def message(**changes):
    return plain.dumps(MESSAGE | changes).encode()


@given(readings, st.text(st.characters(codec="utf-8"), max_size=30))
def test_what_is_written_is_read_again(found, device):
    batch = Batch(device, NUMBER, "b", tuple(found))
    again, findings = json.read(json.write(batch))
    assert again == batch
    assert all(finding.code == "CC_J03" for finding in findings)


def test_a_message_without_remarks_has_none():
    batch, findings = json.read(message())
    assert findings == ()
    assert batch.readings[0].supply_c == -0.8


def test_times_of_any_zone_come_back_in_utc():
    batch, _ = json.read(
        message(readings=[{"seq": 1, "at": "2026-03-01T03:10:00+03:00", "pulp_c": 1}])
    )
    assert batch.readings[0].at == datetime(2026, 3, 1, 0, 10, tzinfo=UTC)
    assert batch.readings[0].at.tzinfo is UTC


def test_a_time_without_zone_is_left_for_the_rules():
    batch, _ = json.read(message(readings=[{"seq": 1, "at": "2026-03-01T03:10:00", "pulp_c": 1}]))
    assert batch.readings[0].at.tzinfo is None


def test_a_container_is_read_as_people_write_it():
    batch, _ = json.read(message(container="csqu 305438-3"))
    assert batch.container == NUMBER


@pytest.mark.parametrize("number", ["CSQU3054384", "ABC", "", "=cmd|' /C calc'!A0"])
def test_a_wrong_container_is_refused_by_name(number):
    with pytest.raises(BadTerm) as refusal:
        json.read(message(container=number))
    assert refusal.value.field == "container"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"readings": [{"seq": 1, "at": "2026-03-01T00:10:00Z", "supply_c": "warm"}]},
         "readings[0].supply_c"),
        ({"readings": [{"seq": 1, "at": "yesterday"}]}, "readings[0].at"),
        ({"readings": [{"seq": 1.5, "at": "2026-03-01T00:10:00Z"}]}, "readings[0].seq"),
        ({"readings": [{"seq": 1, "at": 1772323800}]}, "readings[0].at"),
        ({"readings": [{"at": "2026-03-01T00:10:00Z"}]}, "readings[0]"),
        ({"readings": {}}, "readings"),
        ({"device": None}, "device"),
        ({"readings": [{"seq": 1, "at": "2026-03-01T00:10:00Z", "powered": "yes"}]},
         "readings[0].powered"),
    ],
)  # fmt: skip
def test_a_wrong_field_is_named(changes, field):
    with pytest.raises(RuleViolation) as refusal:
        json.read(message(**changes))
    assert refusal.value.findings[0].field == field
    assert refusal.value.findings[0].code == "CC_J01"


def test_a_missing_field_is_named():
    with pytest.raises(RuleViolation, match="boot_id"):
        json.read(plain.dumps({k: v for k, v in MESSAGE.items() if k != "boot_id"}).encode())


def test_unknown_fields_are_passed_over_and_told():
    rows = [dict(MESSAGE["readings"][0], suply_c=3.0, humidity=90)]
    batch, findings = json.read(message(readings=rows, firmware="7.1"))
    assert batch.readings[0].supply_c == -0.8
    assert {finding.code for finding in findings} == {"CC_J02"}
    assert {finding.field for finding in findings} == {
        "firmware",
        "readings[0].suply_c",
        "readings[0].humidity",
    }


@pytest.mark.parametrize(
    "twice",
    [
        b'{"device": "a", "device": "b", ',
        b'{"readings": [], ',
        b'{"\\u0064evice": "b", ',
    ],
)
def test_a_name_that_stands_twice_is_refused(twice):
    with pytest.raises(MalformedMessage, match="twice"):
        json.read(twice + message()[1:])


@pytest.mark.parametrize(
    ("first", "second"), [("1", "2"), ("null", "2"), ("2", "null"), ("null", "null")]
)
def test_a_value_that_stands_twice_in_one_reading_is_refused(first, second):
    row = f'{{"seq": 1, "at": "2026-03-01T00:10:00Z", "pulp_c": {first}, "pulp_c": {second}}}'
    other = '{"seq": 2, "at": "2026-03-01T00:20:00Z"}'
    text = message(readings=[]).replace(b"[]", f"[{row}, {other}]".encode())
    with pytest.raises(MalformedMessage, match="twice"):
        json.read(text)


def test_a_batch_that_measured_nothing_is_told():
    _, findings = json.read(message(readings=[{"seq": 1, "at": "2026-03-01T00:10:00Z"}]))
    assert [finding.code for finding in findings] == ["CC_J03"]


def test_a_message_over_the_limit_is_not_read():
    with pytest.raises(TooLarge):
        json.read(b"[" * (json.LIMITS.size_bytes + 1))


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\xff\xfe{}", b"{", b"[]", b"null", b"3", b'"x"', b"{}", b"[" * 200_000,
        b'{"a":' * 30_000, b"NaN", b'{"device": "\xed\xa0\x80"}', b"\x00" * 50,
        message().replace(b"-0.8", b"1e400"), message().replace(b"-0.8", b"NaN"),
    ],
)  # fmt: skip
def test_hostile_bytes_are_refused_with_a_reason(data):
    with pytest.raises(InputError) as refusal:
        json.read(data)
    assert len(refusal.value.detail) > 10


def test_no_parsing_case_of_the_json_test_suite_does_more_than_refuse(shared_data):
    for path in sorted((shared_data / "hostile" / "json" / "test_parsing").glob("*.json")):
        with pytest.raises(ClearwayError):
            json.read(path.read_bytes())


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data):
    try:
        json.read(data)
    except InputError as refusal:
        assert refusal.detail


@given(st.integers(0, 400), st.binary(min_size=1, max_size=4))
def test_a_spoilt_message_is_read_or_refused(place, noise):
    data = message()
    try:
        json.read(data[:place] + noise + data[place + len(noise) :])
    except InputError as refusal:
        assert refusal.detail


JOURNEY = {
    "container": "CSQU3054383",
    "commodity": "banana",
    "loaded_at": "2026-03-01T03:00:00+03:00",
    "set_point_c": 13.5,
}


def test_a_journey_is_read():
    found = json.read_journey(plain.dumps(JOURNEY).encode())
    assert found == Journey(NUMBER, "banana", datetime(2026, 3, 1, tzinfo=UTC), 13.5)


def test_a_journey_with_an_unknown_field_is_refused():
    with pytest.raises(RuleViolation, match="'setpoint'"):
        json.read_journey(plain.dumps(JOURNEY | {"setpoint": 3}).encode())


def test_a_journey_with_a_wrong_party_is_refused():
    with pytest.raises(BadTerm):
        json.read_journey(plain.dumps(JOURNEY | {"party": "?"}).encode())


def test_fifty_readings_are_read_fast_enough():
    """A loose bound against a slow path by accident; the figure itself is measured in README."""
    from time import perf_counter

    rows = [
        Reading(i, datetime(2026, 3, 1, tzinfo=UTC) + timedelta(minutes=i), 0.1, 0.2, 0.3, 20.0)
        for i in range(50)
    ]
    data = json.write(Batch("d", NUMBER, "1", tuple(rows)))
    best = min(_timed(data, perf_counter) for _ in range(20))
    assert best < 500e-6


def _timed(data, clock):
    before = clock()
    json.read(data)
    return clock() - before


def test_the_warmest_probe_is_the_pulp_where_the_device_tells_only_probes():
    rows = [dict(MESSAGE["readings"][0], probes_c=[0.4, None, 1.1], humidity_pct=91)]
    batch, findings = json.read(message(readings=rows))
    assert findings == ()
    assert batch.readings[0].probes_c == (0.4, None, 1.1)
    assert batch.readings[0].pulp_c == 1.1
    assert batch.readings[0].humidity_pct == 91.0


def test_a_pulp_that_the_device_told_itself_stands():
    rows = [dict(MESSAGE["readings"][0], probes_c=[0.4], pulp_c=0.9)]
    assert json.read(message(readings=rows))[0].readings[0].pulp_c == 0.9


def test_probes_alone_are_something_measured():
    rows = [{"seq": 1, "at": "2026-03-01T00:10:00Z", "probes_c": [None, None]}]
    batch, findings = json.read(message(readings=rows))
    assert findings == ()
    assert batch.readings[0].pulp_c is None


def test_more_probes_than_any_container_has_are_refused():
    rows = [dict(MESSAGE["readings"][0], probes_c=[0.5] * (json.MOST_PROBES + 1))]
    with pytest.raises(RuleViolation, match="at most 16") as refusal:
        json.read(message(readings=rows))
    assert refusal.value.findings[0].code == "CC_J04"


@given(st.lists(celsius, max_size=json.MOST_PROBES), celsius)
def test_probes_and_humidity_are_read_again_as_they_were_written(probes, humidity):
    row = Reading(
        1, datetime(2026, 3, 1, tzinfo=UTC), -0.5, pulp_c=warmest(probes), probes_c=tuple(probes),
        humidity_pct=humidity,
    )  # fmt: skip
    batch = Batch("a", NUMBER, "b", (row,))
    assert json.read(json.write(batch))[0] == batch
