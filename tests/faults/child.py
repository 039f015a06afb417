"""A process that commits numbered facts and says each number once it was answered.

    child.py DATABASE FIRST SYNCHRONOUS [early] [count=N]

Each number is an idempotency key, so that one sent again after an unknown outcome is not doubled.
`early` is the positive control: it says the number before the answer, as a careless node would.
"""

from __future__ import annotations

import os
import sys
import threading
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from clearway.errors import ClearwayError
from clearway.ledger import cosigned, tables, witnessed
from clearway.ledger.committer import Committer, Limits
from clearway.ledger.cosigned import Cosignature
from clearway.ledger.database import open_writer
from clearway.ledger.log import Log
from clearway.ledger.note import Signer
from clearway.ledger.sqlite import Checkpointer
from clearway.ledger.transaction import Transaction
from clearway.ledger.witness import Accepted, State

ORIGIN = "customs.example/faults"
SIGNER = Signer.from_seed(ORIGIN, bytes(range(32)))
PARTNER = "plants.example/faults"
IN_FLIGHT = 24


@dataclass(frozen=True, slots=True)
class Counted:
    TYPE: ClassVar[str] = "number.counted/1"
    number: int
    padding: str = "x" * 400


def count(tx: Transaction, number: int, padding: str = "x" * 400) -> int:
    """Record the number, unless it was recorded before; with it, what a witness would keep."""
    key = str(number)
    earlier = tx.earlier("count", key, key.encode())
    if earlier is None:
        fact = tx.append(
            Counted(number, padding),
            subject=f"number:{number}",
            issuer="customs",
            actor="system:child",
        )
        tx.claim("count", key, key.encode(), fact)
        state = State(PARTNER, number + 1, number.to_bytes(32, "big"))
        witnessed.keep(tx.connection, Accepted(state, "text", "note"), ("line\n",), tx.now)
        line = Cosignature("partner.example", b"abcd", "line\n", tx.now)
        cosigned.keep(tx.connection, number + 1, [line])
        return fact.seq
    return earlier


def say(number: int) -> None:
    os.write(1, b"%d\n" % number)


def main(path: Path, first: int, synchronous: str, options: list[str]) -> None:
    engine = open_writer(path, synchronous=synchronous)
    tables.METADATA.create_all(engine)
    with engine.connect() as connection:
        log = Log.open(connection, ORIGIN, SIGNER)
    committer = Committer(
        engine,
        log,
        {},
        clock=lambda: datetime.now(UTC),
        entropy=os.urandom,
        limits=Limits(batch=8),
        on_stop=lambda error: os._exit(70),
    )
    committer.start()
    checkpointer = Checkpointer(open_writer(path, synchronous=synchronous), interval_s=0.02)
    checkpointer.start()
    last = next((first + int(o[6:]) for o in options if o.startswith("count=")), 10**9)
    places = threading.Semaphore(1 if last < 10**9 else IN_FLIGHT)

    def answered(number: int, future: Future[Any]) -> None:
        if future.exception() is None and "early" not in options:
            say(number)
        places.release()

    for number in range(first, last):
        places.acquire()
        if "early" in options:
            say(number)
        future = committer.submit("child", lambda tx, number=number: count(tx, number))
        future.add_done_callback(lambda done, number=number: answered(number, done))
    committer.close()
    checkpointer.close()


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4:])
    except ClearwayError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(70)
