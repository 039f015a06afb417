"""Attach what an inspection, a laboratory or a treatment showed to an application."""

from __future__ import annotations

from dataclasses import replace

from clearway.certificates.issuing import facts
from clearway.certificates.issuing.course import Step
from clearway.certificates.issuing.desk import name_of, take_up
from clearway.certificates.issuing.model import Result, ResultKind, goods_digest
from clearway.errors import RuleViolation
from clearway.ledger.fact import Fact
from clearway.policy.act import Act


def record_result(act: Act, number: str, result: Result) -> Fact:
    """Record a result; the last of its kind counts, for the goods as they are applied for now.

    Args:
        number: of the application.
        result: its `goods` are set here.

    Raises:
        NotFound: no such application is on file.
        WrongState: it was sent back, approved, or has come to its end.
        RuleViolation: the result lies in the future, names a line that is not there, or a treatment
            does not say what was done.
        Refused: policy says no.
    """
    held = take_up(act, number, Step.RECORD_RESULT)
    lines = held.request.content.lines
    unknown = sorted(set(result.lines) - {line.number for line in lines})
    if unknown:
        raise RuleViolation(f"The {name_of(held)} has no line {unknown[0]}; name one of its lines")
    if result.done_at > act.now:
        raise RuleViolation(f"The {result.kind} lies in the future: {result.done_at.isoformat()}")
    if (result.kind is ResultKind.TREATMENT) != (result.treatment is not None):
        raise RuleViolation("A result of a treatment, and no other, says what the treatment was")
    whole = replace(result, goods=goods_digest(lines))
    return act.append(
        facts.Inspected(number, whole), subject=held.subject, occurred_at=result.done_at
    )
