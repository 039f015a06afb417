"""kill -9 of a process in the middle of taking: it goes on from its cursor, nothing twice."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from clearway.connectors.peer.facts import FactReceived
from clearway.node.exchange import take_once

from .conftest import QUICK, SHORT, House, Link, Told, house

TAKING = Path(__file__).with_name("taking.py")
FACTS, KILLS = 1_000, 3


def numbers(taker: House) -> list[int]:
    return [json.loads(one.body)["number"] for one in taker.bodies(FactReceived)]


@pytest.mark.slow
def test_a_taker_killed_again_and_again_loses_and_doubles_nothing(tmp_path: Path) -> None:
    with house(tmp_path, "giver", listens=True) as giver:
        assert giver.server is not None
        with Link(("127.0.0.1", giver.server.port)) as link:
            with house(tmp_path, "taker") as taker:
                giver.know(taker, "parcel.weighed/1")
                giver.record(*(Told(number, "XB") for number in range(FACTS)))
                taker.know(giver, url=link.url)
            seen = []
            for kill in range(KILLS):
                process = subprocess.Popen(
                    [sys.executable, str(TAKING), str(tmp_path / "taker")], stdout=subprocess.PIPE
                )
                assert process.stdout is not None and process.stdout.readline() == b"taking\n"
                time.sleep(0.5 + 0.1 * kill)
                process.kill()
                process.wait()
                process.stdout.close()
                with house(tmp_path, "taker") as taker:
                    found = numbers(taker)
                    assert found == list(range(len(found))), "lost, doubled or out of order"
                    seen.append(len(found))
            assert any(0 < found < FACTS for found in seen), f"no kill hit it in the middle: {seen}"
            with house(tmp_path, "taker") as taker:
                take_once(taker.partnership, pace=replace(QUICK, facts=256), patience=SHORT)
                assert numbers(taker) == list(range(FACTS))


def test_the_control_a_cursor_that_moves_before_its_facts_is_seen_as_lost(tmp_path: Path) -> None:
    """What a careless taker would do; the comparison above must notice it."""
    with house(tmp_path, "giver", listens=True) as giver, house(tmp_path, "taker") as taker:
        giver.know(taker, "parcel.weighed/1")
        giver.record(*(Told(number, "XB") for number in range(40)))
        taker.know(giver, url=giver.url)
        take_once(taker.partnership, pace=QUICK, patience=SHORT)
        found = numbers(taker)
        careless = found[:16] + found[32:]
        assert careless != list(range(len(careless)))
        assert found == list(range(40))
