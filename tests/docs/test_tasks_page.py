"""docs/design/tasks.md says what the rules of tasks and notices do."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

from clearway.connectors.notices.rules import PAUSES
from clearway.tasks import rules
from clearway.tasks.handling import DUE, OPENING, PATIENCE, table
from clearway.tasks.model import Outcome
from clearway.tasks.rules import AGAIN, NEEDS_NOTE
from clearway.terms.alarm import AlarmLevel

PAGE = (Path(__file__).resolve().parents[2] / "docs/design/tasks.md").read_text(encoding="utf-8")


def span(text: str) -> timedelta:
    number, unit = text.split()
    return int(number) * {"s": 1, "min": 60, "h": 3600}[unit] * timedelta(seconds=1)


def test_the_table_of_who_is_asked_is_that_of_the_rules() -> None:
    assert table() in PAGE


def test_the_times_of_the_levels_are_those_of_the_rules() -> None:
    for level in AlarmLevel:
        row = re.search(rf"^\| {level} \| (.+?) \| (.+?) \|$", PAGE, re.MULTILINE)
        assert row is not None
        assert span(row[1]) == DUE[level]
        assert span(row[2]) == PATIENCE * DUE[level]


def test_every_rule_and_outcome_stands_on_the_page() -> None:
    codes = set(re.findall(r"TSK_R\d", rules.__doc__ or ""))
    assert codes == set(re.findall(r"TSK_R\d", PAGE))
    listed = re.search(r"^Outcomes: (.+?)\. The last three", PAGE, re.MULTILINE | re.DOTALL)
    assert listed is not None
    words = re.findall(r"`(\w+)`", listed[1])
    assert set(words) == set(Outcome)
    assert set(words[-3:]) == NEEDS_NOTE


def test_the_pauses_between_attempts_are_those_of_the_rules() -> None:
    told = re.search(r"tried again after (.+?); then it is dead", PAGE, re.DOTALL)
    assert told is not None
    found = re.findall(r"\d+ (?:s|min|h)", told[1])
    assert tuple(map(span, found)) == PAUSES


def test_the_doors_and_the_hour_are_those_of_the_rules() -> None:
    assert f"for {OPENING // timedelta(minutes=1)} minutes" in PAGE
    assert timedelta(hours=1) == AGAIN
