"""Cold or heat treatment: did the goods stay cold or hot enough, long enough, with no blind spot?

A certificate may claim that fruit was held below a temperature for a number of days, which kills
fruit flies. Here the claim meets the probes: the clock starts when every probe is cold enough to
start, counts while every probe is cold enough to go on, and starts anew after a breach or a gap.
A heat treatment is the same with a floor: no probe may show less (`Limit.FLOOR`).

    verdict = evaluate(readings, Protocol("16 days at 1.4", 1.4, timedelta(days=16), start_c=1.0))
    verdict.ok, verdict.days_achieved, verdict.reasons

What is doubtful (calibration, what nobody saw) is weighed in `treatment_proof`; the protocols of
authorities are rows of `treatment_schedules`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from clearway.coldchain.model import Reading
from clearway.terms.reason import Reason

Shown = tuple[datetime, float]
"""One instant, aware UTC, and what a probe showed, degrees Celsius."""

_NONE = timedelta(0)
_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)


class Restart(StrEnum):
    """What a breach does after the clock has started.

    ANEW: the run is lost, and a new one may begin. VOID: the whole treatment is lost.
    """

    ANEW = "anew"
    VOID = "void"


class Limit(StrEnum):
    """On which side of a protocol's temperature every probe must stay."""

    CEILING = "ceiling"
    FLOOR = "floor"


@dataclass(frozen=True, slots=True)
class Protocol:
    """What a treatment asks for.

    Args:
        name: as the certificate or the importing country calls it.
        limit_c: no probe may show more (a floor: less) while the clock runs.
        lasting: how long the clock must run without a break.
        start_c: every probe at or below this (a floor: above) starts the clock; None: `limit_c`.
        over_at_most: time beyond `limit_c` that does not break the run; it is not counted either.
        gap_at_most: a probe silent for longer breaks the run.
        probes_at_least: fewer probes are no proof.
        limit: cold treatments have a ceiling, heat treatments a floor.
        restart: what a breach does.
        log_at_most: a probe must be recorded at least so often; None: nothing is asked.
        calibration_tolerance_c: a probe that shows more or less than this in melting ice is no
            proof; as long as nobody says what it showed, it may be wrong by so much.
    """

    name: str
    limit_c: float
    lasting: timedelta
    start_c: float | None = None
    over_at_most: timedelta = _NONE
    gap_at_most: timedelta = timedelta(hours=2)
    probes_at_least: int = 1
    limit: Limit = Limit.CEILING
    restart: Restart = Restart.ANEW
    log_at_most: timedelta | None = None
    calibration_tolerance_c: float = 0.0

    def keeps(self, shown_c: float, limit_c: float) -> bool:
        """Return whether a probe that shows this is on the right side of a temperature."""
        return shown_c <= limit_c if self.limit is Limit.CEILING else shown_c >= limit_c


CITRUS_16_DAYS = Protocol("16 days below 1.4 °C", 1.4, timedelta(days=16), start_c=1.0)
"""Source: Grout 2011, a published in-transit treatment; the clock starts at 1.0 °C."""


@dataclass(frozen=True, slots=True)
class TreatmentVerdict:
    """What the probes say to a claim.

    Args:
        ok: the protocol was kept.
        minutes_over: beyond the protocol's temperature, after the clock first started.
        longest_gap: the longest silence of a probe, from its first reading to its last.
        days_achieved: the longest run of the clock.
        started_at, ended_at: of that run; None when the clock never started.
        reasons: why not, or why yes; one sentence each.
    """

    ok: bool
    minutes_over: float
    longest_gap: timedelta
    days_achieved: float
    started_at: datetime | None
    ended_at: datetime | None
    reasons: tuple[Reason, ...]


def probes_of(readings: Iterable[Reading]) -> dict[str, list[Shown]]:
    """Return what each pulp probe showed, by name, in the order of the readings.

    A device that tells its probes apart gives `USDA1`, `USDA2` and so on, as TIC4.0 names them; one
    that does not gives a single `pulp`. A probe that never gave a value is there, and empty.
    """
    probes: dict[str, list[Shown]] = {}
    single: list[Shown] = []
    for reading in readings:
        for number, shown in enumerate(reading.probes_c, 1):
            values = probes.setdefault(f"USDA{number}", [])
            if shown is not None:
                values.append((reading.at, shown))
        if not reading.probes_c and reading.pulp_c is not None:
            single.append((reading.at, reading.pulp_c))
    if single:
        probes["pulp"] = single
    return probes


def evaluate(
    readings: Iterable[Reading], protocol: Protocol, *, offset_c: float = 0.0
) -> TreatmentVerdict:
    """Return the verdict of all pulp probes of one container.

    Args:
        readings: in any order; those without a pulp temperature are passed over.
        offset_c: what the probes showed in melting ice; it is taken off each value.
    """
    probes = probes_of(readings)
    return evaluate_probes(probes, protocol, offsets_c=dict.fromkeys(probes, offset_c))


def evaluate_probes(
    probes: Mapping[str, Iterable[Shown]],
    protocol: Protocol,
    *,
    offsets_c: Mapping[str, float] | None = None,
) -> TreatmentVerdict:
    """Return the verdict of all probes together: each of them must keep the limit.

    Args:
        probes: by name, what each showed, in any order.
        offsets_c: by name, what each showed in melting ice.
    """
    offsets = offsets_c or {}
    events = sorted(
        (at, name, value - offsets.get(name, 0.0))
        for name, shown in probes.items()
        for at, value in shown
    )
    clock = _Clock(protocol, frozenset(probes))
    for at, name, value_c in events:
        clock.hear(at, name, value_c)
    heard = len(clock.latest)
    ok = clock.best >= protocol.lasting and heard >= protocol.probes_at_least
    ok = ok and heard == len(probes) and bool(probes)
    return TreatmentVerdict(
        ok,
        clock.over / timedelta(minutes=1),
        clock.longest_gap,
        clock.best / _DAY,
        clock.best_start,
        clock.best_end,
        _reasons(protocol, clock, len(probes), ok),
    )


@dataclass(slots=True)
class _Clock:
    """Runs while every probe keeps the limit; `best` is its longest run."""

    protocol: Protocol
    names: frozenset[str]
    latest: dict[str, tuple[datetime, float]] = field(default_factory=dict)
    now: datetime | None = None
    run_start: datetime | None = None
    run: timedelta = _NONE
    run_over: timedelta = _NONE
    best: timedelta = _NONE
    best_start: datetime | None = None
    best_end: datetime | None = None
    over: timedelta = _NONE
    longest_gap: timedelta = _NONE
    is_void: bool = False

    def hear(self, at: datetime, name: str, value_c: float) -> None:
        """Take in one value of one probe; values come in order of time."""
        if self.run_start is not None and self.now is not None:
            self._pass_time(at, at - self.now, value_c)
        before = self.latest.get(name)
        if before is not None:
            self.longest_gap = max(self.longest_gap, at - before[0])
        self.latest[name] = (at, value_c)
        self.now = at
        if self.run_start is None and not self.is_void and self._may_start():
            self.run_start, self.run, self.run_over = at, _NONE, _NONE

    def _pass_time(self, at: datetime, length: timedelta, value_c: float) -> None:
        """Count the time since the last value, or break the run."""
        if any(at - heard > self.protocol.gap_at_most for heard, _ in self.latest.values()):
            self._break()
            return
        shown = (value_c, *(before for _, before in self.latest.values()))
        if not all(self.protocol.keeps(each, self.protocol.limit_c) for each in shown):
            self.over += length
            self.run_over += length
            if self.run_over > self.protocol.over_at_most:
                self._break()
            return
        self.run += length
        if self.run > self.best:
            self.best, self.best_start, self.best_end = self.run, self.run_start, at

    def _break(self) -> None:
        self.run_start = None
        self.is_void = self.protocol.restart is Restart.VOID

    def _may_start(self) -> bool:
        start = self.protocol.limit_c
        if self.protocol.start_c is not None:
            start = self.protocol.start_c
        heard_all = self.latest.keys() >= self.names
        return heard_all and all(
            self.protocol.keeps(shown, start) for _, shown in self.latest.values()
        )


def _reasons(protocol: Protocol, clock: _Clock, probes: int, ok: bool) -> tuple[Reason, ...]:
    is_cold = protocol.limit is Limit.CEILING
    unit, name = (_DAY, "days") if is_cold else (_HOUR, "hours")
    kept, broken = ("below", "above") if is_cold else ("above", "below")
    wanted, reached = protocol.lasting / unit, f"{clock.best / unit:.1f}"
    if ok:
        text = (
            f"Held at or {kept} {protocol.limit_c} °C for {reached} {name}; {wanted:g} were asked."
        )
        return (Reason("CC_TREATMENT_KEPT", text, reached),)
    found = []
    heard = len(clock.latest)
    if heard < max(protocol.probes_at_least, probes):
        needed = max(protocol.probes_at_least, probes)
        text = f"{heard} of {needed} probes have readings."
        found.append(Reason("CC_TREATMENT_PROBES", text, str(heard)))
    if clock.best < protocol.lasting:
        text = f"The longest unbroken treatment is {reached} {name}; {wanted:g} were asked."
        found.append(Reason("CC_TREATMENT_SHORT", text, reached))
    if clock.over > protocol.over_at_most:
        minutes = f"{clock.over / timedelta(minutes=1):.0f}"
        text = f"A probe was {broken} {protocol.limit_c} °C for {minutes} minutes."
        found.append(Reason("CC_TREATMENT_WARM" if is_cold else "CC_TREATMENT_COOL", text, minutes))
    if clock.longest_gap > protocol.gap_at_most:
        hours = f"{clock.longest_gap / timedelta(hours=1):.1f}"
        text = f"A probe was silent for {hours} hours; what happened meanwhile is not proved."
        found.append(Reason("CC_TREATMENT_GAP", text, hours))
    return tuple(found)
