"""Pages of risk: what they show, and that nobody sees them who may not."""

from __future__ import annotations

import html
import re
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from clearway.clearance.lanes.tables import lane_of, list_held
from clearway.console.pages.risk import backtest
from clearway.console.pages.risk.tabs import TABS
from clearway.console.risk_words import EXAMPLES, FIELD_WORDS
from clearway.errors import TryLater
from clearway.identity.actions.register_party import register_party
from clearway.node.trying import try_rule
from clearway.risk.model import Capacities, Channel, Profile
from clearway.risk.rules import Profiles
from clearway.terms.identifiers import PartyId
from clearway.terms.period import Period
from clearway.terms.places import Country

from .border import OWNER, Border
from .browser import Browser
from .test_permissions import trader

Visit = Callable[[str], Browser]
PATHS = [tab.path for tab in TABS]
RULE = "/console/risk/rules/new"


@pytest.mark.parametrize("path", PATHS)
def test_an_analyst_and_an_auditor_see_every_tab(path: str, visit: Visit) -> None:
    for account in ("amina", "audit"):
        answer = visit(account).get(path)
        assert answer.status_code == 200, answer.text
        assert 'class="cw-tabs' in answer.text


def test_a_trader_and_another_agency_see_no_page_of_risk(border: Border, visit: Visit) -> None:
    account, own, _ = trader(border)
    for name in (account, "petra"):
        browser = visit(name)
        assert "/console/risk" not in browser.get(f"/console/declarations/{own}").text
        for path in [*PATHS, RULE, "/console/risk/rules/S-VAGUE-1", "/console/risk/models/x"]:
            assert browser.get(path).status_code in (403, 404), path


def test_a_rule_is_checked_while_it_is_written(visit: Visit) -> None:
    amina = visit("amina")

    def check(expression: str) -> str:
        return amina.send("/console/risk/rules/check", RULE, expression=expression).text

    for example in EXAMPLES:
        assert "Usable." in check(example), example
    assert "Not usable yet" in check("item.hs ==")
    assert "Not usable yet" in check("item.hs")
    assert "colour" in check("item.colour == 'red'")
    assert "Not usable yet" not in check("  ")
    assert "&lt;b&gt;" in check("item.hs == '<b>' && <b>")


def test_the_help_names_what_rules_see_and_nothing_else() -> None:
    for name, words in FIELD_WORDS.items():
        assert words
        is_list = name.endswith((".documents", ".alarms"))
        Profiles([_profile(f"size({name}) >= 0" if is_list else f"{name} == {name}")])


def _profile(expression: str) -> Profile:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    return Profile(
        "x", "", expression, Channel.RED, "customs", mandatory=False, period=Period(start)
    )


def test_a_rule_that_is_not_there_is_not_found(visit: Visit) -> None:
    assert visit("amina").get("/console/risk/rules/NOBODY").status_code == 404


def test_forms_of_risk_need_the_seal_of_our_pages(visit: Visit) -> None:
    answer = visit("amina").post("/console/risk/rules/check", data={"expression": "true"})
    assert answer.status_code == 403


def test_a_rule_goes_from_draft_to_force_by_two_people(border: Border, visit: Visit) -> None:
    amina, boris = visit("amina"), visit("boris")
    fields = {
        "id": "T-DEAR-1", "text": "Dear goods.", "expression": "item.value_eur > 9000.0",
        "lane": "yellow", "agency": "customs", "owner": "risk analysis", "reason": "To try it.",
    }  # fmt: skip
    refused = amina.send("/console/risk/rules/propose", RULE, **fields | {"expression": "item.x"})
    assert refused.status_code == 422
    assert 'value="Dear goods."' in refused.text
    answer = amina.send("/console/risk/rules/propose", RULE, **fields)
    place = answer.headers["location"]
    assert place == "/console/risk/rules/T-DEAR-1/1"
    assert "not tried yet" in amina.get(place).text
    early = boris.send(f"{place}/activate", place, reason="At once")
    assert early.status_code == 409
    tried = amina.send(f"{place}/backtest", place).text
    job = re.search(r"/console/risk/backtests/\d+", tried)
    assert job is not None, tried
    assert boris.get(job[0]).status_code == 404  # it is the other's
    report = _wait(amina, job[0])
    assert "Load of each office" in report
    assert "stands in the log" in report
    assert "not tried yet" not in amina.get(place).text
    assert amina.send(f"{place}/activate", RULE, reason="Mine").status_code == 403
    assert boris.send(f"{place}/activate", place, reason="It finds more").status_code == 303
    border.settle()
    assert [one.id for one in border.node.rulebook.selectivity.profiles.profiles] == ["T-DEAR-1"]
    assert boris.send(f"{place}/retire", place, reason="Enough").status_code == 303
    assert "Enough" in amina.get(place).text


def _wait(browser: Browser, path: str) -> str:
    for _ in range(200):
        text = browser.get(path).text
        if "progressbar" not in text:
            return text
        time.sleep(0.05)
    raise AssertionError(text)


def test_an_auditor_changes_no_rule(visit: Visit) -> None:
    audit = visit("audit")
    seal_from = "/console/risk/rules/S-VAGUE-1"
    answer = audit.send("/console/risk/rules/propose", seal_from, id="X", text="x", owner="x",
                        expression="true", lane="red", agency="customs")  # fmt: skip
    assert answer.status_code == 403
    assert "Keep as a draft" not in audit.get(RULE).text
    answer = audit.send("/console/risk/models/frontier", seal_from, weight="0.5", reason="x")
    assert answer.status_code == 403


def test_an_importer_is_shown_beside_the_market_with_its_network(
    border: Border, visit: Visit
) -> None:
    amina = visit("amina")
    listed = amina.get("/console/risk/importers").text
    found = re.search(r'href="(/console/risk/importers/[^"]+)"', listed)
    assert found is not None
    page = amina.get(found[1]).text
    for words in (
        "Unit values against the market",
        'data-chart="network"',
        "What was found before",
    ):
        assert words in page
    number = found[1].rpartition("/")[2]
    assert found[1] in amina.get(f"/console/risk/importers?q={number.lower()[-5:]}").text
    assert amina.get("/console/risk/importers/NOBODY").status_code == 404
    other = amina.send(
        f"{found[1]}/kin", found[1], other="XA999", verdict="same", reason="Same door"
    )
    assert other.status_code == 303
    assert "Same door" in amina.get(found[1]).text
    assert amina.send(f"{found[1]}/kin", RULE, other="XA9", verdict="maybe").status_code == 422


def test_a_number_registered_at_the_same_rare_address_is_proposed_for_a_persons_word(
    border: Border, visit: Visit
) -> None:
    amina = visit("amina")
    found = re.search(
        r'href="(/console/risk/importers/[^"]+)"', amina.get("/console/risk/importers").text
    )
    assert found is not None
    one, other = found[1].rpartition("/")[2], "XA0000000ALIKE"
    for number, name in ((one, "Zanzolo Seafood Ltd"), (other, "Zanzolo Imports")):
        border.node.act(
            OWNER,
            lambda act, number=number, name=name: register_party(
                act, PartyId(number), name, Country("KE"), "77 Zanzolo Quay"
            ),
        ).result()
    assert "probability 99" in amina.get(found[1]).text and other in amina.get(found[1]).text
    said = amina.send(
        f"{found[1]}/kin", found[1], other=other, verdict="different", reason="Two families"
    )
    assert said.status_code == 303
    assert "probability 99" not in amina.get(found[1]).text, "a person has said what it is"


def test_performance_and_fairness_are_those_of_the_history(visit: Visit) -> None:
    amina = visit("amina")
    page = amina.get("/console/risk/performance").text
    assert page.count("<tr>") > 6
    assert "Of the whole policy" in page or "By reason of selection" in page
    for dimension in ("origin", "size", "declarant", "office", "nonsense"):
        assert (
            "What the figures do not say"
            in amina.get(f"/console/risk/fairness?by={dimension}").text
        )


def test_history_is_searched_by_any_field_in_pages_and_exported(visit: Visit) -> None:
    amina = visit("amina")
    every = amina.get("/console/risk/search").text
    following = re.search(r'href="(/console/risk/search\?[^"]*before=[^"]+)"', every)
    assert following is not None
    second = amina.get(html.unescape(following[1])).text
    first_rows = set(re.findall(r"26XA[0-9A-Z]{14}", every))
    assert set(re.findall(r"26XA[0-9A-Z]{14}", second)) - first_rows
    assert amina.get("/console/risk/search?q=colour%3Dred").status_code == 422
    none = amina.get("/console/risk/search?q=hs%5E99%0Avalue%3E1e12").text
    assert "Nothing in the history meets all conditions" in none
    sent = amina.get("/console/risk/search.csv?q=examined%3Dyes")
    assert sent.headers["content-type"].startswith("text/csv")
    assert len(sent.text.splitlines()) > 20
    assert amina.get("/console/risk/search?before=%5B%5D").status_code == 400


def test_drift_is_shown_by_feature_and_week(visit: Visit) -> None:
    page = visit("amina").get("/console/risk/drift").text
    assert 'data-chart="heat"' in page
    assert "Spreads of the unit value from usual" in page
    assert "price z" not in page and "hs6" not in page, "no column names for officers"
    assert "Changes in what examinations find" in page


def test_the_examining_officer_reads_what_was_found_in_goods_like_these(
    border: Border, visit: Visit
) -> None:
    amina = visit("amina")
    pages = [amina.get(f"/console/examinations/{e.examination}").text for e in border.queue()]
    assert any('href="/console/declarations/26XAHIS' in page for page in pages)
    assert all("What was found last time" in page for page in pages)
    petra = visit("petra")
    place = f"/console/examinations/{border.queue()[0].examination}"
    assert "What was found last time" not in petra.get(place).text


def test_a_held_green_is_listed_and_an_officer_stops_it_with_a_reason(
    border: Border, visit: Visit
) -> None:
    amina, path = visit("amina"), "/console/risk/capacity"
    assert "No green declaration is held" in amina.get(path).text
    mrn = _hold_one(border)
    assert mrn in amina.get(path).text
    assert "Stop and examine" not in visit("audit").get(path).text, "auditors change nothing"
    fields = {"mrn": mrn, "scope": "goods"}
    unsaid = amina.send(f"{path}/stop", path, reason=" ", **fields)
    assert unsaid.status_code == 422 and "reason is empty" in unsaid.text
    strange = amina.send(f"{path}/stop", path, mrn=mrn, scope="<b>", reason="Seal seen twice.")
    assert strange.status_code == 422 and 'value="Seal seen twice."' in strange.text
    assert visit("audit").send(f"{path}/stop", path, reason="x", **fields).status_code == 403
    done = amina.send(f"{path}/stop", path, reason="Seal seen twice.", **fields)
    assert done.headers["location"] == f"/console/declarations/{mrn}"
    assert border.ask(lane_of, mrn).stop_reason == "Seal seen twice."
    assert mrn not in amina.get(path).text.partition('id="audits"')[0]
    late = amina.send(f"{path}/stop", path, reason="Again.", **fields)
    assert late.status_code == 409 and "not held" in late.text


def _hold_one(border: Border) -> str:
    """Let greens wait, and bring the mail on until one does."""
    book = border.node.rulebook
    default = replace(book.selectivity.capacities.default, green_delay_minutes=600)
    patient = replace(book.selectivity, capacities=Capacities(default))
    border.node.rulebook = replace(book, selectivity=patient)
    try:
        for _ in range(8):
            border.deliver_until(border.clock() + timedelta(hours=1))
            held = border.ask(list_held)
            if held:
                return str(held[0].mrn)
    finally:
        border.node.rulebook = book
    raise AssertionError("no green declaration came")


def test_a_back_test_that_cannot_be_recorded_is_not_called_kept(
    border: Border, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    amina = visit("amina")
    fields = {
        "id": "T-KEPT-1", "text": "Dear goods.", "expression": "item.value_eur > 9000.0",
        "lane": "yellow", "agency": "customs", "owner": "risk analysis", "reason": "To try it.",
    }  # fmt: skip
    place = amina.send("/console/risk/rules/propose", RULE, **fields).headers["location"]

    def busy(*args: object) -> None:
        raise TryLater("The writer is busy")

    with monkeypatch.context() as patch:
        patch.setattr(backtest, "record_test", busy)
        job = re.search(r"/console/risk/backtests/\d+", amina.send(f"{place}/backtest", place).text)
        assert job is not None
        assert "busy" in _wait(amina, job[0])
    assert "not tried yet" in amina.get(place).text
    assert "stands in the log" in amina.get(job[0]).text
    assert "not tried yet" not in amina.get(place).text


def test_a_node_without_history_says_which_command_writes_one(
    border: Border, visit: Visit, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(type(border.node.folder), "history", property(lambda _: tmp_path))
    answer = visit("amina").send(
        "/console/risk/rules/backtest", RULE, id="T-NONE-1", text="None.", expression="true",
        lane="yellow", agency="customs", owner="risk analysis", reason="To try it.",
    )  # fmt: skip
    assert "clearway risk history" in answer.text


def test_a_new_version_is_tried_in_its_own_words_beside_the_one_in_force(border: Border) -> None:
    book = border.node.rulebook
    old, new = _profile("true"), _profile("false")
    border.node.rulebook = replace(
        book, selectivity=replace(book.selectivity, profiles=Profiles([old]))
    )
    try:
        assert try_rule(border.node, old).rules[0].hits > 0
        assert try_rule(border.node, new).rules[0].hits == 0
    finally:
        border.node.rulebook = book
