"""The example of the page on estimation is true, and its table names every fault."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

from clearway.coldchain.actions_ahead import Remedy
from clearway.coldchain.model import AlarmKind

PAGE = Path(__file__).resolve().parents[2] / "docs" / "design" / "estimation.md"


def test_the_example_gives_what_the_page_says() -> None:
    code = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)[0]
    known: dict[str, Any] = {}
    exec(compile(code, str(PAGE), "exec"), known)
    state, alarms, life, ahead = (known[name] for name in ("state", "alarms", "life", "ahead"))
    assert alarms[0].kind is AlarmKind.POWER_OFF
    assert alarms[0].at == known["loaded"] + timedelta(minutes=610)
    assert life.remaining_days_q05 < life.remaining_days_q50 < life.remaining_days_q95
    assert life.limit_at is not None
    assert life.limit_at > state.at
    assert ahead.savings[0].remedy is Remedy.PLUG_IN
    assert ahead.savings[0].saved_days > 0.0


def test_every_alarm_of_the_table_is_a_kind_of_alarm() -> None:
    table = PAGE.read_text(encoding="utf-8").split("## Faults")[1].split("## ")[0]
    named = {code for row in table.splitlines() for code in re.findall(r"`(\w+_\w+)`", row)}
    kinds = {kind.value for kind in AlarmKind}
    assert named - {"spans_of"} <= kinds
    assert len(named & kinds) >= 13
