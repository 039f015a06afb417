"""One validator keeps the order's contract; application and engine are killed as well."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from clearway.errors import InputError, TryLater
from clearway.ledger.database import open_writer
from clearway.ledger.order.audit import audit
from clearway.ledger.order.cometbft.engine import CometOrder
from clearway.ledger.order.cometbft.home import Keys, Member, Timing, write_home
from clearway.ledger.order.cometbft.node import Validator, find_binary
from clearway.ledger.order.model import Code, Vote

from .conftest import ORDER, batch_of, digest, signer_of, use_of
from .contract import OrderContract, settled

KEYS = Keys(digest("seed customs") + digest("validator") + digest("node"))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def member() -> Member:
    p2p, rpc = (f"127.0.0.1:{free_port()}" for _ in range(2))
    return Member(KEYS.agency("customs"), KEYS.node_id, p2p, rpc)


class CometRig:
    agencies = (KEYS.agency("customs"),)

    def __init__(self, home: Path, binary: Path) -> None:
        self.home, me = home, member()
        write_home(home, ORDER, KEYS, me, [me], Timing(commit=20))
        self.validator = Validator(home, binary)
        self.rpc = me.rpc
        self._order = CometOrder(me.rpc, signer_of("customs"))
        self.start()

    def start(self) -> None:
        self.validator.start()
        end = time.monotonic() + 20
        while True:
            try:
                if self._order.height >= 0:
                    return
            except TryLater:
                assert time.monotonic() < end, (self.home / "comet.log").read_text()[-2000:]
                time.sleep(0.05)

    def order(self, member: int = 0) -> CometOrder:
        return self._order

    def restart(self) -> None:
        self.validator.stop()
        self.start()

    def crash(self) -> None:
        self.validator.kill()
        self.start()

    def close(self) -> None:
        self._order.close()
        self.validator.stop()


@pytest.fixture(scope="module")
def rig(cometbft: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CometRig]:
    rig = CometRig(tmp_path_factory.mktemp("validator"), cometbft)
    yield rig
    rig.close()
    engine = open_writer(rig.home / "order.db")
    with engine.begin() as connection:
        audit(connection)
    engine.dispose()


@pytest.mark.slow
class TestCometbft(OrderContract):
    def test_the_application_killed_alone_stops_the_engine_and_loses_nothing(
        self, rig: CometRig
    ) -> None:
        first = settled(rig.order(), batch_of("k", use_of("killed")))
        app, _ = rig.validator.pids
        os.kill(app, signal.SIGKILL)
        end = time.monotonic() + 10
        while rig.validator.alive and time.monotonic() < end:
            time.sleep(0.05)
        assert not rig.validator.alive
        rig.crash()
        second = settled(rig.order(), batch_of("k2", use_of("killed")))
        assert second.items[0].code is Code.USED_BEFORE
        assert second.items[0].first is not None
        assert second.items[0].first.seq == first.seq

    def test_no_blocks_are_made_while_nothing_happens(self, rig: CometRig) -> None:
        settled(rig.order(), batch_of("quiet", use_of("quiet")))
        time.sleep(0.5)
        height = rig.order().height
        time.sleep(1)
        assert rig.order().height == height

    def test_a_vote_carried_changes_the_engine_s_validators(self, rig: CometRig) -> None:
        epoch = rig.order().status().epoch
        stronger = replace(rig.agencies[0], power=5)
        outcome = settled(rig.order(), batch_of("stronger", Vote(epoch, stronger)))
        assert [item.code for item in outcome.items] == [Code.CARRIED]
        settled(rig.order(), batch_of("with power 5", use_of("with power 5")))
        answer = httpx.get(f"http://{rig.rpc}/validators", trust_env=False).json()
        assert [each["voting_power"] for each in answer["result"]["validators"]] == ["5"]
        assert rig.order().status().epoch == epoch + 1

    def test_an_old_copy_of_the_application_s_store_is_brought_up_to_date(
        self, rig: CometRig, tmp_path: Path
    ) -> None:
        rig.validator.stop()
        stored = ("order.db", "order.db-wal", "order.db-shm")
        for name in stored:
            if (rig.home / name).exists():
                shutil.copy(rig.home / name, tmp_path / name)
        rig.start()
        settled(rig.order(), batch_of("newer", use_of("newer")))
        before = rig.order().status()
        rig.validator.stop()
        for name in stored:
            (rig.home / name).unlink(missing_ok=True)
            if (tmp_path / name).exists():
                shutil.copy(tmp_path / name, rig.home / name)
        rig.start()
        after = rig.order().status()
        assert (after.app_hash, after.root) == (before.app_hash, before.root)


def test_a_home_is_made_once(tmp_path: Path) -> None:
    me = member()
    write_home(tmp_path, ORDER, KEYS, me, [me])
    with pytest.raises(InputError):
        write_home(tmp_path, ORDER, KEYS, me, [me])


def test_another_binary_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        find_binary(str(tmp_path / "absent"))
    with pytest.raises(InputError):
        find_binary("/bin/echo")


def test_an_engine_that_is_not_there_is_said() -> None:
    order = CometOrder(f"127.0.0.1:{free_port()}", signer_of("customs"))
    with order, pytest.raises(TryLater):
        order.submit(batch_of(1, use_of("a")))
