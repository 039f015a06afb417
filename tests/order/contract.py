"""ONE contract for every engine of the order; each engine's test file subclasses it.

`rig.order(n)` gives the port as agency n sees it (agency 0 is always there); `rig.restart()` ends
everything and starts it again on what was stored; `rig.crash()` does it without a goodbye.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import pytest

from clearway.errors import NotFound, Refused, VerificationError
from clearway.ledger.order.apply import apply_block
from clearway.ledger.order.governance import Governance
from clearway.ledger.order.memory import MemoryBook
from clearway.ledger.order.model import Agency, Code, Outcome, QuotaOpening, Use, UseBatch
from clearway.ledger.order.port import Order, wait_for
from clearway.ledger.order.proof import verify_use
from clearway.ledger.order.state import Head

from .conftest import ORDER, batch_of, digest, signer_of, use_of


class Signed(Order, Protocol):
    """Engines also take what another member signed."""

    height: int

    def submit_signed(self, transaction: bytes) -> object: ...


class Rig(Protocol):
    agencies: tuple[Agency, ...]

    def order(self, member: int = 0) -> Signed: ...
    def restart(self) -> None: ...
    def crash(self) -> None: ...


def settled(order: Order, batch: UseBatch) -> Outcome:
    return wait_for(order, order.submit(batch), timeout_s=30)


class OrderContract:
    """What a caller may rely on."""

    def test_a_use_is_accepted_once_and_refused_with_the_first_use(self, rig: Rig) -> None:
        order = rig.order()
        first = settled(order, batch_of("u1", use_of("once", "first holder".replace(" ", "-"))))
        assert first.code is Code.ACCEPTED
        second = settled(order, batch_of("u2", use_of("once", "second")))
        assert [item.code for item in second.items] == [Code.USED_BEFORE]
        reference = second.items[0].first
        assert reference is not None and reference.seq == first.seq
        used = order.use(digest("once"))
        assert used is not None and used.holder == "first-holder" and used.at == reference

    def test_the_same_batch_again_is_the_same_ticket_and_outcome(self, rig: Rig) -> None:
        order = rig.order()
        batch = batch_of("again", use_of("again"))
        first = settled(order, batch)
        assert settled(order, batch) == first

    def test_a_quota_is_never_overdrawn(self, rig: Rig) -> None:
        order, quota = rig.order(), digest("q")
        settled(order, batch_of("q0", QuotaOpening(quota, 5)))
        tickets = [order.submit(batch_of(("q", n), Use(quota, "h", 2))) for n in range(4)]
        outcomes = [wait_for(order, ticket, timeout_s=30) for ticket in tickets]
        drawn = [outcome.items[0].code for outcome in outcomes]
        assert drawn.count(Code.ACCEPTED) == 2
        assert drawn.count(Code.QUOTA_EXHAUSTED) == 2

    def test_one_thing_used_by_many_at_once_is_used_once(self, rig: Rig) -> None:
        batches = [batch_of(("race", n), use_of("race", f"h{n}")) for n in range(6)]
        with ThreadPoolExecutor(6) as pool:
            outcomes = list(
                pool.map(lambda pair: settled(rig.order(pair[0]), pair[1]), enumerate(batches))
            )
        assert sum(outcome.code is Code.ACCEPTED for outcome in outcomes) == 1

    def test_the_order_is_total_and_the_stream_resumes(self, rig: Rig) -> None:
        order = rig.order()
        for n in range(4):
            settled(order, batch_of(("s", n), use_of(("s", n))))
        whole = list(order.stream(0))
        assert [ordered.seq for ordered in whole] == list(range(len(whole)))
        assert [o.height for o in whole] == sorted(o.height for o in whole)
        middle = whole[len(whole) // 2].height
        assert list(order.stream(middle)) == [o for o in whole if o.height >= middle]
        assert list(order.stream(order.height + 1)) == []

    def test_a_replay_of_the_stream_gives_the_same_app_hashes(self, rig: Rig) -> None:
        order = rig.order()
        settled(order, batch_of("r0", use_of("r0")))
        settled(order, batch_of("r1", use_of("r0"), use_of("r1")))
        head = Head.genesis(ORDER, Governance.genesis(rig.agencies))
        book = MemoryBook()
        whole = list(order.stream(0))
        for height in sorted({ordered.height for ordered in whole}):
            found = [o for o in whole if o.height == height]
            block = apply_block(head, book, [o.transaction for o in found], height)
            assert [entry.outcome for entry in block.entries] == [o.outcome for o in found]
            book.take(block)
            head = block.after
            assert order.proof(height).app_hash == head.app_hash
        with pytest.raises(NotFound):
            order.proof(order.height + 1_000)

    def test_a_use_is_proved_and_a_changed_proof_refused(self, rig: Rig) -> None:
        order = rig.order()
        settled(order, batch_of("p", *(use_of(("p", n)) for n in range(300))))
        proof = order.prove_use(digest(("p", 7)))
        trusted = order.proof(proof.head.height).app_hash
        assert verify_use(proof, trusted).nullifier == digest(("p", 7))
        with pytest.raises(VerificationError):
            verify_use(proof, digest("another hash"))
        with pytest.raises(NotFound):
            order.prove_use(digest("never used"))

    def test_a_stranger_s_batch_is_refused(self, rig: Rig) -> None:
        with pytest.raises(Refused):
            rig.order().submit_signed(signer_of("stranger").sign(batch_of("x", use_of("x"))))

    def test_what_was_answered_stands_after_a_restart_and_a_crash(self, rig: Rig) -> None:
        batch = batch_of("d", use_of("durable"))
        first = settled(rig.order(), batch)
        hashes = []
        for number, again in enumerate((rig.restart, rig.crash)):
            again()
            order = rig.order()
            assert settled(order, batch) == first
            later = settled(order, batch_of(("d", number), use_of("durable")))
            assert later.items[0].code is Code.USED_BEFORE
            hashes.append(order.proof(list(order.stream(0))[-1].height).app_hash)
        assert len(set(hashes)) == 2
