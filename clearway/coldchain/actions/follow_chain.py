"""A signed batch is held against the chain of its device before its readings count."""

from __future__ import annotations

from clearway.coldchain import advice, tables
from clearway.coldchain.chain import TAMPERED, Break, ChainFinding
from clearway.coldchain.facts import AlarmRaised, subject
from clearway.coldchain.facts_chain import ChainBroken
from clearway.coldchain.links import LinkDesk
from clearway.coldchain.model import Alarm, AlarmKind
from clearway.coldchain.packing import Arrival
from clearway.policy.act import Act

_KEPT = frozenset({*TAMPERED, Break.UNLINKED, Break.SKIPPED})
"""What becomes a fact. A missing batch is seen in the table of links until it comes."""


def follow_chain(act: Act, desk: LinkDesk, arrival: Arrival) -> tuple[Alarm, ...] | None:
    """Return None when the batch may count, else the alarms that it raised: it was tampered with.

    What does not fit is recorded once, with the signed message as its proof.

    Args:
        desk: of the batches that come together.
        arrival: with the proof that its signature holds; without one it may count.
    """
    if arrival.proof is None:
        return None
    findings = desk.follow(arrival.batch.device, arrival.proof)
    for found in findings:
        if found.kind in _KEPT:
            _record(act, arrival, found)
    if not any(found.kind in TAMPERED for found in findings):
        return None
    return _alarm(act, arrival)


def _record(act: Act, arrival: Arrival, found: ChainFinding) -> None:
    batch, link = arrival.batch, found.link
    key = f"{found.kind} {link.digest.hex()}"
    if act.tx.earlier(ChainBroken.TYPE, key, link.digest) is not None:
        return
    body = ChainBroken(
        batch.device,
        batch.container,
        batch.boot_id,
        link.first_seq,
        link.last_seq,
        found.kind,
        b"" if found.other is None else found.other.digest,
        found.message,
        arrival.envelope,
    )
    fact = act.append(body, subject=subject(batch))
    act.tx.claim(ChainBroken.TYPE, key, link.digest, fact)


def _alarm(act: Act, arrival: Arrival) -> tuple[Alarm, ...]:
    """Raise one alarm for a unit until somebody takes it on."""
    batch = arrival.batch
    unit = tables.find_unit(act.connection, batch.container)
    if unit is None or AlarmKind.READINGS_DIFFER in unit.standing:
        return ()
    first, last = batch.readings[0].seq, batch.readings[-1].seq
    alarm = advice.readings_differ(unit.state, batch.device, first, last, act.now)
    act.append(AlarmRaised.of(alarm), subject=subject(batch))
    return (alarm,)
