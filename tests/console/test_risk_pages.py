"""Pages of risk: what they show, and that nobody sees them who may not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from clearway.console.pages.risk.tabs import TABS
from clearway.console.risk_words import EXAMPLES, FIELD_WORDS
from clearway.risk.model import Channel, Profile
from clearway.risk.rules import Profiles
from clearway.terms.period import Period

from .border import Border
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
