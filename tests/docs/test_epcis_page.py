"""docs/design/epcis.md says what is so."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from clearway.movements.epcis import parameters
from tests.api.conftest import opened

PAGE = Path(__file__).resolve().parents[2] / "docs/design/epcis.md"
TEXT = PAGE.read_text(encoding="utf-8")


def examples() -> list[Any]:
    return [json.loads(found) for found in re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)]


def test_the_example_is_captured_found_and_tells_a_gate_pass(tmp_path: Path) -> None:
    document, shown = examples()
    questions = re.findall(r"^GET (\S+)$", TEXT, re.MULTILINE)
    assert len(questions) == 3
    for border in opened(tmp_path, accounts=("carrier",)):
        answer = border.ask("POST", "/v1/epcis/capture", "carrier", json=document)
        assert answer.status_code == 202
        told = answer.json()
        assert {name: told[name] for name in shown} == shown | {"captureID": told["captureID"]}
        for question in questions:
            found = border.ask("GET", question, "carrier").json()
            assert len(found["epcisBody"]["queryResults"]["resultsBody"]["eventList"]) == 1
        assert "movement.gate_passed/1" in [fact.type for fact in border.facts()]


def test_every_parameter_with_a_value_that_the_page_names_is_understood() -> None:
    named = set(re.findall(r"`((?:EQ|GE|LT|WD|MATCH|EXISTS)_[A-Za-z_]+)`", TEXT))
    named -= {one for one in named if one.endswith("_")}
    assert len(named) > 15
    values = {"EQ_action": "ADD", "EQ_booleanValue": "true"}
    for name in named:
        value = "2026-07-14T06:00:00Z" if "ime" in name else values.get(name, "urn:x:1")
        parameters.read({name: "4" if "_value_" in name else value})
