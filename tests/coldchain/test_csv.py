"""Loggers' CSV of many habits, and files that are no loggers' CSV at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.coldchain.formats import csv
from clearway.coldchain.intake import sort_out
from clearway.coldchain.model import Batch, Reading, warmest
from clearway.errors import BadTerm, InputError, MalformedMessage, RuleViolation, TooLarge
from clearway.terms.transport import ContainerNumber

NUMBER = ContainerNumber("CSQU3054383")
AT = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def read(text, zone=None):
    data = text if isinstance(text, bytes) else text.encode()
    batches, findings = csv.read(data, device="logger-1", container=NUMBER, zone=zone)
    return [reading for batch in batches for reading in batch.readings], findings


def codes(findings):
    return {finding.code for finding in findings}


def test_the_plain_form_needs_no_guess():
    text = (
        "at,supply_c,return_c,pulp_c,ambient_c,set_point_c,powered,door_open\n"
        "2026-03-02T12:00:00Z,-1.0,0.5,0.2,28,-0.5,on,closed\n"
    )
    readings, findings = read(text)
    assert readings == [Reading(1772452800, AT, -1.0, 0.5, 0.2, 28.0, True, False, -0.5)]
    assert findings == ()


def test_a_european_file_with_a_mark_semicolons_and_decimal_commas():
    text = (
        "\ufeffSerial number;12345\nModel;T-200\n\n"
        "Date;Time;Return air (°C);Humidity (%)\n"
        "02.03.2026;12:00;0,5;90\n02.03.2026;12:10;0,6;91\n"
    )
    readings, findings = read(text)
    assert [reading.return_c for reading in readings] == [0.5, 0.6]
    assert readings[0].at == AT
    assert codes(findings) == {"CC_C06"}


def test_an_american_file_in_fahrenheit_with_the_month_first():
    text = (
        '"Date Time","Supply Temp (°F)","Return Temp (°F)"\n'
        '"03/13/2026 12:00:00 PM","28.4","33.8"\n"03/13/2026 01:00:00 PM","28.4","--"\n'
    )
    readings, findings = read(text)
    assert readings[0].at == datetime(2026, 3, 13, 12, 0, tzinfo=UTC)
    assert readings[1].at == datetime(2026, 3, 13, 13, 0, tzinfo=UTC)
    assert readings[0].supply_c == pytest.approx(-2.0)
    assert readings[0].return_c == pytest.approx(1.0)
    assert readings[1].return_c is None
    assert codes(findings) == {"CC_C01", "CC_C06"}


@pytest.mark.parametrize(
    ("first", "second", "month"), [("03/04/2026", "04/04/2026", 4), ("04/03/2026", "04/04/2026", 4)]
)
def test_a_date_that_may_be_read_both_ways_takes_the_shorter_journey_and_says_so(
    first, second, month
):
    readings, findings = read(f"time,temperature_c\n{first} 10:00,1\n{second} 10:00,1\n")
    assert readings[0].at.month == month
    assert readings[1].at - readings[0].at == timedelta(days=1)
    assert "CC_C05" in codes(findings)


def test_local_times_are_turned_into_utc():
    readings, findings = read(
        "time,temperature_c\n2026-03-02 15:00,1\n", zone=ZoneInfo("Africa/Nairobi")
    )
    assert readings[0].at == AT
    assert codes(findings) == {"CC_C03"}


@pytest.mark.parametrize(
    "written",
    [
        "2026-03-02T12:00:00Z", "2026-03-02 12:00", "2026/03/02 12:00:00", "02.03.2026 12:00",
        "2-Mar-2026 12:00", "02 Mar 2026, 12:00:00", "2026-03-02T15:00:00+03:00",
        "2026-03-02T12:00:00.000Z", "1772452800", "1772452800000", "2.3.26 12:00",
        "2026-03-02 12:00:00 PM UTC",
    ],
)  # fmt: skip
def test_times_are_read_as_loggers_write_them(written):
    readings, _ = read(f'time,return_c\n"{written}",1\n')
    assert readings[0].at == AT


def test_the_warmest_of_several_probes_counts():
    readings, findings = read(
        "at,USDA 1 (°C),USDA 2 (°C),USDA 3 (°C)\n2026-03-02T12:00:00Z,0.4,1.1,n/a\n"
    )
    assert readings[0].pulp_c == 1.1
    assert readings[0].probes_c == (0.4, 1.1, None)
    assert codes(findings) == {"CC_C04"}


@pytest.mark.parametrize(
    ("heading", "cells", "pulp_c", "probes_c"),
    [
        ("USDA3,USDA1", "0.3,0.1", 0.3, (0.1, None, 0.3)),
        ("probe top,probe bottom", "0.3,0.1", 0.3, (0.3, 0.1)),
        ("pulp,usda1_c,usda2_c", "0.9,0.3,0.1", 0.9, (0.3, 0.1)),
        ("pulp,usda1_c,usda2_c", ",0.3,0.1", 0.3, (0.3, 0.1)),
        ("USDA1 °C", "0.3", 0.3, (0.3,)),
        ("core temp at 5 cm", "0.3", 0.3, ()),
        ("pulp_c", "0.3", 0.3, ()),
        ("probe 1,probe 1", "0.3,0.4", 0.4, (0.3, 0.4)),
        ("probe 1,probe 77", "0.3,0.4", 0.4, (0.3, 0.4)),
    ],
)
def test_probes_are_told_apart_by_number_else_by_place(heading, cells, pulp_c, probes_c):
    readings, _ = read(f"at,{heading}\n2026-03-02T12:00:00Z,{cells}\n")
    assert readings[0].pulp_c == pulp_c
    assert readings[0].probes_c == probes_c


def test_the_field_names_of_tic4_are_understood():
    readings, _ = read(
        "MonitoringTime,SupplyTemperature,ReturnTemperature,AmbientTemperature,Humidity,"
        "HumiditySetpoint,USDA1,USDA2,USDA3,SetpointTemperature\n"
        "2026-03-02T12:00:00Z,-0.6,0.1,28.5,91.5,90,0.2,0.3,,-0.5\n"
    )
    assert readings[0].probes_c == (0.2, 0.3, None)
    assert readings[0].humidity_pct == 91.5
    assert readings[0].set_point_c == -0.5


def test_a_humidity_that_is_no_number_is_told_as_its_line():
    rows = "".join(f"{(AT + timedelta(minutes=i)).isoformat()},1,90\n" for i in range(20))
    readings, findings = read("at,return_c,RH (%)\n" + rows + "2026-03-03T00:00:00Z,1,wet\n")
    assert len(readings) == 20
    assert {reading.humidity_pct for reading in readings} == {90.0}
    assert "CC_C08" in codes(findings)


def test_a_windows_file_with_degree_signs_is_read():
    readings, findings = read("at,Return °C\n2026-03-02T12:00:00Z,1.5 °C\n".encode("cp1252"))
    assert readings[0].return_c == 1.5
    assert codes(findings) == {"CC_C07"}


def test_a_utf_16_file_is_read():
    readings, _ = read("at\treturn_c\r\n2026-03-02T12:00:00Z\t-1.5\r\n".encode("utf-16"))
    assert readings[0].return_c == -1.5


def test_lines_that_cannot_be_read_are_told_and_left_out():
    good = "".join(f"2026-03-02T12:{i:02}:00Z,1.0\n" for i in range(30))
    readings, findings = read(
        "at,return_c\n" + good + "yesterday,1\n=1+1,2\n2026-03-02T13:00:00Z,warm\n"
    )
    assert len(readings) == 30
    told = [finding for finding in findings if finding.code == "CC_C08"]
    assert [finding.field for finding in told] == ["line 32", "line 33", "line 34"]
    assert "'warm' is not a temperature" in told[2].message


def test_a_file_of_nonsense_under_a_good_head_is_refused():
    with pytest.raises(RuleViolation, match="5 of 5 lines cannot be read"):
        read("at,return_c\n" + "x,y\n" * 5)


def test_a_time_that_stands_twice_counts_once_and_is_told_if_it_differs():
    same = "at,return_c\n2026-03-02T12:00:00Z,1\n2026-03-02T12:00:00Z,1\n"
    assert codes(read(same)[1]) == set()
    readings, findings = read(same.replace("Z,1\n2026", "Z,2\n2026"))
    assert len(readings) == 1
    assert codes(findings) == {"CC_C09"}


def test_a_long_file_comes_in_batches_of_a_thousand_in_order():
    lines = [f"{(AT + timedelta(minutes=i)).isoformat()},{i % 9}" for i in range(2500)]
    batches, _ = csv.read(
        ("at,return_c\n" + "\n".join(reversed(lines))).encode(), device="d", container=NUMBER
    )
    assert [len(batch.readings) for batch in batches] == [1000, 1000, 500]
    at = [reading.at for batch in batches for reading in batch.readings]
    assert at == sorted(at)


@pytest.mark.parametrize(
    "text",
    [
        "", "   ", "hello", "a,b,c\n1,2,3\n", "at,humidity\n2026-03-02T12:00:00Z,90\n",
        "temperature_c\n5\n", "at,return_c\n", "at,return_c\n\n\n", "\x00\x00\x00",
        "at,return_c\n2026-03-02T12:00:00Z,\x00\n", "<html><body>at temp</body></html>",
        "PK\x03\x04 at temp", "\n" * 5000,
    ],
)  # fmt: skip
def test_what_is_no_table_is_refused(text):
    with pytest.raises(MalformedMessage) as refusal:
        read(text)
    assert len(refusal.value.detail) > 10


def test_limits_come_before_reading():
    with pytest.raises(TooLarge, match="bytes"):
        read(b"a" * (csv.LIMITS.size_bytes + 1))
    with pytest.raises(TooLarge, match="lines"):
        read("at,return_c\n" * 51_000)
    with pytest.raises(TooLarge, match="characters"):
        read("at,return_c\n" + "1" * 5000)
    with pytest.raises(TooLarge, match="cells"):
        read("at,return_c\n" + "1," * 100)


def test_a_wrong_container_is_refused():
    with pytest.raises(BadTerm):
        csv.read(b"at,return_c\n", device="d", container="nope")


def test_remarks_are_counted_not_listed_without_end():
    bad = "".join(f"x{i},1\n" for i in range(90))
    good = "".join(f"{(AT + timedelta(minutes=i)).isoformat()},1\n" for i in range(1000))
    _, findings = read("at,return_c\n" + good + bad)
    assert len(findings) == 21
    assert "70 more lines" in findings[-1].message


celsius = st.one_of(st.none(), st.integers(-600, 700).map(lambda tenth: tenth / 10))
flag = st.sampled_from([None, True, False])


percent = st.one_of(st.none(), st.integers(0, 1000).map(lambda tenth: tenth / 10))
row = st.tuples(celsius, celsius, st.just(None), celsius, flag, flag, celsius)


@given(st.integers(2, 4).flatmap(
    lambda n: st.lists(st.tuples(row, st.tuples(*[celsius] * n), percent), min_size=1)
))  # fmt: skip
def test_what_is_written_is_read_again_probe_by_probe(rows):
    readings = tuple(
        replace(
            Reading(int((at := AT + timedelta(minutes=i)).timestamp()), at, *values),
            pulp_c=warmest(probes), probes_c=probes, humidity_pct=humidity,
        )
        for i, (values, probes, humidity) in enumerate(rows)
    )  # fmt: skip
    batch = Batch("logger-1", NUMBER, csv.BOOT_ID, readings)
    again, findings = csv.read(csv.write(batch), device="logger-1", container=NUMBER)
    assert again == (batch,)
    assert codes(findings) <= {"CC_C04"}


@given(st.lists(st.tuples(celsius, celsius, celsius, celsius, flag, flag, celsius), min_size=1))
def test_what_is_written_is_read_again(rows):
    readings = tuple(
        Reading(int((at := AT + timedelta(minutes=i)).timestamp()), at, *row)
        for i, row in enumerate(rows)
    )
    batch = Batch("logger-1", NUMBER, csv.BOOT_ID, readings)
    again, findings = csv.read(csv.write(batch), device="logger-1", container=NUMBER)
    assert again == (batch,)
    assert findings == ()


@pytest.mark.parametrize("text", ["=1+1", "+cmd", "-2+3", "@SUM(A1)", "\tx", "\rx"])
def test_no_text_becomes_a_formula_in_a_spreadsheet(text):
    assert csv.harmless(text) == "'" + text
    batch = Batch(text, NUMBER, "1", (Reading(1, AT, -1.0),))
    line = csv.write(batch).decode().splitlines()[-1 if text != "\rx" else -2]
    assert not line.lstrip('"').startswith(("=", "+", "-", "@", "\t", "\r"))


def test_injection_payloads_come_out_harmless(shared_data):
    path = shared_data / "hostile" / "payloads" / "patt_csv_injection.md"
    for line in path.read_text().splitlines():
        cell = line.strip()
        assert not csv.harmless(cell).startswith(("=", "+", "-", "@"))


def test_naughty_strings_as_files_are_refused_or_read(shared_data):
    import json

    for text in json.loads((shared_data / "hostile" / "naughty" / "blns.json").read_text()):
        for sample in (text, f"at,return_c\n{text},{text}\n", f"at,return_c,{text}\n{text}"):
            try:
                read(sample)
            except InputError as refusal:
                assert refusal.detail


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data):
    try:
        read(data)
    except InputError as refusal:
        assert refusal.detail


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_cells_under_a_good_head_are_read_or_refused(time, value):
    try:
        read(f"at,return_c,door\n{time},{value},{value}\n")
    except InputError as refusal:
        assert refusal.detail


def test_a_file_sent_again_after_probes_were_told_apart_is_a_repeat_and_no_conflict():
    (again,), _ = csv.read(
        b"at,USDA1,USDA2,RH\n2026-03-02T12:00:00Z,0.4,1.1,90\n", device="logger-1", container=NUMBER
    )
    (row,) = again.readings
    before = replace(row, probes_c=(), humidity_pct=None)
    assert sort_out(again, {row.seq: before}).repeated == 1
    assert sort_out(again, {row.seq: replace(before, pulp_c=1.2)}).differing == (row,)
    live = replace(again, boot_id="1")
    assert sort_out(live, {row.seq: before}).differing == (row,)
