"""What a rule is: a code, a level, a sentence, and a check that yields where it is broken.

The docstring of a rule is its text: the message that the trader sees, with the values put in.

    @rule("DEC_R06", Level.SEVERE)
    def net_mass_is_positive(declaration: Declaration, now: datetime) -> Broken:
        '''Item {item}: the net mass is {net} kg; state what the goods weigh without packing.'''
        for place, item in enumerate(declaration.items):
            if item.net_mass_kg <= 0:
                yield f"items[{place}].net_mass_kg", {"item": item.number, "net": item.net_mass_kg}
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, TypeAlias

from clearway.declarations.model import Declaration
from clearway.terms.finding import Area, Finding, Level

# Where the rule is broken (a path in the model), and the values of its sentence.
Broken: TypeAlias = Iterator[tuple[str, Mapping[str, Any]]]
Check: TypeAlias = Callable[[Declaration, datetime], Broken]

# One slip repeated on 999 items is one thing to mend, not 999 messages.
_MOST_PER_RULE = 20


@dataclass(frozen=True, slots=True)
class Rule:
    """One business rule.

    Args:
        code: stable, `DEC_R..`.
        text: the sentence, with `{names}` for values.
    """

    code: str
    level: Level
    area: Area
    text: str
    check: Check

    def findings(self, declaration: Declaration, now: datetime) -> Iterator[Finding]:
        """Yield a finding for each place where the rule is broken, at most 20."""
        for field, values in islice(self.check(declaration, now), _MOST_PER_RULE):
            message = self.text.format_map({name: shown(value) for name, value in values.items()})
            yield Finding(self.code, self.area, self.level, field, message)


def rule(code: str, level: Level, area: Area = Area.RULE) -> Callable[[Check], Rule]:
    """Make a rule of a check; its docstring is the sentence."""

    def made(check: Check) -> Rule:
        text = " ".join((check.__doc__ or "").split())
        if not text:
            raise TypeError(f"the rule {code} has no sentence")
        return Rule(code, level, area, text, check)

    return made


def shown(value: Any) -> str:
    """Return a value as a sentence shows it: numbers without exponent, long texts cut."""
    text = f"{value:f}" if hasattr(value, "as_tuple") else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
