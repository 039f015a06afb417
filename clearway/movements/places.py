"""Where and when what may be done to a container: data, decided by an agency, held against events.

    place = AuthorisedPlace("KEMBA-SHED4", "Shed 4", "KEMBA", (Doing.OPEN_SEAL,),
                            opens=7 * 60, closes=18 * 60, weekdays=(0, 1, 2, 3, 4),
                            utc_offset_min=180, since=...)

A place is known by its code, or by a circle around a position. The hours are those of the clock on
its wall; a place that closes before it opens works through midnight.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import asin, cos, radians, sin, sqrt

from clearway.movements.model import Position

EARTH_M = 6_371_008.8
"""Mean radius R1 of WGS 84 (IUGG): a circle of a yard needs no ellipsoid."""

DAY_MIN = 24 * 60
WEEK = (0, 1, 2, 3, 4, 5, 6)


class Doing(StrEnum):
    """What is allowed at a place."""

    OPEN_SEAL = "open_seal"
    REMOVE_DEVICE = "remove_device"


@dataclass(frozen=True, slots=True)
class AuthorisedPlace:
    """A place where some things may be done at some hours.

    Args:
        code: of the place, as movements name it.
        name: for people.
        office: that watches it.
        doings: what may be done there.
        opens, closes: minutes after midnight on the place's own clock; both 0: day and night.
        weekdays: 0 is Monday.
        utc_offset_min: of the place's clock, minutes east of UTC.
        since, until: from when to when the decision holds; `until` None: until it is withdrawn.
        position, radius_m: a circle that is the place as well; without, only the code counts.
    """

    code: str
    name: str
    office: str
    doings: tuple[Doing, ...]
    since: datetime
    opens: int = 0
    closes: int = 0
    weekdays: tuple[int, ...] = WEEK
    utc_offset_min: int = 0
    until: datetime | None = None
    position: Position | None = None
    radius_m: float = 0.0


@dataclass(frozen=True, slots=True)
class Scene:
    """Where and when something happened to a container.

    Args:
        place, office: codes; "" when unknown. An office's own code is a place too.
        position: None when unknown.
    """

    at: datetime
    place: str = ""
    office: str = ""
    position: Position | None = None


def permit(places: Iterable[AuthorisedPlace], doing: Doing, scene: Scene) -> AuthorisedPlace | None:
    """Return the place that allows this here and now; None: nothing does."""
    fitting = (one for one in places if doing in one.doings and _is_there(one, scene))
    return next((one for one in fitting if is_open(one, scene.at)), None)


def is_open(place: AuthorisedPlace, at: datetime) -> bool:
    """Return whether a place is in force and open at an instant (aware UTC)."""
    if at < place.since or (place.until is not None and at >= place.until):
        return False
    wall = at + timedelta(minutes=place.utc_offset_min)
    minute = wall.hour * 60 + wall.minute
    if place.opens == place.closes:
        return wall.weekday() in place.weekdays
    if place.opens < place.closes:
        return wall.weekday() in place.weekdays and place.opens <= minute < place.closes
    began_yesterday = minute < place.closes
    day = (wall.weekday() - began_yesterday) % len(WEEK)
    return day in place.weekdays and (began_yesterday or minute >= place.opens)


def distance_m(one: Position, other: Position) -> float:
    """Return the metres between two positions on a sphere (haversine); exact to 0.5 %."""
    north, south = radians(one.latitude), radians(other.latitude)
    half = sin((south - north) / 2) ** 2
    turn = sin(radians(other.longitude - one.longitude) / 2) ** 2
    return 2 * EARTH_M * asin(min(1.0, sqrt(half + cos(north) * cos(south) * turn)))


def _is_there(place: AuthorisedPlace, scene: Scene) -> bool:
    """Return whether something happened at the place.

    A position speaks before a name: whoever opens a seal elsewhere can give any name.
    """
    if place.position is not None and scene.position is not None:
        return distance_m(place.position, scene.position) <= place.radius_m
    return place.code == (scene.place or scene.office)
