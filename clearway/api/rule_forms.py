"""Small JSON bodies about rules and watch lists, checked at the edge."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from clearway.api.forms import Form
from clearway.risk.lists.model import Subject, WatchList
from clearway.risk.model import Channel, Profile
from clearway.risk.profiles.model import Bounds
from clearway.risk.rules import MOST_CHARACTERS
from clearway.terms.period import Period

Short = Annotated[str, Field(min_length=1, max_length=200)]
Sentence = Annotated[str, Field(min_length=1, max_length=500)]
Hour = Annotated[int, Field(ge=0, le=24, description="Hour UTC")]
Entry = Annotated[str, Field(min_length=1, max_length=200)]


class RuleIn(Form):
    """A rule as an analyst writes it."""

    id: Annotated[str, Field(min_length=1, max_length=40)]
    text: Annotated[Sentence, Field(description="The reason that officers see")]
    expression: Annotated[str, Field(min_length=1, max_length=MOST_CHARACTERS, description="CEL")]
    lane: Literal["red", "yellow", "blue"]
    owner: Short
    valid_from: AwareDatetime
    valid_until: AwareDatetime | None = None
    agency: Annotated[str, Field(max_length=40)] = "customs"
    mandatory: bool = False
    reason: Annotated[str, Field(max_length=1_000, description="Why it is drafted")] = ""
    most_per_day: Annotated[int | None, Field(ge=0, le=1_000_000)] = None
    opens: Hour = 0
    closes: Hour = 24

    def profile(self) -> Profile:
        """Return the rule."""
        return Profile(
            id=self.id,
            text=self.text,
            expression=self.expression,
            lane=Channel(self.lane),
            agency=self.agency,
            mandatory=self.mandatory,
            period=Period(self.valid_from, self.valid_until),
            owner=self.owner,
        )

    def bounds(self) -> Bounds:
        """Return what bounds its selections."""
        return Bounds(self.most_per_day, self.opens, self.closes)


class ActivateIn(Form):
    """Why a rule is approved."""

    reason: Annotated[str, Field(max_length=1_000)] = ""


class EndIn(Form):
    """Why a rule is retired."""

    reason: Sentence


class ListIn(Form):
    """A watch list, apart from its entries."""

    subject: Subject
    owner: Short
    reason: Sentence
    source: Short
    valid_from: AwareDatetime
    valid_until: AwareDatetime | None = None

    def watch_list(self, name: str) -> WatchList:
        """Return the list under its name."""
        period = Period(self.valid_from, self.valid_until)
        return WatchList(name, self.subject, self.owner, self.reason, self.source, period)


class EntriesIn(Form):
    """Entries to put on a list and to take off."""

    add: Annotated[tuple[Entry, ...], Field(max_length=900)] = ()
    remove: Annotated[tuple[Entry, ...], Field(max_length=900)] = ()
    reason: Annotated[str, Field(max_length=1_000)] = ""
