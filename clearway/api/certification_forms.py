"""Small JSON bodies of certification, checked at the edge; applications have their own form."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from clearway.api.forms import Amount, Form
from clearway.certificates.issuing.course import Delivery
from clearway.certificates.model import Key
from clearway.terms.quantity import Quantity, UnitCode

_Reason = Annotated[str, Field(min_length=1, max_length=500)]
_Text = Annotated[str, Field(max_length=500)]


class KeyIn(Form):
    """Which certificate."""

    type_code: Annotated[str, Field(pattern=r"^[A-Za-z0-9]{1,3}$")]
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    number: Annotated[str, Field(min_length=1, max_length=70)]

    @property
    def key(self) -> Key:
        """The key of the model. Raises: BadTerm: no such country."""
        return Key.of(self.type_code, self.country, self.number)


class AmountIn(Form):
    """A quantity of one line."""

    line: Annotated[int, Field(ge=0, le=99_999)]
    value: Amount
    unit: Annotated[str, Field(pattern=r"^[0-9A-Z]{2,3}$")]

    @property
    def quantity(self) -> Quantity:
        """The quantity of the model. Raises: BadTerm: no such unit."""
        return Quantity(Decimal(self.value), UnitCode(self.unit))


class DraftIn(Form):
    """From which certificate a draft is made, and what for."""

    purpose: Literal["copy", "replacement", "re_export"]
    certificate: KeyIn
    reason: _Text = ""
    lines: Annotated[tuple[AmountIn, ...], Field(max_length=500)] = ()


class IssueIn(Form):
    """Where a certificate is issued."""

    place: Annotated[str, Field(max_length=70)] = ""


class DispatchIn(Form):
    """How the newest word of a certificate went to the importing country."""

    channel: Literal["hub", "peer", "paper"] = "paper"
    hub_number: Annotated[str, Field(max_length=70)] = ""


class ReportIn(Form):
    """What became of it."""

    delivery: Literal[
        "delivered",
        "delivered_with_warnings",
        "delivered_not_readable",
        "delivery_failed",
        "acknowledged",
    ]
    hub_number: Annotated[str, Field(max_length=70)] = ""
    message: _Text = ""

    @property
    def reported(self) -> Delivery:
        """The state of the model."""
        return Delivery(self.delivery)


class UseIn(Form):
    """What Customs abroad used of a line."""

    amount: AmountIn
    reference: Annotated[str, Field(min_length=1, max_length=70)]


class RejectionIn(Form):
    """Which country does not accept it, and why."""

    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    reason: _Reason
    reference: Annotated[str, Field(max_length=70)] = ""
