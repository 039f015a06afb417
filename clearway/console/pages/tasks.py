"""Tasks: what alarms ask somebody to do; take one, say what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from clearway.console.permission import is_trader, may
from clearway.console.render import page
from clearway.console.visitor import Visitor, place_in_log, sealed_form, visitor_of
from clearway.console.work import do, look
from clearway.errors import InputError, NotFound, WrongState
from clearway.identity.model import Actor
from clearway.ledger.fact import Fact
from clearway.node.node import Node
from clearway.policy.act import Act
from clearway.tasks import rules, tables
from clearway.tasks.actions.comment import comment
from clearway.tasks.actions.complete import complete
from clearway.tasks.actions.hand import AUDIENCE_OF, stated
from clearway.tasks.actions.take import take
from clearway.tasks.model import Audience, Comment, Outcome, Task

_MOST = 100
_DEEDS: Mapping[str, Callable[[Act, int, Mapping[str, str]], Fact | None]] = {
    "take": lambda act, seq, form: take(act, seq, form.get("note", "").strip()),
    "comment": lambda act, seq, form: comment(act, seq, form.get("note", "").strip()),
    "complete": lambda act, seq, form: complete(
        act, seq, form.get("outcome", ""), form.get("note", "").strip()
    ),
}


@dataclass(frozen=True, slots=True)
class TaskRow:
    """A task as a line of the list, or the head of its page.

    Args:
        is_late: whether it should have been done by now.
        can_take: whether the visitor may act on it.
        is_mine: whether the visitor has taken it.
    """

    task: Task
    is_late: bool
    can_take: bool
    is_mine: bool

    @property
    def tone(self) -> str:
        """The colour of its level."""
        return {"notice": "info"}.get(self.task.level.value, self.task.level.value)

    @property
    def holder(self) -> str:
        """Who has taken it, without the kind of account."""
        return self.task.taken_by.partition(":")[2]


async def listing(request: Request) -> Response:
    """Show open tasks: those that ask the visitor, or all that they may see."""
    return await _list(request, visitor_of(request), "tasks.html")


async def rows(request: Request) -> Response:
    """Show the table alone, for the live refresh."""
    return await _list(request, visitor_of(request), "task_rows.html")


async def _list(request: Request, visitor: Visitor, template: str) -> Response:
    node: Node = request.app.state.node
    actor = visitor.actor
    wants_all = request.query_params.get("show") == "all" and not is_trader(actor)
    mine = {AUDIENCE_OF[role] for role in actor.roles if role in AUDIENCE_OF}
    audiences = frozenset() if wants_all else frozenset(mine or {Audience.OFFICER})
    agency = "" if wants_all or is_trader(actor) else actor.agency

    def query(connection: Connection) -> list[TaskRow]:
        found = tables.list_open(
            connection, node.clock(), audiences=audiences, agency=agency, limit=_MOST
        )
        return [
            _row(node, actor, task)
            for task in found
            if may(node, actor, "task.read", **stated(actor, task))
        ]

    found = await look(node, query)
    return page(request, visitor, template, rows=found, wants_all=wants_all)


async def one(request: Request) -> Response:
    """Show one task."""
    return await _show(request, visitor_of(request), place_in_log(request))


async def act_on(request: Request) -> Response:
    """Take a task, say something about it, or end it; a mistake brings the page back."""
    visitor = visitor_of(request)
    node: Node = request.app.state.node
    seq, deed = place_in_log(request), request.path_params["deed"]
    form = await sealed_form(request, visitor)
    if deed not in _DEEDS:
        raise NotFound("A task can be taken, commented on, or completed")
    try:
        await do(node, visitor.actor, lambda act: _DEEDS[deed](act, seq, form))
    except (InputError, WrongState) as error:
        return await _show(request, visitor, seq, refusal=error.detail, note=form.get("note", ""))
    return RedirectResponse(f"/console/tasks/{seq}", 303)


async def _show(
    request: Request, visitor: Visitor, seq: int, *, refusal: str = "", note: str = ""
) -> Response:
    node: Node = request.app.state.node

    def query(connection: Connection) -> tuple[TaskRow, tuple[Comment, ...]]:
        task = tables.get(connection, seq)
        if not may(node, visitor.actor, "task.read", **stated(visitor.actor, task)):
            raise NotFound(f"There is no task {seq}", task=seq)
        return _row(node, visitor.actor, task), tables.comments_on(connection, seq)

    row, comments = await look(node, query)
    return page(
        request,
        visitor,
        "task.html",
        status=422 if refusal else 200,
        row=row,
        comments=comments,
        outcomes=list(Outcome),
        needs_note=[one.value for one in rules.NEEDS_NOTE],
        refusal=refusal,
        note=note,
    )


def _row(node: Node, actor: Actor, task: Task) -> TaskRow:
    can = task.is_open and may(node, actor, "task.take", **stated(actor, task))
    return TaskRow(
        task,
        task.is_open and task.due_at < node.clock(),
        can and task.taken_by in ("", actor.reference),
        task.taken_by == actor.reference,
    )


ROUTES = [
    Route("/tasks", listing),
    Route("/tasks/rows", rows),
    Route("/tasks/{seq:int}", one),
    Route("/tasks/{seq:int}/{deed}", act_on, methods=["POST"]),
]
