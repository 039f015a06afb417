"""Rules through the doors: written by one analyst, approved by another, in force at once."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from clearway.cli.setup import OWNER
from clearway.identity.actions.issue_token import issue_token
from clearway.identity.actions.open_account import open_account
from clearway.identity.model import ActorKind, Role
from clearway.ledger.fact import decode
from clearway.node.clock import entropy
from clearway.policy.act import Act
from clearway.risk.facts import Assessed
from clearway.risk.profiles import tables
from tests.risk.world import history

RULE = {
    "id": "LAPTOPS",
    "text": "Laptops of this importer are looked at.",
    "expression": 'item.hs.startsWith("8471") && "firms" in declaration.watch',
    "lane": "yellow",
    "owner": "risk analysis",
    "valid_from": "2026-01-01T00:00:00Z",
    "reason": "seen last week",
    "most_per_day": 5,
}
LIST = {
    "subject": "importer",
    "owner": "risk analysis",
    "reason": "phoenix firms",
    "source": "registry",
    "valid_from": "2026-01-01T00:00:00Z",
}


@pytest.fixture
def analysts(border: Any) -> Any:
    """The border with two risk analysts."""
    for name in ("ada", "ben"):

        def enter(act: Act, name: str = name) -> str:
            roles = {Role.RISK_ANALYST}
            open_account(act, name, ActorKind.OFFICER, "customs", roles, party=None, name=name)
            end = act.now.replace(year=act.now.year + 1)
            return issue_token(act, name, entropy(32), expires_at=end)

        border.tokens[name] = border.node.act(OWNER, enter).result().result
    return border


def keep_history(border: Any) -> None:
    folder = border.node.folder.history
    folder.mkdir(exist_ok=True)
    frame: pl.DataFrame = history(300, seed=1).sort("accepted_at", "mrn", "item")
    frame.write_parquet(folder / "2025.parquet")


def assessed(border: Any) -> Assessed:
    return decode([f for f in border.facts() if f.type == Assessed.TYPE][-1].body, Assessed)


def test_a_rule_takes_effect_at_once_when_another_analyst_approves_it(analysts: Any) -> None:
    border = analysts
    keep_history(border)
    assert border.ask("PUT", "/v1/risk/watch-lists/firms", "ada", json=LIST).status_code == 200
    entries = {"add": ["XA10000001"], "reason": "letter of 3 July"}
    told = border.ask("POST", "/v1/risk/watch-lists/firms/entries", "ada", json=entries)
    assert told.json()["data"]["seq"] is not None
    border.mrn("BEFORE")
    before = assessed(border).assessment

    assert border.ask("POST", "/v1/risk/rules", "ada", json=RULE).status_code == 201
    assert (
        border.ask("POST", "/v1/risk/rules/LAPTOPS/1/activate", "ben", json={}).status_code == 409
    )
    tried = border.ask("POST", "/v1/risk/rules/LAPTOPS/1/back-test", "ada")
    assert tried.status_code == 200, tried.text
    assert tried.json()["data"]["report"]["items"] == 300
    own = border.ask("POST", "/v1/risk/rules/LAPTOPS/1/activate", "ada", json={})
    assert own.status_code == 403
    assert "another analyst" in own.json()["detail"]
    done = border.ask("POST", "/v1/risk/rules/LAPTOPS/1/activate", "ben", json={"reason": "agreed"})
    assert done.json()["data"]["rule"]["state"] == "active"

    border.mrn("AFTER")
    after = assessed(border).assessment
    assert "LAPTOPS" not in before.profiles
    assert "LAPTOPS" in after.profiles
    assert after.rules != before.rules
    with border.node.reading() as connection:
        assert [one.id for one in tables.rules_at(connection, after.rules).profiles] == ["LAPTOPS"]
        assert tables.rules_at(connection, before.rules).version == before.rules
    assert border.node.rulebook.selectivity.capacities.default.limits["LAPTOPS"].most == 5

    end = {"reason": "the scheme ended"}
    border.ask("POST", "/v1/risk/rules/LAPTOPS/1/retire", "ben", json=end)
    border.mrn("LAST")
    assert assessed(border).assessment.profiles == ()
    assert border.node.rulebook.selectivity.capacities.default.limits == {}
    listed = border.ask("GET", "/v1/risk/rules?rule=LAPTOPS", "amina").json()["data"]
    assert [one["state"] for one in listed["versions"]] == ["retired"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/risk/rules"),
        ("GET", "/v1/risk/watch-lists"),
        ("GET", "/v1/risk/watch-lists/firms"),
        ("PUT", "/v1/risk/watch-lists/firms"),
        ("POST", "/v1/risk/watch-lists/firms/entries"),
    ],
)
def test_traders_see_neither_rules_nor_lists(analysts: Any, method: str, path: str) -> None:
    analysts.ask("PUT", "/v1/risk/watch-lists/firms", "ada", json=LIST)
    body = {"PUT": LIST, "POST": {"add": ["XA10000001"]}}.get(method)
    for who in ("acme", "carrier"):
        assert analysts.ask(method, path, who, json=body).status_code == 403


def test_a_node_without_a_history_says_so(analysts: Any) -> None:
    analysts.ask("POST", "/v1/risk/rules", "ada", json=RULE)
    answer = analysts.ask("POST", "/v1/risk/rules/LAPTOPS/1/back-test", "ada")
    searched = analysts.ask("GET", "/v1/risk/search", "ada")
    for each in (answer, searched):
        assert each.status_code == 404
        assert "clearway risk history" in each.json()["detail"]
        assert str(analysts.node.folder.root) not in each.text


def test_the_history_is_searched_page_by_page(analysts: Any) -> None:
    keep_history(analysts)
    asked = {"where": ["hs^0", "office=GHTEM"], "limit": 20}
    first = analysts.ask("GET", "/v1/risk/search", "ada", params=asked).json()
    then = analysts.ask(
        "GET", "/v1/risk/search", "ada", params=asked | {"cursor": first["next"]}
    ).json()
    assert first["data"]["total"] == then["data"]["total"] > 40
    keys = [(row["mrn"], row["item"]) for page in (first, then) for row in page["data"]["rows"]]
    assert len(keys) == len(set(keys)) == min(40, first["data"]["total"])
    assert analysts.ask("GET", "/v1/risk/search", "acme", params=asked).status_code == 403
    wrong = analysts.ask("GET", "/v1/risk/search", "ada", params={"where": ["body=1"]})
    assert wrong.status_code == 422


def test_no_officer_of_another_agency_learns_why_customs_risk_selected(analysts: Any) -> None:
    border = analysts
    keep_history(border)
    rule = RULE | {"expression": 'item.hs.startsWith("8471")'}
    border.ask("POST", "/v1/risk/rules", "ada", json=rule)
    border.ask("POST", "/v1/risk/rules/LAPTOPS/1/back-test", "ada")
    border.ask("POST", "/v1/risk/rules/LAPTOPS/1/activate", "ben", json={})
    mrn = border.mrn("ONE")
    seq = next(f.seq for f in border.facts() if f.type == "clearance.decided/1")

    def asked(who: str) -> tuple[str, int]:
        told = border.ask("GET", f"/v1/declarations/{mrn}/decisions", who)
        assert told.status_code == 200
        receipt = border.ask("GET", f"/v1/ledger/facts/{seq}/receipt", who)
        return told.text, receipt.status_code

    order = border.ask("GET", f"/v1/examinations/{mrn}-1", "bea")
    assert order.status_code == 200
    assert RULE["text"] not in order.text
    for who, code in (("bea", 403), ("acme", 404)):
        text, status = asked(who)
        assert status == code
        assert "Selected for examination by customs' risk management." in text
        assert RULE["text"] not in text
    text, status = asked("amina")  # who decides on it
    assert status == 200
    assert RULE["text"] in text
