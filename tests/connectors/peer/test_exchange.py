"""Two real nodes over mutual TLS: what is given, what never crosses, what a broken link does."""

from __future__ import annotations

import gc
import json
import random
import time
from dataclasses import replace
from pathlib import Path

import pytest

from clearway.cli import store
from clearway.cli.setup import OWNER
from clearway.connectors.peer import evidence
from clearway.connectors.peer.facts import FactReceived
from clearway.errors import NotFound
from clearway.ledger import receipt
from clearway.node.clock import utc_now
from clearway.node.erasing import erase
from clearway.node.exchange import Exchange, standings, take_once

from .conftest import (
    BRISK,
    QUICK,
    SECRET,
    SHORT,
    Hidden,
    House,
    Link,
    Told,
    any_fault,
    house,
    wait_for,
)

RULE = "parcel.weighed/1 where body.country=XB"


def numbers(taker: House) -> list[int]:
    return [json.loads(one.body)["number"] for one in taker.bodies(FactReceived)]


def test_what_is_entitled_comes_with_receipts_and_nothing_else_crosses(tmp_path: Path) -> None:
    with house(tmp_path, "giver", listens=True) as giver, house(tmp_path, "taker") as taker:
        giver.know(taker, RULE)
        for number in range(40):
            giver.record(Told(number, "XB"), Told(1_000 + number, "XC", SECRET), Hidden(SECRET))
        with Link(("127.0.0.1", giver.server.port)) as link:  # type: ignore[union-attr]
            taker.know(giver, url=link.url)
            assert take_once(taker.partnership, pace=QUICK, patience=SHORT) == {giver.id: 40}
            assert take_once(taker.partnership, pace=QUICK, patience=SHORT) == {giver.id: 0}
        assert numbers(taker) == list(range(40))
        assert SECRET.encode() not in bytes(link.crossed)
        # TLS hides it in any case; so look at what the taker was given, too.
        assert not any(SECRET.encode() in one.body for one in taker.facts())
        with taker.node.reading() as connection:
            for one in taker.bodies(FactReceived):
                shown = evidence.receipt_of(connection, giver.origin, one.seq)
                proved = receipt.verify(receipt.parse(shown.marshal()), [giver.node.log.verifier])
                assert proved.fact.seq == one.seq and proved.fact.type == Told.TYPE
        with giver.node.reading() as connection:
            (there,) = standings(connection, utc_now())
        assert there.given_to == giver.node.log.size, "acknowledged, withheld places included"


def test_tables_come_out_the_same_from_the_facts(tmp_path: Path) -> None:
    with house(tmp_path, "giver", listens=True) as giver, house(tmp_path, "taker") as taker:
        giver.know(taker, RULE)
        giver.record(*(Told(number, "XB") for number in range(5)))
        taker.know(giver, url=giver.url)
        take_once(taker.partnership, pace=QUICK, patience=SHORT)
        folder = taker.node.folder.root
    file = tmp_path / "settings.toml"
    file.write_text(f'data_directory = "{folder}"\n')
    assert store.rebuild(file, keep=False, progress=False).changed == ()


def test_an_erased_fact_leaves_the_tables_and_the_receipts_of_the_others(tmp_path: Path) -> None:
    with house(tmp_path, "giver", listens=True) as giver, house(tmp_path, "taker") as taker:
        giver.know(taker, RULE)
        giver.record(*(Told(number, "XB") for number in range(5)))
        taker.know(giver, url=giver.url)
        take_once(taker.partnership, pace=QUICK, patience=SHORT)
        here = [one.seq for one in taker.facts(FactReceived.TYPE)]
        there = [one.seq for one in taker.bodies(FactReceived)]
        law = {"reason": "asked for", "legal_basis": "Data Protection Act, s. 40"}
        taker.node.act(OWNER, lambda act: erase(act, [here[2]], **law)).result()
        giver.record(Told(5, "XB"))
        assert take_once(taker.partnership, pace=QUICK, patience=SHORT) == {giver.id: 1}
        with taker.node.reading() as connection:
            for seq in (*there[:2], *there[3:]):
                shown = evidence.receipt_of(connection, giver.origin, seq)
                assert receipt.verify(shown, [giver.node.log.verifier]).fact.seq == seq
            with pytest.raises(NotFound):
                evidence.receipt_of(connection, giver.origin, there[2])
        folder = taker.node.folder.root
    file = tmp_path / "settings.toml"
    file.write_text(f'data_directory = "{folder}"\n')
    assert store.rebuild(file, keep=False, progress=False).changed == ()


def test_two_nodes_fall_silent_when_nothing_happens(tmp_path: Path) -> None:
    with (
        house(tmp_path, "one", listens=True) as one,
        house(tmp_path, "two", listens=True) as two,
    ):
        one.know(two, RULE, url=two.url)
        two.know(one, RULE, url=one.url)
        one.record(*(Told(number, "XB") for number in range(20)))
        two.record(*(Told(number, "XB") for number in range(30)))
        with Exchange(one.partnership, QUICK, SHORT), Exchange(two.partnership, QUICK, SHORT):
            wait_for(lambda: len(numbers(one)) == 30 and len(numbers(two)) == 20)
            sizes = [one.node.log.size, two.node.log.size]
            one.record(Told(99, "XB"))
            wait_for(lambda: numbers(two)[-1] == 99)
            sizes = [one.node.log.size, two.node.log.size]
            time.sleep(2.5)
            assert [one.node.log.size, two.node.log.size] == sizes, "bookkeeping answers itself"


# A TLS handshake that the link cuts leaves its socket and its transport to the garbage collector
# (httpcore, anyio, asyncio); they complain from `__del__`, which pytest reports in this form alone.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_a_link_that_breaks_at_any_byte_loses_and_doubles_nothing(
    tmp_path: Path, seed: int
) -> None:
    dice = random.Random(seed)
    with house(tmp_path, "giver", listens=True) as giver, house(tmp_path, "taker") as taker:
        giver.know(taker, RULE)
        wanted = []
        for number in range(60):
            giver.record(Told(number, "XB"))
            wanted.append(number)
            if dice.random() < 0.4:
                giver.record(Hidden(SECRET))
        with Link(
            ("127.0.0.1", giver.server.port),  # type: ignore[union-attr]
            plan=lambda number: any_fault(dice),
        ) as link:
            taker.know(giver, url=link.url)
            with Exchange(taker.partnership, replace(QUICK, wait_s=0), BRISK):
                wait_for(lambda: len(numbers(taker)) >= 30, 90)
                giver.record(*(Told(number, "XB") for number in range(60, 70)))
                wait_for(lambda: len(numbers(taker)) >= 70, 90)
            assert link.connections > 4, "the link hardly broke"
        assert numbers(taker) == [*wanted, *range(60, 70)]
        assert SECRET.encode() not in bytes(link.crossed)
    gc.collect()  # here, where it is known, rather than in whatever test comes next
