"""How the tables of watch lists follow the facts."""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, update

from clearway.ledger.fact import Fact, decode
from clearway.risk.lists.facts import ListChanged, ListKept
from clearway.risk.lists.schema import change, entry, watch_list


def put_list(connection: Connection, fact: Fact) -> None:
    """Keep what is said of a list."""
    stated = decode(fact.body, ListKept).list
    connection.execute(delete(watch_list).where(watch_list.c.name == stated.name))
    connection.execute(
        insert(watch_list).values(
            name=stated.name,
            subject=stated.subject.value,
            starts=stated.period.start,
            ends=stated.period.end,
            kept_by=fact.actor,
            body=fact.body,
        )
    )


def put_entries(connection: Connection, fact: Fact) -> None:
    """Add entries, note from which fact on others are off, and who did so."""
    stated = decode(fact.body, ListChanged)
    connection.execute(
        insert(change).values(
            seq=fact.seq,
            list=stated.list,
            at=fact.recorded_at,
            actor=fact.actor,
            body=fact.body,
        )
    )
    for key in stated.removed:
        connection.execute(
            update(entry)
            .where((entry.c.key == key) & (entry.c.list == stated.list))
            .where(entry.c.removed.is_(None))
            .values(removed=fact.seq)
        )
    rows = [{"key": key, "list": stated.list, "added": fact.seq} for key in stated.added]
    if rows:
        connection.execute(insert(entry), rows)
