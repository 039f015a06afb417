"""The API, put together: doors, one error shape, metrics."""

from __future__ import annotations

from fastapi import FastAPI

from clearway import __version__
from clearway.api.access import Doorkeeper
from clearway.api.doors import (
    certificates,
    certification,
    checks,
    clearance,
    coldchain,
    declarations,
    devices,
    epcis,
    epcis_queries,
    epcis_resources,
    goods,
    health,
    identity,
    insight,
    ledger,
    movements,
    noncompliance,
    notices,
    printing,
    quantities,
    risk_models,
    rules,
    selection,
    tasks,
    tiles,
    verification,
    witness,
)
from clearway.api.epcis_pages import Withdrawn
from clearway.api.metrics import Metrics
from clearway.api.problems import install
from clearway.node.node import Node

LONG_PATHS = frozenset({"/v1/declarations/batch"})

DESCRIPTION = """
Doors of one border node. Every answer is `{"data", "receipt", "next"}`, every error an RFC 9457
problem. Nothing is answered before it is durable; repeat any message, it is answered the same.
"""


def build_api(node: Node) -> FastAPI:
    """Return the API of an open node."""
    app = FastAPI(
        title="Clearway",
        version=__version__,
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        openapi_url="/v1/openapi.json",
    )
    app.state.node = node
    app.state.doorkeeper = Doorkeeper(node)
    app.state.metrics = Metrics(node)
    app.state.withdrawn = Withdrawn()
    install(app)
    for door in (
        identity, devices, declarations, noncompliance, certification, printing, verification,
        certificates, quantities, checks, coldchain, goods, movements, tasks, notices, clearance,
        selection, insight, ledger, tiles, witness, health, epcis, epcis_queries, epcis_resources,
        rules, risk_models,
    ):  # fmt: skip
        app.include_router(door.router)
    return app
