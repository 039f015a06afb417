"""What a back-test tells of rules; all counts are of declarations unless said otherwise."""

from __future__ import annotations

from dataclasses import dataclass

from clearway.risk.offpolicy import Estimate


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of a count with its interval.

    Args:
        of: how many were looked at.
        count: how many of them did.
        rate: `count / of`, or the weighted estimate; None: nothing was looked at.
        low, high: 95 % interval; 0 and 1 where nothing is known.
    """

    of: int
    count: int
    rate: float | None
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Load:
    """What a rule would ask of an office.

    Args:
        office: its code.
        days: on which anything was declared there.
        mean, p95, most: hits a day; the last two are None when judged on a sample.
        capacity: of the rule's lane a day; None: not given.
        over: days with more hits than that.
    """

    office: str
    days: int
    mean: float
    p95: float | None
    most: int | None
    capacity: int | None
    over: int


@dataclass(frozen=True, slots=True)
class Overlap:
    """How much of a rule another one, or the model, takes already.

    Args:
        other: id of the rule, or `model`.
        both: hits that both have.
        share: of this rule's hits.
        share_of_other: of the other's.
    """

    other: str
    both: int
    share: float
    share_of_other: float


@dataclass(frozen=True, slots=True)
class Group:
    """How a rule treats one origin, or importers of one size (TFA 7.4).

    Args:
        name: of the origin or the size.
        selected: share of its declarations that the rule hits.
        found: share of its examined hits that were not conform.
        asks_why: selected at twice the usual rate or more, and what is found there is known to be
            less than the rule finds elsewhere.
    """

    name: str
    selected: Rate
    found: Rate
    asks_why: bool


@dataclass(frozen=True, slots=True)
class Month:
    """One point of the chart over time; `month` is such as 2026-03."""

    month: str
    declarations: int
    hits: int
    examined: int
    found: int
    revenue: float


@dataclass(frozen=True, slots=True)
class RuleReport:
    """What one rule would have done.

    Args:
        id: of the rule.
        expression: SHA-256 of its expression; an activation must name a back-test of the same.
        lane: where its hits go.
        hits: with at least one item that it hits; scaled up from a sample if `sampled` says so, as
            are `revenue`, `new`, overlaps and months. Rates with intervals are of the sample.
        share: of all declarations.
        sampled: share of the declarations that were judged; 1: all.
        why_sampled: the part of the expression that could not be made into columns.
        failed: on which the expression failed.
        precision: share not conform among its hits that were examined.
        found: not conform among ALL its covered hits: what was found, and an estimate by
            propensities of what nobody looked at. None where no result had a known chance: what
            people chose cannot stand for what they left alone.
        uncovered: hits without a result that could not be examined, or whose chance is not known;
            no estimate speaks of them.
        revenue: that its examined hits brought, in the currency of the history.
        revenue_estimated: that all its covered hits would bring.
        new: hits that no live rule has.
        untold: fields it asks for that a history does not hold: there it sees the neutral value.
    """

    id: str
    expression: str
    lane: str
    hits: int
    share: float
    sampled: float
    why_sampled: str
    failed: int
    precision: Rate
    found: Estimate | None
    revenue: float
    revenue_estimated: Estimate | None
    new: int
    loads: tuple[Load, ...]
    overlaps: tuple[Overlap, ...]
    origins: tuple[Group, ...]
    sizes: tuple[Group, ...]
    months: tuple[Month, ...]
    untold: tuple[str, ...]
    uncovered: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """A back-test.

    Args:
        items, declarations: in the history.
        since, until: first and last day, such as 2026-03-01.
        examined: share not conform among all that were examined.
        rules: one for each candidate, in their order.
    """

    items: int
    declarations: int
    since: str
    until: str
    examined: Rate
    rules: tuple[RuleReport, ...]
