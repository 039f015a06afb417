"""Keep a verified batch: its facts, the cursor and the evidence, all or nothing."""

from __future__ import annotations

import base64
import json

from clearway.connectors.peer import tables
from clearway.connectors.peer.facts import Conflicted, DoubleUsed, FactReceived, ForkFound
from clearway.connectors.peer.model import Delivered, Fork, Partner, Verified
from clearway.connectors.peer.rules import opened_fields
from clearway.connectors.peer.uses import Doubled
from clearway.errors import WrongState
from clearway.identity.actions.report_fork import report_fork
from clearway.ledger import commitment, disclosure
from clearway.ledger import fork as forks
from clearway.ledger.fact import BY_FIELD
from clearway.policy.act import Act

SUBJECT = "peer:"


def receive(act: Act, partner: Partner, verified: Verified) -> int | Conflicted:
    """Record a batch; return how many facts are new, or the alarm that other content came.

    Two takers at once, or a batch that came twice, change nothing: what is settled is compared.

    Raises: WrongState: it does not go on from where we stand; ask again from there.
    """
    act.require("agency.report")
    head = verified.head
    cursor = tables.read_cursor(act.connection, partner.origin)
    if head.end <= cursor.place:
        return _repeat(act, partner, verified)
    if cursor.edge != verified.before.edge:
        raise WrongState(
            f"The batch goes on from place {head.first} of {partner.origin}; we stand at "
            f"{cursor.place}",
            place=cursor.place,
        )
    for delivered in verified.facts:
        act.append(_received(partner, delivered), subject=f"{SUBJECT}{partner.id}")
    tables.keep_batch(act.connection, verified, act.now)
    return len(verified.facts)


def stop(act: Act, partner: Partner, fork: Fork, head: str) -> ForkFound:
    """Record a fork with its evidence; the exchange with that partner stands still from now on."""
    act.require("agency.report")
    found = ForkFound(
        partner.id,
        partner.origin,
        fork.reason,
        fork.held,
        fork.shown,
        tuple(_base64(hash_) for hash_ in fork.proof),
        head,
        fork.is_conclusive,
    )
    act.append(found, subject=f"{SUBJECT}{partner.id}")
    evidence = forks.of_heads(fork.held, fork.shown, fork.proof)
    if evidence is not None:
        report_fork(act, partner.id, evidence)
    return found


def report_double_use(act: Act, found: Doubled) -> None:
    """Record that one thing was used twice."""
    act.require("agency.report")
    first, second = found.first, found.second
    body = DoubleUsed(
        found.nullifier.hex(),
        first.origin,
        first.asked,
        first.answered,
        second.origin,
        second.asked,
        second.answered,
    )
    act.append(body, subject=f"use:{body.nullifier}")


def _repeat(act: Act, partner: Partner, verified: Verified) -> int | Conflicted:
    head = verified.head
    held = tables.leaf_hashes(act.connection, partner.origin, head.first, head.end)
    for delivered in verified.facts:
        known = held.get(delivered.item.seq)
        if known is not None and known != delivered.leaf_hash:
            alarm = Conflicted(
                partner.id,
                partner.origin,
                delivered.item.seq,
                _base64(known),
                _base64(delivered.leaf_hash),
            )
            act.append(alarm, subject=f"{SUBJECT}{partner.id}")
            return alarm
    return 0


def _received(partner: Partner, delivered: Delivered) -> FactReceived:
    item = delivered.item
    if item.opened:
        return _opened(partner, delivered)
    fact = commitment.read_envelope(item.envelope, item.seq)
    return FactReceived(
        partner.id,
        partner.origin,
        item.seq,
        _base64(delivered.leaf_hash),
        fact.type,
        fact.subject,
        fact.issuer,
        fact.actor,
        fact.occurred_at,
        fact.recorded_at,
        fact.body.decode(),
        fact.form,
        _base64(item.salt),
    )


def _opened(partner: Partner, delivered: Delivered) -> FactReceived:
    """Return what is recorded of a fact of which only fields came: nothing that was not proved."""
    item = delivered.item
    shown = disclosure.shown_by(opened_fields(item))
    return FactReceived(
        partner=partner.id,
        origin=partner.origin,
        seq=item.seq,
        leaf_hash=_base64(delivered.leaf_hash),
        type=str(json.loads(shown["type"])),
        subject="",
        issuer="",
        actor="",
        occurred_at=None,
        recorded_at=None,
        body="",
        form=BY_FIELD,
        salt="",
        opened=item.opened.decode(),
    )


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")
