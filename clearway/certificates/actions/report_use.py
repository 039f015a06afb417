"""Note what Customs abroad used of a certificate of ours."""

from __future__ import annotations

from clearway.certificates.issuing import facts
from clearway.certificates.issuing.course import Step
from clearway.certificates.issuing.desk import take_up_issued
from clearway.certificates.issuing.model import Use
from clearway.certificates.issuing.usage import exceeds, is_exhausted, with_use
from clearway.certificates.model import Key
from clearway.errors import RuleViolation
from clearway.ledger.fact import Fact
from clearway.policy.act import Act
from clearway.terms.quantity import Quantity


def report_use(act: Act, key: Key, line: int, quantity: Quantity, reference: str) -> Fact | None:
    """Record a use abroad; it happened there, so it is never refused for being too much.

    Args:
        key: of a certificate of ours.
        line: number of its line.
        quantity: all that this reference used of the line; zero takes it back.
        reference: of the declaration there; a second report takes the first one's place.

    Raises:
        NotFound: we did not issue it.
        RuleViolation: no such line (07), another unit (10), or no reference.
        Refused: policy says no.
    """
    held = take_up_issued(act, key, Step.REPORT_USE)
    if not reference.strip():
        raise RuleViolation("A use names the declaration abroad for which it was")
    use = Use(line, reference.strip(), quantity)
    uses = with_use(held.uses, use)
    over = exceeds(held.content, uses, line)
    if use in held.uses:
        return None
    spent = is_exhausted(held.content, uses)
    return act.append(facts.UseReported(key.subject, use, spent, over), subject=key.subject)
