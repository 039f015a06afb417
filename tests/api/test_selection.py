"""Doors of selection: capacity, estimates, held greens, stops, the audit list."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from clearway.clearance.actions.let_go_unstopped import let_go_unstopped
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
