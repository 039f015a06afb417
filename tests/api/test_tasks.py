"""Movements, tasks and notices through the doors."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from clearway.connectors.webhooks.sender import WebhookSender
from clearway.connectors.webhooks.signature import read_secret, verify
from clearway.node.notifying import Notifying
from clearway.node.tending import Tending
from clearway.terms.transport import ContainerNumber
from tests.api.conftest import BOX
from tests.connectors.receivers import http_server

_numbers = count(1)


class Day:
    """One node for the whole file; each test has a container of its own."""

    def __init__(self, border: Any, box: str) -> None:
        self.border, self.box = border, box

    def __getattr__(self, name: str) -> Any:
        return getattr(self.border, name)


def another() -> str:
    return str(ContainerNumber.build(f"TSKU{next(_numbers):06}"))


@pytest.fixture
def border(used_border: Any) -> Day:
    return Day(used_border, another())


def tell(border: Any, event: str, who: str = "carrier", **own: Any) -> Any:
    said = {"event": event, "container": border.box, "at": border.clock().isoformat(), **own}
    answer = border.ask("POST", "/v1/movements", who, json=said)
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]


def opened(border: Any, **own: Any) -> Any:
    return tell(border, "seal_reported", seal="EC-4711", state="opened", place="A104", **own)


def tasks(border: Any, who: str, **query: Any) -> list[dict[str, Any]]:
    query = {"container": border.box, **query}
    answer = border.ask("GET", "/v1/tasks", who, params=query)
    assert answer.status_code == 200, answer.text
    data: list[dict[str, Any]] = answer.json()["data"]
    return data


def act(border: Any, who: str, seq: int, verb: str, **body: Any) -> Any:
    return border.ask("POST", f"/v1/tasks/{seq}/{verb}", who, json=body)


def test_a_seal_opened_on_the_road_is_seen_taken_and_ended(border: Any) -> None:
    opened(border)
    (task,) = tasks(border, "amina")
    assert (task["cause"], task["level"], task["audiences"]) == ("seal", "critical", ["officer"])
    seq = task["seq"]
    assert act(border, "bea", seq, "take").status_code == 403, "of another agency"
    taken = act(border, "amina", seq, "take", note="On my way.").json()["data"]
    assert taken["task"]["taken_by"] == "officer:amina"
    assert act(border, "amina", seq, "comment", text="At row 7.").status_code == 200
    wrong = act(border, "amina", seq, "complete", outcome="mended")
    assert (wrong.status_code, wrong.json()["code"]) == (422, "bad_term")
    done = act(border, "amina", seq, "complete", outcome="sealed_anew", note="KE9 put on.")
    assert done.json()["data"]["task"]["state"] == "done"
    assert tasks(border, "amina") == []
    assert [one["seq"] for one in tasks(border, "amina", state="ended")] == [seq]
    whole = border.ask("GET", f"/v1/tasks/{seq}", "auditor").json()["data"]
    assert [one["text"] for one in whole["comments"]] == ["At row 7."]
    types = [fact.type for fact in border.facts()]
    for kind in ("opened", "taken", "commented", "done"):
        assert f"task.{kind}/1" in types
    assert {"movement.alarm_raised/1", "movement.alarm_settled/1"} < set(types)


def test_each_sees_their_own_tasks(border: Any) -> None:
    opened(border)
    seq = tasks(border, "amina")[0]["seq"]
    assert tasks(border, "carrier") == []
    assert tasks(border, "acme") == []
    assert tasks(border, "bea") == []
    assert [one["seq"] for one in tasks(border, "bea", agency="all")] == [seq]
    assert border.ask("GET", f"/v1/tasks/{seq}", "rival").status_code == 404
    assert border.ask("GET", f"/v1/tasks/{seq}", "carrier").status_code == 404
    assert act(border, "carrier", seq, "take").status_code == 403
    assert border.ask("GET", "/v1/tasks").status_code == 401


def test_a_receipt_of_a_task_or_an_address_is_not_for_everybody(border: Any) -> None:
    opened(border)
    mail = {"channel": "mail", "target": "duty@customs.example", "audience": "officer"}
    assert border.ask("PUT", "/v1/notices/addresses/duty", "amina", json=mail).status_code == 200
    for fact in border.facts():
        if fact.type.startswith(("task.", "notice.")):
            receipt = border.ask("GET", f"/v1/ledger/receipts/{fact.seq}", "acme")
            assert receipt.status_code in (403, 404), fact.type
    drop(border, "duty")


def drop(border: Any, name: str) -> None:
    path, why = f"/v1/notices/addresses/{name}/withdraw", {"reason": "No longer."}
    assert border.ask("POST", path, "amina", json=why).status_code == 200


def test_an_authorised_place_is_kept_and_heeded(border: Any) -> None:
    shed = {
        "name": "Shed 4", "office": "XAPRT", "doings": ["open_seal"],
        "since": (border.clock() - timedelta(days=1)).isoformat(),
    }  # fmt: skip
    assert border.ask("PUT", "/v1/places/A104", "carrier", json=shed).status_code == 403
    assert border.ask("PUT", "/v1/places/A104", "amina", json=shed).status_code == 200
    opened(border)
    assert tasks(border, "amina") == []
    (listed,) = border.ask("GET", "/v1/places", "amina").json()["data"]
    assert (listed["code"], listed["doings"]) == ("A104", ["open_seal"])
    why = {"reason": "Closed."}
    assert border.ask("POST", "/v1/places/A104/withdraw", "amina", json=why).status_code == 200
    assert border.ask("GET", "/v1/places", "amina").json()["data"] == []


def test_where_a_container_is_and_who_held_it(border: Any) -> None:
    boxes = [{"number": border.box, "seals": ["EC-4711"]}]
    border.mrn("T-9", containers=boxes, item={"containers": [border.box]})
    tell(border, "weighed", office="XAPRT", weighbridge="2", gross_mass_kg="40000", tare_kg=4000)
    border.arrive(border.box)
    tell(border, "custody_changed", **{"from": "", "to": "BERTH5"})
    tell(border, "device_associated", device="logger-7", action="ADD")
    shown = border.ask("GET", f"/v1/movements/{border.box}", "acme").json()["data"]
    assert shown["whereabouts"]["holder"] == "BERTH5"
    assert [span["holder"] for span in shown["custody"]] == ["BERTH5"]
    assert [one["device"] for one in shown["devices"]] == ["logger-7"]
    assert [one["alarm"]["kind"] for one in shown["alarms"]] == ["mass_differs"]
    assert border.ask("GET", f"/v1/movements/{border.box}", "rival").status_code == 404
    here = border.ask("GET", "/v1/movements", "amina", params={"office": "XAPRT"}).json()["data"]
    assert border.box in [one["container"] for one in here]


def test_a_trader_is_told_of_a_container_while_it_holds_their_goods(border: Any) -> None:
    mrn = border.mrn()
    assert mrn in border.arrive().json()["data"]["released"]
    path = f"/v1/movements/{BOX}"
    assert border.ask("GET", path, "acme").status_code == 200
    border.clock.move_to(border.clock() + timedelta(days=8))
    assert border.ask("GET", path, "acme").status_code == 404, "another's goods are in it now"
    assert border.ask("GET", path, "amina").status_code == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"event": "seal_reported", "seal": "S1", "state": "ajar"}, 422),
        ({"event": "weighed", "weighbridge": "2", "gross_mass_kg": "heavy"}, 422),
        ({"event": "custody_changed", "to": "A"}, 422),
        ({"event": "flown"}, 422),
    ],
)
def test_a_wrong_movement_is_refused_by_field(border: Any, body: Any, status: int) -> None:
    said = {"container": border.box, "office": "XAPRT", "at": border.clock().isoformat(), **body}
    answer = border.ask("POST", "/v1/movements", "carrier", json=said)
    assert answer.status_code == status
    assert answer.json()["findings"][0]["field"]


def test_openapi_says_what_each_movement_holds(border: Any) -> None:
    paths = border.ask("GET", "/v1/openapi.json", "amina").json()["paths"]
    content = paths["/v1/movements"]["post"]["requestBody"]["content"]["application/json"]
    assert len(content["schema"]["oneOf"]) == 8


def test_a_webhook_is_told_signed_and_once(border: Any) -> None:
    with http_server() as heard, Notifying(border.node, webhooks=listed()) as notifying:
        hook = {"channel": "webhook", "target": heard.url, "audience": "officer"}
        made = border.ask("PUT", "/v1/notices/addresses/desk", "amina", json=hook).json()["data"]
        opened(border)
        wait_for(border, "desk", "delivered")
        assert notifying.round().delivered == 0, "sent already"
    ((_, headers, body),) = heard.requests
    now = border.node.wall()
    assert verify(headers, body, read_secret(made["secret"]), now).startswith("msg_")
    told = json.loads(body)
    assert (told["type"], told["data"]["alarm"]["kind"]) == ("task.opened", "seal_opened")
    seq = told["data"]["task"]
    drop(border, "desk")
    shown = border.ask("GET", f"/v1/tasks/{seq}", "amina").json()["data"]
    assert shown["notices"] == [{"event": "task.opened", "progress": "delivered", "attempts": 1}]


def listed() -> WebhookSender:
    return WebhookSender(["127.0.0.1"])


def wait_for(border: Any, address: str, progress: str) -> dict[str, Any]:
    import time

    until = time.monotonic() + 10
    while time.monotonic() < until:
        found = border.ask("GET", "/v1/notices", "amina", params={"address": address}).json()
        if found["data"] and found["data"][0]["progress"] == progress:
            notice: dict[str, Any] = found["data"][0]
            return notice
        time.sleep(0.02)
    raise AssertionError(found)


def test_a_secret_made_anew_lets_both_sign_for_a_day(
    border: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_hand = replace(border.node.settings, notice_seconds=0)
    monkeypatch.setattr(border.node, "settings", by_hand)
    with http_server() as heard, Notifying(border.node, webhooks=listed()) as notifying:
        hook = {"channel": "webhook", "target": heard.url, "audience": "officer"}
        path = "/v1/notices/addresses/both"
        old = border.ask("PUT", path, "amina", json=hook).json()["data"]["secret"]
        anew = border.ask("PUT", path, "amina", json={**hook, "renew_secret": True}).json()
        new = anew["data"]["secret"]
        assert border.ask("GET", path, "amina").json()["data"]["secret"] == new != old
        opened(border)
        assert notifying.round().delivered == 1
        border.clock.move_to(border.clock() + timedelta(hours=25))
        other = another()
        tell(border, "seal_reported", container=other, seal="X1", state="opened")
        assert notifying.round().delivered == 1
    (_, first, body), (_, second, later) = heard.requests
    wall = border.node.wall()
    for secret in (old, new):
        verify(first, body, read_secret(secret), wall)
    verify(second, later, read_secret(new), wall)
    with pytest.raises(Exception, match="no signature fits"):
        verify(second, later, read_secret(old), wall)


def test_an_address_is_kept_by_whoever_owns_it(border: Any) -> None:
    hook = {"channel": "webhook", "target": "https://acme.example/h", "audience": "trader"}
    path = "/v1/notices/addresses/acme"
    mine = {**hook, "party": "XA10000001"}
    assert border.ask("PUT", path, "acme", json=hook).status_code == 403
    assert border.ask("PUT", path, "acme", json=mine).status_code == 200
    theirs = {**hook, "party": "XA10000002"}
    assert border.ask("PUT", path, "rival", json=theirs).status_code == 403
    assert border.ask("GET", path, "rival").status_code == 404
    listing = border.ask("GET", "/v1/notices/addresses", "acme").json()["data"]
    assert [one["name"] for one in listing] == ["acme"]
    assert border.ask("GET", "/v1/notices/addresses", "rival").json()["data"] == []
    why = {"reason": "Moved."}
    assert border.ask("POST", f"{path}/withdraw", "acme", json=why).status_code == 200


@pytest.mark.parametrize("audience", ["officer", "terminal", "carrier"])
def test_a_trader_hears_as_a_trader_and_not_in_the_place_of_others(
    border: Any, audience: str
) -> None:
    path = "/v1/notices/addresses/spy"
    mail = {"channel": "mail", "target": "spy@acme.example", "party": "XA10000001"}
    refused = border.ask("PUT", path, "acme", json={**mail, "audience": audience})
    assert refused.status_code == 403, refused.text
    assert border.ask("GET", path, "amina").status_code == 404


def test_the_clock_passes_on_what_nobody_takes(border: Any) -> None:
    tell(border, "custody_changed", **{"from": "", "to": "A"})
    border.clock.move_to(border.clock() + timedelta(minutes=1))
    tell(border, "custody_changed", **{"from": "B", "to": "C"})
    (task,) = tasks(border, "carrier")
    assert task["cause"] == "custody"
    tending = Tending(border.node)
    assert tending.round().escalated == ()
    border.clock.move_to(border.clock() + timedelta(hours=2, minutes=1))
    assert len(tending.round().escalated) == 1
    assert tasks(border, "amina")[0]["audiences"] == ["carrier", "officer"]
    assert act(border, "carrier", task["seq"], "take").status_code == 200
