"""Importers: what a history knows of one beside the market, and whom it trades and shares with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from clearway.console.pages.risk.past import history_of
from clearway.console.pages.risk.tabs import analyst_of, show
from clearway.console.permission import may
from clearway.console.risk_words import ROLE_NAMES, SHARED_NAMES
from clearway.console.translate import Translate
from clearway.console.visitor import sealed_form
from clearway.console.work import do, look, study
from clearway.errors import BadTerm, NotFound
from clearway.insight.importer_profile import (
    Entry,
    ImporterProfile,
    list_importers,
    profile_of,
)
from clearway.node.node import Node
from clearway.risk.network import register, sealed
from clearway.risk.network.actions.confirm_kin import confirm_kin
from clearway.risk.network.model import Edge, Link, Neighbourhood, Role, Verdict
from clearway.risk.network.neighbourhood import FrameTrade, neighbourhood
from clearway.risk.network.tables import StoredVerdict, list_verdicts

_MOST_WORDS = 60


@dataclass(frozen=True, slots=True)
class Picture:
    """The network of an importer, and the last words on its links."""

    drawn: Neighbourhood
    verdicts: Sequence[StoredVerdict]

    @property
    def kin(self) -> Sequence[Edge]:
        """Links to numbers that may be the same people."""
        return [edge for edge in self.drawn.edges if edge.kind == "kin"]


async def importers(request: Request) -> Response:
    """Show importers by words in their number or name; those with most finds first."""
    visitor = analyst_of(request)
    node: Node = request.app.state.node
    words = request.query_params.get("q", "").strip()[:_MOST_WORDS]
    history = history_of(node)
    rows: Sequence[Entry] = ()
    if history is not None:
        rows = await study(node, visitor.actor, lambda: list_importers(history, words))
    return show(
        request, visitor, "importers.html", rows=rows, words=words, has_history=history is not None
    )


async def importer(request: Request) -> Response:
    """Show one importer."""
    visitor = analyst_of(request)
    node: Node = request.app.state.node
    id = request.path_params["id"]
    history = history_of(node)
    if history is None:
        raise NotFound(f"There is no history, so nothing is known of the importer {id[:60]}")
    found = await study(node, visitor.actor, lambda: profile_of(history, id))
    if found is None:
        raise NotFound(f"The history knows no importer {id[:60]}")
    verdicts = await look(node, lambda connection: _verdicts(connection, id))
    links = await _links(node, id)
    drawn = await study(node, visitor.actor, lambda: _drawn(history, id, links))
    t = visitor.t
    return show(
        request,
        visitor,
        "importer.html",
        one=found,
        picture=Picture(drawn, verdicts),
        network=_network(drawn, t),
        months=_months(found, t),
        prices=_prices(found, t),
        can_confirm=may(node, visitor.actor, "risk.confirm_kin"),
        shared_names=SHARED_NAMES,
        groups=(
            (t("Goods (HS heading)"), found.headings),
            (t("Origins"), found.origins),
            (t("Declarants"), found.declarants),
            (t("Exporters"), found.exporters),
        ),
    )


async def confirm(request: Request) -> Response:
    """Record a person's word on a proposed link."""
    visitor = analyst_of(request)
    node: Node = request.app.state.node
    fields = await sealed_form(request, visitor)
    id, other = request.path_params["id"], fields.get("other", "")
    try:
        verdict = Verdict(fields.get("verdict", ""))
    except ValueError as error:
        rule = "is same or different"
        raise BadTerm("Verdict", fields.get("verdict", ""), rule, field="verdict") from error
    first, second = sorted((id, other))
    proposed = [one for one in await _links(node, id) if one[:2] == (first, second)]
    link = next(iter(proposed), None)
    reason = fields.get("reason", "")
    await do(
        node, visitor.actor, lambda act: confirm_kin(act, first, second, verdict, reason, link)
    )
    return RedirectResponse(f"{request.url.path.removesuffix('/kin')}#network", 303)


def _verdicts(connection: Connection, id: str) -> tuple[StoredVerdict, ...]:
    return list_verdicts(connection, party=id)


async def _links(node: Node, id: str) -> tuple[Link, ...]:
    """Return the links of an importer that the newest batch proposed, and those of exact keys."""
    batch = _batched(node.folder.models, id)
    exact = await look(node, lambda connection: register.alike(connection, id))
    known = {link[:2] for link in batch}
    return (*batch, *(link for link in exact if link[:2] not in known))


def _batched(folder: Path, id: str) -> tuple[Link, ...]:
    files = sorted(folder.glob("kin-*.json"), key=lambda file: file.stat().st_mtime)
    if not files:
        return ()
    return tuple(link for link in sealed.load(files[-1]).links if id in link[:2])


def _drawn(history: pl.LazyFrame, id: str, links: Sequence[Link]) -> Neighbourhood:
    columns = (
        "importer",
        "declarant",
        "exporter",
        "accepted_at",
        "examined",
        "illicit",
        "known_at",
    )
    return neighbourhood(id, FrameTrade(history.select(columns).collect()), links)


def _network(drawn: Neighbourhood, t: Translate) -> dict[str, Any]:
    """Return the picture for the chart."""
    kinds = list(Role)
    words = t("{found} of {examined} examined not conform, {items} items")
    return {
        "kinds": [t(ROLE_NAMES[kind.value]) for kind in kinds],
        "nodes": [
            {
                "id": node.party,
                "name": node.party,
                "kind": kinds.index(node.role),
                "isCentre": node.steps == 0,
                "note": words.format(found=node.found, examined=node.examined, items=node.items),
            }
            for node in drawn.nodes
        ],
        "links": [
            {
                "from": edge.one,
                "to": edge.other,
                "dashed": edge.kind == "kin",
                "name": t("may be the same people")
                if edge.kind == "kin"
                else words.format(found=edge.found, examined=edge.examined, items=edge.items),
            }
            for edge in drawn.edges
        ],
    }


def _months(found: ImporterProfile, t: Translate) -> dict[str, Any]:
    return {
        "labels": [one.month for one in found.months],
        "series": [
            {"name": t("items"), "values": [one.items for one in found.months]},
            {
                "name": t("value in EUR"),
                "values": [round(one.value) for one in found.months],
                "line": True,
                "right": True,
            },
        ],
    }


def _prices(found: ImporterProfile, t: Translate) -> dict[str, Any]:
    """Return own unit values beside the middle eight tenths of the market, for the chart."""
    shown = [one for one in found.prices if one.middle is not None]
    return {
        "labels": [f"{one.hs} {one.origin}" for one in shown],
        "unit": t("of the market's median"),
        "series": [
            {
                "name": t("this importer"),
                "points": [[_against(one.own, one.middle)] for one in shown],
            },
            {
                "name": t("8 of 10 of all others"),
                "points": [
                    [1.0, _against(one.low, one.middle), _against(one.high, one.middle)]
                    for one in shown
                ],
            },
        ],
    }


def _against(value: float | None, middle: float | None) -> float | None:
    return None if value is None or not middle else round(value / middle, 3)


ROUTES = [
    Route("/risk/importers", importers),
    Route("/risk/importers/{id}", importer),
    Route("/risk/importers/{id}/kin", confirm, methods=["POST"]),
]
