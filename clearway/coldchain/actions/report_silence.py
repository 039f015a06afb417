"""Units that stopped sending: nobody hears an alarm from a unit that says nothing."""

from __future__ import annotations

from datetime import timedelta

from clearway.coldchain import advice, tables
from clearway.coldchain.facts import AlarmRaised
from clearway.coldchain.model import Alarm
from clearway.policy.act import Act

SILENT_AFTER = timedelta(hours=3)


def report_silence(act: Act, limit: int = 100) -> tuple[Alarm, ...]:
    """Raise an alarm for each unit at the border that sent nothing for `SILENT_AFTER`.

    The next reading ends it. A worker calls this every few minutes. While received readings wait to
    be followed nobody is called silent: what a unit sent may be among them.
    """
    act.require("coldchain.record_readings")
    alarms: list[Alarm] = []
    if tables.count_waiting(act.connection):
        return ()
    for unit in tables.list_silent(act.connection, act.now - SILENT_AFTER, limit=limit):
        alarm = advice.silent(unit.state, act.now)
        act.append(AlarmRaised.of(alarm), subject=f"container:{unit.container}")
        alarms.append(alarm)
    return tuple(alarms)
