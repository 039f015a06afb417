"""The node's own past as risk learns from it: the history frame and the selections, from facts.

    with open_lake(folder) as lake:
        frame = past.history(lake)             # columns of `risk.formats.history.SCHEMA`
        chosen = past.selections(lake)         # columns of `risk.monitor.frames.SELECTIONS`

Goods are read by `risk.goods.goods_of`, as the live border reads them, with what it knew beside
when it first assessed them (tariff, kin, what other desks had noticed): a correction is assessed
again, but what was accepted is what was counted. A result counts from the moment when it was
recorded, not from when the examination ended: before, no model could know it. Facts of one instant
follow each other by microseconds, in the order of the log, as they were counted. A test replays
this history and finds the features that were sealed in the assessments, to the last bit.

Of several results of customs the first counts. What was found in the documents, or in an audit
after clearance, is a result too, but the logged propensity speaks of opened goods: such a row has
none, and a stratum of its own.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
import polars as pl

from clearway.clearance.model import Extent, Fraud
from clearway.lake.query import Lake
from clearway.ledger.fact import decode
from clearway.risk.exchange import in_eur
from clearway.risk.formats.history import SCHEMA, conform
from clearway.risk.goods import Accepted, Beside, goods_of
from clearway.risk.guilt import guilty_items
from clearway.risk.history import day_of
from clearway.risk.model import Goods
from clearway.risk.monitor import frames

AUDIT, DOCUMENTS = "audit", "documents"
"""Strata of rows whose result is no opened goods."""

EVER = datetime(1970, 1, 1, tzinfo=UTC)
_PAGE = 20_000
_FRAUDS = frozenset(kind.value for kind in Fraud)

_LAST = "QUALIFY row_number() OVER (PARTITION BY mrn ORDER BY seq DESC) = 1"
_FIRST = "QUALIFY row_number() OVER (PARTITION BY mrn ORDER BY seq) = 1"
# The log is in order, its instants are not enough: a commit has one for all its facts.
_AFTER = "to_microseconds(row_number() OVER (PARTITION BY recorded_at ORDER BY seq) - 1)"
_EVENTS = f"""
events AS (
  SELECT seq, recorded_at + {_AFTER} AS moment
    FROM (SELECT seq, recorded_at FROM accepted UNION ALL SELECT seq, recorded_at FROM examined
          UNION ALL SELECT seq, recorded_at FROM audited))"""
_DECLARED = f"""
WITH {_EVENTS}
SELECT a.seq, e.moment, a.content, s.channel, s.stratum, s.propensity, s.score, s.probability,
       s.model, s.decided_by, f.duty_rates, f.signals, f.kin, f.address
  FROM (SELECT seq, mrn, content FROM accepted
         WHERE seq > ? AND occurred_at >= ? ORDER BY seq LIMIT {_PAGE}) a
  JOIN events e USING (seq)
  LEFT JOIN (SELECT * FROM assessed {_LAST}) s USING (mrn)
  LEFT JOIN (SELECT * FROM assessed {_FIRST}) f USING (mrn)
 ORDER BY a.seq
"""
_RESULTS = f"""
WITH {_EVENTS},
parts AS (
  SELECT examination, bool_or(json_extract_string(part, '$.agency') = 'customs'
                              AND json_extract_string(part, '$.scope') = 'goods') AS is_opened
    FROM (SELECT examination, unnest(CAST(parts AS JSON[])) AS part FROM ordered)
   GROUP BY examination),
results AS (
  SELECT x.seq, x.mrn, x.outcome, x.extent, x.findings, x.extra_revenue, x.currency,
         x.hours, CASE WHEN coalesce(p.is_opened, false) THEN '' ELSE 'documents' END AS how
    FROM examined x LEFT JOIN parts p USING (examination) WHERE x.agency = 'customs'
  UNION ALL
  SELECT seq, mrn, outcome, extent, findings, extra_revenue, currency, hours, 'audit'
    FROM audited WHERE agency = 'customs')
SELECT mrn, moment, outcome, extent, findings, extra_revenue, currency, hours, how
  FROM results JOIN events USING (seq)
QUALIFY row_number() OVER (PARTITION BY mrn ORDER BY seq) = 1
"""


@dataclass(frozen=True, slots=True)
class _Money:
    amount: str
    currency: str


@dataclass(frozen=True, slots=True)
class _Finding:
    kind: str
    item: int | None = None
    revenue: _Money | None = None


@dataclass(frozen=True, slots=True)
class _Result:
    """What customs found in a declaration, and how it looked."""

    known_at: datetime
    is_found: bool
    extent: str
    findings: tuple[_Finding, ...]
    revenue: float
    hours: float | None
    how: str


@dataclass(frozen=True, slots=True)
class _Choice:
    """How risk chose a declaration; of one that was never assessed, nothing."""

    channel: str | None
    stratum: str | None
    propensity: float | None
    score: float | None
    probability: float | None
    model: str | None
    decided_by: str | None


@dataclass(frozen=True, slots=True)
class _Case:
    accepted_at: datetime
    goods: tuple[Goods, ...]
    choice: _Choice
    result: _Result | None


def history(lake: Lake) -> pl.DataFrame:
    """Return all declarations of the lake, one row per item, as a model learns from them."""
    rows = [row for case in _cases(lake) for row in _items(case)]
    return conform(
        pl.DataFrame(rows, schema=SCHEMA).with_columns(pl.col(pl.Float64).fill_nan(None))
    )


def selections(lake: Lake, since: datetime = EVER) -> pl.DataFrame:
    """Return the lake's declarations, one row each: how they were chosen, what was found.

    Args:
        since: of the first acceptance, aware UTC.
    """
    rows = [_selection(case) for case in _cases(lake, since)]
    return frames.conform(pl.DataFrame(rows, schema=frames.SELECTIONS))


def shadows(lake: Lake, challenger: str) -> pl.DataFrame:
    """Return what a challenger said beside the active model: mrn, score."""
    query = f"SELECT mrn, shadow_score AS score FROM (SELECT * FROM assessed {_LAST})"
    return lake.frame(f"{query} WHERE shadow_model = ? ORDER BY mrn", (challenger,)).with_columns(
        pl.col("mrn").cast(pl.String), pl.col("score").cast(pl.Float64)
    )


def _cases(lake: Lake, since: datetime = EVER) -> Iterator[_Case]:
    results = _results(lake)
    cursor = -1
    while rows := lake.rows(_DECLARED, (cursor, since))[1]:
        for seq, at, content, *choice, duty_rates, signals, kin, address in rows:
            cursor = seq
            accepted = decode(content.encode(), Accepted)
            rates = {item: float(rate) for item, rate in _by_item(duty_rates).items()}
            beside = Beside(_by_item(signals), kin or "", address or "")
            goods = goods_of(accepted.mrn, accepted.declaration, day_of(at), rates, beside)
            yield _Case(at, goods, _Choice(*choice), results.get(accepted.mrn))


def _by_item(pairs: str | None) -> dict[int, Any]:
    return dict(msgspec.json.decode(pairs or "[]"))


def _results(lake: Lake) -> dict[str, _Result]:
    found: dict[str, _Result] = {}
    for mrn, at, outcome, extent, findings, revenue, currency, hours, how in lake.rows(_RESULTS)[1]:
        is_found = outcome == "not_conform"
        worth = in_eur(float(revenue), currency) if revenue is not None and currency else 0.0
        found[mrn] = _Result(
            known_at=at,
            is_found=is_found,
            extent=extent or (Extent.FULL if is_found else Extent.NOTHING).value,
            findings=decode((findings or "[]").encode(), tuple[_Finding, ...]),
            revenue=0.0 if math.isnan(worth) else worth,
            hours=hours,
            how=how,
        )
    return found


def _items(case: _Case) -> Iterator[dict[str, Any]]:
    result, guilty = case.result, _guilty(case)
    for one in case.goods:
        row: dict[str, Any] = {name: getattr(one, name) for name in SCHEMA if hasattr(one, name)}
        row |= {"accepted_at": case.accepted_at, "value": one.value_eur, "currency": "EUR"}
        row |= {"signals": None if one.signals < 0 else one.signals, "kin": one.kin or None}
        row |= {"examined": result is not None, **_why(case)}
        if result is not None:
            is_guilty = one.item in guilty
            row |= {
                "illicit": is_guilty,
                "extra_revenue": guilty.get(one.item, 0.0),
                "known_at": result.known_at,
                "outcome": result.extent if is_guilty else Extent.NOTHING.value,
                "mode": _mode(result, one.item) if is_guilty else "",
            }
        yield row


def _why(case: _Case) -> dict[str, Any]:
    """Return stratum and propensity, as far as they speak of this row's result."""
    how = "" if case.result is None else case.result.how
    return {
        "stratum": how or case.choice.stratum,
        "propensity": None if how else case.choice.propensity,
    }


def _guilty(case: _Case) -> Mapping[int, float]:
    """Return the items that were not conform, each with the revenue that it brought, in EUR."""
    if case.result is None or not case.result.is_found:
        return {}
    told = [
        (one.item, 0.0 if one.revenue is None else _in_eur(one.revenue))
        for one in case.result.findings
    ]
    return guilty_items({one.item for one in case.goods}, told, case.result.revenue)


def _in_eur(money: _Money) -> float:
    return in_eur(float(money.amount), money.currency)


def _mode(result: _Result, item: int) -> str:
    """Return the first kind of fraud found in an item, or in the consignment as a whole."""
    kinds = [one.kind for one in result.findings if one.item == item and one.kind in _FRAUDS]
    kinds += [one.kind for one in result.findings if one.item is None and one.kind in _FRAUDS]
    return kinds[0] if kinds else ""


def _selection(case: _Case) -> dict[str, Any]:
    first, result, choice = case.goods[0], case.result, case.choice
    dearest = max(case.goods, key=lambda one: 0.0 if math.isnan(one.value_eur) else one.value_eur)
    row: dict[str, Any] = {
        "mrn": first.mrn,
        "office": first.office,
        "accepted_at": case.accepted_at,
        "importer": first.importer,
        "declarant": first.declarant,
        "origin": dearest.origin,
        "channel": choice.channel or "",
        "score": choice.score if choice.model else None,
        "probability": choice.probability if choice.model else None,
        "model": choice.model or "",
        "decided_by": choice.decided_by or "",
        "resulted": result is not None and not result.how,
        **_why(case),
    }
    if result is not None:
        kinds = [one.kind for one in result.findings if one.kind in _FRAUDS]
        row |= {
            "known_at": result.known_at,
            "found": result.is_found,
            "outcome": result.extent,
            "mode": kinds[0] if kinds else "",
            "revenue": result.revenue,
            "hours": result.hours,
        }
    return row
