"""Trying a rule on the history before it counts: off the request path, with its progress."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from clearway.console.jobs import Jobs, Work
from clearway.console.pages.risk.rules import draft_of, profile_of
from clearway.console.pages.risk.tabs import analyst_of, show
from clearway.console.translate import Translate
from clearway.console.visitor import Visitor, sealed_form
from clearway.console.work import do, look
from clearway.errors import ClearwayError
from clearway.node.node import Node
from clearway.node.trying import require_history, try_rule
from clearway.risk.backtest.actions.record_test import record_test
from clearway.risk.backtest.model import Group, Report, RuleReport
from clearway.risk.model import Profile
from clearway.risk.profiles import tables as profiles

_MOST_GROUPS = 12


async def start(request: Request) -> Response:
    """Begin a back-test of what stands in the editor; the answer asks for itself again."""
    visitor = analyst_of(request)
    node: Node = request.app.state.node
    jobs: Jobs = request.app.state.jobs
    fields = await sealed_form(request, visitor)
    try:
        profile = profile_of(draft_of(fields), node.clock())
        job = jobs.start(visitor.actor.reference, _work(node, profile))
    except ClearwayError as error:
        return _part(request, visitor, refusal=error.detail)
    return _part(request, visitor, job=job)


async def start_of_version(request: Request) -> Response:
    """Begin a back-test of a draft; what it finds is recorded when it has ended."""
    visitor = analyst_of(request)
    node: Node = request.app.state.node
    jobs: Jobs = request.app.state.jobs
    await sealed_form(request, visitor)
    id, number = request.path_params["id"], request.path_params["number"]
    one = await look(node, lambda connection: profiles.get(connection, id, number))
    try:
        job = jobs.start(visitor.actor.reference, _work(node, one.profile), about=(id, number))
    except ClearwayError as error:
        return _part(request, visitor, refusal=error.detail)
    return _part(request, visitor, job=job)


async def progress(request: Request) -> Response:
    """Show how far it is, or what came of it."""
    visitor = analyst_of(request)
    node: Node = request.app.state.node
    jobs: Jobs = request.app.state.jobs
    job = jobs.get(request.path_params["job"], visitor.actor.reference)
    if job.error is not None:
        return _part(request, visitor, refusal=job.error.detail)
    if not isinstance(job.result, Report):
        return _part(request, visitor, job=job)
    report, rule = job.result, job.result.rules[0]
    if job.about is not None and not job.is_kept:
        id, number = job.about
        await do(node, visitor.actor, lambda act: record_test(act, id, number, report))
        job.is_kept = True
    return _part(
        request,
        visitor,
        report=report,
        rule=rule,
        is_kept=job.is_kept,
        months=_months(rule, visitor.t),
        loads=_loads(rule, visitor.t),
        origins=_origins(rule.origins[:_MOST_GROUPS], rule, visitor.t),
    )


def _work(node: Node, profile: Profile) -> Work:
    """Return the work of a back-test. Raises: NotFound: the node holds no history."""
    require_history(node)
    return lambda tell: try_rule(node, profile, tell)


def _part(request: Request, visitor: Visitor, **values: Any) -> Response:
    usual = {"is_kept": False, "job": None, "report": None, "refusal": ""}
    return show(request, visitor, "backtest.html", **(usual | values))


def _months(rule: RuleReport, t: Translate) -> dict[str, Any]:
    """Return hits, finds and revenue by month, for the chart."""
    return {
        "labels": [one.month for one in rule.months],
        "series": [
            {"name": t("hits"), "values": [one.hits for one in rule.months], "pale": True},
            {"name": t("of these examined"), "values": [one.examined for one in rule.months]},
            {"name": t("of these not conform"), "values": [one.found for one in rule.months]},
            {
                "name": t("revenue found"),
                "values": [round(one.revenue) for one in rule.months],
                "line": True,
                "right": True,
            },
        ],
    }


def _loads(rule: RuleReport, t: Translate) -> dict[str, Any]:
    """Return what a day would bring each office beside what it can do, for the chart."""
    return {
        "labels": [one.office for one in rule.loads],
        "name": t("a day"),
        "series": [
            {"name": t("usual day"), "values": [round(one.mean, 2) for one in rule.loads]},
            {"name": t("busiest day"), "values": [one.most for one in rule.loads]},
            {"name": t("room"), "values": [one.capacity for one in rule.loads], "pale": True},
        ],
    }


def _origins(groups: Sequence[Group], rule: RuleReport, t: Translate) -> dict[str, Any]:
    """Return the share of each origin's declarations that the rule would select."""
    return {
        "labels": [one.name for one in groups],
        "series": [
            {
                "name": t("selected"),
                "points": [
                    [one.selected.rate, one.selected.low, one.selected.high] for one in groups
                ],
            }
        ],
        "usual": {"name": t("all origins"), "value": rule.share},
        "unit": "%",
    }


ROUTES = [
    Route("/risk/rules/backtest", start, methods=["POST"]),
    Route("/risk/rules/{id}/{number:int}/backtest", start_of_version, methods=["POST"]),
    Route("/risk/backtests/{job:int}", progress),
]
