"""What agencies may do together, and how many of them are enough for what. Pure.

Nothing here looks back: a key that ends, an agency that leaves, another quorum count from the
moment when the fact is recorded.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from clearway.errors import RuleViolation, WrongState
from clearway.identity import entitlement
from clearway.identity.agencies import Agency, KeyKind, Status
from clearway.identity.card import Card, SignedCard
from clearway.identity.votes import (
    TWO_THIRDS,
    Decision,
    Majority,
    Proposal,
    ProposalKind,
)

# A BFT engine goes on while over two thirds work: with one of n gone only from n = 4 on.
FEWEST_FOR_ORDER = 4
MOST_AGENCIES = 60


@dataclass(frozen=True, slots=True)
class Charter:
    """The rules of deciding together, as data.

    Args:
        vote_from: how many agencies there must be, ourselves counted, before the next is admitted
            or removed by vote; below, each pair of agencies settles it between themselves.
        majority: of all who may vote.
    """

    vote_from: int = FEWEST_FOR_ORDER
    majority: Majority = TWO_THIRDS


@dataclass(frozen=True, slots=True)
class Advice:
    """Whether one global order is worth running, and why.

    Args:
        is_order_advised: else witnesses only.
        survives: how many agencies may fail, or cheat, at once.
    """

    title: str
    reason: str
    is_order_advised: bool
    survives: int


def order_advice(agencies: int) -> Advice:
    """Return what so many independent agencies, ourselves counted, should run."""
    if agencies < FEWEST_FOR_ORDER:
        alone = "One agency has nobody to agree with." if agencies < 2 else (
            f"With {agencies} validators the order stops as soon as one of them stands still, and"
            " none of them may cheat: it would be less sure than one log."
        )  # fmt: skip
        reason = (
            f"{alone} One global order needs {FEWEST_FOR_ORDER} independent agencies (n >= 3f + 1"
            " with f = 1). Until then let each keep its own log and cosign the others': that shows"
            " every change of the past, and needs no chain."
        )
        return Advice("witnesses only", reason, False, 0)
    survives = (agencies - 1) // 3
    reason = (
        f"{agencies} independent agencies can keep one order: it goes on while {survives} of them"
        f" fail or cheat (n >= 3f + 1), and stops, without forking, when {survives + 1} do. Run it"
        " only for what must be used once: certificates, quotas, guarantees."
    )
    return Advice("shared order possible", reason, True, survives)


def default_quorum(witnesses: int) -> int:
    """Return how many of so many partners must cosign until a vote says otherwise: over half.

    One partner of one; 2 of 3; none where there is none.
    """
    return 0 if witnesses == 0 else witnesses // 2 + 1


def quorum_of(decisions: Sequence[Decision], witnesses: int) -> int:
    """Return how many partners must cosign: what was carried last, never more than there are."""
    carried = [d for d in decisions if d.carried and d.kind == ProposalKind.QUORUM]
    return min(int(carried[-1].value), witnesses) if carried else default_quorum(witnesses)


def policy_text(log_vkeys: Sequence[str], agencies: Iterable[Agency], k: int) -> str:
    """Return the policy (C2SP tlog-policy): k of these agencies' witnesses must cosign.

    An agency with several witness keys counts once, whichever of them signed.

    Args:
        log_vkeys: keys of the log that is judged; its own agency must not be among the agencies.

    Raises: RuleViolation: k is negative, or over the number of agencies with a witness.
    """
    lines = [f"log {vkey}" for vkey in log_vkeys]
    members: list[str] = []
    for agency in witnesses_among(agencies):
        members.append(agency.id)
        lines += _witness_lines(agency)
    if not 0 <= k <= len(members):
        raise RuleViolation(f"{k} of {len(members)} witnesses cannot be asked for")
    if k:
        lines.append(f"group agencies {k} {' '.join(members)}")
    return "\n".join([*lines, f"quorum {'agencies' if k else 'none'}", ""])


def policy_for(
    agency: Agency, agencies: Iterable[Agency], own: Agency, decisions: Sequence[Decision]
) -> str:
    """Return the policy by which this node judges the log of a partner.

    Its witnesses are those of all other agencies, our own among them; how many must cosign is what
    the agencies decided, by default over half.

    Args:
        own: this node as an agency.
    """
    others = [*(each for each in agencies if each.id != agency.id), own]
    k = quorum_of(decisions, len(witnesses_among(others)))
    return policy_text(agency.log_vkeys, others, k)


def witnesses_among(agencies: Iterable[Agency]) -> list[Agency]:
    """Return those that take part and have a witness, in order of their ids."""
    held = [agency for agency in agencies if agency.takes_part and agency.witness_vkeys]
    return sorted(held, key=lambda agency: agency.id)


def _witness_lines(agency: Agency) -> list[str]:
    url = f" {agency.witness_url}" if agency.witness_url else ""
    vkeys = agency.witness_vkeys
    if len(vkeys) == 1:
        return [f"witness {agency.id} {vkeys[0]}{url}"]
    names = [f"{agency.id}/{place}" for place, _ in enumerate(vkeys, 1)]
    each = [f"witness {name} {vkey}{url}" for name, vkey in zip(names, vkeys, strict=True)]
    return [*each, f"group {agency.id} any {' '.join(names)}"]


def electorate(own_origin: str, agencies: Iterable[Agency]) -> tuple[str, ...]:
    """Return who may vote now: ourselves and every agency that takes part."""
    return tuple(sorted({own_origin, *(each.origin for each in agencies if each.takes_part)}))


def require_admissible(
    signed: SignedCard,
    own_origin: str,
    own_keys: Iterable[str],
    agencies: Sequence[Agency],
    decisions: Sequence[Decision],
    charter: Charter = Charter(),
) -> None:
    """Refuse a card that may not join.

    Raises: WrongState: it takes part already, or the agencies must vote first. RuleViolation: it is
    our own, or a key or id on it is another's.
    """
    card = signed.card
    if card.origin == own_origin:
        raise RuleViolation("This is this node's own card; hand it to your partners")
    known = next((each for each in agencies if each.id == card.agency), None)
    if known is not None and known.origin != card.origin:
        raise RuleViolation(f"The origins {known.origin!r} and {card.origin!r} make one id")
    if known is not None and known.status is not Status.LEFT:
        raise WrongState(
            f"{card.origin!r} is {known.status} already; a new card of it goes to `partner rotate`"
        )
    require_keys_free(card, agencies, own_keys)
    voters = electorate(own_origin, agencies)
    if len(voters) >= MOST_AGENCIES:
        raise RuleViolation(f"At most {MOST_AGENCIES} agencies can take part")
    if len(voters) >= charter.vote_from and not _is_carried(decisions, "admit", card.origin):
        raise WrongState(
            f"{len(voters)} agencies take part, so that a new one is admitted by vote; first:"
            f" clearway partner vote admit {card.origin}"
        )


def require_removable(
    agency: Agency,
    own_origin: str,
    agencies: Sequence[Agency],
    decisions: Sequence[Decision],
    charter: Charter = Charter(),
) -> None:
    """Refuse to let an agency go against its will without the vote of the others.

    Raises: WrongState: it left already, or the agencies must vote first.
    """
    if agency.status is Status.LEFT:
        raise WrongState(f"{agency.origin!r} left already")
    voters = electorate(own_origin, agencies)
    if len(voters) >= charter.vote_from and not _is_carried(decisions, "remove", agency.origin):
        raise WrongState(
            f"{len(voters)} agencies take part, so that one is removed by vote; first: clearway"
            f" partner vote remove {agency.origin}; or suspend it, which binds this node only"
        )


def _is_carried(decisions: Iterable[Decision], kind: str, subject: str) -> bool:
    """Return whether the last decision to admit or to remove this agency was for `kind`.

    A removal ends an earlier admission, and the other way round.
    """
    about = [d for d in decisions if d.carried and d.subject == subject]
    return bool(about) and about[-1].kind == kind


def require_keys_free(card: Card, agencies: Iterable[Agency], own_keys: Iterable[str]) -> None:
    """Refuse a card with a key that is, or was, another's: it would be counted twice.

    Raises: RuleViolation.
    """
    taken = {_key_part(text): "this node" for text in own_keys if text}
    for each in agencies:
        if each.id != card.agency:
            taken |= {_key_part(key.text): each.origin for key in each.keys}
    texts = (*card.log_vkeys, *card.witness_vkeys, card.hpke_key, card.tls_fingerprint)
    for text in texts:
        if text and (owner := taken.get(_key_part(text))) is not None:
            raise RuleViolation(f"The key {text[:80]} on the card belongs to {owner}")


def _key_part(text: str) -> str:
    """Return a vkey without its name and type: the same key under another name is the same."""
    return text.rsplit("+", 1)[-1] if text.count("+") < 2 else text.split("+", 2)[2][2:]


def require_entitlements(entitlements: Sequence[str]) -> None:
    """Refuse rules that are not in form (`entitlement`). Raises: BadTerm."""
    entitlement.parse_all(entitlements)


def require_proposal(
    proposal: Proposal, own_origin: str, agencies: Sequence[Agency], is_first: bool
) -> None:
    """Refuse a proposal that makes no sense here.

    Raises: RuleViolation: unknown kind, a quorum that is no number of 1 or more; or, for the first
    vote on it, an electorate that is not who takes part now.
    """
    if proposal.kind not in set(ProposalKind):
        raise RuleViolation(f"Agencies vote on admit, remove, quorum; not on {proposal.kind!r}")
    is_quorum = proposal.kind == ProposalKind.QUORUM
    if is_quorum != bool(proposal.value) or is_quorum == bool(proposal.subject):
        raise RuleViolation("A quorum has a value, an admission or removal names an origin")
    if is_quorum and not (proposal.value.isascii() and proposal.value.isdecimal()):
        raise RuleViolation(f"The quorum {proposal.value[:20]!r} is no number")
    if is_quorum and not 1 <= int(proposal.value[:9]) <= MOST_AGENCIES:
        raise RuleViolation(f"A quorum is 1 to {MOST_AGENCIES}, not {proposal.value[:20]}")
    if is_first and proposal.electorate != electorate(own_origin, agencies):
        raise RuleViolation(
            "The proposal names other voters than those who take part here now:"
            f" {', '.join(electorate(own_origin, agencies))}"
        )


def require_known_key(agency: Agency, kind: KeyKind, text: str) -> None:
    """Refuse to end a key that is not the agency's, or ended before. Raises: WrongState."""
    held = [key for key in agency.keys if key.kind is kind and key.text == text]
    if not held or held[0].until is not None:
        raise WrongState(f"{agency.origin!r} has no {kind} key {text[:80]} that still holds")
