"""What a query found, as the document that carries it."""

from __future__ import annotations

from datetime import datetime

from clearway.movements.epcis.document import Document, Kind
from clearway.movements.epcis.formats import jsonld, xml
from clearway.movements.epcis.model import Event


def write(
    events: tuple[Event, ...],
    *,
    now: datetime,
    as_xml: bool = False,
    name: str = "SimpleEventQuery",
    subscription: str | None = None,
) -> bytes:
    """Return a query's answer as an EPCISQueryDocument, JSON-LD or XML."""
    document = Document(
        kind=Kind.QUERY,
        events=events,
        schema_version="2.0",
        creation_date=now,
        query_name=name,
        subscription_id=subscription,
    )
    return xml.write(document) if as_xml else jsonld.write(document)
