"""Certificates on file: projections of their facts, and the questions that can be asked.

The certificate itself stands in one column as JSON: it is read whole, and always decoded by the
class that wrote it. The message as received stays in its fact, see `get_original`.
"""

from __future__ import annotations

import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Row,
    Table,
    Text,
    bindparam,
    case,
    delete,
    insert,
    select,
    update,
)

from clearway.certificates import facts, rows
from clearway.certificates.model import (
    Assurance,
    Certificate,
    Key,
    Provenance,
    Status,
    normal_number,
)
from clearway.certificates.proof import Verdict
from clearway.certificates.quantity import Position, UseKind
from clearway.certificates.record import Alarm, Record
from clearway.errors import NotFound
from clearway.ledger.columns import Exact, Instant
from clearway.ledger.fact import Fact, decode, encode
from clearway.ledger.stored import read_fact
from clearway.ledger.tables import METADATA
from clearway.ledger.transaction import Projection
from clearway.terms.finding import Finding
from clearway.terms.identifiers import Mrn

MOST_AT_ONCE: Final = 500

certificate = Table(
    "certificate",
    METADATA,
    Column("subject", Text, primary_key=True),
    Column("type_code", Text, nullable=False),
    Column("number_key", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("issued_at", Instant),
    Column("received_at", Instant, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("channel", Text, nullable=False),
    Column("sender", Text, nullable=False),
    Column("assurance", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("content_digest", Text, nullable=False),
    Column("replaces", Text),
    Column("replaced_by", Text),
    Column("is_disputed", Boolean, nullable=False),
    Column("findings", LargeBinary, nullable=False),
    Column("verdict", LargeBinary),
    Column("body", LargeBinary, nullable=False),
    Index("certificate_by_seq", "seq"),
    Index("certificate_by_number", "number_key"),
    Index("certificate_by_replaces", "replaces"),
)

certificate_container = Table(
    "certificate_container",
    METADATA,
    Column("container", Text, nullable=False),
    Column("subject", Text, nullable=False),
    PrimaryKeyConstraint("container", "subject"),
    Index("certificate_container_by_subject", "subject"),
    sqlite_with_rowid=False,
)

certificate_use = Table(
    "certificate_use",
    METADATA,
    Column("subject", Text, nullable=False),
    Column("line", Integer, nullable=False),
    Column("mrn", Text, nullable=False),
    Column("item", Integer, nullable=False),
    Column("reserved", Exact, nullable=False),
    Column("consumed", Exact, nullable=False),
    Column("unit", Text, nullable=False),
    PrimaryKeyConstraint("subject", "line", "mrn", "item"),
    Index("certificate_use_by_mrn", "mrn"),
    sqlite_with_rowid=False,
)

certificate_alarm = Table(
    "certificate_alarm",
    METADATA,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("subject", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("channel", Text, nullable=False),
    Column("sender", Text, nullable=False),
    Column("registered_digest", Text, nullable=False),
    Column("other_digest", Text, nullable=False),
    Column("prevails", Boolean, nullable=False),
)

TABLES: tuple[Table, ...] = (
    certificate,
    certificate_container,
    certificate_use,
    certificate_alarm,
)

_BY_SUBJECT = certificate.c.subject == bindparam("wanted")
_select = select(certificate).where(_BY_SUBJECT)
# The best proved successor is among those returned.
_LEAST_PROVED_LAST = case(
    {Assurance.SIGNED: 0, Assurance.CHANNEL: 1}, value=certificate.c.assurance, else_=2
)
_select_replacing = (
    select(certificate.c.subject)
    .where(certificate.c.replaces == bindparam("wanted"))
    .order_by(_LEAST_PROVED_LAST, certificate.c.seq)
    .limit(MOST_AT_ONCE)
)
_select_by_number = (
    select(certificate)
    .where(certificate.c.number_key == bindparam("number"))
    .where(certificate.c.type_code == bindparam("type_code"))
    .order_by(certificate.c.subject)
    .limit(MOST_AT_ONCE)
)
_select_by_container = (
    select(certificate)
    .join(certificate_container, certificate_container.c.subject == certificate.c.subject)
    .where(certificate_container.c.container == bindparam("container"))
    .order_by(certificate.c.seq.desc())
    .limit(MOST_AT_ONCE)
)
_select_uses = (
    select(certificate_use)
    .where(certificate_use.c.subject == bindparam("wanted"))
    .order_by(certificate_use.c.line, certificate_use.c.mrn, certificate_use.c.item)
)
_select_uses_of = (
    select(certificate_use)
    .where(certificate_use.c.mrn == bindparam("mrn"))
    .order_by(certificate_use.c.subject, certificate_use.c.line, certificate_use.c.item)
)
_select_alarm = select(certificate_alarm.c.seq).where(certificate_alarm.c.seq == bindparam("seq"))
_insert = insert(certificate)
_insert_container = insert(certificate_container)
_insert_use = insert(certificate_use)
_insert_alarm = insert(certificate_alarm)
_delete = delete(certificate).where(_BY_SUBJECT)
_delete_containers = delete(certificate_container).where(
    certificate_container.c.subject == bindparam("wanted")
)
_delete_use = (
    delete(certificate_use)
    .where(certificate_use.c.subject == bindparam("wanted"))
    .where(certificate_use.c.line == bindparam("at_line"))
    .where(certificate_use.c.mrn == bindparam("by_mrn"))
    .where(certificate_use.c.item == bindparam("by_item"))
)
_end = (
    update(certificate)
    .where(_BY_SUBJECT)
    .values(status=bindparam("new_status"), replaced_by=bindparam("successor"))
)
_dispute = update(certificate).where(_BY_SUBJECT).values(is_disputed=True)


# --- projections -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Version:
    """`certificate.received/1` without the message, which may be large."""

    certificate: Certificate
    provenance: Provenance
    assurance: Assurance
    findings: tuple[Finding, ...]
    verdict: Verdict | None = None


def _received(connection: Connection, fact: Fact) -> None:
    version = decode(fact.body, _Version)
    came, subject = version.certificate, fact.subject
    connection.execute(_delete, {"wanted": subject})
    connection.execute(_delete_containers, {"wanted": subject})
    connection.execute(
        _insert,
        {
            "subject": subject,
            "type_code": came.type_code,
            "number_key": came.key.number,
            "status": came.status,
            "issued_at": came.issued_at,
            "received_at": fact.recorded_at,
            "seq": fact.seq,
            "channel": version.provenance.channel,
            "sender": version.provenance.sender,
            "assurance": version.assurance,
            "digest": came.digest,
            "content_digest": came.content_digest,
            "replaces": _replaces(came),
            "replaced_by": None,
            "is_disputed": False,
            "findings": encode(version.findings),
            "verdict": None if version.verdict is None else encode(version.verdict),
            "body": encode(came),
        },
    )
    containers = {normal_container(container) for container in came.containers}
    if containers:
        named = [{"container": each, "subject": subject} for each in sorted(containers)]
        connection.execute(_insert_container, named)


def _replaces(came: Certificate) -> str | None:
    if came.replaces is None:
        return None
    return Key.of(came.type_code, came.issuing_country, came.replaces).subject


def _conflicted(connection: Connection, fact: Fact) -> None:
    alarm = decode(fact.body, facts.Conflicted)
    connection.execute(
        _insert_alarm,
        {
            "seq": fact.seq,
            "subject": fact.subject,
            "at": fact.recorded_at,
            "channel": alarm.provenance.channel,
            "sender": alarm.provenance.sender,
            "registered_digest": alarm.registered_digest,
            "other_digest": alarm.certificate.digest,
            "prevails": alarm.prevails,
        },
    )
    if alarm.is_disputed:
        connection.execute(_dispute, {"wanted": fact.subject})


def _withdrawn(connection: Connection, fact: Fact) -> None:
    connection.execute(
        _end, {"wanted": fact.subject, "new_status": Status.WITHDRAWN, "successor": None}
    )


def _replaced(connection: Connection, fact: Fact) -> None:
    successor = decode(fact.body, facts.Replaced).replaced_by
    connection.execute(
        _end, {"wanted": fact.subject, "new_status": Status.REPLACED, "successor": successor}
    )


def _used(connection: Connection, fact: Fact) -> None:
    use = decode(fact.body, facts.Used)
    connection.execute(
        _delete_use,
        {"wanted": fact.subject, "at_line": use.line, "by_mrn": use.mrn, "by_item": use.item},
    )
    if use.kind is UseKind.RETURN:
        return
    is_reserved = use.kind is UseKind.RESERVE
    connection.execute(
        _insert_use,
        {
            "subject": fact.subject,
            "line": use.line,
            "mrn": use.mrn,
            "item": use.item,
            "reserved": use.quantity.value if is_reserved else Decimal(0),
            "consumed": Decimal(0) if is_reserved else use.quantity.value,
            "unit": use.quantity.unit,
        },
    )


PROJECTIONS: dict[str, tuple[Projection, ...]] = {
    facts.Received.TYPE: (_received,),
    facts.Conflicted.TYPE: (_conflicted,),
    facts.Withdrawn.TYPE: (_withdrawn,),
    facts.Replaced.TYPE: (_replaced,),
    facts.Used.TYPE: (_used,),
}


# --- questions ---------------------------------------------------------------------------------


def find(connection: Connection, key: Key) -> Record | None:
    """Return the certificate on file under this key, or None."""
    row = connection.execute(_select, {"wanted": key.subject}).first()
    return None if row is None else _record(connection, row)


def get(connection: Connection, key: Key) -> Record:
    """Return the certificate on file under this key. Raises: NotFound."""
    record = find(connection, key)
    if record is None:
        raise NotFound(
            f"No certificate {key.number} of kind {key.type_code} from {key.country} is on file"
        )
    return record


def find_by_number(connection: Connection, type_code: str, number: str) -> tuple[Record, ...]:
    """Return the certificates of a kind that bear this number, of whatever country."""
    found = connection.execute(
        _select_by_number, {"type_code": type_code, "number": normal_number(number)}
    )
    return _records(connection, found)


def find_by_container(connection: Connection, container: str) -> tuple[Record, ...]:
    """Return the certificates that name this container, the newest first."""
    found = connection.execute(_select_by_container, {"container": normal_container(container)})
    return _records(connection, found)


def find_replacing(connection: Connection, key: Key) -> tuple[Record, ...]:
    """Return the certificates on file that say that they replace this one."""
    found = connection.execute(_select_replacing, {"wanted": key.subject})
    return tuple(get(connection, Key.parse(row.subject)) for row in found)


def find_replaced(connection: Connection, came: Certificate) -> Record | None:
    """Return the certificate on file that this one says it replaces, or None."""
    if came.replaces is None:
        return None
    return find(connection, Key.of(came.type_code, came.issuing_country, came.replaces))


def is_alarm(connection: Connection, seq: int) -> bool:
    """Return whether the fact `seq` is an alarm of this room."""
    return connection.execute(_select_alarm, {"seq": seq}).first() is not None


def list_certificates(
    connection: Connection, *, limit: int = 50, before: int | None = None, status: str | None = None
) -> tuple[Record, ...]:
    """Return certificates, the latest received first.

    Args:
        limit: at most 500.
        before: the `seq` of the last one of the page before; None: from the latest.
        status: UNECE 4405; None: any.
    """
    wanted = select(certificate).order_by(certificate.c.seq.desc()).limit(_bounded(limit))
    if before is not None:
        wanted = wanted.where(certificate.c.seq < before)
    if status is not None:
        wanted = wanted.where(certificate.c.status == status)
    return _records(connection, connection.execute(wanted))


def list_alarms(
    connection: Connection, *, limit: int = 50, before: int | None = None, key: Key | None = None
) -> tuple[Alarm, ...]:
    """Return the alarms about other content under one number, the latest first.

    Args:
        limit: at most 500.
        before: the `seq` of the last one of the page before; None: from the latest.
        key: of one certificate only; None: of all.
    """
    wanted = select(certificate_alarm).order_by(certificate_alarm.c.seq.desc())
    if before is not None:
        wanted = wanted.where(certificate_alarm.c.seq < before)
    if key is not None:
        wanted = wanted.where(certificate_alarm.c.subject == key.subject)
    return tuple(map(rows.to_alarm, connection.execute(wanted.limit(_bounded(limit)))))


def list_uses(connection: Connection, mrn: Mrn) -> tuple[tuple[Key, int, Position], ...]:
    """Return what a declaration holds: certificate, line, position in the units it asked in."""
    return tuple(
        (Key.parse(row.subject), row.line, rows.to_position(row))
        for row in connection.execute(_select_uses_of, {"mrn": mrn})
    )


def get_original(connection: Connection, record: Record) -> bytes:
    """Return the message of this version, byte for byte as it was received. Raises: NotFound."""
    kept = read_fact(connection, record.seq)
    if kept is None:
        raise NotFound(f"The message of the certificate {record.certificate.number} is not kept")
    return binascii.a2b_base64(decode(kept[0].body, _Original).original)


def normal_container(container: str) -> str:
    """Return a container number as it is compared: capitals, without blanks and hyphens."""
    return normal_number(container).replace("-", "")


@dataclass(frozen=True, slots=True)
class _Original:
    original: str


def _bounded(limit: int) -> int:
    return max(1, min(limit, MOST_AT_ONCE))


def _records(connection: Connection, found: Iterable[Row[Any]]) -> tuple[Record, ...]:
    return tuple(_record(connection, row) for row in list(found))


def _record(connection: Connection, row: Row[Any]) -> Record:
    return rows.to_record(row, connection.execute(_select_uses, {"wanted": row.subject}).all())
