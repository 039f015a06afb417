"""What selectivity profiles see of a declaration (the names are told in `rules`)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from clearway.risk.features import COLUMN, is_preferential
from clearway.risk.history import SCALE, Trace
from clearway.risk.model import Header
from clearway.risk.rules import Variables


def variables_of(
    declaration: Sequence[Trace],
    rows: Sequence[Sequence[float]],
    header: Header,
    hazards: Mapping[int, float] = MappingProxyType({}),
) -> Variables:
    """Return what profiles see of a declaration.

    Args:
        declaration: its items, at least one.
        rows: their features.
        header: what there is beside them.
        hazards: rate at which partners found hazards in such goods, by item; absent: none told.
    """
    goods = declaration[0].goods
    watch = header.goods_watch
    items = [
        _item(each, row)
        | {
            "watch": list(watch.get(each.goods.item, ())),
            "hazard_prior": hazards.get(each.goods.item, -1.0),
        }
        for each, row in zip(declaration, rows, strict=True)
    ]
    known = [item["value_eur"] for item in items if item["value_eur"] >= 0.0]
    return {
        "items": items,
        "declaration": {
            "kind": header.kind,
            "office": goods.office,
            "importer": goods.importer,
            "declarant": goods.declarant,
            "exporter": goods.exporter,
            "dispatch": goods.dispatch,
            "transport_mode": goods.transport_mode,
            "containers": header.containers,
            "documents": list(header.documents),
            "items": len(items),
            "value_eur": sum(known) if known else -1.0,
            "alarms": list(header.alarms),
            "watch": list(header.watch),
        },
    }


def _item(each: Trace, row: Sequence[float]) -> Variables:
    goods = each.goods
    return {
        "number": goods.item,
        "hs": goods.hs,
        "origin": goods.origin,
        "preference": goods.preference,
        "is_preferential": is_preferential(goods.preference),
        "net_mass_kg": _known(goods.net_mass_kg),
        "value_eur": _known(goods.value_eur),
        "price_eur_kg": -1.0 if each.price is None else math.exp(each.price / SCALE),
        "duty_rate": _known(goods.duty_rate),
        "packages": goods.packages,
        "description": goods.description,
        "is_vague": each.is_vague,
        "certificates": _known(goods.certificates),
        "price_spreads": _first_known(row[_HS6_ORIGIN], row[_HS6]),
        "importer_items": int(_known(row[_IMPORTER_ITEMS])),
        "importer_examined": int(row[_IMPORTER_EXAMINED]),
        "importer_found": int(row[_IMPORTER_FOUND]),
    }


_HS6_ORIGIN, _HS6 = COLUMN["price_z_hs6_origin"], COLUMN["price_z_hs6"]
_IMPORTER_ITEMS = COLUMN["importer_n"]
_IMPORTER_EXAMINED, _IMPORTER_FOUND = COLUMN["importer_examined"], COLUMN["importer_found"]


def _known(number: float) -> float:
    return -1.0 if math.isnan(number) else float(number)


def _first_known(*numbers: float) -> float:
    return next((number for number in numbers if not math.isnan(number)), 0.0)
