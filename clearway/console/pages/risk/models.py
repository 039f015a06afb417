"""Models: which were brought into use and why, what each was measured at, the card of one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from clearway.console.pages.risk.tabs import analyst_of, show
from clearway.console.permission import may
from clearway.console.risk_words import (
    ESTIMATOR_NAMES,
    PEER_NAMES,
    VERDICT_NAMES,
    WEIGHTING_NAMES,
)
from clearway.console.translate import Translate
from clearway.console.visitor import sealed_form
from clearway.console.work import do, look
from clearway.errors import BadTerm, NotFound
from clearway.insight.figures import wilson
from clearway.node.node import Node
from clearway.node.risk_watch import promote as bring_into_use
from clearway.risk import tables
from clearway.risk.card import Metric, ModelCard
from clearway.risk.evaluate import SHARES
from clearway.risk.formats import artefact
from clearway.risk.monitor import tables as watch
from clearway.risk.monitor.facts import ChallengerJudged
from clearway.risk.monitor.tables import Challenger
from clearway.risk.scoring import weighed
from clearway.risk.tables import StoredModel

_MOST_SHOWN = 50
_USUAL_SHARE = 5
_LONGEST_REASON = 300
_PEERS = ("model", "revenue", "blend", "importer", "price")


@dataclass(frozen=True, slots=True)
class Row:
    """Figures of one ranking at one share of all goods.

    Args:
        of: the ranking.
        figures: by name, such as `P@5`; absent where not measured.
    """

    of: str
    figures: Mapping[str, float]


async def models(request: Request) -> Response:
    """Show all activations, newest first."""
    visitor = analyst_of(request)
    node: Node = request.app.state.node
    found = await look(node, lambda connection: tables.list_models(connection, limit=_MOST_SHOWN))
    rows = [(one, figures(one.metrics)) for one in found]
    contest = await look(node, _contest)
    return show(
        request,
        visitor,
        "models.html",
        rows=rows,
        in_use=node.rulebook.selectivity.scorer.model,
        contest=contest,
        verdicts=VERDICT_NAMES,
        can_promote=may(node, visitor.actor, "risk.activate_model"),
    )


@dataclass(frozen=True, slots=True)
class Contest:
    """The model in shadow, and the newest comparison with the one in use; None: not yet."""

    challenger: Challenger
    judged: ChallengerJudged | None


def _contest(connection: Connection) -> Contest | None:
    challenger = watch.challenger(connection)
    if challenger is None:
        return None
    events = watch.list_events(connection, ChallengerJudged.TYPE, limit=1)
    stated = events[0].stated if events else None
    mine = isinstance(stated, ChallengerJudged) and stated.challenger == challenger.model
    return Contest(challenger, stated if mine and isinstance(stated, ChallengerJudged) else None)


async def promote(request: Request) -> Response:
    """Bring the challenger into use."""
    visitor = analyst_of(request)
    node: Node = request.app.state.node
    fields = await sealed_form(request, visitor)
    node.policy.require(visitor.actor, "risk.activate_model", {})
    contest = await look(node, _contest)
    if contest is None or contest.challenger.model != fields.get("model", ""):
        raise NotFound("This model is no challenger any more")
    model = contest.challenger.model
    reason = fields.get("reason", "").strip()[:_LONGEST_REASON]
    await do(node, visitor.actor, lambda act: bring_into_use(act, node, model, reason))
    return RedirectResponse("/console/risk/models", 303)


async def model(request: Request) -> Response:
    """Show the card of one model."""
    visitor = analyst_of(request)
    node: Node = request.app.state.node
    id = request.path_params["id"]
    stated = await look(node, lambda connection: _model(connection, id))
    card = node.rulebook.selectivity.scorer.card
    mine = card if card is not None and card.id == id else None
    rows = [Row(of, found) for of in _PEERS if (found := figures(stated.metrics, of))]
    return show(
        request,
        visitor,
        "model.html",
        model=stated,
        card=mine,
        rows=rows,
        shares=SHARES,
        peer_names=PEER_NAMES,
        estimator_names=ESTIMATOR_NAMES,
        weighting_names=WEIGHTING_NAMES,
        precision=_precision(rows, visitor.t),
        reliability=None if mine is None else _reliability(mine, visitor.t),
    )


async def frontier(request: Request) -> Response:
    """Show what the model in use finds at each weight of revenue."""
    visitor = analyst_of(request)
    node: Node = request.app.state.node
    card = node.rulebook.selectivity.scorer.card
    share = _share(request.query_params.get("share", ""))
    can_use = may(node, visitor.actor, "risk.activate_model")
    return show(
        request,
        visitor,
        "frontier.html",
        card=card,
        share=share,
        shares=SHARES,
        can_use=can_use,
        mixes=()
        if card is None
        else [_mix(mix.weight, mix.metrics, share) for mix in card.frontier],
        chart=None if card is None else _frontier(card, share, visitor.t),
    )


async def use_weight(request: Request) -> Response:
    """Bring the same model into use with another weight of revenue."""
    visitor = analyst_of(request)
    node: Node = request.app.state.node
    fields = await sealed_form(request, visitor)
    node.policy.require(visitor.actor, "risk.activate_model", {})
    weight = _weight(fields.get("weight", ""))
    card = await asyncio.to_thread(_weigh, node, weight)
    reason = fields.get("reason", "").strip()[:_LONGEST_REASON]
    await do(node, visitor.actor, lambda act: bring_into_use(act, node, card.id, reason))
    return RedirectResponse("/console/risk/models", 303)


def _weigh(node: Node, weight: float) -> ModelCard:
    """Seal the model in use with another weight; nothing is trained."""
    scorer = node.rulebook.selectivity.scorer
    if not scorer.model:
        raise NotFound("No model is in use, so there is no weight to choose")
    made = weighed(artefact.load(node.folder.models / scorer.model), weight)
    artefact.save(made, node.folder.models)
    return made.card


def _weight(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        rule = "is one of the weights of the frontier, 0 to 1"
        raise BadTerm("Weight of revenue", text, rule, field="weight") from error


def _share(text: str) -> int:
    return int(text) if text in map(str, SHARES) else _USUAL_SHARE


def _mix(weight: float, metrics: Iterable[Metric], share: int) -> tuple[float, float, float]:
    """Return weight, precision and share of revenue found."""
    found = {one.name: one.value for one in metrics}
    return weight, found[f"P@{share}"], found[f"V@{share}"]


def _frontier(card: ModelCard, share: int, t: Translate) -> dict[str, Any]:
    """Return precision and revenue at each weight, and which weight is in use, for the chart."""
    points = [_mix(mix.weight, mix.metrics, share) for mix in card.frontier]
    gaps = [abs(point[0] - card.revenue_weight) for point in points]
    return {
        "points": points,
        "chosen": gaps.index(min(gaps)) if gaps else 0,
        "unit": "%",
        "names": {
            "hits": t("precision at {share} %", share=share),
            "revenue": t("share of the revenue found at {share} %", share=share),
            "weight": t("Weight of revenue"),
            "chosen": t("chosen here"),
        },
    }


def figures(metrics: Iterable[Metric], of: str = "model") -> dict[str, float]:
    """Return the figures of one ranking by name."""
    return {one.name: one.value for one in metrics if one.of == of}


def _model(connection: Connection, id: str) -> StoredModel:
    for one in tables.list_models(connection, limit=_MOST_SHOWN):
        if one.id == id:
            return one
    raise NotFound(f"No model {id[:40]} was brought into use on this node")


def _precision(rows: Sequence[Row], t: Translate) -> dict[str, Any]:
    """Return precision at each share, a series per ranking, for the chart."""
    return {
        "labels": [f"{share} %" for share in SHARES],
        "unit": "%",
        "name": t("precision"),
        "series": [
            {
                "name": t(PEER_NAMES[row.of]),
                "points": [[row.figures.get(f"P@{share}")] for share in SHARES],
            }
            for row in rows
        ],
    }


def _reliability(card: ModelCard, t: Translate) -> dict[str, Any]:
    """Return what was found where so much was said, for the chart."""
    return {
        "points": [
            [one.predicted, one.found, *wilson(round(one.found * one.count), one.count), one.count]
            for one in card.reliability
        ],
        "names": {
            "said": t("probability that the model gave"),
            "observed": t("share found not conform"),
            "count": t("items"),
        },
    }


ROUTES = [
    Route("/risk/models", models),
    Route("/risk/models/promote", promote, methods=["POST"]),
    Route("/risk/models/frontier", frontier),
    Route("/risk/models/frontier", use_weight, methods=["POST"]),
    Route("/risk/models/{id}", model),
]
