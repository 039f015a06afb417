"""What a taker demands of a batch before a byte of it counts: pure, bytes in, values out.

In this order, cheapest first: the head's signature and its terms, the digest of the content, the
checkpoint's signature, its consistency with the last one, the content itself, and the one proof
that leads from all places settled before to the signed root.

A checkpoint that is signed and does not fit the last one is no mistake of the link: `judge` returns
a `Fork` with both, and nothing more is taken from that partner.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from hashlib import sha256

from clearway.connectors.peer import span
from clearway.connectors.peer.formats import batch as batches
from clearway.connectors.peer.formats import head as heads
from clearway.connectors.peer.model import (
    Batch,
    Cosigned,
    Cursor,
    Delivered,
    Fork,
    Head,
    Item,
    Partner,
    Verified,
)
from clearway.connectors.peer.span import Kind
from clearway.errors import VerificationError
from clearway.ledger import checkpoint as checkpoints
from clearway.ledger import commitment, disclosure, proofs
from clearway.ledger.checkpoint import Checkpoint
from clearway.ledger.disclosure import Disclosure
from clearway.ledger.merkle import hash_leaf
from clearway.ledger.note import open_note
from clearway.ledger.quorum import Quorum

Unseal = Callable[[bytes, bytes], bytes]


def context(origin: str, taker: str, first: int, size: int) -> bytes:
    """Return what the seal is bound to: it opens for no other batch."""
    return f"{heads.BATCH}\n{origin}\n{taker}\n{first}\n{size}\n".encode()


def judge(
    batch: Batch,
    partner: Partner,
    taker: str,
    cursor: Cursor,
    unseal: Unseal,
    *,
    quorum: Quorum | None = None,
) -> Verified | Fork:
    """Return what a batch proves.

    Args:
        taker: origin of our own log.
        cursor: how far we have come.
        unseal: opens the content, given it and its `context`.
        quorum: policy that asks for cosignatures of the checkpoint. What does not satisfy it is
            taken all the same, but is not `is_cosigned`. None: nothing is asked for.

    Raises: VerificationError: naming what does not hold. MalformedMessage, TooLarge: the content.
    """
    head = open_head(batch, partner, taker)
    if head.first != cursor.place:
        raise VerificationError(f"The batch begins at {head.first}; wanted is {cursor.place}")
    shown = _checkpoint(batch.checkpoint, partner)
    if (shown.size, shown.root) != (head.size, head.root):
        raise VerificationError("The head of the batch names another checkpoint than it carries")
    fork = compare(cursor.note, batch, shown, partner)
    if fork is not None:
        return fork
    facts = _facts(batch, head, unseal)
    leaves = [fact.leaf_hash for fact in facts]
    edge, root = span.verify(cursor.edge, head.runs, leaves, batch.proof, head.size)
    if root != head.root:
        raise VerificationError(
            f"The facts from {head.first} on do not lead to the root of {head.size} that "
            f"{head.origin!r} signed"
        )
    after = replace(cursor, edge=edge, note=batch.checkpoint)
    is_cosigned = quorum is None or quorum.judge(batch.checkpoint).satisfied
    return Verified(head, shown, is_cosigned, facts, cursor, after, batch)


def judge_cosigned(
    note: str, proof: Sequence[bytes], partner: Partner, cursor: Cursor, quorum: Quorum
) -> Cosigned | Fork | None:
    """Return what a checkpoint says that came later than the facts under it.

    Args:
        note: of a checkpoint not larger than the one that we hold.
        proof: consistency from it to the one that we hold; empty: it is of that size.

    Returns: None where it does not satisfy the policy.

    Raises: VerificationError: it is not of this partner, or larger than what we hold.
    """
    shown, last = _checkpoint(note, partner), _checkpoint(cursor.note, partner)
    if not quorum.judge(note).satisfied:
        return None
    if not 0 < shown.size <= last.size:
        raise VerificationError(
            f"The checkpoint of {shown.size} facts is not of the {last.size} held"
        )
    try:
        proofs.verify_consistency(shown.size, last.size, proof, shown.root, last.root)
    except VerificationError as error:
        reason = f"Cosigned at {shown.size}, not shown to be of the history of {last.size}"
        is_one_size = shown.size == last.size and shown.root != last.root
        fork = Fork(f"{reason}: {error.detail}", cursor.note, note, tuple(proof))
        return replace(fork, proof=(), is_conclusive=True) if is_one_size else fork
    return Cosigned(shown.size, note)


def open_head(batch: Batch, partner: Partner, taker: str) -> Head:
    """Return the signed head. Raises: VerificationError: not the partner's, not for us."""
    head = heads.read_head(heads.open_signed(batch.head, partner.verifiers, partner.origin))
    if (head.origin, head.taker) != (partner.origin, taker):
        raise VerificationError(
            f"The batch is of {head.origin!r} for {head.taker!r}, not of {partner.origin!r} for "
            f"{taker!r}"
        )
    if sha256(batch.sealed).digest() != head.content:
        raise VerificationError("The content of the batch is not the one that its head names")
    return head


def compare(held: str, batch: Batch, shown: Checkpoint, partner: Partner) -> Fork | None:
    """Return the fork that a signed checkpoint shows against the one we hold, or None.

    Args:
        held: note verified before; empty: none.
    """
    if not held:
        return None
    last = _checkpoint(held, partner)
    fork = Fork("", held, batch.checkpoint, batch.consistency)
    if shown.size < last.size:
        return replace(fork, reason=f"The log shrank from {last.size} to {shown.size} facts")
    if shown.size == last.size:
        if shown.root == last.root:
            return None
        reason = f"Two roots are signed for {shown.size} facts"
        return replace(fork, reason=reason, proof=(), is_conclusive=True)
    try:
        proofs.verify_consistency(last.size, shown.size, batch.consistency, last.root, shown.root)
    except VerificationError as error:
        return replace(fork, reason=f"Not shown to have grown from {last.size}: {error.detail}")
    return None


def _checkpoint(note: str, partner: Partner) -> Checkpoint:
    opened = open_note(note, partner.verifiers)
    found = checkpoints.parse(opened.text)
    if found.origin != partner.origin or partner.origin not in opened.names:
        raise VerificationError(
            f"The checkpoint of {found.origin!r} is not one that {partner.origin!r} signed"
        )
    return found


def _facts(batch: Batch, head: Head, unseal: Unseal) -> tuple[Delivered, ...]:
    items: Sequence[Item] = ()
    if batch.sealed:
        about = context(head.origin, head.taker, head.first, head.size)
        items = batches.parse_items(unseal(batch.sealed, about))
    wanted = [
        place
        for kind, first, end in span.places(head.first, head.runs)
        if kind is Kind.DELIVERED
        for place in range(first, min(end, first + len(items) + 1))
    ]
    if [item.seq for item in items] != wanted:
        raise VerificationError("The sealed facts are not those of the places that the head names")
    return tuple(Delivered(item, leaf_hash(item)) for item in items)


def leaf_hash(item: Item) -> bytes:
    """Return the leaf hash of a delivered fact.

    Raises: VerificationError, MalformedMessage: its content is not in form.
    """
    if item.opened:
        return disclosure.leaf_of(opened_fields(item))
    commitment.read_envelope(item.envelope, item.seq)  # one form only, or a repeat could differ
    return hash_leaf(commitment.entry(commitment.commit(item.envelope, item.salt)))


def opened_fields(item: Item) -> Disclosure:
    """Return the fields that came of a fact.

    Raises: MalformedMessage: no disclosure. VerificationError: of another fact, or in no one form.
    """
    told = disclosure.parse(item.opened)
    if (told.index, told.path, told.note) != (item.seq, (), "") or item.envelope or item.salt:
        raise VerificationError(f"What came of fact {item.seq} is not its opened fields alone")
    if told.marshal() != item.opened:
        raise VerificationError(f"The fields of fact {item.seq} are not in their one form")
    disclosure.shown_by(told)
    return told
