"""What may come in, and what of it is new: the rules for a batch before it becomes a fact."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from operator import lt
from typing import NamedTuple

from clearway.coldchain.model import Batch, Journey, Reading
from clearway.coldchain.sheets import Sheet, batch_of
from clearway.coldchain.state import COLDEST_C, WARMEST_C
from clearway.errors import BadTerm, RuleViolation, TooLarge
from clearway.ledger.columns import to_microseconds
from clearway.terms.finding import Area, Finding, Level

MOST_READINGS = 1_000
"""In one batch. More would hold up others behind one commit; send the next thousand after."""

CLOCK_AHEAD = timedelta(minutes=5)
"""A device's clock may run ahead by this much; ISO 18185 allows 5 seconds a day."""

OLDEST = timedelta(days=400)
LARGEST_SEQ = 2**53 - 1
"""The largest whole number that every JSON reader keeps exactly (RFC 8259, section 6)."""

ROWS_OF_A_FILE = "csv"
"""The `boot_id` of rows of a logger's file, which have no counter."""

_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z._:/-]{0,63}")
_NAME_RULE = (
    "must be 1 to 64 letters, digits, dots, hyphens, underscores, colons or slashes, beginning with"
    " a letter or digit"
)


class Sorted(NamedTuple):
    """A batch against what is known.

    Args:
        fresh: readings that were not known.
        repeated: how many were known with the same values.
        differing: readings that are known with other values.
    """

    fresh: tuple[Reading, ...]
    repeated: int
    differing: tuple[Reading, ...]


def require_plausible(batch: Batch | Sheet, now: datetime) -> None:
    """Refuse a batch that no honest device of ours sends.

    Args:
        now: the instant of receipt, aware UTC.

    Raises:
        BadTerm: device or boot_id is not a name.
        TooLarge: more than `MOST_READINGS`.
        RuleViolation: no readings, sequence out of order, an instant without zone, in the future or
            long ago.
    """
    for field, name in (("device", batch.device), ("boot_id", batch.boot_id)):
        if not _is_name(name):
            raise BadTerm(field, name, _NAME_RULE, field=field)
    if isinstance(batch, Sheet):
        if _is_plausible(batch, now):
            return
        batch = batch_of(batch)  # it is told of each reading what is wrong
    if len(batch.readings) > MOST_READINGS:
        raise TooLarge(
            f"{len(batch.readings):,} readings in one batch; at most {MOST_READINGS:,} are taken."
            " Send the rest in further batches",
            limit="readings",
        )
    findings = _findings(batch, now)
    if findings:
        raise RuleViolation(findings[0].message, findings)


@lru_cache(20_000)
def _is_name(text: str) -> bool:
    return _NAME.fullmatch(text) is not None


def _is_plausible(sheet: Sheet, now: datetime) -> bool:
    """Return whether nothing is wrong with a batch, in a few steps for all its readings."""
    seqs, instants = sheet.seqs, sheet.instants
    oldest, latest = _bounds(now)
    return (
        len(seqs) <= MOST_READINGS
        and seqs[0] >= 0
        and seqs[-1] <= LARGEST_SEQ
        and all(map(lt, seqs, seqs[1:]))
        and oldest <= min(instants)
        and max(instants) <= latest
    )


@lru_cache(64)
def _bounds(now: datetime) -> tuple[int, int]:
    """Return the least and the greatest instant that a reading may have, microseconds."""
    return to_microseconds(now - OLDEST), to_microseconds(now + CLOCK_AHEAD)


def _findings(batch: Batch, now: datetime) -> tuple[Finding, ...]:
    if not batch.readings:
        return (_severe("CC_R01", "readings", "The batch has no readings; send at least one"),)
    latest, oldest, before = now + CLOCK_AHEAD, now - OLDEST, -1
    found: list[Finding] = []
    for i, reading in enumerate(batch.readings):
        if not before < reading.seq <= LARGEST_SEQ:
            found.append(_out_of_order(i, reading, before))
        if reading.at.tzinfo is None:
            found.append(_no_zone(i, reading))
        elif not oldest <= reading.at <= latest:
            found.append(_wrong_time(i, reading, now))
        before = reading.seq
    return tuple(found)


def _out_of_order(i: int, reading: Reading, before: int) -> Finding:
    return _severe(
        "CC_R02",
        f"readings[{i}].seq",
        f"seq {reading.seq} does not follow {before}; number the readings of one boot_id upwards,"
        f" each number once, from 0 to {LARGEST_SEQ}",
    )


def _no_zone(i: int, reading: Reading) -> Finding:
    return _severe(
        "CC_R03",
        f"readings[{i}].at",
        f"{reading.at.isoformat()} has no time zone; write UTC, such as 2026-03-02T12:00:00Z",
    )


def _wrong_time(i: int, reading: Reading, now: datetime) -> Finding:
    ahead = reading.at > now
    return _severe(
        "CC_R04" if ahead else "CC_R05",
        f"readings[{i}].at",
        f"{reading.at.isoformat()} lies in the future (now {now.isoformat()}); set the clock of the"
        " device, then send again"
        if ahead
        else f"{reading.at.isoformat()} is more than {OLDEST.days} days old; no journey is so long."
        " Check the clock of the device",
    )


def _severe(code: str, field: str, message: str) -> Finding:
    return Finding(code, Area.RULE, Level.SEVERE, field, message)


def require_possible_journey(journey: Journey, now: datetime) -> None:
    """Refuse a journey that cannot be.

    Raises: RuleViolation: loaded in the future or long ago, without a zone, at a temperature that
    no cargo has, or with a negative life used.
    """
    at = journey.loaded_at
    found: list[Finding] = []
    if at.tzinfo is None or not now - OLDEST <= at <= now + CLOCK_AHEAD:
        message = (
            f"loaded_at {at.isoformat()} must be an instant in UTC within the last"
            f" {OLDEST.days} days"
        )
        found.append(_severe("CC_R06", "loaded_at", message))
    for field in ("set_point_c", "loaded_pulp_c"):
        value = getattr(journey, field)
        if value is not None and not COLDEST_C <= value <= WARMEST_C:
            message = f"{field} {value} must lie between {COLDEST_C:g} and {WARMEST_C:g} °C"
            found.append(_severe("CC_R07", field, message))
    if not 0.0 <= journey.life_used_days <= OLDEST.days:
        message = f"life_used_days {journey.life_used_days} must lie between 0 and {OLDEST.days}"
        found.append(_severe("CC_R08", "life_used_days", message))
    if found:
        raise RuleViolation(found[0].message, found)


def sort_out(
    batch: Batch,
    known: Mapping[int, Reading],
    *,
    is_on_record: Callable[[int], bool] = lambda seq: False,
) -> Sorted:
    """Return what of a batch is new, repeated, or contradicts what is known.

    Args:
        known: readings at hand by `seq`, of the same device and boot_id.
        is_on_record: whether a number is on record though its reading is not at hand; it counts as
            repeated, since the first values stand in any case.
    """
    fresh, differing, repeated = [], [], 0
    for reading in batch.readings:
        stands = known.get(reading.seq)
        if stands is None and not is_on_record(reading.seq):
            fresh.append(reading)
        elif stands is None or stands == reading or _was_read_coarser(batch, stands, reading):
            repeated += 1
        else:
            differing.append(reading)
    return Sorted(tuple(fresh), repeated, tuple(differing))


def _was_read_coarser(batch: Batch, stands: Reading, reading: Reading) -> bool:
    """Return whether the same row of a file was recorded when files gave only the warmest probe."""
    if batch.boot_id != ROWS_OF_A_FILE or stands.probes_c or stands.humidity_pct is not None:
        return False
    return replace(reading, probes_c=(), humidity_pct=None) == stands
