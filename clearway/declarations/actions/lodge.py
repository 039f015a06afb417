"""A trader lodges a declaration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from clearway.declarations import rules, tables
from clearway.declarations.facts import Accepted, KeyConflict, Rejected, subject
from clearway.declarations.lifecycle import Status
from clearway.declarations.message import Message, pack
from clearway.declarations.model import Declaration
from clearway.declarations.numbering import next_mrn
from clearway.declarations.record import AGENCY
from clearway.errors import ConflictingKey, RuleViolation
from clearway.policy.act import Act
from clearway.terms.finding import Finding, is_refusal
from clearway.terms.identifiers import Mrn


@dataclass(frozen=True, slots=True)
class Lodged:
    """The declaration has a number; `status` says whether it was accepted or rejected.

    Args:
        seq: the fact, for its receipt.
        findings: of the reader and of the rules, as they were when it was lodged.
        repeated: the same message came before; nothing was recorded now.
    """

    mrn: Mrn
    seq: int
    status: Status
    findings: tuple[Finding, ...]
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Conflict:
    """The key stands for other content: nothing was lodged, the alarm is recorded.

    Args:
        mrn: the declaration for which the key stands.
        seq: the alarm.
    """

    mrn: Mrn
    key: str
    seq: int


Outcome: TypeAlias = Lodged | Conflict


def lodge(act: Act, message: Message, key: str = "") -> Outcome:
    """Record a declaration as accepted, or as rejected where a finding is SEVERE.

    A repeat is answered as the first time. A rejected message may be mended and come again under
    its key; an accepted one may not: other content gives `Conflict`, which a face answers with 409.

    Args:
        message: an original declaration, read.
        key: idempotency key; without it, the declarant's own reference (LRN).

    Raises:
        Refused: the actor represents the declarant or the trader not.
        RuleViolation: the message holds no declaration that could be recorded.
    """
    declaration = _require_declaration(act, message)
    key = key or str(declaration.lrn)
    scope = f"declaration:{declaration.declarant.id or act.actor.reference}"
    try:
        earlier = act.tx.earlier(scope, key, message.digest)
    except ConflictingKey as conflict:
        return _alarm(act, declaration, message, key, int(conflict.fields["seq"]))
    if earlier is not None:
        return _again(act, earlier)
    findings = message.findings + rules.check(declaration, act.now)
    if not is_refusal(findings):
        return _record(act, Accepted, message, declaration, findings, (scope, key))
    # A key that was rejected stays free, so the content is part of what a repeat is known by.
    scope, exact = f"rejected.{scope}", f"{key}:{message.digest.hex()}"
    earlier = act.tx.earlier(scope, exact, message.digest)
    if earlier is not None:
        return _again(act, earlier)
    return _record(act, Rejected, message, declaration, findings, (scope, exact), key)


def _record(
    act: Act,
    kind: type[Accepted] | type[Rejected],
    message: Message,
    declaration: Declaration,
    findings: tuple[Finding, ...],
    claimed: tuple[str, str],
    key: str = "",
) -> Lodged:
    """Give the declaration its number and record it; `claimed` are scope and key of a repeat."""
    mrn = next_mrn(declaration, act.now, act.tx.next_seq)
    body = kind(
        mrn=mrn,
        declaration=declaration,
        key=key or claimed[1],
        findings=findings,
        form=message.form,
        digest=message.digest,
        original=pack(message.original),
    )
    fact = act.append(body, subject=subject(mrn))
    act.tx.claim(*claimed, message.digest, fact)
    status = Status.ACCEPTED if kind is Accepted else Status.REJECTED
    return Lodged(mrn, fact.seq, status, findings)


def _require_declaration(act: Act, message: Message) -> Declaration:
    """Return the declaration, once the actor may lodge it for those that it names."""
    declaration = message.declaration
    if declaration is None:
        raise RuleViolation(
            "The message holds no declaration that can be recorded; see what is said of its fields",
            message.findings,
        )
    named = (declaration.trader.id, declaration.declarant.id)
    for party in dict.fromkeys(str(each) for each in named if each):
        act.require("declaration.lodge", agency=AGENCY, party=party)
    if not any(named):
        act.require("declaration.lodge", agency=AGENCY)
    return declaration


def _again(act: Act, seq: int) -> Lodged:
    former = tables.get_lodging(act.connection, seq)
    return Lodged(former.mrn, seq, former.status, former.findings, repeated=True)


def _alarm(act: Act, declaration: Declaration, message: Message, key: str, first: int) -> Conflict:
    mrn = tables.get_lodging(act.connection, first).mrn
    body = KeyConflict(mrn, declaration.declarant.id, key, first, message.digest)
    return Conflict(mrn, key, act.append(body, subject=subject(mrn)).seq)
