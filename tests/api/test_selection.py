"""Doors of selection: capacity, estimates, held greens, stops, the audit list."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from clearway.clearance.actions.let_go_unstopped import let_go_unstopped
from clearway.clearance.facts import Audited, Examined
from clearway.node.workers import _WORKER
from clearway.risk.model import Capacities

from .conftest import Border


@pytest.fixture
def delaying(border: Border) -> Border:
    """A border whose greens are held for an hour."""
    selectivity = border.node.rulebook.selectivity
    default = replace(selectivity.capacities.default, green_delay_minutes=60)
    chosen = replace(selectivity, capacities=Capacities(default))
    border.node.rulebook = replace(border.node.rulebook, selectivity=chosen)
    return border


def data(answer: Any) -> Any:
    assert answer.status_code < 300, answer.text
    return answer.json()["data"]


def test_capacity_is_shown_to_officers_with_what_today_brought(border: Border) -> None:
    border.mrn("T-1")
    found = data(border.ask("GET", "/v1/risk/capacity", "amina"))
    assert found["default"]["red"] == 24
    assert found["offices"][0]["today"]["arrivals"] == 1
    assert border.ask("GET", "/v1/risk/capacity", "acme").status_code == 403


def test_estimates_are_shown_with_their_coverage(border: Border) -> None:
    empty = border.ask("GET", "/v1/risk/estimates", "amina")
    assert empty.status_code == 422 and "nothing to estimate" in empty.text
    for number in range(3):
        border.mrn(f"T-{number}")
    found = data(border.ask("GET", "/v1/risk/estimates?ranking=score", "auditor"))
    assert found["coverage"]["declarations"] == 3
    assert found["coverage"]["uncovered"] == 3  # nothing is drawn at this border
    assert [one["method"] for one in found["judgements"]] == [
        "horvitz_thompson", "hajek", "stratified", "doubly_robust",
    ]  # fmt: skip
    assert found["recommended"] in ("stratified", "doubly_robust")
    assert border.ask("GET", "/v1/risk/estimates", "acme").status_code == 403
    assert border.ask("GET", "/v1/risk/estimates?ranking=luck", "amina").status_code == 422


def test_a_held_green_is_listed_and_stopped_by_an_officer_only(delaying: Border) -> None:
    mrn = delaying.mrn("T-1")
    (held,) = data(delaying.ask("GET", "/v1/risk/held", "amina"))
    assert held["mrn"] == mrn
    body = {"reason": "Another firm used this seal.", "scope": "goods"}
    path = f"/v1/declarations/{mrn}/stop"
    assert delaying.ask("POST", path, "acme", json=body).status_code == 403
    assert delaying.ask("POST", path, "rival", json=body).status_code == 404
    answer = delaying.ask("POST", path, "amina", json=body)
    assert answer.status_code == 201, answer.text
    assert data(delaying.ask("GET", "/v1/risk/held", "amina")) == []
    again = delaying.ask("POST", path, "amina", json=body)
    assert again.status_code == 409
    seq = answer.json()["data"]["seq"]
    assert delaying.ask("GET", f"/v1/ledger/facts/{seq}/receipt", "amina").status_code == 200
    assert delaying.ask("GET", f"/v1/ledger/facts/{seq}/receipt", "acme").status_code == 404
    decisions = delaying.ask("GET", f"/v1/declarations/{mrn}/decisions", "acme")
    assert "Another firm" not in decisions.text
    assert delaying.ask("GET", "/v1/risk/held", "acme").status_code == 403


def test_nobody_stops_it_and_it_goes(delaying: Border) -> None:
    delaying.mrn("T-1")
    delaying.node.act(_WORKER, let_go_unstopped).result()
    assert len(data(delaying.ask("GET", "/v1/risk/held", "amina"))) == 1


def test_the_audit_list_is_for_officers(border: Border) -> None:
    assert data(border.ask("GET", "/v1/audits", "amina")) == []
    assert data(border.ask("GET", "/v1/audits?status=all&office=XAPRT", "auditor")) == []
    assert border.ask("GET", "/v1/audits", "acme").status_code == 403


def _stopped(border: Border) -> tuple[str, datetime]:
    """Return the path of the result of an examination, and when it was ordered."""
    mrn = border.mrn("T-1")
    body = {"reason": "Another firm used this seal.", "scope": "goods"}
    data(border.ask("POST", f"/v1/declarations/{mrn}/stop", "amina", json=body))
    border.arrive()
    order = data(border.ask("GET", f"/v1/examinations/{mrn}-1", "amina"))
    return f"/v1/examinations/{mrn}-1/result", datetime.fromisoformat(order["ordered_at"])


def _refused(answer: Any, field: str, value: str, since: str) -> None:
    assert answer.status_code == 422, answer.text
    problem = answer.json()
    assert (problem["rule"], problem["field"]) == ("CLR_R79", field)
    assert f"{field} {value}" in problem["detail"]
    assert since in problem["detail"]
    assert "tell what was seen before in the note" in problem["detail"]


def test_no_examination_is_reported_from_before_it_was_ordered(delaying: Border) -> None:
    path, ordered = _stopped(delaying)
    for early in ("1990-01-01T00:00:00+00:00", (ordered - timedelta(minutes=6)).isoformat()):
        for times in ({"ended_at": early}, {"ended_at": early, "started_at": early},
                      {"started_at": early}):  # fmt: skip
            told = delaying.ask("POST", path, "amina", json={"outcome": "conform"} | times)
            _refused(told, "started_at", early, "was ordered")
    assert not [fact for fact in delaying.facts() if fact.type == Examined.TYPE]


def test_an_officers_clock_may_be_a_little_behind(delaying: Border) -> None:
    path, ordered = _stopped(delaying)
    behind = (ordered - timedelta(minutes=4)).isoformat()
    times = {"outcome": "conform", "started_at": behind, "ended_at": behind}
    assert delaying.ask("POST", path, "amina", json=times).status_code == 201


def test_no_audit_is_reported_from_before_the_goods_were_released(border: Border) -> None:
    mrn = border.mrn("T-1")
    border.arrive()
    path, early = f"/v1/declarations/{mrn}/audit", "1990-01-01T00:00:00+00:00"
    told = border.ask("POST", path, "amina", json={"outcome": "conform", "ended_at": early})
    _refused(told, "started_at", early, "the goods were released")
    assert not [fact for fact in border.facts() if fact.type == Audited.TYPE]
    assert border.ask("POST", path, "amina", json={"outcome": "conform"}).status_code == 201
