"""Making a table into rules, and finding where its rows overlap, are never reached, or leave gaps.

Every column has but a few values that differ for its cells: the ends of spans and what lies between
them, the texts and beginnings that are named, and one that is none of them. Over these, rows are
compared exactly; a table with too many combinations is compared pair by pair only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise, product
from math import prod

from clearway.errors import RuleViolation
from clearway.risk.decisions.cells import expression
from clearway.risk.decisions.model import (
    Cell,
    Contains,
    Finding,
    HitPolicy,
    Row,
    Span,
    Table,
    Texts,
)
from clearway.risk.model import Profile
from clearway.terms.period import Period

_MOST_COMBINATIONS = 100_000
_MOST_GAPS = 20
_OTHER = "any other"


def rules_of(table: Table, *, owner: str, period: Period, agency: str) -> tuple[Profile, ...]:
    """Return the rules of a table, one for each row.

    Under `first`, a row carries along that no row above it counts; only rows that can meet the same
    declaration are named, so that the expressions stay short.

    Raises: RuleViolation: a row without any condition under `collect` would hit everything.
    """
    tests = [_test_of(table, row) for row in table.rows]
    profiles = []
    for place, row in enumerate(table.rows):
        parts = [tests[place]] if tests[place] else []
        if table.policy is HitPolicy.FIRST:
            above = [tests[n] for n in range(place) if meet(table, n, place)]
            parts += [f"!({test})" if test else "false" for test in above]
        if not parts:
            raise RuleViolation(
                f"Row {place + 1} of the table {table.id} has no condition; it would hit everything"
            )
        profiles.append(
            Profile(
                id=f"{table.id}.{place + 1}",
                text=row.text,
                expression=" && ".join(parts),
                lane=row.lane,
                agency=agency,
                mandatory=False,
                period=period,
                owner=owner,
            )
        )
    return tuple(profiles)


def _test_of(table: Table, row: Row) -> str:
    tests = (expression(cell, field) for cell, field in zip(row.cells, table.fields, strict=True))
    return " && ".join(test for test in tests if test)


def meet(table: Table, one: int, other: int) -> bool:
    """Return whether two rows can meet the same declaration."""
    first, second = table.rows[one].cells, table.rows[other].cells
    return all(
        # A list can hold what both ask for, so it never keeps two rows apart.
        isinstance(first[place].test or second[place].test, Contains)
        or any(first[place].holds(value) and second[place].holds(value) for value in values)
        for place, values in enumerate(_values(table))
    )


def findings(table: Table) -> tuple[Finding, ...]:
    """Return what is doubtful about a table: overlaps, rows never reached, gaps."""
    found = []
    for one in range(len(table.rows)):
        for other in range(one + 1, len(table.rows)):
            if meet(table, one, other):
                found.append(_overlap(table, one, other))
    values = _values(table)
    if prod(map(len, values)) <= _MOST_COMBINATIONS:
        found += _shadowed(table, values)
        found += _gaps(table, values)
    return tuple(found)


def _overlap(table: Table, one: int, other: int) -> Finding:
    lanes = {table.rows[one].lane, table.rows[other].lane}
    differ = "into different lanes" if len(lanes) > 1 else "into the same lane"
    decides = "the upper one counts" if table.policy is HitPolicy.FIRST else "both count"
    rows = (one + 1, other + 1)
    return Finding("overlap", rows, f"Rows {rows[0]} and {rows[1]} can meet, {differ}; {decides}.")


def _shadowed(table: Table, values: Sequence[Sequence[object]]) -> Iterator[Finding]:
    reached = set()
    for point in product(*values):
        first = next((n for n, row in enumerate(table.rows) if _meets(row, point)), None)
        reached.add(first)
    if table.policy is not HitPolicy.FIRST:
        return
    for place in range(len(table.rows)):
        if place not in reached:
            number = place + 1
            message = f"Row {number} never counts: rows above it take all that it means."
            yield Finding("shadowed", (number,), message)


def _gaps(table: Table, values: Sequence[Sequence[object]]) -> Iterator[Finding]:
    count = 0
    for point in product(*values):
        if any(_meets(row, point) for row in table.rows):
            continue
        count += 1
        if count <= _MOST_GAPS:
            said = ", ".join(
                f"{field} {_shown(value)}" for field, value in zip(table.fields, point, strict=True)
            )
            yield Finding("gap", (), f"No row is about {said}.")
    if count > _MOST_GAPS:
        yield Finding("gap", (), f"{count - _MOST_GAPS} more combinations are in no row.")


def _meets(row: Row, point: Sequence[object]) -> bool:
    return all(cell.holds(value) for cell, value in zip(row.cells, point, strict=True))


def _shown(value: object) -> str:
    if isinstance(value, str):
        return value.replace("\0", "... ") if value else _OTHER
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _values(table: Table) -> list[list[object]]:
    """Return, for each column, one value of every kind that its cells tell apart."""
    return [
        _told_apart([row.cells[place] for row in table.rows]) for place in range(len(table.fields))
    ]


def _told_apart(cells: Sequence[Cell]) -> list[object]:
    tests = [cell.test for cell in cells if cell.test is not None]
    if not tests:
        return [""]
    if isinstance(tests[0], Span):
        return _numbers([test for test in tests if isinstance(test, Span)])
    texts: list[object] = [""]
    for test in tests:
        if isinstance(test, Texts):
            # What only begins so is told apart from what is so; no text holds a zero byte.
            texts += [*test.whole, *(f"{start}\0" for start in test.starts)]
        elif isinstance(test, Contains):
            texts += test.any_of
        else:
            return [True, False]
    return list(dict.fromkeys(texts))


def _numbers(spans: Sequence[Span]) -> list[object]:
    ends = sorted({end for span in spans for end in (span.low, span.high) if end is not None})
    between = [(a + b) / 2 for a, b in pairwise(ends)]
    return [ends[0] - 1.0, *ends, *between, ends[-1] + 1.0]
