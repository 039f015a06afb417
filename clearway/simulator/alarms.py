"""The alarms of a replayed day, judged by the truth.

An alarm is *true* when something physical had gone wrong with that container by then, on the way
or in the yard; one that life is ending is always true. Alarms about sensors and gaps count apart,
neither true nor false. *Notice* is the time from the start of a mishap on the day to its first
alarm; *lead* is the time from the first alarm until, unrepaired, the true pulp passes its limit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median

import numpy as np

from clearway.coldchain.commodities import library
from clearway.simulator.diary import Diary, Heard
from clearway.simulator.reefers import MishapKind
from clearway.simulator.thermal import STEP_S
from clearway.simulator.truth import Truth

_ABOUT_LOGGERS = frozenset(
    {
        "sensor_stuck",
        "sensor_range",
        "sensor_drift",
        "sensor_lost",
        "clock_jump",
        "readings_missing",
        "readings_differ",
    }
)
_ON_THE_DAY = (MishapKind.POWER_CUT, MishapKind.DOOR_OPEN)
_AT_SEA = (MishapKind.POWER_CUT_AT_SEA, MishapKind.SHORT_TREATMENT)


@dataclass(frozen=True, slots=True)
class Alarms:
    """Alarms of the day.

    Args:
        raised: all.
        true: something physical was wrong with the container.
        false: nothing was.
        about_loggers: of sensors and gaps.
        mishaps, noticed: containers with something physically wrong on the day; those of them with
            an alarm.
        repaired: mishaps ended because of an alarm.
        median_notice_h: from the start of a mishap on the day to its first alarm; None: no alarm.
        median_lead_h: from the first alarm to a limit truly passed; None: none was to be passed.
    """

    raised: int
    true: int
    false: int
    about_loggers: int
    mishaps: int
    noticed: int
    repaired: int
    median_notice_h: float | None
    median_lead_h: float | None


def judge(truth: Truth, diary: Diary) -> Alarms:
    """Return the figures of the day's alarms."""
    goods = [heard for heard in diary.alarms if heard.kind not in _ABOUT_LOGGERS]
    true = [heard for heard in goods if _is_true(truth, heard)]
    mishaps = {container for container in truth.unit_of if truth.spoils_goods(container)}
    noticed = {heard.container for heard in true} & mishaps
    first = _first_alarms(true)
    return Alarms(
        raised=len(diary.alarms),
        true=len(true),
        false=len(goods) - len(true),
        about_loggers=len(diary.alarms) - len(goods),
        mishaps=len(mishaps),
        noticed=len(noticed),
        repaired=len(diary.repairs),
        median_notice_h=_median(_notices(truth, first)),
        median_lead_h=_median(_leads(truth, first)),
    )


def _is_true(truth: Truth, heard: Heard) -> bool:
    """Return whether something physical had gone wrong with the container by then."""
    if truth.voyage is None or heard.container not in truth.unit_of:
        return False
    mishap = truth.voyage.units[truth.unit_of[heard.container]].mishap
    if heard.kind == "life_ending":
        return True
    physical = truth.spoils_goods(heard.container) or _happened_at_sea(truth, heard.container)
    return physical and mishap is not None and mishap.start_s <= heard.at.timestamp()


def _happened_at_sea(truth: Truth, container: str) -> bool:
    return truth.mishap(container) in _AT_SEA


def _median(hours: list[float]) -> float | None:
    return median(hours) if hours else None


def _first_alarms(heard: Iterable[Heard]) -> dict[str, Heard]:
    """Return the first alarm of each container."""
    first: dict[str, Heard] = {}
    for each in sorted(heard, key=lambda one: (one.at, one.seq)):
        first.setdefault(each.container, each)
    return first


def _notices(truth: Truth, first: Mapping[str, Heard]) -> list[float]:
    """Return hours from the start of each mishap on the day to its first alarm."""
    if truth.voyage is None:
        return []
    hours = []
    for container, heard in first.items():
        unit = truth.voyage.units[truth.unit_of[container]]
        if unit.mishap is not None and unit.mishap.kind in _ON_THE_DAY:
            hours.append((heard.at.timestamp() - unit.mishap.start_s) / 3600)
    return hours


def _leads(truth: Truth, first: Mapping[str, Heard]) -> list[float]:
    """Return hours from first alarms until the true pulp, unrepaired, passes its limit."""
    if truth.voyage is None:
        return []
    voyage, hours = truth.voyage, []
    for container, heard in first.items():
        unit = truth.unit_of[container]
        limit_c = library()[voyage.units[unit].goods.commodity or ""].limit_c
        now = voyage.step(heard.at.timestamp())
        over = np.flatnonzero(voyage.course.pulp_c[unit, now:] > limit_c)
        if over.size and over[0] > 0:
            hours.append(float(over[0]) * STEP_S / 3600)
    return hours
