"""The row of tabs over every page of risk, and who may open which."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse

from clearway.console.render import Page, page
from clearway.console.visitor import Visitor, visitor_of
from clearway.node.node import Node

TABS = (
    Page("/console/risk", "Overview", "", "risk.read"),
    Page("/console/risk/rules", "Rules", "", "risk.read"),
    Page("/console/risk/lists", "Watch lists", "", "risk.read"),
    Page("/console/risk/capacity", "Capacity", "", "risk.read"),
    Page("/console/risk/performance", "Performance", "", "risk.read"),
    Page("/console/risk/drift", "Drift", "", "risk.read"),
    Page("/console/risk/models", "Models", "", "risk.read"),
    Page("/console/risk/search", "History", "", "risk.read"),
    Page("/console/risk/importers", "Importers", "", "risk.read"),
    Page("/console/risk/fairness", "Fairness", "", "risk.read"),
)


def analyst_of(request: Request) -> Visitor:
    """Return who looks at a page of risk. Raises: Refused: it is not for them."""
    visitor = visitor_of(request)
    node: Node = request.app.state.node
    node.policy.require(visitor.actor, "risk.read", {})
    return visitor


def show(
    request: Request, visitor: Visitor, template: str, *, status: int = 200, **values: Any
) -> HTMLResponse:
    """Return a page of risk below its tabs."""
    node: Node = request.app.state.node
    tabs = [tab for tab in TABS if tab.is_open_to(node, visitor.actor)]
    return page(request, visitor, f"risk/{template}", status=status, tabs=tabs, **values)
