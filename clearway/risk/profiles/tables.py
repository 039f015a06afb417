"""Rules as stored: what was drafted, what is in force, and what was in force then.

Until the first rule of an administration's own is activated, the shipped sample profiles are in
force: they are seed content. From then on only its own are.
"""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection, Table, desc, func, select

from clearway.errors import NotFound
from clearway.ledger.fact import decode
from clearway.ledger.transaction import Projection
from clearway.risk.formats import profiles as files
from clearway.risk.model import Profile
from clearway.risk.profiles import projections, schema
from clearway.risk.profiles.facts import RuleActivated, RuleDrafted, RuleRetired, RuleTested
from clearway.risk.profiles.model import NO_BOUNDS, Bounds, State, Tested, Version
from clearway.risk.rules import Profiles

TABLES: tuple[Table, ...] = (schema.rule, schema.rule_set)

PROJECTIONS: dict[str, tuple[Projection, ...]] = {
    RuleDrafted.TYPE: (projections.put_draft,),
    RuleTested.TYPE: (projections.put_test,),
    RuleActivated.TYPE: (projections.put_activation,),
    RuleRetired.TYPE: (projections.put_end,),
}

CHANGES = frozenset({RuleActivated.TYPE, RuleRetired.TYPE})
"""After one of these facts another set is in force."""

NAME = "rules"
_rule = schema.rule


def rules_in_force(connection: Connection) -> Profiles:
    """Return the rules that select now, compiled; each in its own period."""
    if connection.execute(select(func.count()).select_from(schema.rule_set)).scalar_one() == 0:
        return files.sample()
    return set_of(active(connection))


def set_of(profiles: tuple[Profile, ...]) -> Profiles:
    """Return rules as one set with its version, whatever order they come in."""
    return Profiles(sorted(profiles, key=lambda one: one.id), NAME)


def rules_at(connection: Connection, version: str) -> Profiles:
    """Return a set of rules of any age, by the version that assessments name.

    Raises: NotFound: no such set was ever in force here.
    """
    shipped = files.sample()
    if version == shipped.version:
        return shipped
    row = connection.execute(
        select(schema.rule_set.c.members).where(schema.rule_set.c.name == version).limit(1)
    ).first()
    if row is None:
        raise NotFound(f"No set of rules {version} was ever in force on this node")
    members = msgspec.json.decode(row.members, type=tuple[tuple[str, int], ...])
    return set_of(tuple(get(connection, id, number).profile for id, number in members))


def active(connection: Connection) -> tuple[Profile, ...]:
    """Return the rules that select now, in the order of their ids."""
    return tuple(one.profile for one in list_versions(connection, state=State.ACTIVE, limit=10_000))


def bounds_in_force(connection: Connection) -> dict[str, Bounds]:
    """Return the bounds of the rules that select now, by id; absent: none."""
    found = list_versions(connection, state=State.ACTIVE, limit=10_000)
    return {one.profile.id: one.bounds for one in found if one.bounds != NO_BOUNDS}


def get(connection: Connection, id: str, version: int) -> Version:
    """Return a version of a rule. Raises: NotFound: there is none."""
    row = connection.execute(
        select(_rule).where((_rule.c.id == id) & (_rule.c.version == version))
    ).first()
    if row is None:
        raise NotFound(f"There is no version {version} of a rule {id}")
    return _version(row)


def latest(connection: Connection, id: str) -> int:
    """Return the newest version of a rule; 0: there is none."""
    query = select(func.max(_rule.c.version)).where(_rule.c.id == id)
    return connection.execute(query).scalar_one() or 0


def list_versions(
    connection: Connection,
    *,
    state: State | None = None,
    id: str | None = None,
    after: tuple[str, int] | None = None,
    limit: int = 100,
) -> tuple[Version, ...]:
    """Return versions in the order of their ids, newest first within one.

    Args:
        state: of these only.
        id: of this rule only.
        after: id and version of the last one on the page before.
        limit: at most so many.
    """
    query = select(_rule).order_by(_rule.c.id, desc(_rule.c.version)).limit(limit)
    if state is not None:
        query = query.where(_rule.c.state == state.value)
    if id is not None:
        query = query.where(_rule.c.id == id)
    if after is not None:
        name, version = after
        query = query.where(
            (_rule.c.id > name) | ((_rule.c.id == name) & (_rule.c.version < version))
        )
    return tuple(_version(row) for row in connection.execute(query))


def _version(row: Any) -> Version:
    stated = decode(row.body, RuleDrafted)
    return Version(
        profile=stated.profile,
        version=row.version,
        state=State(row.state),
        bounds=stated.bounds,
        reason=stated.reason,
        author=row.author,
        drafted_at=row.drafted_at,
        tested=None if row.tested is None else decode(row.tested, Tested),
        approver=row.approver,
        activated_at=row.activated_at,
        ended_at=row.ended_at,
        ended_why=row.ended_why,
        ended_by=row.ended_by,
    )
