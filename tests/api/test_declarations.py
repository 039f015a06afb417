"""Declarations at their door: lodged once, proved, corrected, taken back, followed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from clearway.declarations.formats import json as json_form
from clearway.declarations.formats import wco
from clearway.ledger import receipt as receipts

BATCH = "/v1/declarations/batch"


def proved(border: Any, receipt: dict[str, Any]) -> Any:
    """Return the fact that a receipt proves, verified with the log's key alone."""
    found = receipts.parse(json.dumps(receipt).encode())
    return receipts.verify(found, [border.node.log.verifier]).fact


def lines(answer: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in answer.text.splitlines()]


def lodge_many(border: Any, body: bytes, who: str = "acme") -> list[dict[str, Any]]:
    headers = {"Content-Type": "application/x-ndjson"}
    answer = border.ask("POST", BATCH, who, content=body, headers=headers)
    assert answer.status_code == 200
    return lines(answer)


def test_a_declaration_lodged_is_answered_with_number_decision_and_a_receipt_that_holds(
    border: Any,
) -> None:
    answer = border.declare("T-1")
    assert answer.status_code == 201
    data = answer.json()["data"]
    assert (data["status"], data["decision"], data["repeated"]) == ("accepted", "release", False)
    fact = proved(border, answer.json()["receipt"])
    assert (fact.type, fact.seq) == ("declaration.accepted/1", data["seq"])
    assert fact.subject == f"declaration:{data['mrn']}"
    assert fact.actor == "trader:acme"


def test_the_same_message_again_is_answered_the_same_and_records_nothing(border: Any) -> None:
    first = border.declare("T-1")
    size = border.node.log.size
    again = border.declare("T-1")
    assert again.status_code == 200
    assert again.json()["data"] == first.json()["data"] | {"repeated": True}
    assert border.node.log.size == size
    assert proved(border, again.json()["receipt"]) == proved(border, first.json()["receipt"])


def test_other_content_under_the_key_is_refused_and_an_alarm_is_recorded(border: Any) -> None:
    mrn = border.mrn("T-1")
    size = border.node.log.size
    answer = border.declare("T-1", packages=999, item={"packages": 999})
    assert answer.status_code == 409
    problem = answer.json()
    assert (problem["code"], problem["mrn"]) == ("conflicting_key", mrn)
    assert "T-1" in problem["detail"]
    (alarm,) = border.facts(size)
    assert (alarm.type, alarm.seq) == ("declaration.key_conflict/1", problem["seq"])


def test_a_key_in_the_header_counts_for_more_than_the_reference(border: Any, sample: Any) -> None:
    first, second = (json.dumps(sample(lrn)).encode() for lrn in ("T-1", "T-2"))
    key = {"Idempotency-Key": "mine"}
    assert border.lodge(first, **key).status_code == 201
    assert border.lodge(second, **key).status_code == 409


def test_a_declaration_that_breaks_a_rule_is_recorded_as_rejected_with_every_finding(
    border: Any,
) -> None:
    size = border.node.log.size
    answer = border.declare("T-1", gross_mass_kg="1", packages=3)
    assert answer.status_code == 422
    problem = answer.json()
    assert problem["code"] == "rule_violation"
    severe = [one for one in problem["findings"] if one["level"] == "SEVERE"]
    assert severe
    assert all(one["field"] and one["message"] for one in severe)
    (fact,) = border.facts(size)
    assert (fact.type, fact.seq) == ("declaration.rejected/1", problem["seq"])


def test_a_rejected_declaration_is_mended_and_accepted_under_its_key(border: Any) -> None:
    assert border.declare("T-1", gross_mass_kg="1").status_code == 422
    assert border.declare("T-1").status_code == 201


def test_a_rejected_declaration_again_is_refused_again_and_recorded_once(border: Any) -> None:
    first = border.declare("T-1", gross_mass_kg="1").json()
    size = border.node.log.size
    assert border.declare("T-1", gross_mass_kg="1").json() == first
    assert border.node.log.size == size


def test_xml_and_json_say_the_same(border: Any, sample: Any) -> None:
    declaration = json_form.read(json.dumps(sample("T-1")).encode()).declaration
    assert declaration is not None
    answer = border.lodge(wco.write(declaration))
    assert answer.status_code == 201, answer.text
    data = answer.json()["data"]
    assert data["decision"] == "release"
    shown = border.ask("GET", f"/v1/declarations/{data['mrn']}", "acme").json()["data"]
    other = border.mrn("T-2")
    twin = border.ask("GET", f"/v1/declarations/{other}", "acme").json()["data"]
    assert shown["declaration"] == twin["declaration"] | {"lrn": "T-1"}


def test_a_declaration_shows_its_content_standing_and_steps(border: Any) -> None:
    mrn = border.mrn("T-1")
    answer = border.ask("GET", f"/v1/declarations/{mrn}", "acme")
    data = answer.json()["data"]
    assert (data["mrn"], data["version"]) == (mrn, 1)
    assert data["declaration"]["items"][0]["hs"] == "84713000"
    assert data["timeline"][0]["type"] == "declaration.accepted/1"
    assert data["channel"] == ""  # the channel of risk is for officers


def correct(border: Any, mrn: str, body: Any, who: str = "acme", **query: Any) -> Any:
    content = json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    params = {"reason": "Counted again"} | query
    path = f"/v1/declarations/{mrn}/correction"
    return border.ask("POST", path, who, content=content, headers=headers, params=params)


def test_a_correction_keeps_the_number_is_proved_and_decided_anew(border: Any, sample: Any) -> None:
    mrn = border.mrn("T-1")
    size = border.node.log.size
    banana = sample("T-1", item={"hs": "08039010", "description": "Fresh bananas"})
    answer = correct(border, mrn, banana)
    assert answer.status_code == 200, answer.text
    data = answer.json()["data"]
    assert (data["mrn"], data["version"], data["repeated"]) == (mrn, 2, False)
    assert proved(border, answer.json()["receipt"]).type == "declaration.corrected/1"
    assert "clearance.decided/1" in [fact.type for fact in border.facts(size)]
    decisions = border.ask("GET", f"/v1/declarations/{mrn}/decisions", "acme").json()["data"]
    assert decisions["decisions"][-1]["decided"]["decision"] == "hold"
    size = border.node.log.size
    again = correct(border, mrn, banana)
    assert (again.status_code, again.json()["data"]["repeated"]) == (200, True)
    assert border.node.log.size == size


def test_a_correction_of_another_version_is_refused(border: Any, sample: Any) -> None:
    mrn = border.mrn("T-1")
    assert correct(border, mrn, sample("T-1", vessel="MV KIJANI")).status_code == 200
    answer = correct(border, mrn, sample("T-1", vessel="MV OTHER"), version=1)
    assert answer.status_code == 409
    assert "Version 2" in answer.json()["detail"]


def test_a_correction_that_breaks_a_rule_changes_nothing(border: Any, sample: Any) -> None:
    mrn = border.mrn("T-1")
    size = border.node.log.size
    answer = correct(border, mrn, sample("T-1", gross_mass_kg="1"))
    assert answer.status_code == 422
    assert answer.json()["findings"]
    assert border.node.log.size == size


@pytest.mark.parametrize("reason", [None, "", "x" * 501])
def test_a_correction_needs_a_reason_of_sensible_length(
    border: Any, sample: Any, reason: str | None
) -> None:
    mrn = border.mrn("T-1")
    answer = correct(border, mrn, sample("T-1", packages=9), reason=reason)
    assert answer.status_code == 422
    assert "reason" in answer.json()["detail"]


def test_a_declaration_is_taken_back_once_and_stays_taken_back(border: Any) -> None:
    mrn = border.mrn("T-1")
    path = f"/v1/declarations/{mrn}/invalidation"
    answer = border.ask("POST", path, "acme", params={"reason": "Sold at sea"})
    assert answer.status_code == 200
    shown = border.ask("GET", f"/v1/declarations/{mrn}", "acme").json()["data"]
    assert shown["status"] == "invalidated"
    assert border.ask("POST", path, "acme", params={"reason": "Again"}).status_code == 409
    assert border.arrive().json()["data"]["released"] == []


def test_lists_are_read_page_by_page_to_their_end(border: Any) -> None:
    numbers = [border.mrn(f"T-{i}") for i in range(7)]
    found: list[str] = []
    query: dict[str, Any] = {"limit": 3}
    while True:
        answer = border.ask("GET", "/v1/declarations", "acme", params=query).json()
        found += [one["mrn"] for one in answer["data"]]
        if answer["next"] is None:
            break
        query["cursor"] = answer["next"]
    assert found == numbers[::-1]


@pytest.mark.parametrize("cursor", ["nonsense", "W10", "WyJhIl0", "e30", "!", "WzFd" * 40, "é"])
def test_a_cursor_that_is_not_ours_is_refused(border: Any, cursor: str) -> None:
    for path in ("/v1/declarations", "/v1/notifications"):
        answer = border.ask("GET", path, "acme", params={"cursor": cursor})
        assert answer.status_code == 422, (path, answer.text)
        assert "cursor" in answer.json()["detail"]


def test_lists_are_narrowed_by_status_and_search(border: Any) -> None:
    border.mrn("FIRST-1")
    second = border.mrn("SECOND-1")
    answer = border.ask("GET", "/v1/declarations", "acme", params={"search": "SECOND"})
    assert [one["mrn"] for one in answer.json()["data"]] == [second]
    answer = border.ask("GET", "/v1/declarations", "acme", params={"status": "released"})
    assert answer.json()["data"] == []
    answer = border.ask("GET", "/v1/declarations", "acme", params={"status": "lost"})
    assert (answer.status_code, answer.json()["field"]) == (422, "status")


def test_a_party_reads_its_notifications_once_each_by_the_cursor(border: Any) -> None:
    border.mrn("T-1")
    first = border.ask("GET", "/v1/notifications", "acme").json()
    assert [one["kind"] for one in first["data"]] == ["accepted"]
    border.arrive()
    query = {"cursor": first["next"]}
    second = border.ask("GET", "/v1/notifications", "acme", params=query).json()
    assert [one["kind"] for one in second["data"]] == ["released"]
    query = {"cursor": second["next"]}
    third = border.ask("GET", "/v1/notifications", "acme", params=query).json()
    assert (third["data"], third["next"]) == ([], second["next"])


def test_a_batch_is_answered_line_by_line_with_bad_lines_among_good_ones(
    border: Any, sample: Any
) -> None:
    good = [json.dumps(sample(f"T-{i}")).encode() for i in range(3)]
    body = b"\n".join([good[0], b"", b"{", b"[]", b"\xff", good[1], good[0], b"x" * 9, good[2]])
    found = lodge_many(border, body)
    assert [(one["line"], one["status"]) for one in found] == [
        (1, 201), (3, 400), (4, 422), (5, 400), (6, 201), (7, 200), (8, 400), (9, 201),
    ]  # fmt: skip
    assert all("data" in one or one["detail"] for one in found)


def test_a_batch_sent_again_after_a_break_lodges_nothing_twice(border: Any, sample: Any) -> None:
    body = b"\n".join(json.dumps(sample(f"T-{i}")).encode() for i in range(5))
    first = lodge_many(border, body[: len(body) // 2])
    second = lodge_many(border, body + b"\n")
    assert [one["status"] for one in first][:2] == [201, 201]
    assert [one["status"] for one in second] == [200, 200, 201, 201, 201]


def test_a_line_over_the_limit_ends_a_batch_with_a_refusal(border: Any, sample: Any) -> None:
    good = json.dumps(sample("T-1")).encode()
    long = b'{"lrn": "' + b"x" * (border.node.settings.body_limit_bytes + 10) + b'"}'
    found = lodge_many(border, good + b"\n" + long)
    assert [(one["line"], one["status"]) for one in found] == [(1, 201), (2, 413)]


def test_a_batch_lodges_nothing_for_parties_that_the_sender_does_not_represent(
    border: Any, sample: Any
) -> None:
    size = border.node.log.size
    (found,) = lodge_many(border, json.dumps(sample("T-1")).encode(), "rival")
    assert (found["status"], found["code"]) == (403, "refused")
    assert border.node.log.size == size
