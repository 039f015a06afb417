"""The report: many trips of some seeds, watched by the border through readings alone, and judged.

    report(seeds=(9002,), count=280)

The border's part is `coldchain.watch` and `coldchain.spoilage`, fed with a journey's papers and
with what the device sends. Development looks at seeds below `FIRST_UNSEEN`; a report that is quoted
takes seeds from there on, once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from clearway.coldchain import commodities, rules
from clearway.coldchain.advice import word
from clearway.coldchain.model import Alarm, Journey, Reading
from clearway.coldchain.spoilage import shelf_life
from clearway.coldchain.state import begin
from clearway.coldchain.watch import trace
from clearway.simulator.fleet import devices, inside, score, trips
from clearway.simulator.fleet.incidents import CLOCK, DAY_S, IncidentKind
from clearway.simulator.fleet.score import Look, TripScore
from clearway.simulator.fleet.trips import Trip
from clearway.terms.transport import ContainerNumber

FIRST_UNSEEN = 9002
_AT_ONCE = 40
_MONTH_S = 30.0 * DAY_S


@dataclass(frozen=True, slots=True)
class Recall:
    """How many incidents of a kind were named, and after how many minutes (median, most)."""

    kind: IncidentKind
    happened: int
    named: int
    median_min: float | None
    most_min: float | None

    @property
    def share(self) -> float:
        """Share that was named."""
        return self.named / self.happened if self.happened else 1.0


@dataclass(frozen=True, slots=True)
class Report:
    """The figures of a report; shares from 0 to 1.

    Args:
        used_rmse_days: of life used, in days of a 14-day life.
        used_rmse_by_probe: the same, by how the goods were probed.
        pulp_rmse_c: of the mean pulp.
        life_coverage, used_coverage, pulp_coverage: of the 90 % intervals.
        power_told_min, power_guessed_min: most minutes from a power cut to its alarm, with devices
            that tell of power and with others.
        false_per_month: false alarms a container-month.
        false_kinds: the kinds of all false alarms.
        warnings: limits that were passed after an alarm expected them; `warning_lead_h` is the
            median time between, `warning_error_h` the median of by how much the foretold hour
            was wrong, either way.
    """

    trips: int
    readings: int
    container_months: float
    used_rmse_days: float
    used_rmse_by_probe: dict[str, float]
    pulp_rmse_c: float
    life_coverage: float
    used_coverage: float
    pulp_coverage: float
    recalls: tuple[Recall, ...]
    power_told_min: float | None
    power_guessed_min: float | None
    false_per_month: float
    false_kinds: dict[str, int]
    warnings: int
    warning_lead_h: float | None
    warning_error_h: float | None


def report(seeds: Sequence[int], count: int) -> Report:
    """Return the figures of `count` trips of each seed."""
    scores, readings = [], 0
    for seed in seeds:
        for judged, sent in run(trips.draw(seed, count)):
            scores.append(judged)
            readings += sent
    return summarise(scores, readings)


def run(drawn: Sequence[Trip]) -> Iterator[tuple[TripScore, int]]:
    """Yield each trip's score and its number of readings."""
    for first in range(0, len(drawn), _AT_ONCE):
        for truth in inside.travel(drawn[first : first + _AT_ONCE]):
            sent = devices.measure(truth)
            looks, alarms = watch(papers_of(truth.trip), sent)
            yield score.judge(truth, looks, alarms), len(sent)


def papers_of(trip: Trip) -> Journey:
    """Return what the carrier tells of a trip."""
    return Journey(
        ContainerNumber.build(f"CWYU{trip.number % 1_000_000:06d}"),
        trip.commodity.code,
        devices.LOADED,
        trip.ordered_c,
        trip.measured_c,
    )


def watch(journey: Journey, readings: Iterable[Reading]) -> tuple[list[Look], list[Alarm]]:
    """Return what the border knows of a journey by and by, from papers and readings alone."""
    commodity = commodities.get(journey.commodity)
    state = begin(journey.container, journey)
    stand, new = rules.judge(state, commodity)
    state = replace(state, open=stand)
    alarms = [word(kind, state, commodity) for kind in new]
    looks: list[Look] = []
    due = score.LOOK_EVERY_S
    for now, raised in trace(state, readings, commodity):
        alarms.extend(raised)
        since_s = 0.0 if now.at is None else (now.at - journey.loaded_at).total_seconds()
        if since_s >= due:
            looks.append(Look(now, shelf_life(now, commodity)))
            due = since_s + score.LOOK_EVERY_S
    return looks, alarms


def summarise(scores: Sequence[TripScore], readings: int) -> Report:
    """Return the figures of judged trips; a jumped clock is left out of temperatures and lives."""
    timely = [each for each in scores if each.incident not in CLOCK]
    months = sum(each.watched_s for each in scores) / _MONTH_S
    false = [kind for each in scores for kind in each.false]
    warned = [each.warning for each in timely if each.warning is not None]
    by_probe = {
        probe: _rmse(each for each in timely if each.probe == probe)
        for probe in ("always", "rare", "none")
    }
    return Report(
        trips=len(scores),
        readings=readings,
        container_months=months,
        used_rmse_days=_rmse(timely),
        used_rmse_by_probe=by_probe,
        pulp_rmse_c=_root_mean(e for each in timely for e in each.pulp_error_c),
        life_coverage=_share(hit for each in timely for hit in each.inside_life),
        used_coverage=_share(hit for each in timely for hit in each.inside_used),
        pulp_coverage=_share(hit for each in timely for hit in each.inside_pulp),
        recalls=tuple(_recall(kind, scores) for kind in IncidentKind),
        power_told_min=_power_min(scores, told=True),
        power_guessed_min=_power_min(scores, told=False),
        false_per_month=len(false) / months if months else 0.0,
        false_kinds={kind: false.count(kind) for kind in sorted(set(false))},
        warnings=len(warned),
        warning_lead_h=_median(lead for lead, _ in warned),
        warning_error_h=_median(abs(late) for _, late in warned),
    )


def _rmse(scores: Iterable[TripScore]) -> float:
    return _root_mean(error for each in scores for error in each.used_error_days)


def _root_mean(errors: Iterable[float]) -> float:
    values = np.fromiter(errors, dtype=np.float64)
    return float(np.sqrt(np.mean(values**2))) if len(values) else 0.0


def _median(values: Iterable[float]) -> float | None:
    known = np.fromiter(values, dtype=np.float64)
    return float(np.median(known)) if len(known) else None


def _share(hits: Iterable[bool]) -> float:
    values = np.fromiter(hits, dtype=np.bool_)
    return float(values.mean()) if len(values) else 0.0


def _power_min(scores: Sequence[TripScore], *, told: bool) -> float | None:
    after = [
        each.seen_after_s / 60.0
        for each in scores
        if each.incident is IncidentKind.POWER_OFF
        and each.has_flags is told
        and each.seen_after_s is not None
    ]
    return max(after, default=None)


def _recall(kind: IncidentKind, scores: Sequence[TripScore]) -> Recall:
    happened = [each for each in scores if each.incident is kind]
    after = [each.seen_after_s / 60.0 for each in happened if each.seen_after_s is not None]
    return Recall(
        kind,
        len(happened),
        len(after),
        _median(after),
        max(after) if after else None,
    )
