"""Our JSON form: every refusal names its field, and everything written is read the same."""

from __future__ import annotations

import json as plain
import re
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from clearway.declarations.formats import json, reading, wco
from clearway.declarations.message import Form, Function
from clearway.declarations.model import Declaration
from clearway.errors import MalformedMessage, TooLarge

from .samples import bananas, declarations, three_items

SPECIFICATION = Path(__file__).parents[2] / "docs/design/json-declaration.md"


def changed(path: str, value: Any) -> bytes:
    """Return the bananas with the value at `items.0.origin` put in, or taken out when it is ..."""
    message = plain.loads(json.write(bananas()))
    *steps, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    place: Any = message
    for step in steps:
        place = place[step]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return plain.dumps(message).encode()


def test_a_declaration_is_read() -> None:
    message = json.read(json.write(three_items()))
    assert message.declaration == three_items()
    assert message.findings == ()
    assert message.function is Function.ORIGINAL and message.form is Form.JSON


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(declarations)
def test_what_is_written_is_read_the_same(declaration: Declaration) -> None:
    message = json.read(json.write(declaration))
    assert message.findings == ()
    assert message.declaration == declaration


def test_what_is_at_its_default_is_left_out() -> None:
    written = plain.loads(json.write(bananas()))
    assert "exit_office" not in written and "carrier" not in written
    assert written["format"] == "clearway.declaration/1"


@pytest.mark.parametrize(
    ("path", "value", "field", "said"),
    [
        ("items.0.net_mass_kg", "-5", "items[0].net_mass_kg", "not negative"),
        ("items.0.net_mass_kg", 18000.5, "items[0].net_mass_kg", "must be text in quotes"),
        ("items.0.net_mass_kg", "1e9", "items[0].net_mass_kg", "a number in quotes"),
        ("items.0.net_mass_kg", "0.1234567", "items[0].net_mass_kg", "at most 6 decimals"),
        ("items.0.value.amount", "1.2345", "items[0].value.amount", "at most 3 decimals"),
        ("items.0.value.amount", "NaN", "items[0].value.amount", "an amount in quotes"),
        ("items.0.value.currency", "USX", "items[0].value.currency", "ISO 4217"),
        ("items.0.origin", "QQ", "items[0].origin", "ISO 3166-1"),
        ("items.0.hs", "7703", "items[0].hs", "6 to 10 digits"),
        ("items.0.hs", "770390", "items[0].hs", "no chapter of the Harmonized System"),
        ("items.0.number", 0, "items[0].number", "must be 1 or more"),
        ("items.0.number", True, "items[0].number", "whole number"),
        ("items.0.number", "1", "items[0].number", "whole number, without quotes"),
        ("items.0.packages", 10**9, "items[0].packages", "must be 99999999 or less"),
        ("items.0.description", "", "items[0].description", "must not be empty"),
        ("items.0.description", "x" * 513, "items[0].description", "at most 512 characters"),
        ("items.0.documents", {}, "items[0].documents", "must be a list"),
        ("items.0.documents.0", [], "items[0].documents[0]", "must be an object"),
        (
            "items.0.documents.0.lines",
            [1] * 41,
            "items[0].documents[0].lines",
            "at most 40 entries",
        ),
        ("items", ..., "items", "is absent; add it"),
        ("items", "all", "items", "must be a list"),
        ("lrn", ..., "lrn", "is absent; add it"),
        ("lrn", "a b", "lrn", "without blanks"),
        ("kind", "smuggling", "kind", "'import', 'export' or 'transit'"),
        ("format", "clearway.declaration/2", "format", "clearway.declaration/1"),
        ("colour", "red", "colour", "is no field of this form"),
        ("importer.e-mail", "x@example.org", "importer.e-mail", "is no field of this form"),
        ("arrival_expected_at", "2026-03-04", "arrival_expected_at", "RFC 3339"),
        ("arrival_expected_at", "2026-03-04T06:30:00", "arrival_expected_at", "with zone"),
        ("arrival_expected_at", "2026-02-30T06:30:00Z", "arrival_expected_at", "RFC 3339"),
        ("arrival_expected_at", 1772605800, "arrival_expected_at", "text in quotes"),
        ("containers.0.number", "CSQU3054380", "containers[0].number", "check digit is 0"),
        ("ucr", "??", "ucr", "unique consignment reference"),
        ("declarant.id", "QQ1", "declarant.id", "country code"),
        ("transport_mode", "sea", "transport_mode", "must follow the pattern"),
        ("invoice", None, "invoice", "must be an object"),
    ],
)
def test_each_refusal_names_its_field(path: str, value: Any, field: str, said: str) -> None:
    message = json.read(changed(path, value))
    assert message.declaration is None
    (finding,) = message.findings
    assert finding.field == field
    assert said in finding.message, finding.message
    assert finding.message.startswith(field)


def test_all_refusals_come_at_once() -> None:
    data = changed("items.0.origin", "QQ").replace(b'"KEMBA"', b'""').replace(b'"2"', b'"9"')
    assert {finding.field for finding in json.read(data).findings} == {
        "items[0].origin",
        "office",
        "incoterm_place",
        "representative_status",
    }


def test_a_long_value_is_shown_in_part() -> None:
    (finding,) = json.read(changed("lrn", "x" * 10_000)).findings
    assert len(finding.message) < 300


def test_a_thousand_items_are_refused() -> None:
    message = plain.loads(json.write(bananas()))
    message["items"] *= 1000
    (finding,) = json.read(plain.dumps(message).encode()).findings
    assert finding.field == "items" and "at most 999 entries" in finding.message


def test_a_thousand_wrong_items_give_no_more_than_a_hundred_findings() -> None:
    message = plain.loads(json.write(bananas()))
    message["items"] = [{}] * 900
    began = time.perf_counter()
    assert len(json.read(plain.dumps(message).encode()).findings) == 100
    assert time.perf_counter() - began < 1


@pytest.mark.parametrize("value", ["[]", "null", "7", '"text"'])
def test_what_is_no_object_is_refused_as_a_whole(value: str) -> None:
    (finding,) = json.read(value.encode()).findings
    assert finding.field == "(the whole message)"
    assert "must be an object" in finding.message


def test_a_name_that_stands_twice_is_refused() -> None:
    data = json.write(bananas())[:-1] + b',"lrn":"other"}'
    with pytest.raises(MalformedMessage, match="'lrn' stands twice"):
        json.read(data)


def test_fifty_megabytes_are_refused_at_once() -> None:
    with pytest.raises(TooLarge):
        json.read(b'{"a":"' + b"x" * 50_000_000 + b'"}')


def test_offsets_become_utc() -> None:
    declaration = json.read(changed("arrival_expected_at", "2026-03-04T09:30:00+03:00")).declaration
    assert declaration == bananas()


def test_the_schema_describes_what_is_read() -> None:
    schema = json.schema()
    assert set(schema["required"]) >= {"format", "lrn", "items", "invoice"}
    assert schema["additionalProperties"] is False
    items = schema["$defs"]["_Item"]["properties"]
    assert items["net_mass_kg"]["pattern"] == r"^([0-9]{1,10}(\.[0-9]{1,6})?)$"
    assert schema["properties"]["arrival_expected_at"]["anyOf"][0]["format"] == "date-time"


def test_the_example_of_the_specification_is_read() -> None:
    found = re.search(r"```json\n(.*?)```", SPECIFICATION.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    message = json.read(found[1].encode())
    assert message.findings == ()
    assert message.declaration is not None and message.declaration.items[0].documents


@pytest.mark.parametrize("hint", ["", "application/json; charset=utf-8", ".json", "order.JSON"])
def test_a_reader_is_chosen_for_json(hint: str) -> None:
    assert reading.read(json.write(bananas()), hint).form is Form.JSON


@pytest.mark.parametrize("hint", ["", "application/xml", "text/xml", ".xml"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_reader_is_chosen_for_xml(hint: str, encoding: str) -> None:
    data = wco.write(bananas()).decode().replace("UTF-8", encoding).encode(encoding)
    assert reading.read(data, hint).declaration == bananas()


@pytest.mark.parametrize("data", [b"", b"lrn: 1", b"%PDF-1.7", b"UNB+UNOA"])
def test_other_forms_are_refused(data: bytes) -> None:
    with pytest.raises(MalformedMessage):
        reading.read(data)
