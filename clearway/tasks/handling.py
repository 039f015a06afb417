"""Who gets which alarm, after which delay, and who is asked next: the room's one table.

`docs/design/tasks.md` shows it, and a test holds the two together. Times are the house's own: a way
through a yard takes half an hour, a round of all reefers two hours, an office's round a day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from clearway.tasks.model import Audience, Cause
from clearway.terms.alarm import AlarmLevel

TERMINAL, CARRIER = Audience.TERMINAL, Audience.CARRIER
OFFICER, TRADER = Audience.OFFICER, Audience.TRADER

DUE: Mapping[AlarmLevel, timedelta] = {
    AlarmLevel.CRITICAL: timedelta(minutes=30),
    AlarmLevel.WARNING: timedelta(hours=2),
    AlarmLevel.NOTICE: timedelta(hours=24),
}
"""How soon a task should be done, and how long one audience has before the next is asked."""

PATIENCE = 2
"""A task that was taken has this many times as long before it is passed on all the same."""

NEVER = frozenset({"defrost"})
"""What is normal and asks nobody for anything, should a room ever name it."""

NO_DELAY = timedelta(0)
OPENING = timedelta(minutes=45)
"""Doors stand open this long where containers may be opened: an officer is looking inside."""


@dataclass(frozen=True, slots=True)
class Handling:
    """What is done about one kind of alarm.

    Args:
        cause: what it is grouped under.
        here: who is asked while the container stands at an office's place.
        away: who is asked while it is under way.
        agency: whose officers answer for it in the end.
        delay: how long it may end by itself before anybody is asked.
        then: who is asked next, one after another.
        told: who gets a copy and is asked for nothing.
    """

    cause: Cause
    here: Audience
    away: Audience
    agency: str
    delay: timedelta = NO_DELAY
    then: tuple[Audience, ...] = (OFFICER,)
    told: tuple[Audience, ...] = ()


_COLD_HERE = (CARRIER, OFFICER)
HANDLINGS: Mapping[str, Handling] = {
    "set_point_wrong": Handling(Cause.SET_POINT, TERMINAL, CARRIER, "food_safety", then=_COLD_HERE),
    "warm_loading": Handling(Cause.LOADING, CARRIER, CARRIER, "food_safety"),
    "power_off": Handling(Cause.COLD, TERMINAL, CARRIER, "food_safety", then=_COLD_HERE),
    "door_open": Handling(
        Cause.DOOR, TERMINAL, CARRIER, "food_safety", timedelta(minutes=10), _COLD_HERE
    ),
    "off_set_point": Handling(Cause.COLD, TERMINAL, CARRIER, "food_safety", then=_COLD_HERE),
    "short_cycling": Handling(Cause.COLD, TERMINAL, CARRIER, "food_safety", then=_COLD_HERE),
    "limit_expected": Handling(
        Cause.COLD, TERMINAL, CARRIER, "food_safety", then=_COLD_HERE, told=(TRADER,)
    ),
    "limit_passed": Handling(Cause.COLD, OFFICER, CARRIER, "food_safety", told=(TRADER,)),
    "life_ending": Handling(Cause.COLD, OFFICER, CARRIER, "food_safety", told=(TRADER,)),
    "chilling_risk": Handling(Cause.TOO_COLD, TERMINAL, CARRIER, "food_safety", then=_COLD_HERE),
    "freezing_risk": Handling(Cause.TOO_COLD, TERMINAL, CARRIER, "food_safety", then=_COLD_HERE),
    "sensor_stuck": Handling(Cause.SENSOR, CARRIER, CARRIER, "food_safety"),
    "sensor_range": Handling(Cause.SENSOR, CARRIER, CARRIER, "food_safety"),
    "sensor_lost": Handling(Cause.SENSOR, CARRIER, CARRIER, "food_safety"),
    "sensor_drift": Handling(Cause.SENSOR, CARRIER, CARRIER, "food_safety"),
    "clock_jump": Handling(Cause.SENSOR, CARRIER, CARRIER, "food_safety"),
    "readings_missing": Handling(
        Cause.SENSOR, CARRIER, CARRIER, "food_safety", timedelta(minutes=30)
    ),
    "readings_differ": Handling(Cause.EVIDENCE, OFFICER, OFFICER, "customs", then=()),
    "seal_opened": Handling(
        Cause.SEAL, OFFICER, OFFICER, "customs", then=(), told=(CARRIER, TRADER)
    ),
    "seal_broken": Handling(
        Cause.SEAL, OFFICER, OFFICER, "customs", then=(), told=(CARRIER, TRADER)
    ),
    "seal_missing": Handling(
        Cause.SEAL, OFFICER, OFFICER, "customs", then=(), told=(CARRIER, TRADER)
    ),
    "seal_differs": Handling(Cause.SEAL, OFFICER, OFFICER, "customs", then=()),
    "seal_battery": Handling(Cause.SEAL_BATTERY, CARRIER, CARRIER, "customs"),
    "mass_differs": Handling(Cause.MASS, OFFICER, OFFICER, "customs", then=()),
    "custody_differs": Handling(Cause.CUSTODY, CARRIER, CARRIER, "customs"),
    "device_removed": Handling(Cause.DEVICE, TERMINAL, CARRIER, "customs", then=_COLD_HERE),
}

OTHER = Handling(Cause.OTHER, CARRIER, CARRIER, "food_safety")
"""A kind that this table does not name: whoever holds the goods is asked, then an officer."""


def handling_of(kind: str) -> Handling:
    """Return what is done about a kind of alarm."""
    return HANDLINGS.get(kind, OTHER)


def table() -> str:
    """Return the table of `docs/design/tasks.md`."""
    rows = [
        "| alarm | grouped under | here | under way | delay | then | agency | copy |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for kind, one in (*HANDLINGS.items(), ("any other", OTHER)):
        delay = f"{one.delay // timedelta(minutes=1)} min" if one.delay else "none"
        then, told = ", ".join(one.then) or "nobody", ", ".join(one.told) or "nobody"
        rows.append(
            f"| {kind} | {one.cause} | {one.here} | {one.away} | {delay} | {then} | {one.agency}"
            f" | {told} |"
        )
    return "\n".join(rows) + "\n"
