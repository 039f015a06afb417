"""The EPCIS repository: what keeps its tables up to date, and what can be asked of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from sqlalchemy import Connection, func, select

from clearway.errors import NotFound, TooLarge
from clearway.ledger import tables as ledger
from clearway.ledger.columns import to_microseconds
from clearway.ledger.fact import Fact, decode
from clearway.ledger.statement import Rows, run
from clearway.ledger.transaction import Projection
from clearway.movements import facts as movement_facts
from clearway.movements.epcis import master, schema, standing
from clearway.movements.epcis.event_hash import hash_of
from clearway.movements.epcis.facts import (
    CaptureEnded,
    EventCaptured,
    MasterDataCaptured,
    QueryDropped,
    QueryNamed,
    Subscribed,
    Unsubscribed,
)
from clearway.movements.epcis.index import NAMED_KINDS, ROLE_NUMBERS, Index, Role, index_of
from clearway.movements.epcis.model import Event
from clearway.movements.epcis.query import AnyOf, OrderBy, Query, matches
from clearway.movements.epcis.schema import hashed
from clearway.movements.epcis.select import Place, select_events
from clearway.movements.epcis.telling import event_of

TABLES = schema.TABLES
MOST_ON_PAGE = 1_000

_EVENTS = Rows(schema.event)
_WORDS = f"{Rows(schema.word).insert} ON CONFLICT DO NOTHING"
_NUMBERS = f"{Rows(schema.number).insert} ON CONFLICT DO NOTHING"
_IDENTIFIERS = f"{Rows(schema.identifier).insert} ON CONFLICT DO NOTHING"
_NAMES = f"{Rows(schema.name).insert} ON CONFLICT DO NOTHING"
_TOLD = "SELECT 1 FROM epcis_word WHERE word = ? LIMIT 1"
_MOVED = "movement"
_ALL: Callable[[Event], bool] = lambda event: True  # noqa: E731

_MOVEMENTS: dict[str, type[movement_facts.MovementFact]] = {
    body.TYPE: body for body in movement_facts.MovementFact.__args__
}
_SUBJECT_TYPES = (EventCaptured.TYPE, *_MOVEMENTS)


@dataclass(frozen=True, slots=True)
class Found:
    """One event on record; `event` has its id and record time."""

    seq: int
    event: Event
    index: Index


@dataclass(frozen=True, slots=True)
class Page:
    """Some events, and where the next ones begin; None at the end."""

    found: tuple[Found, ...]
    after: Place | None


def capture(connection: Connection, fact: Fact) -> None:
    """Follow `movement.epcis_captured/1`."""
    body = decode(fact.body, EventCaptured)
    index = index_of(body.event, body.event_id, fact.recorded_at)
    words = [hashed(_MOVED, digest) for digest in body.movements]
    store(connection, [(fact.seq, body.event_id, body.event, fact.recorded_at, index, words)])


def tell(connection: Connection, fact: Fact) -> None:
    """Make a movement that was told by other ways visible as an event."""
    if run(connection, _TOLD, (hashed(_MOVED, sha256(fact.body).hexdigest()),)).fetchone():
        return  # an event told it, and is on record itself
    event, event_id = _of_movement(fact)
    index = index_of(event, event_id, fact.recorded_at)
    store(connection, [(fact.seq, event_id, event, fact.recorded_at, index, [])])


Row = tuple[int, str, Event, datetime, Index, Sequence[int]]


def store(connection: Connection, rows: Sequence[Row]) -> None:
    """Index events: seq, id, event, record time, index, further words."""
    events, words, numbers, identifiers, names = [], [], [], [], []
    for seq, event_id, event, recorded_at, index, more in rows:
        times = to_microseconds(event.event_time), to_microseconds(recorded_at)
        events.append((seq, event_id, *times))
        # Event ids and times stand in the event's own row.
        words += [(hashed(*one), seq) for one in index.words if one[0] != "eventID"]
        words += [(hashed(one), seq) for one in index.present]
        words += [(one, seq) for one in more]
        numbers += [
            (hashed(known), value, seq)
            for known, value in index.numbers
            if known not in ("eventTime", "recordTime")
        ]
        identifiers += [(text, ROLE_NUMBERS[role], seq) for role, text in index.identifiers]
        names += [(kind, text, seq) for kind, text in index.words if kind in NAMED_KINDS]
    for statement, values in (
        (_EVENTS.insert, events),
        (_WORDS, sorted(words)),
        (_NUMBERS, numbers),
        (_IDENTIFIERS, identifiers),
        (_NAMES, names),
    ):
        if values:
            run(connection, statement, values)


PROJECTIONS: dict[str, tuple[Projection, ...]] = {
    EventCaptured.TYPE: (capture,),
    **dict.fromkeys(_MOVEMENTS, (tell,)),
    MasterDataCaptured.TYPE: (master.learn,),
    CaptureEnded.TYPE: (standing.end_capture,),
    QueryNamed.TYPE: (standing.name_query,),
    QueryDropped.TYPE: (standing.drop_query,),
    Subscribed.TYPE: (standing.subscribe,),
    Unsubscribed.TYPE: (standing.unsubscribe,),
}


def _of_movement(fact: Fact) -> tuple[Event, str]:
    event = event_of(decode(fact.body, _MOVEMENTS[fact.type]).movement)
    return event, hash_of(event)


def find_events(
    connection: Connection,
    query: Query,
    *,
    after: Place | None = None,
    upto: int | None = None,
    limit: int = 30,
    sees: Callable[[Event], bool] = _ALL,
) -> Page:
    """Return events that match, in the query's order.

    A page may be shorter than `limit` and still have one after it: what an index found is held
    against the event itself, and against `sees`.

    Args:
        upto: events recorded at this place of the log or later are not looked at.

    Raises: TooLarge: more than the query's `max_event_count` match.
    """
    end = (1 << 63) - 1 if upto is None else upto
    query = master.resolved(connection, query)
    limit = min(limit, MOST_ON_PAGE)
    if query.max_event_count is not None and after is None:
        _require_few(connection, query, end)
    rows = select_events(connection, query, after=after, upto=end, limit=limit + 1)
    is_last = len(rows) <= limit
    rows = rows[:limit]
    found = load(connection, [seq for _, seq in rows])
    kept = tuple(one for one in found if matches(query, one.index) and sees(one.event))
    by_time = query.order_by is OrderBy.EVENT_TIME
    place = None if is_last else Place(rows[-1][0] if by_time else rows[-1][1], rows[-1][1])
    return Page(kept, place)


def _require_few(connection: Connection, query: Query, end: int) -> None:
    most = query.max_event_count or 0
    rows = select_events(connection, query, after=None, upto=end, limit=most + 1)
    if len(rows) > most:
        raise TooLarge(
            f"More than maxEventCount={most} events match; narrow the query, or take pages with"
            " perPage and eventCountLimit",
            epcis="QueryTooLargeException",
        )


def load(connection: Connection, seqs: Sequence[int]) -> tuple[Found, ...]:
    """Return the events of these facts, in that order; those that were erased are left out."""
    if not seqs:
        return ()
    columns = [one for one in ledger.fact.c if one.name not in ("salt", "leaf_hash")]
    rows = connection.execute(select(*columns).where(ledger.fact.c.seq.in_(seqs)))
    facts = {row.seq: Fact(**row._mapping) for row in rows if row.body}
    return tuple(found_of(facts[seq]) for seq in seqs if seq in facts)


def is_event(fact: Fact) -> bool:
    """Return whether a fact is an event, or a movement that is shown as one."""
    return fact.type in _SUBJECT_TYPES


def found_of(fact: Fact) -> Found:
    """Return the event of a fact."""
    if fact.type == EventCaptured.TYPE:
        body = decode(fact.body, EventCaptured)
        event, event_id = body.event, body.event_id
    else:
        event, event_id = _of_movement(fact)
    event = replace(event, event_id=event_id, record_time=fact.recorded_at)
    return Found(fact.seq, event, index_of(event, event_id, fact.recorded_at))


def get_event(
    connection: Connection, event_id: str, sees: Callable[[Event], bool] = _ALL
) -> tuple[Found, ...]:
    """Return an event, and what was declared an error in it. Raises: NotFound."""
    query = Query((AnyOf("eventID", (event_id,)),))
    found = find_events(connection, query, limit=MOST_ON_PAGE, sees=sees).found
    if not found:
        raise NotFound(f"No event {event_id[:200]} is on record, or none that you may see")
    return found


def list_names(
    connection: Connection, kind: str, *, after: str = "", limit: int = 100
) -> tuple[str, ...]:
    """Return values of a field that events on record have, in their order as texts."""
    table = schema.name.c
    asked = (
        select(table.text)
        .where(table.kind == kind, table.text > after)
        .order_by(table.text)
        .limit(limit)
    )
    return tuple(connection.execute(asked).scalars())


def list_epcs(connection: Connection, *, after: str = "", limit: int = 100) -> tuple[str, ...]:
    """Return the objects that events on record name, canonical, in their order as texts."""
    roles = [ROLE_NUMBERS[role] for role in Role if not role.value.endswith("class")]
    table = schema.identifier.c
    found: list[str] = []
    while len(found) < limit:
        asked = (
            select(table.text)
            .where(table.text > after, table.role.in_(roles))
            .order_by(table.text)
            .limit(1)
        )
        text = connection.execute(asked).scalar()
        if text is None:
            break
        found.append(text)
        after = text
    return tuple(found)


def last_place(connection: Connection) -> int:
    """Return the place behind the last fact: what is committed later comes at or behind it."""
    return (connection.execute(select(func.max(ledger.fact.c.seq))).scalar() or 0) + 1


def place_before(connection: Connection, instant: datetime) -> int:
    """Return the last place of an event recorded before an instant, -1 where there is none."""
    table = schema.event.c
    asked = (
        select(table.seq)
        .where(table.record_time < instant)
        .order_by(table.record_time.desc(), table.seq.desc())
        .limit(1)
    )
    found = connection.execute(asked).scalar()
    return -1 if found is None else found
