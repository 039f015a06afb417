"""Rules and watch lists: drafting, trying on the history, approving, retiring, keeping."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response

from clearway.api.access import TheActor, TheNode
from clearway.api.envelope import answer, cursor_of, position_of
from clearway.api.problems import RESPONSES
from clearway.api.rule_forms import ActivateIn, EndIn, EntriesIn, ListIn, RuleIn
from clearway.api.strict import StrictRoute
from clearway.api.work import act, look, study
from clearway.identity.model import Actor
from clearway.insight import history_search as history
from clearway.ledger.fact import Fact
from clearway.node.node import Node
from clearway.node.trying import require_history, try_rule
from clearway.risk.backtest.actions.record_test import record_test
from clearway.risk.backtest.model import Report
from clearway.risk.lists import tables as lists
from clearway.risk.lists.actions.change import change
from clearway.risk.lists.actions.keep import keep
from clearway.risk.profiles import tables
from clearway.risk.profiles.actions.activate import activate
from clearway.risk.profiles.actions.draft import draft
from clearway.risk.profiles.actions.retire import retire
from clearway.risk.profiles.model import State, Version

router = APIRouter(prefix="/v1/risk", tags=["risk"], responses=RESPONSES, route_class=StrictRoute)

RuleId = Annotated[str, Path(max_length=40)]
Number = Annotated[int, Path(ge=1, le=1_000_000)]


@router.get("/rules")
async def rules(
    node: TheNode,
    actor: TheActor,
    state: State | None = None,
    rule: Annotated[str | None, Query(max_length=40)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """List versions of rules, and the version of the set in force."""
    node.policy.require(actor, "risk.read", {})
    after = position_of(cursor, tuple[str, int])

    def query() -> tuple[Version, ...]:
        with node.reading() as connection:
            return tables.list_versions(connection, state=state, id=rule, after=after, limit=limit)

    found = await look(node, actor, query)
    following = None
    if len(found) == limit:
        following = cursor_of(found[-1].profile.id, found[-1].version)
    set_ = node.rulebook.selectivity.profiles
    data = {"in_force": set_.version, "rules": [one.id for one in set_.profiles], "versions": found}
    return answer(data, following=following)


@router.post("/rules", status_code=201)
async def write(body: RuleIn, node: TheNode, actor: TheActor) -> Response:
    """Draft a rule, or a new version of one; nothing is selected by it yet."""
    profile, bounds = body.profile(), body.bounds()
    outcome = await act(node, actor, lambda hand: draft(hand, profile, body.reason, bounds))
    return await _shown(node, actor, profile.id, None, outcome.result, status=201)


@router.get("/rules/{rule}/{version}")
async def rule(rule: RuleId, version: Number, node: TheNode, actor: TheActor) -> Response:
    """Return one version of a rule."""
    node.policy.require(actor, "risk.read", {})
    return await _shown(node, actor, rule, version, None)


@router.post("/rules/{rule}/{version}/back-test")
async def back_test(rule: RuleId, version: Number, node: TheNode, actor: TheActor) -> Response:
    """Try a version on this node's history, and record what it would have done."""
    node.policy.require(actor, "risk.draft_rule", {"subject": rule})

    def query() -> Report:
        with node.reading() as connection:
            profile = tables.get(connection, rule, version).profile
        return try_rule(node, profile)

    report = await study(node, actor, query)
    outcome = await act(node, actor, lambda hand: record_test(hand, rule, version, report))
    return answer({"report": report, "seq": outcome.result.seq})


@router.post("/rules/{rule}/{version}/activate")
async def bring_in(
    rule: RuleId, version: Number, body: ActivateIn, node: TheNode, actor: TheActor
) -> Response:
    """Approve a draft: from now on it selects. Somebody else must have drafted it."""
    outcome = await act(node, actor, lambda hand: activate(hand, rule, version, body.reason))
    return await _shown(node, actor, rule, version, outcome.result)


@router.post("/rules/{rule}/{version}/retire")
async def end(
    rule: RuleId, version: Number, body: EndIn, node: TheNode, actor: TheActor
) -> Response:
    """Retire a rule, or give up a draft."""
    outcome = await act(node, actor, lambda hand: retire(hand, rule, version, body.reason))
    return await _shown(node, actor, rule, version, outcome.result)


async def _shown(
    node: Node, actor: Actor, rule: str, version: int | None, fact: Fact | None, status: int = 200
) -> Response:
    def query() -> Version:
        with node.reading() as connection:
            return tables.get(connection, rule, version or tables.latest(connection, rule))

    found = await look(node, actor, query)
    data: dict[str, Any] = {"rule": found, "seq": None if fact is None else fact.seq}
    return answer(data, status=status)


@router.get("/watch-lists")
async def watch_lists(node: TheNode, actor: TheActor) -> Response:
    """List the watch lists, with how many entries each has."""
    node.policy.require(actor, "risk.read", {})

    def query() -> tuple[lists.KeptList, ...]:
        with node.reading() as connection:
            return lists.list_lists(connection)

    return answer(await look(node, actor, query))


@router.get("/watch-lists/{name}")
async def entries_of(
    name: RuleId,
    node: TheNode,
    actor: TheActor,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 200,
    cursor: Annotated[str | None, Query(max_length=400)] = None,
) -> Response:
    """Return a watch list, a page of its entries and its last changes: who, why, which rules."""
    node.policy.require(actor, "risk.read", {})
    after = position_of(cursor, tuple[str])

    def query() -> tuple[Any, tuple[str, ...], tuple[lists.Change, ...]]:
        with node.reading() as connection:
            start = after[0] if after else ""
            found = lists.list_entries(connection, name, after=start, limit=limit)
            return lists.get(connection, name), found, lists.list_changes(connection, name)

    watch_list, found, changes = await look(node, actor, query)
    following = cursor_of(found[-1]) if len(found) == limit else None
    data = {"list": watch_list, "entries": found, "changes": changes}
    return answer(data, following=following)


@router.put("/watch-lists/{name}")
async def keep_list(name: RuleId, body: ListIn, node: TheNode, actor: TheActor) -> Response:
    """Keep a watch list, or change what is said of it."""
    watch_list = body.watch_list(name)
    outcome = await act(node, actor, lambda hand: keep(hand, watch_list))
    return answer({"list": watch_list, "seq": outcome.result.seq})


@router.post("/watch-lists/{name}/entries")
async def change_entries(name: RuleId, body: EntriesIn, node: TheNode, actor: TheActor) -> Response:
    """Put entries on a watch list and take others off."""
    outcome = await act(
        node,
        actor,
        lambda hand: change(hand, name, add=body.add, remove=body.remove, reason=body.reason),
    )
    fact = outcome.result
    return answer({"list": name, "seq": None if fact is None else fact.seq})


@router.get("/search")
async def search(
    node: TheNode,
    actor: TheActor,
    where: Annotated[
        list[str] | None,
        Query(max_length=20, description="Conditions such as hs^0302 or value>=1000"),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=300)] = None,
) -> Response:
    """Search this node's history of declarations: newest first, with the figures of all that fit.

    A condition is a field, a sign (= != < <= > >=, ^ begins with, ~ holds, in) and a value.
    """
    node.policy.require(actor, "risk.read", {})
    position = position_of(cursor, tuple[datetime, str, int])
    asked = history.Query(tuple(map(history.parse, where or ())), limit, position)

    def query() -> history.Found:
        with history.History(require_history(node)) as opened:
            return opened.search(asked)

    found = await study(node, actor, query)
    following = None
    if found.following is not None:
        at, mrn, item = found.following
        following = cursor_of(at.isoformat(), mrn, item)
    rows = [dict(zip(history.FIELDS, row, strict=True)) for row in found.rows]
    figures = {
        "total": found.total,
        "examined": found.examined,
        "illicit": found.illicit,
        "extra_revenue": found.extra_revenue,
    }
    return answer({**figures, "rows": rows}, following=following)
