"""A partner that cheats: nothing of it is kept, what it signed is, and nobody else waits for it."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from clearway.connectors.peer import give, rules, tables
from clearway.connectors.peer.actions.receive import receive, stop
from clearway.connectors.peer.facts import Conflicted, FactReceived, ForkFound
from clearway.connectors.peer.formats import batch as batches
from clearway.connectors.peer.formats import head as heads
from clearway.connectors.peer.model import Batch, Cursor, Delivered, Fork, Partner, Verified
from clearway.connectors.peer.partners import partner_of
from clearway.errors import MalformedMessage, TooLarge, VerificationError
from clearway.identity.tables_agencies import get_agency, list_forks
from clearway.ledger import fork, sightings
from clearway.ledger.note import Signer
from clearway.node.clock import utc_now
from clearway.node.exchange import Exchange, take_once
from clearway.node.partnership import WORKER

from .conftest import QUICK, SHORT, Hidden, House, Told, house, wait_for

RULE = "parcel.weighed/1"


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[House, House]]:
    with house(tmp_path, "giver") as giver, house(tmp_path, "taker") as taker:
        giver.know(taker, RULE)
        giver.record(*(Told(number, "XB") for number in range(6)), Hidden("no"))
        taker.know(giver, url="https://127.0.0.1:1")
        yield giver, taker


def partner(at: House, of: House) -> Partner:
    with at.node.reading() as connection:
        return partner_of(get_agency(connection, of.id), utc_now())


def batch_of(giver: House, taker: House, first: int = 0, known: int = 0, limit: int = 4) -> Batch:
    other = partner(giver, taker)
    with giver.node.reading() as connection:
        made = give.batch_for(
            connection,
            giver.node.log,
            giver.partnership.signer,
            other,
            lambda content, context: giver.partnership.seal_for(other, content, context),
            first=first,
            known=known,
            limit=limit,
        )
    assert made is not None
    return made


def judge(
    taker: House, giver: House, batch: Batch, cursor: Cursor | None = None
) -> Verified | Fork:
    return rules.judge(
        batch, partner(taker, giver), taker.origin, cursor or Cursor(), taker.partnership.unseal
    )


def signed_anew(giver: House, batch: Batch, change: Callable[[heads.Head], heads.Head]) -> Batch:
    """Return a batch whose giver signs another head: the cheat has the key."""
    head = heads.read_head(batch.head.rpartition("\n\n")[0] + "\n")
    return replace(batch, head=giver.partnership.signer.sign(heads.write_head(change(head))))


def test_an_honest_batch_is_believed(pair: tuple[House, House]) -> None:
    giver, taker = pair
    verified = judge(taker, giver, batch_of(giver, taker))
    assert isinstance(verified, Verified) and len(verified.facts) == 4


@pytest.mark.parametrize("part", ["head", "checkpoint", "sealed", "proof", "consistency"])
def test_one_changed_byte_refuses_the_batch(pair: tuple[House, House], part: str) -> None:
    giver, taker = pair
    first = judge(taker, giver, batch_of(giver, taker))
    assert isinstance(first, Verified)
    known = first.checkpoint.size
    giver.record(Told(9, "XB"))
    batch = batch_of(giver, taker, first.after.place, known)
    value = getattr(batch, part)
    if isinstance(value, tuple):
        changed: object = (bytes([value[0][0] ^ 1]) + value[0][1:], *value[1:]) if value else None
        if changed is None:
            pytest.skip("this stretch needs no such hashes")
    elif isinstance(value, bytes):
        changed = value[:-1] + bytes([value[-1] ^ 1])
    else:
        changed = value.replace("giver.example/log", "other.example/log", 1)
    bad = replace(batch, **{part: changed})  # type: ignore[arg-type]
    if part == "consistency":
        assert isinstance(judge(taker, giver, bad, first.after), Fork)
        return
    with pytest.raises(VerificationError):
        judge(taker, giver, bad, first.after)


def test_a_withheld_place_cannot_be_left_out(pair: tuple[House, House]) -> None:
    giver, taker = pair
    batch = batch_of(giver, taker)
    lie = signed_anew(giver, batch, lambda head: replace(head, runs=head.runs[1:]))
    with pytest.raises(VerificationError):
        judge(taker, giver, lie)


def test_a_batch_for_another_agency_is_refused(pair: tuple[House, House]) -> None:
    giver, taker = pair
    batch = batch_of(giver, taker)
    lie = signed_anew(giver, batch, lambda head: replace(head, taker="else.example/log"))
    with pytest.raises(VerificationError, match="for"):
        judge(taker, giver, lie)


def test_content_of_another_batch_is_refused(pair: tuple[House, House]) -> None:
    giver, taker = pair
    small, large = batch_of(giver, taker, limit=3), batch_of(giver, taker, first=1, limit=3)
    mixed = replace(small, sealed=large.sealed)
    lie = signed_anew(
        giver, mixed, lambda head: replace(head, content=sha256(large.sealed).digest())
    )
    with pytest.raises(VerificationError, match="not sealed"):
        judge(taker, giver, lie)


def test_two_roots_of_one_size_are_a_fork_with_evidence(
    pair: tuple[House, House], tmp_path: Path
) -> None:
    giver, taker = pair
    first = judge(taker, giver, batch_of(giver, taker))
    assert isinstance(first, Verified)
    forked = note_of(giver, first.checkpoint.size, bytes(32))
    batch = batch_of(giver, taker, first.after.place, first.checkpoint.size)
    lie = signed_anew(
        giver, replace(batch, checkpoint=forked), lambda h: replace(h, root=bytes(32))
    )
    fork = judge(taker, giver, lie, first.after)
    assert isinstance(fork, Fork) and fork.is_conclusive
    assert (fork.held, fork.shown) == (first.after.note, forked)


def test_a_log_that_shrank_is_a_fork(pair: tuple[House, House]) -> None:
    giver, taker = pair
    first = judge(taker, giver, batch_of(giver, taker))
    assert isinstance(first, Verified)
    size = first.checkpoint.size - 1
    batch = batch_of(giver, taker, first.after.place, first.checkpoint.size)
    head = signed_anew(
        giver,
        replace(batch, checkpoint=note_of(giver, size, bytes(32))),
        lambda h: replace(h, runs=h.runs[:1], size=size, root=bytes(32)),
    )
    fork = judge(taker, giver, head, first.after)
    assert isinstance(fork, Fork) and "shrank" in fork.reason and not fork.is_conclusive


def note_of(giver: House, size: int, root: bytes) -> str:
    from clearway.ledger.checkpoint import Checkpoint

    signer: Signer = giver.partnership.signer
    return signer.sign(Checkpoint(giver.origin, size, root).marshal())


def test_a_repeat_is_the_same_and_other_content_is_an_alarm(pair: tuple[House, House]) -> None:
    giver, taker = pair
    verified = judge(taker, giver, batch_of(giver, taker))
    assert isinstance(verified, Verified)
    of = partner(taker, giver)

    def keep(one: Verified) -> object:
        return taker.node.act(WORKER, lambda act: receive(act, of, one)).result().result

    assert keep(verified) == 4
    assert keep(verified) == 0, "a repeat is the same"
    assert len(taker.facts(FactReceived.TYPE)) == 4
    fact = verified.facts[0]
    other = replace(verified, facts=(Delivered(fact.item, bytes(32)), *verified.facts[1:]))
    assert isinstance(keep(other), Conflicted)
    with taker.node.reading() as connection:
        assert tables.find_alarm(connection, giver.id) is not None
    result = take_once(taker.partnership, pace=QUICK, patience=SHORT)[giver.id]
    assert "stands still" in str(result)


def test_sizes_are_bounded_before_anything_is_computed() -> None:
    with pytest.raises(TooLarge):
        batches.parse(bytes(25 * 1024 * 1024))
    for junk in (b"", b"\xc1", b"\x96" + b"\x90" * 6, b"\x91" * 5_000):
        with pytest.raises(MalformedMessage):
            batches.parse(junk)


@contextlib.contextmanager
def liar(giver: House, answer: Callable[[ssl.SSLSocket], None]) -> Iterator[str]:
    """A partner's door with the right certificate and its own manners."""
    context = tls_of(giver)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        ended = threading.Event()

        def serve() -> None:
            while not ended.is_set():
                try:
                    plain, _ = listening.accept()
                except OSError:
                    return
                with (
                    contextlib.suppress(OSError),
                    context.wrap_socket(plain, server_side=True) as one,
                ):
                    one.settimeout(5)
                    one.recv(65_536)
                    answer(one)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"https://127.0.0.1:{listening.getsockname()[1]}"
        ended.set()
        listening.shutdown(socket.SHUT_RDWR)
        thread.join(timeout=10)


def tls_of(giver: House) -> ssl.SSLContext:
    from clearway.connectors.peer import tls

    own = giver.partnership
    return tls.server_context(own.tls_certificate, own.tls_key, own.trusted())


def announced(one: ssl.SSLSocket) -> None:
    one.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 999999999\r\n\r\n")


def endless(one: ssl.SSLSocket) -> None:
    one.sendall(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
    for _ in range(600):
        one.sendall(b"10000\r\n" + bytes(65_536) + b"\r\n")


def slow(one: ssl.SSLSocket) -> None:
    one.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
    for _ in range(40):
        time.sleep(0.2)
        one.sendall(b"x")


def nonsense(one: ssl.SSLSocket) -> None:
    one.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\njunk")


def packed(one: ssl.SSLSocket) -> None:
    one.sendall(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\njunk")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("answer", "said"),
    [(announced, "announces"), (endless, "over"), (slow, "TimeoutError"), (nonsense, "not a batch"),
     (packed, "uncompressed")],
)  # fmt: skip
def test_a_door_without_manners_costs_a_bounded_time(
    pair: tuple[House, House], answer: Callable[[ssl.SSLSocket], None], said: str
) -> None:
    giver, taker = pair
    with liar(giver, answer) as url:
        taker.know(giver, url=url)
        begun = time.monotonic()
        patience = replace(SHORT, whole_s=2)
        result = take_once(taker.partnership, pace=QUICK, patience=patience)
    assert said in str(result[giver.id]), result
    assert time.monotonic() - begun < 12
    assert taker.facts(FactReceived.TYPE) == []


@pytest.mark.slow
def test_one_slow_partner_keeps_no_other_waiting(tmp_path: Path) -> None:
    with (
        house(tmp_path, "good", listens=True) as good,
        house(tmp_path, "bad") as bad,
        house(tmp_path, "taker") as taker,
    ):
        good.know(taker, RULE)
        bad.know(taker, RULE)
        good.record(*(Told(number, "XB") for number in range(50)))
        with liar(bad, slow) as url:
            taker.know(bad, url=url)
            taker.know(good, url=good.url)
            with Exchange(taker.partnership, QUICK, SHORT):
                wait_for(lambda: len(taker.facts(FactReceived.TYPE)) == 50, 4)


def test_a_fork_stops_the_exchange_for_good(tmp_path: Path) -> None:
    with house(tmp_path, "giver", listens=True) as giver, house(tmp_path, "taker") as taker:
        giver.know(taker, RULE)
        giver.record(Told(1, "XB"))
        taker.know(giver, url=giver.url)
        assert take_once(taker.partnership, pace=QUICK, patience=SHORT) == {giver.id: 1}
        size = giver.node.log.size
        forked = note_of(giver, size, bytes(32))

        def forge(tx: object) -> None:
            tx.connection.exec_driver_sql(  # type: ignore[attr-defined]
                "UPDATE peer_cursor SET note = ?", (forked,)
            )

        taker.node.committer.submit("test", forge).result()  # as if it had been shown that first
        giver.record(Told(2, "XB"))
        assert "grown" in str(take_once(taker.partnership, pace=QUICK, patience=SHORT)[giver.id])
        (found,) = taker.bodies(ForkFound)
        assert found.held == forked and found.shown and found.head
        giver.record(Told(3, "XB"))
        again = take_once(taker.partnership, pace=QUICK, patience=SHORT)[giver.id]
        assert "stands still" in str(again)
        assert len(taker.facts(FactReceived.TYPE)) == 1


def test_a_fork_seen_in_the_exchange_gives_the_same_evidence_as_any_other(
    pair: tuple[House, House],
) -> None:
    giver, taker = pair
    first = judge(taker, giver, batch_of(giver, taker))
    assert isinstance(first, Verified)
    forked = note_of(giver, first.checkpoint.size, bytes(32))
    batch = batch_of(giver, taker, first.after.place, first.checkpoint.size)
    lie = signed_anew(
        giver, replace(batch, checkpoint=forked), lambda h: replace(h, root=bytes(32))
    )
    found = judge(taker, giver, lie, first.after)
    assert isinstance(found, Fork)
    other = partner(taker, giver)
    taker.node.act(WORKER, lambda act: stop(act, other, found, lie.head)).result()
    with taker.node.reading() as connection:
        (evidence,) = sightings.kept_evidence(connection, giver.origin)
        ((_, told),) = list_forks(connection)
    assert told.agency == giver.id
    proven = fork.verify(fork.parse(evidence), [giver.node.log.verifier])
    assert proven.first.size == proven.second.size == first.checkpoint.size
