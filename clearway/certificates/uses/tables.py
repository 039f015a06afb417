"""What declarations hold of a certificate, as they declared it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, select

from clearway.certificates import rows
from clearway.certificates.model import Key
from clearway.certificates.quantity import Position
from clearway.certificates.tables import certificate_use

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


def allocations(connection: Connection, key: Key) -> tuple[Allocation, ...]:
    """Return what is reserved and consumed of a certificate, line by line."""
    found = connection.execute(_select_of, {"wanted": key.subject})
    return tuple(Allocation(row.line, rows.to_position(row)) for row in found)
