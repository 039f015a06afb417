"""The schedule of treatments: which pest, in which goods, at what temperature, for how long.

The rows stand in `data/treatments.csv`: each with authority, pests, goods, protocol, source, status
(`seen` in the source, or `weak`: told by others) and, in `assumed`, what the house filled in. They
are what could be cited, not what any country demands today: an administration lays its own schedule
over them (setting `treatments_file`, same columns), and a row with a known code replaces ours.

    get("citrus_medfly_1.4_16d").protocol
    fitting("cold", 1.4, timedelta(days=16), "orange")
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from importlib import resources
from math import isfinite

from clearway.coldchain.treatment import Limit, Protocol, Restart
from clearway.errors import BadTerm, NotFound, RuleViolation
from clearway.terms.finding import Area, Finding, Level
from clearway.wire.limits import Limits, decode_utf8, require_size

LIMITS = Limits(size_bytes=1 << 20)
MOST_ROWS = 2_000
SAME_C = 0.06
"""Temperatures this near are one: certificates round 34 °F, which is 1.11 °C, to 1.1."""

COLUMNS = (
    "code",
    "authority",
    "pests",
    "goods",
    "commodities",
    "kind",
    "limit_c",
    "lasting_h",
    "start_c",
    "probes_at_least",
    "log_interval_min",
    "gap_at_most_min",
    "over_at_most_min",
    "restart",
    "calibration_tolerance_c",
    "source",
    "status",
    "assumed",
)
_STATUSES = frozenset({"seen", "weak", "law", "assumed"})
_KINDS = {"cold": Limit.CEILING, "heat": Limit.FLOOR}
_CODE = re.compile(r"[a-z0-9][a-z0-9_.]{1,49}")


@dataclass(frozen=True, slots=True)
class Schedule:
    """One row.

    Args:
        code: stable.
        authority: ISO 3166 code of the country that accepts it, IPPC, or `research`.
        pests: scientific names.
        goods: for people.
        commodities: codes of the library of commodities; empty: any goods.
        protocol: what is asked.
        source, status: where from, and how sure.
        assumed: what the house filled in itself.
    """

    code: str
    authority: str
    pests: tuple[str, ...]
    goods: str
    commodities: frozenset[str]
    protocol: Protocol
    source: str
    status: str
    assumed: tuple[str, ...]


@cache
def shipped() -> Mapping[str, Schedule]:
    """Return what ships with the package, by code; the file is read once."""
    path = resources.files("clearway.coldchain") / "data" / "treatments.csv"
    return {one.code: one for one in read_file(path.read_bytes())}


@dataclass(slots=True)
class _Shelf:
    """What this process uses; set once, when its node opens."""

    own: tuple[Schedule, ...] = ()


_SHELF = _Shelf()


def use(own: Iterable[Schedule]) -> None:
    """Lay a country's own schedule over ours, in this process; none takes it away."""
    _SHELF.own = tuple(own)


def schedules() -> Mapping[str, Schedule]:
    """Return all rows by code, the country's own among them."""
    return {**shipped(), **{one.code: one for one in _SHELF.own}}


def get(code: str) -> Schedule:
    """Return the row of this code. Raises: NotFound: there is none."""
    found = schedules().get(code)
    if found is None:
        known = ", ".join(sorted(schedules()))
        raise NotFound(f"No treatment {code[:60]!r} in the schedule; it has {known}", code=code)
    return found


def fitting(
    kind: str, limit_c: float, lasting: timedelta, commodity: str | None, authority: str = ""
) -> Schedule | None:
    """Return the row that a claim speaks of, or None.

    It has the same temperature, goods among its own, and asks for no more time than is claimed; of
    several, the importing country's own, then the one that asks for most.

    Args:
        kind: `cold` or `heat`.
        limit_c, lasting: as claimed.
        commodity: code of the goods; None: nobody knows them, so no row fits.
        authority: ISO 3166 code of the importing country, "" where nobody says.
    """
    side = _KINDS[kind]
    found = [
        one
        for one in schedules().values()
        if commodity in one.commodities
        and one.protocol.limit is side
        and abs(one.protocol.limit_c - limit_c) <= SAME_C
        and one.protocol.lasting <= lasting
    ]
    return max(
        found,
        key=lambda one: (one.authority == authority, one.protocol.lasting, one.code),
        default=None,
    )


def read_file(data: bytes) -> tuple[Schedule, ...]:
    """Return the rows of a schedule as CSV.

    Raises:
        TooLarge: over `LIMITS`. MalformedMessage: not UTF-8.
        RuleViolation: a column is missing, or a cell is wrong; each is named with its line.
    """
    require_size(data, LIMITS)
    table = csv.DictReader(decode_utf8(data).removeprefix("\ufeff").splitlines())
    missing = [name for name in COLUMNS if name not in (table.fieldnames or ())]
    if missing:
        raise _refusal([("line 1", f"The schedule has no column {', '.join(missing)}")])
    made: dict[str, Schedule] = {}
    wrong: list[tuple[str, str]] = []
    for line, row in enumerate(table, 2):
        if line > MOST_ROWS:
            wrong.append((f"line {line}", f"More than {MOST_ROWS:,} rows"))
            break
        try:
            one = _schedule(row)
        except BadTerm as error:
            wrong.append((f"line {line}, {error.field}", error.detail))
            continue
        if one.code in made:
            wrong.append((f"line {line}, code", f"{one.code} stands twice"))
        made[one.code] = one
    if wrong:
        raise _refusal(wrong)
    return tuple(made.values())


def _refusal(wrong: list[tuple[str, str]]) -> RuleViolation:
    findings = [
        Finding("CC_G05", Area.RULE, Level.SEVERE, field, message) for field, message in wrong
    ]
    return RuleViolation(f"{wrong[0][0]}: {wrong[0][1]}", findings)


def _schedule(row: Mapping[str, str]) -> Schedule:
    """Raises: BadTerm: a cell is not what its column holds; names the column."""
    code = row["code"] or ""
    if _CODE.fullmatch(code) is None:
        rule = "must be 2 to 50 lower-case letters, digits, dots and underscores"
        raise BadTerm("code", code, rule, field="code")
    pests = tuple(each.strip() for each in (row["pests"] or "").split(";") if each.strip())
    return Schedule(
        code,
        _chosen(row, "authority", None),
        pests,
        _chosen(row, "goods", None),
        frozenset((row["commodities"] or "").split()),
        _protocol(code, row),
        _chosen(row, "source", None),
        _chosen(row, "status", _STATUSES),
        tuple((row["assumed"] or "").split()),
    )


def _protocol(code: str, row: Mapping[str, str]) -> Protocol:
    over, log = _minutes(row, "over_at_most_min"), _minutes(row, "log_interval_min")
    return Protocol(
        name=code,
        limit_c=_number(row, "limit_c", -60.0, 120.0),
        lasting=timedelta(hours=_number(row, "lasting_h", 0.01, 24.0 * 400)),
        start_c=_number(row, "start_c", -60.0, 120.0) if row["start_c"] else None,
        over_at_most=over,
        gap_at_most=_minutes(row, "gap_at_most_min"),
        probes_at_least=int(_number(row, "probes_at_least", 1, 16)),
        limit=_KINDS[_chosen(row, "kind", frozenset(_KINDS))],
        restart=Restart(_chosen(row, "restart", frozenset(Restart))),
        log_at_most=log or None,
        calibration_tolerance_c=_number(row, "calibration_tolerance_c", 0.0, 2.0),
    )


def _chosen(row: Mapping[str, str], column: str, known: frozenset[str] | None) -> str:
    text = (row[column] or "").strip()
    if known is not None and text not in known:
        raise BadTerm(column, text, f"must be one of {', '.join(sorted(known))}", field=column)
    if not text or len(text) > 400:
        raise BadTerm(column, text, "must not be empty, nor over 400 characters", field=column)
    return text


def _minutes(row: Mapping[str, str], column: str) -> timedelta:
    return timedelta(minutes=_number(row, column, 0.0, 100_000.0))


def _number(row: Mapping[str, str], column: str, low: float, high: float) -> float:
    cell = row[column] or ""
    rule = f"must be a number from {low:g} to {high:g}"
    try:
        value = float(cell)
    except ValueError as error:
        raise BadTerm(column, cell, rule, field=column) from error
    if not isfinite(value) or not low <= value <= high:
        raise BadTerm(column, cell, rule, field=column)
    return value
