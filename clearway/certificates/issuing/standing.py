"""Which of our certificates no longer count, for the status lists: by list and running number."""

from __future__ import annotations

import re
from typing import Final

from sqlalchemy import Connection, func, select

from clearway.certificates.issuing.course import Stage
from clearway.certificates.issuing.numbering import LIST_SIZE
from clearway.certificates.issuing.schema import application
from clearway.certificates.status import State
from clearway.errors import NotFound

# An expired one is not among them: its seal states its end.
_STATES: Final = {
    Stage.WITHDRAWN: State.WITHDRAWN,
    Stage.REPLACED: State.REPLACED,
    Stage.REFUSED: State.WITHDRAWN,  # after its approval: the number stays void
    Stage.CANCELLED: State.WITHDRAWN,
}
_LIST_ID: Final = re.compile(r"([A-Za-z0-9]{1,6})-([1-9][0-9]{0,3})")


def list_ids(connection: Connection) -> tuple[str, ...]:
    """Return the names of the status lists that have entries, see `numbering.place_of`."""
    kinds = (
        select(application.c.type_code, func.max(application.c.status_index).label("last"))
        .where(application.c.status_index.is_not(None))
        .group_by(application.c.type_code)
        .order_by(application.c.type_code)
    )
    return tuple(
        f"{row.type_code}-{volume + 1}"
        for row in connection.execute(kinds)
        for volume in range(row.last // LIST_SIZE + 1)
    )


def states_of(connection: Connection, list_id: str) -> dict[int, State]:
    """Return what a status list says, by running number; valid ones are left out.

    Raises: NotFound: there is no such list.
    """
    named = _LIST_ID.fullmatch(list_id)
    if named is None or list_id not in list_ids(connection):
        raise NotFound(f"There is no status list {list_id[:40]!r} here")
    first = (int(named[2]) - 1) * LIST_SIZE
    wanted = (
        select(application.c.status_index, application.c.stage)
        .where(application.c.type_code == named[1])
        .where(application.c.status_index.between(first, first + LIST_SIZE - 1))
        .where(application.c.stage.in_(list(_STATES)))
    )
    return {
        row.status_index - first: _STATES[Stage(row.stage)] for row in connection.execute(wanted)
    }
