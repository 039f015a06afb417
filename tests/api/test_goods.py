"""The library, a treatment held against all probes, and in whose hands life was lost."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.api.conftest import BOX, Border


def said(border: Border, path: str, who: str = "amina", **query: Any) -> Any:
    answer = border.ask("GET", path, who, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def loaded(border: Border, commodity: str, probes: list[float], days: int = 17) -> None:
    """Tell a journey and its hourly readings, up to the present."""
    now = border.clock()
    start = now - timedelta(days=days)
    journey = {
        "container": BOX, "commodity": commodity, "loaded_at": start.isoformat(),
        "loaded_pulp_c": max(probes),
    }  # fmt: skip
    assert border.ask("POST", "/v1/journeys", "carrier", json=journey).status_code == 201
    readings = [
        {"seq": n, "at": (start + timedelta(hours=n)).isoformat(), "supply_c": min(probes),
         "return_c": max(probes), "probes_c": probes}
        for n in range(days * 24 + 1)
    ]  # fmt: skip
    batch = {"device": "R7", "container": BOX, "boot_id": "1", "readings": readings}
    answer = border.ask("POST", "/v1/readings", "carrier", json=batch)
    assert answer.status_code == 201, answer.text


def test_the_library_is_told_with_sources(used_border: Border) -> None:
    everything = said(used_border, "/v1/commodities")
    assert len(everything) > 90
    assert all(one["source"] for one in everything)
    assert said(used_border, "/v1/commodities/banana")["chilling_c"] == 11.0
    assert used_border.ask("GET", "/v1/commodities/nothing", "amina").status_code == 404
    assert len(said(used_border, "/v1/kinetics")) == 26
    assert {one["status"] for one in said(used_border, "/v1/treatments")} == {"seen", "weak"}


def test_a_treatment_is_held_against_every_probe(border: Border) -> None:
    loaded(border, "orange", [0.4, 0.5, 0.9])
    path = f"/v1/reefers/{BOX}/treatments/citrus_medfly_1.4_16d"
    without = said(border, path)
    assert without["proof"]["outcome"] == "not_provable"
    assert without["schedule"]["source"].startswith("Grout")
    offsets = ["USDA1:0.1", "USDA2:-0.1", "USDA3:0"]
    proved = said(border, path, offset=offsets)
    assert proved["proof"]["outcome"] == "pass"
    assert [one["name"] for one in proved["proof"]["probes"]] == ["USDA1", "USDA2", "USDA3"]
    assert proved["proof"]["probes"][2]["warmest_c"] == 0.9
    failed = said(border, path, offset=["USDA1:0", "USDA2:0", "USDA3:-0.29"])
    assert failed["proof"]["outcome"] == "fail"


@pytest.mark.parametrize(
    "query",
    [{"offset": ["USDA1"]}, {"offset": ["USDA1:x"]}, {"offset": ["USDA1:0", "USDA1:0"]},
     {"offset": ["USDA1:99"]}, {"offset": ["A:0"] * 17}, {"since": "2026-03-02T12:00:00"}],
)  # fmt: skip
def test_a_wrong_question_is_refused_by_its_field(used_border: Border, query: Any) -> None:
    path = f"/v1/reefers/{BOX}/treatments/citrus_medfly_1.4_16d"
    answer = used_border.ask("GET", path, "amina", params=query)
    assert answer.status_code == 422, answer.text


def test_an_unknown_treatment_or_container_is_not_found(used_border: Border) -> None:
    for path in (f"/v1/reefers/{BOX}/treatments/none", "/v1/reefers/none/custody"):
        assert used_border.ask("GET", path, "amina").status_code == 404


def test_life_lost_is_told_by_holder_and_adds_up(border: Border) -> None:
    loaded(border, "strawberry", [4.0, 4.0], days=2)
    found = said(border, f"/v1/reefers/{BOX}/custody")
    assert [one["holder"] for one in found["shares"]] == ["carrier"]
    lost = sum(Decimal(one["lost_days"]) for one in found["shares"])
    assert lost == Decimal(found["total_days"]) > 2


def test_a_handover_on_record_parts_the_loss(border: Border) -> None:
    loaded(border, "strawberry", [4.0, 4.0], days=2)
    at = border.clock() - timedelta(days=1)
    change = {
        "event": "custody_changed", "container": BOX, "at": at.isoformat(), "from": "XA10000003",
        "to": "XA10000009", "place": "cold store",
    }  # fmt: skip
    told = border.ask("POST", "/v1/movements", "carrier", json=change)
    assert told.status_code == 201, told.text
    found = said(border, f"/v1/reefers/{BOX}/custody")
    assert [one["holder"] for one in found["shares"]] == ["carrier", "XA10000009"]
    first, second = (Decimal(one["lost_days"]) for one in found["shares"])
    assert float(first) == pytest.approx(float(second), rel=0.2)
    assert first + second == Decimal(found["total_days"])


def test_the_doors_to_the_goods_ask_for_permission(used_border: Border) -> None:
    for path in ("/v1/commodities", "/v1/treatments", f"/v1/reefers/{BOX}/custody"):
        assert used_border.ask("GET", path).status_code == 401


def test_a_firm_does_not_end_the_journey_of_anothers_goods(border: Border) -> None:
    """Told that a container holds bananas, nobody would be alarmed by its warm apples."""
    loaded = border.clock() - timedelta(hours=9)
    mine = {"container": BOX, "commodity": "apple", "set_point_c": 1.0, "party": "XA10000001"}
    for who, hours, party, status in (
        ("acme", 0, "XA10000001", 201),
        ("rival", 1, "XA10000002", 403),
        ("acme", 2, "XA10000001", 201),
        ("carrier", 3, "XA10000002", 201),
    ):
        at = (loaded + timedelta(hours=hours)).isoformat()
        told = {**mine, "loaded_at": at, "party": party}
        answer = border.ask("POST", "/v1/journeys", who, json=told)
        assert answer.status_code == status, (who, answer.text)
