"""From the rows of `tables` to the model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Row

from clearway.clearance.facts import Audited, CertificateMatched, Decided, Examined
from clearway.clearance.model import Examination, Outcome, Part, Result, Scope
from clearway.clearance.record import Consignment, State, StoredDecision, StoredMatch
from clearway.ledger.fact import decode
from clearway.terms.identifiers import Mrn


def to_consignment(row: Mapping[str, Any]) -> Consignment:
    """Return the consignment of a row of `clearance_consignment`."""
    values = {**row}
    del values["decided_seq"]
    outcome = values.pop("outcome")
    return Consignment(
        mrn=Mrn(values.pop("mrn")),
        state=State(values.pop("state")),
        outcome=None if outcome is None else Outcome(outcome),
        **values,
    )


def to_examination(row: Row[Any], results: Iterable[Row[Any]]) -> Examination:
    """Return the examination of a row of `clearance_examination` and of its results."""
    return Examination(
        id=row.id,
        mrn=Mrn(row.mrn),
        ordered_at=row.ordered_at,
        is_mandatory=row.is_mandatory,
        parts=decode(row.parts, tuple[Part, ...]),
        results=tuple(map(to_result, results)),
        started_at=row.started_at,
        closed_at=row.closed_at,
        is_cancelled=row.is_cancelled,
    )


def to_result(row: Row[Any]) -> Result:
    """Return the report of a row of `clearance_result`."""
    examined = decode(row.body, Examined)
    return Result(
        agency=examined.agency,
        outcome=examined.outcome,
        discrepancies=examined.findings,
        extra_revenue=examined.extra_revenue,
        started_at=examined.started_at,
        ended_at=examined.ended_at,
        officer=row.actor,
        extent=examined.extent,
        hours=examined.hours,
        note=examined.note,
    )


def to_audit(row: Row[Any]) -> Result:
    """Return the report of a row of `clearance_audit`."""
    audited = decode(row.body, Audited)
    return Result(
        agency=audited.agency,
        outcome=audited.outcome,
        discrepancies=audited.findings,
        extra_revenue=audited.extra_revenue,
        started_at=audited.started_at,
        ended_at=audited.ended_at,
        officer=row.actor,
        extent=audited.extent,
        hours=audited.hours,
        note=audited.note,
    )


def scope_of(row: Row[Any]) -> Scope:
    """Return what the agency of a report looked at."""
    parts = decode(row.parts, tuple[Part, ...])
    return next(part.scope for part in parts if part.agency == row.agency)


def to_decision(row: Row[Any]) -> StoredDecision:
    """Return the decision of a row of `clearance_decision`."""
    return StoredDecision(row.seq, row.at, row.actor, decode(row.body, Decided))


def to_match(row: Mapping[str, Any]) -> StoredMatch:
    """Return the comparison of a row of `clearance_match`."""
    matched = decode(row["body"], CertificateMatched)
    return StoredMatch(
        seq=row["seq"],
        at=row["at"],
        document_type=matched.document_type,
        certificate_seq=matched.certificate_seq,
        match=matched.match,
        claims=matched.claims,
    )
