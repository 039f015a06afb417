"""One batch comes in and is followed at once: its sender gets the alarms with the answer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from clearway.coldchain import intake
from clearway.coldchain.actions.announce import announce
from clearway.coldchain.actions.receive_batches import Taken, receive_batches
from clearway.coldchain.facts import ReadingsFollowed, subject
from clearway.coldchain.model import Alarm, Batch
from clearway.coldchain.packing import Arrival
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
    reception = receive_batches(act, [Arrival(batch, act.now)])
    (taken,) = reception.taken
    alarms: tuple[Alarm, ...] = ()
    if reception.fact is not None:
        act.append(ReadingsFollowed((reception.fact,)), subject=subject(batch))
        alarms = announce(act, batch.container)
    return Recorded(
        _outcome(taken), taken.recorded, taken.repeated, taken.differing, alarms + taken.alarms
    )


def _outcome(taken: Taken) -> Outcome:
    if taken.differing:
        return Outcome.CONFLICT
    return Outcome.RECORDED if taken.recorded else Outcome.REPEATED
