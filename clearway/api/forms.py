"""Small JSON bodies of people at work, checked at the edge."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

Amount = Annotated[
    str, Field(pattern=r"^[0-9]{1,15}(\.[0-9]{1,4})?$", description="Decimal as a string")
]


class Form(BaseModel):
    """Nothing unknown, nothing guessed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DiscrepancyIn(Form):
    """One thing found."""

    kind: Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[a-z0-9_]+$")]
    item: Annotated[int | None, Field(ge=1, le=999)] = None
    detail: Annotated[str, Field(max_length=500)] = ""
    revenue: Amount | None = None


class ResultIn(Form):
    """What one agency found in an examination, or in an audit after clearance."""

    outcome: Literal["conform", "not_conform"]
    agency: Annotated[str | None, Field(max_length=40)] = None
    findings: Annotated[tuple[DiscrepancyIn, ...], Field(max_length=50)] = ()
    extra_revenue: Amount = "0"
    extent: Literal["nothing", "partial", "full"] | None = None
    hours: Annotated[float | None, Field(ge=0, le=1_000)] = None
    note: Annotated[str, Field(max_length=2_000)] = ""
    started_at: AwareDatetime | None = None
    ended_at: AwareDatetime | None = None

    @property
    def revenue(self) -> Decimal:
        """The amount."""
        return Decimal(self.extra_revenue)

    def ended(self, now: datetime) -> datetime:
        """When it ended; now where it is not said."""
        return self.ended_at or now


class ReasonIn(Form):
    """Why somebody decides by hand."""

    reason: Annotated[str, Field(min_length=1, max_length=500)]


class StopIn(ReasonIn):
    """Why an officer stops a green declaration, and what customs wants to look at."""

    scope: Literal["documents", "goods"] = "documents"


class PresentationIn(Form):
    """Goods without a container number came."""

    at: AwareDatetime
    place: Annotated[str, Field(max_length=60)] = ""


class DelayIn(Form):
    """Who asked in writing for the reasons of a delay."""

    requested_by: Annotated[str, Field(min_length=1, max_length=200)]
