"""Loggers' CSV files, of every maker's habits; docs/design/readings.md says what is understood.

Read leniently: byte order mark, comma, semicolon or tab, decimal comma, lines of text above the
table, day or month first, degrees Celsius or Fahrenheit. What was guessed is told as a finding.
What cannot be read is told with its line and left out; a file of which more than a tenth of the
lines cannot be read is refused.

Rows have no counter of the device, so `seq` is the row's own time in whole seconds since 1970 and
`boot_id` is `csv`: the same row sent again in a longer file is known again, and a row with the same
time and other values is a conflict.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import tzinfo
from typing import Any

from clearway.coldchain.formats import columns, instants
from clearway.coldchain.formats.columns import Column, Head, Unreadable
from clearway.coldchain.formats.instants import Instants
from clearway.coldchain.formats.json import container_of
from clearway.coldchain.intake import MOST_READINGS, ROWS_OF_A_FILE
from clearway.coldchain.model import Batch, Reading, warmest
from clearway.errors import MalformedMessage, RuleViolation, TooLarge
from clearway.terms.finding import Area, Finding, Level
from clearway.wire.limits import Limits, require_size

LIMITS = Limits(size_bytes=4 << 20)
MOST_ROWS = 50_000
MOST_CELLS = 64
LONGEST_LINE = 4_000
MOST_LINES_ABOVE = 60
"""Loggers write their serial number, battery and settings above the table, seldom more."""

UNREADABLE_SHARE = 0.1
MOST_TOLD = 20
"""Findings about single lines; the rest are counted in one more."""

BOOT_ID = ROWS_OF_A_FILE

Row = tuple[int, list[str]]
"""Number of the line, from 1, and its cells."""


def read(
    data: bytes, *, device: str, container: str, zone: tzinfo | None = None
) -> tuple[tuple[Batch, ...], tuple[Finding, ...]]:
    """Return the readings of a logger's file in batches of at most 1,000, with findings.

    Args:
        device, container: whose readings these are; the file does not say it reliably.
        zone: zone of times without one; None: UTC, with a finding that says so.

    Raises:
        MalformedMessage: no text, or no table with a time and a temperature.
        TooLarge: over `LIMITS` or `MOST_ROWS`.
        BadTerm: the container number is wrong.
        RuleViolation: more than a tenth of the lines cannot be read.
    """
    number = container_of(container)
    require_size(data, LIMITS)
    remarks: list[Finding] = []
    rows, head = _table(_lines(data, remarks))
    remarks += head.findings
    times = instants.reader_of([_time_of(cells, head) for _, cells in rows], zone)
    remarks += times.findings
    readings = list(_readings(rows, head, times, remarks))
    _require_readable(len(rows), len(readings), remarks)
    unique = _each_once(readings, remarks)
    batches = tuple(
        Batch(device, number, BOOT_ID, unique[i : i + MOST_READINGS])
        for i in range(0, len(unique), MOST_READINGS)
    )
    return batches, _shortened(remarks)


def write(batch: Batch) -> bytes:
    """Return readings as a CSV file that spreadsheets open without running anything.

    Columns are those of `Reading`, in Celsius and UTC, and `read` understands them.
    """
    plain = [name for name in Reading.__slots__ if name != "probes_c"]
    probes = max((len(reading.probes_c) for reading in batch.readings), default=0)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(["device", "container", *plain, *(f"usda{n}_c" for n in range(1, probes + 1))])
    device, container = harmless(batch.device), harmless(batch.container)
    for reading in batch.readings:
        values = (*(getattr(reading, name) for name in plain[2:]), *reading.probes_c)
        cells = ["" if value is None else value for value in values]
        cells += [""] * (probes - len(reading.probes_c))
        writer.writerow([device, container, reading.seq, reading.at.isoformat(), *cells])
    return text.getvalue().encode()


def harmless(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula.

    Source: OWASP, CSV Injection: a leading =, +, -, @, tab or return gets an apostrophe.
    """
    return "'" + text if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _lines(data: bytes, remarks: list[Finding]) -> list[str]:
    """Return the lines of the text. Raises: MalformedMessage, TooLarge."""
    text = _text(data, remarks)
    if "\0" in text:
        raise MalformedMessage("The file holds NUL bytes: it is no text. Export it as CSV")
    lines = re.split(r"\r\n|\n|\r", text)
    if len(lines) > MOST_ROWS + MOST_LINES_ABOVE:
        raise TooLarge(
            f"The file has {len(lines):,} lines; at most {MOST_ROWS:,} are read. Send it in parts",
            limit="rows",
        )
    for number, line in enumerate(lines, 1):
        if len(line) > LONGEST_LINE:
            raise TooLarge(
                f"Line {number:,} has {len(line):,} characters; at most {LONGEST_LINE:,} are read",
                limit="line",
            )
    return lines


def _text(data: bytes, remarks: list[Finding]) -> str:
    """Return the text, in UTF-8, UTF-16 with a mark, or what Windows writes in the west."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        try:
            return data.decode("utf-16")
        except UnicodeDecodeError as error:
            raise MalformedMessage(
                f"The file begins as UTF-16 but is not: {error.reason}"
            ) from error
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        message = "The file is not UTF-8 and was read as Windows-1252; export it as UTF-8"
        remarks.append(Finding("CC_C07", Area.SCHEMA, Level.INFO, "file", message))
        return data.decode("cp1252", errors="replace")


def _table(lines: list[str]) -> tuple[list[Row], Head]:
    """Return the rows under the head of the table, and the head.

    Of the separators that give a head, the one with the most columns that mean something wins.
    """
    best: tuple[int, str, int, Head] | None = None
    for separator in (",", ";", "\t"):
        for number, line in enumerate(lines[:MOST_LINES_ABOVE], 1):
            head = columns.understand(_cells(line, separator, number), number)
            if head is not None:
                if best is None or len(head.meanings) > best[0]:
                    best = (len(head.meanings), separator, number, head)
                break
    if best is None:
        raise MalformedMessage(
            f"No line of the first {MOST_LINES_ABOVE} heads a table with a time and a temperature;"
            " name the columns, such as: at,supply_c,return_c,pulp_c"
        )
    _, separator, at, head = best
    rows = [
        (number, _cells(line, separator, number))
        for number, line in enumerate(lines[at:], at + 1)
        if line.strip(" \t" + separator)
    ]
    if not rows:
        raise MalformedMessage("The table has a head but no rows; export the readings with it")
    return rows, head


def _cells(line: str, separator: str, number: int) -> list[str]:
    try:
        cells = next(csv.reader([line], delimiter=separator), [])
    except csv.Error as error:
        raise MalformedMessage(f"Line {number:,}: {error}", line=number) from error
    if len(cells) > MOST_CELLS:
        raise TooLarge(
            f"Line {number:,} has {len(cells):,} cells; at most {MOST_CELLS} are read",
            limit="cells",
        )
    return cells


def _time_of(cells: Sequence[str], head: Head) -> str:
    return " ".join(cells[i].strip() for i in head.time if i < len(cells))


def _readings(
    rows: list[Row], head: Head, times: Instants, remarks: list[Finding]
) -> Iterator[Reading]:
    """Yield what can be read; the rest becomes remarks."""
    for number, cells in rows:
        at = times.read(_time_of(cells, head))
        try:
            if at is None:
                raise Unreadable(f"{_time_of(cells, head)[:40]!r} is no time")
            values = _values(cells, head)
        except Unreadable as error:
            message = f"{error}; the line was left out"
            remarks.append(Finding("CC_C08", Area.SCHEMA, Level.WARNING, f"line {number}", message))
            continue
        yield Reading(int(at.timestamp()), at, **values)


def _values(cells: Sequence[str], head: Head) -> dict[str, Any]:
    """Return the values of one row by field. Raises: Unreadable."""
    values: dict[str, Any] = {}
    shown: dict[int, float | None] = {}
    for i, column in head.meanings:
        cell = cells[i] if i < len(cells) else ""
        if column is Column.PULP:
            shown[i] = columns.temperature_c(cell, is_fahrenheit=i in head.fahrenheit)
        elif column in columns.TEMPERATURES:
            value = columns.temperature_c(cell, is_fahrenheit=i in head.fahrenheit)
            if values.get(column.value) is None:
                values[column.value] = value
        elif column is Column.HUMIDITY:
            values.setdefault(column.value, columns.percent(cell))
        else:
            values[column.value] = columns.yes_or_no(cell)
    return values | _inside(shown, head.probes)


def _inside(shown: Mapping[int, float | None], probes: tuple[int | None, ...]) -> dict[str, Any]:
    """Return what the probes show: the pulp as the file has it, else the warmest of them."""
    apart = set(shown) - set(probes)
    pulp_c = warmest(shown[i] for i in apart)
    return {
        "pulp_c": warmest(shown.values()) if pulp_c is None else pulp_c,
        "probes_c": tuple(None if i is None else shown[i] for i in probes),
    }


def _require_readable(rows: int, read: int, remarks: list[Finding]) -> None:
    """Refuse a file that is mostly something else."""
    if rows - read > UNREADABLE_SHARE * rows:
        refusals = tuple(remark for remark in remarks if remark.code == "CC_C08")[:MOST_TOLD]
        raise RuleViolation(
            f"{rows - read:,} of {rows:,} lines cannot be read; at most one in ten may be wrong."
            f" The first: {refusals[0].field}: {refusals[0].message}",
            refusals,
        )


def _each_once(readings: list[Reading], remarks: list[Finding]) -> tuple[Reading, ...]:
    """Return the readings in order of time, one for each second."""
    first: dict[int, Reading] = {}
    for reading in sorted(readings, key=lambda r: r.at):
        kept = first.setdefault(reading.seq, reading)
        if kept != reading:
            message = (
                f"{reading.at.isoformat()} stands twice with different values; the first holds"
            )
            remarks.append(Finding("CC_C09", Area.RULE, Level.WARNING, "time", message))
    return tuple(first.values())


def _shortened(remarks: list[Finding]) -> tuple[Finding, ...]:
    """Return the remarks, of each code at most `MOST_TOLD`, and how many more there were."""
    counts: dict[str, int] = {}
    told = []
    for remark in remarks:
        counts[remark.code] = counts.get(remark.code, 0) + 1
        if counts[remark.code] <= MOST_TOLD:
            told.append(remark)
    for code, count in counts.items():
        if count > MOST_TOLD:
            message = f"{count - MOST_TOLD:,} more lines have the remark {code}"
            told.append(Finding(code, Area.SCHEMA, Level.INFO, "file", message))
    return tuple(told)
