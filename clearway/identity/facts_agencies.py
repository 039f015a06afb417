"""What happened to partner agencies. Nothing here is ever applied to what was recorded before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from clearway.identity.agencies import KeyKind
from clearway.terms.places import Country


@dataclass(frozen=True, slots=True)
class AgencyJoined:
    """An agency takes part from now on, with these keys; `card` is the text that it signed."""

    TYPE: ClassVar[str] = "agency.joined/1"

    agency: str
    name: str
    country: Country
    origin: str
    log_vkeys: tuple[str, ...]
    witness_vkeys: tuple[str, ...]
    hpke_key: str
    tls_fingerprint: str
    url: str
    witness_url: str
    entitlements: tuple[str, ...]
    card: str


@dataclass(frozen=True, slots=True)
class AgencyKeyChanged:
    """A key came, or an old one ends.

    Args:
        old: the key that ends; empty: none does.
        new: the key that comes; empty: none does.
        until_size: of an old log key: the largest checkpoint that it may have signed.
        until: from when the old key is worth nothing; None: it holds up to `until_size`.
        reason: `rotated` or `lost`.
    """

    TYPE: ClassVar[str] = "agency.key_changed/1"

    agency: str
    kind: KeyKind
    old: str
    new: str
    until_size: int | None
    until: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class AgencyMoved:
    """It is found under other addresses, or bears another name."""

    TYPE: ClassVar[str] = "agency.moved/1"

    agency: str
    name: str
    url: str
    witness_url: str


@dataclass(frozen=True, slots=True)
class AgencyEntitled:
    """From now on it may receive facts of these types, and of no others."""

    TYPE: ClassVar[str] = "agency.entitled/1"

    agency: str
    entitlements: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AgencySuspended:
    """It receives nothing and its cosignatures do not count, until it is resumed."""

    TYPE: ClassVar[str] = "agency.suspended/1"

    agency: str
    reason: str


@dataclass(frozen=True, slots=True)
class AgencyResumed:
    """It takes part again."""

    TYPE: ClassVar[str] = "agency.resumed/1"

    agency: str
    reason: str


@dataclass(frozen=True, slots=True)
class AgencyLeft:
    """It takes part no more; what it signed before stays valid."""

    TYPE: ClassVar[str] = "agency.left/1"

    agency: str
    reason: str


@dataclass(frozen=True, slots=True)
class VoteCast:
    """An agency said yes or no to a proposal (see `votes.Proposal`).

    Args:
        electorate: origins of the agencies that may vote on the proposal.
        voter: origin of the agency that votes.
        evidence: the receipt of the vote in the voter's own log; empty: it is our own vote.
    """

    TYPE: ClassVar[str] = "agency.vote_cast/1"

    kind: str
    subject: str
    value: str
    term: str
    electorate: tuple[str, ...]
    voter: str
    approves: bool
    evidence: str


@dataclass(frozen=True, slots=True)
class ProposalDecided:
    """The votes are enough, for or against; `yes` of `electorate` were for it."""

    TYPE: ClassVar[str] = "agency.proposal_decided/1"

    proposal: str
    kind: str
    subject: str
    value: str
    carried: bool
    yes: int
    no: int
    electorate: int


@dataclass(frozen=True, slots=True)
class ForkFound:
    """A log showed two histories: it signed another root for a size than the one we hold.

    Args:
        size: at which the two differ.
        held: the signed checkpoint that we cosigned before.
        shown: the signed checkpoint that contradicts it.
        proof: base64 hashes that lead from `shown` to another root of `size`; empty when `shown`
            is of that size itself.
    """

    TYPE: ClassVar[str] = "agency.fork_found/1"

    agency: str
    origin: str
    size: int
    held: str
    shown: str
    proof: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RollbackShown:
    """A partner showed a checkpoint that our own key signed, of more facts than this log has.

    Args:
        agency: whose witness showed it.
        size: of that checkpoint, in facts.
        ours: how many facts this log had then.
        note: the signed checkpoint.
    """

    TYPE: ClassVar[str] = "agency.rollback_shown/1"

    agency: str
    size: int
    ours: int
    note: str
