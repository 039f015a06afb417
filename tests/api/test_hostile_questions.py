"""Questions that nobody sensible asks: refused by name, and never a failure of ours."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from tests.api.conftest import BOX
from tests.api.test_epcis import ROOT, capture, event

BEYOND = ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00")
"""Instants that are none in UTC."""


@pytest.mark.parametrize("at", BEYOND)
def test_an_instant_beyond_the_calendar_is_refused_by_its_name(border: Any, at: str) -> None:
    for name in ("GE_eventTime", "LT_recordTime", "GE_errorDeclarationTime"):
        answer = border.ask("GET", f"{ROOT}/events", "carrier", params={name: at})
        assert answer.status_code == 400, answer.text
    reading = {"seq": 0, "at": at, "supply_c": 1.0}
    batch = {"device": "r", "container": BOX, "boot_id": "1", "readings": [reading]}
    answer = border.ask("POST", "/v1/readings", "carrier", json=batch)
    assert (answer.status_code, answer.json()["field"]) == (422, "readings[0].at")
    journey = {"container": BOX, "commodity": "avocado_hass", "loaded_at": at}
    answer = border.ask("POST", "/v1/journeys", "carrier", json=journey)
    assert (answer.status_code, answer.json()["field"]) == (422, "loaded_at")
    path = f"/v1/reefers/{BOX}/treatments/citrus_medfly_1.4_16d"
    answer = border.ask("GET", path, "carrier", params={"since": at})
    assert (answer.status_code, answer.json()["field"]) == (422, "since")
    named = {"name": "all", "query": {"eventType": ["ObjectEvent"]}}
    assert border.ask("POST", f"{ROOT}/queries", "carrier", json=named).status_code == 201
    wish = {"dest": "https://h.example/", "stream": True, "initialRecordTime": at}
    answer = border.ask("POST", f"{ROOT}/queries/all/subscriptions", "carrier", json=wish)
    assert answer.status_code == 400, answer.text


@pytest.mark.parametrize("pattern", ["urn:epc:class:lgtin:.*", "urn:epc:class:lgtin:a.b.*"])
def test_a_pattern_of_lots_without_digits_is_refused(border: Any, pattern: str) -> None:
    answer = border.ask("GET", f"{ROOT}/events", "carrier", params={"MATCH_epcClass": pattern})
    assert answer.status_code == 400, answer.text


def test_patterns_are_bounded_over_a_whole_question(border: Any) -> None:
    """Nine parameters of 490 prefixes each took seconds, and more than SQLite parses."""
    patterns = [f"urn:epc:idpat:sgtin:{number:07d}.*" for number in range(49)]
    for count, status in ((1, 201), (2, 400), (9, 400)):
        names = ("epc", "anyEPC", "parentID", "inputEPC", "outputEPC", "epcClass")
        names += ("inputEPCClass", "outputEPCClass", "anyEPCClass")
        query = {f"MATCH_{name}": patterns for name in names[:count]}
        form = {"name": f"many{count}", "query": query}
        answer = border.ask("POST", f"{ROOT}/queries", "carrier", json=form)
        assert answer.status_code == status, answer.text
    assert border.ask("GET", f"{ROOT}/queries/many1/events", "carrier").status_code == 200


@pytest.mark.parametrize("order", [{}, {"orderBy": "eventTime"}])
def test_a_token_of_ones_own_making_leads_nowhere(border: Any, order: dict[str, str]) -> None:
    """A token is not signed: whoever forges one is answered from what they may see, or refused."""
    capture(border, *(event(n) for n in range(1, 8)))
    asked = {"perPage": "3", **order}
    link = border.ask("GET", f"{ROOT}/events", "carrier", params=asked).links["next"]["url"]
    text = parse_qs(urlsplit(link).query)["nextPageToken"][0]
    whole = msgspec.json.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    for place in range(1, len(whole)):
        for value in (0, -1, 1 << 62, 1 - (1 << 63), 253_402_300_800_000_000, None, "x\0"):
            forged = [*whole[:place], value, *whole[place + 1 :]]
            token = base64.urlsafe_b64encode(msgspec.json.encode(forged)).decode().rstrip("=")
            given = {**asked, "nextPageToken": token}
            answer = border.ask("GET", f"{ROOT}/events", "carrier", params=given)
            assert answer.status_code in (200, 400), (place, value, answer.text)
