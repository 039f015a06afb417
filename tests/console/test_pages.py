"""Pages as an officer gets them, and what an officer does on them."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from clearway.clearance import tables as clearance
from clearway.clearance.record import State
from clearway.ledger import receipt

from .border import Border
from .browser import Browser
from .markup import Markup

Visit = Callable[[str], Browser]
PAGES = [
    "/",
    "/declarations",
    "/alarms",
    "/tasks",
    "/reefers",
    "/insight",
    "/map",
    "/ledger",
    "/login",
]
PARTS = ["/queue/rows", "/alarms/rows", "/tasks/rows", "/reefers/rows", "/alarms/count"]


@pytest.mark.parametrize("language", ["en", "fr", "es"])
def test_every_page_opens_and_holds_nothing_that_a_strict_policy_forbids(
    border: Border, visit: Visit, language: str
) -> None:
    amina = visit("amina")
    waiting = [entry.examination for entry in border.queue()]
    mrns = list(border.mrns.values())[:: 2 if language == "en" else 9]
    paths = [
        *PAGES,
        *PARTS,
        *(f"/declarations/{mrn}" for mrn in mrns),
        *(f"/examinations/{id}" for id in waiting[:4]),
        *(f"/reefers/{unit.container}" for unit in border.day.truth.voyage.units[:4]),
    ]
    for path in paths:
        answer = amina.get("/console" + path, headers={"accept-language": language})
        assert answer.status_code == 200, (path, answer.text)
        Markup.of(answer.text).require_own()
        if path not in PARTS:
            assert f'<html lang="{language}"' in answer.text
            assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "no-store"


def test_a_page_that_is_not_there_says_so_and_leads_back(visit: Visit) -> None:
    amina = visit("amina")
    for path in [
        "/declarations/26XA",
        "/declarations/x'><b>",
        "/examinations/none",
        "/reefers/X",
        "/nowhere",
        "/receipts/9" + "9" * 30,
    ]:
        answer = amina.get("/console" + path)
        assert answer.status_code == 404
        assert "Back to the start" in answer.text
        assert "Amina Odhiambo" in answer.text
        Markup.of(answer.text).require_own()


def test_the_queue_stands_in_the_order_of_clearance(border: Border, visit: Visit) -> None:
    shown = Markup.of(visit("amina").get("/console/?agency=all").text)
    ids = [row["id"] for row in shown.all("tr") if row.get("id", "").startswith("q-")]
    assert ids == [f"q-{entry.examination}" for entry in border.queue()]
    assert len(ids) >= 5


def test_inspectors_see_their_own_agencys_queue_first(border: Border, visit: Visit) -> None:
    petra = visit("petra")
    shown = petra.get("/console/").text
    mine = {entry.examination for entry in border.queue("plant_health")}
    others = {entry.examination for entry in border.queue()} - mine
    assert mine
    assert others
    assert all(id in shown for id in mine)
    assert not any(id in shown for id in others)
    assert all(id in petra.get("/console/?agency=all").text for id in mine | others)


def test_an_officer_examines_from_the_queue_to_the_release(border: Border, visit: Visit) -> None:
    amina = visit("amina")
    entry = next(e for e in border.queue("customs") if e.waiting.agencies == ("customs",))
    place = f"/console/examinations/{entry.examination}"
    begun = amina.send(f"{place}/start", "/console/?agency=all")
    assert (begun.status_code, begun.headers["location"]) == (303, place)
    assert entry.examination not in {e.examination for e in border.queue()}
    done = amina.send(place, place, outcome="conform")
    assert done.headers["location"] == f"/console/declarations/{entry.mrn}"
    goods = border.ask(clearance.get, entry.mrn)
    assert goods.state in (State.RELEASED, State.READY, State.HELD)
    shown = Markup.of(amina.get(done.headers["location"]).text).text
    assert "conform Customs, amina" in shown
    assert "Result of the examination" in shown


def test_a_wrong_form_comes_back_as_it_was_filled_in(border: Border, visit: Visit) -> None:
    amina = visit("amina")
    entry = next(e for e in border.queue("customs") if e.waiting.agencies == ("customs",))
    place = f"/console/examinations/{entry.examination}"
    amina.send(f"{place}/start", "/console/?agency=all")
    filled = {"outcome": "not_conform", "kind-1": "undervaluation", "item-1": "1"}
    before = border.node.log.size
    for wrong, said in [
        ({"detail-1": ""}, "say it in one sentence"),
        ({"detail-1": "x" * 501}, "at most 500 characters"),
        ({"detail-1": "Low price", "kind-1": "magic"}, "choose one of the list"),
        ({"detail-1": "Low price", "item-1": "-1"}, "number of a line"),
        ({"detail-1": "Low price", "extra_revenue": "a lot"}, "an amount such as"),
        ({"detail-1": "Low price", "extra_revenue": "1e400"}, "an amount such as"),
        ({"detail-1": "Low price", "extra_revenue": "-5"}, "an amount such as"),
        ({"detail-1": "Low price", "outcome": "perhaps"}, "whether the goods conform"),
        ({"kind-1": "", "item-1": "", "detail-1": ""}, "at least one finding"),
    ]:
        answer = amina.send(place, place, **filled | wrong)
        assert answer.status_code == 422, (wrong, answer.text)
        assert said in answer.text
        if wrong.get("detail-1") == "Low price":
            assert 'value="Low price"' in answer.text
    assert border.node.log.size == before
    right = filled | {"detail-1": "Half of the usual price", "extra_revenue": "1 250,50"}
    assert amina.send(place, place, **right).status_code == 303
    result = border.ask(clearance.get_examination, entry.examination).results[0]
    assert result.discrepancies[0].detail == "Half of the usual price"
    assert result.extra_revenue is not None
    assert str(result.extra_revenue.amount) == "1250.50"


def test_held_goods_are_released_by_hand_with_a_reason_that_stays(
    border: Border, visit: Visit
) -> None:
    amina = visit("amina")
    entry = next(
        e
        for e in border.queue("customs")
        if e.waiting.agencies == ("customs",)
        and border.ask(clearance.get, e.mrn).arrived_at is not None
    )
    opened = f"/console/examinations/{entry.examination}"
    amina.send(f"{opened}/start", "/console/?agency=all")
    finding = {"kind-1": "undervaluation", "item-1": "1", "detail-1": "Half of the usual price"}
    amina.send(opened, opened, outcome="not_conform", **finding)
    held = border.ask(clearance.get, entry.mrn)
    assert held.state is State.HELD
    place = f"/console/declarations/{held.mrn}"
    assert "Release by hand" in amina.get(place).text
    answer = amina.send(f"{place}/release", place, reason="  ")
    assert answer.status_code == 422
    assert "reason is empty" in answer.text
    assert (
        amina.send(f"{place}/release", place, reason="Duty <paid> at the desk").status_code == 303
    )
    assert border.ask(clearance.get, held.mrn).state is State.RELEASED
    shown = amina.get(place).text
    assert "Duty &lt;paid&gt; at the desk" in shown
    assert "by amina" in Markup.of(shown).text


def test_a_receipt_from_the_page_verifies_offline(border: Border, visit: Visit) -> None:
    amina = visit("amina")
    mrn = next(iter(border.mrns.values()))
    page = amina.get(f"/console/declarations/{mrn}").text
    seqs = [int(seq) for seq in re.findall(r"/console/receipts/(\d+)", page)]
    assert len(seqs) >= 4
    answer = amina.get(f"/console/receipts/{seqs[-1]}")
    assert answer.headers["content-disposition"] == (
        f'attachment; filename="receipt-{seqs[-1]}.json"'
    )
    verified = receipt.verify(receipt.parse(answer.content), [border.node.log.verifier])
    assert (verified.fact.seq, verified.fact.subject) == (seqs[-1], f"declaration:{mrn}")
    assert amina.get(f"/console/receipts/{10**9}").status_code == 404


def test_alarms_are_taken_on_once(border: Border, visit: Visit) -> None:
    amina = visit("amina")
    page = amina.get("/console/alarms").text
    number = re.findall(r"/console/alarms/(\d+)/acknowledge", page)[0]
    place = f"/console/alarms/{number}/acknowledge"
    assert amina.send(place, "/console/alarms").headers["location"] == "/console/alarms"
    assert f'action="{place}"' not in amina.get("/console/alarms").text
    assert amina.send(place, "/console/alarms").status_code == 409
    nowhere = "/console/alarms/" + "9" * 30 + "/acknowledge"
    assert amina.send(nowhere, "/console/alarms").status_code == 404


def test_charts_get_their_numbers(border: Border, visit: Visit) -> None:
    amina = visit("amina")
    lanes = amina.get("/console/data/map").json()
    assert lanes["name"] == "Sample country"
    assert sum(lane["count"] for lane in lanes["lanes"]) <= len(border.mrns)
    flow = amina.get("/console/data/flow").json()
    assert len(flow["hours"]) == len(flow["lodged"]) == 24
    assert sum(flow["lodged"]) == len(border.mrns)
    times = amina.get("/console/data/release-times").json()
    assert len(times["labels"]) == len(times["median"]) == len(times["p90"]) > 0
    container = border.day.truth.voyage.units[0].container
    curve = amina.get(f"/console/data/reefers/{container}").json()
    assert len(curve["pulp"]) > 20
    assert curve["now"] <= curve["forecast"]["low"][0][0] < curve["until"]


def test_declarations_are_found_by_number_container_and_state(border: Border, visit: Visit) -> None:
    amina = visit("amina")
    mrn = next(iter(border.mrns.values()))
    assert mrn in amina.get("/console/declarations", params={"search": f" {mrn[:17].lower()}"}).text
    none = amina.get("/console/declarations", params={"search": "%' OR 1=1 --"}).text
    assert "No declaration fits." in none
    released = Markup.of(amina.get("/console/declarations?status=released").text)
    states = {one["class"] for one in released.all("span") if "state" in one.get("class", "")}
    assert states == {"state state-released"}
    for odd in ["?status=magic", "?cursor=x", "?cursor=99999999999999999999", "?cursor=-1"]:
        assert amina.get("/console/declarations" + odd).status_code == 200


def test_the_ledger_page_says_that_a_lone_log_stands_alone_and_gives_proof(
    border: Border, visit: Visit
) -> None:
    shown = visit("audit").get("/console/ledger").text
    assert "this log stands alone" in shown
    assert border.node.log.note.split("\n")[2] in shown.replace("&#43;", "+")
    assert border.node.log.verifier.vkey in shown
    assert "witnesses only" in shown


def test_a_receipt_is_found_by_its_place_in_the_log(border: Border, visit: Visit) -> None:
    amina = visit("amina")
    consignment = amina.get(f"/console/declarations/{next(iter(border.mrns.values()))}").text
    place = int(re.findall(r"/console/receipts/(\d+)", consignment)[-1])
    found = amina.get(f"/console/ledger/receipt?place=%23{place}").headers["location"]
    assert amina.get(found).json()["index"] == place
    lost = amina.get("/console/ledger/receipt?place=four").headers["location"]
    assert lost == "/console/ledger"


def test_the_policy_and_the_verifier_can_be_kept(border: Border, visit: Visit) -> None:
    amina = visit("amina")
    policy = amina.get("/console/ledger/policy.txt").text
    assert policy == f"log {border.node.log.verifier.vkey}\nquorum none\n"
    assert "Verify a receipt" in amina.get("/console/verify-receipt.html").text
