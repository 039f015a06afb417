"""Watch lists as stored, and looking up a declaration in all of them at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, desc, func, select

from clearway.errors import NotFound
from clearway.ledger.columns import to_microseconds
from clearway.ledger.fact import decode
from clearway.ledger.statement import run
from clearway.ledger.transaction import Projection
from clearway.risk.lists import projections, schema
from clearway.risk.lists.facts import ListChanged, ListKept
from clearway.risk.lists.model import Lists, Subject, WatchList, keys_of_goods, keys_of_parties
from clearway.risk.lists.schema import entry, watch_list
from clearway.risk.model import Goods

TABLES: tuple[Table, ...] = (schema.watch_list, schema.entry, schema.change)

PROJECTIONS: dict[str, tuple[Projection, ...]] = {
    ListKept.TYPE: (projections.put_list,),
    ListChanged.TYPE: (projections.put_entries,),
}

_MOST_KEYS = 8_000  # of one query; engines take 32,766 parameters or more


@dataclass(frozen=True, slots=True)
class Watched:
    """The lists that a declaration is on.

    Args:
        parties: names of lists of parties and addresses, in order.
        goods: names of lists of goods, by the number of the item.
    """

    parties: tuple[str, ...] = ()
    goods: dict[int, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class KeptList:
    """A list, who keeps it, and how many entries it has."""

    list: WatchList
    kept_by: str
    entries: int


@dataclass(frozen=True, slots=True)
class Change:
    """Who changed a list and what it steered: those who answer for its rules read it.

    Args:
        seq: of the fact.
        at: when it was recorded.
        actor: who did, such as `officer:amina`.
        added, removed: keys.
        reason: why.
        rules: that asked for the list then.
    """

    seq: int
    at: datetime
    actor: str
    added: tuple[str, ...]
    removed: tuple[str, ...]
    reason: str
    rules: tuple[str, ...]


def look_up(
    connection: Connection, items: Sequence[Goods], now: datetime, address: str = ""
) -> Watched:
    """Return the lists in force that a declaration is on, in one query whatever their length.

    Args:
        items: of the declaration, at least one.
        now: aware UTC.
        address: of the importer.
    """
    if connection.execute(select(watch_list.c.name).limit(1)).first() is None:
        return Watched()
    parties = keys_of_parties(items[0], address)
    goods = {each.item: keys_of_goods(each) for each in items}
    found = _find(connection, parties.union(*goods.values()), now)
    return Watched(
        _names(found, parties),
        {item: names for item, keys in goods.items() if (names := _names(found, keys))},
    )


def _find(connection: Connection, keys: Iterable[str], now: datetime) -> dict[str, list[str]]:
    wanted, moment = sorted(keys), to_microseconds(now)
    found: dict[str, list[str]] = {}
    for start in range(0, len(wanted), _MOST_KEYS):
        page = wanted[start : start + _MOST_KEYS]
        # The same few lengths of the list, so that the driver knows the statement.
        page += page[-1:] * (-len(page) % 32)
        rows = run(connection, schema.look_up(len(page)), (*page, moment, moment))
        for key, name in rows:
            found.setdefault(key, []).append(name)
    return found


def _names(found: dict[str, list[str]], keys: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({name for key in keys for name in found.get(key, ())}))


def get(connection: Connection, name: str) -> WatchList:
    """Return a list. Raises: NotFound: there is none of that name."""
    row = connection.execute(select(watch_list.c.body).where(watch_list.c.name == name)).first()
    if row is None:
        raise NotFound(f"There is no watch list {name}")
    return decode(row.body, ListKept).list


def on_list(connection: Connection, name: str, keys: Iterable[str]) -> frozenset[str]:
    """Return which of these keys are on a list now."""
    wanted = list(keys)
    found: set[str] = set()
    for start in range(0, len(wanted), 1_000):
        page = wanted[start : start + 1_000]
        query = select(entry.c.key).where(
            (entry.c.list == name) & entry.c.key.in_(page) & entry.c.removed.is_(None)
        )
        found.update(connection.execute(query).scalars())
    return frozenset(found)


def list_lists(connection: Connection, *, limit: int = 1_000) -> tuple[KeptList, ...]:
    """Return the lists in the order of their names, with how many entries each has."""
    query = (
        select(entry.c.list, func.count().label("entries"))
        .where(entry.c.removed.is_(None))
        .group_by(entry.c.list)
    )
    counts = {row.list: row.entries for row in connection.execute(query)}
    rows = connection.execute(select(watch_list).order_by(watch_list.c.name).limit(limit))
    return tuple(
        KeptList(decode(row.body, ListKept).list, row.kept_by, counts.get(row.name, 0))
        for row in rows
    )


def list_entries(
    connection: Connection, name: str, *, after: str = "", limit: int = 1_000
) -> tuple[str, ...]:
    """Return keys of a list in their order, `after` being the last one of the page before."""
    query = (
        select(entry.c.key)
        .where((entry.c.list == name) & entry.c.removed.is_(None) & (entry.c.key > after))
        .order_by(entry.c.key)
        .limit(limit)
    )
    return tuple(connection.execute(query).scalars())


def list_changes(connection: Connection, name: str, *, limit: int = 20) -> tuple[Change, ...]:
    """Return the last changes of a list, newest first."""
    query = (
        select(schema.change)
        .where(schema.change.c.list == name)
        .order_by(desc(schema.change.c.seq))
        .limit(limit)
    )
    return tuple(_change(row) for row in connection.execute(query))


def _change(row: Any) -> Change:
    told = decode(row.body, ListChanged)
    return Change(row.seq, row.at, row.actor, told.added, told.removed, told.reason, told.rules)


def load(connection: Connection, names: Iterable[str]) -> Lists:
    """Return lists with all their entries, for a back-test. Raises: NotFound: there is no such."""
    subjects: dict[str, Subject] = {}
    members: dict[str, frozenset[str]] = {}
    for name in names:
        subjects[name] = get(connection, name).subject
        rows = connection.execute(
            select(entry.c.key).where((entry.c.list == name) & entry.c.removed.is_(None))
        )
        members[name] = frozenset(rows.scalars())
    return Lists(members, subjects)
