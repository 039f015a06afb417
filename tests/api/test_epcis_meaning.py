"""EPCIS over HTTP: documents from outside, events that are movements, and what master data tell."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.api.test_epcis import BOX, PLACE, ROOT, capture, document, event, events_of, find


def test_every_valid_document_of_openepcis_is_captured(border: Any, shared_data: Path) -> None:
    folder = shared_data / "epcis/openepcis"
    files = [
        file
        for file in sorted(folder.rglob("*.*"))
        if file.suffix in (".xml", ".json") and not {"Invalid", "Queries"} & set(file.parts)
    ]
    assert len(files) > 50
    for file in files:
        kind = {".xml": "application/xml", ".json": "application/json"}[file.suffix]
        answer = border.ask(
            "POST", f"{ROOT}/capture", "carrier", content=file.read_bytes(),
            headers={"Content-Type": kind, "GS1-Capture-Error-Behaviour": "proceed"},
        )  # fmt: skip
        assert answer.status_code == 202, (file.name, answer.text)
        kinds = {one["type"] for one in answer.json()["errors"]}
        assert kinds <= {"epcisException:ResourceAlreadyExistsException"}, (file.name, answer.text)


def test_an_arrival_told_as_an_event_is_an_arrival(border: Any) -> None:
    mrn = border.mrn("A-1")
    arriving = event(
        1, bizStep="arriving", epcList=[BOX], readPoint=PLACE, bizLocation=PLACE
    )  # fmt: skip
    capture(border, arriving)
    types = [fact.type for fact in border.facts()]
    assert "movement.arrived/1" in types
    assert "clearance.arrived/1" in types
    assert mrn
    assert find(border, MATCH_epc=BOX) == [1]  # told once, shown once


def test_an_arrival_told_otherwise_is_shown_as_an_event(border: Any) -> None:
    assert border.arrive().status_code == 201
    (told,) = events_of(border.ask("GET", f"{ROOT}/bizSteps/arriving/events", "carrier"))
    assert told["epcList"] == [BOX]
    assert told["readPoint"] == PLACE
    by_id = border.ask("GET", f"{ROOT}/events/{quote(told['eventID'], safe='')}", "carrier")
    assert len(events_of(by_id)) == 1


def test_every_invalid_document_of_openepcis_is_refused_with_the_place_named(
    border: Any, shared_data: Path
) -> None:
    folder = shared_data / "epcis/openepcis/2.0/EPCIS"
    files = [file for file in sorted(folder.rglob("Invalid/*.*")) if "Queries" not in file.parts]
    assert len(files) >= 8
    for file in files:
        kind = {".xml": "application/xml", ".json": "application/json"}[file.suffix]
        answer = border.ask(
            "POST", f"{ROOT}/capture", "carrier", content=file.read_bytes(),
            headers={"Content-Type": kind},
        )  # fmt: skip
        told = answer.json()
        if answer.status_code == 202:
            assert told["success"] is False, file.name
            assert all(one["field"] for one in told["errors"]), file.name
        else:
            assert answer.status_code == 400, file.name
            assert told["type"] == "epcisException:ValidationException"
            assert told["findings"][0]["field"] or told["detail"], file.name
    assert find(border) == []


def test_a_terminals_weighbridge_and_seal_become_movements_and_alarms(border: Any) -> None:
    seal = "urn:clearway:seal:EC-4711"
    border.mrn("A-1")
    weighed = event(
        1, epcList=[BOX], bizStep="sensor_reporting", disposition=None,
        readPoint={"id": "urn:clearway:place:XAPRT:weighbridge:W1"},
        sensorElementList=[{"sensorReport": [{"type": "Mass", "value": 31.2, "uom": "TNE"}]}],
    )  # fmt: skip
    opened = {
        "type": "AssociationEvent", "eventTime": "2026-07-14T07:00:00Z",
        "eventTimeZoneOffset": "+00:00", "action": "OBSERVE", "parentID": BOX,
        "childEPCs": [seal], "bizStep": "sensor_reporting", "disposition": "container_open",
        "readPoint": {"id": "urn:clearway:place:-:place:A104"},
    }  # fmt: skip
    assert capture(border, weighed, opened).json()["success"] is True
    facts = border.facts()
    types = [fact.type for fact in facts]
    assert "movement.weighed/1" in types
    assert "movement.seal_reported/1" in types
    assert "movement.alarm_raised/1" in types
    body = next(json.loads(fact.body) for fact in facts if fact.type == "movement.weighed/1")
    assert float(body["gross_mass_kg"]) == 31_200


def test_master_data_tell_what_lies_in_a_place_and_what_it_is(border: Any) -> None:
    port, yard, bay = (f"https://example.org/place/{name}" for name in ("port", "yard", "bay"))
    header = {
        "epcisMasterData": {
            "vocabularyList": [
                {
                    "type": "urn:epcglobal:epcis:vtype:ReadPoint",
                    "vocabularyElementList": [
                        {"id": port, "children": [yard]},
                        {
                            "id": yard, "children": [bay],
                            "attributes": [{"id": "cbvmda:city", "attribute": "Mombasa"}],
                        },
                    ],
                }
            ]
        }
    }  # fmt: skip
    told = document(*(event(n, readPoint={"id": p}) for n, p in enumerate((port, yard, bay), 1)))
    answer = border.ask("POST", f"{ROOT}/capture", "carrier", json=told | {"epcisHeader": header})
    assert answer.json()["success"] is True, answer.text
    assert find(border, WD_readPoint=port) == [1, 2, 3]
    assert find(border, WD_readPoint=yard) == [2, 3]
    assert find(border, EQ_readPoint=port) == [1]
    assert find(border, HASATTR_readPoint="cbvmda:city") == [2]
    assert find(border, **{"EQATTR_readPoint_urn:epcglobal:cbv:mda:city": "Mombasa|Lagos"}) == [2]
    assert find(border, **{"EQATTR_readPoint_cbvmda:city": "Lagos"}) == []
    assert find(border, HASATTR_bizLocation="cbvmda:city") == []
