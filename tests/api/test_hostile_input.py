"""What strangers send: a clear refusal that names the field, nothing changed, never a 500."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from clearway.declarations.formats import json as json_form
from clearway.declarations.formats import wco

XML, JSON = "application/xml", "application/json"
RECORDED_REFUSALS = {"declaration.rejected/1"}
BOX = "CSQU3054383"
JOURNEY = {"container": BOX, "commodity": "banana", "loaded_at": "2026-07-01T00:00:00Z"}
ARRIVED = {"event": "arrived", "container": BOX, "office": "XAPRT", "at": "2026-07-14T07:00:00Z"}
READING = {"seq": 1, "at": "2026-07-14T07:00:00Z", "supply_c": 13.2}
BATCH = {"device": "R7", "container": BOX, "boot_id": "1", "readings": [READING]}

DOORS = {
    "declaration": ("/v1/declarations", "acme"),
    "certificate": ("/v1/certificates", "amina"),
    "readings": ("/v1/readings", "carrier"),
    "journey": ("/v1/journeys", "carrier"),
    "movement": ("/v1/movements", "carrier"),
    "result": ("/v1/examinations/1/result", "bea"),
    "release": ("/v1/declarations/26XAPRT000000000C3/release", "amina"),
    "delay": ("/v1/declarations/26XAPRT000000000C3/delay", "amina"),
}
BROKEN = {
    "empty": b"",
    "blanks": b" \r\n\t ",
    "nul": b"\x00" * 40,
    "half a brace": b"{",
    "half an element": b"<Declaration><a>",
    "nonsense": b"nonsense",
    "number": b"12",
    "list": b"[]",
    "null": b"null",
    "text": b'"text"',
    "not utf-8": b'{"lrn": "\xff\xfe"}',
    "utf-16": '{"lrn": "T-1"}'.encode("utf-16"),
    "utf-32": '{"lrn": "T-1"}'.encode("utf-32"),
    "latin-1 in xml": '<?xml version="1.0" encoding="latin-1"?><D>é</D>'.encode("latin-1"),
    "no such encoding": b'<?xml version="1.0" encoding="x-klingon"?><D/>',
    "gzip": gzip.compress(b"{}"),
    "nan": b'{"lrn": NaN}',
    "infinity": b'{"lrn": -Infinity}',
    "a name twice": b'{"lrn": "1", "lrn": "2"}',
    "lone surrogate": b'{"lrn": "\\ud800"}',
    "deep list": b"[" * 100_000 + b"]" * 100_000,
    "deep object": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "deep xml": b"<a>" * 50_000 + b"</a>" * 50_000,
    "long number": b'{"a": ' + b"9" * 10_000 + b"}",
    "great exponent": b'{"a": 1e999999999}',
    "unknown field": b'{"surprise": 1}',
    "entity bomb": b'<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]><a>&c;</a>',
    "external entity": b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
    "parameter entity": b'<!DOCTYPE a [<!ENTITY % b SYSTEM "http://127.0.0.1:9/x">%b;]><a/>',
    "other document": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
}


def media_types(body: bytes) -> Iterable[str]:
    return (XML,) if body.lstrip()[:1] == b"<" else (JSON,)


def send(border: Any, door: str, body: bytes, media_type: str, **query: str) -> Any:
    path, who = DOORS[door]
    headers = {"Content-Type": media_type}
    return border.ask("POST", path, who, content=body, headers=headers, params=query)


def require_refused(border: Any, size: int, answer: Any) -> dict[str, Any]:
    """Require a refusal that explains itself and recorded no more than itself."""
    assert 400 <= answer.status_code < 500, (answer.status_code, answer.text[:300])
    problem: dict[str, Any] = answer.json()
    assert problem["status"] == answer.status_code
    assert len(problem["detail"]) > 10
    assert len(answer.content) < 70_000
    assert {fact.type for fact in border.facts(size)} <= RECORDED_REFUSALS
    return problem


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("name", BROKEN)
def test_what_cannot_be_read_is_refused_at_every_door(
    used_border: Any, door: str, name: str
) -> None:
    for media_type in media_types(BROKEN[name]):
        size = used_border.node.log.size
        require_refused(used_border, size, send(used_border, door, BROKEN[name], media_type))


@pytest.mark.parametrize("name", BROKEN)
def test_a_logger_file_that_is_none_is_refused(used_border: Any, name: str) -> None:
    size = used_border.node.log.size
    query = {"container": BOX, "device": "R7"}
    answer = send(used_border, "readings", BROKEN[name], "text/csv", **query)
    require_refused(used_border, size, answer)


@pytest.mark.parametrize("door", DOORS)
def test_a_body_over_the_limit_is_refused(used_border: Any, door: str) -> None:
    size = used_border.node.log.size
    body = b"{" + b" " * used_border.node.settings.body_limit_bytes + b"}"
    assert send(used_border, door, body, JSON).status_code == 413
    assert used_border.node.log.size == size


@pytest.mark.parametrize("media_type", ["text/plain", "image/png", "", "multipart/form-data", "x"])
def test_a_declaration_of_another_media_type_is_refused_with_the_ones_that_are_read(
    used_border: Any, sample: Any, media_type: str
) -> None:
    size = used_border.node.log.size
    body = json.dumps(sample("T-9")).encode()
    answer = send(used_border, "declaration", body, media_type)
    problem = require_refused(used_border, size, answer)
    assert "application/xml" in problem["detail"]


def fields(problem: dict[str, Any]) -> str:
    named = [problem.get("field", ""), problem["detail"]]
    return " ".join([*named, *(one["field"] for one in problem.get("findings", ()))])


WRONG_HEADERS: dict[str, Any] = {
    "transport_mode": "99", "office": "NOWHERE!", "country_of_dispatch": "ZZ",
    "gross_mass_kg": "-5", "packages": -1, "invoice": {"amount": "-1", "currency": "USD"},
    "arrival_expected_at": "2026-07-16T09:30:00", "kind": "smuggle", "lrn": "", "ucr": "x",
    "containers": [{"number": "CSQU3054384", "seals": []}], "items": [], "format": "other/1",
    "item_count": "1", "documents": [{"type": "", "number": ""}], "goods_location": "\u0000",
}  # fmt: skip
WRONG_ITEMS: dict[str, Any] = {
    "hs": "77019999", "origin": "XX", "net_mass_kg": "-1", "gross_mass_kg": "NaN",
    "packages": 10**30, "procedure": "??", "value": {"amount": "1e5", "currency": "USD"},
    "number": 0, "description": "", "preference": "abc", "containers": ["NONE"],
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG_HEADERS)
def test_a_wrong_value_of_the_header_is_refused_by_its_name(used_border: Any, name: str) -> None:
    size = used_border.node.log.size
    changes = {"lrn": f"H-{name[:20]}", name: WRONG_HEADERS[name]}
    answer = used_border.declare(**changes)
    assert name in fields(require_refused(used_border, size, answer))


@pytest.mark.parametrize("name", WRONG_ITEMS)
def test_a_wrong_value_of_an_item_is_refused_by_its_name(used_border: Any, name: str) -> None:
    size = used_border.node.log.size
    answer = used_border.declare(f"I-{name[:20]}", item={name: WRONG_ITEMS[name]})
    problem = require_refused(used_border, size, answer)
    assert f"items[0].{name}" in fields(problem)


def texts(value: Any, path: tuple[Any, ...] = ()) -> Iterable[tuple[Any, ...]]:
    """Yield the path of every text in a JSON value."""
    if isinstance(value, str):
        yield path
    children = (
        value.items() if isinstance(value, dict)
        else enumerate(value) if isinstance(value, list) else ()
    )  # fmt: skip
    for key, child in children:
        yield from texts(child, (*path, key))


def put(value: Any, path: tuple[Any, ...], text: str) -> Any:
    changed = json.loads(json.dumps(value))
    *steps, last = path
    inner = changed
    for step in steps:
        inner = inner[step]
    inner[last] = text
    return changed


NASTY = (
    "\x00", "a\x1bb", "\u202egnp", "a\u200bb", "x" * 3_000, "<script>", "'; DROP TABLE fact;--",
    "\ud83d\ude00", "=cmd|' /C calc'!A0", "../../etc/passwd", "%n%s", "\uffff", "\ufdfa" * 40,
)  # fmt: skip


def test_naughty_texts_in_every_field_of_a_declaration_never_break_the_door(
    used_border: Any, sample: Any
) -> None:
    whole = sample("N-1")
    for place, path in enumerate(texts(whole)):
        text = NASTY[place % len(NASTY)]
        for number, nasty in enumerate((text, "\x00", "\u202egnp")):
            changed = put(sample(f"N-{place}-{number}"), path, nasty)
            answer = used_border.lodge(json.dumps(changed).encode())
            assert answer.status_code < 500, (path, nasty, answer.text[:200])
            if nasty in ("\x00", "\u202egnp"):
                assert answer.status_code in (422, 403), (path, nasty, answer.text[:200])


def test_naughty_strings_of_the_list_never_break_the_door(
    used_border: Any, sample: Any, shared_data: Path
) -> None:
    naughty = json.loads((shared_data / "hostile/naughty/blns.json").read_text("utf-8"))
    for place, text in enumerate(naughty[::3]):
        changed = sample(f"B-{place}", vessel=text, item={"description": text})
        answer = used_border.lodge(json.dumps(changed).encode())
        assert answer.status_code < 500, (text, answer.text[:200])
        query = {"search": text[:40], "cursor": text[:200]}
        answer = used_border.ask("GET", "/v1/declarations", "acme", params=query)
        assert answer.status_code < 500, (text, answer.text[:200])


def test_the_xxe_payloads_are_refused_at_both_xml_doors(
    used_border: Any, shared_data: Path
) -> None:
    files = sorted((shared_data / "hostile/payloads/xxe").iterdir())
    assert files
    for file in files:
        for door in ("declaration", "certificate"):
            size = used_border.node.log.size
            answer = send(used_border, door, file.read_bytes(), XML)
            require_refused(used_border, size, answer)
            assert "root:" not in answer.text


def test_json_test_vectors_never_break_a_door(used_border: Any, shared_data: Path) -> None:
    files = sorted((shared_data / "hostile/json/test_parsing").glob("*.json"))
    assert len(files) > 300
    for place, file in enumerate(files):
        door = list(DOORS)[place % len(DOORS)]
        size = used_border.node.log.size
        answer = send(used_border, door, file.read_bytes(), JSON)
        require_refused(used_border, size, answer)


@pytest.mark.parametrize("cut", range(0, 100, 7))
def test_a_declaration_in_xml_cut_short_is_refused(used_border: Any, sample: Any, cut: int) -> None:
    declaration = json_form.read(json.dumps(sample("X-1")).encode()).declaration
    assert declaration is not None
    body = wco.write(declaration)
    size = used_border.node.log.size
    answer = send(used_border, "declaration", body[: len(body) * cut // 100], XML)
    require_refused(used_border, size, answer)


WRONG_MESSAGES: list[tuple[str, dict[str, Any], str, Any]] = [
    ("movement", ARRIVED, "at", "2031-01-01T00:00:00Z"),
    ("movement", ARRIVED, "at", "2026-07-14T07:00:00"),
    ("movement", ARRIVED, "at", 5),
    ("movement", ARRIVED, "container", "CSQU3054384"),
    ("movement", ARRIVED, "event", "vanished"),
    ("movement", ARRIVED, "office", ""),
    ("movement", ARRIVED, "office", "\u202e"),
    ("movement", ARRIVED, "vessel", "x" * 900),
    ("journey", JOURNEY, "commodity", "unicorn"),
    ("journey", JOURNEY, "container", "X"),
    ("journey", JOURNEY, "loaded_at", "2031-01-01T00:00:00Z"),
    ("journey", JOURNEY, "set_point_c", 900),
    ("journey", JOURNEY, "set_point_c", "cold"),
    ("journey", JOURNEY, "life_used_days", -3),
    ("readings", BATCH, "container", "CSQU3054384"),
    ("readings", BATCH, "device", ""),
    ("readings", BATCH, "device", "\x00"),
    ("readings", BATCH, "readings", []),
    ("readings", BATCH, "readings", [READING | {"seq": -1}]),
    ("readings", BATCH, "readings", [READING | {"seq": 2**70}]),
    ("readings", BATCH, "readings", [READING | {"at": "2031-01-01T00:00:00Z"}]),
    ("readings", BATCH, "readings", [READING | {"at": "2026-07-14T07:00:00"}]),
]


@pytest.mark.parametrize(("door", "good", "name", "value"), WRONG_MESSAGES)
def test_a_wrong_value_in_a_message_is_refused_by_its_name(
    used_border: Any, door: str, good: dict[str, Any], name: str, value: Any
) -> None:
    size = used_border.node.log.size
    body = json.dumps(good | {name: value}).encode()
    problem = require_refused(used_border, size, send(used_border, door, body, JSON))
    assert name in fields(problem), problem


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("outcome", "maybe"), ("findings", [{"kind": "X Y"}]), ("extra_revenue", "-5"),
        ("extra_revenue", 5), ("ended_at", "2026-07-14T07:00:00"), ("started_at", "yesterday"),
        ("findings", [{"kind": "a", "item": 0}]), ("surprise", 1),
    ],
)  # fmt: skip
def test_a_wrong_value_in_a_result_is_refused_by_its_name(
    used_border: Any, name: str, value: Any
) -> None:
    size = used_border.node.log.size
    body = json.dumps({"outcome": "conform", name: value}).encode()
    problem = require_refused(used_border, size, send(used_border, "result", body, JSON))
    assert name in fields(problem), problem


@pytest.mark.parametrize("mrn", ["x", "26XAPRT000000000C4", "é" * 18, "%00", "1" * 300, "..%2f"])
def test_a_number_that_is_none_is_refused(used_border: Any, mrn: str) -> None:
    for path in (f"/v1/declarations/{mrn}", f"/v1/declarations/{mrn}/decisions"):
        assert 400 <= used_border.ask("GET", path, "amina").status_code < 500


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 201}, {"limit": "x"}, {"limit": -1}])
@pytest.mark.parametrize("path", ["/v1/declarations", "/v1/examinations", "/v1/reefers"])
def test_a_page_of_no_sensible_length_is_refused(
    used_border: Any, path: str, query: dict[str, Any]
) -> None:
    answer = used_border.ask("GET", path, "amina", params=query)
    assert answer.status_code == 422
    assert "limit" in answer.json()["detail"]


@pytest.mark.parametrize("seq", ["-1", "x", str(2**63), str(2**70), "99999"])
def test_a_place_in_the_log_that_is_none_is_refused(used_border: Any, seq: str) -> None:
    answer = used_border.ask("GET", f"/v1/ledger/facts/{seq}/receipt", "auditor")
    assert 400 <= answer.status_code < 500
    answer = used_border.ask("POST", f"/v1/alarms/{seq}/acknowledge", "amina")
    assert 400 <= answer.status_code < 500
