"""How the tables of rules follow the facts."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, insert, select, update

from clearway.ledger.fact import Fact, decode, encode
from clearway.risk.profiles import schema
from clearway.risk.profiles.facts import RuleActivated, RuleDrafted, RuleRetired, RuleTested
from clearway.risk.profiles.model import State, Tested
from clearway.risk.rules import digest_of

_rule = schema.rule


def put_draft(connection: Connection, fact: Fact) -> None:
    """Keep a new version as a draft."""
    stated = decode(fact.body, RuleDrafted)
    connection.execute(
        insert(_rule).values(
            id=stated.profile.id,
            version=stated.version,
            state=State.DRAFT.value,
            expression=digest_of(stated.profile.expression),
            body=fact.body,
            author=fact.actor,
            drafted_at=fact.recorded_at,
            approver="",
            ended_by="",
            ended_why="",
        )
    )


def put_test(connection: Connection, fact: Fact) -> None:
    """Keep the last back-test of a version."""
    stated = decode(fact.body, RuleTested)
    tested = Tested(
        seq=fact.seq,
        at=fact.recorded_at,
        expression=stated.expression,
        declarations=stated.declarations,
        hits=stated.hits,
        examined=stated.examined,
        found=stated.found,
        sampled=stated.sampled,
    )
    where = _is(stated.rule, stated.version)
    connection.execute(update(_rule).where(where).values(tested=encode(tested)))


def put_activation(connection: Connection, fact: Fact) -> None:
    """Let a version select, and its former one no longer."""
    stated = decode(fact.body, RuleActivated)
    connection.execute(
        update(_rule)
        .where((_rule.c.id == stated.rule) & (_rule.c.state == State.ACTIVE.value))
        .values(
            state=State.REPLACED.value,
            ended_at=fact.recorded_at,
            ended_by=fact.actor,
            ended_why=f"version {stated.version} replaced it",
        )
    )
    connection.execute(
        update(_rule)
        .where(_is(stated.rule, stated.version))
        .values(state=State.ACTIVE.value, approver=fact.actor, activated_at=fact.recorded_at)
    )
    _put_set(connection, fact.seq, stated.rules)


def put_end(connection: Connection, fact: Fact) -> None:
    """Let a version select no longer."""
    stated = decode(fact.body, RuleRetired)
    where = _is(stated.rule, stated.version)
    was = connection.execute(select(_rule.c.state).where(where)).scalar_one()
    connection.execute(
        update(_rule)
        .where(where)
        .values(
            state=State.RETIRED.value,
            ended_at=fact.recorded_at,
            ended_by=fact.actor,
            ended_why=stated.reason,
        )
    )
    if was == State.ACTIVE.value:
        _put_set(connection, fact.seq, stated.rules)


def _put_set(connection: Connection, seq: int, name: str) -> None:
    members = connection.execute(
        select(_rule.c.id, _rule.c.version)
        .where(_rule.c.state == State.ACTIVE.value)
        .order_by(_rule.c.id)
    ).all()
    connection.execute(
        insert(schema.rule_set).values(
            seq=seq, name=name, members=encode([(id, version) for id, version in members])
        )
    )


def _is(id: str, version: int) -> ColumnElement[bool]:
    return (_rule.c.id == id) & (_rule.c.version == version)
