"""What tasks cost: `python -m tests.tasks.measure` prints it. One core, 3,000 reefers in alarm."""

from __future__ import annotations

import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from clearway.coldchain.facts import AlarmRaised
from clearway.coldchain.model import Alarm, AlarmKind, AlarmLevel
from clearway.ledger import tables as ledger
from clearway.ledger.database import open_writer
from clearway.policy.act import Act
from clearway.policy.cedar import CedarPolicy
from clearway.tasks import tables
from clearway.tasks.actions.attend import attend
from clearway.terms.transport import ContainerNumber
from tests.clearance.border import WORKER, Border

REEFERS = 3_000


def say(what: str, seconds: float) -> None:
    sys.stdout.write(f"{what}: {seconds * 1e3:.1f} ms\n")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        engine = open_writer(Path(folder) / "node.db")
        ledger.METADATA.create_all(engine)
        border = Border(engine, CedarPolicy.load())
        boxes = [ContainerNumber.build(f"TSKU{number:06}") for number in range(REEFERS)]

        def alarm(act: Act) -> None:
            for box in boxes:
                kind, level = AlarmKind.POWER_OFF, AlarmLevel.WARNING
                raised = Alarm(kind, level, box, border.now, None, "No power.", "Plug it in.", {})
                body = AlarmRaised.of(raised)
                act.append(body, subject=f"container:{box}", occurred_at=border.now)

        def all_attended(act: Act) -> None:
            for box in boxes:
                attend(act, box)

        border.act(alarm, actor=WORKER)
        for what in ("attend, a new task", "attend, nothing new"):
            began = time.perf_counter()
            border.act(all_attended, actor=WORKER)
            say(what, (time.perf_counter() - began) / REEFERS)
        with engine.connect() as connection:
            later = border.now + timedelta(hours=3)
            for what, query in (
                ("watch, all answered", lambda: tables.list_unattended(connection, border.now)),
                ("watch, overdue", lambda: tables.list_overdue(connection, later)),
                ("list of 50", lambda: tables.list_open(connection, border.now, limit=50)),
            ):
                began = time.perf_counter()
                query()
                say(what, time.perf_counter() - began)
        engine.dispose()


if __name__ == "__main__":
    main()
