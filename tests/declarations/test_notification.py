"""Notifications: WCO responses that fit the schema, and JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from clearway.declarations import rules
from clearway.declarations.formats import wco_schema
from clearway.declarations.formats.notification import FUNCTIONS, NAMESPACE, write_json, write_xml
from clearway.declarations.lifecycle import Status
from clearway.declarations.notices import TEXTS, render
from clearway.declarations.record import Notification
from clearway.terms.finding import Finding
from clearway.terms.identifiers import Lrn, Mrn
from clearway.wire import xml

from .samples import BROKER, NOON, bananas

KINDS = [*Status, "key_conflict"]
MRN = Mrn.build(2026, "KE", "MBA0000000012")
FINDINGS = rules.check(bananas(packages=5, vessel="x" * 40), NOON)


def tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def notification(kind: str) -> Notification:
    params = {"mrn": str(MRN), "lrn": "B-2026-17", "reason": "Because."}
    code = f"declaration.{kind}"
    return Notification(17, str(BROKER), MRN, Lrn("B-2026-17"), 1, kind, NOON, code, params)


@pytest.mark.parametrize("kind", KINDS)
def test_responses_fit_the_schema(shared_data: Path, kind: str) -> None:
    written = write_xml(notification(kind), FINDINGS)
    assert wco_schema.validate(written, shared_data / "wco-dm-3.6/schemas") == ()


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_text_and_a_function_code(kind: str) -> None:
    assert f"declaration.{kind}" in TEXTS
    response = xml.parse(write_xml(notification(kind)))
    assert xml.text(response, tag("Response"), tag("FunctionCode")) == FUNCTIONS[kind]
    assert xml.text(response, tag("Response"), tag("Declaration"), tag("ID")) == MRN


def test_function_codes_differ() -> None:
    assert len(set(FUNCTIONS.values())) == len(FUNCTIONS) == len(KINDS)


def test_each_finding_points_to_its_field() -> None:
    response = xml.parse(write_xml(notification("rejected"), FINDINGS))
    errors = list(response.iter(tag("Error")))
    assert [xml.text(each, tag("ValidationCode")) for each in errors] == ["DEC_R10", "DEC_R37"]
    pointers = list(errors[0].iter(tag("TagID")))
    assert [each.text for each in pointers] == ["146"]
    assert "5 packages" in xml.text(errors[0], tag("Description"))


def test_texts_that_xml_cannot_carry_do_no_harm() -> None:
    hostile = Finding("DEC_R36_AND_LONGER", FINDINGS[0].area, FINDINGS[0].level, "\x00",
                      "\x00\ud800\ufffe" + "x" * 600)  # fmt: skip
    description = next(xml.parse(write_xml(notification("rejected"), [hostile])).iter(
        tag("Description")))  # fmt: skip
    assert description.text is not None and len(description.text) <= 512


def test_json_has_code_parameters_and_text() -> None:
    told = json.loads(write_json(notification("released"), FINDINGS))
    assert told["format"] == "clearway.notification/1"
    assert told["code"] == "declaration.released"
    assert told["text"] == f"Declaration {MRN}: the goods are released. Because."
    assert told["at"] == "2026-03-02T12:00:00Z"
    assert told["findings"][0]["code"] == "DEC_R10"


def test_a_parameter_that_is_absent_stays_empty() -> None:
    assert render("declaration.cleared", {}) == "Declaration  is cleared; nothing is left to do."
