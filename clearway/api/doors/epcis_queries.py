"""EPCIS 2.0: named queries and who is told of what they find."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from pydantic import AwareDatetime, ConfigDict, Field

from clearway.api import epcis
from clearway.api.access import TheActor, TheNode
from clearway.api.epcis import PREFIX, EpcisRoute
from clearway.api.epcis_pages import give_events, per_page
from clearway.api.forms import Form
from clearway.api.problems import RESPONSES
from clearway.api.strict import StrictRequest
from clearway.api.work import act, look
from clearway.errors import BadTerm, InputError
from clearway.identity.model import Actor
from clearway.ledger.columns import from_microseconds
from clearway.movements.epcis import naming, paging, standing
from clearway.movements.epcis.actions.drop_query import drop_query
from clearway.movements.epcis.actions.name_query import name_query
from clearway.movements.epcis.actions.subscribe import Wish, subscribe
from clearway.movements.epcis.actions.unsubscribe import unsubscribe
from clearway.movements.epcis.standing import Delivery, NamedQuery, Subscription
from clearway.node.node import Node

router = APIRouter(prefix=PREFIX, tags=["epcis"], responses=RESPONSES, route_class=EpcisRoute)

Name = Annotated[str, Path(max_length=100)]
_ID_BYTES = 12


class QueryIn(Form):
    """A query and the name it shall have."""

    name: Annotated[str, Field(max_length=100)]
    query: dict[str, Any]


class SubscriptionIn(Form):
    """Who shall be told, and when."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    dest: Annotated[str, Field(max_length=2_048)]
    signatureToken: Annotated[str, Field(max_length=256)] = ""
    stream: bool = False
    schedule: dict[str, Any] | None = None
    reportIfEmpty: bool = False
    initialRecordTime: AwareDatetime | None = None


async def _form(request: Request) -> Any:
    """Return the value of a JSON body, read as strictly as messages are."""
    if epcis.body_is_xml(request):
        raise epcis.UnsupportedMedia("Queries and subscriptions are sent as application/json")
    return await StrictRequest(request.scope, request.receive).json()


@router.options("/queries", status_code=204)
async def discover_queries(node: TheNode, actor: TheActor) -> Response:
    """Say what may be done with named queries."""
    return epcis.discovery("OPTIONS, GET, POST")


@router.get("/queries")
async def queries(request: Request, node: TheNode, actor: TheActor) -> Response:
    """List named queries, in their order by name."""
    epcis.require_json(request)

    def ask(after: str, limit: int) -> Sequence[NamedQuery]:
        with node.reading() as connection:
            return standing.list_queries(
                connection,
                agency=actor.agency,
                actor=naming.only_of(actor),
                after=after,
                limit=limit,
            )

    found, headers = await _page(request, node, actor, ask, lambda one: one.name)
    return epcis.answer([_as_query(one) for one in found], headers=headers)


@router.post("/queries", status_code=201)
async def new_query(request: Request, node: TheNode, actor: TheActor) -> Response:
    """Keep a query under a name."""
    form = _checked(QueryIn, await _form(request))
    outcome = await act(node, actor, lambda hand: name_query(hand, form.name, form.query))
    location = f"{PREFIX}/queries/{outcome.result.name}"
    return epcis.answer(_as_query(outcome.result), status=201, headers={"Location": location})


@router.options("/queries/{name}", status_code=204)
async def discover_query(name: Name, node: TheNode, actor: TheActor) -> Response:
    """Say what may be done with a named query."""
    return epcis.discovery("OPTIONS, GET, DELETE")


@router.get("/queries/{name}")
async def one_query(name: Name, request: Request, node: TheNode, actor: TheActor) -> Response:
    """Give the definition of a named query."""
    epcis.require_json(request)
    return epcis.answer(_as_query(await _query(node, actor, name)))


@router.delete("/queries/{name}", status_code=204)
async def delete_query(name: Name, node: TheNode, actor: TheActor) -> Response:
    """Delete a named query, and end its subscriptions."""
    await act(node, actor, lambda hand: drop_query(hand, name))
    return Response(None, 204, epcis.VERSIONS)


@router.options("/queries/{name}/events", status_code=204)
async def discover_query_events(name: Name, node: TheNode, actor: TheActor) -> Response:
    """Say what may be done with the events of a named query."""
    return epcis.discovery("OPTIONS, GET")


@router.get("/queries/{name}/events")
async def query_events(name: Name, request: Request, node: TheNode, actor: TheActor) -> Response:
    """Give the events that a named query finds."""
    known = await _query(node, actor, name)
    query = naming.read_definition(known.definition)
    return await give_events(request, node, actor, query, name=name)


@router.options("/queries/{name}/subscriptions", status_code=204)
async def discover_subscriptions(name: Name, node: TheNode, actor: TheActor) -> Response:
    """Say what may be done with the subscriptions of a query."""
    return epcis.discovery("OPTIONS, GET, POST")


@router.get("/queries/{name}/subscriptions")
async def subscriptions(name: Name, request: Request, node: TheNode, actor: TheActor) -> Response:
    """List the subscriptions of a query that the account may see."""
    epcis.require_json(request)
    await _query(node, actor, name)

    def ask(after: str, limit: int) -> Sequence[Subscription]:
        with node.reading() as connection:
            return standing.list_subscriptions(
                connection,
                name,
                agency=actor.agency,
                actor=naming.only_of(actor),
                after=after,
                limit=limit,
            )

    found, headers = await _page(request, node, actor, ask, lambda one: one.id)
    shown = [_as_subscription(one, await _delivery(node, actor, one.id)) for one in found]
    return epcis.answer(shown, headers=headers)


@router.post("/queries/{name}/subscriptions", status_code=201)
async def new_subscription(
    name: Name, request: Request, node: TheNode, actor: TheActor
) -> Response:
    """Have an address told of what a query finds: as it is captured, or by a schedule."""
    wish = _wish(_checked(SubscriptionIn, await _form(request)), node)
    id = node.entropy(_ID_BYTES).hex()
    outcome = await act(node, actor, lambda hand: subscribe(hand, name, id, wish))
    body = _as_subscription(outcome.result, await _delivery(node, actor, id))
    location = f"{PREFIX}/queries/{name}/subscriptions/{id}"
    return epcis.answer(body, status=201, headers={"Location": location})


@router.options("/queries/{name}/subscriptions/{id}", status_code=204)
async def discover_subscription(name: Name, id: Name, node: TheNode, actor: TheActor) -> Response:
    """Say what may be done with a subscription, and from when on its next answer counts."""
    delivery = await _delivery(node, actor, id)
    more = {}
    if delivery is not None and await _subscription(node, actor, name, id):
        last = delivery.last_notified_at or from_microseconds(0)
        more = {"GS1-Query-Min-Record-Time": last.isoformat()}
    return epcis.discovery("OPTIONS, GET, DELETE", more)


@router.get("/queries/{name}/subscriptions/{id}")
async def one_subscription(
    name: Name, id: Name, request: Request, node: TheNode, actor: TheActor
) -> Response:
    """Say how a subscription stands; its secret is never shown."""
    epcis.require_json(request)
    found = await _subscription(node, actor, name, id)
    return epcis.answer(_as_subscription(found, await _delivery(node, actor, id)))


@router.delete("/queries/{name}/subscriptions/{id}", status_code=204)
async def end_subscription(name: Name, id: Name, node: TheNode, actor: TheActor) -> Response:
    """End a subscription."""
    await act(node, actor, lambda hand: unsubscribe(hand, name, id))
    return Response(None, 204, epcis.VERSIONS)


async def _query(node: Node, actor: Actor, name: str) -> NamedQuery:
    def ask() -> NamedQuery:
        with node.reading() as connection:
            return naming.get_query(connection, name, actor)

    return await look(node, actor, ask)


async def _subscription(node: Node, actor: Actor, name: str, id: str) -> Subscription:
    def ask() -> Subscription:
        with node.reading() as connection:
            return naming.get_subscription(connection, name, id, actor)

    return await look(node, actor, ask)


async def _delivery(node: Node, actor: Actor, id: str) -> Delivery | None:
    def ask() -> Delivery | None:
        with node.reading() as connection:
            return standing.find_delivery(connection, id)

    return await look(node, actor, ask)


async def _page(request: Request, node: Node, actor: Actor, ask: Any, name_of: Any) -> Any:
    """Return a page of a list in the order of names, and the headers that lead on."""
    limit = per_page(request, node.settings.page_limit)
    question = paging.question_of(request.url.path, actor.reference)
    text, now = request.query_params.get("nextPageToken"), node.clock()
    after = "" if text is None else paging.read(text, question, now).name
    found = await look(node, actor, lambda: ask(after, limit + 1))
    if len(found) <= limit:
        return found, {}
    token = paging.Token(question, 0, now + paging.LIFE, name=name_of(found[limit - 1]))
    return found[:limit], epcis.page_headers(request, paging.write(token), token.expires)


def _checked(form: type[Any], value: Any) -> Any:
    """Return a body as its form. Raises: InputError: names the field."""
    from pydantic import ValidationError

    try:
        return form.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        where = "/".join(str(part) for part in first["loc"]) or "body"
        raise InputError(f"{where}: {first['msg']}") from error


def _wish(form: SubscriptionIn, node: Node) -> Wish:
    """Return a subscription as asked for. Raises: BadTerm: it says not when, or a wrong address."""
    if form.stream == (form.schedule is not None):
        rule = "give either stream: true or a schedule"
        raise BadTerm("stream", form.stream, rule, field="stream")
    naming.require_dest(form.dest, node.settings.epcis_hosts)
    if form.schedule is not None:
        naming.next_time(form.schedule, node.clock())
    since = _since(form.initialRecordTime)
    return Wish(form.dest, form.signatureToken, form.schedule, form.reportIfEmpty, since)


def _since(at: datetime | None) -> datetime | None:
    try:
        return None if at is None else at.astimezone(UTC)
    except OverflowError as error:
        name, rule = "initialRecordTime", "must lie within the years 1 to 9999 in UTC"
        raise BadTerm(name, str(at), rule, field=name) from error


def _as_query(one: NamedQuery) -> dict[str, Any]:
    return {"name": one.name, "query": one.definition}


def _as_subscription(one: Subscription, delivery: Delivery | None) -> dict[str, Any]:
    when = {"stream": True} if one.stream else {"schedule": one.schedule}
    shown: dict[str, Any] = {
        "subscriptionID": one.id,
        "dest": one.dest,
        "createdAt": one.created_at.isoformat(),
        "initialRecordTime": one.initial_record_time.isoformat(),
        "reportIfEmpty": one.report_if_empty,
        **when,
    }
    if delivery is not None:
        shown["failures"] = delivery.failures
        shown["lastFailure"] = delivery.last_failure
        if delivery.last_notified_at is not None:
            shown["lastNotifiedAt"] = delivery.last_notified_at.isoformat()
    return shown
