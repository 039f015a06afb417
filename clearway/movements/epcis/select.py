"""A query as SQL: the rarest clause drives, the others filter.

Without statistics an engine may walk a million events for one rare identifier, or sort half a
million for a common one. So each clause is counted first: of k events among n, k candidates are
fetched and sorted, or about n / k events walked in order for each row of the page, whichever costs
less.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    false,
    func,
    literal,
    literal_column,
    or_,
    select,
    tuple_,
)

from clearway.ledger.columns import from_microseconds, to_microseconds
from clearway.movements.epcis.index import ROLE_NUMBERS
from clearway.movements.epcis.query import (
    AnyOf,
    Attributed,
    Clause,
    Compare,
    Has,
    Match,
    Op,
    OrderBy,
    Query,
)
from clearway.movements.epcis.schema import event, hashed, identifier, number, word

COUNTED = 10_000
"""A clause is counted no further."""

_COMMON = 0.1
"""Share of all events that a clause is taken to meet which was not counted to its end."""

_WALKED = 5
"""So many events are walked in order in the time in which one candidate is fetched and sorted."""

_LAST = chr(0x10FFFF)
_FARTHEST = (1 << 63) - 1
_ZERO: ColumnElement[int] = literal_column("0")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ended: the order's value (microseconds, or the seq itself) and the seq."""

    value: int
    seq: int


def select_events(
    connection: Connection, query: Query, *, after: Place | None, upto: int, limit: int
) -> list[tuple[int, int]]:
    """Return (event time in microseconds, seq) of the next events, in the query's order.

    Args:
        upto: seq behind the last event to look at: what came later belongs to later pages.
    """
    driver = _rarest(connection, query.clauses, limit)
    found = select(event.c.event_time, event.c.seq).where(event.c.seq < upto)
    for clause in query.clauses:
        found = found.where(_candidate(clause) if clause in driver else _condition(clause))
    by_time = query.order_by is OrderBy.EVENT_TIME
    # Candidates from an index of another order are few, and sorted after they were found.
    is_sorted_after = bool(driver) and not (by_time and _is_span(driver[0]))
    found = _ordered(found, by_time, query.descending, after, is_sorted_after=is_sorted_after)
    rows = connection.execute(found.limit(limit)).all()
    return [(to_microseconds(row.event_time), row.seq) for row in rows]


def _ordered(
    found: Select[Any],
    by_time: bool,
    descending: bool,
    after: Place | None,
    *,
    is_sorted_after: bool,
) -> Select[Any]:
    columns: list[ColumnElement[object]] = [event.c.event_time] if by_time else []
    columns.append(event.c.seq)
    if after is not None:
        place = [from_microseconds(after.value)] if by_time else []
        marks = tuple_(
            *(
                literal(one, column.type)
                for one, column in zip((*place, after.seq), columns, strict=True)
            )
        )
        here = tuple_(*columns)
        found = found.where(here < marks if descending else here > marks)
    orders = [column + _ZERO for column in columns] if is_sorted_after else columns
    return found.order_by(*(one.desc() if descending else one.asc() for one in orders))


def _rarest(connection: Connection, clauses: Sequence[Clause], limit: int) -> tuple[Clause, ...]:
    """Return the clause that gives the candidates, () where walking in order costs less.

    Both ends of a span of event time count as one clause. Of several clauses, as many events meet
    all as if they had nothing to do with each other.
    """
    span = tuple(clause for clause in clauses if _is_span(clause))
    groups = [span] if span else []
    groups += [(clause,) for clause in clauses if not _is_span(clause)]
    total = (connection.execute(select(func.max(event.c.seq))).scalar() or 0) + 1
    fewest = COUNTED
    rarest: tuple[Clause, ...] = ()
    matching = float(total)
    for group in groups:
        count = _count(connection, group)
        if count is None:
            continue
        matching *= min(1.0, count / total if count < COUNTED else _COMMON)
        if count < fewest:
            fewest, rarest = count, group
    walked = total if matching < limit else total * limit / matching
    return rarest if _WALKED * fewest < walked or fewest == 0 else ()


def _count(connection: Connection, group: tuple[Clause, ...]) -> int | None:
    """Return how many events meet these clauses, at most `COUNTED`; None: no index tells."""
    seqs = _seqs(group[0])
    if seqs is None:
        return None
    for other in group[1:]:
        seqs = seqs.where(_condition(other))
    counted = select(func.count()).select_from(seqs.limit(COUNTED).subquery())
    return connection.execute(counted).scalar_one()


def _is_span(clause: Clause) -> bool:
    return isinstance(clause, Compare) and clause.field == "eventTime"


def _candidate(clause: Clause) -> ColumnElement[bool]:
    seqs = _seqs(clause)
    if seqs is None or _is_span(clause):
        return _condition(clause)
    return event.c.seq.in_(seqs)


def _condition(clause: Clause) -> ColumnElement[bool]:
    """Return the clause as a look into the index for one event."""
    match clause:
        case Compare("eventTime", op, values):
            instant = from_microseconds(int(values[0]))
            return event.c.event_time >= instant if op is Op.GE else event.c.event_time < instant
        case Compare("recordTime", op, values):
            return _recorded(op, from_microseconds(int(values[0])))
        case AnyOf("eventID", values):
            return event.c.event_id.in_(values)
        case _:
            seqs = _seqs(clause)
            if seqs is None:
                raise TypeError(f"no index for {clause!r}")
            (column,) = seqs.selected_columns
            return seqs.where(column == event.c.seq).correlate(event).exists()


def _recorded(op: Op, instant: datetime) -> ColumnElement[bool]:
    """Return the clause on record time as one on places: the log is in the order of time."""
    first = (
        select(event.c.seq)
        .where(event.c.record_time >= instant)
        .order_by(event.c.record_time, event.c.seq)
        .limit(1)
        .scalar_subquery()
    )
    return event.c.seq >= first if op is Op.GE else event.c.seq < func.coalesce(first, _FARTHEST)


def _seqs(clause: Clause) -> Select[tuple[int]] | None:
    """Return the places of all events that meet a clause, as far as an index tells."""
    match clause:
        case Compare("eventTime", _, _):
            return select(event.c.seq).where(_condition(clause))
        case Compare("recordTime", _, _):
            return None
        case AnyOf("eventID", values):
            return select(event.c.seq).where(event.c.event_id.in_(values))
        case AnyOf(field, values):
            hashes = [hashed(field, value) for value in values]
            return select(word.c.seq).where(word.c.word.in_(hashes))
        case Attributed():
            return select(word.c.seq).where(false())  # no master data were looked at
        case Has(field):
            return select(word.c.seq).where(word.c.word == hashed(field))
        case Compare(field, op, values):
            return select(number.c.seq).where(
                number.c.field == hashed(field), _compared(op, values)
            )
        case Match(roles, patterns):
            numbers = sorted(ROLE_NUMBERS[role] for role in roles)
            exact = [one.text for one in patterns if not one.is_prefix]
            wanted: list[ColumnElement[bool]] = [identifier.c.text.in_(exact)] if exact else []
            wanted += [
                and_(identifier.c.text >= one.text, identifier.c.text < one.text + _LAST)
                for one in patterns
                if one.is_prefix
            ]
            return select(identifier.c.seq).where(or_(*wanted), identifier.c.role.in_(numbers))


def _compared(op: Op, values: tuple[float, ...]) -> ColumnElement[bool]:
    column = number.c.value
    match op:
        case Op.EQ:
            return column.in_(values)
        case Op.GT:
            return column > values[0]
        case Op.GE:
            return column >= values[0]
        case Op.LT:
            return column < values[0]
        case Op.LE:
            return column <= values[0]
