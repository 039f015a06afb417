"""Tasks in the console: the list, taking one, and what came of it."""

from __future__ import annotations

import re
from collections.abc import Callable

from clearway.coldchain.tables import list_alarms
from clearway.tasks import tables
from clearway.tasks.model import Audience, State, Task

from .border import Border
from .browser import Browser

Visit = Callable[[str], Browser]
_ROW = re.compile(r'id="t-([0-9]+)"')


def for_customs(border: Border) -> list[Task]:
    found = border.ask(tables.list_open, border.clock(), agency="customs")
    return [task for task in found if Audience.OFFICER in task.audiences]


def test_every_standing_alarm_that_is_due_has_its_task_on_the_list(
    border: Border, visit: Visit
) -> None:
    shown = visit("amina").get("/console/tasks?show=all").text
    open_now = border.ask(tables.list_open, border.clock(), limit=100)
    assert _ROW.findall(shown) == [str(task.seq) for task in open_now]
    alarms = {one.seq for one in border.ask(list_alarms)}
    assert alarms & {alarm.seq for task in open_now for alarm in task.alarms}


def test_an_officer_sees_first_what_asks_the_own_agency(border: Border, visit: Visit) -> None:
    shown = visit("amina").get("/console/tasks").text
    assert _ROW.findall(shown) == [str(task.seq) for task in for_customs(border)]


def test_a_wrong_outcome_brings_the_page_back_with_the_rule(border: Border, visit: Visit) -> None:
    amina = visit("amina")
    task = for_customs(border)[0]
    place = f"/console/tasks/{task.seq}"
    for wrong in ({"outcome": "magic"}, {"outcome": "lost"}, {"outcome": ""}):
        answer = amina.send(f"{place}/complete", place, **wrong)
        assert answer.status_code == 422
        assert 'id="refusal"' in answer.text
    assert border.ask(tables.get, task.seq).is_open
    assert amina.send(f"{place}/burn", place).status_code == 404
    assert amina.get("/console/tasks/999999").status_code == 404


def test_an_officer_takes_a_task_with_its_alarms_and_says_what_came_of_it(
    border: Border, visit: Visit
) -> None:
    amina = visit("amina")
    task = for_customs(border)[0]
    place = f"/console/tasks/{task.seq}"
    taken = amina.send(f"{place}/take", place)
    assert (taken.status_code, taken.headers["location"]) == (303, place)
    assert "you act on it" in amina.get("/console/tasks").text
    standing = {one.seq: one.acknowledged_by for one in border.ask(list_alarms)}
    assert all(
        standing[alarm.seq].endswith("amina") for alarm in task.alarms if alarm.seq in standing
    )
    said = amina.send(f"{place}/comment", place, note="On my way <b>now</b>")
    assert said.status_code == 303
    assert "On my way &lt;b&gt;now" in amina.get(place).text
    done = amina.send(f"{place}/complete", place, outcome="restored")
    assert done.status_code == 303
    assert border.ask(tables.get, task.seq).state is State.DONE
    assert "restored" in amina.get(place).text
