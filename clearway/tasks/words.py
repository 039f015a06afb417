"""What a notice of a task says, in each language.

English gives the sentences of the alarm itself; French and Spanish a sentence for its kind and the
values beside it. The catalogues lie in `texts/`; a test holds them against every kind of alarm.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from importlib.resources import files

import msgspec

from clearway.connectors.notices.model import Language
from clearway.tasks.model import AlarmOn, Audience, Task

TOLD_ELSEWHERE = frozenset({"container", "limit_at", "at", "place"})


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The words of one language.

    Args:
        kinds: of each kind of alarm its title, what it says and what to do.
        labels: of the lines below.
    """

    kinds: Mapping[str, tuple[str, str, str]]
    labels: Mapping[str, str]


@lru_cache(maxsize=len(Language))
def catalogue(language: Language) -> Catalogue:
    """Return the words of a language."""
    text = (files("clearway.tasks") / "texts" / f"{language}.json").read_bytes()
    return msgspec.json.decode(text, type=Catalogue)


def words_of(task: Task, event: str, audience: Audience) -> dict[Language, tuple[str, str]]:
    """Return title and text of a notice, by language."""
    return {language: _words(task, event, audience, language) for language in Language}


def _words(task: Task, event: str, audience: Audience, language: Language) -> tuple[str, str]:
    found = catalogue(language)
    alarm = newest(task)
    title, what, advice = found.kinds.get(alarm.kind, found.kinds["other"])
    level = found.labels[task.level.value]
    lines = [what or alarm.message, advice or alarm.advice, ""]
    if event == "task.escalated":
        lines.insert(0, found.labels["escalated"])
    if audience not in task.audiences:
        lines.insert(0, found.labels["copy"])
    lines += _particulars(task, alarm, found.labels, with_values=language is not Language.ENGLISH)
    return f"{title}: {task.container} ({level})", "\n".join(lines) + "\n"


def newest(task: Task) -> AlarmOn:
    """Return the alarm that a notice speaks of: the most urgent, of several the latest."""
    worst = [alarm for alarm in task.alarms if alarm.level is task.level]
    return (worst or list(task.alarms))[-1]


def _particulars(
    task: Task, alarm: AlarmOn, labels: Mapping[str, str], *, with_values: bool
) -> list[str]:
    lines = [
        f"{labels['container']}: {task.container}",
        f"{labels['place']}: {alarm.values.get('place') or task.office or labels['under_way']}",
        f"{labels['since']}: {_moment(alarm.at)}",
        f"{labels['due']}: {_moment(task.due_at)}",
    ]
    if alarm.limit_at is not None:
        lines.append(f"{labels['limit']}: {_moment(alarm.limit_at)}")
    values = [
        f"{name} {value}" for name, value in alarm.values.items() if name not in TOLD_ELSEWHERE
    ]
    if with_values and values:
        lines.append(f"{labels['values']}: {', '.join(values)}")
    lines.append(f"{labels['task']}: {task.seq}")
    return lines


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
