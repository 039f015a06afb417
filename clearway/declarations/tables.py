"""What is asked of the tables of declarations; every answer is a model dataclass, never a row."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, bindparam, exists, or_, select

from clearway.declarations import rows, schema
from clearway.declarations.lifecycle import Status
from clearway.declarations.message import unpack
from clearway.declarations.model import Declaration
from clearway.declarations.projections import PROJECTIONS
from clearway.declarations.record import (
    Event,
    Filter,
    ItemLine,
    Lodging,
    Notification,
    Page,
    Record,
    Summary,
)
from clearway.declarations.schema import TABLES
from clearway.errors import NotFound
from clearway.ledger import tables as ledger
from clearway.terms.finding import Finding
from clearway.terms.identifiers import Mrn
from clearway.terms.transport import ContainerNumber

__all__ = ["PROJECTIONS", "TABLES"]

_header = schema.declaration.c


class _Original(msgspec.Struct):
    original: bytes


def _own(wanted: type[Any], value: Any) -> Any:
    return wanted(value)


_DECLARATION = msgspec.json.Decoder(Declaration, dec_hook=_own)
_FINDINGS = msgspec.json.Decoder(tuple[Finding, ...])
_ORIGINAL = msgspec.json.Decoder(_Original)

_SELECT_STANDING = select(schema.declaration).where(_header.mrn == bindparam("mrn"))
_SELECT_BY_SEQ = select(schema.declaration).where(_header.seq == bindparam("seq"))
_SELECT_CONTENT = select(schema.content).where(schema.content.c.mrn == bindparam("mrn"))
_SELECT_ITEMS = (
    select(schema.item).where(schema.item.c.mrn == bindparam("mrn")).order_by(schema.item.c.place)
)
_SELECT_OF_CONTAINER = (
    select(schema.declaration)
    .join(schema.container, schema.container.c.mrn == _header.mrn)
    .where(schema.container.c.number == bindparam("number"))
    .order_by(_header.seq.desc())
    .limit(bindparam("limit"))
)
_SELECT_OF_DOCUMENT = (
    select(schema.document.c.mrn)
    .where(
        schema.document.c.number == bindparam("number"),
        schema.document.c.type == bindparam("type"),
    )
    .distinct()
    .order_by(schema.document.c.mrn)
)
_SELECT_EVENTS = (
    select(
        *(column for column in ledger.fact.c if column.name in Event.__slots__),
    )
    .where(ledger.fact.c.subject == bindparam("subject"))
    .order_by(ledger.fact.c.seq)
)
_SELECT_BODY = select(ledger.fact.c.body).where(ledger.fact.c.seq == bindparam("seq"))


def get(connection: Connection, mrn: Mrn) -> Record:
    """Return a declaration with its standing. Raises: NotFound."""
    summary = get_summary(connection, mrn)
    row = connection.execute(_SELECT_CONTENT, {"mrn": mrn}).one()
    declaration = _DECLARATION.decode(row.declaration)
    return Record(summary, row.seq, row.digest, declaration, _FINDINGS.decode(row.findings))


def get_summary(connection: Connection, mrn: Mrn) -> Summary:
    """Return the standing of a declaration without its content. Raises: NotFound."""
    row = connection.execute(_SELECT_STANDING, {"mrn": mrn}).first()
    if row is None:
        raise NotFound(f"There is no declaration {mrn}", mrn=str(mrn))
    return rows.summary(row)


def get_lodging(connection: Connection, seq: int) -> Lodging:
    """Return how the declaration that fact `seq` lodged was answered. Raises: NotFound."""
    row = connection.execute(_SELECT_BY_SEQ, {"seq": seq}).first()
    if row is None:
        raise NotFound(f"Fact {seq} lodged no declaration", seq=seq)
    status = Status.ACCEPTED if row.rejected_at is None else Status.REJECTED
    return Lodging(Mrn(row.mrn), seq, status, _FINDINGS.decode(row.lodged_findings))


def list_declarations(
    connection: Connection,
    criteria: Filter,
    *,
    limit: int = 50,
    before: int | None = None,
) -> Page[Summary]:
    """Return a page of declarations, the latest first.

    Args:
        limit: most rows on the page, 1 or more.
        before: cursor: the `next` of the page before.
    """
    query = select(schema.declaration).where(*_conditions(criteria)).order_by(_header.seq.desc())
    if before is not None:
        query = query.where(_header.seq < before)
    found = connection.execute(query.limit(limit + 1)).all()
    return rows.page(found, limit, rows.summary, lambda summary: summary.seq)


def list_items(connection: Connection, mrn: Mrn) -> tuple[ItemLine, ...]:
    """Return the goods items of a declaration in their order; none where there is no such one."""
    return tuple(rows.item_line(row) for row in connection.execute(_SELECT_ITEMS, {"mrn": mrn}))


def list_of_container(
    connection: Connection, number: ContainerNumber, *, limit: int = 50
) -> tuple[Summary, ...]:
    """Return the declarations whose goods are in a container, the latest first."""
    found = connection.execute(_SELECT_OF_CONTAINER, {"number": number, "limit": limit})
    return tuple(rows.summary(row) for row in found)


def list_citing(connection: Connection, type: str, number: str) -> tuple[Mrn, ...]:
    """Return the declarations that cite a document, such as `N851`, by its number."""
    found = connection.execute(_SELECT_OF_DOCUMENT, {"type": type, "number": number})
    return tuple(Mrn(row.mrn) for row in found)


def list_notifications(
    connection: Connection,
    *,
    party: str | None = None,
    mrn: Mrn | None = None,
    after: int | None = None,
    limit: int = 50,
) -> Page[Notification]:
    """Return what a party was told, or what was told about a declaration, the earliest first.

    Args:
        after: cursor: the `next` of the page before, or the last `seq` that was taken.
    """
    columns = schema.notification.c
    query = select(schema.notification).order_by(columns.seq).limit(limit + 1)
    if party is not None:
        query = query.where(columns.party == party)
    if mrn is not None:
        query = query.where(columns.mrn == mrn)
    if after is not None:
        query = query.where(columns.seq > after)
    found = connection.execute(query).all()
    return rows.page(found, limit, rows.notification, lambda told: told.seq)


def timeline(connection: Connection, mrn: Mrn) -> tuple[Event, ...]:
    """Return every committed fact about a declaration, of whichever room, in order."""
    found = connection.execute(_SELECT_EVENTS, {"subject": f"declaration:{mrn}"})
    return tuple(Event(**row._mapping) for row in found)


def original(connection: Connection, mrn: Mrn) -> bytes:
    """Return the bytes of the present version as the sender sent them; b"" where it sent none.

    Raises: NotFound: no such declaration, or its fact is not committed yet.
    """
    content = connection.execute(_SELECT_CONTENT, {"mrn": mrn}).first()
    body = content and connection.execute(_SELECT_BODY, {"seq": content.seq}).scalar()
    if body is None:
        raise NotFound(f"There is no declaration {mrn}", mrn=str(mrn))
    return unpack(_ORIGINAL.decode(body).original)


def _conditions(criteria: Filter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if criteria.statuses:
        conditions.append(_header.status.in_(sorted(criteria.statuses)))
    if criteria.kind is not None:
        conditions.append(_header.kind == criteria.kind)
    if criteria.office:
        conditions.append(_header.office == criteria.office)
    if criteria.importer:
        conditions.append(_header.importer == criteria.importer)
    if criteria.party:
        conditions.append(_names([criteria.party]))
    if criteria.visible_to is not None:
        conditions.append(_names(sorted(criteria.visible_to)))
    if criteria.container:
        conditions.append(_carried(schema.container.c.number == criteria.container))
    if criteria.text:
        conditions.append(_matches(criteria.text.strip().upper()))
    return conditions


def _names(parties: Iterable[str]) -> ColumnElement[bool]:
    roles = (_header.declarant, _header.importer, _header.exporter, _header.representative)
    wanted = list(parties)
    return or_(*(role.in_(wanted) for role in roles))


def _matches(text: str) -> ColumnElement[bool]:
    """Whether a reference or a container begins with the text, in capitals as they are."""
    references = (_header.mrn, _header.lrn, _header.ucr)
    begins = schema.container.c.number.startswith(text, autoescape=True)
    return or_(
        *(reference.startswith(text, autoescape=True) for reference in references),
        _carried(begins),
    )


def _carried(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(schema.container.c.mrn == _header.mrn, condition)
