"""What passes between two nodes: a partner, a batch, its signed head, an acknowledgement.

A batch speaks of every place of a stretch of the giver's log: delivered, withheld by rule, or
erased. So a gap cannot hide: whoever lies about a place has signed the lie.
"""

from __future__ import annotations

from dataclasses import dataclass

from clearway.connectors.peer.span import NOTHING, Edge, Run
from clearway.identity.entitlement import Entitlement
from clearway.ledger.checkpoint import Checkpoint
from clearway.ledger.note import Verifier
from clearway.ledger.sealed import PublicKey

# What one batch may hold. A taker refuses more before any cryptography.
MOST_FACTS = 1_024
MOST_RUNS = 4_096
MOST_HASHES = 131_072
MOST_CONTENT = 16 * 1024 * 1024
MOST_BATCH = 24 * 1024 * 1024
MOST_NOTE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Partner:
    """The other node, as the exchange needs it.

    Args:
        id: of the agency, the same on every node (`identity.agencies.id_of`).
        origin: of its log.
        verifiers: keys that may sign its checkpoints, heads and acknowledgements now.
        fingerprints: SHA-256 (hex) of the TLS certificates that it may use now; two in a rotation.
        recipient: the key that is sealed to for it; None: nothing can be.
        url: of its exchange door; empty: we do not pull from it.
        entitlements: what it may receive from us.
    """

    id: str
    origin: str
    verifiers: tuple[Verifier, ...]
    fingerprints: tuple[str, ...]
    recipient: PublicKey | None
    url: str
    entitlements: tuple[Entitlement, ...]


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far we have come in a partner's log.

    Args:
        edge: of all places settled; `edge.size` is the next place.
        note: the newest checkpoint of the partner that we verified; empty: none yet.
    """

    edge: Edge = NOTHING
    note: str = ""

    @property
    def place(self) -> int:
        """The next place wanted."""
        return self.edge.size


@dataclass(frozen=True, slots=True)
class Head:
    """What the giver signs of a batch.

    Args:
        origin: of the giver's log.
        taker: origin of the log for which it was made.
        first: the first place.
        runs: of every place from there on.
        size, root: of the checkpoint under which it all stands.
        rules: SHA-256 of the entitlements that judged it.
        content: SHA-256 of the sealed content.
    """

    origin: str
    taker: str
    first: int
    runs: tuple[Run, ...]
    size: int
    root: bytes
    rules: bytes
    content: bytes

    @property
    def end(self) -> int:
        """The place behind the stretch."""
        return self.first + sum(run.count for run in self.runs)


@dataclass(frozen=True, slots=True)
class Item:
    """One delivered fact, as it stands inside the seal.

    Args:
        seq: its place.
        envelope: exact text of the whole fact (`ledger.commitment`), with its `salt`; or
        opened: a disclosure of some fields (`ledger.disclosure`) without path and checkpoint,
            which the batch has; the other is empty.
    """

    seq: int
    envelope: bytes
    salt: bytes
    opened: bytes = b""


@dataclass(frozen=True, slots=True)
class Batch:
    """A stretch of the giver's log, as it travels.

    Args:
        head: signed note of a `Head`.
        checkpoint: signed note of the giver's log, with cosignatures if there are any.
        consistency: proof from the taker's last checkpoint to this one (RFC 9162, 2.1.4.1).
        proof: hashes of what is not delivered (`span.prove`).
        sealed: the items, encrypted for the taker alone; empty: none.
    """

    head: str
    checkpoint: str
    consistency: tuple[bytes, ...]
    proof: tuple[bytes, ...]
    sealed: bytes


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """The taker's word, signed by its log's key, that it keeps everything up to a place.

    Args:
        origin: of the giver's log; taker: of the log that speaks.
        size: places settled. root: of the tree of these leaves, as the taker computed it.
    """

    origin: str
    taker: str
    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class Delivered:
    """One fact of a verified batch.

    Args:
        item: as opened.
        leaf_hash: of its place.
    """

    item: Item
    leaf_hash: bytes


@dataclass(frozen=True, slots=True)
class Verified:
    """What a batch proves; only this may be relied upon.

    Args:
        head: what the giver signed of it.
        checkpoint: the giver's, consistent with the one before.
        is_cosigned: whether as many witnesses cosigned it as the taker's policy asks for.
        facts: in the order of their places.
        before, after: the cursor.
        batch: as it came, for evidence.
    """

    head: Head
    checkpoint: Checkpoint
    is_cosigned: bool
    facts: tuple[Delivered, ...]
    before: Cursor
    after: Cursor
    batch: Batch


@dataclass(frozen=True, slots=True)
class Cosigned:
    """A checkpoint that satisfies the taker's policy, shown to be of the history that it took.

    Args:
        size: all places before it are cosigned by it.
        note: with its cosignatures.
    """

    size: int
    note: str


@dataclass(frozen=True, slots=True)
class Fork:
    """Two signed statements of one log that cannot both be true.

    Args:
        reason: what does not fit, a sentence.
        held: the checkpoint that we hold. shown: the one that came. proof: that came with it.
        is_conclusive: the two notes alone prove it to anybody (one size, two roots).
    """

    reason: str
    held: str
    shown: str
    proof: tuple[bytes, ...] = ()
    is_conclusive: bool = False
