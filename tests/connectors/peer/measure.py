"""Measure the exchange on loopback: python -m tests.connectors.peer.measure [FACTS]."""

from __future__ import annotations

import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import structlog

from clearway.connectors.peer.facts import FactReceived
from clearway.node.exchange import take_once

from .conftest import QUICK, SHORT, Link, Told, house

SHARE = 4  # one fact in so many is not the partner's


def main(count: int) -> None:
    """Print rates and bytes of one exchange, in batches of several sizes."""
    sys.setswitchinterval(0.0005)  # as `clearway serve` does
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    for size in (32, 256, 1_024):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder)
            with house(path, "giver", listens=True) as giver, house(path, "taker") as taker:
                giver.know(taker, "parcel.weighed/1 where body.country=XB")
                for first in range(0, count, 100):
                    giver.record(
                        *(
                            Told(number, "XC" if number % SHARE == 0 else "XB")
                            for number in range(first, first + 100)
                        )
                    )
                assert giver.server is not None
                with Link(("127.0.0.1", giver.server.port)) as link:
                    taker.know(giver, url=link.url)
                    begun, cpu = time.perf_counter(), time.process_time()
                    found = take_once(
                        taker.partnership, pace=replace(QUICK, facts=size), patience=SHORT
                    )[giver.id]
                    took, cpu = time.perf_counter() - begun, time.process_time() - cpu
                    crossed = len(link.crossed)
                facts = taker.facts(FactReceived.TYPE)
                content = sum(len(fact.body) for fact in facts)
                assert isinstance(found, int), found
                sys.stdout.write(
                    f"batch {size}: {found} facts, {found / took:.0f}/s, {cpu / found * 1e6:.0f} us"
                    f" CPU a fact (both sides), {crossed / found:.0f} bytes on the wire a fact,"
                    f" {content / found:.0f} kept\n"
                )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 8_000)
