"""What expressions may cost: whatever could stop the node is refused before it runs once."""

from __future__ import annotations

import pytest

from clearway.console.risk_words import EXAMPLES
from clearway.errors import RuleViolation
from clearway.risk.expression.cost import MOST_STEPS, pattern_steps, require_bounded
from clearway.risk.formats import profiles as files
from clearway.risk.rules import Profiles

from .test_rules import profile

NUMBERS = f"[{','.join(['1'] * 40)}]"


@pytest.mark.parametrize(
    "expression",
    [
        "".join(f"{NUMBERS}.all(x{i}, " for i in range(6)) + "true" + ")" * 6,
        f"{NUMBERS}.map(a, {NUMBERS}.map(b, {NUMBERS})).size() > 0",
        "['a']" + ".map(x, x + x)" * 30 + ".size() > 0",
        "['a'].map // hidden\n (x, x + x).size() > 0",
        f"{NUMBERS}.existsOne(x, {NUMBERS}.existsOne(y, x == y))",
        r'item.description.matches("\\pL{1,200}x")',
        r'item.description.matches("((\\w{1,9}){1,9}){1,9}")',
        r'item.description.matches("[\\w)a]{ 100 }")',
        r'item.description.matches("(?x) \\w {100}")',
        r'item.description.matches("[a[b[\\w]]]{100}")',
        '"a".matches(item.description)',
        # The engine ends this text at the first quote, and so must the count.
        f'r"\\" != "+" && {NUMBERS}.all(a, {NUMBERS}.all(b, {NUMBERS}.all(c, true))) && "+" != ""',
    ],
)
def test_an_expression_that_could_stop_the_node_is_refused_unrun(expression: str) -> None:
    with pytest.raises(RuleViolation, match="P1"):
        Profiles([profile(expression)])


@pytest.mark.parametrize(
    "expression",
    [
        *EXAMPLES,
        "item.hs in [" + ",".join(f"'{code}'" for code in range(100000, 100180)) + "]",
        'declaration.documents.exists(k, k.startsWith("N")) && declaration.alarms.all(k, k != "")',
        r'item.description.matches("(?i)laptop|notebook") && item.hs.matches("^8471[0-9]{4}$")',
        r'item.description.matches("^[A-Z]{2}\\d{4,8}")',
        'timestamp("2026-01-01T00:00:00Z") > timestamp("2025-01-01T00:00:00Z")',
    ],
)
def test_what_analysts_write_is_not_refused(expression: str) -> None:
    require_bounded(expression)


def test_the_shipped_profiles_are_within_what_is_allowed() -> None:
    for one in files.sample().profiles:
        require_bounded(one.expression)


def test_repeats_within_repeats_are_multiplied() -> None:
    assert pattern_steps("abc") == 3
    assert pattern_steps("(ab){10}") == pattern_steps("(?:ab){10}") == 20
    assert pattern_steps("((ab){10}){10}") == pattern_steps("((ab){3,10}){ 10 }") == 200
    assert pattern_steps(r"\w{10}") == 6_000
    assert pattern_steps("(?i)abc") == 60
    assert pattern_steps("(a{999999999}){999999999}") > MOST_STEPS
