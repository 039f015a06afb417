"""GS1 EPCIS conformance, test case requirement 53 (SensorElement), step by step over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.conftest import opened

STANDARD = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
CONTEXT = [STANDARD, {"example": "https://ns.example.com/epcis/"}]
EXTENSIONS = {"GS1-Extensions": "example=https://ns.example.com/epcis/"}
CAPTURE, EVENTS = "/v1/epcis/capture", "/v1/epcis/events"


def document(*events: dict[str, Any]) -> dict[str, Any]:
    return {
        "@context": CONTEXT, "type": "EPCISDocument", "schemaVersion": "2.0",
        "creationDate": "2026-07-14T07:00:00Z", "epcisBody": {"eventList": list(events)},
    }  # fmt: skip


def event(name: str, *elements: dict[str, Any]) -> dict[str, Any]:
    known = {
        "type": "ObjectEvent", "eventID": f"urn:uuid:00000000-0000-4000-8000-0000000000{name}",
        "eventTime": "2026-07-14T06:00:00Z", "eventTimeZoneOffset": "+00:00", "action": "OBSERVE",
        "epcList": [f"urn:epc:id:sgtin:0614141.112345.{name}"],
    }  # fmt: skip
    return {**known, "sensorElementList": list(elements)} if elements else known


def element(report: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    return {"sensorMetadata": metadata, "sensorReport": [report]} if metadata else {
        "sensorReport": [report]
    }  # fmt: skip


SET1 = document(
    event("10"),
    event(
        "11",
        {
            "example:room": "A7", "example:shelf": 4,
            "sensorMetadata": {
                "time": "2026-07-14T05:00:00Z", "startTime": "2026-07-14T04:00:00Z",
                "endTime": "2026-07-14T05:30:00Z", "deviceID": "urn:epc:id:giai:0614141.111",
                "deviceMetadata": "https://id.gs1.org/8004/0614141111",
                "rawData": "https://example.org/raw/111",
                "dataProcessingMethod": "https://example.com/gdti/253-mean",
                "bizRules": "https://example.org/253/4012345000054987",
                "example:firmware": "7.2", "example:revision": 12,
            },
            "sensorReport": [{
                "type": "Temperature", "value": 26.0, "minValue": 24.0, "maxValue": 28.5,
                "meanValue": 26.2, "sDev": 0.5, "percRank": 50, "percValue": 12.7, "uom": "CEL",
                "example:position": "top", "example:layer": 3,
            }],
        },
    ),
    event(
        "12",
        element({
            "type": "Dimensionless", "microorganism": "https://www.ncbi.nlm.nih.gov/taxonomy/1126011",
            "chemicalSubstance": "https://identifiers.org/inchikey:CZMRCDWAGMRECN-UGDNZRGBSA-N",
            "stringValue": "closed", "booleanValue": True, "hexBinaryValue": "F0F0F0",
            "uriValue": "https://id.example.org/picture/1",
        }),
    ),
    event("13", element({"type": "RelativeHumidity", "value": 12.1, "uom": "A93"})),
)  # fmt: skip
INLINE = {
    "dataProcessingMethod": "https://example.com/gdti/253-{}",
    "deviceID": "urn:epc:id:giai:0614141.{}",
    "deviceMetadata": "https://id.gs1.org/8004/0614141{}",
    "rawData": "https://example.org/raw/{}",
    "time": "2026-07-14T05:0{}:00Z",
}
SET2 = document(
    event("21", element({"type": "Temperature", "value": 1, "uom": "CEL"},
                        **{name: text.format(1) for name, text in INLINE.items()})),
    event("22", element({"type": "Temperature", "value": 1, "uom": "CEL",
                         **{name: text.format(2) for name, text in INLINE.items()}})),
)  # fmt: skip
SET3 = document(
    event("31", element({"type": "Temperature", "value": 1, "uom": "CEL", "deviceID": "urn:x:b"},
                        deviceID="urn:x:a")),
)  # fmt: skip

# Step of the requirement, parameters, and the events of set1 that must be found.
STEPS: list[tuple[int, dict[str, str], set[str]]] = [
    (2, {"GE_recordTime": "2026-07-14T07:59:00Z"}, {"10", "11", "12", "13"}),
    (2, {"GE_recordTime": "2026-07-14T08:01:00Z"}, set()),
    (3, {"EXISTS_sensorElement": ""}, {"11", "12", "13"}),
    (3, {"EXISTS_sensorElementList": ""}, {"11", "12", "13"}),
    (4, {"GE_time": "2026-07-14T05:00:00Z", "LT_time": "2026-07-14T05:00:01Z"}, {"11"}),
    (4, {"GE_time": "2026-07-14T05:00:01Z", "LT_time": "2026-07-14T06:00:00Z"}, set()),
    (5, {"GE_startTime": "2026-07-14T04:00:00Z", "LT_startTime": "2026-07-14T04:01:00Z"}, {"11"}),
    (5, {"LT_startTime": "2026-07-14T04:00:00Z"}, set()),
    (5, {"GE_endTime": "2026-07-14T05:30:00Z", "LT_endTime": "2026-07-14T05:31:00Z"}, {"11"}),
    (5, {"GE_endTime": "2026-07-14T05:31:00Z"}, set()),
    (6, {"EQ_type": "gs1:Temperature"}, {"11"}),
    (6, {"EQ_type": "gs1:Pressure"}, set()),
    (7, {"EQ_deviceID": "https://id.gs1.org/8004/0614141111"}, {"11"}),
    (7, {"EQ_deviceID": "https://id.gs1.org/8004/0614141112"}, set()),
    (8, {"EQ_dataProcessingMethod": "https://example.com/gdti/253-mean"}, {"11"}),
    (8, {"EQ_dataProcessingMethod": "https://example.com/gdti/253-max"}, set()),
    (9, {"EQ_microorganism": "https://www.ncbi.nlm.nih.gov/taxonomy/1126011"}, {"12"}),
    (9, {"EQ_microorganism": "https://www.ncbi.nlm.nih.gov/taxonomy/2"}, set()),
    (10, {"EQ_chemicalSubstance": "https://identifiers.org/inchikey:CZMRCDWAGMRECN-UGDNZRGBSA-N"},
     {"12"}),
    (11, {"EQ_bizRules": "https://example.org/253/4012345000054987"}, {"11"}),
    (12, {"EQ_value_CEL": "26"}, {"11"}),
    (12, {"GE_value_CEL": "26", "LT_value_CEL": "26.1"}, {"11"}),
    (12, {"GE_value_CEL": "26.1"}, set()),
    (13, {"GE_minValue_CEL": "24", "LT_minValue_CEL": "24.5"}, {"11"}),
    (13, {"LT_minValue_CEL": "24"}, set()),
    (14, {"GE_maxValue_CEL": "28", "LT_maxValue_CEL": "29"}, {"11"}),
    (14, {"GE_maxValue_CEL": "29"}, set()),
    (15, {"GE_meanValue_CEL": "26.2", "LT_meanValue_CEL": "26.3"}, {"11"}),
    (15, {"LT_meanValue_CEL": "26.2"}, set()),
    (16, {"EQ_stringValue": "closed"}, {"12"}),
    (16, {"EQ_stringValue": "open"}, set()),
    (17, {"EQ_booleanValue": "true"}, {"12"}),
    (17, {"EQ_booleanValue": "false"}, set()),
    (18, {"EQ_hexBinaryValue": "f0f0f0"}, {"12"}),
    (19, {"EQ_uriValue": "https://id.example.org/picture/1"}, {"12"}),
    (20, {"EQ_SENSORELEMENT_example:room": "A7"}, {"11"}),
    (20, {"EQ_SENSORELEMENT_example:room": "A8"}, set()),
    (20, {"GT_SENSORELEMENT_example:shelf": "3", "LT_SENSORELEMENT_example:shelf": "5"}, {"11"}),
    (20, {"GE_SENSORELEMENT_example:shelf": "4", "LE_SENSORELEMENT_example:shelf": "4"}, {"11"}),
    (21, {"EQ_SENSORMETADATA_example:firmware": "7.2"}, {"11"}),
    (21, {"GE_SENSORMETADATA_example:revision": "12"}, {"11"}),
    (21, {"GT_SENSORMETADATA_example:revision": "12"}, set()),
    (22, {"EQ_SENSORREPORT_example:position": "top"}, {"11"}),
    (22, {"LE_SENSORREPORT_example:layer": "3"}, {"11"}),
    (22, {"LT_SENSORREPORT_example:layer": "3"}, set()),
    (23, {"GE_sDev": "0.5", "LT_sDev": "0.6"}, {"11"}),
    (23, {"GE_sDev_KEL": "0.5", "LT_sDev_KEL": "0.6"}, {"11"}),
    (23, {"LT_sDev": "0.5"}, set()),
    (24, {"GE_percRank": "50", "LT_percRank": "51"}, {"11"}),
    (24, {"GE_percRank": "51"}, set()),
    (25, {"GE_percValue": "12.7", "LT_percValue": "12.8"}, {"11"}),
    (25, {"GE_percValue_KEL": "285.85", "LT_percValue_KEL": "285.9"}, {"11"}),
    (26, {"EQ_type": "gs1:Temperature", "GE_value_KEL": "299.15"}, {"11"}),
    (26, {"EQ_type": "gs1:Temperature", "GE_value_KEL": "299.16"}, set()),
    (26, {"GE_value_FAH": "78.8", "LE_value_FAH": "78.8"}, {"11"}),
    (26, {"GE_value_KMQ": "0.0121", "LT_value_KMQ": "0.0122"}, {"13"}),
]  # fmt: skip


@pytest.fixture(scope="module")
def sensed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A node that captured set1."""
    for border in opened(tmp_path_factory.mktemp("sensed"), accounts=("carrier",)):
        answer = border.ask("POST", CAPTURE, "carrier", json=SET1)  # step 1
        assert answer.status_code == 202
        assert answer.json()["captured"] == 4, answer.text
        yield border


def found(border: Any, parameters: dict[str, str]) -> set[str]:
    answer = border.ask("GET", EVENTS, "carrier", params=parameters, headers=EXTENSIONS)
    assert answer.status_code == 200, answer.text
    events = answer.json()["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    return {one["eventID"][-2:] for one in events}


def test_step_1_all_attributes_of_sensor_elements_come_back(sensed: Any) -> None:
    answer = sensed.ask("GET", EVENTS, "carrier", params={"MATCH_epc": SET1_EPC})
    (told,) = answer.json()["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    (element,) = told["sensorElementList"]
    (sent,) = SET1["epcisBody"]["eventList"][1]["sensorElementList"]
    (report,), (expected,) = element["sensorReport"], sent["sensorReport"]
    for name in ("value", "minValue", "maxValue", "meanValue", "sDev", "percRank", "percValue"):
        assert report[name] == expected[name]
    for name, value in sent["sensorMetadata"].items():
        if ":" not in name:
            assert element["sensorMetadata"][name] == value


SET1_EPC = "urn:epc:id:sgtin:0614141.112345.11"


@pytest.mark.parametrize(
    ("step", "parameters", "expected"), STEPS, ids=[f"{step}-{p}" for step, p, _ in STEPS]
)
def test_step_of_tcr_53(
    sensed: Any, step: int, parameters: dict[str, str], expected: set[str]
) -> None:
    assert found(sensed, parameters) == expected


def test_step_28_attributes_count_wherever_they_stand(border: Any) -> None:
    assert border.ask("POST", CAPTURE, "carrier", json=SET2).json()["captured"] == 2  # step 27
    for name, text in INLINE.items():
        assert found(border, {f"EQ_{name}": text.format(1)}) == {"21"}, name
        assert found(border, {f"EQ_{name}": text.format(2)}) == {"22"}, name
        assert found(border, {f"EQ_{name}": text.format(3)}) == set(), name


def test_step_29_attributes_that_stand_in_both_are_refused(border: Any) -> None:
    job = border.ask("POST", CAPTURE, "carrier", json=SET3).json()
    assert (job["success"], job["captured"]) == (False, 0)
    assert "deviceID" in job["errors"][0]["detail"]
