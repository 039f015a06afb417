"""A decision table: conditions in columns, one rule a row.

    item.hs     item.value_eur   declaration.office   lane     text
    0302*       > 20000          GHTEM, GHACC         red      Fresh fish of high value
    03*         [1000..20000]    any                  yellow   Fish

Hit policies are those of DMN (OMG, Decision Model and Notation, section "Decision Table"): `first`,
where a row counts only if none above it does, and `collect`, where every row counts by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from clearway.risk.model import Channel

MOST_ROWS = 200
MOST_COLUMNS = 12


class HitPolicy(StrEnum):
    """Which of the rows that meet a declaration count."""

    FIRST = "first"
    COLLECT = "collect"


@dataclass(frozen=True, slots=True)
class Span:
    """Numbers between two ends; None: without end."""

    low: float | None = None
    high: float | None = None
    with_low: bool = True
    with_high: bool = True

    def holds(self, value: object) -> bool:
        """Return whether a number lies in it."""
        if not isinstance(value, int | float):
            return False
        above = self.low is None or value > self.low or (self.with_low and value == self.low)
        return above and (
            self.high is None or value < self.high or (self.with_high and value == self.high)
        )


@dataclass(frozen=True, slots=True)
class Texts:
    """Texts that are one of some, or begin with one of some."""

    whole: tuple[str, ...] = ()
    starts: tuple[str, ...] = ()

    def holds(self, value: object) -> bool:
        """Return whether a text is meant."""
        return isinstance(value, str) and (value in self.whole or value.startswith(self.starts))


@dataclass(frozen=True, slots=True)
class Truth:
    """A yes, or a no."""

    value: bool

    def holds(self, value: object) -> bool:
        """Return whether it is the answer."""
        return value is self.value


@dataclass(frozen=True, slots=True)
class Contains:
    """A list of texts (`watch`, `documents`) that has one of some."""

    any_of: tuple[str, ...]

    def holds(self, value: object) -> bool:
        """Return whether one of them is the value."""
        return value in self.any_of


Plain: TypeAlias = Span | Texts | Truth | Contains


@dataclass(frozen=True, slots=True)
class Cell:
    """One condition: a test, turned round or not; without a test anything will do."""

    test: Plain | None = None
    is_not: bool = False

    def holds(self, value: object) -> bool:
        """Return whether a value meets the condition."""
        return self.test is None or self.test.holds(value) is not self.is_not


@dataclass(frozen=True, slots=True)
class Row:
    """One rule of a table; `cells` follow the columns."""

    cells: tuple[Cell, ...]
    lane: Channel
    text: str


@dataclass(frozen=True, slots=True)
class Table:
    """A decision table.

    Args:
        id: of the table; its rules are `<id>.1`, `<id>.2` ...
        policy: which rows count.
        fields: what the columns ask, such as `item.hs`.
        rows: in order.
    """

    id: str
    policy: HitPolicy
    fields: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """What is doubtful about a table.

    Args:
        kind: overlap, shadowed (a row that never counts) or gap.
        rows: numbers of the rows, from 1.
        message: one sentence.
    """

    kind: str
    rows: tuple[int, ...]
    message: str
