"""Fixtures that every test folder may use."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import TypeVar

import hypothesis
import pytest
from sqlalchemy import Engine

from clearway.identity.model import Actor, ActorKind, Role
from clearway.ledger import tables
from clearway.ledger.database import Address, open_writer
from clearway.ledger.transaction import Projections, Transaction
from clearway.policy.act import Act, Allowed
from tests.postgres import Cluster

# No test is timed: a busy machine is no defect.
hypothesis.settings.register_profile("house", deadline=None)
hypothesis.settings.load_profile("house")

T = TypeVar("T")
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of outside test vectors, kept beside a checkout; never part of it."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("outside test vectors are absent: no folder shared/data beside the checkout")
    return folder


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let every test that asks for a store run on another engine."""
    parser.addoption("--engine", choices=("sqlite", "postgresql"), default="sqlite")


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """One PostgreSQL server for the whole run; each test takes a schema of its own."""
    server = Cluster()
    try:
        server.create()
        server.start()
        yield server
    finally:
        server.remove()


_schemas = count(1)


@pytest.fixture
def engine_name(request: pytest.FixtureRequest) -> str:
    """The engine on which stores are opened; the contract suite overrides it with both."""
    return str(request.config.getoption("--engine"))


@pytest.fixture
def address(engine_name: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Address]:
    """Where a fresh store of this test lies: a file, or a schema of the server."""
    if engine_name == "sqlite":
        yield tmp_path / "node.db"
        return
    server: Cluster = request.getfixturevalue("cluster")
    name = f"test_{next(_schemas)}"
    yield server.schema(name)
    server.drop(name)


@pytest.fixture
def engine(address: Address) -> Iterator[Engine]:
    """A real writer on a fresh store, all tables of the rooms imported so far created."""
    opened = open_writer(address)
    tables.METADATA.create_all(opened)
    yield opened
    opened.dispose()


class OpenPolicy:
    """Allows everything, for tests of what happens after policy said yes."""

    def require(self, actor: Actor, action: str, resource: dict[str, str]) -> Allowed:
        """Say yes."""
        return Allowed(f"test: {action}")


def officer(*roles: Role, agency: str = "customs", id: str = "amina") -> Actor:
    """Return an officer; without roles, a customs officer."""
    return Actor(ActorKind.OFFICER, id, agency, frozenset(roles or {Role.CUSTOMS_OFFICER}))


@dataclass
class Store:
    """Opens acts on a real database, one committed transaction each, and counts facts on."""

    engine: Engine
    projections: Projections
    now: datetime = NOON
    next_seq: int = 0

    def act(self, action: Callable[..., T], *args: object, actor: Actor | None = None) -> T:
        """Run one action in a committed transaction and return what it returns."""
        with self.engine.begin() as connection:
            tx = Transaction(connection, self.now, self.next_seq, self.projections)
            result = action(Act(tx, actor or officer(), OpenPolicy()), *args)
            self.next_seq = tx.next_seq
        return result


@pytest.fixture
def store(engine: Engine) -> Callable[[Projections], Store]:
    """`store(PROJECTIONS)` opens acts on a fresh database with these projections."""
    return lambda projections: Store(engine, projections)
