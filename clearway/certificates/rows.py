"""From the rows of `tables` to the model."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Row

from clearway.certificates.model import Assurance, Certificate, Channel, Key, Provenance
from clearway.certificates.proof import Verdict
from clearway.certificates.quantity import Balance, Position
from clearway.certificates.record import Alarm, Record
from clearway.ledger.fact import decode
from clearway.terms.finding import Finding
from clearway.terms.identifiers import Mrn
from clearway.terms.quantity import Quantity, UnitCode


def to_record(row: Row[Any], uses: Iterable[Row[Any]]) -> Record:
    """Return the record of a row of `certificate` and of its rows of `certificate_use`."""
    held = decode(row.body, Certificate)
    return Record(
        certificate=held,
        status=row.status,
        provenance=Provenance(Channel(row.channel), row.sender),
        assurance=Assurance(row.assurance),
        findings=decode(row.findings, tuple[Finding, ...]),
        is_disputed=row.is_disputed,
        replaced_by=row.replaced_by,
        received_at=row.received_at,
        seq=row.seq,
        balances=_balances(held, uses),
        verdict=decode(row.verdict, Verdict) if row.verdict else None,
    )


def to_position(row: Row[Any]) -> Position:
    """Return the position of a row of `certificate_use`, in the unit that was asked for."""
    unit = UnitCode(row.unit)
    return Position(
        Mrn(row.mrn), row.item, Quantity(row.reserved, unit), Quantity(row.consumed, unit)
    )


def to_alarm(row: Row[Any]) -> Alarm:
    """Return the alarm of a row of `certificate_alarm`."""
    return Alarm(
        key=Key.parse(row.subject),
        seq=row.seq,
        at=row.at,
        provenance=Provenance(Channel(row.channel), row.sender),
        registered_digest=row.registered_digest,
        other_digest=row.other_digest,
        prevails=row.prevails,
    )


def _balances(held: Certificate, uses: Iterable[Row[Any]]) -> tuple[Balance, ...]:
    positions: dict[int, list[Position]] = {}
    for row in uses:
        positions.setdefault(row.line, []).append(to_position(row))
    return tuple(
        _balance(line.number, line.certified, positions.get(line.number, [])) for line in held.lines
    )


def _balance(line: int, certified: Quantity | None, positions: list[Position]) -> Balance:
    """Return the account in the unit of the line.

    A later version may certify in a unit unlike the one that was used: then nothing more can be.
    """
    unit = certified.unit if certified is not None else None
    if unit is None or any(each.reserved.unit.dimension != unit.dimension for each in positions):
        return Balance(line, None, tuple(positions))
    converted = (
        Position(each.mrn, each.item, each.reserved.to(unit), each.consumed.to(unit))
        for each in positions
    )
    return Balance(line, certified, tuple(converted))
