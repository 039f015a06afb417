"""Selectivity profiles: rules of risk analysts in the Common Expression Language (CEL).

All profiles become ONE program that returns a list of yes and no for each item, because entering
the CEL engine costs more than sixty comparisons inside it. A profile sees:

    item         number, hs, origin, preference, is_preferential, net_mass_kg, value_eur,
                 price_eur_kg, duty_rate, packages, description, is_vague, certificates,
                 price_spreads, importer_items, importer_examined, importer_found,
                 watch (names of watch lists that its goods are on), hazard_prior (rate at which
                 partners found hazards in such a product and origin)
    declaration  kind, office, importer, declarant, exporter, dispatch, transport_mode, containers,
                 documents (types), items (how many), value_eur, alarms (of seals, mass and custody
                 of its containers, those that stand: seal_opened, mass_differs ...),
                 watch (names of watch lists that its parties are on)

Each item is asked by itself; a declaration hits where one of its items does. There is no way to
ask all items from within one, since 999 items would then cost a million steps.

Numbers are never null: what is unknown is -1.0 (`price_spreads`: 0.0), an unknown text is "".

    item.hs.startsWith("0302") && item.price_spreads < -2.0 && declaration.office == "GHTEM"
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

import cel

from clearway.errors import RuleViolation
from clearway.ledger.fact import encode
from clearway.risk.expression.cost import require_bounded
from clearway.risk.model import Hit, Profile

Variables: TypeAlias = dict[str, Any]

MOST_CHARACTERS = 2_000
_AT_A_TIME = 16

_NAME = re.compile(r"\b(?:item|declaration)\.(\w+)")
_OTHER_USE = re.compile(r"\b(?:item|declaration)\b(?!\.\w)")

# What the engine raises for an expression that fails on some value; anything else is a defect.
FAILURES = (TypeError, ValueError, LookupError, ArithmeticError, RuntimeError)

# One example of each field: what a profile may ask for, and the type of its answer.
ITEM: Variables = {
    "number": 1,
    "hs": "030214",
    "origin": "NO",
    "preference": "",
    "is_preferential": False,
    "net_mass_kg": 1.0,
    "value_eur": 1.0,
    "price_eur_kg": 1.0,
    "duty_rate": 0.0,
    "packages": 1,
    "description": "",
    "is_vague": False,
    "certificates": 0.0,
    "price_spreads": 0.0,
    "importer_items": 0,
    "importer_examined": 0,
    "importer_found": 0,
    "watch": [],
    "hazard_prior": 0.0,
}
DECLARATION: Variables = {
    "kind": "import",
    "office": "",
    "importer": "",
    "declarant": "",
    "exporter": "",
    "dispatch": "",
    "transport_mode": "",
    "containers": 0,
    "documents": [],
    "items": 1,
    "value_eur": 1.0,
    "alarms": [],
    "watch": [],
}


@dataclass(frozen=True, slots=True)
class Matched:
    """What the profiles say of a declaration.

    Args:
        hits: in the order of the profiles.
        failed: ids of profiles whose expression failed on this declaration: their owner must
            mend them, and the declaration is looked at by a person.
    """

    hits: tuple[Hit, ...]
    failed: tuple[str, ...] = ()


class Profiles:
    """A set of profiles, compiled once.

    Args:
        profiles: ids must differ.
        name: of the set, for the version.

    Raises: RuleViolation: an expression cannot be read, is no yes-or-no question, names what
        profiles do not see, is too long, or an id comes twice.
    """

    __slots__ = ("_named", "_program", "_single", "profiles", "version")

    def __init__(self, profiles: Sequence[Profile], name: str = "profiles") -> None:
        self.profiles = tuple(profiles)
        ids = [profile.id for profile in profiles]
        if len(set(ids)) != len(ids):
            twice = sorted({each for each in ids if ids.count(each) > 1})
            raise RuleViolation(f"Two profiles have the id {', '.join(twice)}; ids must differ")
        self._single = tuple(_compiled(profile) for profile in profiles)
        # A line break ends a comment that an expression may close with.
        parts = ",".join(f"({profile.expression}\n)" for profile in profiles)
        self._program = cel.compile(f"items.map(item, [{parts}])")
        self._named = _named([profile.expression for profile in profiles])
        self.version = f"{name}-{hashlib.sha256(encode(self.profiles)).hexdigest()[:12]}"

    def match(self, variables: Variables, at: datetime) -> Matched:
        """Return the hits of a declaration at a moment.

        Args:
            variables: of `variables.variables_of`.
            at: aware UTC; profiles out of force do not hit.
        """
        if not self.profiles:
            return Matched(())
        numbers = [item["number"] for item in variables["items"]]
        failed: set[int] = set()
        table = self._answers(self._pruned(variables), failed)
        in_force = [profile.period.contains(at) for profile in self.profiles]
        hits: list[Hit] = []
        for place, answers in enumerate(zip(*table, strict=True)):
            if in_force[place] and any(answers):
                found = tuple(n for n, yes in zip(numbers, answers, strict=True) if yes)
                hits.append(_hit(self.profiles[place], found))
        broken = [self.profiles[place].id for place in sorted(failed) if in_force[place]]
        return Matched(tuple(hits), tuple(broken))

    def _answers(self, variables: Variables, failed: set[int]) -> list[list[bool]]:
        """Return the answers of each item; few items at a time, since CEL's map is quadratic."""
        items, header = variables["items"], variables["declaration"]
        answers: list[list[bool]] = []
        for start in range(0, len(items), _AT_A_TIME):
            page = items[start : start + _AT_A_TIME]
            try:
                answers += self._program.execute({"items": page, "declaration": header})
            except FAILURES:
                answers += [self._one_by_one(item, header, failed) for item in page]
        return answers

    def _one_by_one(self, item: Variables, header: Variables, failed: set[int]) -> list[bool]:
        """Ask each profile alone, so that one that fails silences no other."""
        answers: list[bool] = []
        for place, program in enumerate(self._single):
            try:
                answers.append(program.execute({"item": item, "declaration": header}))
            except FAILURES:
                failed.add(place)
                answers.append(False)
        return answers

    def _pruned(self, variables: Variables) -> Variables:
        """Leave out what no profile names: handing values over is most of what CEL costs."""
        if self._named is None:
            return variables
        header, names = variables["declaration"], self._named
        return {
            "items": [{n: item[n] for n in names if n in item} for item in variables["items"]],
            "declaration": {name: header[name] for name in names if name in header},
        }


def digest_of(expression: str) -> str:
    """Return the SHA-256 of an expression: what a back-test tried and an activation names."""
    return hashlib.sha256(expression.encode()).hexdigest()


def _named(expressions: Sequence[str]) -> frozenset[str] | None:
    """Return the names after `item.` and `declaration.`; None: one is used in another way."""
    joined = " ".join(expressions)
    if _OTHER_USE.search(joined):
        return None
    return frozenset(_NAME.findall(joined))


def _compiled(profile: Profile) -> Any:
    if len(profile.expression) > MOST_CHARACTERS:
        raise RuleViolation(
            f"The expression of profile {profile.id} has {len(profile.expression)} characters;"
            f" the limit is {MOST_CHARACTERS}"
        )
    try:
        require_bounded(profile.expression)
    except RuleViolation as unbounded:
        raise RuleViolation(
            f"The expression of profile {profile.id} cannot be used: {unbounded.detail}",
            profile=profile.id,
        ) from unbounded
    try:
        program = cel.compile(profile.expression)
        answer = program.execute({"item": ITEM, "declaration": DECLARATION})
    except FAILURES as broken:
        raise RuleViolation(
            f"The expression of profile {profile.id} cannot be used: {broken}. A profile sees"
            f" item ({', '.join(ITEM)}) and declaration ({', '.join(DECLARATION)})",
            profile=profile.id,
        ) from broken
    if "items" in program.variables():
        raise RuleViolation(
            f"The expression of profile {profile.id} names items; a profile asks one item at a"
            " time, as item",
            profile=profile.id,
        )
    if not isinstance(answer, bool):
        raise RuleViolation(
            f"The expression of profile {profile.id} gives {answer!r}; it must give true or false",
            profile=profile.id,
        )
    return program


def _hit(profile: Profile, items: tuple[int, ...]) -> Hit:
    return Hit(profile.id, profile.text, profile.lane, profile.agency, profile.mandatory, items)
