"""Uses of certificates: what declarations hold as declared, and what the order says to it.

A line that a declaration here holds or has used is `held` or `consumed`; the order makes it
`ordered` or `stopped`. What is consumed and not ordered yet is pending: released with that mark.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import (
    Column,
    Connection,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Row,
    Table,
    Text,
    bindparam,
    select,
)

from clearway.certificates import facts as room
from clearway.certificates import rows
from clearway.certificates.model import Key
from clearway.certificates.quantity import Position, UseKind
from clearway.certificates.tables import certificate_use
from clearway.certificates.uses import facts
from clearway.ledger.fact import Fact, decode
from clearway.ledger.statement import Rows, run
from clearway.ledger.tables import METADATA
from clearway.ledger.transaction import Projection

MOST_AT_ONCE: Final = 500


class UseState(StrEnum):
    """Where one use of a line stands between here and the order."""

    HELD = "held"
    CONSUMED = "consumed"
    ORDERED = "ordered"
    STOPPED = "stopped"


single_use = Table(
    "certificate_single_use",
    METADATA,
    Column("subject", Text, nullable=False),
    Column("line", Integer, nullable=False),
    Column("reference", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("finding", Text, nullable=False),
    Column("nullifier", Text, nullable=False),
    Column("agency", Text, nullable=False),
    Column("holder", Text, nullable=False),
    Column("order_seq", Integer),
    Column("order_item", Integer),
    Column("seq", Integer, nullable=False),
    PrimaryKeyConstraint("subject", "line", "reference"),
    Index("certificate_single_use_by_state", "state", "seq"),
    sqlite_with_rowid=False,
)

TABLES: tuple[Table, ...] = (single_use,)
_ROWS = Rows(single_use)
_PUT = _ROWS.put(("subject", "line", "reference"), ("state", "seq"))
_SETTLE = _ROWS.put(
    ("subject", "line", "reference"),
    ("state", "finding", "nullifier", "agency", "holder", "order_seq", "order_item", "seq"),
)
_KEY = "subject = ? AND line = ? AND reference = ?"
_STATE = f"SELECT state FROM {single_use.name} WHERE {_KEY}"
_DELETE = f"DELETE FROM {single_use.name} WHERE {_KEY} AND state = ?"
_OF = f"{_ROWS.select} WHERE subject = ? ORDER BY line, reference"
_STOPPED = f"{_ROWS.select} WHERE subject = ? AND state = ? ORDER BY seq LIMIT 1"
_OPEN = f"{_ROWS.select} WHERE state = ? ORDER BY seq LIMIT {MOST_AT_ONCE}"
_ALARMS = f"{_ROWS.select} WHERE state = ? AND seq < ? ORDER BY seq DESC LIMIT ?"
_FAR = 2**62

_select_of = (
    select(certificate_use)
    .where(certificate_use.c.subject == bindparam("wanted"))
    .order_by(certificate_use.c.line, certificate_use.c.mrn, certificate_use.c.item)
)


@dataclass(frozen=True, slots=True)
class Allocation:
    """What one item of one declaration has of one line, in the unit in which it was declared."""

    line: int
    position: Position


@dataclass(frozen=True, slots=True)
class SingleUse:
    """One use of a line and what the order says to it.

    Args:
        key, line: what is used.
        reference: our own, `<mrn>/<item>`.
        finding: of a stopped one, see `single.Finding`.
        nullifier: hexadecimal; "" before the order answered.
        agency, holder: whose use came first (ours, where it is ordered).
        order_seq, order_item: place in the order, or None.
        seq: of the last fact about it.
    """

    key: Key
    line: int
    reference: str
    state: UseState
    finding: str
    nullifier: str
    agency: str
    holder: str
    order_seq: int | None
    order_item: int | None
    seq: int

    @property
    def place(self) -> str:
        """Where the order has it, as people quote it; "" where it does not say."""
        return "" if self.order_seq is None else f"{self.order_seq}.{self.order_item}"


# --- projections -------------------------------------------------------------------------------


def reference_of(mrn: str, item: int) -> str:
    """Return our own reference of a use."""
    return f"{mrn}/{item}"


def _used(connection: Connection, fact: Fact) -> None:
    use = decode(fact.body, room.Used)
    key = (fact.subject, use.line, reference_of(use.mrn, use.item))
    if use.kind is UseKind.RETURN:
        run(connection, _DELETE, (*key, UseState.HELD.value))
        return
    known = run(connection, _STATE, key).fetchone()
    if known is not None and known[0] == UseState.STOPPED:
        return
    is_held = use.kind is UseKind.RESERVE
    if is_held and known is not None and known[0] == UseState.ORDERED:
        return
    state = UseState.HELD if is_held else UseState.CONSUMED
    run(connection, _PUT, _ROWS.values(_row(key, state, fact.seq)))


def _row(key: tuple[str, int, str], state: UseState, seq: int, **more: Any) -> dict[str, Any]:
    subject, line, reference = key
    blank = {"finding": "", "nullifier": "", "agency": "", "holder": ""}
    return {"subject": subject, "line": line, "reference": reference, "state": state.value,
            "seq": seq, **blank, **more}  # fmt: skip


def _ordered(connection: Connection, fact: Fact) -> None:
    body = decode(fact.body, facts.UseOrdered)
    key = (fact.subject, body.line, body.reference)
    row = _row(key, UseState.ORDERED, fact.seq, nullifier=body.nullifier, agency=body.agency,
               order_seq=body.seq, order_item=body.item)  # fmt: skip
    run(connection, _SETTLE, _ROWS.values(row))


def _stopped(connection: Connection, fact: Fact) -> None:
    body = decode(fact.body, facts.DoubleUseFound)
    key = (fact.subject, body.line, body.reference)
    place = (body.seq, body.item) if body.seq >= 0 else (None, None)
    row = _row(key, UseState.STOPPED, fact.seq, finding=body.finding, nullifier=body.nullifier,
               agency=body.agency, holder=body.holder, order_seq=place[0],
               order_item=place[1])  # fmt: skip
    run(connection, _SETTLE, _ROWS.values(row))


PROJECTIONS: dict[str, tuple[Projection, ...]] = {
    room.Used.TYPE: (_used,),
    facts.UseOrdered.TYPE: (_ordered,),
    facts.DoubleUseFound.TYPE: (_stopped,),
}


# --- questions ---------------------------------------------------------------------------------


def allocations(connection: Connection, key: Key) -> tuple[Allocation, ...]:
    """Return what is reserved and consumed of a certificate, line by line."""
    found = connection.execute(_select_of, {"wanted": key.subject})
    return tuple(Allocation(row.line, rows.to_position(row)) for row in found)


def uses_of(connection: Connection, key: Key) -> tuple[SingleUse, ...]:
    """Return the uses of a certificate here, line by line."""
    return tuple(map(_single, run(connection, _OF, (key.subject,)).fetchall()))


def find_stop(connection: Connection, key: Key) -> SingleUse | None:
    """Return why the order stops a certificate, or None."""
    row = run(connection, _STOPPED, (key.subject, UseState.STOPPED.value)).fetchone()
    return None if row is None else _single(row)


def open_uses(connection: Connection, state: UseState) -> tuple[SingleUse, ...]:
    """Return at most 500 uses in a state, the oldest first."""
    return tuple(map(_single, run(connection, _OPEN, (state.value,)).fetchall()))


def list_stops(
    connection: Connection, *, limit: int = 50, before: int | None = None
) -> tuple[SingleUse, ...]:
    """Return double uses found, the latest first (see `tables.list_alarms` for the page)."""
    bound = _FAR if before is None else before
    asked = (UseState.STOPPED.value, bound, max(1, min(limit, MOST_AT_ONCE)))
    return tuple(map(_single, run(connection, _ALARMS, asked).fetchall()))


def _single(row: Row[Any] | Any) -> SingleUse:
    values = _ROWS.read(row)
    key = Key.parse(values.pop("subject"))
    return SingleUse(key=key, **{**values, "state": UseState(values["state"])})
