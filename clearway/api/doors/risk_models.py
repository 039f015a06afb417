"""Risk models for analysts: how they perform, drift and treat groups; which one scores."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from polars import DataFrame

from clearway.api.access import TheActor, TheNode
from clearway.api.envelope import answer, cursor_of, place_of
from clearway.api.forms import ReasonIn
from clearway.api.problems import RESPONSES
from clearway.api.strict import StrictRoute
from clearway.api.work import act, look, study
from clearway.insight import past
from clearway.insight.views import open_lake
from clearway.node.node import Node
from clearway.node.risk_watch import promote
from clearway.risk import tables as risk
from clearway.risk.formats import fairness as forms
from clearway.risk.monitor import fairness, performance, tables
from clearway.risk.monitor.facts import DriftNoticed

router = APIRouter(prefix="/v1/risk", tags=["risk"], responses=RESPONSES, route_class=StrictRoute)

Days = Annotated[int, Query(ge=1, le=1_100)]
By = Literal["", "stratum", "channel", "decided_by", "office", "model", "mode"]


@router.get("/performance")
async def performance_by_week(
    node: TheNode, actor: TheActor, by: By = "", days: Days = 91
) -> Response:
    """Return precision, recall, revenue, calibration and delay of results, week by week."""
    node.policy.require(actor, "risk.read", {})

    def query() -> dict[str, Any]:
        frame = _selections(node, days)
        return {
            "weeks": performance.weekly(frame, by),
            "whole": performance.whole(frame),
            "overall": performance.overall(frame, by),
            "overall_whole": performance.overall_whole(frame),
            "calibration": performance.calibration(frame),
            "delays": performance.delays(frame),
        }

    return answer(await study(node, actor, query))


@router.get("/drift")
async def drift(
    node: TheNode,
    actor: TheActor,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """List drift that was noticed, newest first."""
    node.policy.require(actor, "risk.read", {})
    before = place_of(cursor)

    def query() -> tuple[tables.Event, ...]:
        with node.reading() as connection:
            return tables.list_events(connection, DriftNoticed.TYPE, before=before, limit=limit)

    found = await look(node, actor, query)
    return answer(found, following=cursor_of(found[-1].seq) if len(found) == limit else None)


@router.get("/fairness")
async def fairness_report(
    node: TheNode,
    actor: TheActor,
    days: Days = 365,
    form: Literal["json", "markdown", "csv"] = "json",
) -> Response:
    """Report whether selection discriminates by origin, size, declarant or office (TFA 7.4)."""
    node.policy.require(actor, "risk.read", {})

    def query() -> fairness.Report:
        return fairness.report(_selections(node, days))

    found = await study(node, actor, query)
    if form == "csv":
        return Response(forms.to_csv(found), media_type="text/csv; charset=utf-8")
    if form == "markdown":
        return Response(forms.to_markdown(found), media_type="text/markdown; charset=utf-8")
    return answer(found)


@router.get("/models")
async def models(node: TheNode, actor: TheActor) -> Response:
    """Return the model that scores, the one in shadow, and what befell models lately."""
    node.policy.require(actor, "risk.read", {})

    def query() -> dict[str, Any]:
        with node.reading() as connection:
            return {
                "active": risk.active_model(connection),
                "challenger": tables.challenger(connection),
                "activations": risk.list_models(connection, limit=20),
                "events": tables.list_events(connection, limit=50),
            }

    return answer(await look(node, actor, query))


@router.post("/models/{model}/activation", status_code=201)
async def activation(model: str, body: ReasonIn, node: TheNode, actor: TheActor) -> Response:
    """Bring the challenger, or a former model, into use; no restart is needed."""
    outcome = await act(node, actor, lambda hand: promote(hand, node, model, body.reason))
    receipt = node.receipt(outcome.facts[-1], outcome.salts[-1])
    return answer({"model": model, "seq": outcome.result.seq}, status=201, receipt=receipt)


def _selections(node: Node, days: int) -> DataFrame:
    with open_lake(node.folder.lake) as lake:
        return past.selections(lake, node.clock() - timedelta(days=days))
