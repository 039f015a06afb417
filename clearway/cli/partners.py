"""What `clearway partner` does, on a node that stands still."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from clearway.cli.setup import OWNER
from clearway.cli.store import opened, readable, receipt_of
from clearway.errors import BadTerm, InputError
from clearway.identity import card as cards
from clearway.identity import rules_agencies, tables_agencies, votes
from clearway.identity.actions.admit_agency import admit_agency
from clearway.identity.actions.cast_vote import cast_vote, propose, record_vote
from clearway.identity.actions.change_agency_keys import lose_key, rotate_keys
from clearway.identity.actions.dismiss_agency import (
    dismiss_agency,
    resume_agency,
    suspend_agency,
)
from clearway.identity.agencies import Agency, KeyKind
from clearway.identity.card import Card, SignedCard
from clearway.identity.rules_agencies import Advice
from clearway.identity.votes import Proposal, Tally
from clearway.ledger.committer import Outcome
from clearway.ledger.fact import Fact
from clearway.ledger.note import Signer
from clearway.node.clock import entropy, utc_now
from clearway.node.evidence import FOLDER, write_double_uses, write_evidence
from clearway.node.files import Folder
from clearway.node.keys import Keys, open_keys
from clearway.node.node import Node
from clearway.node.partnership import own_agency
from clearway.policy.act import Act
from clearway.settings import Settings, load

Result = TypeVar("Result")
WITNESS_PATH = "/v1/witness"


@dataclass(frozen=True, slots=True)
class Ballot:
    """A proposal with its count, as people see it."""

    id: str
    kind: str
    subject: str
    value: str
    term: str
    tally: Tally
    outcome: str


def own_card(file: Path | None) -> tuple[bytes, str]:
    """Return our own card's file and its fingerprint."""
    settings = load(file)
    folder = Folder.of(settings)
    signers = folder.signers()
    post_quantum = settings.witness_post_quantum
    keys = open_keys(folder, signers[0].name, entropy, utc_now(), post_quantum=post_quantum)
    made = card_of(settings, signers, keys)
    return signed_card(made, signers, keys), cards.fingerprint(made)


def card_of(settings: Settings, signers: Sequence[Signer], keys: Keys) -> Card:
    """Return what our card says.

    Args:
        signers: of the log: the present one, then a former one that still signs.
    """
    signer = signers[0]
    url = settings.public_url.rstrip("/")
    return Card(
        form=cards.FORM,
        name=settings.agency_name or signer.name,
        country=settings.country,
        origin=signer.name,
        log_vkeys=tuple(each.verifier.vkey for each in signers),
        witness_vkeys=keys.witness_vkeys,
        hpke_key=keys.hpke_key,
        tls_fingerprint=keys.tls_fingerprint,
        url=url,
        witness_url=url + WITNESS_PATH if url else "",
    )


def signed_card(made: Card, signers: Sequence[Signer], keys: Keys) -> bytes:
    """Return the file of our card, signed by all its keys."""
    at = utc_now()
    cosigning = (partial(each.cosign, at=at) for each in keys.cosigners)
    return cards.emit(made, (*(each.signature_line for each in signers), *cosigning))


def read_card(file: Path | None, card: Path) -> SignedCard:
    """Return a card, and which keys that are known of its agency signed it too."""
    data = card.read_bytes()
    signed = cards.parse(data)
    with opened(file) as (_, _, connection):
        known = tables_agencies.find_agency(connection, signed.card.agency)
    if known is None:
        return signed
    vkeys = {k.text for k in known.keys if k.kind in (KeyKind.LOG, KeyKind.WITNESS)}
    return cards.parse(data, vkeys - set(signed.card.log_vkeys) - set(signed.card.witness_vkeys))


def add(file: Path | None, signed: SignedCard, entitlements: Sequence[str]) -> str:
    """Let the agency of a card join; return its id."""

    def action(node: Node) -> Callable[[Act], Fact]:
        return lambda act: admit_agency(
            act,
            signed,
            own_origin=node.log.origin,
            own_keys=_own_keys(node),
            entitlements=entitlements,
        )

    _run(file, action)
    return signed.card.agency


def rotate(file: Path | None, signed: SignedCard, size: int | None, *, is_compared: bool) -> int:
    """Take over an agency's newer card; return how many things changed."""

    def action(node: Node) -> Callable[[Act], list[Fact]]:
        return lambda act: rotate_keys(
            act, signed, own_keys=_own_keys(node), size=size, is_compared=is_compared
        )

    return len(_run(file, action).result)


def lost(file: Path | None, agency: str, kind: str, key: str) -> None:
    """End an agency's key at once. Raises: BadTerm: an unknown kind of key."""
    try:
        chosen = KeyKind(kind)
    except ValueError as error:
        raise BadTerm("kind", kind, f"is none of: {', '.join(KeyKind)}") from error
    _run(file, lambda node: lambda act: lose_key(act, agency, chosen, key))


def leave(file: Path | None, agency: str, reason: str, *, is_own_wish: bool) -> None:
    """End an agency's part."""
    _run(
        file,
        lambda node: (
            lambda act: dismiss_agency(
                act, agency, reason, own_origin=node.log.origin, is_own_wish=is_own_wish
            )
        ),
    )


def suspend(file: Path | None, agency: str, reason: str, *, resume: bool) -> None:
    """Suspend an agency, or let it take part again."""
    chosen = resume_agency if resume else suspend_agency
    _run(file, lambda node: lambda act: chosen(act, agency, reason))


def vote(
    file: Path | None, proposal: str, kind: str, about: str, term: str, *, approves: bool
) -> tuple[str, bytes]:
    """Vote for our own agency; return the proposal's id and the receipt for the others.

    Args:
        proposal: id of one that is open here; empty: a new one of this kind.
        about: origin of an agency, or the new quorum.
    """

    def action(node: Node) -> Callable[[Act], str]:
        def run(act: Act) -> str:
            chosen = (
                _find(tables_agencies.list_votes(act.connection), proposal)
                if proposal
                else _new(act, kind, about, term or act.now.date().isoformat(), node.log.origin)
            )
            cast_vote(act, chosen, approves, own_origin=node.log.origin)
            return chosen.id

        return run

    with _open(file) as node:
        outcome = node.act(OWNER, action(node)).result()
        return outcome.result, node.receipt(outcome.facts[0], outcome.salts[0])


def take_vote(file: Path | None, receipt: bytes) -> str:
    """Record another agency's vote; return the proposal's id."""
    outcome = _run(
        file, lambda node: lambda act: record_vote(act, receipt, own_origin=node.log.origin)
    )
    return outcome.facts[0].subject.partition(":")[2]


def agencies_of(file: Path | None) -> list[Agency]:
    """Return every agency that ever joined."""
    with opened(file) as (_, _, connection):
        return tables_agencies.list_agencies(connection)


def ballots(file: Path | None) -> list[Ballot]:
    """Return every proposal with its count."""
    with opened(file) as (_, _, connection):
        cast = tables_agencies.list_votes(connection)
    found = []
    for proposal in dict.fromkeys(each.proposal for each in cast):
        tally = votes.count(proposal, cast)
        about = (proposal.kind, proposal.subject, proposal.value, proposal.term)
        found.append(Ballot(proposal.id, *about, tally, tally.outcome))
    return found


def forks(file: Path | None) -> list[dict[str, Any]]:
    """Return the forks that this node found."""
    with opened(file) as (_, _, connection):
        found = tables_agencies.list_forks(connection)
    return [
        {"agency": f.agency, "size": f.size, "found_at": at, "held": f.held, "shown": f.shown}
        for at, f in found
    ]


def evidence_files(file: Path | None) -> list[str]:
    """Write the evidence against others that is not in files yet; return all files."""
    with opened(file) as (folder, _, connection):
        write_evidence(connection, folder.root)
        write_double_uses(connection, folder.root, lambda seq: receipt_of(file, seq))
        return sorted(map(str, (folder.root / FOLDER).glob("*.json")))


def advice(file: Path | None) -> Advice:
    """Return what so many agencies should run."""
    taking_part = [each for each in agencies_of(file) if each.takes_part]
    return rules_agencies.order_advice(1 + len(taking_part))


def policy(file: Path | None, k: int | None) -> str:
    """Return the policy by which our receipts are verified; k by default as decided."""
    with opened(file) as (folder, _, connection):
        agencies = tables_agencies.list_agencies(connection)
        decisions = tables_agencies.list_decisions(connection)
        vkeys = [each.verifier.vkey for each in folder.signers()]
    count = len(rules_agencies.witnesses_among(agencies))
    needed = rules_agencies.quorum_of(decisions, count) if k is None else k
    return rules_agencies.policy_text(vkeys, agencies, needed)


def policy_for(file: Path | None, agency: str) -> str:
    """Return the policy by which this node judges a partner's log. Raises: NotFound."""
    settings = load(file)
    with opened(file) as (folder, signer, connection):
        found = tables_agencies.get_agency(connection, agency)
        agencies = tables_agencies.list_agencies(connection)
        decisions = tables_agencies.list_decisions(connection)
    keys = _keys(settings, folder, signer)
    own = own_agency(settings, signer.name, keys, utc_now())
    return rules_agencies.policy_for(found, agencies, own, decisions)


def _keys(settings: Settings, folder: Folder, signer: Signer) -> Keys:
    post_quantum = settings.witness_post_quantum
    return open_keys(folder, signer.name, entropy, utc_now(), post_quantum=post_quantum)


def _own_keys(node: Node) -> tuple[str, ...]:
    return (*(each.vkey for each in node.log.signing), *node.keys.public)


def _new(act: Act, kind: str, about: str, term: str, origin: str) -> Proposal:
    is_quorum = kind == votes.ProposalKind.QUORUM
    subject, value = ("", about) if is_quorum else (about, "")
    return propose(act, kind, subject, value, term=term, own_origin=origin)


def _find(cast: Sequence[votes.Vote], id: str) -> Proposal:
    for each in cast:
        if each.proposal.id == id:
            return each.proposal
    raise InputError(f"No proposal {id!r} is known; record a vote on it with --receipt first")


def _run(file: Path | None, action: Callable[[Node], Callable[[Act], Result]]) -> Outcome[Result]:
    with _open(file) as node:
        return node.act(OWNER, action(node)).result()


@contextmanager
def _open(file: Path | None) -> Iterator[Node]:
    settings = load(file)
    with (
        readable(Folder.of(settings).store),
        Node.open(settings, clock=utc_now, entropy=entropy) as node,
    ):
        yield node
