"""A node that reads from a broker until it is killed.

    broker_child.py FOLDER ADDRESS [early]

`early` is the positive control: the sink answers before it commits, as a careless consumer would
have it, so that messages are acknowledged and devices told of what is not durable.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

from clearway.cli.logs import configure_logging
from clearway.coldchain.formats import json
from clearway.connectors.mqtt.model import Incoming
from clearway.node.clock import entropy, utc_now
from clearway.node.devices_intake import devices_served
from clearway.node.node import Node
from clearway.node.telemetry import Receipt, Telemetry
from clearway.settings import Settings


class Careless(Telemetry):
    """Answers first, and commits a moment later."""

    def submit_all(self, lane: str, messages: Sequence[Any]) -> Future[Any]:
        """Take messages and say at once that all of them are durable."""
        threading.Timer(0.5, super().submit_all, (lane, messages)).start()
        future: Future[Any] = Future()
        future.set_result([self._said(message) for message in messages])
        return future

    def _said(self, message: Incoming) -> Receipt:
        batch, _ = json.read(message.payload)
        last = batch.readings[-1].seq
        return Receipt(batch.device, batch.boot_id, last, len(batch.readings), 0, 0)


def main(folder: Path, address: str, early: bool) -> None:
    configure_logging("CRITICAL")
    settings = replace(Settings(), data_directory=folder, broker=address)
    with Node.open(settings, clock=utc_now, entropy=entropy) as node:
        if early:
            node.telemetry.__class__ = Careless
        with devices_served(node):
            os.write(1, b"ready\n")
            threading.Event().wait()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], "early" in sys.argv)
