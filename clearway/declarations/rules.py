"""The business rules of a declaration (`DEC_R01` ...), in the order of their codes.

Each rule's docstring is its text and the message that the trader sees; `RULES` lists them all.
SEVERE refuses the declaration; WARNING and INFO go with it to the officers.
"""

from __future__ import annotations

from datetime import datetime

from clearway.declarations import field_rules, header_rules, item_rules
from clearway.declarations.model import Declaration
from clearway.declarations.rule import Rule
from clearway.terms.finding import Finding

RULES: tuple[Rule, ...] = tuple(
    sorted(
        (*header_rules.RULES, *item_rules.RULES, *field_rules.RULES),
        key=lambda rule: rule.code,
    )
)


def check(declaration: Declaration, now: datetime) -> tuple[Finding, ...]:
    """Return a finding for each place where a rule is broken, by rule code.

    Args:
        now: aware UTC; dates are judged against it.
    """
    return tuple(finding for rule in RULES for finding in rule.findings(declaration, now))
