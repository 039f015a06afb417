"""Rows of a commodities table: read, and checked so that the wrong row and column are named.

The columns are those of `data/commodities.csv`. A country's own file has the same columns; those in
`OPTIONAL` may be missing.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from math import isfinite

from clearway.coldchain.kinetic_rows import kinetics_of
from clearway.coldchain.kinetics import relative_rate
from clearway.coldchain.model import Commodity, JudgedBy, Kinetics
from clearway.errors import BadTerm, RuleViolation
from clearway.terms.finding import Area, Finding, Level
from clearway.wire.limits import Limits, decode_utf8, require_size

LIMITS = Limits(size_bytes=1 << 20)
MOST_ROWS = 2_000

STATUSES = frozenset({"seen", "derived", "assumed"})
OPTIONAL = frozenset(
    {
        "freezing_c",
        "chilling_c",
        "humidity_low_pct",
        "humidity_high_pct",
        "respiration",
        "judged_by",
        "mkt_limit_c",
        "assumed",
    }
)
REQUIRED = (
    "code",
    "name",
    "hs",
    "coldest_c",
    "warmest_c",
    "limit_c",
    "life_low_days",
    "life_high_days",
    "reference_c",
    "kinetics",
    "lag_h",
    "source",
    "status",
)
_CODE = re.compile(r"[a-z][a-z0-9_]{1,39}")
_HS = re.compile(r"\d{4,10}")


def read_file(data: bytes) -> tuple[Commodity, ...]:
    """Return the commodities of a country's CSV file.

    Raises:
        TooLarge: over `LIMITS`. MalformedMessage: not UTF-8.
        RuleViolation: a column is missing, or a row breaks a rule; each is named with its line.
    """
    require_size(data, LIMITS)
    table = csv.DictReader(decode_utf8(data).removeprefix("\ufeff").splitlines())
    missing = [name for name in REQUIRED if name not in (table.fieldnames or ())]
    if missing:
        message = f"The table of commodities has no column {', '.join(missing)}; name each once"
        raise RuleViolation(message, (_severe("CC_G01", "line 1", message),))
    return read(table)


def read(rows: Iterable[Mapping[str, str]]) -> tuple[Commodity, ...]:
    """Return the commodities of rows. Raises: RuleViolation: as `read_file`."""
    made: list[Commodity] = []
    findings: list[Finding] = []
    for line, row in enumerate(rows, 2):
        if line > MOST_ROWS:
            message = f"More than {MOST_ROWS:,} commodities; a country trades in fewer kinds"
            findings.append(_severe("CC_G02", f"line {line}", message))
            break
        try:
            found = _commodity(row)
        except BadTerm as error:
            findings.append(_severe("CC_G03", f"line {line}, {error.field}", error.detail))
            continue
        findings += [_severe("CC_G04", f"line {line}", text) for text in _breaks(found, made)]
        made.append(found)
    if findings:
        first = findings[0]
        raise RuleViolation(f"{first.field}: {first.message}", findings)
    return tuple(made)


def _severe(code: str, field: str, message: str) -> Finding:
    return Finding(code, Area.RULE, Level.SEVERE, field, message)


def _commodity(row: Mapping[str, str]) -> Commodity:
    """Raises: BadTerm: a cell is not what its column holds; names the column."""
    return Commodity(
        code=_text(row, "code"),
        name=_text(row, "name"),
        hs=tuple(row["hs"].split()),
        coldest_c=_number(row, "coldest_c"),
        warmest_c=_number(row, "warmest_c"),
        limit_c=_number(row, "limit_c"),
        life_days=(_number(row, "life_low_days"), _number(row, "life_high_days")),
        reference_c=_number(row, "reference_c"),
        freezing_c=_maybe(row, "freezing_c"),
        chilling_c=_maybe(row, "chilling_c"),
        kinetics=_kinetics(row),
        lag_h=_number(row, "lag_h"),
        source=_text(row, "source"),
        status=_text(row, "status"),
        assumed=tuple((row.get("assumed") or "").split()),
        humidity_pct=_humidity(row),
        respiration=_respiration(row),
        judged_by=_judged_by(row),
        mkt_limit_c=_maybe(row, "mkt_limit_c"),
    )


def _text(row: Mapping[str, str], column: str) -> str:
    text = (row[column] or "").strip()
    if not text or len(text) > 400:
        raise BadTerm(column, text, "must not be empty, nor over 400 characters", field=column)
    return text


def _number(row: Mapping[str, str], column: str) -> float:
    return _float(column, row[column] or "")


def _float(column: str, cell: str) -> float:
    try:
        value = float(cell)
    except ValueError as error:
        raise BadTerm(
            column, cell, "must be a number with a decimal point", field=column
        ) from error
    if not isfinite(value):
        raise BadTerm(column, cell, "must be a finite number", field=column)
    return value


def _maybe(row: Mapping[str, str], column: str) -> float | None:
    return _float(column, cell) if (cell := row.get(column)) else None


def _kinetics(row: Mapping[str, str]) -> Kinetics:
    try:
        return kinetics_of(row["kinetics"] or "")
    except BadTerm as error:
        error.field = "kinetics"
        raise


def _humidity(row: Mapping[str, str]) -> tuple[float, float] | None:
    low, high = _maybe(row, "humidity_low_pct"), _maybe(row, "humidity_high_pct")
    if low is None and high is None:
        return None
    if low is None or high is None or not 0.0 <= low <= high <= 100.0:
        rule = "low and high must both be given, rising, within 0 to 100"
        raise BadTerm("humidity", f"{low} to {high}", rule, field="humidity_low_pct")
    return low, high


def _respiration(row: Mapping[str, str]) -> tuple[tuple[float, float], ...]:
    pairs = (pair.partition(":") for pair in (row.get("respiration") or "").split())
    return tuple((_float("respiration", at), _float("respiration", rate)) for at, _, rate in pairs)


def _judged_by(row: Mapping[str, str]) -> JudgedBy:
    cell = row.get("judged_by") or JudgedBy.LIFE.value
    try:
        return JudgedBy(cell)
    except ValueError as error:
        known = ", ".join(JudgedBy)
        raise BadTerm("judged_by", cell, f"must be one of {known}", field="judged_by") from error


def _breaks(found: Commodity, before: list[Commodity]) -> Iterator[str]:
    """Yield the rules that a commodity breaks."""
    if _CODE.fullmatch(found.code) is None:
        yield f"code {found.code!r} must be 2 to 40 lower-case letters, digits and underscores"
    if any(other.code == found.code for other in before):
        yield f"code {found.code!r} stands twice"
    taken = {prefix: other.code for other in before for prefix in other.hs}
    for prefix in found.hs:
        if _HS.fullmatch(prefix) is None:
            yield f"hs {prefix!r} must be 4 to 10 digits without dots"
        elif prefix in taken:
            yield f"hs {prefix} stands at {taken[prefix]} already; give {found.code} a longer one"
    if found.status not in STATUSES:
        yield f"status {found.status!r} must be one of {', '.join(sorted(STATUSES))}"
    yield from _out_of_order(found)


def _out_of_order(found: Commodity) -> Iterator[str]:
    if not found.coldest_c <= found.warmest_c <= found.limit_c:
        yield "coldest_c, warmest_c and limit_c must rise"
    if not found.coldest_c - 1.0 <= found.reference_c <= found.warmest_c + 1.0:
        yield f"reference_c {found.reference_c:g} must lie in the recommended range"
    if not 0.0 < found.life_days[0] <= found.life_days[1]:
        yield "life_low_days and life_high_days must be above 0 and rise"
    if found.freezing_c is not None and found.freezing_c >= found.warmest_c:
        yield f"freezing_c {found.freezing_c:g} must lie below warmest_c; leave it for frozen goods"
    if found.chilling_c is not None and found.chilling_c > found.coldest_c:
        yield f"chilling_c {found.chilling_c:g} must not lie above coldest_c"
    if not 1.0 <= found.lag_h <= 200.0:
        yield f"lag_h {found.lag_h:g} must lie between 1 and 200 hours"
    if (found.judged_by is JudgedBy.MKT) != (found.mkt_limit_c is not None):
        yield "mkt_limit_c must be given for goods judged by mkt, and only for them"
    if not _has_rate(found):
        yield f"the kinetics give no rate at reference_c {found.reference_c:g}"


def _has_rate(found: Commodity) -> bool:
    try:
        return relative_rate(found.kinetics, found.reference_c, found.reference_c) > 0.0
    except ValueError:  # such as a reference below the growth minimum
        return False
