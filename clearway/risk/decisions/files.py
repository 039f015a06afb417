"""Decision tables in CSV: one line of names, then a line a row; the last two are lane and text.

item.hs,item.value_eur,lane,text
0302*,> 20000,red,Fresh fish of high value
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping

from clearway.errors import MalformedMessage, TooLarge
from clearway.risk.decisions import cells
from clearway.risk.decisions.model import MOST_COLUMNS, MOST_ROWS, HitPolicy, Row, Table
from clearway.risk.expression.model import Kind
from clearway.risk.formats.cells import formulas_defused
from clearway.risk.model import Channel

MOST_BYTES = 1 << 20
_OUTPUTS = ["lane", "text"]
_LANES = ("red", "yellow", "blue")


def read(data: bytes, *, id: str, policy: HitPolicy, fields: Mapping[str, Kind]) -> Table:
    """Return the table of a CSV file.

    Args:
        data: of the file, UTF-8.
        id: of the table.
        policy: which of its rows count.
        fields: what profiles see, by name.

    Raises:
        TooLarge: too many bytes, rows or columns.
        MalformedMessage: no such table, or a cell is no condition; the message says which.
    """
    if len(data) > MOST_BYTES:
        raise TooLarge(f"A decision table has at most {MOST_BYTES:,} bytes, this one {len(data):,}")
    try:
        lines = list(csv.reader(io.StringIO(data.decode("utf-8-sig")), strict=True))
    except (UnicodeDecodeError, csv.Error) as broken:
        raise MalformedMessage(f"The decision table {id} is not CSV in UTF-8: {broken}") from broken
    lines = [line for line in lines if any(cell.strip() for cell in line)]
    if not lines or [name.strip() for name in lines[0][-2:]] != _OUTPUTS or len(lines[0]) < 3:
        raise MalformedMessage(
            f"The decision table {id} needs a first line of fields that ends with lane, text"
        )
    names = tuple(name.strip() for name in lines[0][:-2])
    if len(names) > MOST_COLUMNS or len(lines) - 1 > MOST_ROWS:
        raise TooLarge(f"A decision table has at most {MOST_COLUMNS} columns, {MOST_ROWS} rows")
    unknown = [name for name in names if name not in fields]
    if unknown or len(set(names)) != len(names):
        wrong = ", ".join(unknown) or "a column that comes twice"
        raise MalformedMessage(f"The decision table {id} has no use for {wrong}")
    rows = tuple(
        _row(line, names, fields, f"Table {id}, row {number}")
        for number, line in enumerate(lines[1:], 1)
    )
    return Table(id, policy, names, rows)


def _row(line: list[str], names: tuple[str, ...], fields: Mapping[str, Kind], where: str) -> Row:
    if len(line) != len(names) + 2:
        raise MalformedMessage(f"{where}: {len(line)} cells, {len(names) + 2} are needed")
    lane, text = line[-2].strip(), line[-1].strip().removeprefix("'")
    if lane not in _LANES:
        raise MalformedMessage(f"{where}: lane {lane!r} must be one of {', '.join(_LANES)}")
    if not text:
        raise MalformedMessage(f"{where}: the text that tells officers why is missing")
    read = tuple(
        cells.read(cell, fields[name], f"{where}, {name}")
        for cell, name in zip(line[:-2], names, strict=True)
    )
    return Row(read, Channel(lane), text)


def write(table: Table) -> bytes:
    """Return a table as CSV in which no spreadsheet finds a formula."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*table.fields, *_OUTPUTS])
    for row in table.rows:
        plain = [*map(cells.write, row.cells), row.lane.value, row.text]
        writer.writerow(formulas_defused(plain))
    return out.getvalue().encode()
