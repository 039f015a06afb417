"""EPCIS documents from strangers who mean harm: refused in words, no crash, nothing fetched."""

from __future__ import annotations

import json
import socket
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearway.errors import InputError, TooLarge
from clearway.movements.epcis.document import Document, Kind
from clearway.movements.epcis.event_hash import hash_of
from clearway.movements.epcis.formats import jsonld, xml
from clearway.movements.epcis.formats.context import STANDARD
from clearway.wire.limits import Limits
from tests.movements.epcis import samples

XML_SAMPLE = samples.xml_event("<epcList><epc>urn:x:1</epc></epcList>")


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fail on any socket: reading must never reach for one."""

    def refuse(*_: Any, **__: Any) -> None:
        pytest.fail("a document made the reader open a socket")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    yield


def try_to_read(data: bytes) -> Document | None:
    """Return what was read; None if it was refused in words. Any other error fails the test."""
    read = xml.read if data.lstrip().startswith(b"<") else jsonld.read
    try:
        document = read(data)
    except InputError as refusal:
        assert refusal.detail
        return None
    for event in document.events:
        hash_of(event)
    assert all(len(finding.message) < 400 for finding in document.all_findings())
    return document


def test_no_case_of_the_json_suite_breaks_the_reader(shared_data: Path) -> None:
    paths = sorted((shared_data / "hostile/json/test_parsing").glob("*.json"))
    assert len(paths) > 300
    for path in paths:
        document = try_to_read(path.read_bytes())
        if path.name.startswith("n_"):
            assert document is None, path.name
        assert document is None or not document.events, path.name


def test_every_value_of_the_json_suite_is_survived_as_a_field(shared_data: Path) -> None:
    head = samples.ARRIVAL.rstrip(b"}")
    for path in sorted((shared_data / "hostile/json/test_parsing").glob("[yi]_*.json")):
        value = path.read_bytes()
        for name in (b"urn:example:x", b"bizStep", b"epcList", b"@context"):
            try_to_read(head + b',"' + name + b'":' + value + b"}")


def test_no_case_of_the_xml_suite_breaks_the_reader(shared_data: Path) -> None:
    count = 0
    with tarfile.open(shared_data / "hostile/w3c-xmlconf.tar.gz") as archive:
        for member in archive:
            if member.isfile() and member.name.endswith(".xml") and member.size < 100_000:
                held = archive.extractfile(member)
                assert held is not None
                count += 1
                document = try_to_read(held.read())
                assert document is None or not document.events, member.name
    assert count > 1_500


def test_naughty_strings_come_back_from_an_extension_as_they_were(shared_data: Path) -> None:
    texts = json.loads((shared_data / "hostile/naughty/blns.json").read_text("utf-8"))
    tree = json.loads(samples.ARRIVAL)
    for text in texts:
        for name in ("bizStep", "eventID", "eventTime", "action", "type"):
            try_to_read(json.dumps({**tree, name: text}).encode())
        held = jsonld.read(json.dumps({**tree, "cbvmda:note": text}).encode())
        assert held.events[0].extensions[0].text == text
        assert jsonld.read(jsonld.write(held)).events == held.events
        try:
            again = xml.read(xml.write(held))
        except InputError:
            continue
        assert [hash_of(event) for event in again.events] == [hash_of(held.events[0])]


@pytest.mark.parametrize(
    "inside",
    [
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        b'<!DOCTYPE a [<!ENTITY x "y"><!ENTITY z "&x;&x;&x;">]>',
        b'<!DOCTYPE a SYSTEM "http://127.0.0.1:9/evil.dtd">',
    ],
)
def test_a_document_type_is_refused(inside: bytes) -> None:
    assert try_to_read(inside + XML_SAMPLE) is None


@pytest.mark.parametrize(
    "data",
    [
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"@context":' + b'{"a":' * 50 + b"1" + b"}" * 51,
        b"<ObjectEvent>" * 5_000,
        b"<EventList>" + b"<a/>" * 1_200_000 + b"</EventList>",
        b'{"a":1e99999999999}',
        b"[" + b"1," * 2_000_000 + b"1]",
        b"\xff\xfe\x00",
        b"",
    ],
)
def test_what_is_too_deep_or_too_many_is_refused(data: bytes) -> None:
    assert try_to_read(data) is None


def test_limits_are_the_callers_to_tighten() -> None:
    limits = Limits(size_bytes=50)
    for read, data in ((jsonld.read, samples.ARRIVAL), (xml.read, XML_SAMPLE)):
        with pytest.raises(TooLarge):
            read(data, limits=limits)


def test_extensions_are_bounded_in_depth_and_size_in_both_forms() -> None:
    deep: Any = "x"
    for _ in range(30):
        deep = {"cbvmda:a": deep}
    wide = {f"cbvmda:a{n}": "x" * 100 for n in range(1_000)}
    tree = json.loads(samples.ARRIVAL)
    for value in (deep, wide):
        found = jsonld.read(json.dumps({**tree, "cbvmda:own": value}).encode())
        assert found.refused[0].findings[0].code == "EPC_R28"
    for inside in ("<a>" * 30 + "</a>" * 30, "<a>" + "x" * 70_000 + "</a>"):
        own = f'<o:own xmlns:o="urn:o:">{inside}</o:own>'
        found = xml.read(samples.xml_event(f"<epcList/>{own}"))
        assert found.refused[0].findings[0].code == "EPC_R28"


def test_many_wrappers_of_1_2_are_taken_away_without_harm() -> None:
    wrapped = "<extension>" * 30 + "<epcList/>" + "</extension>" * 30
    assert len(xml.read(samples.xml_event(wrapped)).events) == 1


@given(st.data())
@settings(max_examples=150)
def test_a_document_with_changed_bytes_is_read_or_refused(data: st.DataObject) -> None:
    sample = bytearray(data.draw(st.sampled_from((samples.WITH_MASTER_DATA, XML_SAMPLE))))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(sample) - 1))
        piece = data.draw(st.binary(max_size=3) | st.sampled_from((b"null", b"[]", b"{}", b"<a/>")))
        sample[at : at + data.draw(st.integers(0, 6))] = piece
    try_to_read(bytes(sample))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)
NAMES = st.sampled_from(
    (
        *("epcList", "quantityList", "readPoint", "sensorElementList", "persistentDisposition"),
        *("errorDeclaration", "ilmd", "bizTransactionList", "sourceList", "type", "@context"),
        *("certificationInfo", "eventTime", "cbvmda:x", "action"),
    )
)


@given(st.dictionaries(NAMES, VALUES, max_size=4))
@settings(max_examples=150)
def test_any_value_in_any_field_is_read_or_refused(change: dict[str, Any]) -> None:
    tree = {**json.loads(samples.ARRIVAL), **change}
    document = try_to_read(json.dumps(tree).encode())
    if document is not None and document.events:
        assert jsonld.read(jsonld.write(document)).events == document.events


def test_an_unknown_context_is_refused_and_never_fetched() -> None:
    tree = {**json.loads(samples.ARRIVAL), "@context": [STANDARD, "http://127.0.0.1:9/x.jsonld"]}
    document = jsonld.read(json.dumps(tree).encode())
    assert document.kind is Kind.EVENT
    assert document.findings[0].field == "/@context/1"


@pytest.mark.parametrize("item", [b'"x"', b'"urn:x:1"', b"5", b"{}"])
def test_a_list_of_twenty_thousand_wrong_things_costs_little(item: bytes) -> None:
    data = samples.ARRIVAL.replace(
        b'["https://id.bic-code.org/containers/CSQU3054383"]',
        b"[" + b",".join([item] * 100_000) + b"]",
    )
    (refusal,) = jsonld.read(data).refused
    assert 1 <= len(refusal.findings) <= 20
    wrong = "<epcList>" + "<epc>x</epc>" * 10_000 + "</epcList>"
    (refusal,) = xml.read(samples.xml_event(wrong)).refused
    assert len(refusal.findings) == 20


def test_five_thousand_wrong_events_are_all_refused_each_with_a_finding() -> None:
    event = json.loads(samples.ARRIVAL) | {"action": "x", "epcList": ["x"] * 5}
    del event["@context"]
    tree = {"@context": [STANDARD], "eventList": [event] * 5_000}
    document = jsonld.read(json.dumps(tree).encode())
    assert [refusal.index for refusal in document.refused] == list(range(5_000))
    assert all(refusal.findings for refusal in document.refused)
    assert len(document.all_findings()) < 7_000
