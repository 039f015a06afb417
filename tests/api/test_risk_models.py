"""Doors on risk models: analysts and officers read, others do not; findings come back to risk."""

from __future__ import annotations

from typing import Any

import pytest

from clearway.coldchain.archive import SERIES
from clearway.lake.writer import LakeWriter

from .conftest import Border

_READ = ("performance", "drift", "fairness", "models")


def _copy(border: Border) -> None:
    with border.node.reading() as connection:
        LakeWriter(border.node.folder.lake, series=SERIES).copy(connection)


@pytest.mark.parametrize("door", _READ)
def test_who_may_not_read_of_risk_is_refused(border: Border, door: str) -> None:
    assert border.ask("GET", f"/v1/risk/{door}", "acme").status_code == 403


def test_a_day_is_shown_by_week_and_as_a_report(border: Border) -> None:
    border.mrn()
    _copy(border)
    shown: Any = border.ask("GET", "/v1/risk/performance?by=office", "amina").json()["data"]
    (week,) = shown["weeks"]
    assert (week["group"], week["declarations"], week["hits"]["value"]) == ("XAPRT", 1, None)
    report = border.ask("GET", "/v1/risk/fairness", "amina").json()["data"]
    assert report["declarations"] == 1 and report["limits"]
    text = border.ask("GET", "/v1/risk/fairness?form=markdown", "amina").text
    assert "article 7.4.2" in text and "cannot say" in text
    assert border.ask("GET", "/v1/risk/fairness?form=csv", "amina").text.startswith("dimension,")


def test_an_empty_past_says_so(border: Border) -> None:
    assert border.ask("GET", "/v1/risk/performance", "amina").json()["data"]["weeks"] == []
    assert border.ask("GET", "/v1/risk/fairness", "amina").status_code == 400
    models = border.ask("GET", "/v1/risk/models", "amina").json()["data"]
    assert (models["active"], models["challenger"], models["events"]) == (None, None, [])
    assert border.ask("GET", "/v1/risk/drift", "amina").json()["data"] == []


def test_no_officer_brings_a_model_into_use_and_none_is_made_up(border: Border) -> None:
    body = {"reason": "Because."}
    for name in ("lgb-0123456789abcdef", "node"):
        answer = border.ask("POST", f"/v1/risk/models/{name}/activation", "amina", json=body)
        assert answer.status_code in (403, 404), answer.text
