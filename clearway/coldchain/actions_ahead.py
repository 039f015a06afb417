"""What each remedy would save: the same goods, run on twice, with and without it.

    ahead = look_ahead(state, commodity, stay_h=24.0)
    ahead.limit_at               # when a limit is passed if nothing changes
    ahead.savings[0].remedy      # what saves most: `plug_in`
    ahead.savings[0].saved_days  # reference days of life by the end of the stay

A remedy takes effect after `REACTION_H`. Every course runs over the same hours on the pulp model
(`pulp`, `spoilage`), so that a saving is a difference of like things; what lies beyond the stay is
the same for all and is left out. Savings are estimates for choosing what to do first, no promise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil

from clearway.coldchain.model import Commodity, Outlook
from clearway.coldchain.rules import set_point_fault
from clearway.coldchain.spoilage import air_ahead, elapse, pace_of
from clearway.coldchain.state import UnitState, stirring
from clearway.errors import WrongState

REACTION_H = 1.0
"""From a call to the plug or the switch. Assumed."""

EXAMINED_H = 3.0
"""From the head of the queue through an examination onto the road. Assumed."""

STORED_H = 2.0
"""From the yard into a cold store. Assumed."""

LONGEST_STAY_H = 240.0
STEP_H = 0.5
SAME_SET_POINT_C = 0.5
WORTH_DAYS = 0.005
"""A saving of less than some minutes is none."""


class Remedy(StrEnum):
    """What can be done about goods that lose life; stable codes."""

    PLUG_IN = "plug_in"
    CORRECT_SET_POINT = "correct_set_point"
    CLOSE_DOOR = "close_door"
    HEAD_OF_QUEUE = "head_of_queue"
    COLD_STORE = "cold_store"


@dataclass(frozen=True, slots=True)
class Saving:
    """What one remedy saves.

    Args:
        saved_days: reference days of life by the end of the stay, 0 or more.
        limit_at: when a limit is passed in spite of it; None: not within the stay.
        effective_at: from when it helps.
    """

    remedy: Remedy
    saved_days: float
    limit_at: datetime | None
    effective_at: datetime


@dataclass(frozen=True, slots=True)
class Ahead:
    """What becomes of goods during their stay, and what could be saved.

    Args:
        until: end of the stay.
        spent_days: reference days of life that the stay costs if nothing changes.
        limit_at: when a limit is passed if nothing changes; None: not within the stay.
        savings: of the remedies that apply, the largest first.
    """

    until: datetime
    spent_days: float
    limit_at: datetime | None
    savings: tuple[Saving, ...]


def look_ahead(state: UnitState, commodity: Commodity, *, stay_h: float = 24.0) -> Ahead:
    """Return what the stay costs if nothing changes, and what each remedy would save.

    Args:
        state: after at least one temperature.
        stay_h: hours until the container leaves if nobody hurries; at most `LONGEST_STAY_H`.

    Raises: WrongState: nothing was measured in this unit yet.
    """
    if state.goods is None or state.at is None:
        raise WrongState(
            f"Nothing was measured in container {state.container} yet; an outlook needs a reading"
        )
    start, hours = state.at, min(max(stay_h, STEP_H), LONGEST_STAY_H)
    before = state.goods.consumed.middle
    used, limit_at = _run(state, commodity, hours, None)
    savings = []
    for remedy, after_h in remedies(state, commodity).items():
        if after_h < hours:
            mended, late_at = _run(state, commodity, hours, (after_h, _mended(remedy, commodity)))
            effective_at = start + timedelta(hours=after_h)
            savings.append(Saving(remedy, max(0.0, used - mended), late_at, effective_at))
    worth = (each for each in savings if each.saved_days >= WORTH_DAYS)
    ordered = tuple(sorted(worth, key=lambda each: (-each.saved_days, each.remedy)))
    return Ahead(start + timedelta(hours=hours), used - before, limit_at, ordered)


def remedies(state: UnitState, commodity: Commodity) -> Mapping[Remedy, float]:
    """Return the remedies that apply to a unit, each with the hours until it takes effect."""
    found = {}
    if state.seen.powered is False:
        found[Remedy.PLUG_IN] = REACTION_H
    if _is_set_wrong(state, commodity):
        found[Remedy.CORRECT_SET_POINT] = REACTION_H
    if state.since.door_open is not None:
        found[Remedy.CLOSE_DOOR] = REACTION_H
    found[Remedy.HEAD_OF_QUEUE] = EXAMINED_H
    found[Remedy.COLD_STORE] = STORED_H
    return found


def _is_set_wrong(state: UnitState, commodity: Commodity) -> bool:
    told_c, agreed_c = state.told_c, state.set_point_c
    if told_c is None or state.seen.powered is False:
        return False
    if set_point_fault(told_c, commodity):
        return True
    return agreed_c is not None and abs(told_c - agreed_c) > SAME_SET_POINT_C


def _mended(remedy: Remedy, commodity: Commodity) -> Outlook | float:
    """Return the air under a remedy: a cold store's own, else that of a unit put right."""
    return commodity.reference_c if remedy is Remedy.COLD_STORE else Outlook.RESTORED


def _run(
    state: UnitState,
    commodity: Commodity,
    hours: float,
    remedy: tuple[float, Outlook | float] | None,
) -> tuple[float, datetime | None]:
    """Return the days used up at the end, and when a limit is passed, if it is.

    Args:
        remedy: hours until it takes effect, and the air from then on.
    """
    goods, start = state.goods, state.at
    if goods is None or start is None:
        raise ValueError("goods that nobody measured cannot be run on")
    as_now, stirred = air_ahead(state, Outlook.AS_NOW, commodity), stirring(state.seen)
    mended = as_now if remedy is None else _air(remedy[1], state, commodity)
    from_h = hours if remedy is None else remedy[0]
    pace, limit_at = pace_of(commodity), None
    for step in range(ceil(hours / STEP_H)):
        middle_h = (step + 0.5) * STEP_H
        is_mended = middle_h >= from_h
        goods = elapse(
            goods,
            commodity,
            min(STEP_H, hours - step * STEP_H),
            mended(middle_h) if is_mended else as_now(middle_h),
            stirred=1.0 if is_mended else stirred,
            pace=pace,
        )
        if limit_at is None and _is_beyond(goods.pulp.c, commodity):
            limit_at = start + timedelta(hours=(step + 1) * STEP_H)
    return goods.consumed.middle, limit_at


def _air(
    mended: Outlook | float, state: UnitState, commodity: Commodity
) -> Callable[[float], float]:
    if isinstance(mended, Outlook):
        return air_ahead(state, mended, commodity)
    return lambda hours: mended


def _is_beyond(pulp_c: float, commodity: Commodity) -> bool:
    coldest = [c for c in (commodity.chilling_c, commodity.freezing_c) if c is not None]
    return pulp_c > commodity.limit_c or (bool(coldest) and pulp_c < max(coldest))
