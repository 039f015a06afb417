"""Who may have which facts: rules as plain text lines, by default nothing.

    certificate.*         where body.certificate.key.country=XB
    clearance.decided/1   fields mrn,decision  where body.decision=release
    movement.arrived/1

A line opens the facts of its type: whole, or only the named fields of the body (dotted, such as
`declaration.mrn`, each with all that it holds); and only those whose content fits every condition.
A condition looks into the fact as it was committed: `subject`, `issuer`, or a path into `body`; a
list fits if one of its elements does. A path that the fact does not carry does not fit: what cannot
be judged is withheld. Pure.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from clearway.errors import BadTerm
from clearway.ledger.fact import Fact

MOST_RULES = 64
LONGEST_RULE = 512
_DEEPEST = 12

_TYPE = re.compile(r"[a-z_]+\.(?:\*|[a-z_]+/[1-9][0-9]{0,3})")
_PATH = re.compile(r"(?:subject|issuer|body(?:\.[a-z_][a-z0-9_]*){1,8})")
_FIELD = re.compile(r"[a-z_][a-z0-9_.]*")
_RULE = re.compile(r"(?P<type>\S+)(?: +fields +(?P<fields>\S+))?(?: +where +(?P<where>.+))?")


@dataclass(frozen=True, slots=True)
class Condition:
    """Args: path: into the fact, dotted; value: the text that must stand there."""

    path: str
    value: str


@dataclass(frozen=True, slots=True)
class Entitlement:
    """One rule.

    Args:
        type: a fact type, or `<noun>.*` for all of a noun.
        fields: names of the body's fields that are opened; empty: the whole fact.
        where: all must fit.
    """

    type: str
    fields: tuple[str, ...] = ()
    where: tuple[Condition, ...] = ()

    def speaks_of(self, fact_type: str) -> bool:
        """Return whether facts of this type fall under it."""
        if self.type.endswith(".*"):
            return fact_type.startswith(self.type[:-1])
        return fact_type == self.type

    def __str__(self) -> str:
        """Return the rule's one written form."""
        fields = f" fields {','.join(self.fields)}" if self.fields else ""
        where = " and ".join(f"{one.path}={one.value}" for one in self.where)
        return f"{self.type}{fields}{f' where {where}' if where else ''}"


@dataclass(frozen=True, slots=True)
class Opening:
    """What of a fact is opened: `fields`, or all of it when they are empty."""

    fields: tuple[str, ...] = ()

    @property
    def pointers(self) -> tuple[str, ...]:
        """The fields as JSON pointers into the body (RFC 6901)."""
        return tuple(f"/{field.replace('.', '/')}" for field in self.fields)


def parse(text: str) -> Entitlement:
    """Read one rule.

    Raises: BadTerm: it is not of the form above, says which part; so that a slip of the pen opens
    nothing.
    """
    if len(text) > LONGEST_RULE:
        raise _bad(text, f"has at most {LONGEST_RULE} characters")
    found = _RULE.fullmatch(text.strip())
    if found is None or not _TYPE.fullmatch(found["type"]):
        raise _bad(text, "begins with a fact type such as movement.arrived/1 or certificate.*")
    fields = tuple(found["fields"].split(",")) if found["fields"] else ()
    if not all(_FIELD.fullmatch(field) for field in fields):
        raise _bad(text, "names its fields as `fields a,b`")
    where = tuple(_condition(text, part) for part in _parts(found["where"]))
    return Entitlement(found["type"], fields, where)


def parse_all(texts: Iterable[str]) -> tuple[Entitlement, ...]:
    """Read the rules of a partner. Raises: BadTerm: one is not in form, or there are too many."""
    rules = tuple(parse(text) for text in texts)
    if len(rules) > MOST_RULES:
        raise BadTerm("Entitlement", f"{len(rules)} rules", f"a partner has at most {MOST_RULES}")
    return rules


def digest(rules: Iterable[Entitlement]) -> bytes:
    """Return the SHA-256 of the rules' written forms: which set judged a batch."""
    text = "".join(f"{rule}\n" for rule in rules)
    return hashlib.sha256(text.encode()).digest()


def judge(rules: Sequence[Entitlement], fact: Fact) -> Opening | None:
    """Return what the rules open of a fact, None for nothing.

    The first rule that opens the whole fact wins; otherwise the fields of all that fit together.
    """
    spoken = [rule for rule in rules if rule.speaks_of(fact.type)]
    if not spoken:
        return None
    body = _body(fact) if any(rule.where for rule in spoken) else None
    fitting = [rule for rule in spoken if all(_fits(one, fact, body) for one in rule.where)]
    if not fitting:
        return None
    if any(not rule.fields for rule in fitting):
        return Opening()
    return Opening(tuple(dict.fromkeys(field for rule in fitting for field in rule.fields)))


def _fits(condition: Condition, fact: Fact, body: Any) -> bool:
    if condition.path == "subject":
        return fact.subject == condition.value
    if condition.path == "issuer":
        return fact.issuer == condition.value
    return _holds(body, condition.path.split(".")[1:], condition.value, _DEEPEST)


def _holds(value: Any, steps: Sequence[str], wanted: str, depth: int) -> bool:
    """Return whether `wanted` stands at the path; `depth` bounds lists inside lists."""
    if depth == 0:
        return False
    if isinstance(value, list):
        return any(_holds(one, steps, wanted, depth - 1) for one in value)
    if steps:
        found = value.get(steps[0]) if isinstance(value, dict) else None
        return found is not None and _holds(found, steps[1:], wanted, depth - 1)
    if isinstance(value, bool) or not isinstance(value, str | int):
        return False
    return str(value) == wanted


def _body(fact: Fact) -> Any:
    try:
        return msgspec.json.decode(fact.body)
    except msgspec.DecodeError:
        return None  # an erased body fits no condition


def _parts(where: str | None) -> list[str]:
    return where.split(" and ") if where else []


def _condition(text: str, part: str) -> Condition:
    path, equals, value = part.strip().partition("=")
    if not equals or not value or not _PATH.fullmatch(path):
        raise _bad(text, "has conditions such as body.certificate.key.country=XB")
    return Condition(path, value)


def _bad(text: str, rule: str) -> BadTerm:
    return BadTerm("Entitlement", text, rule, field="entitlements")
