"""JSON-LD and XML forms of EPCIS: read, written, and the same value from both."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings

from clearway.errors import BadTerm, MalformedMessage, RuleViolation
from clearway.movements.epcis import check
from clearway.movements.epcis.document import Document, Kind
from clearway.movements.epcis.event_hash import prehash
from clearway.movements.epcis.formats import jsonld, xml
from clearway.movements.epcis.formats.making import maker
from clearway.movements.epcis.model import Event, Extension, Form, QuantityElement
from tests.movements.epcis import samples
from tests.movements.epcis.strategies import documents, events

FOLDER = "epcis/openepcis"


def read(path: Path) -> Document:
    data = path.read_bytes()
    return xml.read(data) if path.suffix == ".xml" else jsonld.read(data)


def published(shared_data: Path, *, is_valid: bool) -> list[Path]:
    paths = [path for path in (shared_data / FOLDER).rglob("*.*") if path.is_file()]
    documents_only = [path for path in paths if "Queries" not in path.parts]
    return sorted(path for path in documents_only if ("Invalid" in path.parts) is not is_valid)


def test_every_valid_published_document_is_accepted(shared_data: Path) -> None:
    paths = published(shared_data, is_valid=True)
    assert len(paths) == 69
    for path in paths:
        document = read(path)
        assert document.all_findings() == (), path
        assert document.events, path


@pytest.mark.parametrize(
    ("name", "code", "place"),
    [
        ("EPCISDocument_without_context.json", "EPC_R24", "/@context"),
        (
            "ObjectEvent_with_invalid_certificationInfo.json",
            "EPC_R3",
            "/epcisBody/eventList/0/certificationInfo/0",
        ),
        (
            "ObjectEvent_with_unknown_field_in_quantityList.json",
            "EPC_R1",
            "/epcisBody/eventList/0/quantityList/0/weight",
        ),
        ("ObjectEvent_without_identifier_list.json", "EPC_R14", "/epcisBody/eventList/0"),
        (
            "QueryDocument_with_invalid_eventType.json",
            "EPC_R10",
            "/epcisBody/queryResults/resultsBody/eventList/0/type",
        ),
        ("ObjectEvent_bare_event_without_action.xml", "EPC_R2", "/ObjectEvent/action"),
        (
            "ObjectEvent_with_near_miss_action.xml",
            "EPC_R8",
            "/EPCISDocument/EPCISBody/EventList/ObjectEvent/action",
        ),
        (
            "ObjectEvent_with_unknown_element.xml",
            "EPC_R1",
            "/EPCISDocument/EPCISBody/EventList/ObjectEvent/madeUpField",
        ),
        (
            "QueryDocument_with_invalid_eventType.xml",
            "EPC_R10",
            "/EPCISQueryDocument/EPCISBody/QueryResults/resultsBody/EventList/ObjectEventInvalid",
        ),
    ],
)
def test_an_invalid_published_document_is_refused_at_its_place(
    shared_data: Path, name: str, code: str, place: str
) -> None:
    (path,) = [path for path in published(shared_data, is_valid=False) if path.name == name]
    with pytest.raises(RuleViolation) as refusal:
        check.require(read(path))
    first = refusal.value.findings[0]
    assert (first.code, first.field) == (code, place)
    assert place in refusal.value.detail


def test_no_invalid_published_document_is_left_out(shared_data: Path) -> None:
    assert len(published(shared_data, is_valid=False)) == 9


def test_a_published_query_is_read_in_both_forms_and_refused_without_a_name(
    shared_data: Path,
) -> None:
    folder = shared_data / FOLDER / "2.0" / "EPCIS"
    asked = xml.read_query((folder / "XML/Query/Queries/SimpleEventQuery.xml").read_bytes())
    assert asked.query_name == "SimpleEventQuery"
    assert asked.parameters["eventType"] == ["ObjectEvent", "AggregationEvent"]
    assert asked.parameters["GE_eventTime"] == "2026-01-01T00:00:00+01:00"
    rest = jsonld.read_query((folder / "JSON/Query/Queries/SimpleEventQuery.json").read_bytes())
    assert rest.query_name is None
    assert rest.parameters["eventCountLimit"] == 100
    nameless = folder / "XML/Query/Queries/Invalid/Query_without_queryName.xml"
    with pytest.raises(RuleViolation, match="/EPCISQueryDocument/EPCISBody/Poll/queryName"):
        xml.read_query(nameless.read_bytes())


# Pairs whose XML and JSON do not say the same, by what they differ in.
UNLIKE = {
    # The declarationTime is an hour later in JSON: its author forgot the offset of +01:00.
    "Combination_of_different_event": "error_declaration",
    # XML names one SSCC twice as a URN, JSON once as a URN and once as a Digital Link.
    "epcisDocWithAllGS1Keys": "epc_list",
}


def test_xml_and_json_of_a_published_pair_give_one_value_where_they_say_the_same(
    shared_data: Path,
) -> None:
    folder = shared_data / FOLDER / "2.0" / "EPCIS"
    pairs = [
        (path, folder / "XML" / path.relative_to(folder / "JSON").with_suffix(".xml"))
        for path in sorted((folder / "JSON").rglob("*.json"))
        if "Invalid" not in path.parts and "Queries" not in path.parts
    ]
    pairs = [(left, right) for left, right in pairs if right.exists()]
    assert len(pairs) == 28
    for left, right in pairs:
        of_json, of_xml = read(left).events, read(right).events
        assert len(of_json) == len(of_xml), left
        assert [prehash(event) for event in of_json] == [prehash(event) for event in of_xml], left
        for one, other in zip(of_json, of_xml, strict=True):
            unlike = UNLIKE.get(left.stem)
            if unlike is not None:
                other = replace(other, **{unlike: getattr(one, unlike)})
            assert one == other, left


def test_every_valid_published_document_is_written_and_read_back_in_both_forms(
    shared_data: Path,
) -> None:
    for path in published(shared_data, is_valid=True):
        document = replace(read(path), creation_date=samples.NOON)
        as_json, as_xml = jsonld.read(jsonld.write(document)), xml.read(xml.write(document))
        assert as_xml.events == document.events, path
        assert as_xml.all_findings() == as_json.all_findings() == (), path
        if path.name != "epcisDocWithAllGS1Keys.xml":
            assert as_json.events == document.events, path


@given(documents())
@settings(max_examples=25)
def test_what_is_written_as_json_reads_the_same(document: Document) -> None:
    again = jsonld.read(jsonld.write(document))
    assert again.all_findings() == ()
    assert again.events == document.events
    assert again.extensions == document.extensions
    assert again.creation_date == document.creation_date


@given(documents())
@settings(max_examples=25)
def test_what_is_written_as_xml_reads_the_same(document: Document) -> None:
    again = xml.read(xml.write(document))
    assert again.all_findings() == ()
    assert again.events == document.events
    assert again.extensions == document.extensions
    assert again.creation_date == document.creation_date


@given(events())
@settings(max_examples=30)
def test_json_and_xml_of_one_event_give_one_value_and_one_hash(event: Event) -> None:
    document = Document(kind=Kind.EVENT, events=(event,))
    (of_json,) = jsonld.read(jsonld.write(document)).events
    (of_xml,) = xml.read(xml.write(document)).events
    assert of_json == of_xml == event
    assert prehash(of_json) == prehash(of_xml) == prehash(event)


@given(events())
@settings(max_examples=15)
def test_epcis_1_2_says_the_same_or_is_refused(event: Event) -> None:
    document = Document(events=(event,), creation_date=samples.NOON)
    try:
        written = xml.write(document, version="1.2")
    except RuleViolation as refusal:
        assert "EPCIS 1.2 has no" in refusal.detail
        return
    assert xml.read(written).events == (event,)


def test_the_order_of_elements_and_fields_does_not_matter() -> None:
    tree = json.loads(samples.ARRIVAL)
    (turned,) = jsonld.read(json.dumps(dict(reversed(tree.items()))).encode()).events
    assert (turned,) == jsonld.read(samples.ARRIVAL).events


def test_words_are_written_bare_in_json_as_uris_in_xml_as_urns_in_1_2() -> None:
    document = replace(jsonld.read(samples.ARRIVAL), kind=Kind.CAPTURE, creation_date=samples.NOON)
    written = json.loads(jsonld.write(document))
    assert written["epcisBody"]["eventList"][0]["bizStep"] == "arriving"
    assert b"<bizStep>https://ref.gs1.org/cbv/BizStep-arriving<" in xml.write(document)
    assert b"<bizStep>urn:epcglobal:cbv:bizstep:arriving<" in xml.write(document, version="1.2")


def test_an_extension_keeps_its_kind_of_value_through_both_forms() -> None:
    own = "{https://ns.example.com/}"
    fields = (
        Extension(f"{own}flag", "true", (), Form.BOOLEAN),
        Extension(f"{own}mass", "4.10", (), Form.NUMBER),
        Extension(f"{own}name", "4.10", (), Form.TEXT),
    )
    (event,) = jsonld.read(samples.ARRIVAL).events
    document = Document(kind=Kind.EVENT, events=(replace(event, extensions=fields),))
    (of_xml,) = xml.read(xml.write(document)).events
    again = json.loads(jsonld.write(replace(document, events=(of_xml,))), parse_float=str)
    assert [again[f"ns1:{name}"] for name in ("flag", "mass", "name")] == [True, "4.10", "4.10"]


def test_attributes_of_other_namespaces_are_kept_and_unknown_ones_refused() -> None:
    data = samples.xml_event("<epcList/>").replace(
        b"<ObjectEvent>", b'<ObjectEvent xmlns:o="urn:o:" o:seen="1">'
    )
    document = xml.read(data)
    assert document.events[0].extensions == (Extension("{urn:o:}seen", "1"),)
    assert xml.read(xml.write(document)).events == document.events
    wrong = samples.xml_event('<epcList/><bizStep seen="1">urn:x:1</bizStep>')
    assert "attribute 'seen' of bizStep" in xml.read(wrong).refused[0].findings[0].message


def test_two_lists_of_events_are_refused_because_one_would_be_lost() -> None:
    document = replace(jsonld.read(samples.DOCUMENT), creation_date=samples.NOON)
    data = xml.write(document)
    events = data[data.index(b"<EventList>") : data.index(b"</EPCISBody>")]
    doubled = xml.read(data.replace(events, events * 2))
    assert [finding.code for finding in doubled.findings] == ["EPC_R13"]


def test_a_wrapper_of_1_2_that_says_something_itself_is_refused() -> None:
    for wrapper in ("<extension>urn:x:2</extension>", '<extension id="urn:x:2"/>'):
        found = xml.read(samples.xml_event(f"<epcList><epc>urn:x:1</epc>{wrapper}</epcList>"))
        assert found.refused[0].findings[0].field == "/ObjectEvent/epcList/extension"


def test_an_amount_that_is_not_known_is_nil_in_xml() -> None:
    (event,) = jsonld.read(samples.ARRIVAL).events
    unknown = (QuantityElement("urn:x:1", None, "KGM"), QuantityElement("urn:x:2"))
    known = (QuantityElement("urn:x:3", Decimal("1E+3")),)
    written = xml.write(Document(kind=Kind.EVENT, events=(replace(event, quantity_list=unknown),)))
    assert written.count(b'<quantity xsi:nil="true"/>') == 1
    assert xml.read(written).events[0].quantity_list == unknown
    written = xml.write(Document(kind=Kind.EVENT, events=(replace(event, quantity_list=known),)))
    assert b"<quantity>1000</quantity>" in written


def test_master_data_and_parties_come_through_both_forms() -> None:
    document = jsonld.read(samples.WITH_MASTER_DATA)
    assert document.all_findings() == ()
    assert document.vocabularies[0].elements[0].attributes[0].text == "Kigali"
    assert document.sender == "urn:epc:id:sgln:4012345.00001.0"
    for again in (jsonld.read(jsonld.write(document)), xml.read(xml.write(document))):
        assert again.vocabularies == document.vocabularies
        assert (again.sender, again.receiver) == (document.sender, document.receiver)


def test_one_wrong_event_leaves_the_others_standing() -> None:
    tree = json.loads(samples.DOCUMENT)
    tree["epcisBody"]["eventList"].insert(0, {"type": "ObjectEvent", "action": "ADDED"})
    document = jsonld.read(json.dumps(tree).encode())
    assert len(document.events) == 1
    (refusal,) = document.refused
    assert refusal.index == 0
    assert {finding.field for finding in refusal.findings} == {
        f"/epcisBody/eventList/0/{name}" for name in ("action", "eventTime", "eventTimeZoneOffset")
    }


def test_a_document_without_a_date_is_not_written() -> None:
    for write in (jsonld.write, xml.write):
        with pytest.raises(BadTerm, match="creationDate"):
            write(Document())


def test_a_text_that_xml_cannot_hold_is_refused_by_name() -> None:
    (event,) = jsonld.read(samples.ARRIVAL).events
    own = (Extension("{https://ns.example.com/}note", "bell \x07"),)
    with pytest.raises(BadTerm, match="use JSON"):
        xml.write(Document(kind=Kind.EVENT, events=(replace(event, extensions=own),)))


@pytest.mark.parametrize("data", [b"1", b'"x"', b"null", b"<a/>", b"<ObjectEvents/>"])
def test_what_is_no_epcis_document_is_malformed(data: bytes) -> None:
    read_it = xml.read if data.startswith(b"<") else jsonld.read
    with pytest.raises(MalformedMessage):
        read_it(data)


@given(events())
@settings(max_examples=10)
def test_the_fast_way_to_make_a_value_makes_the_same_value(event: Event) -> None:
    found = {each.name: getattr(event, each.name) for each in fields(Event)}
    held = {name: value for name, value in found.items() if value not in (None, ())}
    made = maker(Event)(held)
    assert made == event
    assert hash(made) == hash(event)
    with pytest.raises(KeyError):
        maker(Event)({"type": "ObjectEvent"})
