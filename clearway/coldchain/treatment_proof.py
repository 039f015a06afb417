"""Whether a treatment is proved: passed, failed, or not provable, with what an officer can print.

Three questions are put to the same readings:
1. *Passed?* Every probe is taken at its worst: a probe whose calibration nobody recorded may show
   too little by the whole tolerance, and a gap breaks the run.
2. *Failed?* Every probe is taken at its best, gaps are taken as kept, and what of the period nobody
   recorded is taken as kept too. If the treatment is too short even so, it cannot have been.
3. Else it is *not provable*, and the reasons say what is missing.

A probe that was out by more than the tolerance in melting ice is no proof at all, and fewer probes
than the protocol asks, or a log that is too coarse, never pass.

    proof = verify(readings, protocol, offsets_c={"USDA1": 0.1, "USDA2": -0.2, "USDA3": 0.0})
    proof.outcome, proof.reasons, proof.probes[0].breaches
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from clearway.coldchain.model import Reading
from clearway.coldchain.treatment import (
    Limit,
    Protocol,
    Shown,
    TreatmentVerdict,
    evaluate_probes,
    probes_of,
)
from clearway.terms.reason import Reason

MOST_SPANS = 96
"""Spans of a curve: a quarter of an hour of a day, four hours of sixteen days."""

MOST_BREACHES = 50
"""Breaches and gaps told of one probe; the first ones, for the first ends the treatment."""

_FOR_EVER = timedelta(days=10_000)
_LATE = 1.1  # clocks of loggers wander by a minute in an hour
_HOUR = timedelta(hours=1)


class Outcome(StrEnum):
    """What the readings say to a treatment."""

    PASS = "pass"
    FAIL = "fail"
    NOT_PROVABLE = "not_provable"


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a curve: between two instants a probe showed from `low_c` to `high_c`."""

    since: datetime
    until: datetime
    low_c: float
    high_c: float


@dataclass(frozen=True, slots=True)
class Gap:
    """A silence of a probe that was longer than the protocol bears."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class ProbeRecord:
    """What one probe showed; temperatures are corrected by its offset.

    Args:
        name: `USDA1` and so on, or `pulp`.
        offset_c: what it showed in melting ice; None: nobody recorded that.
        is_proof: whether its calibration is within the tolerance, as far as known.
        readings: how many.
        first_at, last_at: of its readings.
        coldest_c, warmest_c: of its readings.
        interval: between two readings, the middle one of all.
        breaches: where it was on the wrong side of the limit, from its start on.
        gaps: silences longer than the protocol bears.
        curve: for a chart, at most `MOST_SPANS`.
    """

    name: str
    offset_c: float | None
    is_proof: bool
    readings: int
    first_at: datetime
    last_at: datetime
    coldest_c: float
    warmest_c: float
    interval: timedelta
    breaches: tuple[Span, ...]
    gaps: tuple[Gap, ...]
    curve: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Proof:
    """What all probes together say to a protocol.

    Args:
        outcome: passed, failed, or not provable.
        reasons: why, one sentence each.
        verdict: of the probes at their worst: days, run, gaps.
        probes: each probe, by name.
    """

    protocol: Protocol
    outcome: Outcome
    reasons: tuple[Reason, ...]
    verdict: TreatmentVerdict
    probes: tuple[ProbeRecord, ...]


def verify(
    readings: Iterable[Reading],
    protocol: Protocol,
    *,
    offsets_c: Mapping[str, float] | None = None,
    claimed: timedelta | None = None,
) -> Proof:
    """Return whether the readings of a container prove a treatment.

    Args:
        readings: of the time in which it was given, in any order.
        offsets_c: by probe, what it showed in melting ice; an empty mapping: a record says that all
            showed zero; None: there is no record of the calibration.
        claimed: how long the treatment is said to have had; None: as long as the readings. What of
            it the probes missed speaks neither for nor against.
    """
    probes = {name: sorted(shown) for name, shown in probes_of(readings).items() if shown}
    known = _offsets(probes, offsets_c)
    records = tuple(
        _record(name, shown, known[name], protocol) for name, shown in sorted(probes.items())
    )
    trusted = {one.name: probes[one.name] for one in records if one.is_proof}
    sign = 1.0 if protocol.limit is Limit.CEILING else -1.0
    doubt = sign * protocol.calibration_tolerance_c
    strict = _judged(trusted, protocol, known, doubt)
    faults = tuple(_faults(records, protocol))
    if strict.ok and not faults:
        return Proof(protocol, Outcome.PASS, strict.reasons, strict, records)
    if _is_excluded(trusted, protocol, known, -doubt, claimed):
        reasons = strict.reasons if not strict.ok else faults
        return Proof(protocol, Outcome.FAIL, reasons, strict, records)
    said = () if strict.ok else strict.reasons
    doubts = tuple(_doubts(strict, trusted, protocol, known))
    return Proof(protocol, Outcome.NOT_PROVABLE, (*faults, *doubts, *said), strict, records)


def _offsets(
    probes: Iterable[str], offsets_c: Mapping[str, float] | None
) -> dict[str, float | None]:
    if offsets_c is None:
        return dict.fromkeys(probes)
    return {name: offsets_c.get(name, None if offsets_c else 0.0) for name in probes}


def _judged(
    probes: Mapping[str, Sequence[Shown]],
    protocol: Protocol,
    known: Mapping[str, float | None],
    doubt: float,
) -> TreatmentVerdict:
    """Return the verdict with each probe of unknown calibration moved by `doubt` degrees."""
    offsets = {name: -doubt if known[name] is None else known[name] or 0.0 for name in probes}
    return evaluate_probes(probes, protocol, offsets_c=offsets)


def _is_excluded(
    probes: Mapping[str, Sequence[Shown]],
    protocol: Protocol,
    known: Mapping[str, float | None],
    doubt: float,
    claimed: timedelta | None,
) -> bool:
    """Return whether the treatment cannot have been, even if every unseen hour had kept it."""
    instants = [at for shown in probes.values() for at, _ in shown]
    if not instants:
        return False
    seen = max(instants) - min(instants)
    if claimed is None and seen < protocol.lasting:
        return False
    unseen = max((claimed or seen) - seen, timedelta(0))
    lenient = replace(protocol, gap_at_most=_FOR_EVER, probes_at_least=1)
    hopeful = _judged(probes, lenient, known, doubt)
    return timedelta(days=hopeful.days_achieved) + unseen < protocol.lasting


def _faults(records: Sequence[ProbeRecord], protocol: Protocol) -> Iterable[Reason]:
    """Yield what keeps the record from being a proof, whatever the temperatures were."""
    proving = sum(one.is_proof for one in records)
    if proving < protocol.probes_at_least:
        text = f"{proving} of {protocol.probes_at_least} probes have readings that count."
        yield Reason("CC_TREATMENT_PROBES", text, str(proving))
    for one in records:
        if not one.is_proof:
            text = (
                f"Probe {one.name} showed {one.offset_c:+.2f} °C in melting ice; more than"
                f" {protocol.calibration_tolerance_c:g} °C is no proof, such a probe is replaced."
            )
            yield Reason("CC_TREATMENT_CALIBRATION", text, f"{one.offset_c:+.2f}")
        if protocol.log_at_most is not None and one.interval > protocol.log_at_most * _LATE:
            asked = protocol.log_at_most / timedelta(minutes=1)
            found = one.interval / timedelta(minutes=1)
            text = f"Probe {one.name} was recorded each {found:.0f} minutes; {asked:.0f} are asked."
            yield Reason("CC_TREATMENT_INTERVAL", text, f"{found:.0f}")


def _doubts(
    strict: TreatmentVerdict,
    probes: Mapping[str, Sequence[Shown]],
    protocol: Protocol,
    known: Mapping[str, float | None],
) -> Iterable[Reason]:
    """Yield that only the missing record of the calibration stands between this and a proof."""
    unknown = sorted(name for name in probes if known[name] is None)
    if strict.ok or not unknown or not protocol.calibration_tolerance_c:
        return
    if _judged(probes, protocol, known, 0.0).ok:
        text = (
            "As shown, the probes kept it; but nobody recorded what"
            f" {', '.join(unknown)} showed in melting ice, and"
            f" {protocol.calibration_tolerance_c:g} °C of error would break it. Ask for the record"
            " of the calibration."
        )
        yield Reason("CC_TREATMENT_UNCALIBRATED", text, ", ".join(unknown))


def _record(
    name: str, shown: Sequence[Shown], offset_c: float | None, protocol: Protocol
) -> ProbeRecord:
    right = [(at, value - (offset_c or 0.0)) for at, value in shown]
    values = [value for _, value in right]
    steps = sorted(after - before for (before, _), (after, _) in pairwise(right))
    tolerance = protocol.calibration_tolerance_c
    return ProbeRecord(
        name,
        offset_c,
        is_proof=not tolerance or offset_c is None or abs(offset_c) <= tolerance + 1e-9,
        readings=len(right),
        first_at=right[0][0],
        last_at=right[-1][0],
        coldest_c=min(values),
        warmest_c=max(values),
        interval=steps[len(steps) // 2] if steps else timedelta(0),
        breaches=tuple(_breaches(right, protocol))[:MOST_BREACHES],
        gaps=tuple(
            Gap(before, after)
            for (before, _), (after, _) in pairwise(right)
            if after - before > protocol.gap_at_most
        )[:MOST_BREACHES],
        curve=tuple(_curve(right)),
    )


def _breaches(shown: Sequence[Shown], protocol: Protocol) -> Iterable[Span]:
    """Yield the spans on the wrong side of the limit, after the probe first kept the start."""
    start = protocol.limit_c if protocol.start_c is None else protocol.start_c
    started = False
    run: list[Shown] = []
    for at, value in shown:
        started = started or protocol.keeps(value, start)
        if started and not protocol.keeps(value, protocol.limit_c):
            run.append((at, value))
        elif run:
            yield _span(run, until=at)
            run = []
    if run:
        yield _span(run, until=run[-1][0])


def _curve(shown: Sequence[Shown]) -> Iterable[Span]:
    size = -(-len(shown) // MOST_SPANS)
    for i in range(0, len(shown), size):
        part = shown[i : i + size]
        after = shown[i + size][0] if i + size < len(shown) else part[-1][0]
        yield _span(part, until=after)


def _span(part: Sequence[Shown], until: datetime) -> Span:
    values = [value for _, value in part]
    return Span(part[0][0], until, min(values), max(values))
