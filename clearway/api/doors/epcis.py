"""EPCIS 2.0: capture and events. See docs/design/epcis.md."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Path, Request, Response

from clearway.api import epcis
from clearway.api.access import TheActor, TheNode
from clearway.api.epcis import PREFIX, EpcisRoute
from clearway.api.epcis_pages import give_events, per_page, read_query
from clearway.api.problems import RESPONSES
from clearway.api.work import look, perform
from clearway.clearance.actions.receive_movement import receive_movement
from clearway.clearance.event_sight import sight_of
from clearway.errors import BadTerm, ConflictingKey, NotFound, RuleViolation
from clearway.movements.epcis import answers, intake, meaning, naming, paging, standing, tables
from clearway.movements.epcis.actions.capture import capture
from clearway.movements.epcis.facts import Behaviour, CaptureError
from clearway.movements.epcis.standing import Job
from clearway.policy.act import Act

router = APIRouter(prefix=PREFIX, tags=["epcis"], responses=RESPONSES, route_class=EpcisRoute)

RESOURCES = [
    "events", "eventTypes", "epcs", "bizSteps", "bizLocations", "readPoints", "dispositions",
    "capture", "queries",
]  # fmt: skip
Id = Annotated[str, Path(max_length=2_048)]


@router.options("/", status_code=204)
@router.options("", status_code=204, include_in_schema=False)
async def discover(node: TheNode, actor: TheActor) -> Response:
    """Say which versions of EPCIS and CBV are spoken here."""
    return epcis.discovery("OPTIONS, GET")


@router.get("/")
@router.get("", include_in_schema=False)
async def top_level(request: Request, node: TheNode, actor: TheActor) -> Response:
    """List the resources of this repository."""
    epcis.require_json(request)
    return epcis.collection(RESOURCES)


@router.options("/capture", status_code=204)
async def discover_capture(node: TheNode, actor: TheActor) -> Response:
    """Say what a capture may hold, and what it can do about errors."""
    return epcis.discovery(
        "OPTIONS, POST, GET",
        {
            "GS1-EPCIS-Capture-Limit": str(intake.MOST_EVENTS),
            "GS1-EPCIS-Capture-File-Size-Limit": str(node.settings.body_limit_bytes),
            "GS1-Capture-Error-Behaviour": ", ".join(Behaviour),
        },
    )


@router.post("/capture", status_code=202)
async def take_in(request: Request, node: TheNode, actor: TheActor) -> Response:
    """Take in a document of events, as JSON-LD or XML; the job says what became of each.

    Answered when they are durable; the same bytes again are the same job.
    """
    as_xml = epcis.body_is_xml(request)
    behaviour = _behaviour(request)
    body = await request.body()
    places = meaning.read_places(node.settings.epcis_places)
    prefixes = epcis.extensions_of(request)

    def prepare() -> Callable[[Act], Job]:
        read = intake.read(body, is_xml=as_xml, behaviour=behaviour, prefixes=prefixes)
        return lambda hand: capture(hand, read, places, receive_movement)

    job = (await perform(node, actor, prepare)).result
    return epcis.answer(as_job(job), status=202, headers={"Location": f"{PREFIX}/capture/{job.id}"})


@router.get("/capture")
async def jobs(request: Request, node: TheNode, actor: TheActor) -> Response:
    """List capture jobs of the account, of its whole agency for officers; the newest first."""
    epcis.require_json(request)
    limit = per_page(request, node.settings.page_limit)
    question = paging.question_of(request.url.path, actor.reference)
    text, now = request.query_params.get("nextPageToken"), node.clock()
    before = None if text is None else paging.read(text, question, now).upto

    def ask() -> tuple[Job, ...]:
        with node.reading() as connection:
            return standing.list_jobs(
                connection,
                agency=actor.agency,
                actor=naming.only_of(actor),
                before=before,
                limit=limit + 1,
            )

    found = await look(node, actor, ask)
    headers = {}
    if len(found) > limit:
        token = paging.Token(question, found[limit - 1].seq, now + paging.LIFE)
        headers = epcis.page_headers(request, paging.write(token), token.expires)
    return epcis.answer([as_job(job) for job in found[:limit]], headers=headers)


@router.options("/capture/{capture_id}", status_code=204)
async def discover_job(capture_id: Id, node: TheNode, actor: TheActor) -> Response:
    """Say what may be done with a capture job."""
    return epcis.discovery("OPTIONS, GET")


@router.get("/capture/{capture_id}")
async def one_job(capture_id: Id, request: Request, node: TheNode, actor: TheActor) -> Response:
    """Say what became of a document."""
    epcis.require_json(request)

    def ask() -> Job:
        with node.reading() as connection:
            job = standing.get_job(connection, capture_id)
        if not naming.may_see(actor, job.agency, job.actor):
            raise NotFound(f"There is no capture job {capture_id[:80]}, or none that you may see")
        return job

    return epcis.answer(as_job(await look(node, actor, ask)))


@router.options("/events", status_code=204)
async def discover_events(node: TheNode, actor: TheActor) -> Response:
    """Say what may be done with events."""
    return epcis.discovery("OPTIONS, GET, POST")


@router.get("/events")
async def events(request: Request, node: TheNode, actor: TheActor) -> Response:
    """Give events that meet a query; every parameter of SimpleEventQuery stands in the URL."""
    return await give_events(request, node, actor, read_query(request))


@router.post("/events", status_code=201)
async def take_in_one(request: Request, node: TheNode, actor: TheActor) -> Response:
    """Take in a single event; the answer's Location is where it can be read."""
    as_xml = epcis.body_is_xml(request)
    body = await request.body()
    places = meaning.read_places(node.settings.epcis_places)
    prefixes = epcis.extensions_of(request)
    names: list[str] = []

    def prepare() -> Callable[[Act], Job]:
        read = intake.read(
            body, is_xml=as_xml, behaviour=Behaviour.ROLLBACK, prefixes=prefixes, most_events=1
        )
        names.extend(one.event_id for one in read.events)
        return lambda hand: capture(hand, read, places, receive_movement)

    job = (await perform(node, actor, prepare)).result
    for error in job.errors:
        if error.type == "ResourceAlreadyExistsException":
            raise ConflictingKey(error.detail)
        raise RuleViolation(error.detail, epcis=error.type)
    location = f"{PREFIX}/events/{quote(names[0], safe='')}"
    kind = epcis.XML if as_xml else epcis.JSON
    return Response(body, 201, {**epcis.VERSIONS, "Location": location}, kind)


@router.options("/events/{event_id:path}", status_code=204)
async def discover_event(event_id: Id, node: TheNode, actor: TheActor) -> Response:
    """Say what may be done with one event."""
    return epcis.discovery("OPTIONS, GET")


@router.get("/events/{event_id:path}")
async def event(event_id: Id, request: Request, node: TheNode, actor: TheActor) -> Response:
    """Give one event, and what was declared an error in it."""
    as_xml = epcis.takes_xml(request)

    def ask() -> bytes:
        with node.reading() as connection:
            sight = sight_of(connection, node.policy, actor)
            found = tables.get_event(connection, event_id, sight.sees)
        told = tuple(one.event for one in found)
        return answers.write(told, now=node.clock(), as_xml=as_xml)

    kind = epcis.XML if as_xml else epcis.JSON
    return Response(await look(node, actor, ask), 200, epcis.VERSIONS, kind)


@router.delete("/nextPageToken/{token}", status_code=204)
async def withdraw_token(token: Id, request: Request, node: TheNode, actor: TheActor) -> Response:
    """Give back a token of a next page: it leads nowhere from now on."""
    if len(token) > paging.MOST_CHARACTERS:
        raise BadTerm("nextPageToken", token, "is none of ours", field="token")
    request.app.state.withdrawn.add(token, node.clock())
    return Response(None, 204, epcis.VERSIONS)


def as_job(job: Job) -> dict[str, Any]:
    """Return a job as EPCIS shows it."""
    at = job.created_at.isoformat()
    return {
        "captureID": job.id,
        "running": False,
        "success": job.success,
        "createdAt": at,
        "finishedAt": at,
        "captureErrorBehaviour": job.behaviour.value,
        "captured": job.captured,
        "repeated": job.repeated,
        "errors": [_as_problem(one) for one in job.errors],
    }


def _as_problem(error: CaptureError) -> Mapping[str, Any]:
    return {
        "type": f"epcisException:{error.type}",
        "title": error.title,
        "status": 409 if error.type.startswith("ResourceAlready") else 400,
        "detail": error.detail,
        "position": error.position,
        "field": error.field,
    }


def _behaviour(request: Request) -> Behaviour:
    text = request.headers.get("gs1-capture-error-behaviour", Behaviour.ROLLBACK.value).lower()
    if text not in list(Behaviour):
        name = "GS1-Capture-Error-Behaviour"
        raise BadTerm(name, text, f"must be {' or '.join(Behaviour)}", field=name)
    return Behaviour(text)
