"""Selection: what offices can do and did, what the selection finds, the audit list, held greens."""

from __future__ import annotations

from datetime import UTC
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import AwareDatetime

from clearway.api.access import TheActor, TheNode
from clearway.api.envelope import answer
from clearway.api.problems import RESPONSES
from clearway.api.strict import StrictRoute
from clearway.api.work import look
from clearway.insight import policy
from clearway.insight.policy import Ranking
from clearway.risk import tables as risk
from clearway.risk.history import day_of

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
