"""Selection: what offices can do and did, what the selection finds, the audit list, held greens."""

from __future__ import annotations

from datetime import UTC
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from pydantic import AwareDatetime

from clearway.api.access import TheActor, TheNode
from clearway.api.envelope import answer, cursor_of, place_of
from clearway.api.forms import StopIn
from clearway.api.problems import RESPONSES
from clearway.api.sight import hiding
from clearway.api.strict import StrictRoute
from clearway.api.work import act, look
from clearway.clearance.actions.stop_green import stop_green
from clearway.clearance.lanes import tables as lanes
from clearway.clearance.model import Scope
from clearway.insight import policy
from clearway.insight.policy import Ranking
from clearway.risk import tables as risk
from clearway.risk.history import day_of
from clearway.terms.identifiers import Mrn

router = APIRouter(prefix="/v1", tags=["risk"], responses=RESPONSES, route_class=StrictRoute)


@router.get("/risk/capacity")
async def capacity(node: TheNode, actor: TheActor) -> Response:
    """Return what each office can do in a day, and what it was assigned today."""
    node.policy.require(actor, "risk.read", {})
    capacities = node.rulebook.selectivity.capacities

    def query() -> list[dict[str, Any]]:
        with node.reading() as connection:
            days = risk.list_days(connection, day_of(node.clock()), limit=node.settings.page_limit)
        return [
            {"office": one.office, "capacity": capacities.of(one.office), "today": one.so_far}
            for one in days
        ]

    return answer({"default": capacities.default, "offices": await look(node, actor, query)})


@router.get("/risk/estimates")
async def estimates(
    node: TheNode,
    actor: TheActor,
    ranking: Ranking = Ranking.PROBABILITY,
    since: AwareDatetime | None = None,
    confidence: Annotated[float, Query(ge=0.5, le=0.999)] = 0.95,
) -> Response:
    """Return precision and recall of the whole selection and of another ranking, estimated."""
    node.policy.require(actor, "risk.read", {})
    first = None if since is None else since.astimezone(UTC)

    def query() -> policy.PolicyValue:
        with node.reading() as connection:
            return policy.value_of(connection, ranking=ranking, since=first, confidence=confidence)

    return answer(await look(node, actor, query))


@router.get("/risk/held")
async def held(node: TheNode, actor: TheActor) -> Response:
    """Return the green declarations that an officer may still stop, the next to go first."""
    node.policy.require(actor, "clearance.read", {})
    node.policy.require(actor, "risk.read", {})

    def query() -> tuple[lanes.Held, ...]:
        with node.reading() as connection:
            return lanes.list_held(connection, limit=node.settings.page_limit)

    return answer(await look(node, actor, query))


@router.post("/declarations/{mrn}/stop", status_code=201)
async def stop(mrn: str, body: StopIn, node: TheNode, actor: TheActor) -> Response:
    """Stop a green declaration while it is held, by an officer's decision and reason."""
    number, scope = Mrn(mrn), Scope(body.scope)
    with hiding(node, actor, mrn):
        outcome = await act(node, actor, lambda hand: stop_green(hand, number, scope, body.reason))
    receipt = node.receipt(outcome.facts[0], outcome.salts[0])
    return answer({"mrn": mrn, "seq": outcome.result.seq}, status=201, receipt=receipt)


@router.get("/audits")
async def audits(
    node: TheNode,
    actor: TheActor,
    status: Literal["open", "all"] = "open",
    office: Annotated[str, Query(max_length=40)] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """List goods released to be audited after clearance, the latest first."""
    node.policy.require(actor, "clearance.read", {})
    node.policy.require(actor, "risk.read", {})
    before = place_of(cursor)

    def query() -> tuple[lanes.AuditEntry, ...]:
        with node.reading() as connection:
            return lanes.list_audits(
                connection, open_only=status == "open", office=office, before=before, limit=limit
            )

    found = await look(node, actor, query)
    return answer(found, following=cursor_of(found[-1].seq) if len(found) == limit else None)
