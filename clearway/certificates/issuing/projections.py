"""How facts come into the tables of applications; a pure function of facts and tables.

No profile and no rule is asked here: these may change, what the facts say may not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, bindparam, delete, insert, select, update

from clearway.certificates.issuing import course, facts, numbering
from clearway.certificates.issuing.course import Delivery, Stage, Step
from clearway.certificates.issuing.model import Original, Request
from clearway.certificates.issuing.numbering import status_series
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
from clearway.ledger.erasure import Erased
from clearway.ledger.fact import Fact, decode, encode
from clearway.ledger.transaction import Projection

# Made once: to build a statement costs more than to run it.
_WANTED: Final[Any] = bindparam("wanted")
_by_number: Final = select(application).where(application.c.number == _WANTED)
_by_certificate: Final = select(application).where(application.c.certificate == _WANTED)
_uses_of: Final = select(use_abroad.c.quantity).where(use_abroad.c.application == _WANTED)
_insert_step: Final = insert(step)


def _applied(connection: Connection, fact: Fact) -> None:
    body = decode(fact.body, facts.Applied)
    _count(connection, body.series, body.running)
    connection.execute(
        insert(application).values(
            number=body.application,
            seq=fact.seq,
            agency=body.agency,
            stage=Stage.APPLIED,
            delivery=Delivery.NONE,
            state=course.state(Stage.APPLIED, Delivery.NONE, used=False),
            changed_at=fact.recorded_at,
            content_seq=fact.seq,
            hub_number="",
            findings=encode(body.findings),
            **_asked(body.request),
        )
    )
    _hold(connection, body.application, body.request.originals)
    _note(connection, fact, body.application, Step.APPLY, body.request.purpose)


def _amended(connection: Connection, fact: Fact) -> None:
    body = decode(fact.body, facts.Amended)
    _free(connection, body.application)
    _hold(connection, body.application, body.request.originals)
    row = _row(connection, _by_number, body.application)
    extra = {**_asked(body.request), "findings": encode(body.findings), "content_seq": fact.seq}
    _take(connection, fact, row, Step.AMEND, **extra)


def _asked(request: Request) -> dict[str, Any]:
    content = request.content
    return {
        "type_code": content.type_code,
        "party": request.party,
        "importing_country": content.importing_country or "",
        "exporter": content.consignor.name,
        "request": encode(request),
    }


def _inspected(connection: Connection, fact: Fact) -> None:
    body = decode(fact.body, facts.Inspected)
    row = _row(connection, _by_number, body.application)
    connection.execute(
        insert(result).values(seq=fact.seq, application=body.application, body=encode(body.result))
    )
    _take(connection, fact, row, Step.RECORD_RESULT, body.result.kind.value, content_seq=fact.seq)


def _approved(connection: Connection, fact: Fact) -> None:
    body = decode(fact.body, facts.Approved)
    _count(connection, body.series, body.running)
    kind = Key.parse(body.certificate).type_code
    _count(connection, status_series(kind), body.status_index + 1)
    row = _row(connection, _by_number, body.application)
    _take(
        connection,
        fact,
        row,
        Step.APPROVE,
        body.number,
        certificate=body.certificate,
        status_index=body.status_index,
        content_seq=fact.seq,
    )


@dataclass(frozen=True, slots=True)
class _Issued:
    """`certificate.issued/1` without its documents, which may be large."""

    application: str
    certificate: Certificate


def _issued(connection: Connection, fact: Fact) -> None:
    body = decode(fact.body, _Issued)
    row = _row(connection, _by_number, body.application)
    _take(
        connection,
        fact,
        row,
        Step.ISSUE,
        body.certificate.number,
        issued=encode(body.certificate),
        issued_at=body.certificate.issued_at,
        issued_seq=fact.seq,
        importing_country=body.certificate.importing_country or "",
    )


def _ended(kind: Any, taken: Step) -> Projection:
    def project(connection: Connection, fact: Fact) -> None:
        body = decode(fact.body, kind)
        row = _row(connection, _by_number, body.application)
        if taken is not Step.SEND_BACK:
            _free(connection, body.application)
        _take(connection, fact, row, taken, body.reason)

    return project


def _on_certificate(kind: Any, project: Callable[[Connection, Fact, Any, Row[Any]], None]) -> Any:
    """Bring a fact about a certificate to its application, if the certificate is ours."""

    def follow(connection: Connection, fact: Fact) -> None:
        row = _row(connection, _by_certificate, fact.subject)
        if row is not None and row.issued is not None:
            project(connection, fact, decode(fact.body, kind), row)

    return follow


def _dispatched(connection: Connection, fact: Fact, body: Any, row: Row[Any]) -> None:
    remark = " ".join(part for part in (body.channel, body.hub_number) if part)
    changes = {"delivery": Delivery.DISPATCHED, "hub_number": body.hub_number}
    _take(connection, fact, row, Step.DISPATCH, remark, **changes)


def _delivery_reported(connection: Connection, fact: Fact, body: Any, row: Row[Any]) -> None:
    remark = ": ".join(part for part in (body.delivery.value, body.message) if part)
    number = body.hub_number or row.hub_number
    changes = {"delivery": body.delivery, "hub_number": number}
    _take(connection, fact, row, Step.REPORT_DELIVERY, remark, **changes)


def _use_reported(connection: Connection, fact: Fact, body: Any, row: Row[Any]) -> None:
    use = body.use
    connection.execute(
        delete(use_abroad)
        .where(use_abroad.c.application == row.number)
        .where(use_abroad.c.line == use.line)
        .where(use_abroad.c.reference == use.reference)
    )
    connection.execute(
        insert(use_abroad).values(
            application=row.number,
            line=use.line,
            reference=use.reference,
            quantity=use.quantity.value,
            unit=use.quantity.unit,
        )
    )
    stage = Stage(row.stage)
    if stage in (Stage.ISSUED, Stage.EXHAUSTED):
        stage = Stage.EXHAUSTED if body.is_exhausted else Stage.ISSUED
    remark = f"line {use.line}, {use.quantity}, {use.reference}"
    _take(connection, fact, row, Step.REPORT_USE, remark, stage=stage)


def _rejected(connection: Connection, fact: Fact, body: Any, row: Row[Any]) -> None:
    _take(connection, fact, row, Step.REJECT, f"{body.country}: {body.reason}")


def _withdrawn(connection: Connection, fact: Fact, body: Any, row: Row[Any]) -> None:
    _free(connection, row.number)
    _take(connection, fact, row, Step.WITHDRAW, body.reason)


def _replaced(connection: Connection, fact: Fact, body: Any, row: Row[Any]) -> None:
    successor = body.replaced_by
    _free(connection, row.number)
    _take(connection, fact, row, Step.REPLACE, successor, replaced_by=successor)


def _expired(connection: Connection, fact: Fact, body: Any, row: Row[Any]) -> None:
    _take(connection, fact, row, Step.EXPIRE, f"after {body.valid_days} days")


def _notified(connection: Connection, fact: Fact) -> None:
    body = decode(fact.body, facts.NoncomplianceNotified)
    connection.execute(
        insert(notice).values(
            seq=fact.seq,
            certificate=body.certificate,
            is_ours=body.is_ours,
            reference=body.notice.reference,
            at=fact.recorded_at,
            body=encode(body.notice),
        )
    )
    row = _row(connection, _by_certificate, body.certificate)
    if row is not None and not body.is_ours:
        _take(connection, fact, row, Step.NOTIFY, body.notice.reference)


def _take(
    connection: Connection,
    fact: Fact,
    row: Row[Any] | None,
    taken: Step,
    remark: str = "",
    **changes: Any,
) -> None:
    """Note the step and bring stage, delivery and the word of the list up to it.

    Without a row, the application itself was erased: what came after it stands on nothing.
    """
    if row is None:
        return
    stage = changes.setdefault("stage", course.TO.get(taken, Stage(row.stage)))
    before = Delivery(row.delivery)
    delivery = changes.setdefault("delivery", course.delivery_after(taken, before))
    used = _is_used(connection, row.number)
    connection.execute(
        update(application)
        .where(application.c.number == row.number)
        .values(
            state=course.state(stage, delivery, used=used), changed_at=fact.recorded_at, **changes
        )
    )
    _note(connection, fact, row.number, taken, remark)


def _note(connection: Connection, fact: Fact, number: str, taken: Step, remark: str) -> None:
    connection.execute(
        _insert_step,
        {
            "seq": fact.seq,
            "application": number,
            "step": taken,
            "actor": fact.actor,
            "at": fact.recorded_at,
            "remark": remark,
        },
    )


def _row(connection: Connection, which: Select[Any], wanted: str) -> Any:
    return connection.execute(which, {"wanted": wanted}).first()


def _is_used(connection: Connection, number: str) -> bool:
    return any(row.quantity > 0 for row in connection.execute(_uses_of, {"wanted": number}))


def _hold(connection: Connection, number: str, originals: tuple[Original, ...]) -> None:
    held = [
        {
            "application": number,
            "original": each.certificate,
            "line": each.line,
            "quantity": each.quantity.value,
            "unit": each.quantity.unit,
        }
        for each in originals
    ]
    if held:
        connection.execute(insert(re_export), held)


def _free(connection: Connection, number: str) -> None:
    connection.execute(delete(re_export).where(re_export.c.application == number))


def _count(connection: Connection, name: str, running: int) -> None:
    """Remember the last number of a series; a number once given is never given again."""
    last = connection.execute(select(series.c.last).where(series.c.name == name)).scalar() or 0
    connection.execute(delete(series).where(series.c.name == name))
    connection.execute(insert(series).values(name=name, last=max(last, running)))


def _erased(connection: Connection, fact: Fact) -> None:
    """Keep the number of an application whose content was erased: its subject stands in the log."""
    header = decode(fact.body, Erased).header
    if header.type == facts.Applied.TYPE:
        _count(connection, *numbering.read(Key.parse(header.subject).number))


PROJECTIONS: dict[str, tuple[Projection, ...]] = {
    Erased.TYPE: (_erased,),
    facts.Applied.TYPE: (_applied,),
    facts.Amended.TYPE: (_amended,),
    facts.SentBack.TYPE: (_ended(facts.SentBack, Step.SEND_BACK),),
    facts.Cancelled.TYPE: (_ended(facts.Cancelled, Step.CANCEL),),
    facts.Refused.TYPE: (_ended(facts.Refused, Step.REFUSE),),
    facts.Inspected.TYPE: (_inspected,),
    facts.Approved.TYPE: (_approved,),
    facts.Issued.TYPE: (_issued,),
    facts.Dispatched.TYPE: (_on_certificate(facts.Dispatched, _dispatched),),
    facts.DeliveryReported.TYPE: (_on_certificate(facts.DeliveryReported, _delivery_reported),),
    facts.UseReported.TYPE: (_on_certificate(facts.UseReported, _use_reported),),
    facts.RejectedAbroad.TYPE: (_on_certificate(facts.RejectedAbroad, _rejected),),
    facts.Withdrawn.TYPE: (_on_certificate(facts.Withdrawn, _withdrawn),),
    facts.Replaced.TYPE: (_on_certificate(facts.Replaced, _replaced),),
    facts.Expired.TYPE: (_on_certificate(facts.Expired, _expired),),
    facts.NoncomplianceNotified.TYPE: (_notified,),
}
