"""An agency votes, and the node counts."""

from __future__ import annotations

from clearway.errors import RuleViolation, VerificationError, WrongState
from clearway.identity import rules_agencies, tables_agencies, votes
from clearway.identity.agencies import KeyKind
from clearway.identity.facts_agencies import ProposalDecided, VoteCast
from clearway.identity.hand import Hand
from clearway.identity.votes import Outcome, Proposal, Tally, Vote
from clearway.ledger import receipt as receipts
from clearway.ledger.fact import Fact, decode
from clearway.ledger.note import read_vkey


def propose(
    act: Hand, kind: str, subject: str, value: str, *, term: str, own_origin: str
) -> Proposal:
    """Return the proposal that the agencies taking part now may vote on; records nothing."""
    agencies = tables_agencies.list_agencies(act.connection)
    voters = rules_agencies.electorate(own_origin, agencies)
    return Proposal(kind, subject, value, term, voters)


def cast_vote(act: Hand, proposal: Proposal, approves: bool, *, own_origin: str) -> Fact:
    """Vote for our own agency; hand the fact's receipt to the others (`record_vote`).

    Raises: Refused. RuleViolation: the proposal makes no sense here. WrongState: we voted, or it
    is decided.
    """
    act.require("agency.vote", subject=proposal.id)
    return _record(act, Vote(proposal, own_origin, approves), "", own_origin)


def record_vote(act: Hand, receipt: bytes, *, own_origin: str) -> Fact:
    """Record another agency's vote, by the receipt that its own log gave.

    Raises: Refused. MalformedMessage: not a receipt. RuleViolation: it does not hold under the keys
    of its agency, or as `cast_vote`. WrongState: as `cast_vote`.
    """
    act.require("agency.vote")
    try:
        proved = _proved(act, receipts.parse(receipt))
    except VerificationError as error:
        # What a stranger sent is wrong; our own store is not, so that nothing has to stop.
        raise RuleViolation(f"This receipt proves no vote: {error.detail}") from error
    if proved.fact.type != VoteCast.TYPE:
        raise RuleViolation(f"The receipt is of a {proved.fact.type}, not of a vote")
    body = decode(proved.fact.body, VoteCast)
    if body.voter != proved.checkpoint.origin:
        raise RuleViolation(f"{proved.checkpoint.origin!r} cannot vote for {body.voter!r}")
    proposal = Proposal(body.kind, body.subject, body.value, body.term, body.electorate)
    return _record(act, Vote(proposal, body.voter, body.approves), receipt.decode(), own_origin)


def _proved(act: Hand, receipt: receipts.Receipt) -> receipts.Verified:
    """Return what the receipt proves under keys that may sign a checkpoint of its size."""
    agencies = [a for a in tables_agencies.list_agencies(act.connection) if a.takes_part]
    keys = [read_vkey(t) for a in agencies for t in a.keys_at(KeyKind.LOG, act.now)]
    head = receipts.verify(receipt, keys).checkpoint
    own = [a for a in agencies if a.origin == head.origin]
    held = [read_vkey(t) for a in own for t in a.keys_at(KeyKind.LOG, act.now, head.size)]
    return receipts.verify(receipt, held)


def _record(act: Hand, vote: Vote, evidence: str, own_origin: str) -> Fact:
    proposal = vote.proposal
    earlier = tables_agencies.list_votes(act.connection, proposal.id)
    agencies = tables_agencies.list_agencies(act.connection)
    rules_agencies.require_proposal(proposal, own_origin, agencies, is_first=not earlier)
    if vote.voter not in proposal.electorate:
        raise RuleViolation(f"{vote.voter!r} may not vote on proposal {proposal.id}")
    if any(each.voter == vote.voter for each in earlier):
        raise WrongState(f"The vote of {vote.voter!r} on proposal {proposal.id} is recorded")
    body = VoteCast(
        kind=proposal.kind,
        subject=proposal.subject,
        value=proposal.value,
        term=proposal.term,
        electorate=proposal.electorate,
        voter=vote.voter,
        approves=vote.approves,
        evidence=evidence,
    )
    fact = act.append(body, subject=f"proposal:{proposal.id}")
    _decide(act, proposal, votes.count(proposal, [*earlier, vote]))
    return fact


def _decide(act: Hand, proposal: Proposal, tally: Tally) -> None:
    """Record the decision as soon as the votes are enough; it counts from now on."""
    decided = {each.proposal for each in tables_agencies.list_decisions(act.connection)}
    if tally.outcome is Outcome.OPEN or proposal.id in decided:
        return
    body = ProposalDecided(
        proposal=proposal.id,
        kind=proposal.kind,
        subject=proposal.subject,
        value=proposal.value,
        carried=tally.outcome is Outcome.CARRIED,
        yes=tally.yes,
        no=tally.no,
        electorate=tally.electorate,
    )
    act.append(body, subject=f"proposal:{proposal.id}")
