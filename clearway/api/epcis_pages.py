"""From a question to a page of events or names, the same at every EPCIS door."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from fastapi import Request, Response

from clearway.api import epcis
from clearway.api.work import look
from clearway.clearance.event_sight import Sight, sight_of
from clearway.errors import BadTerm, InputError
from clearway.identity.model import Actor
from clearway.movements.epcis import answers, paging, parameters, tables
from clearway.movements.epcis.paging import Token
from clearway.movements.epcis.query import Query
from clearway.node.node import Node

PER_PAGE = 30
_OF_PAGES = frozenset({"perPage", "nextPageToken"})
_TOKENS_KEPT = 10_000


class Withdrawn:
    """Tokens that their holders gave back, until they would have ended anyway."""

    def __init__(self) -> None:
        self._until: dict[str, datetime] = {}

    def add(self, token: str, now: datetime) -> None:
        """Note a token; the oldest ones are forgotten first."""
        if len(self._until) >= _TOKENS_KEPT:
            self._until = {one: end for one, end in self._until.items() if end > now}
            while len(self._until) >= _TOKENS_KEPT:
                del self._until[next(iter(self._until))]
        self._until[token] = now + paging.LIFE

    def has(self, token: str) -> bool:
        """Return whether a token was given back."""
        return token in self._until


def per_page(request: Request, most: int) -> int:
    """Return how many rows a page has. Raises: BadTerm."""
    text = request.query_params.get("perPage", str(PER_PAGE))
    if not text.isascii() or not text.isdigit() or len(text) > 9 or int(text) < 1:
        raise BadTerm("perPage", text, "must be a whole number from 1 on", field="perPage")
    return min(int(text), most)


def given(request: Request) -> dict[str, str]:
    """Return the parameters of a query in a URL. Raises: InputError: one stands twice."""
    found: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if name in found:
            raise InputError(f"{name[:80]} stands twice; separate its values by |")
        found[name] = value
    return {name: value for name, value in found.items() if name not in _OF_PAGES}


def read_query(request: Request) -> Query:
    """Return the query of a URL. Raises: RuleViolation: names each wrong parameter."""
    return parameters.read(given(request), epcis.extensions_of(request))


async def give_events(
    request: Request, node: Node, actor: Actor, query: Query, *, name: str = "SimpleEventQuery"
) -> Response:
    """Answer with the next page of a query.

    Args:
        name: of a named query, as the document says it.
    """
    as_xml = epcis.takes_xml(request)
    limit = per_page(request, tables.MOST_ON_PAGE)
    now = node.clock()
    question = paging.question_of(request.url.path, sorted(given(request).items()), actor.reference)
    token = _token(request, question, now)

    def ask() -> tuple[bytes, dict[str, str]]:
        with node.reading() as connection:
            sight = sight_of(connection, node.policy, actor)
            upto = tables.last_place(connection) if token is None else token.upto
            left = query.event_count_limit if token is None else token.left
            page = tables.find_events(
                connection,
                query.within(*sight.clauses),
                after=None if token is None else token.place,
                upto=upto,
                limit=limit if left is None else min(limit, left),
                sees=sight.sees,
            )
        left = None if left is None else left - len(page.found)
        following = None
        if page.after is not None and left != 0:
            following = Token(question, upto, now + paging.LIFE, page.after, left=left)
        events = tuple(one.event for one in page.found)
        body = answers.write(events, now=now, as_xml=as_xml, name=name)
        return body, _leads(request, following)

    body, headers = await look(node, actor, ask)
    kind = epcis.XML if as_xml else epcis.JSON
    return Response(body, 200, {**epcis.VERSIONS, **headers}, kind)


async def give_names(
    request: Request,
    node: Node,
    actor: Actor,
    ask: Callable[[Any, Sight, str, int], Sequence[str]],
    shown: Callable[[str], str] = str,
) -> Response:
    """Answer with the next page of a list of names.

    Args:
        ask: gives the names after one, at most so many, in order, of what an account sees.
    """
    epcis.require_json(request)
    limit = per_page(request, tables.MOST_ON_PAGE)
    now = node.clock()
    question = paging.question_of(request.url.path, actor.reference)
    token = _token(request, question, now)

    def query() -> Sequence[str]:
        with node.reading() as connection:
            sight = sight_of(connection, node.policy, actor)
            return ask(connection, sight, "" if token is None else token.name, limit + 1)

    found = await look(node, actor, query)
    following = None
    if len(found) > limit:
        following = Token(question, 0, now + paging.LIFE, name=found[limit - 1])
    members = list(dict.fromkeys(map(shown, found[:limit])))
    return epcis.collection(members, _leads(request, following))


def _token(request: Request, question: str, now: datetime) -> Token | None:
    text = request.query_params.get("nextPageToken")
    if text is None:
        return None
    token = paging.read(text, question, now)
    withdrawn: Withdrawn = request.app.state.withdrawn
    if withdrawn.has(text):
        raise BadTerm("nextPageToken", text, "was given back", field="nextPageToken")
    return token


def _leads(request: Request, following: Token | None) -> dict[str, str]:
    if following is None:
        return {}
    return epcis.page_headers(request, paging.write(following), following.expires)
