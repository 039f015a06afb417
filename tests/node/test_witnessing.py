"""Real nodes behind real HTTP servers cosign each other's logs."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog

from clearway.cli.partners import card_of, signed_card
from clearway.cli.server import Server
from clearway.cli.setup import OWNER
from clearway.identity import card as cards
from clearway.identity.actions.admit_agency import admit_agency
from clearway.identity.actions.cast_vote import cast_vote, propose, record_vote
from clearway.identity.actions.change_agency_keys import lose_key
from clearway.identity.actions.dismiss_agency import dismiss_agency
from clearway.identity.actions.issue_token import issue_token
from clearway.identity.actions.open_account import open_account
from clearway.identity.agencies import KeyKind, id_of
from clearway.identity.facts_agencies import RollbackShown
from clearway.identity.model import ActorKind, Role
from clearway.identity.tables_agencies import get_agency, list_decisions, list_forks
from clearway.ledger import receipt as receipts
from clearway.ledger import witness, witnessed
from clearway.ledger.fact import decode
from clearway.ledger.note import Signer
from clearway.ledger.quorum import Quorum
from clearway.ledger.witness import Signed, request_of
from clearway.node.clock import entropy, utc_now
from clearway.node.node import Node, create
from clearway.node.rebuild import facts
from clearway.node.witnessing import quorum_now
from clearway.settings import Settings


@pytest.fixture(scope="module", autouse=True)
def plain_log() -> None:
    structlog.configure(processors=[structlog.processors.KeyValueRenderer()])


@dataclass
class Post:
    """A node, its server, and how many accounts it opened."""

    node: Node
    server: Server
    stack: ExitStack
    opened: int = 0

    @property
    def url(self) -> str:
        return self.server.url

    def grow(self, count: int = 1) -> bytes:
        """Record facts; return the receipt of the last."""
        for _ in range(count):
            self.opened += 1
            name = f"{self.node.log.origin[0]}{self.opened}-{entropy(3).hex()}"
            outcome = self.node.act(
                OWNER,
                lambda act, name=name: open_account(
                    act, name, ActorKind.OFFICER, "customs", [Role.AUDITOR]
                ),
            ).result()
        return self.node.receipt(outcome.facts[0], outcome.salts[0])

    def admit(self, other: Post, url: str | None = None) -> str:
        """Let another take part here; return its id."""
        node, settings = other.node, replace(other.node.settings, public_url=url or other.url)
        signers = node.folder.signers()
        card = card_of(settings, signers, node.keys)
        signed = cards.parse(signed_card(card, signers, node.keys))
        own = (self.node.log.verifier.vkey, *self.node.keys.public)
        self.node.act(
            OWNER,
            lambda act: admit_agency(act, signed, own_origin=self.node.log.origin, own_keys=own),
        ).result()
        return signed.card.agency

    def judge(self, receipt: bytes) -> Any:
        """Return how a receipt's checkpoint stands under the quorum that counts here now."""
        with self.node.reading() as connection:
            quorum = quorum_now(connection, self.node.log.verifier.vkey)
        assert quorum is not None
        return quorum.judge(receipts.parse(receipt).note)

    def round(self) -> None:
        self.node.witnessing.round(is_patient=False)

    def standing(self) -> Any:
        return self.node.witnessing.standings()[0]


def opened(folder: Path, name: str, **changes: Any) -> Post:
    settings = replace(
        Settings(), data_directory=folder, node_name=f"{name}.example/border", witness_seconds=0,
        **changes,
    )  # fmt: skip
    if not folder.exists():
        create(settings, entropy)
    stack = ExitStack()
    node = stack.enter_context(Node.open(settings, clock=utc_now, entropy=entropy))
    return Post(node, stack.enter_context(Server(node, port=0)), stack)


@pytest.fixture
def posts(tmp_path: Path) -> Iterator[Any]:
    """`posts("a", "b")` opens these nodes; all end with the test."""
    with ExitStack() as stack:

        def make(*names: str, **changes: Any) -> list[Post]:
            made = [opened(tmp_path / name, name, **changes) for name in names]
            for post in made:
                stack.callback(post.stack.close)
            return made

        yield make


@pytest.mark.slow
def test_two_nodes_cosign_each_other(posts: Any) -> None:
    a, b = posts("a", "b", witness_post_quantum=True)
    for one, other in ((a, b), (b, a)):
        one.admit(other)
    for one in (a, b):
        before = one.grow()
        assert not one.judge(before).satisfied  # log-signed, cosignatures pending
        one.round()
        seq = one.node.log.size - 1
        judged = one.judge(one.node.stored_receipt(seq))
        assert judged.satisfied and judged.checkpoint.size == one.node.log.size
        assert len(judged.cosigned_by) == 2  # Ed25519 and ML-DSA-44 of the one witness
        assert one.standing().error == "" and one.standing().size == one.node.log.size
        later = one.grow(3)
        assert not one.judge(later).satisfied
        assert one.judge(one.node.stored_receipt(seq)).satisfied
        one.round()
        assert one.judge(one.node.stored_receipt(one.node.log.size - 1)).satisfied


def test_what_was_cosigned_is_remembered_over_a_restart(posts: Any, tmp_path: Path) -> None:
    a, b = posts("a", "b")
    a.admit(b)
    b.admit(a)
    a.grow(2)
    a.round()
    size = a.node.log.size
    a.stack.close()
    (again,) = posts("a")
    assert again.node.witnessing.cosigned_size == size
    assert again.judge(again.node.stored_receipt(size - 1)).satisfied
    again.grow()
    again.round()
    assert again.standing().error == ""


@pytest.mark.slow
def test_a_quorum_of_four_survives_one_and_waits_for_two(posts: Any) -> None:
    a, _, c, d = everyone = posts("a", "b", "c", "d")
    for one in everyone:
        for other in everyone:
            if one is not other:
                one.admit(other)
    a.grow()
    a.round()
    assert len(a.judge(a.node.stored_receipt(a.node.log.size - 1)).cosigned_by) == 3
    d.stack.close()
    a.grow()
    a.round()  # two of three is the quorum until a vote says otherwise
    assert a.judge(a.node.stored_receipt(a.node.log.size - 1)).satisfied
    assert [s.error != "" for s in a.node.witnessing.standings()] == [False, False, True]
    c_url = c.url
    c.stack.close()
    a.grow()
    a.round()
    assert not a.judge(a.node.stored_receipt(a.node.log.size - 1)).satisfied
    (c_again,) = posts("c")
    assert c_url != c_again.url
    moved = replace(get(a, "c"), witness_url=f"{c_again.url}/v1/witness")
    move(a, moved)
    a.round()
    assert a.judge(a.node.stored_receipt(a.node.log.size - 1)).satisfied


def get(post: Post, name: str) -> Any:
    with post.node.reading() as connection:
        return get_agency(connection, id_of(f"{name}.example/border"))


def move(post: Post, agency: Any) -> None:
    from clearway.identity.facts_agencies import AgencyMoved

    body = AgencyMoved(agency.id, agency.name, agency.url, agency.witness_url)
    post.node.act(OWNER, lambda act: act.append(body, subject=f"agency:{agency.id}")).result()


@pytest.fixture
def copied(posts: Any, tmp_path: Path) -> tuple[Post, Post, Path]:
    """Node a, cosigned by b; and a copy of a's folder, made before a grew by three."""
    a, b = posts("a", "b")
    a.admit(b)
    b.admit(a)
    a.grow(2)
    a.round()
    a.stack.close()
    shutil.copytree(tmp_path / "a", tmp_path / "copy")
    (a,) = posts("a")
    a.grow(3)
    a.round()
    assert a.standing().error == ""
    return a, b, tmp_path / "copy"


def test_a_forked_log_is_refused_with_evidence_that_anybody_can_check(
    copied: tuple[Post, Post, Path],
) -> None:
    a, b, folder = copied
    other = opened(folder, "a")
    with other.stack:
        other.grow(3)  # another history of the same size, signed by the same key
        assert other.node.log.size == a.node.log.size
        other.round()
        assert other.standing().error.startswith("422")
        assert other.node.witnessing.cosigned_size < other.node.log.size
        vkey = a.node.log.verifier
    with b.node.reading() as connection:
        ((_, fork),) = list_forks(connection)
        kept = witnessed.list_refusals(connection)
    assert kept[0].is_fork
    heads = [Quorum.of([vkey]).judge(note).checkpoint for note in (fork.held, fork.shown)]
    assert heads[0].size == heads[1].size == fork.size
    assert heads[0].root != heads[1].root
    a.grow()
    a.round()
    assert a.standing().error == ""  # the history that was cosigned first goes on


@pytest.mark.slow
def test_a_fork_that_grew_on_is_refused_too(copied: tuple[Post, Post, Path]) -> None:
    _, b, folder = copied
    other = opened(folder, "a")
    with other.stack:
        other.grow(7)
        other.round()
        assert other.standing().error.startswith("422")
    with b.node.reading() as connection:
        assert len(witnessed.list_refusals(connection)) == 1


def test_a_rolled_back_log_learns_it_by_its_own_signature(
    copied: tuple[Post, Post, Path],
) -> None:
    a, b, folder = copied
    other = opened(folder, "a")
    with other.stack:
        other.grow(1)
        other.round()
        assert "entries of our log" in other.standing().error
        rollback = other.node.witnessing.rollback
        assert rollback is not None and rollback.size == a.node.log.size
        with other.node.reading() as connection:
            (told,) = [f for f in facts(connection) if f.type == RollbackShown.TYPE]
        shown = decode(told.body, RollbackShown)
        assert (shown.size, shown.note) == (rollback.size, rollback.note)
        other.round()
        assert other.node.log.size == told.seq + 1, "it is told once"
        metrics = httpx.get(f"{other.url}/metrics").text
        assert "clearway_rolled_back 1.0" in metrics
    with b.node.reading() as connection:
        assert list_forks(connection) == []  # an old head by itself accuses nobody
    assert a.node.witnessing.rollback is None


def test_nothing_is_lost_between_the_state_and_the_answer(posts: Any) -> None:
    a, b = posts("a", "b")
    a.admit(b)
    b.admit(a)
    a.grow(5)
    request = witness.parse_request(request_of(0, [], a.node.log.note).marshal())
    signed = b.node.witness.read(request.marshal())
    assert isinstance(signed, Signed)
    b.node.witness.decide(signed).result()  # durable; the answer never arrives
    b.stack.close()
    (b_again,) = posts("b")
    move(a, replace(get(a, "b"), witness_url=f"{b_again.url}/v1/witness"))
    a.round()
    assert (a.standing().error, a.standing().size) == ("", a.node.log.size)
    assert a.judge(a.node.stored_receipt(0)).satisfied


@pytest.mark.slow
def test_the_door_answers_as_the_specification_says(posts: Any) -> None:
    a, b = posts("a", "b")
    b.admit(a)
    a.grow(4)
    url = f"{b.url}/v1/witness/add-checkpoint"
    first = a.node.log.note

    def post(body: bytes) -> httpx.Response:
        return httpx.post(url, content=body)

    assert post(b"nothing").status_code == 400
    assert post(b"old 0\n\n" + b"x" * 140_000).status_code == 413
    stranger = Signer.from_seed("x.example/border", bytes(32))
    text = first.partition("\n\n")[0].replace("a.example", "x.example") + "\n"
    unknown = request_of(0, [], stranger.sign(text)).marshal()
    assert post(unknown).status_code == 404
    forged = Signer.from_seed(a.node.log.origin, bytes(32)).sign(first.partition("\n\n")[0] + "\n")
    assert post(request_of(0, [], forged).marshal()).status_code == 403
    monitor = f"{b.url}/v1/witness/{witnessed.hash_of(a.node.log.origin)}/checkpoint"
    assert httpx.get(monitor).status_code == 404
    good = request_of(0, [], first).marshal()
    answer = post(good)
    assert answer.status_code == 200 and answer.text.startswith("\u2014 b.example/border/witness ")
    assert httpx.get(monitor).text == first + answer.text
    conflict = post(good)
    assert (conflict.status_code, conflict.text) == (409, f"{a.node.log.size}\n")
    assert conflict.headers["content-type"] == "text/x.tlog.size"
    size = a.node.log.size
    assert post(request_of(size, [], first).marshal()).text == answer.text
    a.grow()
    bad = request_of(size, [bytes(32)], a.node.log.note).marshal()
    assert post(bad).status_code == 422
    assert httpx.get(f"{b.url}/v1/witness/nothing/checkpoint").status_code == 404


def test_a_lost_key_and_a_dismissed_agency_are_refused_from_then_on(posts: Any) -> None:
    a, b = posts("a", "b")
    a.admit(b)
    id = b.admit(a)
    a.grow()
    a.round()
    vkey = a.node.log.verifier.vkey
    b.node.act(OWNER, lambda act: lose_key(act, id, KeyKind.LOG, vkey)).result()
    a.grow()
    a.round()
    assert a.standing().error.startswith("403")
    origin = b.node.log.origin
    b.node.act(OWNER, lambda act: dismiss_agency(act, id, "over", own_origin=origin)).result()
    a.round()
    assert a.standing().error.startswith("404")
    assert a.judge(a.node.stored_receipt(0)).satisfied  # what was cosigned before stays so


def test_votes_travel_as_receipts_and_change_the_quorum_from_then_on(posts: Any) -> None:
    a, b = posts("a", "b")
    a.admit(b)
    b.admit(a)
    origin = a.node.log.origin

    def vote(act: Any) -> Any:
        chosen = propose(act, "quorum", "", "1", term="2026", own_origin=origin)
        return cast_vote(act, chosen, True, own_origin=origin)

    outcome = a.node.act(OWNER, vote).result()
    proof = a.node.receipt(outcome.facts[0], outcome.salts[0])
    forged = json.loads(proof)
    forged["fact"] = forged["fact"].replace("true", "false")
    other = b.node.log.origin
    with pytest.raises(Exception, match="proves no vote"):
        b.node.act(
            OWNER, lambda act: record_vote(act, json.dumps(forged).encode(), own_origin=other)
        ).result()
    taken = b.node.act(OWNER, lambda act: record_vote(act, proof, own_origin=other)).result()
    assert b.node.failure is None
    id = taken.facts[0].subject.partition(":")[2]

    def agree(act: Any) -> Any:
        chosen = propose(act, "quorum", "", "1", term="2026", own_origin=other)
        assert chosen.id == id
        return cast_vote(act, chosen, True, own_origin=other)

    b.node.act(OWNER, agree).result()
    with b.node.reading() as connection:
        (decision,) = list_decisions(connection)
    assert decision.carried and decision.value == "1"


def test_extension_lines_cannot_stop_a_witness_that_signs_with_ml_dsa(posts: Any) -> None:
    a, b = posts("a", "b", witness_post_quantum=True)
    b.admit(a)
    a.grow()
    text = a.node.log.note.partition("\n\n")[0] + "\nextension\n"
    body = request_of(0, [], a.node.folder.signer().sign(text)).marshal()
    answer = httpx.post(f"{b.url}/v1/witness/add-checkpoint", content=body)
    assert answer.status_code == 200 and answer.text.count("\n") == 1
    assert b.node.failure is None


def test_officers_see_how_far_each_witness_follows(posts: Any) -> None:
    a, b = posts("a", "b")
    id = a.admit(b)
    b.admit(a)
    a.grow(2)
    a.round()
    token = a.node.act(OWNER, lambda act: officer_token(act)).result().result
    url = f"{a.url}/v1/witness/standing"
    assert httpx.get(url).status_code == 401
    seen = httpx.get(url, headers={"Authorization": f"Bearer {token}"}).json()["data"]
    assert seen["size"] > seen["cosigned_size"] == seen["witnesses"][0]["size"] > 0
    assert (seen["witnesses"][0]["agency"], seen["forks"], seen["rolled_back_from"]) == (
        id, [], None,
    )  # fmt: skip


def officer_token(act: Any) -> str:
    open_account(act, "amina", ActorKind.OFFICER, "customs", [Role.CUSTOMS_OFFICER])
    return issue_token(act, "amina", entropy(32))


def test_key_files_are_ours_alone_and_stay(posts: Any, tmp_path: Path) -> None:
    (a,) = posts("a")
    for name in ("witness.key", "hpke.key", "tls.key", "log.key"):
        assert (tmp_path / "a" / name).stat().st_mode & 0o777 == 0o600
    public = a.node.keys.public
    assert "seed" not in repr(a.node.keys)
    a.stack.close()
    (again,) = posts("a")
    assert again.node.keys.public == public
