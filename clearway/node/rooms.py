"""Which tables follow which facts: the one list of rooms that have projections."""

from __future__ import annotations

from types import ModuleType

from sqlalchemy import Table

from clearway.certificates import tables as certificates
from clearway.certificates.issuing import tables as issuing
from clearway.certificates.trust import tables as trust
from clearway.certificates.uses import registrations
from clearway.certificates.uses import tables as uses
from clearway.clearance import tables as clearance
from clearway.clearance.lanes import tables as lanes
from clearway.coldchain import tables as coldchain
from clearway.connectors.ippc_hub import tables as hub
from clearway.connectors.notices import tables as notices
from clearway.connectors.peer import tables as peer
from clearway.declarations import tables as declarations
from clearway.identity import tables as identity
from clearway.identity import tables_agencies as agencies
from clearway.identity import tables_devices as devices
from clearway.ledger import sightings as sightings  # its tables are made with all others
from clearway.ledger.order import requests
from clearway.ledger.order import tables as tables  # as well; no fact is replayed into these
from clearway.ledger.transaction import Projection, Projections
from clearway.movements import tables as movements
from clearway.movements.epcis import tables as epcis
from clearway.risk import tables as risk
from clearway.risk.lists import tables as lists
from clearway.risk.monitor import tables as risk_monitor
from clearway.risk.precedents import tables as precedents
from clearway.risk.profiles import tables as rules
from clearway.risk.sharing import tables as sharing
from clearway.tasks import tables as tasks

# Lower floors first: a room above may read, in its projection, what a room below has written.
_ROOMS: tuple[ModuleType, ...] = (
    requests,
    identity,
    agencies,
    devices,
    declarations,
    certificates,
    trust,
    uses,
    issuing,
    registrations,
    movements,
    epcis,
    coldchain,
    risk,
    precedents,
    risk_monitor,
    sharing,
    rules,
    lists,
    notices,
    tasks,
    clearance,
    lanes,
    peer,
    hub,
)


def projections() -> Projections:
    """Return every room's projections, by fact type, lower floors first."""
    merged: dict[str, tuple[Projection, ...]] = {}
    for room in _ROOMS:
        for fact_type, functions in room.PROJECTIONS.items():
            merged[fact_type] = (*merged.get(fact_type, ()), *functions)
    return merged


def projection_tables() -> tuple[Table, ...]:
    """Return every projection table: what `rebuild` empties and fills again."""
    return tuple(table for room in _ROOMS for table in room.TABLES)
