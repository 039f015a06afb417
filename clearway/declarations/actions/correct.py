"""A trader, or an officer, corrects a declaration: its number stays."""

from __future__ import annotations

from dataclasses import dataclass

from clearway.declarations import lifecycle, rules, tables
from clearway.declarations.facts import Corrected, subject
from clearway.declarations.lifecycle import Step
from clearway.declarations.message import Message, pack
from clearway.declarations.model import Declaration
from clearway.declarations.record import Record
from clearway.errors import RuleViolation, WrongState
from clearway.policy.act import Act
from clearway.terms.finding import Finding, is_refusal
from clearway.terms.identifiers import Mrn


@dataclass(frozen=True, slots=True)
class Correction:
    """The version that counts now.

    Args:
        seq: the fact, for its receipt.
        repeated: this message made the present version before; nothing was recorded now.
    """

    mrn: Mrn
    version: int
    seq: int
    findings: tuple[Finding, ...]
    repeated: bool = False


def correct(
    act: Act, mrn: Mrn, message: Message, reason: str, *, of_version: int | None = None
) -> Correction:
    """Put the declaration of `message` in the place of the present version.

    Args:
        message: the whole declaration as it should be.
        reason: why, in words.
        of_version: the version that the sender had before it; None: whichever is present.

    Raises:
        NotFound, Refused.
        WrongState: it can no longer be corrected, or another version is present.
        RuleViolation: the corrected declaration breaks a rule, or names another trader; nothing
            changes.
    """
    record = tables.get(act.connection, mrn)
    act.require("declaration.correct", **record.summary.policy_attributes)
    if record.digest == message.digest:
        return Correction(mrn, record.version, record.content_seq, record.findings, repeated=True)
    lifecycle.take(Step.CORRECT, record.status, f"declaration {mrn}")
    if of_version not in (None, record.version):
        raise WrongState(
            f"Version {record.version} of declaration {mrn} counts now, not {of_version}, which"
            " this correction is for; look at it and correct that"
        )
    declaration, findings = _require_correct(act, record, message)
    body = Corrected(
        mrn=mrn,
        version=record.version + 1,
        declaration=declaration,
        reason=reason,
        findings=findings,
        form=message.form,
        digest=message.digest,
        original=pack(message.original),
        amendment=pack(message.amendment),
    )
    fact = act.append(body, subject=subject(mrn))
    return Correction(mrn, body.version, fact.seq, findings)


def _require_correct(
    act: Act, record: Record, message: Message
) -> tuple[Declaration, tuple[Finding, ...]]:
    declaration = message.declaration
    if declaration is None:
        raise RuleViolation("The message holds no whole declaration", message.findings)
    former = record.declaration
    if (declaration.trader.id, declaration.kind) != (former.trader.id, former.kind):
        raise RuleViolation(
            "A correction cannot name another trader, or make an import an export;"
            " invalidate this declaration and lodge a new one"
        )
    findings = message.findings + rules.check(declaration, act.now)
    if is_refusal(findings):
        raise RuleViolation("The corrected declaration breaks a rule", findings)
    return declaration, findings
