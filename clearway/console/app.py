"""The console: plain pages that show what the API gives, by the same actions and queries.

It works with no network besides this node: every asset is served from the package. Forms carry a
seal bound to the session; scripts are files of ours only (see the content policy in `api.guard`).
"""

from __future__ import annotations

from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles

from clearway.console import verifier
from clearway.console.jobs import Jobs
from clearway.console.pages import (
    alarms,
    audits,
    certification,
    declarations,
    examinations,
    fleet,
    insight,
    ledger,
    live,
    queue,
    reefers,
    session,
    tasks,
    worldmap,
)
from clearway.console.pages.risk import (
    backtest,
    capacity,
    drift,
    fairness,
    importers,
    models,
    overview,
    performance,
    rules,
    search,
    versions,
    watch_lists,
)
from clearway.console.render import page
from clearway.console.visitor import visitor_or_nobody
from clearway.errors import ClearwayError, NotAuthenticated, NotFound
from clearway.node.node import Node

_STATIC = Path(__file__).parent / "static"


def build_console(node: Node) -> Starlette:
    """Return the console of a node, to be mounted at `/console`."""
    routes: list[BaseRoute] = [
        Mount("/static", StaticFiles(directory=_STATIC), name="static"),
        *verifier.ROUTES,
        *session.ROUTES,
        *queue.ROUTES,
        *declarations.ROUTES,
        *examinations.ROUTES,
        *audits.ROUTES,
        *certification.ROUTES,
        *alarms.ROUTES,
        *tasks.ROUTES,
        *fleet.ROUTES,
        *reefers.ROUTES,
        *insight.ROUTES,
        *worldmap.ROUTES,
        *overview.ROUTES,
        *backtest.ROUTES,
        *versions.ROUTES,
        *rules.ROUTES,
        *watch_lists.ROUTES,
        *capacity.ROUTES,
        *performance.ROUTES,
        *drift.ROUTES,
        *models.ROUTES,
        *fairness.ROUTES,
        *importers.ROUTES,
        *search.ROUTES,
        *ledger.ROUTES,
        *live.ROUTES,
    ]
    app = Starlette(
        routes=routes, exception_handlers={ClearwayError: _problem, HTTPException: _no_page}
    )
    app.state.node = node
    app.state.noted = {}
    app.state.figures = None
    app.state.jobs = Jobs()
    app.state.kept = {}
    return app


def _problem(request: Request, error: Exception) -> Response:
    """Show what went wrong and the way out; nobody signed in: the way in."""
    if not isinstance(error, ClearwayError):
        raise error
    if isinstance(error, NotAuthenticated):
        if request.headers.get("HX-Request"):
            return Response(status_code=401, headers={"HX-Redirect": "/console/login"})
        return RedirectResponse("/console/login", 303)
    status = error.status if error.status < 500 else 503
    return _told(request, status, error.title, error.detail)


def _no_page(request: Request, error: Exception) -> Response:
    """Say that there is no such page, or none that takes this."""
    if not isinstance(error, HTTPException):
        raise error
    detail = f"There is no page {request.url.path[:60]!r} that takes this request"
    return _told(request, error.status_code, NotFound.title, detail)


def _told(request: Request, status: int, title: str, detail: str) -> Response:
    visitor = visitor_or_nobody(request)
    return page(request, visitor, "problem.html", status=status, title=title, detail=detail)
