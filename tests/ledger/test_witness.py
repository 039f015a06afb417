"""The witness, pure: every answer of C2SP tlog-witness, and what it never does."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import Engine

from clearway.errors import MalformedMessage, TooLarge, VerificationError
from clearway.ledger import merkle, witnessed
from clearway.ledger.checkpoint import Checkpoint
from clearway.ledger.cosignature import Cosigner
from clearway.ledger.cosigned import read_answer
from clearway.ledger.merkle import EMPTY_ROOT, hash_leaf
from clearway.ledger.note import Signer, add_lines
from clearway.ledger.witness import (
    MAX_PROOF,
    MAX_REQUEST_SIZE,
    Accepted,
    Refusal,
    Signed,
    State,
    add_checkpoint,
    authenticate,
    decide,
    parse_request,
    read_size,
    request_of,
)

ORIGIN = "customs.example/border"
LOG = Signer.from_seed(ORIGIN, bytes(range(32)))
KEYS = [LOG.verifier]
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


class Tree:
    """A log in memory; `salt` makes another history from `fork` on."""

    def __init__(self, size: int, fork: int = 1 << 30, salt: bytes = b"") -> None:
        self.leaves = [hash_leaf(b"%d" % at + (salt if at >= fork else b"")) for at in range(size)]

    def node(self, level: int, index: int) -> bytes:
        if level == 0:
            return self.leaves[index]
        left, right = self.node(level - 1, 2 * index), self.node(level - 1, 2 * index + 1)
        return merkle.hash_children(left, right)

    def root(self, size: int) -> bytes:
        return merkle.Frontier.of(size, self.node).root() if size else EMPTY_ROOT

    def note(self, size: int, signer: Signer = LOG) -> str:
        return signer.sign(Checkpoint(ORIGIN, size, self.root(size)).marshal())

    def proof(self, old: int, new: int) -> list[bytes]:
        return merkle.consistency_path(old, new, self.node) if old else []

    def request(self, old: int, new: int) -> bytes:
        return request_of(old, self.proof(old, new), self.note(new)).marshal()

    def state(self, size: int) -> State:
        return State(ORIGIN, size, self.root(size))


TREE = Tree(40)
OTHER = Tree(40, fork=11, salt=b"other")


def ask(state: State | None, body: bytes) -> Accepted | Refusal:
    return add_checkpoint(state, KEYS, parse_request(body))


@pytest.mark.parametrize(("old", "new"), [(0, 0), (0, 1), (0, 13), (8, 13), (13, 13), (13, 40)])
def test_growth_with_its_proof_is_accepted(old: int, new: int) -> None:
    answer = ask(TREE.state(old) if old else None, TREE.request(old, new))
    assert isinstance(answer, Accepted)
    assert answer.state == TREE.state(new)
    assert answer.text == Checkpoint(ORIGIN, new, TREE.root(new)).marshal()


def test_a_request_round_trips() -> None:
    body = TREE.request(8, 13)
    assert parse_request(body).marshal() == body


@pytest.mark.parametrize(
    "change",
    [
        lambda b: b.replace(b"old 8", b"old 08"),
        lambda b: b.replace(b"old 8", b"old -8"),
        lambda b: b.replace(b"old 8", b"old  8"),
        lambda b: b.replace(b"old 8", b"new 8"),
        lambda b: b.replace(b"old 8", b"old 14"),
        lambda b: b.replace(b"old 8", b"old 99999999999999999999"),
        lambda b: b.replace(b"old 8", "old \u0668".encode()),
        lambda b: b.replace(b"old 8\n", b"old 8\n\xff"),
        lambda b: b.replace(b"old 8\n", b"old 8\n" + base64.b64encode(b"short") + b"\n"),
        lambda b: b.replace(b"old 8\n", b"old 8\n" + b"A" * 43 + b"=\n" * (MAX_PROOF + 1)),
        lambda b: b.replace(b"old 8\n", b"old 8\r\n"),
        lambda b: b[:-1],
        lambda b: b.partition(b"\n\n")[0],
        lambda b: b"",
    ],
)
def test_what_is_not_in_form_is_refused(change) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(MalformedMessage):
        parse_request(change(TREE.request(8, 13)))


def test_a_body_over_the_limit_is_refused_before_it_is_read() -> None:
    with pytest.raises(TooLarge):
        parse_request(b"old 0\n" + b"x" * MAX_REQUEST_SIZE)


def test_an_unknown_log_is_404() -> None:
    answer = add_checkpoint(None, [], parse_request(TREE.request(0, 1)))
    assert isinstance(answer, Refusal) and answer.status == 404


def test_a_note_that_no_trusted_key_signed_is_403() -> None:
    stranger = Signer.from_seed(ORIGIN, bytes(32))
    answer = ask(None, request_of(0, [], TREE.note(3, stranger)).marshal())
    assert isinstance(answer, Refusal) and answer.status == 403


def test_a_wrong_signature_of_a_trusted_key_is_403_even_beside_a_good_one() -> None:
    text = Checkpoint(ORIGIN, 3, TREE.root(3)).marshal()
    wrong = LOG.signature_line(Checkpoint(ORIGIN, 4, TREE.root(4)).marshal())
    answer = ask(None, request_of(0, [], add_lines(LOG.sign(text), [wrong])).marshal())
    assert isinstance(answer, Refusal) and answer.status == 403


def test_another_old_size_is_409_with_the_size_that_counts() -> None:
    answer = ask(TREE.state(13), TREE.request(8, 20))
    assert isinstance(answer, Refusal)
    assert (answer.status, answer.size, answer.fork_at) == (409, 13, None)
    assert ask(None, TREE.request(8, 20)) == Refusal(409, answer.reason.replace("13", "0"), size=0)


def test_a_log_that_was_rolled_back_is_409_and_no_fork_is_claimed() -> None:
    answer = ask(TREE.state(20), TREE.request(8, 13))
    assert isinstance(answer, Refusal)
    assert (answer.status, answer.size, answer.fork_at) == (409, 20, None)


@pytest.mark.parametrize("body", [
    request_of(0, [bytes(32)], TREE.note(3)).marshal(),
    request_of(0, [], LOG.sign(Checkpoint(ORIGIN, 0, bytes(32)).marshal())).marshal(),
])  # fmt: skip
def test_a_proof_from_nothing_and_an_empty_tree_with_a_root_are_422(body: bytes) -> None:
    answer = ask(None, body)
    assert isinstance(answer, Refusal) and answer.status == 422 and answer.fork_at is None


def test_another_root_of_the_same_size_is_422_and_a_fork() -> None:
    answer = ask(TREE.state(13), OTHER.request(13, 13))
    assert isinstance(answer, Refusal)
    assert (answer.status, answer.fork_at) == (422, 13)
    seen = ask(TREE.state(13), OTHER.request(8, 13))
    assert isinstance(seen, Refusal)
    assert (seen.status, seen.size, seen.fork_at) == (409, 13, 13)


def test_a_newer_head_whose_proof_shows_another_past_is_422_and_a_fork() -> None:
    answer = ask(TREE.state(13), OTHER.request(13, 20))
    assert isinstance(answer, Refusal)
    assert (answer.status, answer.fork_at) == (422, 13)


def test_a_proof_that_merely_fails_accuses_nobody() -> None:
    good = TREE.request(13, 20)
    spoilt = parse_request(good)
    proof = [bytes(32), *spoilt.proof[1:]]
    answer = ask(TREE.state(13), request_of(13, proof, spoilt.note).marshal())
    assert isinstance(answer, Refusal)
    assert (answer.status, answer.fork_at) == (422, None)
    short = ask(TREE.state(13), request_of(13, proof[1:], spoilt.note).marshal())
    assert isinstance(short, Refusal) and short.fork_at is None


def test_only_lines_of_trusted_keys_are_kept() -> None:
    stranger = Signer.from_seed("stranger.example", bytes(32))
    text = Checkpoint(ORIGIN, 3, TREE.root(3)).marshal()
    note = add_lines(LOG.sign(text), [stranger.signature_line(text)])
    answer = ask(None, request_of(0, [], note).marshal())
    assert isinstance(answer, Accepted) and answer.note == LOG.sign(text)


@pytest.mark.parametrize("body", [b"13", b"", b"-1\n", b"013\n", b"1 3\n", b"9" * 30 + b"\n"])
def test_a_size_that_is_not_in_form_is_refused(body: bytes) -> None:
    with pytest.raises(VerificationError):
        read_size(body)
    assert read_size(b"13\n") == 13


@pytest.mark.parametrize("kind", ["ed25519", "ml-dsa-44"])
def test_an_answer_is_kept_only_if_it_holds(kind) -> None:  # type: ignore[no-untyped-def]
    witness = Cosigner.from_seed("w.example/witness", bytes(32), kind)
    other = Cosigner.from_seed("w.example/other", bytes(range(32)))
    note = TREE.note(13)
    text = note.partition("\n\n")[0] + "\n"
    line, unknown = witness.cosign(text, NOON), other.cosign(text, NOON)
    found = read_answer((unknown + line).encode(), note, [witness.verifier])
    assert [(one.line, one.at) for one in found] == [(line, NOON)]
    wrong = witness.cosign(Checkpoint(ORIGIN, 14, TREE.root(14)).marshal(), NOON)
    for bad in (unknown, wrong, "", "\n" + line, line[:-1], line + "\n" + line):
        with pytest.raises(VerificationError):
            read_answer(bad.encode(), note, [witness.verifier])


def test_refusals_are_kept_once_as_evidence_and_bounded(engine: Engine) -> None:
    from clearway.ledger.tables import METADATA

    METADATA.create_all(engine)
    signed = authenticate(KEYS, parse_request(OTHER.request(13, 13)))
    assert isinstance(signed, Signed)
    refusal = decide(TREE.state(13), signed)
    first = ask(None, TREE.request(0, 13))
    assert isinstance(refusal, Refusal) and isinstance(first, Accepted)
    with engine.begin() as connection:
        witnessed.keep(connection, first, ("line\n",), NOON)
        held = witnessed.find_held(connection, ORIGIN)
        assert witnessed.keep_refusal(connection, held, signed, refusal, NOON)
        assert not witnessed.keep_refusal(connection, held, signed, refusal, NOON)
        stale = Refusal(409, "asked for the size", size=13)
        assert not witnessed.keep_refusal(connection, held, signed, stale, NOON)
        (kept,) = witnessed.list_refusals(connection, ORIGIN)
        assert (kept.is_fork, kept.held, kept.shown) == (True, first.note, OTHER.note(13))
        assert parse_request(kept.request) == signed.request


class WitnessNeverForks(RuleBasedStateMachine):
    """Two histories of one log ask in any order, and answers get lost after the state is kept."""

    @initialize(fork=st.integers(0, 30))
    def begin(self, fork: int) -> None:
        self.logs = [Tree(32), Tree(32, fork=fork, salt=b"x")]
        self.state: State | None = None
        self.signed: dict[int, bytes] = {}
        self.largest = 0

    @rule(which=st.integers(0, 1), new=st.integers(0, 32), lost=st.booleans(), data=st.data())
    def grow(self, which: int, new: int, lost: bool, data: st.DataObject) -> None:
        log = self.logs[which]
        held = self.state.size if self.state else 0
        old = data.draw(st.one_of(st.just(min(held, new)), st.integers(0, new)))
        answer = ask(self.state, log.request(old, new))
        if isinstance(answer, Refusal):
            assert answer.status in (409, 422)
            return
        self.state = answer.state  # durable before anything leaves
        if not lost:
            self.cosign(answer.state)

    def cosign(self, state: State) -> None:
        assert state.size >= self.largest, "signed a smaller head after a larger one"
        assert self.signed.setdefault(state.size, state.root) == state.root, "two roots of a size"
        self.largest = state.size

    @invariant()
    def all_that_was_signed_is_one_history(self) -> None:
        if getattr(self, "signed", None):
            assert any(
                all(log.root(size) == root for size, root in self.signed.items())
                for log in self.logs
            )


TestWitnessNeverForks = WitnessNeverForks.TestCase
TestWitnessNeverForks.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
