"""Quantities of certificates, for a customs system that is not ours.

What the EU's customs systems ask of CERTEX: what is left, reserve, release, delete. A refusal is an
answer, with its code and the account as it stands; the HTTP status is 200 all the same. A message
with an `Idempotency-Key` is done once, however often it is sent.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Response
from pydantic import Field

from clearway.api.access import TheActor, TheNode
from clearway.api.envelope import answer, cursor_of, place_of
from clearway.api.forms import Form
from clearway.api.problems import RESPONSES
from clearway.api.strict import StrictRoute
from clearway.api.work import act, look
from clearway.certificates import tables
from clearway.certificates.actions.manage_quantity import Answer, Request
from clearway.certificates.model import Key, describe_status
from clearway.certificates.quantity import Balance
from clearway.certificates.record import Record
from clearway.certificates.uses.account import Operation, Want
from clearway.certificates.uses.tables import Allocation, SingleUse, allocations, list_stops
from clearway.clearance.actions.manage_quantity import manage_quantity
from clearway.policy.act import Act
from clearway.terms.identifiers import Mrn
from clearway.terms.places import Country
from clearway.terms.quantity import Quantity, UnitCode

router = APIRouter(
    prefix="/v1/quantities", tags=["certificates"], responses=RESPONSES, route_class=StrictRoute
)
MessageId = Annotated[str, Header(alias="Idempotency-Key", max_length=128)]


class PositionIn(Form):
    """What one goods item needs of one line."""

    item: Annotated[int, Field(ge=1, le=9_999)]
    line: Annotated[int, Field(ge=0, le=9_999)]
    hs: Annotated[str, Field(max_length=10, pattern=r"^[0-9]*$")] = ""
    quantity: Annotated[
        str, Field(pattern=r"^[0-9]{1,16}(\.[0-9]{1,6})?$", description="Decimal as a string")
    ]
    unit: Annotated[str, Field(min_length=2, max_length=3)]

    @property
    def want(self) -> Want:
        """The position in our words. Raises: BadTerm."""
        amount = Quantity(Decimal(self.quantity), UnitCode(self.unit))
        return Want(self.item, self.line, self.hs, amount)


class QuantityIn(Form):
    """Which certificate, for which declaration; a reservation states the whole position."""

    type_code: Annotated[str, Field(min_length=1, max_length=3)]
    country: Annotated[str, Field(min_length=2, max_length=2)]
    number: Annotated[str, Field(min_length=1, max_length=100)]
    mrn: Annotated[str, Field(max_length=18)]
    positions: Annotated[tuple[PositionIn, ...], Field(max_length=999)] = ()

    def request(self, operation: Operation, message_id: str) -> Request:
        """Return what is asked. Raises: BadTerm."""
        key = Key.of(self.type_code, Country(self.country), self.number)
        wants = tuple(each.want for each in self.positions)
        return Request(operation, key, Mrn(self.mrn), wants, message_id)


@router.get("/stops")
async def stops(
    node: TheNode,
    actor: TheActor,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """List what the order of the agencies found against certificates here, the latest first.

    Used elsewhere, other content under the number, or more drawn than was certified; `agency` and
    the place in the order are those of the first use.
    """
    node.policy.require(actor, "certificate.read", {})
    before = place_of(cursor)

    def query() -> tuple[SingleUse, ...]:
        with node.reading() as connection:
            return list_stops(connection, limit=limit, before=before)

    found = await look(node, actor, query)
    following = cursor_of(found[-1].seq) if len(found) == limit else None
    return answer(found, following=following)


@router.get("/{type_code}/{country}/{number:path}")
async def quantities(
    type_code: str, country: str, number: str, node: TheNode, actor: TheActor
) -> Response:
    """Return what is certified, reserved, consumed and left of each line, and who holds it."""
    key = Key.of(type_code, Country(country), number)
    node.policy.require(actor, "certificate.read", {"certificate": key.subject})

    def query() -> tuple[Record, tuple[Allocation, ...]]:
        with node.reading() as connection:
            return tables.get(connection, key), allocations(connection, key)

    return answer(account_of(*await look(node, actor, query)))


@router.post("/{operation}")
async def manage(
    operation: Literal["reserve", "release", "delete"],
    body: QuantityIn,
    node: TheNode,
    actor: TheActor,
    idempotency_key: MessageId = "",
) -> Response:
    """Reserve the whole position of a declaration, release it for good, or delete it.

    `code` is 01 for executed, 02 no record, 03 already consumed, 04 executed although the
    certificate is not in force; of a refused reservation 03 codes, 04 status, 05 quantities
    (the old hold is dropped), 06 written off already, 07 lines, 10 units.
    """
    request = body.request(Operation(operation), idempotency_key)

    def manage_and_show(hand: Act) -> tuple[Answer, tuple[Allocation, ...]]:
        return manage_quantity(hand, request), allocations(hand.connection, request.certificate)

    done, held = (await act(node, actor, manage_and_show)).result
    data = {
        "operation": operation,
        "mrn": request.mrn,
        "executed": done.is_executed,
        "code": done.code,
        "detail": done.detail,
        "repeated": done.repeated,
        "seq": done.seq,
        "account": account_of(done.record, held),
    }
    return answer(data, receipt=node.stored_receipt(done.seq))


def account_of(record: Record, held: tuple[Allocation, ...]) -> dict[str, Any]:
    """Return a certificate's account as this door shows it."""
    return {
        "type_code": record.key.type_code,
        "country": record.key.country,
        "number": record.certificate.number,
        "status": describe_status(record.status),
        "lines": [_line(record, balance) for balance in record.balances],
        "allocations": [
            {
                "line": each.line,
                "mrn": each.position.mrn,
                "item": each.position.item,
                "reserved": _shown(each.position.reserved),
                "consumed": _shown(each.position.consumed),
            }
            for each in held
        ],
    }


def _line(record: Record, balance: Balance) -> dict[str, Any]:
    line = record.certificate.line(balance.line)
    return {
        "line": balance.line,
        "hs": [] if line is None else line.hs,
        "certified": _shown(balance.certified),
        "reserved": _shown(balance.reserved),
        "consumed": _shown(balance.consumed),
        "available": _shown(balance.available),
    }


def _shown(amount: Quantity | None) -> dict[str, str] | None:
    return None if amount is None else {"value": f"{amount.value:f}", "unit": str(amount.unit)}
