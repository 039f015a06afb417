"""A country's node in a process of its own, to be killed: goes round at the hub until it is.

python -m tests.connectors.ippc_hub.round_trips ROOT URL COUNTRY [careless]

Careless is the control: it acknowledges before it files, which a kill must show as a loss.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from clearway.connectors.ippc_hub.client import Unreachable
from clearway.connectors.ippc_hub.model import Header
from clearway.connectors.ippc_hub.word import Kind, Word
from clearway.node.hub_desk import Report
from clearway.node.hub_taking import Taking
from tests.connectors.ippc_hub.conftest import House
from tests.connectors.ippc_hub.countries import node_of


def acknowledge_first(self: Taking, report: Report) -> None:
    """What a careless node would do."""
    waiting = self._desk.client.headers()
    taken: list[tuple[Header, str]] = []
    for header in waiting:
        taken.append((header, self._desk.client.pull(header.hub_number).content))
        self._say(header.hub_number, Word(Kind.TAKEN))
    time.sleep(60)  # the filing that never comes


def main(root: str, url: str, country: str, *more: str) -> None:
    if "careless" in more:
        Taking.take = acknowledge_first  # type: ignore[method-assign]
    house = House(Path(root), url)
    with node_of(house, country, Path(root)) as (_, hub):
        sys.stdout.write("going round\n")
        sys.stdout.flush()
        while True:
            try:
                hub.round()
            except Unreachable:
                time.sleep(0.05)


if __name__ == "__main__":
    main(*sys.argv[1:])
