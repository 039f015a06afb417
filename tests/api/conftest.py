"""A whole node behind its doors, driven in process."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import structlog
from fastapi.testclient import TestClient

from clearway.api.app import LONG_PATHS, build_api
from clearway.api.guard import Guard
from clearway.cli.setup import OWNER
from clearway.identity.actions.issue_token import issue_token
from clearway.identity.actions.open_account import open_account
from clearway.identity.model import ActorKind, Role
from clearway.ledger.fact import Fact
from clearway.node.clock import SteppedClock, entropy
from clearway.node.node import Node, create
from clearway.node.rebuild import facts
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


_FIRM = {
    "id": str(TRADER), "name": "Acme Imports", "country": "XA", "address": "1 Way", "city": "Port",
    "postcode": "100",
}  # fmt: skip
BOX = "CSQU3054383"


def declared(lrn: str = "T-1", *, item: dict[str, Any] | None = None, **changes: Any) -> Any:
    """Return a good declaration of laptops in one container, as JSON values, with changes."""
    goods = {
        "number": 1, "hs": "84713000", "description": "Laptop computers", "origin": "EC",
        "procedure": "4000", "preference": "100", "net_mass_kg": "18000.5",
        "gross_mass_kg": "19000", "value": {"amount": "8400.00", "currency": "USD"},
        "packages": 1000, "packaging": [{"type": "CT", "count": 1000, "marks": "ACME"}],
        "containers": [BOX], "documents": [],
    }  # fmt: skip
    whole = {
        "format": "clearway.declaration/1", "kind": "import", "additional_type": "D", "lrn": lrn,
        "declarant": _FIRM, "importer": _FIRM,
        "exporter": {"name": "Andes SA", "country": "EC", "address": "Av. 9", "city": "Guayaquil"},
        "office": "XAPRT", "goods_location": "XAAUXAPRTT1", "transport_mode": "1",
        "vessel": "MV AURORA", "arrival_expected_at": "2026-07-16T09:30:00Z",
        "country_of_dispatch": "EC", "incoterm": "CIF",
        "invoice": {"amount": "8400.00", "currency": "USD"}, "gross_mass_kg": "19000",
        "packages": 1000, "item_count": 1,
        "containers": [{"number": BOX, "seals": ["EC-4711"]}],
        "documents": [
            {"type": "N705", "number": "MSCU1234567"}, {"type": "N380", "number": "INV-77"},
        ],
        "items": [goods | (item or {})],
    }  # fmt: skip
    return whole | changes


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

    def facts(self, since: int = 0) -> list[Fact]:
        """Return the facts from a place in the log on."""
        with self.node.reading() as connection:
            return list(facts(connection, since))

    def declare(self, lrn: str = "T-1", who: str = "acme", **changes: Any) -> Any:
        """Lodge a good declaration, with changes."""
        return self.lodge(json.dumps(declared(lrn, **changes)).encode(), who)

    def mrn(self, lrn: str = "T-1", who: str = "acme", **changes: Any) -> str:
        """Lodge a good declaration and return its number."""
        answer = self.declare(lrn, who, **changes)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["data"]["mrn"])

    def arrive(self, container: str = BOX, who: str = "carrier") -> Any:
        """Tell that a container is here now."""
        movement = {
            "event": "arrived", "container": container, "office": "XAPRT",
            "at": self.clock().isoformat(), "vessel": "MV AURORA",
        }  # fmt: skip
        return self.ask("POST", "/v1/movements", who, json=movement)

    def lodge(self, body: bytes, who: str = "acme", **headers: str) -> Any:
        kind = "application/json" if body.lstrip().startswith(b"{") else "application/xml"
        return self.ask(
            "POST", "/v1/declarations", who, content=body, headers={"Content-Type": kind, **headers}
        )


@pytest.fixture
def border(tmp_path: Path) -> Iterator[Border]:
    """A fresh node with a few accounts."""
    yield from opened(tmp_path)


@pytest.fixture(scope="module")
def used_border(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Border]:
    """One node for all tests of a file: for those that must change nothing."""
    yield from opened(tmp_path_factory.mktemp("border"))


@pytest.fixture
def sample() -> Any:
    """`sample(lrn, item={...}, **changes)`: a good declaration as JSON values."""
    return declared


@pytest.fixture(scope="session", autouse=True)
def plain_log() -> None:
    """Log in short lines: the coloured tracebacks of a terminal take seconds each."""
    structlog.configure(processors=[structlog.processors.KeyValueRenderer()])


@pytest.fixture(scope="module")
def empty_border(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Border]:
    """One node for all tests of a file, without accounts: the file opens its own."""
    yield from opened(tmp_path_factory.mktemp("border"), accounts=())


def opened(folder: Path, accounts: Iterable[str] = ACCOUNTS) -> Iterator[Border]:
    """Yield a node in a folder, with a few accounts."""
    settings = replace(
        Settings(),
        data_directory=folder / "node",
        allowed_hosts=("testserver",),
        random_share=0.0,  # a decision drawn by chance is told later, and the tests know none such
    )
    create(settings, entropy)
    clock = SteppedClock(START)
    with Node.open(settings, clock=clock, entropy=entropy) as node:
        tokens = {name: _open(node, name) for name in accounts}
        app = Guard(build_api(node), settings, LONG_PATHS)
        with TestClient(app, raise_server_exceptions=False) as http:
            yield Border(node, clock, http, tokens)


def _open(node: Node, name: str) -> str:
    kind, agency, role, party = ACCOUNTS[name]

    def act(hand: Any) -> str:
        open_account(hand, name, kind, agency, {role}, party=party, name=name)
        return issue_token(hand, name, entropy(32))

    return node.act(OWNER, act).result().result
