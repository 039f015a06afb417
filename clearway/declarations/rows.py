"""Rows of the tables as the model's own types."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Row

from clearway.declarations.lifecycle import Status
from clearway.declarations.model import Kind
from clearway.declarations.record import ItemLine, Notification, Page, Summary
from clearway.terms.goods import HsCode
from clearway.terms.identifiers import Lrn, Mrn, PartyId, Ucr
from clearway.terms.money import Currency, Money
from clearway.terms.places import Country

T = TypeVar("T")

_PARAMS = msgspec.json.Decoder(dict[str, str])


def summary(row: Row[Any]) -> Summary:
    """Return a row of `declaration`."""
    return Summary(
        mrn=Mrn(row.mrn),
        seq=row.seq,
        version=row.version,
        status=Status(row.status),
        kind=Kind(row.kind),
        additional_type=row.additional_type,
        lrn=Lrn(row.lrn),
        ucr=Ucr(row.ucr) if row.ucr else None,
        declarant=PartyId(row.declarant) if row.declarant else None,
        trader=PartyId(row.trader) if row.trader else None,
        trader_name=row.trader_name,
        office=row.office,
        vessel=row.vessel,
        arrival_expected_at=row.arrival_expected_at,
        country_of_dispatch=Country(row.country_of_dispatch),
        invoice=Money(row.invoice_amount, Currency(row.invoice_currency)),
        gross_mass_kg=row.gross_mass_kg,
        packages=row.packages,
        items=row.items,
        lodged_by=row.lodged_by,
        corrected_by=row.corrected_by,
        at={
            status: instant
            for status in Status
            if (instant := getattr(row, f"{status}_at")) is not None
        },
    )


def item_line(row: Row[Any]) -> ItemLine:
    """Return a row of `declaration_item`."""
    return ItemLine(
        mrn=Mrn(row.mrn),
        number=row.number,
        hs=HsCode(row.hs),
        description=row.description,
        origin=Country(row.origin),
        net_mass_kg=row.net_mass_kg,
        value=Money(row.amount, Currency(row.currency)),
        packages=row.packages,
    )


def notification(row: Row[Any]) -> Notification:
    """Return a row of `declaration_notification`."""
    return Notification(
        seq=row.seq,
        party=row.party,
        mrn=Mrn(row.mrn),
        lrn=Lrn(row.lrn),
        version=row.version,
        kind=row.kind,
        at=row.at,
        code=row.code,
        params=_PARAMS.decode(row.params),
    )


def page(
    rows: Sequence[Row[Any]], limit: int, make: Callable[[Row[Any]], T], seq: Callable[[T], int]
) -> Page[T]:
    """Return a page of at most `limit` from rows of which one more was asked for."""
    items = tuple(make(row) for row in rows[:limit])
    return Page(items, seq(items[-1]) if len(rows) > limit else None)
