"""Small JSON bodies about tasks, notices and places, checked at the edge."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from clearway.api.forms import Form
from clearway.connectors.notices.model import Address, Channel, Language, Quiet
from clearway.movements.model import Position
from clearway.movements.places import WEEK, AuthorisedPlace, Doing
from clearway.terms.alarm import AlarmLevel

Note = Annotated[str, Field(max_length=1_000)]
Sentence = Annotated[str, Field(min_length=1, max_length=1_000)]
Minutes = Annotated[int, Field(ge=0, le=1_439, description="Minutes after midnight")]
Offset = Annotated[int, Field(ge=-840, le=840, description="Minutes east of UTC")]


class NoteIn(Form):
    """What somebody says beside an act."""

    note: Note = ""


class TextIn(Form):
    """What somebody says."""

    text: Sentence


class WhyIn(Form):
    """Why somebody does it."""

    reason: Sentence


class OutcomeIn(Form):
    """What came of a task."""

    outcome: Annotated[str, Field(max_length=40, description="See docs/design/tasks.md")]
    note: Note = ""


class QuietIn(Form):
    """Hours in which only critical notices are sent."""

    begins: Minutes
    ends: Minutes
    utc_offset_min: Offset = 0


class AddressIn(Form):
    """Where somebody wants to be told, and of what."""

    channel: Literal["webhook", "mail"]
    target: Annotated[str, Field(max_length=500, description="https URL, or mail address")]
    audience: Literal["terminal", "carrier", "officer", "trader"]
    party: Annotated[str, Field(max_length=40)] = ""
    language: Literal["en", "fr", "es"] = "en"
    least_level: Literal["notice", "warning", "critical"] = "warning"
    quiet: QuietIn | None = None
    renew_secret: bool = False

    def address(self, name: str, agency: str) -> Address:
        """Return the address under its name, kept by an agency's node."""
        hours = self.quiet
        quiet = None if hours is None else Quiet(hours.begins, hours.ends, hours.utc_offset_min)
        return Address(
            name,
            Channel(self.channel),
            self.target,
            agency,
            self.audience,
            self.party,
            Language(self.language),
            AlarmLevel(self.least_level),
            quiet,
        )


class PositionIn(Form):
    """Degrees of WGS 84."""

    latitude: Annotated[float, Field(ge=-90, le=90)]
    longitude: Annotated[float, Field(ge=-180, le=180)]


class PlaceIn(Form):
    """What may be done to containers at a place, and when."""

    name: Annotated[str, Field(max_length=70)]
    office: Annotated[str, Field(pattern=r"^[A-Z0-9]{2,17}$")]
    doings: Annotated[
        tuple[Literal["open_seal", "remove_device"], ...], Field(min_length=1, max_length=2)
    ]
    since: AwareDatetime
    opens: Minutes = 0
    closes: Minutes = 0
    weekdays: Annotated[
        tuple[Annotated[int, Field(ge=0, le=6)], ...], Field(min_length=1, max_length=7)
    ] = WEEK
    utc_offset_min: Offset = 0
    until: AwareDatetime | None = None
    position: PositionIn | None = None
    radius_m: Annotated[float, Field(ge=0, le=50_000)] = 0.0

    def place(self, code: str) -> AuthorisedPlace:
        """Return the place under its code."""
        where = self.position
        return AuthorisedPlace(
            code=code,
            name=self.name,
            office=self.office,
            doings=tuple(map(Doing, self.doings)),
            since=self.since,
            opens=self.opens,
            closes=self.closes,
            weekdays=self.weekdays,
            utc_offset_min=self.utc_offset_min,
            until=self.until,
            position=None if where is None else Position(where.latitude, where.longitude),
            radius_m=self.radius_m,
        )
