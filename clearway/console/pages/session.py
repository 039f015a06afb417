"""Signing in and out, and the choice of a language."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from clearway.console.render import open_to, page
from clearway.console.translate import languages
from clearway.console.visitor import (
    COOKIE,
    LANGUAGE_COOKIE,
    require_own_page,
    sealed_form,
    visitor_of,
)
from clearway.console.work import do
from clearway.errors import ClearwayError, NotAuthenticated
from clearway.identity.actions.sign_in import record_failure, sign_in, sign_out
from clearway.identity.credentials import authenticate_token
from clearway.identity.model import Actor, ActorKind, Role
from clearway.identity.passwords import authenticate_password
from clearway.node.node import Node

_DOOR = Actor(ActorKind.SYSTEM, "console", "customs", frozenset({Role.WORKER}))
_LANGUAGE_KEPT = timedelta(days=365)


async def login_form(request: Request) -> Response:
    """Show the way in."""
    return page(request, None, "login.html", refusal="", account="")


async def login(request: Request) -> Response:
    """Open a session for whoever proves a password or a token."""
    node: Node = request.app.state.node
    require_own_page(request)
    form = await request.form(max_files=0, max_fields=4)
    account, password = str(form.get("account", "")), str(form.get("password", ""))
    try:
        actor = await asyncio.to_thread(_prove, node, account, password)
    except ClearwayError as error:
        if isinstance(error, NotAuthenticated):
            await do(node, _DOOR, lambda act: record_failure(act, account, wall=node.wall()))
        return page(
            request, None, "login.html", status=error.status, refusal=error.detail, account=account
        )
    secret = node.entropy(32)
    session = await do(node, actor, lambda act: sign_in(act, secret, wall=node.wall()))
    answer = RedirectResponse(landing(node, actor), 303)
    answer.set_cookie(
        COOKIE,
        session,
        max_age=node.settings.session_hours * 3600,
        path="/console",
        httponly=True,
        samesite="strict",
        secure=node.settings.secure_cookies,
    )
    return answer


def landing(node: Node, actor: Actor) -> str:
    """Return the first page that the policy opens to this actor."""
    mine = open_to(node, actor)
    return mine[0].path if mine else "/console/"


async def logout(request: Request) -> Response:
    """End the session."""
    node: Node = request.app.state.node
    visitor = visitor_of(request)
    await sealed_form(request, visitor)
    await do(node, visitor.actor, lambda act: sign_out(act, visitor.session))
    answer = RedirectResponse("/console/login", 303)
    answer.delete_cookie(COOKIE, path="/console")
    return answer


async def present(request: Request) -> Response:
    """Keep the session alive: somebody is at work on a page that was opened long ago."""
    visitor_of(request)
    return Response(status_code=204)


async def language(request: Request) -> Response:
    """Remember the language that was chosen, and go back to where it was chosen."""
    node: Node = request.app.state.node
    chosen = request.path_params["code"]
    answer = RedirectResponse(_own_path(request.query_params.get("back", "")), 303)
    if chosen in languages():
        answer.set_cookie(
            LANGUAGE_COOKIE,
            chosen,
            max_age=int(_LANGUAGE_KEPT.total_seconds()),
            path="/console",
            httponly=True,
            samesite="strict",
            secure=node.settings.secure_cookies,
        )
    return answer


def _own_path(text: str) -> str:
    """Return a path of this console; the queue for anything else, so nobody is sent elsewhere."""
    is_own = text.startswith("/console/") and text.isascii() and text.isprintable()
    return text if is_own and not set(text) & set('\\"<>') else "/console/"


def _prove(node: Node, account: str, password: str) -> Actor:
    """Return whose account this is, by password or by API token."""
    now, wall = node.clock(), node.wall()
    with node.reading() as connection:
        if password.startswith("cw_"):
            actor = authenticate_token(connection, password, now)
            if actor.id != account:
                raise NotAuthenticated("The account or the password is wrong")
            return actor
        return authenticate_password(connection, account, password, now, wall=wall)


ROUTES = [
    Route("/login", login_form, methods=["GET"]),
    Route("/login", login, methods=["POST"]),
    Route("/logout", logout, methods=["POST"]),
    Route("/present", present, methods=["GET"]),
    Route("/language/{code}", language, methods=["GET"]),
]
