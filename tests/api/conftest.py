"""A whole node behind its doors, driven in process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from clearway.api.app import LONG_PATHS, build_api
from clearway.api.guard import Guard
from clearway.cli.setup import OWNER
from clearway.identity.actions.issue_token import issue_token
from clearway.identity.actions.open_account import open_account
from clearway.identity.model import ActorKind, Role
from clearway.node.clock import SteppedClock, entropy
from clearway.node.node import Node, create
from clearway.settings import Settings
from clearway.terms.identifiers import PartyId

START = datetime(2026, 7, 14, 8, 0, tzinfo=UTC)
TRADER = PartyId("XA10000001")
ACCOUNTS: dict[str, tuple[ActorKind, str, Role, PartyId | None]] = {
    "acme": (ActorKind.TRADER, "customs", Role.TRADER, TRADER),
    "rival": (ActorKind.TRADER, "customs", Role.TRADER, PartyId("XA10000002")),
    "amina": (ActorKind.OFFICER, "customs", Role.CUSTOMS_OFFICER, None),
    "bea": (ActorKind.OFFICER, "plant_health", Role.PLANT_HEALTH_INSPECTOR, None),
    "carrier": (ActorKind.TRADER, "customs", Role.CARRIER, PartyId("XA10000003")),
    "auditor": (ActorKind.OFFICER, "customs", Role.AUDITOR, None),
}


@dataclass
class Border:
    """A node, its doors and a token for each account."""

    node: Node
    clock: SteppedClock
    http: TestClient
    tokens: dict[str, str]

    def ask(self, method: str, path: str, who: str | None = None, **request: Any) -> Any:
        headers = dict(request.pop("headers", {}))
        if who is not None:
            headers["Authorization"] = f"Bearer {self.tokens[who]}"
        return self.http.request(method, path, headers=headers, **request)

    def lodge(self, body: bytes, who: str = "acme", **headers: str) -> Any:
        kind = "application/json" if body.lstrip().startswith(b"{") else "application/xml"
        return self.ask(
            "POST", "/v1/declarations", who, content=body, headers={"Content-Type": kind, **headers}
        )


@pytest.fixture
def border(tmp_path: Path) -> Iterator[Border]:
    """A fresh node with a few accounts."""
    settings = replace(Settings(), data_directory=tmp_path / "node", allowed_hosts=("testserver",))
    create(settings, entropy)
    clock = SteppedClock(START)
    with Node.open(settings, clock=clock, entropy=entropy) as node:
        tokens = {name: _open(node, name) for name in ACCOUNTS}
        app = Guard(build_api(node), settings, LONG_PATHS)
        with TestClient(app, raise_server_exceptions=False) as http:
            yield Border(node, clock, http, tokens)


def _open(node: Node, name: str) -> str:
    kind, agency, role, party = ACCOUNTS[name]

    def act(hand: Any) -> str:
        open_account(hand, name, kind, agency, {role}, party=party, name=name)
        return issue_token(hand, name, entropy(32))

    return node.act(OWNER, act).result().result
