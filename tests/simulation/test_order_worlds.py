"""Members that apply one order on bad disks: they agree, and nothing is used twice.

Which transactions stand in which block is given (that is the consensus engine's work); members get
the blocks late, twice, and again after a crash. The code that acts is the order's own, over SQL.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator

import pytest
from sqlalchemy import text

from clearway.ledger.order import local
from clearway.ledger.order import stored as order_stored
from clearway.ledger.order.encoding import BatchSigner, decode
from clearway.ledger.order.model import Agency, Item, QuotaOpening, Use, UseBatch

from .disk import PowerCut, Store, empty_image

ORDER = "trade.example"
MEMBERS = 3
WORLDS = 400
MOST_TO_CATCH = 60
SIGNERS = [BatchSigner(ORDER, f"agency-{n}", bytes([n + 1] * 32)) for n in range(MEMBERS)]
AGENCIES = tuple(Agency(signer.agency, signer.public_key) for signer in SIGNERS)
THINGS = [bytes([n]) * 32 for n in range(12)]
QUOTA = b"\xaa" * 32


class Violation(AssertionError):
    """Something that must hold does not."""


@pytest.fixture(scope="module")
def stores() -> Iterator[tuple[list[Store], bytes]]:
    made = [Store() for _ in range(MEMBERS)]
    yield made, empty_image()
    for store in made:
        store.close()


def blocks_of(chance: random.Random) -> list[list[bytes]]:
    """Return blocks full of double uses, overdrawn quotas, replays and broken signatures."""
    sent: list[bytes] = []
    blocks = []
    for _ in range(6):
        block = []
        for _ in range(chance.randrange(1, 4)):
            items = tuple(item_of(chance) for _ in range(chance.randrange(1, 4)))
            signed = chance.choice(SIGNERS).sign(UseBatch(chance.randbytes(16), items))
            fate = chance.random()
            if fate < 0.15 and sent:
                signed = chance.choice(sent)
            elif fate < 0.25:
                spoilt = bytearray(signed)
                spoilt[chance.randrange(len(spoilt))] ^= 1
                signed = bytes(spoilt)
            sent.append(signed)
            block.append(signed)
        blocks.append(block)
    return blocks


def item_of(chance: random.Random) -> Item:
    kind = chance.random()
    if kind < 0.15:
        return QuotaOpening(QUOTA, 20)
    if kind < 0.4:
        return Use(QUOTA, f"holder-{chance.randrange(9)}", chance.randrange(1, 9))
    return Use(chance.choice(THINGS), f"holder-{chance.randrange(9)}")


class Member:
    """One agency's copy."""

    def __init__(self, store: Store, chance: random.Random, image: bytes, *, syncs: bool) -> None:
        store.begin(chance, image, syncs=syncs)
        self._store, self._chance = store, chance
        self.done = 0
        local.begin(store.connection, ORDER, AGENCIES)
        store.commit()

    def take(self, blocks: list[list[bytes]]) -> None:
        """Apply the next block, or crash and come back; sometimes hear older ones again."""
        if self._chance.random() < 0.15:
            self.done = max(0, self.done - self._chance.randrange(3))
        if self.done == len(blocks):
            return
        try:
            local.sequence(self._store.connection, blocks[self.done])
            self._store.commit(0.2)
        except PowerCut:
            self._store.recover()
        else:
            self.done += 1

    def state(self) -> tuple[bytes, list[bytes], list[int]]:
        """Return app hash, what is used up for good, and the units drawn."""
        head = order_stored.read_head(self._store.connection)
        if head is None:
            raise Violation("a member has lost its genesis")
        rows = self._store.connection.execute(text("SELECT nullifier, draws FROM order_use")).all()
        used = [bytes(row[0]) for row in rows if row[1] is None]
        return head.app_hash, used, [row[1] for row in rows if row[1] is not None]

    def outcomes(self, sent: list[bytes]) -> list[object]:
        """Return what this member says came of each transaction."""
        return [order_stored.outcome_of(self._store.connection, decode(one).id) for one in sent]


def run(seed: int, stores: tuple[list[Store], bytes], *, syncs: bool = True) -> None:
    chance = random.Random(seed)
    blocks = blocks_of(chance)
    members = [Member(store, chance, stores[1], syncs=syncs) for store in stores[0]]
    for _ in range(400):
        behind = [member for member in members if member.done < len(blocks)]
        if not behind:
            break
        chance.choice(behind).take(blocks)
    for member in members:
        member._store.recover()  # all that was said to be done must be on disk
    states = [member.state() for member in members]
    if any(state != states[0] for state in states):
        raise Violation("members differ")
    _, used, drawn = states[0]
    if max(Counter(used).values(), default=0) > 1:
        raise Violation("something was used twice")
    if sum(drawn) > 20:
        raise Violation("a quota was overdrawn")


@pytest.mark.slow
def test_members_agree_and_admit_no_double_use(
    seeds: range | None, stores: tuple[list[Store], bytes]
) -> None:
    for seed in range(WORLDS) if seeds is None else seeds:
        try:
            run(seed, stores)
        except Exception as error:
            error.add_note(f"replay: pytest tests/simulation --simulation-seed {seed}")
            raise


def test_a_disk_that_does_not_synchronise_is_caught(stores: tuple[list[Store], bytes]) -> None:
    for seed in range(MOST_TO_CATCH):
        try:
            run(seed, stores, syncs=False)
        except Exception:  # noqa: BLE001 (lost tables and lost blocks show in many ways)
            return
    raise AssertionError(f"{MOST_TO_CATCH} worlds did not see it: this test proves nothing")


def test_a_state_machine_that_forgets_uses_is_caught(
    stores: tuple[list[Store], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even then the unique index refuses the block: no double use is ever stored."""
    monkeypatch.setattr(order_stored.StoredBook, "used", lambda book, nullifier: None)
    for seed in range(MOST_TO_CATCH):
        try:
            run(seed, stores)
        except Exception:  # noqa: BLE001
            for store in stores[0]:
                store.connection.rollback()
            return
    raise AssertionError(f"{MOST_TO_CATCH} worlds did not see it: this test proves nothing")
