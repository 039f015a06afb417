"""Who may knock, who may see, who may act; and what is said to those who may not."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from fastapi.routing import APIRoute

from clearway.api.app import build_api
from clearway.cli.setup import OWNER
from clearway.identity.actions.close_account import close_account
from clearway.identity.actions.issue_token import issue_token
from clearway.identity.actions.open_account import open_account
from clearway.identity.model import ActorKind, Role

OPEN = {
    "/health/live", "/health/ready", "/metrics", "/v1/ledger/checkpoint", "/v1/ledger/key",
    "/v1/openapi.json",
    # Of other specifications: the log as tiles, and a witness, both authenticated by signed notes.
    "/v1/log/checkpoint", "/v1/log/tile/{rest}", "/v1/witness/add-checkpoint",
    "/v1/witness/{origin_hash}/checkpoint",
    # Status lists are signed, and for telephones abroad that have no account here.
    "/v1/certificates/status-lists", "/v1/certificates/status-lists/{list_id}",
}  # fmt: skip
PERISHABLE = {"hs": "08039010", "description": "Fresh bananas"}


def routes(app: Any) -> list[tuple[str, str]]:
    """Return method and path of every operation in the OpenAPI document, and of what is beside."""
    listed = [
        (method.upper(), path)
        for path, operations in app.openapi()["paths"].items()
        for method in operations
    ]
    hidden = [(m, r.path) for r in app.routes if isinstance(r, APIRoute) for m in r.methods]
    return sorted({*listed, *hidden})


def filled(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "1", path)


def open_and_token(border: Any, name: str, *roles: Role, agency: str = "customs") -> str:
    def act(hand: Any) -> str:
        open_account(hand, name, ActorKind.OFFICER, agency, set(roles), name=name)
        return issue_token(hand, name, border.node.entropy(32))

    return str(border.node.act(OWNER, act).result().result)


def test_every_door_but_the_open_ones_asks_who_is_there(border: Any) -> None:
    found = routes(build_api(border.node))
    assert len(found) > 25
    for method, path in found:
        answer = border.ask(method, filled(path))
        if path in OPEN:
            # Without a body, or of a tile that is not there: refused, but not for want of a name.
            assert answer.status_code in (200, 400, 404), (method, path)
            continue
        assert answer.status_code == 401, (method, path, answer.text)
        problem = answer.json()
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["www-authenticate"] == "Bearer"
        assert {"type", "code", "title", "status", "detail"} <= set(problem)
        assert problem["code"] == "not_authenticated"


@pytest.mark.parametrize(
    "value",
    [
        "Bearer wrong", "Bearer ", "Basic YWNtZTphY21l", "Bearer " + "x" * 500, "nonsense",
        "Bearer cw_\x7f", "Bearer é",
    ],
)  # fmt: skip
def test_a_wrong_token_is_refused_and_never_repeated_in_the_answer(border: Any, value: str) -> None:
    headers = {"Authorization": value.encode("latin-1")}
    answer = border.ask("GET", "/v1/me", headers=headers)
    assert answer.status_code == 401
    assert "x" * 20 not in answer.text


def test_a_closed_account_is_dead_at_once(border: Any) -> None:
    assert border.ask("GET", "/v1/me", "acme").status_code == 200
    border.node.act(OWNER, lambda hand: close_account(hand, "acme", "left the firm")).result()
    assert border.ask("GET", "/v1/me", "acme").status_code == 401
    assert border.declare("T-1").status_code == 401


def test_a_trader_sees_nothing_of_others_not_even_that_it_is_there(border: Any) -> None:
    mrn = border.mrn("T-1")
    assert border.ask("GET", "/v1/declarations", "rival").json()["data"] == []
    assert border.ask("GET", "/v1/notifications", "rival").json()["data"] == []
    for path in (f"/v1/declarations/{mrn}", f"/v1/declarations/{mrn}/decisions"):
        answer = border.ask("GET", path, "rival")
        assert answer.status_code == 404, path
        assert "XA10000001" not in answer.text


def test_a_trader_gets_receipts_of_its_own_facts_only(border: Any) -> None:
    seq = border.declare("T-1").json()["data"]["seq"]
    for fact in border.facts():
        own = border.ask("GET", f"/v1/ledger/facts/{fact.seq}/receipt", "acme")
        other = border.ask("GET", f"/v1/ledger/facts/{fact.seq}/receipt", "rival")
        assert other.status_code == 404, fact.type
        is_own = fact.seq == seq or fact.type.startswith("clearance.decided")
        assert own.status_code == (200 if is_own else 404), fact.type
    answer = border.ask("GET", "/v1/ledger/facts/999999/receipt", "acme")
    assert answer.status_code == 404


def test_receipts_of_accounts_and_secrets_are_for_auditors(border: Any) -> None:
    fact = next(fact for fact in border.facts() if fact.type == "identity.credential_issued/1")
    path = f"/v1/ledger/facts/{fact.seq}/receipt"
    assert border.ask("GET", path, "auditor").status_code == 200
    assert border.ask("GET", path, "amina").status_code == 403


def test_a_trader_cannot_change_what_belongs_to_others(border: Any, sample: Any) -> None:
    mrn = border.mrn("T-1")
    size = border.node.log.size
    reason = {"reason": "mine now"}
    body = json.dumps(sample("T-1", vessel="X")).encode()
    headers = {"Content-Type": "application/json"}
    path = f"/v1/declarations/{mrn}"
    refused = [
        border.ask("POST", f"{path}/invalidation", "rival", params=reason),
        border.ask(
            "POST", f"{path}/correction", "rival", params=reason, content=body, headers=headers
        ),
        border.ask("POST", f"{path}/release", "rival", json=reason),
        border.ask("POST", f"{path}/delay", "rival", json={"requested_by": "me"}),
        border.lodge(body, "rival"),
    ]
    assert [answer.status_code for answer in refused] == [404, 404, 404, 404, 403]
    assert not any("XA10000001" in answer.text for answer in refused[:4])
    assert border.node.log.size == size


def test_an_officer_of_another_agency_is_refused_with_the_reason(border: Any) -> None:
    mrn = border.mrn("T-1")
    size = border.node.log.size
    answer = border.ask("POST", f"/v1/declarations/{mrn}/release", "bea", json={"reason": "fine"})
    assert answer.status_code == 403
    assert "clearance.release" in answer.json()["detail"]
    assert "customs officer" in answer.json()["detail"]
    assert border.node.log.size == size


def test_an_auditor_reads_everything_and_changes_nothing(border: Any, sample: Any) -> None:
    mrn = border.mrn("T-1")
    size = border.node.log.size
    for path in (
        "/v1/declarations", f"/v1/declarations/{mrn}", f"/v1/declarations/{mrn}/decisions",
        "/v1/examinations", "/v1/certificates", "/v1/reefers", "/v1/alarms",
        f"/v1/ledger/facts/{size - 1}/receipt", "/v1/insight/release-times",
    ):  # fmt: skip
        assert border.ask("GET", path, "auditor").status_code == 200, path
    reason = {"reason": "because"}
    changes = [
        border.declare("T-2", "auditor"),
        border.ask("POST", f"/v1/declarations/{mrn}/release", "auditor", json=reason),
        border.ask("POST", f"/v1/declarations/{mrn}/invalidation", "auditor", params=reason),
        border.arrive(who="auditor"),
    ]
    assert [answer.status_code for answer in changes] == [403] * 4
    assert all("Auditors read only" in answer.json()["detail"] for answer in changes)
    assert border.node.log.size == size


def test_who_put_down_what_is_declared_cannot_release_it(border: Any, sample: Any) -> None:
    border.tokens["juma"] = open_and_token(border, "juma", Role.CUSTOMS_OFFICER)
    mrn = border.mrn("T-1", item=PERISHABLE)
    border.arrive()
    path = f"/v1/declarations/{mrn}"
    body = sample("T-1", item=PERISHABLE, vessel="MV KIJANI")
    query = {"reason": "asked by the broker"}
    answer = border.ask("POST", f"{path}/correction", "amina", json=body, params=query)
    assert answer.status_code == 200, answer.text
    answer = border.ask("POST", f"{path}/release", "amina", json={"reason": "looks well"})
    assert answer.status_code == 403
    assert "You corrected this declaration yourself" in answer.json()["detail"]
    answer = border.ask("POST", f"{path}/release", "acme", json={"reason": "looks well"})
    assert answer.status_code == 403  # its own, so the trader is told why not
    answer = border.ask("POST", f"{path}/release", "juma", json={"reason": "papers seen by me"})
    assert answer.status_code == 200, answer.text


def test_the_account_tells_who_it_is(border: Any) -> None:
    data = border.ask("GET", "/v1/me", "bea").json()["data"]
    assert (data["id"], data["agency"]) == ("bea", "plant_health")
    assert data["roles"] == ["plant_health_inspector"]
