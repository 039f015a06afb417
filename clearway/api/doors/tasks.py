"""Tasks: what alarms ask of whom, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response

from clearway.api.access import TheActor, TheNode
from clearway.api.envelope import Place, answer, cursor_of, place_of, position_of
from clearway.api.problems import RESPONSES
from clearway.api.sight import as_absent
from clearway.api.strict import StrictRoute
from clearway.api.task_forms import NoteIn, OutcomeIn, TextIn, WhyIn
from clearway.api.work import act, look
from clearway.connectors.notices import tables as notices
from clearway.identity.model import Actor, ActorKind
from clearway.ledger.fact import Fact
from clearway.node.node import Node
from clearway.policy.act import Act
from clearway.tasks import tables
from clearway.tasks.actions.comment import comment
from clearway.tasks.actions.complete import complete
from clearway.tasks.actions.escalate import escalate
from clearway.tasks.actions.hand import AUDIENCE_OF, stated
from clearway.tasks.actions.take import take
from clearway.tasks.actions.void import void
from clearway.tasks.model import Audience, Task

router = APIRouter(prefix="/v1", tags=["tasks"], responses=RESPONSES, route_class=StrictRoute)


@dataclass(frozen=True, slots=True)
class Sight:
    """Which tasks are somebody's own.

    Args:
        audiences: asked of one of these; empty: of anybody.
        agency: that answers for them; "": of all.
        parties: whose goods they are; None: of all.
    """

    audiences: tuple[Audience, ...] = ()
    agency: str = ""
    parties: frozenset[str] | None = None


def sight_of(actor: Actor) -> Sight:
    """Return which tasks are an actor's: of their agency, asked of them, or about their goods."""
    if actor.kind is ActorKind.OFFICER:
        return Sight(agency=actor.agency)
    audiences = tuple(sorted({AUDIENCE_OF[one] for one in actor.roles if one in AUDIENCE_OF}))
    if set(audiences) <= {Audience.TRADER}:
        return Sight(parties=actor.represents)
    return Sight(audiences=tuple(one for one in audiences if one is not Audience.TRADER))


@router.get("/tasks")
async def tasks(
    node: TheNode,
    actor: TheActor,
    state: Literal["open", "ended"] = "open",
    agency: Annotated[
        str, Query(max_length=40, description="Of another agency; `all`: of every one")
    ] = "",
    office: Annotated[str, Query(max_length=17)] = "",
    container: Annotated[str, Query(max_length=20)] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """List your tasks, the most urgent first; those that are over, the newest first.

    Officials see those of their agency, or of another one by `agency`; terminals and carriers what
    was asked of them; traders what concerns goods of parties that they represent.
    """
    sight = sight_of(actor)
    _require(node, actor, sight)
    if actor.kind is ActorKind.OFFICER and agency:
        sight = Sight(agency="" if agency == "all" else agency)
    if state == "ended":
        return await _ended(node, actor, sight, container, limit, cursor)
    after = position_of(cursor, tuple[int, datetime, int])

    def query() -> tuple[Task, ...]:
        with node.reading() as connection:
            return tables.list_open(
                connection,
                node.clock(),
                audiences=sight.audiences,
                agency=sight.agency,
                parties=sight.parties,
                office=office,
                container=container,
                after=after,
                limit=limit,
            )

    found = await look(node, actor, query)
    following = None
    if len(found) == limit:
        urgency, due_at, seq = tables.place_of(found[-1])
        following = cursor_of(urgency, due_at.isoformat(), seq)
    return answer(found, following=following)


async def _ended(
    node: Node, actor: Actor, sight: Sight, container: str, limit: int, cursor: str | None
) -> Response:
    before = place_of(cursor)

    def query() -> tuple[Task, ...]:
        with node.reading() as connection:
            return tables.list_ended(
                connection,
                audiences=sight.audiences,
                agency=sight.agency,
                parties=sight.parties,
                container=container,
                before=before,
                limit=limit,
            )

    found = await look(node, actor, query)
    following = cursor_of(found[-1].seq) if len(found) == limit else None
    return answer(found, following=following)


@router.get("/tasks/{seq}")
async def task(seq: Place, node: TheNode, actor: TheActor) -> Response:
    """Return a task, what was said about it, and how far its notices got."""

    def query() -> dict[str, Any]:
        with node.reading() as connection:
            found = tables.get(connection, seq)
            with as_absent(actor, f"task {seq}"):
                node.policy.require(actor, "task.read", stated(actor, found))
            told = notices.list_notices(connection, about=found.subject)
            return {
                "task": found,
                "comments": tables.comments_on(connection, seq),
                "notices": [
                    {"event": one.event, "progress": one.progress, "attempts": one.attempts}
                    for one in told
                ],
            }

    return answer(await look(node, actor, query))


@router.post("/tasks/{seq}/take")
async def take_on(seq: Place, body: NoteIn, node: TheNode, actor: TheActor) -> Response:
    """Act on a task; with it you take on its alarms."""
    return await _done(node, actor, seq, lambda hand: take(hand, seq, body.note))


@router.post("/tasks/{seq}/complete")
async def end(seq: Place, body: OutcomeIn, node: TheNode, actor: TheActor) -> Response:
    """End a task with an outcome."""
    return await _done(node, actor, seq, lambda hand: complete(hand, seq, body.outcome, body.note))


@router.post("/tasks/{seq}/comment")
async def say(seq: Place, body: TextIn, node: TheNode, actor: TheActor) -> Response:
    """Say something about a task."""
    return await _done(node, actor, seq, lambda hand: comment(hand, seq, body.text))


@router.post("/tasks/{seq}/escalate")
async def pass_on(seq: Place, body: WhyIn, node: TheNode, actor: TheActor) -> Response:
    """Pass a task on to whoever is asked next, before its time."""
    return await _done(node, actor, seq, lambda hand: escalate(hand, seq, body.reason))


@router.post("/tasks/{seq}/void")
async def needless(seq: Place, body: WhyIn, node: TheNode, actor: TheActor) -> Response:
    """Say that nothing needs to be done after all."""
    return await _done(node, actor, seq, lambda hand: void(hand, seq, body.reason))


async def _done(
    node: Node, actor: Actor, seq: int, action: Callable[[Act], Fact | None]
) -> Response:
    outcome = await act(node, actor, action)
    fact = outcome.result

    def query() -> Task:
        with node.reading() as connection:
            return tables.get(connection, seq)

    now = await look(node, actor, query)
    return answer({"task": now, "seq": None if fact is None else fact.seq})


def _require(node: Node, actor: Actor, sight: Sight) -> None:
    """Ask policy for the tasks of one's own. Raises: Refused: nobody asks this actor anything."""
    known = {"audience": sight.audiences[0].value} if sight.audiences else {}
    if sight.parties:
        known["party"] = min(sight.parties)
    node.policy.require(actor, "task.read", known)
