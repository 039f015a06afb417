"""One envelope around every success, one problem for every error, one document that says so."""

from __future__ import annotations

import json
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings

from clearway.api.app import build_api
from clearway.api.problems import problem
from clearway.errors import StorageFailure, TryLater, WrongState

PROBLEM = {"type", "code", "title", "status", "detail"}
# Doors whose answers other specifications give their form (C2SP tlog-tiles, tlog-checkpoint,
# tlog-witness): on success they bear what is said there; their errors are problems as elsewhere.
SPECIFIED = {
    "/v1/ledger/checkpoint": "text/plain",
    "/v1/ledger/key": "text/plain",
    "/v1/log/checkpoint": "text/plain",
    "/v1/log/tile/{rest}": "application/octet-stream",
    "/v1/certificates/status-lists/{list_id}": "application/statuslist+cwt",
    "/v1/witness/{origin_hash}/checkpoint": "text/plain",
}
EPCIS = "epcis"
QUIET = settings(
    max_examples=6, deadline=None, derandomize=True, database=None,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


def require_epcis(answer: Any) -> None:
    """Require what EPCIS 2.0 says of its answers: a version, and problems of its own types."""
    assert answer.status_code < 500, answer.text[:300]
    kind = answer.headers["content-type"]
    if answer.status_code < 400:
        assert answer.headers["gs1-epcis-version"] == "2.0"
        assert kind == "application/json"
        return
    assert kind == "application/problem+json"
    body = answer.json()
    assert set(body) >= PROBLEM
    assert body["status"] == answer.status_code
    assert body["type"].startswith(("epcisException:", "urn:clearway:problem:"))


def require_shape(answer: Any) -> None:
    """Require the envelope of a success or the problem of an error."""
    assert answer.status_code < 500, answer.text[:300]
    kind = answer.headers["content-type"]
    if answer.status_code >= 400:
        assert kind == "application/problem+json"
        body = answer.json()
        assert set(body) >= PROBLEM
        assert body["status"] == answer.status_code
        assert body["type"] == f"urn:clearway:problem:{body['code']}"
        assert body["title"]
        assert body["detail"]
        return
    assert kind == "application/json"
    body = answer.json()
    if body.get("receipt") != "clearway-receipt/1":  # a receipt stands by itself
        assert set(body) == {"data", "receipt", "next"}


def require_form(specified: str | None, answer: Any) -> None:
    """Require the media type that another specification gives a success, else our own shape."""
    if specified == EPCIS:
        require_epcis(answer)
    elif specified is None or answer.status_code >= 400:
        require_shape(answer)
    else:
        assert answer.headers["content-type"].startswith(specified)


def test_answers_and_errors_have_one_shape_each(used_border: Any) -> None:
    mrn = used_border.mrn("S-1")
    paths = [
        "/v1/me", "/v1/declarations", f"/v1/declarations/{mrn}", "/v1/notifications",
        f"/v1/declarations/{mrn}/decisions", "/v1/examinations", "/v1/examinations?order=newest",
        "/v1/examinations/none", "/v1/reefers", "/v1/reefers/none", "/v1/alarms",
        "/v1/certificates", "/v1/certificates/851/EC/none", "/v1/certificates/851/ZZ/none",
        "/v1/insight/release-times", "/v1/ledger/facts/0/receipt", "/v1/nothing", "/nothing",
        "/v1/declarations?limit=none", "/health/live", "/health/ready",
    ]  # fmt: skip
    for path in paths:
        for who in ("acme", "amina", "auditor", "carrier", None):
            require_shape(used_border.ask("GET", path, who))
    for method in ("PUT", "DELETE", "PATCH"):
        require_shape(used_border.ask(method, "/v1/declarations", "acme"))
    for lrn in ("S-1", "S-2"):
        require_shape(used_border.declare(lrn, packages=1000))
    require_shape(used_border.declare("S-1", vessel="MV OTHER"))
    require_shape(used_border.declare("S-3", packages=4))
    require_shape(used_border.arrive())


def test_readings_that_differ_from_those_on_file_are_a_problem_with_counts(
    used_border: Any,
) -> None:
    reading = {"seq": 1, "at": "2026-07-14T07:00:00Z", "supply_c": 13.2}
    batch = {"device": "R7", "container": "CSQU3054383", "boot_id": "1", "readings": [reading]}
    path = "/v1/readings"
    first = used_border.ask("POST", path, "carrier", json=batch)
    assert (first.status_code, first.json()["data"]["recorded"]) == (201, 1)
    again = used_border.ask("POST", path, "carrier", json=batch)
    assert (again.status_code, again.json()["data"]["repeated"]) == (201, 1)
    batch["readings"] = [reading | {"supply_c": 14.0}]
    differing = used_border.ask("POST", path, "carrier", json=batch)
    require_shape(differing)
    assert (differing.status_code, differing.json()["differing"]) == (409, 1)


def test_a_field_of_an_error_never_passes_for_the_status_of_the_answer() -> None:
    answer = problem(WrongState("It is over", status="invalidated", code="x"))
    body = json.loads(bytes(answer.body))
    assert (answer.status_code, body["status"], body["code"]) == (409, 409, "wrong_state")


@pytest.mark.parametrize(
    ("error", "status"),
    [(TryLater("busy", retry_after_s=3), 503), (TryLater("busy", lane="acme"), 429)],
)
def test_who_must_wait_is_told_how_long(error: TryLater, status: int) -> None:
    answer = problem(error)
    assert answer.status_code == status
    assert answer.headers["retry-after"] == str(error.retry_after_s)


def test_a_node_whose_store_failed_answers_503_to_the_watch_and_says_why() -> None:
    answer = problem(StorageFailure("The disk is full"), status=503)
    assert (answer.status_code, json.loads(bytes(answer.body))["status"]) == (503, 503)


def test_the_openapi_document_builds_and_names_the_problem_of_each_door(used_border: Any) -> None:
    document = used_border.ask("GET", "/v1/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    doors = [
        (method, path, operation)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if path.startswith("/v1/")
    ]
    assert len(doors) > 25
    names = [operation["operationId"] for _, _, operation in doors]
    assert len(set(names)) == len(names)
    for method, path, operation in doors:
        assert operation["summary"], (method, path)
        assert {"401", "403", "404", "409", "422"} <= set(operation["responses"]), (method, path)
    assert set(document["components"]["schemas"]["Problem"]["required"]) == PROBLEM


def try_door(border: Any, operation: Any) -> None:
    @given(case=operation.as_strategy())
    @QUIET
    def ask(case: Any) -> None:
        given_back = border.ask("GET", case.formatted_path, "amina", params=case.query)
        is_epcis = operation.path.startswith("/v1/epcis")
        require_form(EPCIS if is_epcis else SPECIFIED.get(operation.path), given_back)

    ask()


def test_no_query_that_the_document_allows_or_forbids_breaks_a_reading_door(
    used_border: Any,
) -> None:
    schema = schemathesis.openapi.from_dict(build_api(used_border.node).openapi())
    asked = 0
    for found in schema.get_all_operations():
        operation = found.ok()
        if operation.method.upper() != "GET" or not operation.path.startswith("/v1/"):
            continue
        try_door(used_border, operation)
        asked += 1
    assert asked >= 12
