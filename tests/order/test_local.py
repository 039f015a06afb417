"""The embedded engine keeps the order's contract, in a process that is killed as well."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from clearway.errors import VerificationError
from clearway.ledger.database import Address, open_writer
from clearway.ledger.order import stored
from clearway.ledger.order.audit import audit
from clearway.ledger.order.local import LocalOrder, begin, sequence
from clearway.ledger.order.model import Agency, Code, LogRoot, QuotaOpening, Use
from clearway.ledger.order.tables import TABLES
from clearway.ledger.tables import METADATA

from .conftest import ORDER, batch_of, digest, signer_of, use_of
from .contract import OrderContract

CUSTOMS = signer_of("customs")
AGENCIES = (Agency("customs", CUSTOMS.public_key),)


class LocalRig:
    agencies = AGENCIES

    def __init__(self, address: Address) -> None:
        self._address = address
        self._open()

    def _open(self) -> None:
        self.engine = open_writer(self._address)
        METADATA.create_all(self.engine, tables=list(TABLES))
        self._order = LocalOrder(self.engine, CUSTOMS)

    def order(self, member: int = 0) -> LocalOrder:
        return self._order

    def restart(self) -> None:
        self.engine.dispose()
        self._open()

    crash = restart


@pytest.fixture(params=("sqlite", "postgresql"))
def engine_name(request: pytest.FixtureRequest) -> str:
    """Both stores, one after the other."""
    return str(request.param)


@pytest.fixture
def rig(address: Address) -> Iterator[LocalRig]:
    rig = LocalRig(address)
    yield rig
    with rig.engine.begin() as connection:
        audit(connection)  # whatever the test did, a replay gives what is stored
    rig.engine.dispose()


class TestLocal(OrderContract):
    pass


def test_an_order_stands_or_falls_with_the_action_s_transaction(rig: LocalRig) -> None:
    transaction = CUSTOMS.sign(batch_of(1, use_of("a")))
    with rig.engine.connect() as connection:
        connection.begin()
        assert sequence(connection, [transaction]).entries[0].outcome.code is Code.ACCEPTED
        connection.rollback()
    assert rig.order().use(digest("a")) is None


def test_a_second_genesis_is_refused(rig: LocalRig) -> None:
    with rig.engine.begin() as connection:
        head = begin(connection, ORDER, AGENCIES)
        with pytest.raises(VerificationError):
            stored.create(connection, head)


def test_many_uses_are_all_proved_over_full_tiles(rig: LocalRig) -> None:
    order = rig.order()
    for part in range(3):
        order.submit(batch_of(part, *(use_of((part, n)) for n in range(200))))
    for part, n in ((0, 0), (1, 55), (1, 56), (2, 199)):
        proof = order.prove_use(digest((part, n)))
        assert proof.place == part * 200 + n
        from clearway.ledger.order.proof import verify_use

        verify_use(proof, order.proof(proof.head.height).app_hash)


EDITS = (
    "UPDATE order_transaction SET outcome = (SELECT outcome FROM order_transaction WHERE seq = 1)"
    " WHERE seq = 0",
    "UPDATE order_transaction SET body = (SELECT body FROM order_transaction WHERE seq = 1)"
    " WHERE seq = 0",
    "DELETE FROM order_transaction WHERE seq = 1",
    "DELETE FROM order_use WHERE place = 0",
    "UPDATE order_use SET holder = 'somebody'",
    "UPDATE order_quota SET drawn = 0",
    "UPDATE order_quota SET bound = 1000",
    "UPDATE order_log SET size = 1",
    "UPDATE order_block SET app_hash = root WHERE height = 1",
    "DELETE FROM order_block WHERE height = 2",
    "UPDATE order_head SET size = size - 1",
    "UPDATE order_head SET governance = '{}'",
    "DELETE FROM order_genesis",
)


@pytest.mark.parametrize("edit", EDITS)
def test_an_edited_store_is_found_by_the_audit(tmp_path: Path, edit: str) -> None:
    rig = LocalRig(tmp_path / "node.db")
    quota = digest("quota")
    rig.order().submit(batch_of(1, use_of("a"), QuotaOpening(quota, 9), LogRoot("o", 7, quota)))
    rig.order().submit(batch_of(2, use_of("a"), Use(quota, "h", 4)))
    with rig.engine.begin() as connection:
        audit(connection)
    with rig.engine.begin() as connection:
        connection.execute(text(edit))
    with rig.engine.connect() as connection, pytest.raises(VerificationError):
        audit(connection)
    rig.engine.dispose()


_CHILD = """
import sys
from pathlib import Path
from tests.order.test_local import LocalRig
from tests.order.conftest import batch_of, use_of
order = LocalRig(Path(sys.argv[1])).order()
for number in range(100_000):
    ticket = order.submit(batch_of((sys.argv[2], number), use_of((sys.argv[2], number))))
    print(ticket.id.hex(), flush=True)
"""


@pytest.mark.slow
def test_killed_under_load_it_loses_nothing_that_it_answered(tmp_path: Path) -> None:
    path = tmp_path / "node.db"
    answered: list[str] = []
    for life in range(4):
        child = subprocess.Popen(
            [sys.executable, "-c", _CHILD, str(path), str(life)],
            stdout=subprocess.PIPE,
            cwd=Path(__file__).resolve().parents[2],
            text=True,
        )
        assert child.stdout is not None
        answered += [child.stdout.readline().strip() for _ in range(40)]
        os.kill(child.pid, signal.SIGKILL)
        answered += [line for line in child.stdout.read().split("\n")[:-1] if len(line) == 64]
        child.stdout.close()
        child.wait()
    engine: Engine = open_writer(path)
    with engine.begin() as connection:
        audit(connection)
        for id in answered:
            assert stored.outcome_of(connection, bytes.fromhex(id)) is not None
    engine.dispose()
