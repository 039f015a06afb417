"""EPCIS 2.0: events by what they name: types, objects, steps, places, dispositions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from sqlalchemy import Connection

from clearway.api import epcis
from clearway.api.access import TheActor, TheNode
from clearway.api.epcis import PREFIX, EpcisRoute
from clearway.api.epcis_pages import give_events, give_names, read_query
from clearway.api.problems import RESPONSES
from clearway.api.work import look
from clearway.clearance.event_sight import Sight, sight_of
from clearway.errors import NotFound
from clearway.identity.model import Actor
from clearway.movements.epcis import names, tables
from clearway.movements.epcis.index import IDENTIFIERS, NAMED_KINDS
from clearway.movements.epcis.parameters import EVENT_TYPES
from clearway.movements.epcis.query import AnyOf, Clause, Match, Pattern, Query
from clearway.node.node import Node

router = APIRouter(prefix=PREFIX, tags=["epcis"], responses=RESPONSES, route_class=EpcisRoute)

Id = Annotated[str, Path(max_length=2_048)]
_MOST_LOOKED_AT = 1_000
"""Events of a trader's own goods whose names are listed."""


class Resource:
    """One field of events by whose values they are listed.

    Args:
        path: its name in the URL. kind: its name in the index, `epc` for objects.
        canonical: gives the form in which values are kept. shown: the form in which they are told.
    """

    def __init__(
        self,
        path: str,
        kind: str,
        canonical: Callable[[str], str],
        shown: Callable[[str], str] = str,
    ) -> None:
        self.path, self.kind, self.canonical, self.shown = path, kind, canonical, shown

    def clause(self, value: str) -> Clause:
        """Return what an event must meet to belong to this value."""
        text = self.canonical(value)
        if self.kind == "epc":
            return Match(IDENTIFIERS["MATCH_anyEPC"], (Pattern(text),))
        return AnyOf(self.kind, (text,))

    def ask(self, connection: Connection, sight: Sight, after: str, limit: int) -> Sequence[str]:
        """Return values that events have, of those that an account may see."""
        if self.kind == "eventType":
            return [one for one in sorted(EVENT_TYPES) if one > after][:limit]
        if sight.is_whole:
            if self.kind == "epc":
                return tables.list_epcs(connection, after=after, limit=limit)
            return tables.list_names(connection, self.kind, after=after, limit=limit)
        query = Query(sight.clauses)
        page = tables.find_events(connection, query, limit=_MOST_LOOKED_AT, sees=sight.sees)
        found = {value for one in page.found for value in self._values(one)}
        return sorted(one for one in found if one > after)[:limit]

    def _values(self, found: tables.Found) -> set[str]:
        if self.kind != "epc":
            return {text for kind, text in found.index.words if kind == self.kind}
        roles = IDENTIFIERS["MATCH_anyEPC"]
        return {text for role, text in found.index.identifiers if role in roles}


def _bare(kind: str) -> Callable[[str], str]:
    return lambda text: names.bare(kind, text)


RESOURCES = (
    Resource("eventTypes", "eventType", str),
    Resource("epcs", "epc", names.identifier),
    Resource("bizSteps", "bizStep", names.biz_step, _bare("biz_step")),
    Resource("bizLocations", "bizLocation", names.identifier),
    Resource("readPoints", "readPoint", names.identifier),
    Resource("dispositions", "disposition", names.disposition, _bare("disposition")),
)


async def _require_known(node: Node, actor: Actor, resource: Resource, value: str) -> None:
    """Refuse a value that no event has which the account may see. Raises: NotFound."""
    if resource.kind == "eventType" and value in EVENT_TYPES:
        return

    def ask() -> bool:
        with node.reading() as connection:
            sight = sight_of(connection, node.policy, actor)
            query = Query((resource.clause(value), *sight.clauses))
            return bool(tables.find_events(connection, query, limit=1, sees=sight.sees).found)

    if not await look(node, actor, ask):
        raise NotFound(f"No event names {value[:200]} in {resource.path}, or none that you may see")


def _add(resource: Resource) -> None:
    """Open the doors of one resource: the list, one value, the events of it."""
    path, one = f"/{resource.path}", f"/{resource.path}/{{value:path}}"

    async def discover_list(node: TheNode, actor: TheActor) -> Response:
        return epcis.discovery("OPTIONS, GET")

    async def discover_value(value: Id, node: TheNode, actor: TheActor) -> Response:
        return epcis.discovery("OPTIONS, GET")

    async def discover_events(value: Id, node: TheNode, actor: TheActor) -> Response:
        return epcis.discovery("OPTIONS, GET")

    async def values(request: Request, node: TheNode, actor: TheActor) -> Response:
        return await give_names(request, node, actor, resource.ask, resource.shown)

    async def events(value: Id, request: Request, node: TheNode, actor: TheActor) -> Response:
        query = read_query(request).within(resource.clause(value))
        return await give_events(request, node, actor, query)

    async def parts(value: Id, request: Request, node: TheNode, actor: TheActor) -> Response:
        epcis.require_json(request)
        await _require_known(node, actor, resource, value)
        return epcis.collection(["events"])

    # The events of a value come first: a value may itself hold slashes.
    for method, route, endpoint, what in (
        ("OPTIONS", f"{one}/events", discover_events, "Say what may be done with these events"),
        ("OPTIONS", one, discover_value, "Say what may be done with this resource"),
        ("OPTIONS", path, discover_list, "Say what may be done with this list"),
        ("GET", path, values, f"List the {resource.path} that events on record have"),
        ("GET", f"{one}/events", events, f"Give events of one of the {resource.path}"),
        ("GET", one, parts, f"Say what there is under one of the {resource.path}"),
    ):
        name = f"{endpoint.__name__}_of_{resource.path}"
        status = 204 if method == "OPTIONS" else 200
        router.add_api_route(
            route, endpoint, methods=[method], name=name, summary=f"{what}.", status_code=status
        )


for _resource in RESOURCES:
    _add(_resource)

if {resource.kind for resource in RESOURCES} != {*NAMED_KINDS, "epc"}:
    raise TypeError("each resource needs its names in the index")
