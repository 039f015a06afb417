"""The giver's side: one batch of our log for one partner, and its acknowledgement.

Nothing is kept for a partner: no outbox, no queue. Where it stands, it says; what it may have, its
entitlements say; the log is what there is to give.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from sqlalchemy import Connection

from clearway.connectors.peer import span
from clearway.connectors.peer.formats import batch as batches
from clearway.connectors.peer.formats import head as heads
from clearway.connectors.peer.model import (
    MOST_CONTENT,
    MOST_FACTS,
    MOST_RUNS,
    Acknowledgement,
    Batch,
    Head,
    Item,
    Partner,
)
from clearway.connectors.peer.rules import context
from clearway.errors import BadTerm, Refused, VerificationError
from clearway.identity import entitlement
from clearway.identity.entitlement import Entitlement, Opening
from clearway.ledger import checkpoint as checkpoints
from clearway.ledger import commitment, disclosure
from clearway.ledger.fact import BY_FIELD, Fact
from clearway.ledger.log import Log
from clearway.ledger.note import Signer
from clearway.ledger.proofs import verify_consistency
from clearway.ledger.sealed import PublicKey
from clearway.ledger.statement import Rows, run
from clearway.ledger.tables import fact as fact_table

Seal = Callable[[bytes, bytes], bytes]
# One sweep looks at so many places, so that a partner of few facts does not read the whole log.
_WINDOW = 4_096
_MOST_WINDOWS = 64

_rows = Rows(fact_table)


@dataclass(slots=True)
class _Stretch:
    """What a sweep has found so far."""

    first: int
    end: int
    items: list[Item] = field(default_factory=list)
    erased: list[int] = field(default_factory=list)
    content: int = 0
    is_full: bool = False


def batch_for(
    connection: Connection,
    log: Log,
    signer: Signer,
    partner: Partner,
    seal: Seal,
    *,
    first: int,
    known: int,
    limit: int = MOST_FACTS,
    note: str | None = None,
) -> Batch | None:
    """Return what a partner may have from place `first` on, None when there is no place yet.

    Args:
        seal: encrypts content for the partner alone, bound to a context.
        known: size of our last checkpoint that it verified; 0: none.
        limit: most facts.
        note: our checkpoint, with cosignatures; without it, the newest.

    Raises: BadTerm: `first` or `known` is beyond our log: the asker took another log for ours, or
    ours was rolled back.
    """
    signed = note or log.note
    head = checkpoints.parse(signed.rpartition("\n\n")[0] + "\n")
    if first > head.size or known > head.size:
        raise BadTerm(
            "after", first, f"this log has {head.size} facts; compare its checkpoints first"
        )
    if first == head.size:
        return None
    rules = partner.entitlements
    found = _sweep(connection, rules, first, head.size, min(limit, MOST_FACTS))
    runs = span.runs_of(first, found.end, [item.seq for item in found.items], found.erased)
    sealed = b""
    if found.items:
        about = context(log.origin, partner.origin, first, head.size)
        sealed = seal(batches.emit_items(found.items), about)
    stated = Head(
        log.origin,
        partner.origin,
        first,
        tuple(runs),
        head.size,
        head.root,
        entitlement.digest(rules),
        sha256(sealed).digest(),
    )
    return Batch(
        signer.sign(heads.write_head(stated)),
        signed,
        tuple(log.consistency(connection, known, head.size)) if known > 0 else (),
        tuple(span.prove(first, runs, head.size, log.node_at(connection))),
        sealed,
    )


def acknowledged(connection: Connection, log: Log, partner: Partner, note: str) -> Acknowledgement:
    """Return a partner's word on how far it keeps our log, once it fits our own history.

    Raises: VerificationError: not signed by it, not about our log, or its root is not ours: one of
    us two has seen another history.
    """
    text = heads.open_signed(note, partner.verifiers, partner.origin)
    said = heads.read_acknowledgement(text)
    if (said.origin, said.taker) != (log.origin, partner.origin):
        raise VerificationError(f"This acknowledges {said.origin!r} to {said.taker!r}, not ours")
    ours = checkpoints.parse(log.note.rpartition("\n\n")[0] + "\n")
    if not 0 < said.size <= ours.size:
        raise VerificationError(f"Place {said.size} is not in this log of {ours.size}")
    path = log.consistency(connection, said.size, ours.size)
    verify_consistency(said.size, ours.size, path, said.root, ours.root)
    return said


def has_news(rules: Sequence[Entitlement], facts: Sequence[Fact]) -> bool:
    """Return whether a partner may have one of these facts: then it need not wait longer."""
    return any(entitlement.judge(rules, fact) is not None for fact in facts)


def require_part(partner: Partner) -> PublicKey:
    """Return the key to seal to. Raises: Refused: nothing can be sealed for it."""
    if partner.recipient is None:
        raise Refused(f"No key is known to seal for {partner.origin}; its card must bear one")
    return partner.recipient


def _sweep(
    connection: Connection, rules: Sequence[Entitlement], first: int, size: int, limit: int
) -> _Stretch:
    """Return what may be given from `first` on, up to a limit of facts, bytes, runs or places."""
    stretch = _Stretch(first, first)
    for _ in range(_MOST_WINDOWS):
        end = min(stretch.end + _WINDOW, size)
        for fact, salt, leaf_hash in _read(connection, rules, stretch.end, end):
            _take(stretch, rules, fact, salt, leaf_hash)
            if len(stretch.items) >= limit or stretch.is_full:
                break
        else:
            stretch.end = end
            if end == size:
                break
            continue
        break
    return stretch


def _take(
    stretch: _Stretch, rules: Sequence[Entitlement], fact: Fact, salt: bytes, leaf_hash: bytes
) -> None:
    """Add one place, unless the batch has no room for it: then it is full before it."""
    marks = len(stretch.items) + len(stretch.erased)
    if 2 * marks + 3 > MOST_RUNS:
        stretch.is_full = True
        return
    if not salt:
        stretch.erased.append(fact.seq)
    else:
        opening = entitlement.judge(rules, fact)
        item = None if opening is None else _item(fact, salt, opening)
        if item is not None:
            size = len(item.envelope) + len(item.opened)
            if stretch.items and stretch.content + size > MOST_CONTENT // 2:
                stretch.is_full = True
                return
            stretch.content += size + 128
            stretch.items.append(item)
    stretch.end = fact.seq + 1


def _item(fact: Fact, salt: bytes, opening: Opening) -> Item | None:
    """Return what is opened of a fact; None where nothing of it can be.

    A fact that is committed to as a whole can only be shown whole, and so is a field that lies in
    another one: what the rules do not open is never shown with what they do.
    """
    if not opening.fields:
        return Item(fact.seq, commitment.envelope(fact), salt)
    if fact.form != BY_FIELD:
        return None
    names = commitment.fields_of(fact).names
    asked = [
        pointer
        for pointer in opening.pointers
        if any(name == pointer or name.startswith(f"{pointer}/") for name in names)
    ]
    if not asked:
        return None
    told = disclosure.disclose(fact, salt, asked, (), "")
    return Item(fact.seq, b"", b"", told.marshal())


def _read(
    connection: Connection, rules: Sequence[Entitlement], first: int, end: int
) -> Iterator[tuple[Fact, bytes, bytes]]:
    """Yield the facts of [first, end) of which a rule speaks, with salt and leaf hash."""
    if not rules:
        return
    patterns = [rule.type for rule in rules]
    exact = [pattern for pattern in patterns if not pattern.endswith(".*")]
    nouns = [pattern[:-1] for pattern in patterns if pattern.endswith(".*")]
    conditions = ["type = ?"] * len(exact) + ["(type >= ? AND type < ?)"] * len(nouns)
    bounds = [bound for noun in nouns for bound in (noun, noun[:-1] + "/")]
    rows = run(
        connection,
        f"{_rows.select} WHERE seq >= ? AND seq < ? AND ({' OR '.join(conditions)}) ORDER BY seq",
        (first, end, *exact, *bounds),
    )
    for row in rows:
        values = _rows.read(row)
        salt, leaf_hash = values.pop("salt"), values.pop("leaf_hash")
        values["body"] = bytes(values["body"])
        yield Fact(**values), bytes(salt), bytes(leaf_hash)
