"""Cells of other people's tables: bytes to columns of text, and text to numbers, days and codes.

What a table of declarations holds is written in many ways: with comma, semicolon, tab or bar, in
UTF-8 or Latin-1, with 1,234.5 or 1.234,5, with the year or the day first. Each column is read in
the way that fits most of its values. A cell that fits no way becomes unknown and is told of; a
column of which more than `MOST_ODD` is odd is refused: it is not what its name says.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from clearway.errors import MalformedMessage, TooLarge

MOST_BYTES = 2 << 30
MOST_ROWS = 20_000_000
MOST_COLUMNS = 500
MOST_CELL = 100_000
MOST_ODD = 0.05
MOST_NUMBER = 1e15

_SEPARATORS = (",", ";", "\t", "|")
_UNKNOWN = ("", "na", "n/a", "nan", "null", "none", "nat", "-", "?")
_TRUE = ("1", "1.0", "true", "t", "yes", "y")
_FALSE = ("0", "0.0", "false", "f", "no", "n")
# Year first before day first before month first; where several fit, the fewest years decide.
_DAYS = ("%Y-%m-%d", "%y-%m-%d", "%Y%m%d", "%d-%m-%Y", "%d-%m-%y", "%m-%d-%Y", "%m-%d-%y")
# A comma before a last group that is not of three digits is a decimal mark in the whole column.
_DECIMAL_COMMA = r"^[+-]?[\d.]*,(\d{1,2}|\d{4,})$"
_TIME = pl.Datetime("us", "UTC")
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def table(path: Path) -> pl.DataFrame:
    """Return all cells of a CSV file as text, blanks trimmed, unknown ones null.

    Raises: MalformedMessage: no such file, no header, or a line with too many cells. TooLarge.
    """
    if not path.is_file():
        raise MalformedMessage(f"There is no file {path}; give a CSV file of declarations")
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise TooLarge(f"{path.name} has {size:,} bytes, {MOST_BYTES:,} at most; split it by time")
    text = _text(path.read_bytes())
    header = text.split("\n", 1)[0].rstrip("\r")
    if not header.strip():
        raise MalformedMessage(f"{path.name} has no header; its first line must name the columns")
    if len(header) > MOST_CELL:
        raise TooLarge(f"The header of {path.name} has {len(header):,} characters; is it a CSV?")
    separator = max(_SEPARATORS, key=header.count)
    if header.count(separator) >= MOST_COLUMNS:
        raise TooLarge(f"{path.name} has more than {MOST_COLUMNS} columns; drop what is not needed")
    return _known(_parsed(text, separator, path.name))


def _text(data: bytes) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", errors="replace").replace("\0", "")
    try:
        return data.decode("utf-8-sig").replace("\0", "")
    except UnicodeDecodeError:  # the customs data that DATE was made for is Latin-1
        return data.decode("latin-1").replace("\0", "")


def _parsed(text: str, separator: str, name: str) -> pl.DataFrame:
    try:
        frame = pl.read_csv(
            io.BytesIO(text.encode()),
            separator=separator,
            infer_schema=False,
        )
    except pl.exceptions.PolarsError as broken:
        raise MalformedMessage(_where(text, separator, name) or f"{name}: {broken}") from broken
    if frame.height > MOST_ROWS:
        raise TooLarge(f"{name} has {frame.height:,} rows, {MOST_ROWS:,} at most; split it by time")
    if not frame.height:
        raise MalformedMessage(f"{name} has a header and no rows")
    return frame


def _where(text: str, separator: str, name: str) -> str:
    """Return what is wrong with the first line that has not the form of the header; "" if none."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        wanted = len(next(reader))
        for row in reader:
            if len(row) > wanted:
                return (
                    f"Line {reader.line_num} of {name} has {len(row)} cells, the header"
                    f" {wanted}: {row[:3]!r} ...; put cells that hold {separator!r} in quotes"
                )
    except csv.Error as broken:
        return f"Line {reader.line_num} of {name} is no CSV: {broken}; is a quote left open?"
    return ""


def _known(frame: pl.DataFrame) -> pl.DataFrame:
    trimmed = frame.select(pl.all().str.strip_chars())
    lowered = pl.all().str.to_lowercase().is_in(_UNKNOWN)
    return trimmed.select(pl.when(~lowered).then(pl.all()))


def numbers(cells: pl.Series, notes: list[str]) -> pl.Series:
    """Return the numbers of a column; infinite, NaN, odd ones and those over the limit null.

    Raises: MalformedMessage: more than `MOST_ODD` of the cells are no numbers.
    """
    text = cells.str.replace_all(r"[\s\u00a0'_]", "")
    if text.str.contains(_DECIMAL_COMMA).any():
        text = text.str.replace_all(r"\.", "").str.replace(",", ".")
    plain = text.str.replace_all(",", "").cast(pl.Float64, strict=False)
    _told(cells, plain, "numbers", notes)
    return plain.set(~(plain.abs() <= MOST_NUMBER).fill_null(value=False), None)


def flags(cells: pl.Series) -> pl.Series:
    """Return whether each row is illicit; null where that is not known.

    Raises: MalformedMessage: a cell is neither 0 nor 1, nor another way to say so.
    """
    text = cells.str.to_lowercase()
    number = text.cast(pl.Float64, strict=False)
    positive = text.is_in(_TRUE) | (number > 0).fill_null(value=False)
    negative = text.is_in(_FALSE) | (number == 0).fill_null(value=False)
    odd = ~(positive | negative) & cells.is_not_null()
    if odd.any():
        place = int(odd.arg_true()[0])
        raise MalformedMessage(
            f"Line {place + 2}, column {cells.name}: {_short(cells[place])} is no label; write 1"
            " for illicit, 0 for conform, and nothing where customs did not look"
        )
    return positive.set(cells.is_null(), None)


def times(cells: pl.Series, notes: list[str]) -> pl.Series:
    """Return the instants of a column of days or times; odd ones null.

    Raises: MalformedMessage: more than `MOST_ODD` of the cells are no days.
    """
    text = cells.str.replace_all(r"[/.]", "-").str.replace("T", " ").str.replace(r"Z$", "")
    parts = text.str.splitn(" ", 2).struct.unnest()
    readings = [_days(parts["field_0"], form) for form in _DAYS]
    best = min(readings, key=lambda each: (each.null_count(), each.dt.year().n_unique()))
    _told(cells, best, "days such as 2024-12-31", notes)
    clock = parts["field_1"].str.extract(r"^(\d{1,2}:\d{2}(?::\d{2})?)")
    padded = pl.select(
        pl.when(clock.str.len_chars() <= 5).then(clock + ":00").otherwise(clock)
    ).to_series()
    second = padded.str.to_time("%H:%M:%S", strict=False).cast(pl.Int64).fill_null(0) // 1_000
    whole = best.cast(pl.Datetime("us")).dt.epoch("us") + second
    return whole.cast(pl.Datetime("us")).dt.replace_time_zone("UTC").cast(_TIME)


def _days(text: pl.Series, form: str) -> pl.Series:
    days = text.str.to_date(form, strict=False, exact=True)
    return days.set(~days.dt.year().is_between(1970, 2100).fill_null(value=True), None)


def codes(cells: pl.Series) -> pl.Series:
    """Return tariff codes as text, their leading zeros put back; unknown ones "".

    A table that kept codes as numbers has lost the zero of chapters 1 to 9, and may say
    8703241128.0; in a column whose longest code has 10 digits, one of 9 begins with 0.
    """
    bare = cells.str.replace(r"\.0+$", "").str.replace_all(r"[^0-9A-Za-z]", "").fill_null("")
    length = bare.str.len_chars()
    longest = int(length.max() or 0)  # type: ignore[arg-type]
    wide = min(longest + longest % 2, 12)
    short = length == max(1, wide - 1)
    chosen = pl.when(short & bare.str.contains(r"^\d+$")).then("0" + bare).otherwise(bare)
    return pl.select(chosen.str.slice(0, 12)).to_series()


def words(cells: pl.Series) -> pl.Series:
    """Return text bounded to 200 characters; a number that became 17.0 is 17."""
    return cells.str.replace(r"^(\d+)\.0+$", "${1}").str.slice(0, 200)


def _told(cells: pl.Series, read: pl.Series, what: str, notes: list[str]) -> None:
    odd = read.is_null() & cells.is_not_null()
    count = int(odd.sum())
    if not count:
        return
    place = int(odd.arg_true()[0])
    where = f"first on line {place + 2}: {_short(cells[place])}"
    if count > MOST_ODD * (len(cells) - cells.null_count()):
        raise MalformedMessage(
            f"Column {cells.name}: {count:,} of {len(cells):,} values are no {what}, {where};"
            " mend or drop the column"
        )
    notes.append(f"{cells.name}: {count:,} values are no {what} and count as unknown, {where}")


def _short(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else shown[:57] + "..."


def formulas_defused(cells: Sequence[str]) -> list[str]:
    """Return text that no spreadsheet takes for a formula.

    Source: OWASP, CSV Injection: a leading =, +, -, @, tab or return gets an apostrophe.
    A return within becomes a line break: writers leave it bare, and spreadsheets begin a row.
    """
    return [
        (f"'{cell}" if cell.startswith(_FORMULAS) else cell)
        .replace("\r\n", "\n")
        .replace("\r", "\n")
        for cell in cells
    ]
