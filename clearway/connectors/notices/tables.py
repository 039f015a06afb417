"""What keeps addresses and the outbox up to date, and what can be asked of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from clearway.connectors.notices.facts import (
    AddressSet,
    AddressWithdrawn,
    NoticeAttempted,
    NoticePosted,
)
from clearway.connectors.notices.model import Address, Notice, Progress, Result
from clearway.connectors.notices.schema import TABLES as TABLES
from clearway.connectors.notices.schema import address, outbox
from clearway.errors import NotFound
from clearway.ledger.columns import Instant
from clearway.ledger.fact import Fact, decode, encode
from clearway.ledger.transaction import Projection

MOST_LISTED = 500

_A, _O = address, outbox
_NOTICE = (
    "seq", "id", "address", "event", "about", "posted_at", "due_at", "attempts", "title", "text",
    "data", "detail",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ended:
    """What this room reads of a task that is over."""

    task: int


def get_address(connection: Connection, name: str) -> Address:
    """Return an address. Raises: NotFound: there is none of this name."""
    found = find_address(connection, name)
    if found is None:
        raise NotFound(f"There is no address {name!r}", subject=name)
    return found


def find_address(connection: Connection, name: str) -> Address | None:
    """Return an address, or None."""
    body = connection.execute(select(_A.c.body).where(_A.c.name == name)).scalar()
    return None if body is None else decode(body, Address)


def set_at(connection: Connection, name: str) -> datetime | None:
    """Return when an address was set last; None: there is none."""
    found: datetime | None = connection.execute(
        select(_A.c.set_at).where(_A.c.name == name)
    ).scalar()
    return found


def list_addresses(
    connection: Connection, *, audience: str = "", agency: str = ""
) -> tuple[Address, ...]:
    """Return addresses by their names, of one audience or agency or of all."""
    query = select(_A.c.body).order_by(_A.c.name)
    if audience:
        query = query.where(_A.c.audience == audience)
    if agency:
        query = query.where(_A.c.agency == agency)
    return tuple(decode(body, Address) for body in connection.execute(query).scalars())


def list_due(connection: Connection, now: datetime, *, limit: int = 100) -> tuple[Notice, ...]:
    """Return the notices that are to be sent by now: the first of each address, then the second.

    Of one address the longest waiting comes first; of a long backlog others would see no end.
    """
    is_due = (
        _O.c.progress == Progress.WAITING.value,
        _O.c.due_at <= bindparam("now", now, Instant),
    )
    turn = func.row_number().over(partition_by=_O.c.address, order_by=(_O.c.due_at, _O.c.seq))
    query = (
        select(_O)
        .where(*is_due)
        .order_by(turn, _O.c.due_at, _O.c.seq)
        .limit(min(limit, MOST_LISTED))
    )
    return tuple(map(_notice, connection.execute(query)))


def get_notice(connection: Connection, id: str) -> Notice:
    """Return a notice. Raises: NotFound: there is none of this id."""
    row = connection.execute(select(_O).where(_O.c.id == id)).first()
    if row is None:
        raise NotFound(f"There is no notice {id}", subject=id)
    return _notice(row)


def list_notices(
    connection: Connection,
    *,
    address: str = "",
    about: str = "",
    progress: Progress | None = None,
    before: int | None = None,
    limit: int = 50,
) -> tuple[Notice, ...]:
    """Return notices, the newest first; `before` is the last one's `seq` of the page before."""
    query = select(_O).order_by(_O.c.seq.desc()).limit(min(limit, MOST_LISTED))
    if address:
        query = query.where(_O.c.address == address)
    if about:
        query = query.where(_O.c.about == about)
    if progress is not None:
        query = query.where(_O.c.progress == progress.value)
    if before is not None:
        query = query.where(_O.c.seq < before)
    return tuple(map(_notice, connection.execute(query)))


def count(connection: Connection) -> dict[str, int]:
    """Return how many notices stand at each progress."""
    query = select(_O.c.progress, func.count()).group_by(_O.c.progress)
    return {progress: int(number) for progress, number in connection.execute(query)}


def _notice(row: Any) -> Notice:
    values = {name: getattr(row, name) for name in _NOTICE}
    return Notice(progress=Progress(row.progress), **values)


def _set(connection: Connection, fact: Fact) -> None:
    body = decode(fact.body, AddressSet).address
    connection.execute(delete(_A).where(_A.c.name == body.name))
    row = {"name": body.name, "seq": fact.seq, "set_at": fact.recorded_at}
    row |= {"audience": body.audience, "agency": body.agency, "body": encode(body)}
    connection.execute(insert(_A), row)


def _withdraw(connection: Connection, fact: Fact) -> None:
    name = decode(fact.body, AddressWithdrawn).name
    connection.execute(delete(_A).where(_A.c.name == name))
    _cancel(connection, _O.c.address == name)


def _post(connection: Connection, fact: Fact) -> None:
    body = decode(fact.body, NoticePosted)
    names = ("id", "address", "event", "about", "due_at", "title", "text")
    row = {name: getattr(body, name) for name in names}
    row |= {"seq": fact.seq, "posted_at": fact.recorded_at, "data": body.data.encode()}
    row |= {"attempts": 0, "progress": Progress.WAITING.value, "detail": ""}
    connection.execute(insert(_O), row)


_ENDS = {
    Result.DELIVERED: Progress.DELIVERED,
    Result.FAILED: Progress.DEAD,
    Result.REFUSED: Progress.DEAD,
    Result.GONE: Progress.DEAD,
}


def _attempt(connection: Connection, fact: Fact) -> None:
    body = decode(fact.body, NoticeAttempted)
    changes: dict[str, object] = {"attempts": body.attempt, "detail": body.detail}
    if body.next_at is None:
        changes["progress"] = _ENDS[body.result].value
    else:
        changes["due_at"] = body.next_at
    connection.execute(update(_O).where(_O.c.id == body.notice).values(**changes))


def _cancel(connection: Connection, which: Any) -> None:
    connection.execute(
        update(_O)
        .where(which, _O.c.progress == Progress.WAITING.value)
        .values(progress=Progress.CANCELLED.value)
    )


def _void(connection: Connection, fact: Fact) -> None:
    """Cancel what was to be said of a task that is over (`task.voided/1`, `task.done/1`)."""
    task = decode(fact.body, Ended).task
    _cancel(connection, _O.c.about == f"task:{task}")


PROJECTIONS: dict[str, tuple[Projection, ...]] = {
    AddressSet.TYPE: (_set,),
    AddressWithdrawn.TYPE: (_withdraw,),
    NoticePosted.TYPE: (_post,),
    NoticeAttempted.TYPE: (_attempt,),
    "task.voided/1": (_void,),
    "task.done/1": (_void,),
}
