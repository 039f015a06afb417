"""A process that takes from its partners until it is killed. Run: taking.py FOLDER."""

from __future__ import annotations

import os
import sys
import threading
from dataclasses import replace
from pathlib import Path

from clearway.connectors.peer.client import Patience
from clearway.node.clock import entropy, utc_now
from clearway.node.exchange import Exchange, Pace
from clearway.node.node import Node
from clearway.node.partnership import Partnership
from clearway.settings import Settings

if __name__ == "__main__":
    settings = replace(Settings(), data_directory=Path(sys.argv[1]))
    with Node.open(settings, clock=utc_now, entropy=entropy) as node:
        pace = Pace(facts=8, wait_s=1, least_s=0.005, first_s=0.05, longest_s=0.2, look_s=0.1)
        with Exchange(Partnership(node), pace, Patience(2, 2, 5)):
            os.write(1, b"taking\n")
            threading.Event().wait(60)
