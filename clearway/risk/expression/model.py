"""The tree of an expression: the part of CEL that profiles use.

Every node knows where it stands in the text (`at`, from 0), so that whatever cannot be done is
said with its place. Chains of `&&` and `||` are one node each: CEL's logic of errors does not
depend on how a chain is bracketed, and the tree stays flat.

Source: Common Expression Language, language definition, "Syntax".
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from clearway.errors import RuleViolation


class Kind(StrEnum):
    """What a value is."""

    BOOL = "a yes or no"
    INT = "a whole number"
    DOUBLE = "a number with decimals"
    STRING = "a text"
    STRINGS = "a list of texts"


@dataclass(frozen=True, slots=True)
class Literal:
    """A value written down."""

    value: bool | int | float | str
    kind: Kind
    at: int


@dataclass(frozen=True, slots=True)
class Field:
    """`item.hs`, `item["hs"]`: something that a profile sees; the name has both parts."""

    name: str
    at: int


@dataclass(frozen=True, slots=True)
class Local:
    """The name that a macro gives to one element of a list."""

    name: str
    at: int


@dataclass(frozen=True, slots=True)
class Items:
    """`[a, b, c]`."""

    parts: tuple[Node, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Unary:
    """`!a` or `-a`."""

    sign: str
    part: Node
    at: int


@dataclass(frozen=True, slots=True)
class Binary:
    """Comparisons, `in`, and arithmetic."""

    sign: str
    left: Node
    right: Node
    at: int


@dataclass(frozen=True, slots=True)
class Junction:
    """A chain of two or more parts joined by `&&`, or by `||`."""

    sign: str
    parts: tuple[Node, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Conditional:
    """`test ? yes : no`."""

    test: Node
    yes: Node
    no: Node
    at: int


@dataclass(frozen=True, slots=True)
class Call:
    """`size(a)` or `a.startsWith(b)`; the receiver comes first in `parts`."""

    name: str
    parts: tuple[Node, ...]
    is_method: bool
    at: int


@dataclass(frozen=True, slots=True)
class Macro:
    """`list.exists(name, test)`, `all` or `exists_one`."""

    name: str
    over: Node
    local: str
    test: Node
    at: int


Node: TypeAlias = (
    Literal | Field | Local | Items | Unary | Binary | Junction | Conditional | Call | Macro
)


class OutsideTheTree(RuleViolation):
    """The expression may be sound CEL, but this part of it cannot be made into columns."""

    code = "outside_the_tree"
    title = "The expression cannot be made into columns"

    def __init__(self, why: str, text: str, at: int) -> None:
        near = text[at : at + 24].split("\n")[0]
        where = f"at character {at + 1}, near {near!r}" if near else "at its end"
        super().__init__(f"{why} ({where})", at=at)
        self.why, self.at = why, at
