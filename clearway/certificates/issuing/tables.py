"""Questions about applications and certificates of ours; see `schema` and `projections`."""

from __future__ import annotations

import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, bindparam, select

from clearway.certificates.issuing import course
from clearway.certificates.issuing.course import Delivery, Stage, Step
from clearway.certificates.issuing.model import APPLICATION, Application, Done, Request, Result, Use
from clearway.certificates.issuing.notice import Notice
from clearway.certificates.issuing.projections import PROJECTIONS as PROJECTIONS
from clearway.certificates.issuing.schema import TABLES as TABLES
from clearway.certificates.issuing.schema import (
    application,
    notice,
    re_export,
    result,
    series,
    step,
    use_abroad,
)
from clearway.certificates.model import Certificate, Key
from clearway.errors import BadTerm, NotFound
from clearway.ledger.fact import decode
from clearway.ledger.stored import read_fact
from clearway.terms.finding import Finding
from clearway.terms.quantity import Quantity, UnitCode

MOST_AT_ONCE: Final = 500

# Made once: to build a statement costs more than to run it.
_WANTED: Final[Any] = bindparam("wanted")
_by_number: Final = select(application).where(application.c.number == _WANTED)
_by_certificate: Final = (
    select(application)
    .where(application.c.certificate == _WANTED)
    .where(application.c.issued.is_not(None))
)
_steps_of: Final = select(step).where(step.c.application == _WANTED).order_by(step.c.seq)
_results_of: Final = select(result).where(result.c.application == _WANTED).order_by(result.c.seq)
_uses_of: Final = (
    select(use_abroad)
    .where(use_abroad.c.application == _WANTED)
    .order_by(use_abroad.c.line, use_abroad.c.reference)
)


@dataclass(frozen=True, slots=True)
class Summary:
    """One row of a list of applications.

    Args:
        state: one of `course.STATES`.
        certificate: subject of the certificate; None before its approval.
        exporter: name.
    """

    number: str
    seq: int
    type_code: str
    agency: str
    party: str
    exporter: str
    importing_country: str
    stage: Stage
    delivery: Delivery
    state: str
    certificate: str | None
    issued_at: datetime | None
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Filed:
    """A notification on file.

    Args:
        is_ours: we sent it about a certificate of another country; else it is about one of ours.
    """

    seq: int
    certificate: str
    is_ours: bool
    at: datetime
    notice: Notice


@dataclass(frozen=True, slots=True)
class Documents:
    """What was issued, byte for byte.

    Args:
        document: the signed XML.
        seal: the COSE seal; empty where none was made.
        secret: see `model.Issue`; for the holder of the certificate only.
    """

    document: bytes
    seal: bytes
    secret: str


def list_applications(
    connection: Connection,
    *,
    state: str | None = None,
    party: str | None = None,
    agency: str | None = None,
    type_code: str | None = None,
    limit: int = 50,
    before: int | None = None,
) -> tuple[Summary, ...]:
    """Return applications and certificates of ours, the latest application first.

    Args:
        state: one of `course.STATES`; None: any.
        party: id of the exporter; None: of all.
        agency: that decides; None: any.
        type_code: UNECE 1001; None: any kind.
        limit: at most 500.
        before: the `seq` of the last one of the page before; None: from the latest.

    Raises: BadTerm: there is no such state.
    """
    if state is not None and state not in course.STATES:
        raise BadTerm("state", state, f"is one of {', '.join(course.STATES)}", field="state")
    wanted = _newest(select(application), limit, before)
    for column, value in (
        (application.c.state, state),
        (application.c.party, party),
        (application.c.agency, agency),
        (application.c.type_code, type_code),
    ):
        if value is not None:
            wanted = wanted.where(column == value)
    return tuple(map(_summary, connection.execute(wanted)))


def list_to_dispatch(connection: Connection, *, limit: int = 100) -> tuple[Summary, ...]:
    """Return certificates whose newest word must be sent to the importing country, oldest first."""
    wanted = (
        select(application)
        .where(application.c.delivery == Delivery.DUE)
        .order_by(application.c.seq)
        .limit(_bounded(limit))
    )
    return tuple(map(_summary, connection.execute(wanted)))


def list_issued_before(
    connection: Connection, instant: datetime, type_code: str, *, limit: int = 100
) -> tuple[Summary, ...]:
    """Return certificates of a kind in force that were issued before this instant, oldest first."""
    wanted = (
        select(application)
        .where(application.c.stage == Stage.ISSUED)
        .where(application.c.type_code == type_code)
        .where(application.c.issued_at < instant)
        .order_by(application.c.issued_at)
        .limit(_bounded(limit))
    )
    return tuple(map(_summary, connection.execute(wanted)))


def find_application(connection: Connection, number: str) -> Application | None:
    """Return an application, and what became of it, or None."""
    row = connection.execute(_by_number, {"wanted": number}).first()
    return None if row is None else _application(connection, row)


def get_application(connection: Connection, number: str) -> Application:
    """Return an application, and what became of it. Raises: NotFound."""
    found = find_application(connection, number)
    if found is None:
        # The words with which a trader is refused: they must not tell which numbers exist.
        raise NotFound(f"There is no application {number}, or none that you may see")
    return found


def find_issued(connection: Connection, key: Key) -> Application | None:
    """Return the certificate that we issued under this key, or None."""
    row = connection.execute(_by_certificate, {"wanted": key.subject}).first()
    return None if row is None else _application(connection, row)


def find_subject(connection: Connection, subject: str) -> Application | None:
    """Return what a fact with this subject is about, if it is an application or issued here."""
    try:
        key = Key.parse(subject)
    except BadTerm:
        return None
    if key.type_code == APPLICATION:
        return find_application(connection, key.number)
    return find_issued(connection, key)


def get_issued(connection: Connection, key: Key) -> Application:
    """Return the certificate that we issued under this key. Raises: NotFound."""
    found = find_issued(connection, key)
    if found is None:
        raise NotFound(f"No certificate {key.number} of kind {key.type_code} was issued here")
    return found


def get_documents(connection: Connection, held: Application) -> Documents:
    """Return what was issued, byte for byte. Raises: NotFound: nothing was, or it was erased."""
    wanted = select(application.c.issued_seq).where(application.c.number == held.number)
    seq = connection.execute(wanted).scalar_one()
    kept = None if seq is None else read_fact(connection, seq)
    if kept is None:
        raise NotFound(f"Of the application {held.number} no issued document is kept")
    body = decode(kept[0].body, _Issued)
    document, seal = map(binascii.a2b_base64, (body.document, body.seal))
    return Documents(document, seal, body.secret)


def number_of(connection: Connection, seq: int) -> str:
    """Return the number of the application that this fact filed. Raises: NotFound."""
    wanted = select(application.c.number).where(application.c.seq == seq)
    number = connection.execute(wanted).scalar()
    if number is None:
        raise NotFound(f"The fact {seq} filed no application")
    return str(number)


def is_taken(connection: Connection, key: Key) -> bool:
    """Return whether a certificate of ours has this key, issued or only approved."""
    wanted = select(application.c.number).where(application.c.certificate == key.subject)
    return connection.execute(wanted).first() is not None


def last_number(connection: Connection, name: str) -> int:
    """Return the last number given in a series; 0 in a new one."""
    found = connection.execute(select(series.c.last).where(series.c.name == name)).scalar()
    return int(found or 0)


def re_exported(
    connection: Connection, original: str, line: int, *, but: tuple[str, ...] = ()
) -> tuple[Quantity, ...]:
    """Return how much of a line of an imported certificate living applications take out again.

    Args:
        original: subject of the imported certificate.
        but: numbers of applications that do not count.
    """
    wanted = (
        select(re_export)
        .where(re_export.c.original == original)
        .where(re_export.c.line == line)
        .where(re_export.c.application.not_in(but))
    )
    return tuple(_quantity(row) for row in connection.execute(wanted))


def list_notices(
    connection: Connection,
    *,
    certificate: str | None = None,
    limit: int = 50,
    before: int | None = None,
) -> tuple[Filed, ...]:
    """Return notifications of non-compliance, the latest first.

    Args:
        certificate: subject; None: of all.
        limit: at most 500.
        before: the `seq` of the last one of the page before.
    """
    wanted = select(notice).order_by(notice.c.seq.desc()).limit(_bounded(limit))
    if certificate is not None:
        wanted = wanted.where(notice.c.certificate == certificate)
    if before is not None:
        wanted = wanted.where(notice.c.seq < before)
    return tuple(
        Filed(row.seq, row.certificate, row.is_ours, row.at, decode(row.body, Notice))
        for row in connection.execute(wanted)
    )


def find_notice(connection: Connection, certificate: str, reference: str) -> Filed | None:
    """Return the notification that bears this reference, or None."""
    found = list_notices(connection, certificate=certificate, limit=MOST_AT_ONCE)
    return next((each for each in found if each.notice.reference == reference), None)


@dataclass(frozen=True, slots=True)
class _Issued:
    document: str
    seal: str
    secret: str


def _newest(wanted: Select[Any], limit: int, before: int | None) -> Select[Any]:
    wanted = wanted.order_by(application.c.seq.desc()).limit(_bounded(limit))
    return wanted if before is None else wanted.where(application.c.seq < before)


def _bounded(limit: int) -> int:
    return max(1, min(limit, MOST_AT_ONCE))


def _summary(row: Row[Any]) -> Summary:
    return Summary(
        number=row.number,
        seq=row.seq,
        type_code=row.type_code,
        agency=row.agency,
        party=row.party,
        exporter=row.exporter,
        importing_country=row.importing_country,
        stage=Stage(row.stage),
        delivery=Delivery(row.delivery),
        state=row.state,
        certificate=row.certificate,
        issued_at=row.issued_at,
        changed_at=row.changed_at,
    )


def _application(connection: Connection, row: Row[Any]) -> Application:
    number = row.number
    own = {"wanted": number}
    steps, results = connection.execute(_steps_of, own), connection.execute(_results_of, own)
    uses = connection.execute(_uses_of, own)
    return Application(
        number=number,
        request=decode(row.request, Request),
        agency=row.agency,
        stage=Stage(row.stage),
        delivery=Delivery(row.delivery),
        key=None if row.certificate is None else Key.parse(row.certificate),
        issued=None if row.issued is None else decode(row.issued, Certificate),
        findings=decode(row.findings, tuple[Finding, ...]),
        results=tuple(decode(each.body, Result) for each in results),
        uses=_uses(uses),
        history=_history(steps),
        changed_at=row.changed_at,
        seq=row.seq,
        content_seq=row.content_seq,
        status_index=row.status_index,
        replaced_by=row.replaced_by,
        hub_number=row.hub_number,
    )


def _history(found: Iterable[Row[Any]]) -> tuple[Done, ...]:
    return tuple(Done(Step(row.step), row.actor, row.at, row.seq, row.remark) for row in found)


def _uses(found: Iterable[Row[Any]]) -> tuple[Use, ...]:
    return tuple(Use(row.line, row.reference, _quantity(row)) for row in found)


def _quantity(row: Row[Any]) -> Quantity:
    return Quantity(row.quantity, UnitCode(row.unit))
