"""Batches of one or many devices come in together: what is new becomes one fact."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple

from clearway.coldchain import advice, tables
from clearway.coldchain.actions.follow_chain import follow_chain
from clearway.coldchain.facts import AlarmRaised, ReadingConflict, ReadingsReceived, subject
from clearway.coldchain.links import LinkDesk
from clearway.coldchain.model import Alarm, AlarmKind
from clearway.coldchain.packing import Arrival, pack, pack_group
from clearway.coldchain.positions import Position
from clearway.coldchain.receiving import Desk, Found
from clearway.coldchain.sheets import Sheet, sheet_of
from clearway.ledger.columns import from_microseconds
from clearway.policy.act import Act


class Taken(NamedTuple):
    """What became of one batch.

    Args:
        recorded: readings that were new and are on record now.
        repeated: readings that were on record with the same values.
        differing: readings that are on record with other values; those stand. Of a signed batch
            that does not fit its device's chain: all of them.
        position: of the device's counter, after this batch.
        alarms: of differing readings; all others come when the readings are followed.
    """

    recorded: int
    repeated: int
    differing: int
    position: Position
    alarms: tuple[Alarm, ...] = ()


@dataclass(frozen=True, slots=True)
class Reception:
    """What became of batches that came together.

    Args:
        taken: of each batch, in their order.
        fact: place in the log of the fact that holds what was new; None when nothing was.
    """

    taken: tuple[Taken, ...]
    fact: int | None


def receive_batches(act: Act, arrivals: Sequence[Arrival]) -> Reception:
    """Record what is new in these batches; it waits to be followed (`follow_readings`).

    The batches were found plausible (`intake.require_plausible`) before. Policy is asked about each
    device by whoever brings them; here it is asked whether the actor may bring them all.
    """
    act.require("coldchain.record_readings", device=_one(one.batch.device for one in arrivals))
    desk, chains = Desk(act.connection, [one.batch for one in arrivals]), LinkDesk(act.connection)
    results = [_sort_out(act, desk, chains, arrival) for arrival in arrivals]
    # A signed message stays whole beside what is new of it.
    fresh = [
        Arrival(one.fresh, arrival.arrived_at, arrival.envelope)
        for arrival, one in zip(arrivals, results, strict=True)
        if type(one) is Found and one.fresh is not None
    ]
    fact = _record(act, fresh) if fresh else None
    pairs = zip(arrivals, results, strict=True)
    return Reception(tuple(_take(act, arrival, one) for arrival, one in pairs), fact)


def _sort_out(act: Act, desk: Desk, chains: LinkDesk, arrival: Arrival) -> Found | Taken:
    """Return a batch against what is on record; of one that was tampered with what became of it."""
    sheet = sheet_of(arrival.batch)
    broken = None if arrival.proof is None else follow_chain(act, chains, arrival)
    if broken is not None:
        return Taken(0, 0, len(sheet.seqs), desk.position(sheet), broken)
    return desk.sort_out(sheet)


def _take(act: Act, arrival: Arrival, found: Found | Taken) -> Taken:
    if isinstance(found, Taken):
        return found
    fresh = 0 if found.fresh is None else len(found.fresh.seqs)
    if not found.differing:
        return Taken(fresh, found.repeated, 0, found.position)
    alarms = _report(act, sheet_of(arrival.batch), found)
    return Taken(fresh, found.repeated, len(found.differing), found.position, alarms)


def _one(devices: Iterable[str]) -> str:
    """Return the device when there is but one."""
    names = set(devices)
    return names.pop() if len(names) == 1 else ""


def _record(act: Act, fresh: Sequence[Arrival]) -> int:
    sheets = [sheet_of(one.batch) for one in fresh]
    count = sum(len(sheet.seqs) for sheet in sheets)
    containers = {str(sheet.container) for sheet in sheets}
    fact = act.append(
        ReadingsReceived(len(fresh), count, pack_group(fresh)),
        subject=f"container:{containers.pop()}" if len(containers) == 1 else "containers:many",
        occurred_at=from_microseconds(max(max(sheet.instants) for sheet in sheets)),
    )
    return fact.seq


def _report(act: Act, batch: Sheet, found: Found) -> tuple[Alarm, ...]:
    """Record the other version once, and raise one alarm for a unit until somebody takes it on."""
    digest = sha256(pack(found.differing)).digest()
    key = f"{batch.device} {batch.boot_id} {digest.hex()}"
    if act.tx.earlier(ReadingConflict.TYPE, key, digest) is not None:
        return ()
    conflict = ReadingConflict(
        batch.device, batch.container, batch.boot_id, found.differing, found.facts
    )
    act.tx.claim(ReadingConflict.TYPE, key, digest, act.append(conflict, subject=subject(batch)))
    unit = tables.find_unit(act.connection, batch.container)
    if unit is None or AlarmKind.READINGS_DIFFER in unit.standing:
        return ()
    first, last = found.differing[0].seq, found.differing[-1].seq
    alarm = advice.readings_differ(unit.state, batch.device, first, last, act.now)
    act.append(AlarmRaised.of(alarm), subject=subject(batch))
    return (alarm,)
