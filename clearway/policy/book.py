"""The policies as written: read from their files, checked against the schema, indexed by id.

Each policy in `policies/*.cedar` bears three annotations:

- `@id`: stable, unique; named in every answer.
- `@reason`: why yes, for a permit; the whole answer, for a forbid.
- `@needs`: on a permit with a condition, what is missing when the condition does not hold. It may
  name an attribute of what is asked for: `Agency {agency} must decide on this.`

A permit names one role and its actions, so that the book can say who may do a thing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import MappingProxyType

import cedarpy
from cedarpy import pst

from clearway.errors import RuleViolation

_SCHEMA_FILE = "clearway.cedarschema"
_RECORD = re.compile(r"^entity Record = \{(.*?)^\};", re.DOTALL | re.MULTILINE)
_ATTRIBUTE = re.compile(r"^\s*(\w+)\??: String", re.MULTILINE)
_ACTION = re.compile(r'^action "([^"]+)"', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Entry:
    """One policy, as far as answers need it.

    Args:
        id: as annotated.
        is_permit: or else a forbid.
        reason: a sentence, or for a permit the end of `allowed because ...`.
        needs: what is missing when the role fits and the condition does not; "" without condition.
        role: the one role of a permit; "" when it binds everybody.
        actions: what it speaks of; empty: every action.
        file: where it is written.
    """

    id: str
    is_permit: bool
    reason: str
    needs: str
    role: str
    actions: frozenset[str]
    file: str


@dataclass(frozen=True, slots=True)
class Book:
    """A checked set of policies.

    Args:
        policies: for the engine, by action: those alone that speak of it. The engine looks at every
            policy it is given, so fewer make an answer cheaper.
        entries: by the engine's own name of each policy (`policy0` ...).
        attributes: what may be stated of a record.
        actions: every action there is, in order of their names.
    """

    policies: Mapping[str, cedarpy.PolicySet]
    entries: Mapping[str, Entry]
    attributes: frozenset[str]
    actions: tuple[str, ...]

    def permits(self, action: str) -> tuple[Entry, ...]:
        """Return the permits that speak of an action."""
        return tuple(e for e in self.entries.values() if e.is_permit and action in e.actions)

    def roles(self, action: str) -> tuple[str, ...]:
        """Return the roles that may hold a permission for an action, in order of the files."""
        return tuple(dict.fromkeys(entry.role for entry in self.permits(action)))


def packaged() -> Traversable:
    """Return the folder of the policies that come with the package."""
    return files("clearway.policy") / "policies"


def read_book(folder: Traversable) -> Book:
    """Return the policies of a folder of `*.cedar` files and `clearway.cedarschema`.

    Raises: RuleViolation: a file does not parse, a policy breaks the schema, lacks `@id` or
    `@reason`, bears another's id, or is a permit without exactly one role and its actions.
    """
    schema_text = (folder / _SCHEMA_FILE).read_text(encoding="utf-8")
    names = sorted(item.name for item in folder.iterdir() if item.name.endswith(".cedar"))
    texts = {name: (folder / name).read_text(encoding="utf-8") for name in names}
    whole = "\n".join(texts.values())
    try:
        schema = cedarpy.Schema.from_str(schema_text)
        written = cedarpy.policies_to_pst(whole).static_policies
        where = [
            name for name in names for _ in cedarpy.policies_to_pst(texts[name]).static_policies
        ]
    except ValueError as error:
        raise RuleViolation(f"The policies cannot be read: {error}") from error
    checked = cedarpy.validate_policies(whole, schema)
    if not checked.validation_passed:
        raise RuleViolation("The policies break their schema: " + _listed(map(str, checked.errors)))
    entries = {
        name: _entry(policy, where[int(name.removeprefix("policy"))])
        for name, policy in written.items()
    }
    _require_unique(entries.values())
    attributes, actions = _vocabulary(schema)
    policies = {action: _speaking_of(action, written, entries) for action in actions}
    return Book(MappingProxyType(policies), MappingProxyType(entries), attributes, actions)


def _entry(policy: pst.Template, file: str) -> Entry:
    notes = {key: value or "" for key, value in policy.annotations.items()}
    entry = Entry(
        id=notes.get("id", ""),
        is_permit=policy.effect == "permit",
        reason=notes.get("reason", ""),
        needs=notes.get("needs", ""),
        role=_role(policy.principal),
        actions=_actions(policy.action),
        file=file,
    )
    if not entry.id or not entry.reason:
        raise RuleViolation(f"{file}: a policy lacks @id or @reason (id {entry.id!r})")
    if entry.is_permit and not (entry.role and entry.actions):
        raise RuleViolation(f"{file}: permit {entry.id} must name one role and its actions")
    if entry.is_permit and bool(policy.clauses) is not bool(entry.needs):
        raise RuleViolation(f"{file}: permit {entry.id} needs @needs exactly if it has a condition")
    return entry


def _role(constraint: pst.PrincipalOrResourceConstraint) -> str:
    if isinstance(constraint, pst.ScopeIn) and isinstance(constraint.entity, pst.EntityUid):
        return constraint.entity.id
    return ""


def _actions(constraint: pst.ActionConstraint) -> frozenset[str]:
    if isinstance(constraint, pst.ActionEq):
        return frozenset({constraint.entity.id})
    if isinstance(constraint, pst.ActionIn):
        return frozenset(entity.id for entity in constraint.entities)
    return frozenset()


def _speaking_of(
    action: str, written: Mapping[str, pst.Template], entries: Mapping[str, Entry]
) -> cedarpy.PolicySet:
    """Return the policies whose scope lets them speak of an action."""
    spoken = {
        name: policy
        for name, policy in written.items()
        if not entries[name].actions or action in entries[name].actions
    }
    return cedarpy.PolicySet.from_pst(pst.PolicySet({}, pst.FrozenMap(spoken), ()))


def _vocabulary(schema: cedarpy.Schema) -> tuple[frozenset[str], tuple[str, ...]]:
    """Return the attributes of a record and every action, from the schema's canonical form."""
    text = str(schema)
    record = _RECORD.search(text)
    attributes = _ATTRIBUTE.findall(record[1]) if record else []
    return frozenset(attributes), tuple(_ACTION.findall(text))


def _require_unique(entries: Iterable[Entry]) -> None:
    seen: dict[str, str] = {}
    for entry in entries:
        if entry.id in seen:
            raise RuleViolation(f"{entry.file}: {entry.id} is also in {seen[entry.id]}")
        seen[entry.id] = entry.file


def _listed(sentences: Iterable[str]) -> str:
    return "; ".join(sentences)
