"""Policy by Cedar: who may do what, from readable files, and why.

The files in `policies/` are parsed once and checked against their schema. An answer depends on the
actor, the action and the stated attributes only: no clock, no table. It may therefore be
remembered; a closed account or a withdrawn mandate makes another actor, hence another answer.

Deny by default, and a forbid always wins. What is asked with an attribute that no policy knows is
refused: a safeguard must never fail to work because a name was misspelt.

    CedarPolicy.load().require(actor, "declaration.release", {"lodged_by": "trader:acme"})
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources.abc import Traversable
from typing import Self

import cedarpy

from clearway.errors import Refused
from clearway.identity.model import Actor
from clearway.policy.act import Allowed
from clearway.policy.book import Book, Entry, packaged, read_book

# What a caller may state to name the thing in messages and records; no policy looks at it.
NAMING = frozenset(
    {
        "account",
        "certificate",
        "container",
        "examination",
        "model",
        "mrn",
        "office",
        "subject",
        "task",
    }
)

_REMEMBERED_ANSWERS = 20_000
_REMEMBERED_ACTORS = 4_000
_RECORD = {"type": "Record", "id": "asked"}


@dataclass(frozen=True, slots=True)
class Answer:
    """Yes or no, and why.

    Args:
        allowed: yes.
        reason: one sentence for the person who asked.
        policies: ids of the policies that decided; empty when none speaks for the actor.
    """

    allowed: bool
    reason: str
    policies: tuple[str, ...]


class CedarPolicy:
    """The `Policy` that runs: `require` raises, `ask` answers."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self._remembered = lru_cache(_REMEMBERED_ANSWERS)(self._answer)
        self._principal = lru_cache(_REMEMBERED_ACTORS)(_principal)

    @classmethod
    def load(cls, folder: Traversable | None = None) -> Self:
        """Return the policy of a folder; without one, of the files in the package.

        Raises: RuleViolation: the files do not parse or break their schema (see `read_book`).
        """
        return cls(read_book(folder or packaged()))

    def require(self, actor: Actor, action: str, resource: dict[str, str]) -> Allowed:
        """Return the reason for yes. Raises: Refused: with the reason for no."""
        answer = self.ask(actor, action, resource)
        if not answer.allowed:
            raise Refused(answer.reason, action=action, policies=list(answer.policies))
        return Allowed(answer.reason)

    def ask(self, actor: Actor, action: str, resource: Mapping[str, str]) -> Answer:
        """Return the answer; for lists and buttons, where a no is no error.

        Args:
            action: `<noun>.<verb>`, as in the schema.
            resource: what is known of the thing: attributes of the schema, or of `NAMING`.
        """
        stated = tuple(
            sorted((name, value) for name, value in resource.items() if name not in NAMING)
        )
        return self._remembered(actor, action, stated)

    def _answer(self, actor: Actor, action: str, stated: tuple[tuple[str, str], ...]) -> Answer:
        unknown = [name for name, _ in stated if name not in self.book.attributes]
        if unknown or action not in self.book.policies:
            what = f"the attribute {unknown[0]!r}" if unknown else f"the action {action!r}"
            return Answer(False, f"No policy knows {what}, so {action} is refused.", ())
        decided = cedarpy.is_authorized(
            {
                "principal": {"type": "Actor", "id": actor.reference},
                "action": {"type": "Action", "id": action},
                "resource": _RECORD,
            },
            self.book.policies[action],
            f"[{self._principal(actor)},{_entity(_RECORD, dict(stated), ())}]",
        )
        entries = [self.book.entries[name] for name in decided.diagnostics.reasons]
        if decided.diagnostics.errors:
            return Answer(False, f"A policy failed: {decided.diagnostics.errors[0]}", ())
        if not entries:
            return Answer(False, self._missing(actor, action, dict(stated)), ())
        reasons = " ".join(sorted({entry.reason for entry in entries}))
        said = f"Allowed, because {reasons}." if decided.allowed else reasons
        return Answer(decided.allowed, said, tuple(sorted(entry.id for entry in entries)))

    def _missing(self, actor: Actor, action: str, stated: dict[str, str]) -> str:
        """Return which permission is missing, and who has it."""
        held = [e for e in self.book.permits(action) if e.role in actor.roles and e.needs]
        if held:
            return " ".join(dict.fromkeys(_needs(entry, action, stated) for entry in held))
        who = _names(self.book.roles(action))
        mine = _names(sorted(actor.roles)) or "nobody in particular"
        return (
            f"{action} is for: {who}. You act as: {mine}. An administrator of your agency"
            " can give an account the role that is missing."
        )


def _needs(entry: Entry, action: str, stated: dict[str, str]) -> str:
    """Return what a condition asks for, with the stated values in it."""
    try:
        return entry.needs.format_map(stated)
    except KeyError as missing:
        what = missing.args[0]
        return f"Say which {what} you mean: your account may do {action} only for some of them."


def _names(roles: tuple[str, ...] | list[str]) -> str:
    return ", ".join(role.replace("_", " ") for role in roles)


def _principal(actor: Actor) -> str:
    """Return the actor as a Cedar entity, JSON text."""
    attributes: dict[str, object] = {
        "kind": actor.kind.value,
        "id": actor.id,
        "reference": actor.reference,
        "agency": actor.agency,
        "represents": sorted(actor.represents),
    }
    if actor.party is not None:
        attributes["party"] = actor.party
    parents = tuple({"type": "Role", "id": role.value} for role in sorted(actor.roles))
    return _entity({"type": "Actor", "id": actor.reference}, attributes, parents)


def _entity(
    uid: dict[str, str], attributes: Mapping[str, object], parents: tuple[dict[str, str], ...]
) -> str:
    return json.dumps({"uid": uid, "attrs": attributes, "parents": parents})
