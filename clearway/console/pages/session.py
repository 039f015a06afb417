"""Signing in and out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from clearway.console.render import page
from clearway.console.translate import languages
from clearway.console.visitor import COOKIE, sealed_form, visitor_of
from clearway.errors import ClearwayError, NotAuthenticated
from clearway.identity.actions.sign_in import record_failure, sign_in, sign_out
from clearway.identity.credentials import authenticate_token
from clearway.identity.model import Actor, ActorKind, Role
from clearway.identity.passwords import authenticate_password
from clearway.node.node import Node
from clearway.policy.act import Act

_DOOR = Actor(ActorKind.SYSTEM, "console", "customs", frozenset({Role.WORKER}))


async def login_form(request: Request) -> Response:
    """Show the way in."""
    return page(request, None, "login.html", refusal="")


async def login(request: Request) -> Response:
    """Open a session for whoever proves a password or a token."""
    node: Node = request.app.state.node
    form = await request.form(max_files=0, max_fields=4)
    account, password = str(form.get("account", "")), str(form.get("password", ""))
    try:
        actor = await asyncio.to_thread(_prove, node, account, password)
    except ClearwayError as error:
        if isinstance(error, NotAuthenticated):
            await _do(node, _DOOR, lambda act: record_failure(act, account))
        return page(request, None, "login.html", status=error.status, refusal=error.detail)
    secret = node.entropy(32)
    session = await _do(node, actor, lambda act: sign_in(act, secret))
    answer = RedirectResponse("/console/", 303)
    answer.set_cookie(
        COOKIE,
        str(session),
        path="/console",
        httponly=True,
        samesite="strict",
        secure=node.settings.secure_cookies,
    )
    return answer


async def logout(request: Request) -> Response:
    """End the session."""
    node: Node = request.app.state.node
    visitor = visitor_of(request)
    await sealed_form(request, visitor)
    await _do(node, visitor.actor, lambda act: sign_out(act, visitor.session))
    answer = RedirectResponse("/console/login", 303)
    answer.delete_cookie(COOKIE, path="/console")
    return answer


async def language(request: Request) -> Response:
    """Remember the language that was chosen."""
    chosen = request.path_params["code"]
    answer = RedirectResponse("/console/", 303)
    if chosen in languages():
        answer.set_cookie("clearway_language", chosen, path="/console", samesite="strict")
    return answer


def _prove(node: Node, account: str, password: str) -> Actor:
    """Return whose account this is, by password or by API token."""
    with node.reading() as connection:
        if password.startswith("cw_"):
            actor = authenticate_token(connection, password, node.clock())
            if actor.id != account:
                raise NotAuthenticated("The account or the password is wrong")
            return actor
        return authenticate_password(connection, account, password, node.clock())


async def _do(node: Node, actor: Actor, action: Callable[[Act], object]) -> object:
    outcome = await asyncio.wrap_future(node.act(actor, action))
    return outcome.result


ROUTES = [
    Route("/login", login_form, methods=["GET"]),
    Route("/login", login, methods=["POST"]),
    Route("/logout", logout, methods=["POST"]),
    Route("/language/{code}", language, methods=["GET"]),
]
