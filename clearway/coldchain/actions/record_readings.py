"""Readings come in: what is new is recorded, what came before is answered the same."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from clearway.coldchain import advice, intake, stored, tables
from clearway.coldchain.actions.announce import announce
from clearway.coldchain.facts import AlarmRaised, ReadingConflict, ReadingsRecorded, subject
from clearway.coldchain.intake import Sorted
from clearway.coldchain.model import Alarm, AlarmKind, Batch
from clearway.policy.act import Act


class Outcome(StrEnum):
    """RECORDED: some were new. REPEATED: all were known. CONFLICT: some differ from before."""

    RECORDED = "recorded"
    REPEATED = "repeated"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of a batch.

    Args:
        recorded: readings that were new and are on record now.
        repeated: readings that were on record with the same values.
        differing: readings that are on record with other values; those stand.
        alarms: raised by this batch.
    """

    outcome: Outcome
    recorded: int
    repeated: int
    differing: int
    alarms: tuple[Alarm, ...]


def record_readings(act: Act, batch: Batch) -> Recorded:
    """Record what is new in a batch, bring its unit up to date, and raise its alarms.

    Readings may be late, repeated or cut into other batches than before: the device's `seq` within
    one `boot_id` tells them apart.

    Raises: BadTerm, TooLarge, RuleViolation: see `intake.require_plausible`.
    """
    act.require("coldchain.record_readings", device=batch.device, container=batch.container)
    intake.require_plausible(batch, act.now)
    known, facts = tables.same_seqs(act.connection, batch)
    found = intake.sort_out(batch, known)
    alarms: tuple[Alarm, ...] = ()
    if found.fresh:
        act.append(
            ReadingsRecorded(batch.device, batch.container, batch.boot_id, found.fresh),
            subject=subject(batch),
            occurred_at=max(reading.at for reading in found.fresh),
        )
        alarms = announce(act, batch.container)
    if found.differing:
        alarms += _report(act, batch, found, facts)
    return Recorded(_outcome(found), len(found.fresh), found.repeated, len(found.differing), alarms)


def _outcome(found: Sorted) -> Outcome:
    if found.differing:
        return Outcome.CONFLICT
    return Outcome.RECORDED if found.fresh else Outcome.REPEATED


def _report(act: Act, batch: Batch, found: Sorted, recorded: tuple[int, ...]) -> tuple[Alarm, ...]:
    """Record the other version once, and raise one alarm for a unit until somebody takes it on."""
    digest = sha256(stored.pack(found.differing)).digest()
    key = f"{batch.device} {batch.boot_id} {digest.hex()}"
    if act.tx.earlier(ReadingConflict.TYPE, key, digest) is not None:
        return ()
    conflict = ReadingConflict(
        batch.device, batch.container, batch.boot_id, found.differing, recorded
    )
    act.tx.claim(ReadingConflict.TYPE, key, digest, act.append(conflict, subject=subject(batch)))
    unit = tables.find_unit(act.connection, batch.container)
    if unit is None or AlarmKind.READINGS_DIFFER in unit.standing:
        return ()
    first, last = found.differing[0].seq, found.differing[-1].seq
    alarm = advice.readings_differ(unit.state, batch.device, first, last, act.now)
    act.append(AlarmRaised.of(alarm), subject=subject(batch))
    return (alarm,)
