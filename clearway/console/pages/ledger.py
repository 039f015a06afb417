"""The ledger: its head, who witnesses it, how far each follows, and proof for whoever asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from clearway.console.permission import may
from clearway.console.render import page
from clearway.console.visitor import visitor_of
from clearway.console.work import look
from clearway.identity.agencies import Agency
from clearway.identity.facts_agencies import ForkFound
from clearway.identity.rules_agencies import (
    Advice,
    order_advice,
    policy_text,
    quorum_of,
    witnesses_among,
)
from clearway.identity.tables_agencies import list_agencies, list_decisions, list_forks
from clearway.ledger import tables
from clearway.ledger.witnessed import KeptRefusal, list_refusals
from clearway.node.node import Node
from clearway.node.witnessing import Standing

_MOST_HEADS = 8
_MOST_REFUSALS = 20


@dataclass(frozen=True, slots=True)
class Head:
    """One signed checkpoint of our log."""

    size: int
    root: str
    signed_at: datetime


@dataclass(frozen=True, slots=True)
class Follower:
    """A partner whose witness follows our log, and how far it got.

    Args:
        lag: facts that it has not cosigned yet.
    """

    agency: Agency
    standing: Standing | None
    lag: int


@dataclass(frozen=True, slots=True)
class View:
    """Everything on the page.

    Args:
        cosigned: size of the newest head that enough witnesses cosigned; 0: none.
        quorum: how many must.
    """

    size: int
    key: str
    cosigned: int
    quorum: int
    followers: tuple[Follower, ...]
    heads: tuple[Head, ...]
    advice: Advice
    refusals: tuple[KeptRefusal, ...]
    forks: tuple[tuple[datetime, ForkFound], ...]

    @property
    def pending(self) -> int:
        """Facts that the log signed and no quorum has cosigned yet."""
        return self.size - self.cosigned


async def ledger(request: Request) -> Response:
    """Show the ledger page; the lists of refusals and forks only to whoever reads partners."""
    visitor = visitor_of(request)
    node: Node = request.app.state.node
    node.policy.require(visitor.actor, "ledger.read", {})
    sees_partners = may(node, visitor.actor, "identity.read")
    view = await look(node, lambda connection: _view(node, connection, with_faults=sees_partners))
    part = "ledger_rows.html" if "HX-Request" in request.headers else "ledger.html"
    return page(request, visitor, part, view=view, sees_partners=sees_partners)


async def policy(request: Request) -> Response:
    """Hand out the policy (C2SP tlog-policy) that receipts of this log can be held against."""
    node: Node = request.app.state.node
    node.policy.require(visitor_of(request).actor, "ledger.read", {})

    def query(connection: Connection) -> str:
        agencies = list_agencies(connection)
        return policy_text([node.log.verifier.vkey], agencies, _quorum(connection, agencies))

    named = {"Content-Disposition": 'attachment; filename="policy.txt"'}
    return PlainTextResponse(await look(node, query), headers=named)


async def receipt_by_place(request: Request) -> Response:
    """Lead to the receipt of the fact whose place somebody typed."""
    typed = request.query_params.get("place", "").strip().lstrip("#")
    visitor_of(request)
    place = int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 19 else -1
    return RedirectResponse(f"/console/receipts/{place}" if place >= 0 else "/console/ledger", 303)


def _view(node: Node, connection: Connection, *, with_faults: bool) -> View:
    agencies = list_agencies(connection)
    size = node.log.size
    standings = {one.agency: one for one in node.witnessing.standings()}
    return View(
        size=size,
        key=node.log.verifier.vkey,
        cosigned=node.witnessing.cosigned_size,
        quorum=_quorum(connection, agencies),
        followers=tuple(
            _follower(each, standings.get(each.id), size) for each in witnesses_among(agencies)
        ),
        heads=_heads(connection),
        advice=order_advice(1 + sum(each.takes_part for each in agencies)),
        refusals=tuple(list_refusals(connection, limit=_MOST_REFUSALS)) if with_faults else (),
        forks=tuple(list_forks(connection)) if with_faults else (),
    )


def _quorum(connection: Connection, agencies: list[Agency]) -> int:
    return quorum_of(list_decisions(connection), len(witnesses_among(agencies)))


def _follower(agency: Agency, standing: Standing | None, size: int) -> Follower:
    return Follower(agency, standing, max(0, size - (standing.size if standing else 0)))


def _heads(connection: Connection) -> tuple[Head, ...]:
    kept = tables.checkpoint.c
    newest = select(kept.size, kept.note, kept.signed_at).order_by(kept.size.desc())
    return tuple(
        Head(row.size, row.note.split("\n", 3)[2], row.signed_at)
        for row in connection.execute(newest.limit(_MOST_HEADS))
    )


ROUTES = [
    Route("/ledger", ledger),
    Route("/ledger/policy.txt", policy),
    Route("/ledger/receipt", receipt_by_place),
]
