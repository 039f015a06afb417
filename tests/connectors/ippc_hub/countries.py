"""Nodes of countries that exchange certificates over a hub."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from sqlalchemy import select

from clearway.certificates.actions.apply import apply
from clearway.certificates.actions.approve import approve
from clearway.certificates.actions.issue import issue
from clearway.certificates.actions.record_result import record_result
from clearway.certificates.issuing import tables as issuing
from clearway.certificates.issuing.model import Application, Request
from clearway.certificates.issuing.preparing import prepare_issue
from clearway.certificates.model import Key
from clearway.identity.model import Actor, ActorKind, Role
from clearway.ledger import tables as ledger
from clearway.ledger.fact import Fact
from clearway.node.clock import entropy
from clearway.node.hub import Hub, opened
from clearway.node.node import Node, create
from clearway.settings import Settings
from clearway.terms.places import Country
from tests.certificates.conftest import NOW
from tests.certificates.issuing.desk import (
    CERTIFIER,
    INSPECTOR,
    OFFICE,
    NoKeys,
    draft,
    passed,
)

from .conftest import House

EXPORTER = Actor(
    ActorKind.TRADER, "acme", "customs", frozenset({Role.TRADER}), "EC10", frozenset({"EC10"})
)


def settings_of(house: House, country: str, root: Path) -> Settings:
    certificate, key = house.pair(country)
    return Settings(
        data_directory=root / f"node-{country}",
        node_name=f"{country.lower()}.example/border",
        country=country,
        hub_url=house.url,
        hub_certificate=str(certificate),
        hub_key=str(key),
        hub_authority=str(house.authority),
        hub_seconds=1,
    )


def clock() -> datetime:
    return NOW


@contextmanager
def node_of(house: House, country: str, root: Path) -> Iterator[tuple[Node, Hub]]:
    settings = settings_of(house, country, root)
    if not settings.data_directory.exists():
        create(settings, entropy)
    with Node.open(settings, clock=clock, entropy=entropy) as node, opened(node) as hub:
        yield node, hub


def issued(node: Node, country: str = "EC", to: str = "NL") -> Key:
    """Let a node issue one certificate, by its own actions."""
    content = draft(issuing_country=Country(country), importing_country=Country(to))
    request = Request(content, party="EC10")
    number = node.act(EXPORTER, lambda act: apply(act, request, Country(country))).result()
    name = number.result.number
    node.act(INSPECTOR, lambda act: record_result(act, name, passed())).result()
    node.act(CERTIFIER, lambda act: approve(act, name)).result()
    with node.reading() as connection:
        held = issuing.get_application(connection, name)
    made = prepare_issue(held, OFFICE, secret=entropy(16), at=NOW, authority=NoKeys())
    node.act(CERTIFIER, lambda act: issue(act, name, made)).result()
    return held_of(node, name)


def held_of(node: Node, number: str) -> Key:
    with node.reading() as connection:
        key = issuing.get_application(connection, number).key
    assert key is not None
    return key


def state_of(node: Node, key: Key) -> Application:
    with node.reading() as connection:
        return issuing.get_issued(connection, key)


def facts_of(node: Node, kind: str) -> list[Fact]:
    columns = [each for each in ledger.fact.c if each.name not in ("leaf_hash", "salt")]
    with node.reading() as connection:
        rows = connection.execute(
            select(*columns).where(ledger.fact.c.type == kind).order_by(ledger.fact.c.seq)
        )
        return [Fact(**row._mapping) for row in rows]
