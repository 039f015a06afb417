"""An EPCIS query as a value: clauses that an event must all meet, an order, limits.

The parameters of SimpleEventQuery (`parameters`) become clauses over the index of an event
(`index`), so one meaning serves the tables (`select`), streams (`matches`) and tests. Source: GS1
EPCIS 2.0, 8.2.7.1, and the EPCIS query schema.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from operator import eq, ge, gt, le, lt

from clearway.movements.epcis.index import Index, Role

MOST_CLAUSES = 64
MOST_VALUES = 500


class Op(StrEnum):
    """How a number or an instant is compared."""

    EQ = "EQ"
    GT = "GT"
    GE = "GE"
    LT = "LT"
    LE = "LE"


COMPARE = {Op.EQ: eq, Op.GT: gt, Op.GE: ge, Op.LT: lt, Op.LE: le}


@dataclass(frozen=True, slots=True)
class AnyOf:
    """The field holds at least one of these values."""

    field: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Has:
    """The field is there at all."""

    field: str


@dataclass(frozen=True, slots=True)
class Compare:
    """A number of the field compares so; instants are microseconds since 1970, measures SI.

    Args:
        values: one number; for EQ any of several.
    """

    field: str
    op: Op
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Pattern:
    """What an identifier must be: exactly `text`, or begin with it."""

    text: str
    is_prefix: bool = False

    def fits(self, identifier: str) -> bool:
        """Return whether an identifier is meant."""
        return identifier.startswith(self.text) if self.is_prefix else identifier == self.text


@dataclass(frozen=True, slots=True)
class Match:
    """An identifier in one of these roles fits one of the patterns."""

    roles: frozenset[Role]
    patterns: tuple[Pattern, ...]


@dataclass(frozen=True, slots=True)
class Attributed:
    """The value of a field has an attribute in master data, and one of these values; () any.

    It is `AnyOf` once master data were looked at (`master.resolved`).
    """

    field: str
    attribute: str
    values: tuple[str, ...] = ()


Clause = AnyOf | Has | Compare | Match | Attributed


class OrderBy(StrEnum):
    """By which instant events are put in order; at the same instant by their place in the log."""

    EVENT_TIME = "eventTime"
    RECORD_TIME = "recordTime"


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked.

    Args:
        clauses: all must hold.
        order_by, descending: without an order, as they were recorded, the first one first.
        event_count_limit: at most so many events in all; None: no limit.
        max_event_count: more than so many is a refusal, not a part; None: no such limit.
    """

    clauses: tuple[Clause, ...] = ()
    order_by: OrderBy = OrderBy.RECORD_TIME
    descending: bool = False
    event_count_limit: int | None = None
    max_event_count: int | None = None
    names: tuple[str, ...] = field(default=(), compare=False)

    def within(self, *more: Clause) -> Query:
        """Return the same question, narrowed by further clauses."""
        return Query(
            (*self.clauses, *more),
            self.order_by,
            self.descending,
            self.event_count_limit,
            self.max_event_count,
            self.names,
        )


def matches(query: Query, event: Index) -> bool:
    """Return whether an event meets all clauses."""
    return all(meets(clause, event) for clause in query.clauses)


def meets(clause: Clause, event: Index) -> bool:
    """Return whether an event meets one clause."""
    match clause:
        case Attributed():
            return False  # no master data were looked at
        case AnyOf(name, values):
            return any((name, value) in event.words for value in values)
        case Has(name):
            return name in event.present
        case Compare(name, op, values):
            compare = COMPARE[op]
            found = (number for known, number in event.numbers if known == name)
            return any(compare(number, value) for number in found for value in values)
        case Match(roles, patterns):
            named = [text for role, text in event.identifiers if role in roles]
            return any(pattern.fits(text) for text in named for pattern in patterns)
