"""Every rule of an EPCIS document, broken once in JSON and, where it can be, in XML."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from clearway.errors import RuleViolation
from clearway.movements.epcis import check
from clearway.movements.epcis.formats import jsonld, xml
from clearway.movements.epcis.formats.context import STANDARD
from clearway.terms.finding import Finding
from tests.movements.epcis import samples

BASE: dict[str, Any] = {
    "type": "ObjectEvent",
    "eventTime": "2026-03-02T13:00:00+01:00",
    "eventTimeZoneOffset": "+01:00",
    "epcList": ["urn:x:1"],
    "action": "OBSERVE",
}
FAMILY = {"epcList": None, "type": "AggregationEvent", "parentID": "urn:x:p"}
TRANSFORMED = {"epcList": None, "action": None, "type": "TransformationEvent"}
SENSED = {"sensorReport": [{"type": "Temperature", "value": 4}]}
DEEP: Any = "x"
for _ in range(20):
    DEEP = {"example:in": DEEP}


def finding_of(change: dict[str, Any]) -> Finding:
    """Return the first finding on an event with these fields; None takes a field away."""
    event = {name: value for name, value in {**BASE, **change}.items() if value is not None}
    context = [STANDARD, {"example": "https://ns.example.com/"}]
    findings = jsonld.read(json.dumps({"@context": context, **event}).encode()).all_findings()
    assert findings, change
    return findings[0]


@pytest.mark.parametrize(
    ("code", "place", "change"),
    [
        ("EPC_R1", "/madeUp", {"madeUp": 1}),
        ("EPC_R1", "/parentID", {"parentID": "urn:x:1"}),
        ("EPC_R1", "/readPoint/name", {"readPoint": {"id": "urn:x:1", "name": "gate"}}),
        ("EPC_R1", "/ilmd/lot", {"ilmd": {"lot": 1}, "action": "ADD"}),
        ("EPC_R1", "/quantityList/0", {"quantityList": [{"epcClass": "urn:x:1", "example:a": 1}]}),
        ("EPC_R2", "/eventTime", {"eventTime": None}),
        ("EPC_R2", "/eventTimeZoneOffset", {"eventTimeZoneOffset": None}),
        ("EPC_R2", "/action", {"action": None}),
        ("EPC_R2", "/type", {"type": None}),
        ("EPC_R2", "/readPoint/id", {"readPoint": {}}),
        ("EPC_R2", "/quantityList/0/epcClass", {"quantityList": [{"quantity": 1}]}),
        ("EPC_R2", "/bizTransactionList/0/bizTransaction", {"bizTransactionList": [{}]}),
        ("EPC_R2", "/sourceList/0/type", {"sourceList": [{"source": "urn:x:1"}]}),
        ("EPC_R2", "/destinationList/0/destination", {"destinationList": [{"type": "location"}]}),
        ("EPC_R2", "/errorDeclaration/declarationTime", {"errorDeclaration": {}}),
        ("EPC_R2", "/parentID", {**FAMILY, "type": "AssociationEvent", "parentID": None}),
        ("EPC_R2", "/bizTransactionList", {"type": "TransactionEvent"}),
        (
            "EPC_R2",
            "/sensorElementList/0/sensorReport/0/type",
            {"sensorElementList": [{"sensorReport": [{"value": 1}]}]},
        ),
        ("EPC_R3", "/epcList", {"epcList": "urn:x:1"}),
        ("EPC_R3", "/readPoint", {"readPoint": "urn:x:1"}),
        ("EPC_R3", "/bizStep", {"bizStep": 5}),
        ("EPC_R3", "/bizStep", {"bizStep": ["arriving"]}),
        (
            "EPC_R3",
            "/quantityList/0/quantity",
            {"quantityList": [{"epcClass": "urn:x:1", "quantity": "10"}]},
        ),
        ("EPC_R3", "/example:a/0", {"example:a": [[1]]}),
        (
            "EPC_R3",
            "/sensorElementList/0/sensorReport",
            {"sensorElementList": [{"sensorReport": {"type": "Mass"}}]},
        ),
        ("EPC_R4", "/epcList/0", {"epcList": ["no uri"]}),
        ("EPC_R4", "/eventID", {"eventID": "4711"}),
        ("EPC_R5", "/eventTime", {"eventTime": "2026-03-02T13:00:00"}),
        ("EPC_R5", "/eventTime", {"eventTime": "2026-02-30T13:00:00Z"}),
        ("EPC_R5", "/recordTime", {"recordTime": "today"}),
        ("EPC_R5", "/eventTime", {"eventTime": "0001-01-01T00:00:00+14:00"}),
        (
            "EPC_R6",
            "/quantityList/0/quantity",
            {"quantityList": [{"epcClass": "urn:x:1", "quantity": 1e300}]},
        ),
        ("EPC_R7", "/quantityList/0/uom", {"quantityList": [{"epcClass": "urn:x:1", "uom": "kg"}]}),
        ("EPC_R8", "/action", {"action": "observe"}),
        ("EPC_R9", "/eventTimeZoneOffset", {"eventTimeZoneOffset": "+15:00"}),
        ("EPC_R9", "/eventTimeZoneOffset", {"eventTimeZoneOffset": "Z"}),
        ("EPC_R10", "/type", {"type": "QuantityEvent"}),
        ("EPC_R11", "/bizStep", {"bizStep": "arrivng"}),
        ("EPC_R11", "/bizStep", {"bizStep": "urn:epcglobal:cbv:bizstep:arriving"}),
        ("EPC_R11", "/disposition", {"disposition": "arriving"}),
        ("EPC_R11", "/persistentDisposition/set/0", {"persistentDisposition": {"set": ["shut"]}}),
        (
            "EPC_R11",
            "/sensorElementList/0/sensorReport/0/type",
            {"sensorElementList": [{"sensorReport": [{"type": "https://gs1.org/voc/Mass"}]}]},
        ),
        ("EPC_R12", "/epcList/1", {"epcList": ["urn:x:1", "urn:x:1"]}),
        ("EPC_R14", "", {"epcList": None}),
        ("EPC_R14", "", {"epcList": None, "quantityList": []}),
        ("EPC_R14", "", {"epcList": None, "sensorElementList": [SENSED]}),
        ("EPC_R15", "/ilmd", {"ilmd": {"example:lot": "A"}}),
        ("EPC_R16", "", FAMILY),
        ("EPC_R16", "", {**FAMILY, "type": "AssociationEvent", "childEPCs": []}),
        ("EPC_R17", "/bizTransactionList", {"type": "TransactionEvent", "bizTransactionList": []}),
        (
            "EPC_R18",
            "",
            {
                "type": "TransactionEvent",
                "epcList": None,
                "bizTransactionList": [{"bizTransaction": "urn:x:1"}],
            },
        ),
        ("EPC_R19", "", {**TRANSFORMED, "inputEPCList": ["urn:x:1"]}),
        ("EPC_R19", "", {**TRANSFORMED, "transformationID": "urn:x:1"}),
        ("EPC_R20", "/persistentDisposition", {"persistentDisposition": {}}),
        ("EPC_R21", "/sensorElementList/0", {"sensorElementList": [{"sensorReport": []}]}),
        (
            "EPC_R22",
            "/sensorElementList/0/sensorReport/0/hexBinaryValue",
            {"sensorElementList": [{"sensorReport": [{"type": "Mass", "hexBinaryValue": "0g"}]}]},
        ),
        ("EPC_R26", "/other:a", {"other:a": 1}),
        ("EPC_R26", "/example:a/other:b", {"example:a": {"other:b": 1}}),
        ("EPC_R28", "/example:a" + "/example:in" * 15, {"example:a": DEEP}),
        ("EPC_R28", "/example:a", {"example:a": "x" * 70_000}),
        (
            "EPC_R29",
            "/sensorElementList/0/sensorReport/0/booleanValue",
            {"sensorElementList": [{"sensorReport": [{"type": "Mass", "booleanValue": "true"}]}]},
        ),
    ],
)
def test_a_broken_rule_is_told_with_its_place(
    code: str, place: str, change: dict[str, Any]
) -> None:
    finding = finding_of(change)
    assert (finding.code, finding.field) == (code, place)
    assert finding.message
    assert code in check.RULES


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"epcList": []},
        {"epcList": None, "quantityList": [{"epcClass": "urn:x:1"}]},
        {"epcList": None, "sensorElementList": [SENSED], "readPoint": {"id": "urn:x:1"}},
        {"ilmd": {"example:lot": "A"}, "action": "ADD"},
        {**FAMILY, "action": "DELETE"},
        {**FAMILY, "childQuantityList": [{"epcClass": "urn:x:1"}]},
        {**TRANSFORMED, "inputEPCList": ["urn:x:1"], "transformationID": "urn:x:2"},
        {"type": "https://example.com/OwnEvent", "action": None, "epcList": None},
        {"bizStep": "https://example.com/own"},
        {"bizStep": "https://ref.gs1.org/cbv/BizStep-arriving"},
        {"rdfs:comment": "for people", "certificationInfo": "https://example.com/cert"},
        {"https://other.example.com/field": {"deep": [1, True, None, 2.5]}},
        {"quantityList": [{"epcClass": "urn:x:1", "quantity": 0.0000001, "uom": "P1"}]},
    ],
)
def test_what_the_schema_allows_is_accepted(change: dict[str, Any]) -> None:
    event = {name: value for name, value in {**BASE, **change}.items() if value is not None}
    context = [STANDARD, {"example": "https://ns.example.com/"}]
    document = jsonld.read(json.dumps({"@context": context, **event}).encode())
    assert document.all_findings() == ()
    assert len(document.events) == 1
    check.require(document)


@pytest.mark.parametrize(
    ("code", "place", "inside"),
    [
        ("EPC_R1", "/ObjectEvent/parentID", "<epcList/><parentID>urn:x:1</parentID>"),
        ("EPC_R1", "/ObjectEvent/epcList/name", "<epcList><name>x</name></epcList>"),
        (
            "EPC_R4",
            "/ObjectEvent/epcList/epc[2]",
            "<epcList><epc>urn:x:1</epc><epc>x</epc></epcList>",
        ),
        (
            "EPC_R4",
            "/ObjectEvent/extension/epcList/epc",
            "<extension><epcList><epc>x</epc></epcList></extension>",
        ),
        ("EPC_R3", "/ObjectEvent/epcList/epc", "<epcList><epc><id>urn:x:1</id></epc></epcList>"),
        (
            "EPC_R13",
            "/ObjectEvent/bizStep",
            "<epcList/><bizStep>urn:x:1</bizStep><bizStep>urn:x:1</bizStep>",
        ),
        ("EPC_R3", "/ObjectEvent/epcList", "<epcList>urn:x:1</epcList>"),
        ("EPC_R14", "/ObjectEvent", ""),
        ("EPC_R15", "/ObjectEvent/ilmd", "<epcList/><ilmd/>"),
        (
            "EPC_R3",
            "/ObjectEvent/quantityList/quantityElement/quantity",
            "<quantityList><quantityElement><epcClass>urn:x:1</epcClass><quantity>ten</quantity>"
            "</quantityElement></quantityList>",
        ),
        (
            "EPC_R3",
            "/ObjectEvent/sensorElementList/sensorElement/sensorReport[2]/@value",
            "<epcList/><sensorElementList><sensorElement><sensorReport type='gs1:Mass'/>"
            "<sensorReport type='gs1:Mass' value='NaN'/></sensorElement></sensorElementList>",
        ),
        (
            "EPC_R29",
            "/ObjectEvent/sensorElementList/sensorElement/sensorReport/@booleanValue",
            "<epcList/><sensorElementList><sensorElement>"
            "<sensorReport type='gs1:Mass' booleanValue='yes'/>"
            "</sensorElement></sensorElementList>",
        ),
        (
            "EPC_R11",
            "/ObjectEvent/persistentDisposition/set[2]",
            "<epcList/><persistentDisposition><set>urn:epcglobal:cbv:disp:damaged</set>"
            "<set>shut</set></persistentDisposition>",
        ),
    ],
)
def test_a_broken_rule_in_xml_is_told_with_its_xpath(code: str, place: str, inside: str) -> None:
    findings = xml.read(samples.xml_event(inside)).all_findings()
    assert (findings[0].code, findings[0].field) == (code, place)


@pytest.mark.parametrize(
    ("code", "place", "context"),
    [
        ("EPC_R25", "/@context/0", ["https://evil.example/context.jsonld"]),
        ("EPC_R25", "/@context", "file:///etc/passwd"),
        ("EPC_R25", "/@context", "epcis-context.jsonld"),
        ("EPC_R27", "/@context/0/bizStep", [{"bizStep": "https://evil.example/x"}]),
        ("EPC_R27", "/@context/0/gs1", [{"gs1": "https://evil.example/"}]),
        ("EPC_R27", "/@context/@base", {"@base": "https://evil.example/"}),
        ("EPC_R27", "/@context/@import", {"@import": "https://evil.example/"}),
        ("EPC_R4", "/@context/a", {"a": "no uri"}),
        ("EPC_R4", "/@context/a", {"a": {"@type": "@id"}}),
        ("EPC_R4", "/@context/a", {"a": "urn:" + "x" * 600}),
        ("EPC_R3", "/@context/0", [5]),
        ("EPC_R28", "/@context", [{}] * 40),
        ("EPC_R28", "/@context", {f"p{n}": f"urn:x:{n}:" for n in range(300)}),
    ],
)
def test_a_context_that_is_not_bundled_or_changes_a_meaning_is_refused(
    code: str, place: str, context: Any
) -> None:
    findings = jsonld.read(json.dumps({"@context": context, **BASE}).encode()).all_findings()
    assert (findings[0].code, findings[0].field) == (code, place)


def test_a_context_on_the_event_itself_counts_for_that_event_only() -> None:
    own = [STANDARD, {"own": "https://ns.example.com/"}]
    events = [{**BASE, "@context": own, "own:a": "1"}, {**BASE, "own:a": "1"}]
    document = jsonld.read(json.dumps({"@context": [STANDARD], "eventList": events}).encode())
    assert [event.extensions[0].name for event in document.events] == ["{https://ns.example.com/}a"]
    assert [refusal.index for refusal in document.refused] == [1]


def test_terms_and_nested_prefixes_of_an_inline_context_are_expanded() -> None:
    context = [
        STANDARD,
        {"ex": "https://ns.example.com/", "lot": "ex:lotNumber"},
        {"mass": {"@id": "https://ns.example.com/own#mass", "@type": "xsd:decimal"}},
        {"ex:lotNumber": {"@type": "xsd:string"}},
    ]
    tree = {"@context": context, **BASE, "lot": "A", "mass": 4.5}
    (event,) = jsonld.read(json.dumps(tree).encode()).events
    assert {field.name: field.text for field in event.extensions} == {
        "{https://ns.example.com/}lotNumber": "A",
        "{https://ns.example.com/own#}mass": "4.5",
    }


def test_prefixes_of_a_header_stand_in_for_a_context() -> None:
    data = json.dumps({**BASE, "own:a": "1"}).encode()
    document = jsonld.read(data, prefixes={"own": "https://ns.example.com/"})
    assert document.all_findings() == ()
    assert jsonld.read(data).findings[0].code == "EPC_R24"


@pytest.mark.parametrize(
    ("place", "change"),
    [
        ("/schemaVersion", {"schemaVersion": None}),
        ("/schemaVersion", {"schemaVersion": "two"}),
        ("/creationDate", {"creationDate": "today"}),
        ("/epcisBody", {"epcisBody": None}),
        ("/epcisBody", {"epcisBody": []}),
        ("/epcisBody/eventList", {"epcisBody": {}}),
        ("/epcisBody/eventList", {"epcisBody": {"eventList": {}}}),
        ("/epcisBody/eventList/0", {"epcisBody": {"eventList": [5]}}),
        ("/own", {"own": 1}),
        ("/epcisHeader", {"epcisHeader": []}),
        (
            "/epcisHeader/epcisMasterData/vocabularyList",
            {"epcisHeader": {"epcisMasterData": {"vocabularyList": 1}}},
        ),
    ],
)
def test_what_is_wrong_with_the_document_itself_is_told_with_its_place(
    place: str, change: dict[str, Any]
) -> None:
    tree = {**json.loads(samples.DOCUMENT), **change}
    whole = {name: value for name, value in tree.items() if value is not None}
    document = jsonld.read(json.dumps(whole).encode())
    first = document.all_findings()[0]
    assert first.field == place
    assert first.code in check.RULES
    with pytest.raises(RuleViolation, match=place):
        check.require(document)


def test_too_many_events_are_refused_before_they_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonld, "MOST_EVENTS", 2)
    document = jsonld.read(json.dumps({"@context": STANDARD, "eventList": [BASE] * 3}).encode())
    assert document.events == ()
    assert document.findings[0].code == "EPC_R28"


def test_every_rule_is_broken_in_this_file() -> None:
    told = Path(__file__).read_text("utf-8")
    assert [code for code in check.RULES if f'"{code}"' not in told] == []


def test_a_version_that_is_none_is_refused() -> None:
    data = samples.DOCUMENT.replace(b'"schemaVersion": "2.0"', b'"schemaVersion": "two"')
    assert jsonld.read(data).findings[0].code == "EPC_R23"
