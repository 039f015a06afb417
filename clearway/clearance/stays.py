"""When which container carried whose goods: what a party may see of a container's history."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, or_, select

from clearway.clearance import schema
from clearway.clearance.record import State


@dataclass(frozen=True, slots=True)
class ContainerStay:
    """A container that a declaration names; `ended_at`: the release, None before it."""

    container: str
    lodged_at: datetime
    ended_at: datetime | None


def container_stays(
    connection: Connection, parties: Collection[str], limit: int, *, container: str = ""
) -> tuple[ContainerStay, ...]:
    """Return the containers of declarations that these parties lodged or import by, newest first.

    One that was invalidated names nothing: else whoever lodges and takes back could look anywhere.

    Args:
        parties: party ids. limit: at most so many.
        container: only of this one; empty: of all.
    """
    cargo, box = schema.consignment.c, schema.container.c
    asked = (
        select(box.container, cargo.lodged_at, cargo.released_at)
        .join(schema.consignment, cargo.mrn == box.mrn)
        .where(
            cargo.state != State.CLOSED.value,
            or_(cargo.importer.in_(parties), cargo.declarant.in_(parties)),
        )
        .order_by(cargo.seq.desc(), box.container)
        .limit(limit)
    )
    if container:
        asked = asked.where(box.container == container)
    return tuple(ContainerStay(*row) for row in connection.execute(asked))
