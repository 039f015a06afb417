"""The control of the hub's kill tests: a hub that answers before its commit.

python -m tests.connectors.ippc_hub.careless FOLDER PORT
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from clearway.cli.hub_folder import HubFolder
from clearway.cli.hub_server import serve
from clearway.connectors.ippc_hub import store


def answer_first(self: store.Store, connection: Connection, group: list[Any]) -> None:
    """What a careless hub would do."""
    with connection.begin():
        answers = [store._run_one(connection, waiting.job) for waiting in group]
        store._tell(group, answers)
        time.sleep(0.2)


if __name__ == "__main__":
    store.Store._commit = answer_first  # type: ignore[method-assign]
    serve(HubFolder(Path(sys.argv[1])), "127.0.0.1", int(sys.argv[2]), "")
