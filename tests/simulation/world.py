"""A world: one agency's log (that may fork), three witnesses, a bad network and bad disks.

Everything that happens is drawn from one seed. The code that acts is the real one: `Log`, `stored`,
`witness`, `witnessed`, `cosigned`, `verify`. What must hold, whatever happens:

1. what was acknowledged is there after every power cut;
2. no witness signs two roots of one size, nor both branches of a fork;
3. of two branches of a fork never both get k cosignatures, and somebody notices the fork;
4. a database that rotted or was rolled back is noticed: on opening, by the audit, by a witness,
   or by whoever holds a receipt.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from clearway.errors import VerificationError
from clearway.ledger import checkpoint, cosigned, witnessed
from clearway.ledger.cosignature import Cosigner
from clearway.ledger.fact import Fact
from clearway.ledger.log import Log
from clearway.ledger.note import Signer, split_note
from clearway.ledger.verify import verify_store
from clearway.ledger.witness import (
    Accepted,
    Refusal,
    State,
    add_checkpoint,
    parse_request,
    request_of,
)

from .disk import PowerCut, Store

ORIGIN = "customs.example/border"
SIGNER = Signer.from_seed(ORIGIN, bytes(range(32)))
WITNESSES, QUORUM = 3, 2  # any two quorums share a witness
COSIGNERS = [
    Cosigner.from_seed(f"witness-{n}.example", bytes([n + 1] * 32)) for n in range(WITNESSES)
]
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
CUT = 0.15
STEPS = 22


class Violation(AssertionError):
    """Something that must hold does not."""


@dataclass(frozen=True, slots=True)
class Flaws:
    """Positive controls: builds that must be caught."""

    ignores_sync: bool = False
    signs_before_saving: bool = False
    trusts_every_checkpoint: bool = False
    acknowledges_before_commit: bool = False


@dataclass(slots=True)
class Message:
    """On its way: a request to a witness, or its answer (`line`, or `size` with 409)."""

    branch: int
    witness: int
    request: bytes
    answer: Accepted | Refusal | None = None
    line: str = ""


@dataclass(slots=True)
class Branch:
    """One history that the log's operator shows; an honest log has one."""

    store: Store
    log: Log
    born: int = 0
    fed: list[int] = field(default_factory=lambda: [0] * WITNESSES)
    cosigned: defaultdict[int, set[int]] = field(default_factory=lambda: defaultdict(set))


class World:
    """One run.

    Args:
        stores: for two branches and the witnesses; reused from world to world.
        image: an empty database, or one with facts that end beside a tile's edge.
    """

    def __init__(
        self, seed: int, stores: list[Store], images: tuple[bytes, bytes], flaws: Flaws
    ) -> None:
        self.chance = random.Random(seed)
        self._flaws = flaws
        syncs = not flaws.ignores_sync
        empty, filled = images
        first = filled if self.chance.random() < 0.3 else empty
        for place, store in enumerate(stores):
            store.begin(self.chance, first if place < 2 else empty, syncs=syncs)
        self._spare = stores[1]
        self._witnesses = stores[2:]
        log = Log.open(stores[0].connection, ORIGIN, SIGNER)
        self._branches = [Branch(stores[0], log)]
        self._network: list[Message] = []
        self._signed: dict[tuple[int, int], bytes] = {}
        self._shown: list[set[int]] = [set() for _ in range(WITNESSES)]
        self._leaves: dict[int, bytes] = {}
        self._kept_note = ""
        self._old_disks: list[tuple[int, bytes]] = []
        self.noticed: Counter[str] = Counter()
        self._is_honest = True
        self._step = 0

    def run(self) -> None:
        """Let things happen, then let the network work and see that all was noticed."""
        happenings = (self._append, self._append, self._feed, self._feed, self._deliver,
                      self._deliver, self._deliver, self._deliver, self._crash, self._crash_witness,
                      self._misbehave)  # fmt: skip
        for self._step in range(STEPS):
            self.chance.choice(happenings)()
        self._settle()

    # what happens

    def _append(self) -> None:
        branch = self.chance.choice(self._branches)
        log, first = branch.log, branch.log.size
        at = NOON + timedelta(seconds=self._step)
        facts = [
            Fact(seq, "parcel.weighed/1", f"parcel:{seq}", "customs", "officer:5", at, at,
                 b'{"kg":%d}' % self.chance.getrandbits(30))
            for seq in range(first, first + self.chance.choice((1, 1, 2, 3, 9)))
        ]  # fmt: skip
        batch = log.prepare(facts, [self.chance.randbytes(32) for _ in facts])
        acknowledges = self._is_honest and branch is self._branches[0]
        if self._flaws.acknowledges_before_commit and acknowledges:
            self._acknowledge(first, batch.leaf_hashes, batch.state.note)
        log.write(branch.store.connection, batch)
        try:
            branch.store.commit(CUT)
        except PowerCut:
            self._restart(branch)
            return
        log.accept(batch)
        if acknowledges:
            self._acknowledge(first, batch.leaf_hashes, log.note)
            self._old_disks.append((log.size, bytes(branch.store.disk.durable)))

    def _acknowledge(self, first: int, leaves: Sequence[bytes], note: str) -> None:
        self._leaves.update(enumerate(leaves, first))
        self._kept_note = note

    def _feed(self) -> None:
        number = self.chance.randrange(len(self._branches))
        self._send(number, self.chance.randrange(WITNESSES))

    def _send(self, number: int, witness: int) -> None:
        branch = self._branches[number]
        old, size = branch.fed[witness], branch.log.size
        if old > size:
            self.noticed["witness"] += 1  # it cosigned more than we have: we were rolled back
            return
        if size == 0:
            return
        proof = branch.log.consistency(branch.store.connection, old) if old else []
        request = request_of(old, proof, branch.log.note).marshal()
        self._network.append(Message(number, witness, request))

    def _deliver(self) -> None:
        """Take any message, so that they overtake each other; lose some, double some."""
        if not self._network:
            return
        place = self.chance.randrange(len(self._network))
        fate = self.chance.random()
        message = self._network[place] if fate < 0.1 else self._network.pop(place)
        if fate > 0.9:
            return
        if message.answer is None:
            self._ask_witness(message)
        else:
            self._hear(message)

    def _ask_witness(self, message: Message) -> None:
        store, number = self._witnesses[message.witness], message.witness
        held = witnessed.find_held(store.connection, ORIGIN)
        request = parse_request(message.request)
        answer = add_checkpoint(held and held.state, [SIGNER.verifier], request)
        if self._flaws.trusts_every_checkpoint:
            head = request.checkpoint
            state = State(head.origin, head.size, head.root)
            answer = Accepted(state, head.marshal(), request.note)
        line = ""
        if isinstance(answer, Accepted):
            at = NOON + timedelta(seconds=self._step)
            line = COSIGNERS[number].cosign(answer.text, at)
            witnessed.keep(store.connection, answer, (line,), at)
            if self._flaws.signs_before_saving:
                self._emit(message, answer, line)
            try:
                store.commit(CUT)
            except PowerCut:
                store.recover()
                return
            if self._flaws.signs_before_saving:
                return
        else:
            store.connection.rollback()
        self._emit(message, answer, line)

    def _emit(self, message: Message, answer: Accepted | Refusal, line: str) -> None:
        if isinstance(answer, Accepted):
            place = message.witness, answer.state.size
            if self._signed.setdefault(place, answer.state.root) != answer.state.root:
                raise Violation(f"witness {place[0]} signed two roots of {place[1]} entries")
            if answer.state.size > self._branches[0].born and len(self._branches) == 2:
                shown = self._shown[message.witness]
                shown.add(message.branch)
                if len(shown) == 2:
                    raise Violation(f"witness {message.witness} signed both branches of a fork")
        self._network.append(
            Message(message.branch, message.witness, message.request, answer, line)
        )

    def _hear(self, message: Message) -> None:
        if message.branch >= len(self._branches):
            return
        branch, answer, witness = self._branches[message.branch], message.answer, message.witness
        if isinstance(answer, Refusal):
            if answer.status == 422 or answer.fork_at is not None:
                self.noticed["witness"] += 1
            elif answer.size is not None:
                branch.fed[witness] = answer.size
            return
        note = parse_request(message.request).note
        verifier = COSIGNERS[witness].verifier
        (line,) = cosigned.read_answer(message.line.encode(), note, [verifier])
        assert line.name == verifier.name
        size = checkpoint.parse(split_note(note)[0]).size
        branch.fed[witness] = max(branch.fed[witness], size)
        branch.cosigned[size].add(witness)
        self._require_one_history()

    def _crash(self) -> None:
        self._restart(self.chance.choice(self._branches))

    def _crash_witness(self) -> None:
        self.chance.choice(self._witnesses).recover()

    def _misbehave(self) -> None:
        """Once in a while, and once only: the operator forks, a disk rots or goes back in time."""
        if self._step < 4 or not self._is_honest:
            return
        self.chance.choice((self._fork, self._roll_back, self._rot, self._rest, self._rest))()

    def _rest(self) -> None:
        pass

    def _fork(self) -> None:
        only, spare = self._branches[0], self._spare
        self._is_honest = False
        spare.begin(self.chance, only.store.image, syncs=not self._flaws.ignores_sync)
        copy = Log.open(spare.connection, ORIGIN, SIGNER)
        self._branches.append(Branch(spare, copy, copy.size, list(only.fed)))
        only.born = copy.size

    def _roll_back(self) -> None:
        branch = self._branches[0]
        # What was never acknowledged may go: nobody has seen it.
        older = [disk for size, disk in self._old_disks if size < max(self._leaves, default=-1) + 1]
        if not older:
            return
        self._is_honest = False
        branch.store.disk.durable = bytearray(self.chance.choice(older))
        branch.store.recover()
        branch.log = Log.open(branch.store.connection, ORIGIN, SIGNER)
        self._audit_sees(branch, "rolled back")

    def _rot(self) -> None:
        branch = self._branches[0]
        whole = branch.store.rows("fact", "tile", "checkpoint")
        branch.store.recover(rot=True)
        try:
            branch.log = Log.open(branch.store.connection, ORIGIN, SIGNER)
            is_same = branch.store.rows("fact", "tile", "checkpoint") == whole
        except (VerificationError, DatabaseError, UnicodeError):
            # Opening or the first reader is refused. SQLite may then read a page of its own
            # bookkeeping as whole again, so a second reader proves nothing.
            self.noticed["opening"] += 1
        else:
            if not is_same:  # else the bit that turned was one that nobody uses
                self._audit_sees(branch, "rotten")
        branch.store.connection.rollback()
        self._restart(branch)  # the bit is mended from a backup, so that the world goes on

    def _audit_sees(self, branch: Branch, what: str) -> None:
        connection, known = branch.store.connection, [SIGNER.verifier]
        if not verify_store(connection, ORIGIN, known).holds:
            self.noticed["audit"] += 1
            return
        if verify_store(connection, ORIGIN, known, outside=[self._kept_note]).holds:
            raise Violation(f"a log that was {what} passed for whole")
        self.noticed["receipt holder"] += 1

    def _restart(self, branch: Branch) -> None:
        branch.store.recover()
        try:
            branch.log = Log.open(branch.store.connection, ORIGIN, SIGNER)
        except VerificationError as error:
            raise Violation(f"after a power cut the log does not open: {error}") from error
        if self._is_honest:
            query = text("SELECT seq, leaf_hash FROM fact")
            stored = {row.seq: row.leaf_hash for row in branch.store.connection.execute(query)}
            if not self._leaves.items() <= stored.items():
                raise Violation(f"acknowledged entries are lost: {len(stored)} are left")

    # what must hold

    def _require_one_history(self) -> None:
        full = [
            [s for s, by in branch.cosigned.items() if s > branch.born and len(by) >= QUORUM]
            for branch in self._branches
        ]
        if len(full) == 2 and all(full):
            raise Violation(f"both branches of a fork have {QUORUM} cosignatures: {full}")

    def _settle(self) -> None:
        """Deliver everything, feed everybody twice, and see whether a fork was noticed."""
        for _ in range(3):
            for number in range(len(self._branches)):
                for witness in range(WITNESSES):
                    self._send(number, witness)
            while self._network:
                message = self._network.pop(0)
                (self._ask_witness if message.answer is None else self._hear)(message)
        forked = len(self._branches) == 2 and all(b.log.size > b.born for b in self._branches)
        if forked and not self.noticed:
            raise Violation("nobody noticed a fork")
