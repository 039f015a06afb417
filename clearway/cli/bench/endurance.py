"""Ten million entries into one log: does the rate hold, does memory stay flat, how fast it opens.

    python -m clearway.cli.bench.endurance 10000000

Takes minutes and about 6 GB in the folder for temporary files, so `clearway bench` leaves it out.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection

from clearway.cli.bench.ledger import ORIGIN, SIGNER, commit, facts_from, opened_store
from clearway.ledger.log import Log

_BATCH = 1_024
_STEPS = 10


def run(count: int) -> Iterator[str]:
    """Yield a line for each tenth of the way, and one for opening the log at the end.

    Args:
        count: entries, at least 10,240.
    """
    batches = count // _BATCH
    with opened_store() as connection:
        log = Log(ORIGIN, SIGNER)
        for step in range(_STEPS):
            seconds = 0.0
            first, last = batches * step // _STEPS, batches * (step + 1) // _STEPS
            for number in range(first, last):
                facts = facts_from(number * _BATCH, _BATCH)
                seconds += commit(connection, log, facts)
                if number % 64 == 63:  # as `Checkpointer` does beside a node
                    _fold_journal(connection)
            rate = (last - first) * _BATCH / seconds
            yield f"{log.size:>12,} entries  {rate:>9,.0f}/s  peak {_peak_mb():,.0f} MB"
        begun = time.perf_counter()
        opened = Log.open(connection, ORIGIN, SIGNER)
        taken = time.perf_counter() - begun
        yield f"opened {opened.size:,} entries in {taken * 1_000:.1f} ms"


def _fold_journal(connection: Connection) -> None:
    driver: Any = connection.connection.driver_connection
    driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024


if __name__ == "__main__":
    for line in run(int(sys.argv[1])):
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
