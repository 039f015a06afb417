"""Bringing facts into the tables: pure functions of the fact and of what the tables hold.

A fact is decoded only as far as the rows need it (`extract`).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from clearway.declarations import extract, schema
from clearway.declarations.facts import (
    Accepted,
    Cleared,
    ControlOrdered,
    Corrected,
    DocumentsRequested,
    Invalidated,
    KeyConflict,
    Rejected,
    Released,
)
from clearway.declarations.lifecycle import Status
from clearway.declarations.model import Kind
from clearway.ledger.fact import Fact, encode
from clearway.ledger.statement import Rows, run
from clearway.ledger.transaction import Projection

_DECLARATIONS, _CONTENTS = Rows(schema.declaration), Rows(schema.content)
_ITEMS, _CONTAINERS = Rows(schema.item), Rows(schema.container)
_DOCUMENTS, _NOTIFICATIONS = Rows(schema.document), Rows(schema.notification)
_SELECT = f"SELECT declarant, lrn, version FROM {schema.declaration.name} WHERE mrn = ?"
_FORGET = tuple(
    f"DELETE FROM {table.name} WHERE mrn = ?"
    for table in (schema.content, schema.item, schema.container, schema.document)
)


def _lodged(status: Status) -> Projection:
    """Return the projection of a lodging that leads to `status`."""

    def project(connection: Connection, fact: Fact) -> None:
        lodging = extract.LODGING.decode(fact.body)
        declared = extract.DECLARATION.decode(lodging.declaration)
        row = _row(declared) | {
            "mrn": lodging.mrn,
            "seq": fact.seq,
            "version": 1,
            "status": status,
            "lodged_by": fact.actor,
            "lodged_findings": bytes(lodging.findings),
            "corrected_by": "",
            f"{status}_at": fact.occurred_at,
        }
        _DECLARATIONS.add(connection, [row])
        _write_content(connection, fact, lodging, declared)
        _tell(connection, fact, status, lodging.params(), declared.declarant.id, declared.lrn, 1)

    return project


def _corrected(connection: Connection, fact: Fact) -> None:
    """Put the new content in the place of the old one."""
    lodging = extract.LODGING.decode(fact.body)
    declared = extract.DECLARATION.decode(lodging.declaration)
    changes = _row(declared) | {
        "version": lodging.version,
        "status": Status.CORRECTED,
        "corrected_by": fact.actor,
        "corrected_at": fact.occurred_at,
    }
    _DECLARATIONS.change(connection, changes, mrn=lodging.mrn)
    for forget in _FORGET:
        run(connection, forget, (lodging.mrn,))
    _write_content(connection, fact, lodging, declared)
    _tell(
        connection,
        fact,
        Status.CORRECTED,
        lodging.params(),
        declared.declarant.id,
        declared.lrn,
        lodging.version,
    )


def _stepped(status: Status) -> Projection:
    """Return the projection of a fact that only changes the standing."""

    def project(connection: Connection, fact: Fact) -> None:
        step = extract.STEP.decode(fact.body)
        changes = {"status": status, f"{status}_at": fact.occurred_at}
        _DECLARATIONS.change(connection, changes, mrn=step.mrn)
        _tell_of_step(connection, fact, status, step)

    return project


def _conflicted(connection: Connection, fact: Fact) -> None:
    """Tell the declarant; the standing stays."""
    _tell_of_step(connection, fact, "key_conflict", extract.STEP.decode(fact.body))


def _row(declared: extract.Declaration) -> dict[str, Any]:
    """Return the columns of `declaration` that the content gives."""
    exporter = declared.exporter or extract.Party(None, "")
    trader = declared.importer
    if declared.kind == Kind.EXPORT and declared.exporter is not None:
        trader = declared.exporter
    representative = declared.representative or extract.Party(None, "")
    return {
        "kind": declared.kind,
        "additional_type": declared.additional_type,
        "lrn": declared.lrn,
        "ucr": declared.ucr,
        "declarant": declared.declarant.id,
        "importer": declared.importer.id,
        "exporter": exporter.id,
        "representative": representative.id,
        "trader": trader.id,
        "trader_name": trader.name,
        "office": declared.office,
        "vessel": declared.vessel,
        "arrival_expected_at": declared.arrival_expected_at,
        "country_of_dispatch": declared.country_of_dispatch,
        "invoice_amount": declared.invoice.amount,
        "invoice_currency": declared.invoice.currency,
        "gross_mass_kg": declared.gross_mass_kg,
        "packages": declared.packages,
        "items": len(declared.items),
    }


def _write_content(
    connection: Connection, fact: Fact, lodging: extract.Lodging, declared: extract.Declaration
) -> None:
    mrn = lodging.mrn
    row = {
        "mrn": mrn,
        "seq": fact.seq,
        "digest": lodging.digest,
        "declaration": bytes(lodging.declaration),
        "findings": bytes(lodging.findings),
    }
    _CONTENTS.add(connection, [row])
    items = [_item_row(mrn, place, item) for place, item in enumerate(declared.items)]
    containers = dict.fromkeys(container.number for container in declared.containers)
    documents = [*_document_rows(mrn, 0, declared.documents)]
    for item in declared.items:
        documents += _document_rows(mrn, item.number, item.documents)
    _ITEMS.add(connection, items)
    _CONTAINERS.add(connection, [{"number": number, "mrn": mrn} for number in containers])
    _DOCUMENTS.add(connection, documents)


def _item_row(mrn: str, place: int, item: extract.Item) -> dict[str, Any]:
    return {
        "mrn": mrn,
        "place": place,
        "number": item.number,
        "hs": item.hs,
        "description": item.description,
        "origin": item.origin,
        "net_mass_kg": item.net_mass_kg,
        "amount": item.value.amount,
        "currency": item.value.currency,
        "packages": item.packages,
    }


def _document_rows(mrn: str, item: int, documents: list[extract.Document]) -> list[dict[str, Any]]:
    return [
        {"mrn": mrn, "item": item, "place": place, "type": each.type, "number": each.number}
        for place, each in enumerate(documents)
    ]


def _tell_of_step(connection: Connection, fact: Fact, kind: str, step: extract.Step) -> None:
    declarant, lrn, version = run(connection, _SELECT, (step.mrn,)).fetchone()
    _tell(connection, fact, kind, step.params(), declarant, lrn, version)


def _tell(
    connection: Connection,
    fact: Fact,
    kind: str,
    params: dict[str, str],
    party: str | None,
    lrn: str,
    version: int,
) -> None:
    params |= {"lrn": lrn, "version": str(version)}
    row = {
        "seq": fact.seq,
        "party": party or "",
        "mrn": params["mrn"],
        "lrn": lrn,
        "version": version,
        "kind": kind,
        "at": fact.recorded_at,
        "code": f"declaration.{kind}",
        "params": encode(params),
    }
    _NOTIFICATIONS.add(connection, [row])


PROJECTIONS: dict[str, tuple[Projection, ...]] = {
    Accepted.TYPE: (_lodged(Status.ACCEPTED),),
    Rejected.TYPE: (_lodged(Status.REJECTED),),
    Corrected.TYPE: (_corrected,),
    DocumentsRequested.TYPE: (_stepped(Status.DOCUMENTS_REQUESTED),),
    ControlOrdered.TYPE: (_stepped(Status.CONTROL),),
    Released.TYPE: (_stepped(Status.RELEASED),),
    Cleared.TYPE: (_stepped(Status.CLEARED),),
    Invalidated.TYPE: (_stepped(Status.INVALIDATED),),
    KeyConflict.TYPE: (_conflicted,),
}
