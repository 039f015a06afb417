"""A node that takes readings in and says of each device how far it has come, until it is killed.

    telemetry_child.py FOLDER FIRST DEVICES PER [early]

Sends batches of PER readings of DEVICES devices, each numbered on from FIRST, as fast as the node
takes them, and says `<device> <seq>` for each receipt once it is there. `early` is the positive
control: it says what was sent, as a careless node would.
"""

from __future__ import annotations

import os
import sys
from collections import deque
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from clearway.coldchain.formats import json
from clearway.coldchain.model import Batch, Reading
from clearway.node.clock import entropy
from clearway.node.node import Node
from clearway.node.telemetry import Incoming, Receipt
from clearway.settings import Settings
from clearway.terms.transport import ContainerNumber

START = datetime(2026, 3, 2, tzinfo=UTC)
NOW = START + timedelta(days=399)
IN_FLIGHT = 40


def batch(device: int, first: int, per: int) -> Batch:
    """Return the readings `first` to `first + per - 1` of a device; the same each time."""
    readings = tuple(
        Reading(
            seq,
            START + timedelta(minutes=seq),
            supply_c=(seq * 7 + device) % 40 / 10,
            return_c=(seq * 3 + device) % 50 / 10,
            powered=True,
        )
        for seq in range(first, first + per)
    )
    return Batch(f"reefer-{device}", ContainerNumber.build(f"CWYU{device:06d}"), "1", readings)


def message(device: int, first: int, per: int) -> Incoming:
    sent = batch(device, first, per)
    return Incoming(sent.device, json.write(sent), "json", NOW)


def main(folder: Path, first: int, devices: int, per: int, early: bool) -> None:
    settings = Settings(data_directory=folder)
    with Node.open(settings, clock=lambda: NOW, entropy=entropy) as node:
        waiting: deque[object] = deque()
        for low in count(first, per):
            sent = [message(device, low, per) for device in range(devices)]
            if early:
                say([f"{device} {low + per - 1}" for device in range(devices)])
            waiting.append(node.telemetry.submit_all("child", sent))
            while len(waiting) > (0 if early else IN_FLIGHT):
                answers = waiting.popleft().result()
                if not early:
                    say([told(answer) for answer in answers])


def told(answer: object) -> str:
    if not isinstance(answer, Receipt):
        raise SystemExit(f"refused: {answer}")
    return f"{answer.device.removeprefix('reefer-')} {answer.committed_seq}"


def say(lines: list[str]) -> None:
    os.write(1, "".join(f"{line}\n" for line in lines).encode())


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:5]), early="early" in sys.argv)
