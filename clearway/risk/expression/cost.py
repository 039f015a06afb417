"""What an expression can cost at most, worked out before it runs for the first time.

The engine counts no steps and cannot be stopped, and profiles are judged in the node's only writer:
six lists within one another, of forty numbers each, would stop a border for years.

    require_bounded('declaration.documents.exists(k, k.startsWith("N"))')

A step is about a microsecond. A list is walked once for each of its elements; a pattern is built
anew at each question, and costs what its counted repeats and classes of Unicode letters make of it.
"""

from __future__ import annotations

import re

from clearway.errors import RuleViolation
from clearway.risk.expression.model import (
    Binary,
    Call,
    Conditional,
    Items,
    Junction,
    Kind,
    Literal,
    Macro,
    Node,
    OutsideTheTree,
    Unary,
)
from clearway.risk.expression.reading import read

MOST_STEPS = 10_000
_ELEMENTS = 100  # of a list that comes with the goods
_PATTERN = 130
_ENDLESS = 10**9

# What repeats, where the tree cannot be read: a comment may stand before the bracket.
_REPEATING = re.compile(r"\b(all|exists|exists_one|existsOne|map|filter|matches)\b\s*[(/]")
_ATOM = re.compile(
    r"""
    (?P<repeat>\{\s*(?P<least>\d{1,9})\s*(?:,\s*(?P<most>\d{0,9})\s*)?\})
  | (?P<flags>\(\?[ims]+\))
  | (?P<open>\(\?[ims]*:|\((?!\?))
  | (?P<close>\))
  | (?P<set>\[\^?\]?(?:\\.|\[:[^\]]*:\]|[^\]\\\[])*\])
  | (?P<letters>\\[wW]|\\[pP](?:\{[^}]*\}|.))
  | (?P<many>\\[dDsS]|\.)
  | (?P<odd>\(\?|\[)
  | (?P<plain>\\.|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_COSTS = {"letters": 600, "many": 60, "plain": 1}
_WITHOUT_CASE = 20
_LETTERS = re.compile(r"\\[wWpP]|\[:")


def require_bounded(text: str) -> None:
    """Refuse an expression that could take long.

    Raises: RuleViolation: more than `MOST_STEPS`, or how many cannot be told.
    """
    try:
        tree = read(text)
    except OutsideTheTree as outside:
        if _REPEATING.search(text):
            raise RuleViolation(
                "This expression walks lists or seeks patterns in a way of which the cost cannot be"
                f" told: {outside.why}"
            ) from outside
        return
    steps = _steps(tree)
    if steps > MOST_STEPS:
        raise RuleViolation(
            f"This expression could take {steps} steps for each item, at most {MOST_STEPS} are"
            " allowed; put no list within another, and repeat less in patterns"
        )


def _steps(node: Node) -> int:
    if isinstance(node, Macro):
        return _steps(node.over) + _length(node.over) * (1 + _steps(node.test))
    if isinstance(node, Call) and node.name == "matches":
        return sum(map(_steps, node.parts)) + _sought(node)
    return 1 + sum(map(_steps, _parts(node)))


def _parts(node: Node) -> tuple[Node, ...]:
    match node:
        case Unary():
            return (node.part,)
        case Binary():
            return (node.left, node.right)
        case Conditional():
            return (node.test, node.yes, node.no)
        case Items() | Junction() | Call():
            return node.parts
    return ()


def _length(over: Node) -> int:
    return len(over.parts) if isinstance(over, Items) else _ELEMENTS


def _sought(node: Call) -> int:
    pattern = node.parts[-1]
    if not isinstance(pattern, Literal) or pattern.kind is not Kind.STRING:
        raise RuleViolation(
            "A pattern must be written down: whoever fills in a field would make it"
        )
    return _PATTERN + pattern_steps(str(pattern.value))


def pattern_steps(pattern: str) -> int:
    """Return what it costs at most to build a pattern.

    Raises: RuleViolation: it uses a kind of group, or sets within sets, whose cost cannot be told.
    """
    plain = _WITHOUT_CASE if re.search(r"\(\?[ms]*i", pattern) else _COSTS["plain"]
    open_groups, last = [0], 0
    for atom in _ATOM.finditer(pattern):
        kind = str(atom.lastgroup)
        if kind == "odd":
            raise RuleViolation(
                "Groups of a pattern begin with ( or (?: or flags of i, m, s; no set is in another"
            )
        if kind == "open":
            open_groups.append(0)
            last = 0
        elif kind == "close" and len(open_groups) > 1:
            last = open_groups.pop()
            open_groups[-1] += last
        else:
            added = _added(atom, kind, last, plain)
            open_groups[-1] = min(_ENDLESS, open_groups[-1] + added)
            last = added + last if kind == "repeat" else added
    return sum(open_groups)


def _added(atom: re.Match[str], kind: str, last: int, plain: int) -> int:
    if kind == "repeat":
        times = max(int(atom["least"]), int(atom["most"] or 0), 1)
        return last * (times - 1)
    if kind == "set":
        return _COSTS["letters" if _LETTERS.search(atom[0]) else "many"]
    return plain if kind == "plain" else _COSTS.get(kind, 0)
