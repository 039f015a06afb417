"""`clearway network vote`: what the agencies decided is carried into their shared order."""

from __future__ import annotations

import itertools
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from clearway.cli import partners
from clearway.cli.ordering import decided, vote
from clearway.cli.setup import first_administrator
from clearway.errors import InputError, WrongState
from clearway.identity.model import Actor, ActorKind, Role
from clearway.ledger.order import requests
from clearway.ledger.order.cometbft.card import write_card
from clearway.ledger.order.cometbft.home import Keys, Member
from clearway.ledger.order.cometbft.network import Network, free_addresses
from clearway.ledger.order.model import Code
from clearway.node.clock import SteppedClock, entropy
from clearway.node.node import Node, create
from clearway.settings import Settings

from .conftest import NAMES, agency_of, batch_of, digest, use_of

DESK = Actor(ActorKind.SYSTEM, "desk", "customs", frozenset({Role.WORKER}))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    found = replace(Settings(), data_directory=tmp_path / "node")
    create(found, entropy)
    first_administrator(found)
    return found


@pytest.fixture
def file(settings: Settings, tmp_path: Path) -> Path:
    path = tmp_path / "clearway.toml"
    path.write_text(f'data_directory = "{settings.data_directory}"\n')
    return path


def newcomer() -> Member:
    keys = Keys(b"".join(digest(("new", part)) for part in range(3)))
    p2p, rpc = free_addresses(2)
    return Member(keys.agency("veterinary"), keys.node_id, p2p, rpc)


def test_only_a_carried_decision_about_an_agency_is_voted_for(file: Path) -> None:
    agency = agency_of("veterinary", power=3)
    with pytest.raises(InputError, match="No proposal"):
        decided(file, "0123456789abcdef", agency, None)
    refused, _ = partners.vote(file, "", "admit", "other.example/log", "2026", approves=False)
    with pytest.raises(WrongState, match="rejected"):
        decided(file, refused, agency, None)
    carried, _ = partners.vote(file, "", "admit", "vet.example/log", "2026", approves=True)
    assert decided(file, carried, agency, None) == agency
    assert decided(file, carried, agency, 7).power == 7


@pytest.mark.slow
def test_votes_of_three_admit_a_fourth_and_a_node_uses_their_order(
    cometbft: Path, settings: Settings, file: Path, tmp_path: Path
) -> None:
    proposal, _ = partners.vote(file, "", "admit", "vet.example/log", "2026", approves=True)
    card = write_card(newcomer()).encode()
    root = tmp_path / "network"
    with Network(root, NAMES, cometbft, entropy) as net:
        net.orders[0].status()
        voted = [vote(file, proposal, card, None, root / name) for name in NAMES[:3]]
        assert [each.code for each in voted] == ["accepted", "accepted", "carried"]
        assert "veterinary" in net.orders[0].status().agencies

        shared = replace(settings, order="cometbft", order_home=str(root / NAMES[0]))
        start = datetime(2026, 7, 14, 8, 0, tzinfo=UTC)
        with Node.open(shared, clock=SteppedClock(start), entropy=entropy) as node:
            node.ordering.start()
            for key in ("a", "b"):
                batch = batch_of(key, use_of("certificate"))
                asked = node.act(DESK, lambda act, b=batch: node.ordering.use(act, b)).result()
                assert asked.result is None
            for _ in itertools.takewhile(lambda _: open_in(node), range(600)):
                time.sleep(0.05)
            assert open_in(node) == 0
            found = node.ordering.order.use(digest("certificate"))
            assert found is not None and found.agency == NAMES[0]
            codes = [row.outcome.code for row in node.ordering.order.stream(0)][-2:]
        assert codes == [Code.ACCEPTED, Code.SOME_REFUSED]


def open_in(node: Node) -> int:
    with node.reading() as connection:
        return len(requests.open_requests(connection, 10))
