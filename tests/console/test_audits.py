"""The form of an audit after clearance: what the books showed once the goods had left."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from clearway.clearance import tables as clearance
from clearway.clearance.lanes import tables as lanes
from clearway.clearance.record import State

from .border import Border
from .browser import Browser
from .test_permissions import trader

Visit = Callable[[str], Browser]


def released(border: Border) -> list[str]:
    found = []
    for mrn in border.mrns.values():
        goods = border.ask(clearance.find, mrn)
        if goods is not None and goods.state is State.RELEASED:
            found.append(mrn)
    return found


def test_an_audit_is_recorded_once_and_leaves_the_list(border: Border, visit: Visit) -> None:
    amina = visit("amina")
    waiting = border.ask(lanes.list_audits)
    mrn = str(waiting[0].mrn) if waiting else released(border)[0]
    place = f"/console/audits/{mrn}"
    if waiting:
        assert place in amina.get("/console/risk/capacity").text
    today = border.clock().date().isoformat()
    fields = {
        "begun": today, "outcome": "not_conform", "extent": "full", "hours": "6",
        "kind-1": "undervaluation", "detail-1": "Second invoice", "revenue-1": "800.00",
    }  # fmt: skip
    for wrong in ({"begun": "2020-01-01"}, {"begun": "2030-01-01"}, {"begun": ""},
                  {"detail-1": ""}, {"outcome": ""}):  # fmt: skip
        refused = amina.send(place, place, **fields | wrong)
        assert refused.status_code == 422, wrong
        assert 'value="800.00"' in refused.text
    assert amina.send(place, place, **fields).headers["location"] == place
    result = border.ask(clearance.audits_of, mrn)[0]
    assert result.extra_revenue is not None
    assert result.extra_revenue.amount == Decimal("800.00")
    shown = amina.get(place).text
    assert "Second invoice" in shown
    assert "Record result" not in shown
    assert place not in amina.get("/console/risk/capacity").text
    assert amina.send(place, "/console/risk/lists", **fields).status_code == 409


def test_only_what_has_left_is_audited(border: Border, visit: Visit) -> None:
    amina, mrn = visit("amina"), str(border.queue("customs")[0].mrn)
    place = f"/console/audits/{mrn}"
    page = amina.get(place).text
    assert "not released" in page
    assert "Record result" not in page
    today = border.clock().date().isoformat()
    sent = amina.send(place, "/console/risk/lists", begun=today, outcome="conform")
    assert sent.status_code == 409


def test_traders_and_auditors_report_no_audit(border: Border, visit: Visit) -> None:
    account, own, other = trader(border)
    browser = visit(account)
    assert browser.get(f"/console/audits/{own}").status_code == 403
    assert browser.get(f"/console/audits/{other}").status_code == 404
    assert visit("audit").get(f"/console/audits/{released(border)[0]}").status_code == 403
