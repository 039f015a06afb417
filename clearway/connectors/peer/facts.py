"""What this node states of its partners' facts. Content that arrived is kept apart from its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class FactReceived:
    """A fact of a partner's log came, and it was proved to stand there.

    Args:
        partner: id of the agency.
        origin: of its log. seq: place there.
        leaf_hash: of that place, base64.
        type, subject, issuer, actor, occurred_at, recorded_at, body, form: the fact as it stands
            there (`ledger.fact`). Of one of which only fields were opened, `type` and `form`.
        salt: base64; with it the leaf hash can be computed again. Empty when only fields came.
        opened: the disclosure of fields (`ledger.disclosure`), as it came, without path and
            checkpoint; else empty.
    """

    TYPE: ClassVar[str] = "peer.fact_received/1"

    partner: str
    origin: str
    seq: int
    leaf_hash: str
    type: str
    subject: str
    issuer: str
    actor: str
    occurred_at: datetime | None
    recorded_at: datetime | None
    body: str
    form: int
    salt: str
    opened: str = ""


@dataclass(frozen=True, slots=True)
class Conflicted:
    """Other content came for a place that is settled: an alarm; nothing more is taken.

    Args:
        held, shown: leaf hashes, base64.
    """

    TYPE: ClassVar[str] = "peer.conflict/1"

    partner: str
    origin: str
    seq: int
    held: str
    shown: str


@dataclass(frozen=True, slots=True)
class ForkFound:
    """A partner's log signed two statements that do not fit: an alarm; nothing more is taken.

    Args:
        reason: a sentence.
        held, shown: signed notes: the checkpoint that we hold, and the one that came.
        proof: base64 of the hashes that came as proof of consistency.
        head: signed note of the batch that came with it.
        is_conclusive: the two notes alone prove it to anybody.
    """

    TYPE: ClassVar[str] = "peer.fork_found/1"

    partner: str
    origin: str
    reason: str
    held: str
    shown: str
    proof: tuple[str, ...]
    head: str
    is_conclusive: bool


@dataclass(frozen=True, slots=True)
class Resumed:
    """People looked into an alarm and let the exchange with a partner go on."""

    TYPE: ClassVar[str] = "peer.resumed/1"

    partner: str
    reason: str


@dataclass(frozen=True, slots=True)
class DoubleUsed:
    """One thing was used twice, under orders that do not see each other: an alarm.

    Args:
        nullifier: 64 hexadecimal digits.
        first_origin, second_origin: of the logs that tell of the uses; empty: our own.
        first_asked, first_answered, second_asked, second_answered: places of the facts there.
    """

    TYPE: ClassVar[str] = "peer.double_use/1"

    nullifier: str
    first_origin: str
    first_asked: int
    first_answered: int
    second_origin: str
    second_asked: int
    second_answered: int
