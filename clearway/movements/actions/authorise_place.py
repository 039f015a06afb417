"""An agency decides what may be done to containers at a place, and when."""

from __future__ import annotations

import re

from clearway.errors import BadTerm, NotFound
from clearway.ledger.fact import Fact
from clearway.movements import rules, tables
from clearway.movements.facts_alarms import PlaceAuthorised, PlaceWithdrawn
from clearway.movements.places import DAY_MIN, AuthorisedPlace
from clearway.policy.act import Act

_CODE = re.compile("[A-Z0-9][A-Z0-9-]{1,34}")
WIDEST_M = 50_000.0


def authorise_place(act: Act, place: AuthorisedPlace) -> Fact:
    """Record the decision; it replaces an earlier one on the same code.

    Raises: BadTerm: a code, hour, weekday or circle that cannot be. Refused.
    """
    act.require("movement.authorise", office=place.office)
    _require_possible(place)
    return act.append(PlaceAuthorised(place), subject=f"place:{place.code}")


def withdraw_place(act: Act, code: str, reason: str) -> Fact:
    """Record that nothing is authorised there any more. Raises: NotFound: nothing was. Refused."""
    place = tables.find_place(act.connection, code)
    if place is None:
        raise NotFound(f"No place {code} is authorised", place=code)
    act.require("movement.authorise", office=place.office)
    return act.append(PlaceWithdrawn(code, reason), subject=f"place:{code}")


def _require_possible(place: AuthorisedPlace) -> None:
    if _CODE.fullmatch(place.code) is None:
        rule = "2 to 35 capital letters, digits and hyphens, such as KEMBA-SHED4"
        raise BadTerm("code", place.code, rule, field="code")
    if not (0 <= place.opens < DAY_MIN and 0 <= place.closes < DAY_MIN):
        raise BadTerm("opens", place.opens, "minutes after midnight, 0 to 1439", field="opens")
    if not place.doings:
        raise BadTerm("doings", (), "say what may be done there", field="doings")
    if not set(place.weekdays) <= set(range(7)):
        raise BadTerm("weekdays", place.weekdays, "0 (Monday) to 6", field="weekdays")
    if abs(place.utc_offset_min) > 14 * 60:
        rule = "at most 14 hours east or west, in minutes"
        raise BadTerm("utc_offset_min", place.utc_offset_min, rule, field="utc_offset_min")
    if place.position is None:
        return
    if not rules.is_on_earth(place.position) or not 0 < place.radius_m <= WIDEST_M:
        rule = f"a position on earth and a radius of up to {WIDEST_M:,.0f} m"
        raise BadTerm("position", place.position, rule, field="position")
