"""The fleet: every reefer at the border on one page, the most urgent first."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from clearway.coldchain import fleet
from clearway.coldchain.model import Reading
from clearway.console.sparkline import HEIGHT, WIDTH, draw

from .border import Border
from .browser import Browser

Visit = Callable[[str], Browser]
NOW = datetime(2026, 7, 14, 12, tzinfo=UTC)
DAY = timedelta(hours=24)
_ROW = re.compile(r'id="u-([A-Z]{4}[0-9]{7})"')


def test_the_fleet_shows_every_reefer_the_most_urgent_first(border: Border, visit: Visit) -> None:
    points = border.ask(fleet.list_points)
    shown = visit("amina").get("/console/reefers").text
    assert _ROW.findall(shown) == [one.container for one in points[:50]]
    assert "cw-spark" in shown


def test_a_search_keeps_what_was_asked_for(border: Border, visit: Visit) -> None:
    one = border.ask(fleet.list_points)[0]
    amina = visit("amina")
    found = amina.get("/console/reefers", params={"search": one.container.lower()}).text
    assert _ROW.findall(found) == [one.container]
    assert "No reefer is so." in amina.get("/console/reefers?search=no+such+goods").text
    for strange in ("page=-1", "page=9999999999", "page=%D9%A3", "show=<b>", "search=" + "x" * 999):
        assert amina.get(f"/console/reefers?{strange}").status_code == 200


def test_the_picture_has_each_reefer_once_by_how_it_stands_out(
    border: Border, visit: Visit
) -> None:
    points = border.ask(fleet.list_points)
    drawn = visit("amina").get("/console/data/fleet").json()
    numbers = [dot[2] for tone in fleet.Tone for dot in drawn[tone]]
    known = [one.container for one in points if None not in (one.pulp_c, one.limit_c)]
    assert sorted(numbers) == sorted(known)
    assert {dot[2] for dot in drawn["over_a_limit"]} == {
        one.container for one in points if one.tone is fleet.Tone.OVER and one.container in known
    }


def test_the_numbers_above_the_table_add_up(border: Border) -> None:
    points = border.ask(fleet.list_points)
    counts = fleet.count(points)
    assert counts.units == len(points) > 0
    assert counts.alarmed == sum(bool(one.alarms) for one in points)
    assert counts.over <= counts.units


STEP = timedelta(minutes=20)


def readings(values: Sequence[float | None], step: timedelta = STEP) -> list[Reading]:
    begin = NOW - step * len(values)
    return [Reading(n, begin + n * step, return_c=value) for n, value in enumerate(values)]


def test_a_silence_breaks_the_line_and_nothing_measured_draws_nothing() -> None:
    line = draw(readings([1.0] * 24 + [None] * 12 + [2.0] * 24), NOW, DAY, 5.0)
    assert line.path.count("M") == 2
    assert draw(readings([None] * 30), NOW, DAY, 5.0).path == ""
    assert draw([], NOW, DAY, None).low_c is None


def test_no_peak_is_lost_and_the_limit_shows_when_it_is_near() -> None:
    line = draw(readings([1.0] * 30 + [9.0] + [1.0] * 30), NOW, DAY, 5.0)
    assert (line.low_c, line.high_c) == (1.0, 9.0)
    assert line.limit_y is not None
    assert draw(readings([1.0] * 30), NOW, DAY, 50.0).limit_y is None


@given(
    st.lists(st.none() | st.floats(-60, 70), max_size=200),
    st.none() | st.floats(-40, 40),
)
def test_a_line_never_leaves_its_box(values: list[float | None], limit_c: float | None) -> None:
    line = draw(readings(values, timedelta(minutes=9)), NOW, DAY, limit_c)
    for x, y in re.findall(r"[ML]([0-9.]+) ([-0-9.]+)", line.path):
        assert 0 <= float(x) <= WIDTH
        assert 0 <= float(y) <= HEIGHT
    assert line.limit_y is None or 0 <= line.limit_y <= HEIGHT
