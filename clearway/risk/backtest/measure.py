"""From hits to the figures by which a rule is judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt

from clearway.risk.backtest.estimates import is_covered, rate_of, total_of
from clearway.risk.backtest.fields import UNTOLD
from clearway.risk.backtest.hits import Tried
from clearway.risk.backtest.model import Group, Load, Month, Overlap, Rate, RuleReport
from clearway.risk.backtest.population import SIZES, Bools, Ints, Population
from clearway.risk.model import Capacities, Channel
from clearway.risk.rules import digest_of

_MOST_GROUPS = 30
_TWICE = 2.0
_MODEL = "model"

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Judged:
    """The hits of one rule over a whole history.

    Args:
        tried: the rule.
        hits: places of declarations in the population, each once.
        sampled: share of the declarations that were judged.
        seen: places of those that were judged; None: all.
    """

    tried: Tried
    hits: Ints
    sampled: float
    seen: Ints | None = None


class Measure:
    """Works out what is common to all rules once.

    Args:
        people: the declarations.
        capacities: of the offices; None: not asked.
    """

    def __init__(self, people: Population, capacities: Capacities | None = None) -> None:
        self._people, self._capacities = people, capacities
        self._first = int(people.day.min())
        self._days = int(people.day.max()) - self._first + 1
        self._office_day = people.office * np.int32(self._days) + (people.day - self._first)
        self._arrivals = self._count(self._office_day)
        self._by_day = self._arrivals.sum(axis=0)
        self._of_origin = np.bincount(people.origin, minlength=len(people.origins))
        self._of_size = np.bincount(people.size[people.size >= 0], minlength=len(SIZES))
        self._month_of_day = _months(self._first, self._days)
        brought = people.revenue[people.examined & (people.revenue > 0.0)]
        self._usual_find = float(brought.mean()) if len(brought) else 0.0

    def _count(self, places: Ints) -> Counts:
        """Return counts by office and day."""
        offices = len(self._people.offices)
        return np.bincount(places, minlength=offices * self._days).reshape(offices, self._days)

    def report(self, judged: Judged, live: Sequence[Judged]) -> RuleReport:
        """Return the figures of one rule beside those that are live."""
        people, hits = self._people, judged.hits
        profile = judged.tried.profile
        scale = 1.0 / judged.sampled
        seen, propensities = people.examined[hits], people.propensity[hits]
        opened = hits[seen]
        found, revenue = people.found[hits].astype(np.float64), people.revenue[hits]
        count = round(len(hits) * scale)
        others = [one for one in live if one.tried.profile.id != profile.id]
        return RuleReport(
            id=profile.id,
            expression=digest_of(profile.expression),
            lane=profile.lane.value,
            hits=count,
            share=count / len(people),
            sampled=judged.sampled,
            why_sampled=judged.tried.why,
            failed=round(judged.tried.failed * scale),
            precision=rate_of(int(found[seen].sum()), len(opened)),
            found=total_of(found, propensities, seen, sampled=judged.sampled),
            revenue=float(revenue[seen].sum()) * scale,
            revenue_estimated=total_of(
                revenue, propensities, seen, sampled=judged.sampled, usual=self._usual_find
            ),
            new=round(self._new(hits, others) * scale),
            loads=self._loads(hits, profile.lane, judged.sampled),
            overlaps=self._overlaps(judged, others),
            origins=self._groups(judged, people.origin, self._of_origin, people.origins),
            sizes=self._groups(judged, people.size, self._of_size, SIZES),
            months=self._months(hits, opened, scale),
            untold=tuple(sorted(judged.tried.fields & UNTOLD.keys())),
            uncovered=round(int((~is_covered(propensities, seen)).sum()) * scale),
        )

    def base(self) -> Rate:
        """Return how many of all examined declarations were not conform."""
        people = self._people
        return rate_of(int(people.found.sum()), int(people.examined.sum()))

    def span(self) -> tuple[str, str]:
        """Return the first and the last day."""
        return _date(self._first), _date(self._first + self._days - 1)

    def _taken(self, hits: Ints) -> Bools:
        taken = np.zeros(len(self._people), dtype=np.bool_)
        taken[hits] = True
        return taken

    def _new(self, hits: Ints, others: Sequence[Judged]) -> int:
        if not others:
            return len(hits)
        taken = self._taken(hits)
        for other in others:
            taken[other.hits] = False
        return int(taken.sum())

    def _overlaps(self, judged: Judged, others: Sequence[Judged]) -> tuple[Overlap, ...]:
        hits, taken = judged.hits, self._taken(judged.hits)
        mine = len(hits) / judged.sampled
        found = []
        for other in others:
            # Samples are of the same declarations: what both saw is the smaller one of the two.
            both = int(taken[other.hits].sum()) / min(judged.sampled, other.sampled)
            theirs = len(other.hits) / other.sampled
            found.append(_overlap(other.tried.profile.id, both, mine, theirs))
        if self._people.scored is not None:
            both = int(self._people.scored[hits].sum()) / judged.sampled
            found.append(_overlap(_MODEL, both, mine, float(self._people.scored.sum())))
        return tuple(sorted(found, key=lambda one: (-one.both, one.other)))

    def _loads(self, hits: Ints, lane: Channel, sampled: float) -> tuple[Load, ...]:
        counts = self._count(self._office_day[hits])
        return tuple(
            self._load(office, counts[place], self._arrivals[place] > 0, lane, sampled)
            for place, office in enumerate(self._people.offices)
        )

    def _load(
        self, office: str, counts: Counts, is_open: Bools, lane: Channel, sampled: float
    ) -> Load:
        days = counts[is_open]
        capacity = None
        if self._capacities is not None and lane is not Channel.GREEN:
            capacity = self._capacities.of(office).of(lane)
        is_whole = sampled >= 1.0
        over = int((days > capacity).sum()) if capacity is not None and is_whole else 0
        return Load(
            office=office,
            days=len(days),
            mean=float(days.mean()) / sampled if len(days) else 0.0,
            p95=float(np.percentile(days, 95)) if is_whole and len(days) else None,
            most=int(days.max()) if is_whole and len(days) else None,
            capacity=capacity,
            over=over,
        )

    def _groups(
        self, judged: Judged, group: Ints, totals: Counts, names: Sequence[str]
    ) -> tuple[Group, ...]:
        people, size, hits = self._people, len(names), judged.hits
        member = group[hits]
        is_known = member >= 0
        hits, member = hits[is_known], member[is_known]
        if not totals.sum():
            return ()
        selected = np.bincount(member, minlength=size)
        opened = people.examined[hits]
        examined = np.bincount(member[opened], minlength=size)
        found = np.bincount(member[opened & people.found[hits]], minlength=size)
        seen = totals if judged.seen is None else _counted(group[judged.seen], size)
        usual = len(hits) / max(1, int(seen.sum()))
        elsewhere = int(found.sum()) / max(1, int(examined.sum()))
        largest = sorted(range(size), key=lambda place: (-totals[place], names[place]))
        return tuple(
            _group(
                names[place],
                rate_of(int(selected[place]), int(seen[place])),
                rate_of(int(found[place]), int(examined[place])),
                usual,
                elsewhere,
            )
            for place in largest[:_MOST_GROUPS]
            if totals[place]
        )

    def _months(self, hits: Ints, opened: Ints, scale: float) -> tuple[Month, ...]:
        people, months = self._people, self._month_of_day
        names, index = np.unique(months, return_inverse=True)

        def count(places: Ints, weights: npt.NDArray[np.float64] | None = None) -> list[float]:
            when = index[people.day[places] - self._first]
            return list(np.bincount(when, weights, minlength=len(names)) * scale)

        declared = np.bincount(index, self._by_day, minlength=len(names))
        columns = (
            declared,
            count(hits),
            count(opened),
            count(opened[people.found[opened]]),
            count(opened, people.revenue[opened]),
        )
        return tuple(
            Month(str(name), int(all_), round(hit), round(seen), round(bad), float(revenue))
            for name, all_, hit, seen, bad, revenue in zip(names, *columns, strict=True)
        )


def _overlap(other: str, both: float, mine: float, theirs: float) -> Overlap:
    return Overlap(other, round(both), both / max(1.0, mine), both / max(1.0, theirs))


def _counted(member: Ints, size: int) -> Counts:
    return np.bincount(member[member >= 0], minlength=size)


def _group(name: str, selected: Rate, found: Rate, usual: float, elsewhere: float) -> Group:
    is_often = selected.rate is not None and selected.low > _TWICE * usual
    is_less = found.rate is not None and found.high < elsewhere
    return Group(name, selected, found, is_often and is_less)


def _months(first: int, days: int) -> npt.NDArray[np.str_]:
    dates = np.datetime64("1970-01-01") + np.arange(first, first + days)
    return dates.astype("datetime64[M]").astype(str)


def _date(day: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day)).date().isoformat()
