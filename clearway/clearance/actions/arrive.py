"""Note that all goods of a declaration are here."""

from __future__ import annotations

from datetime import datetime

from clearway.clearance import tables
from clearway.clearance.evidence import Case
from clearway.clearance.facts import Arrived
from clearway.clearance.standing import by_rules
from clearway.ledger.fact import Fact
from clearway.policy.act import Act
from clearway.terms.transport import ContainerNumber

BEFORE_ARRIVAL = frozenset("DEF")
"""Declarations lodged before the goods are presented (EU data element 1/2, UCC article 171)."""


def note_arrival(act: Act, case: Case) -> Fact | None:
    """Record the arrival of a consignment once its last container is here; None: it is not.

    Loose goods are here when they are declared, unless the declaration says that it comes before
    them: then they are presented (see `present`).
    """
    declaration = case.declaration
    boxes = tables.containers_of(act.connection, case.mrn)
    times = [box.arrived_at for box in boxes if box.arrived_at is not None]
    if len(times) < len(boxes) or (not boxes and declaration.additional_type in BEFORE_ARRIVAL):
        return None
    containers = tuple(ContainerNumber(box.container) for box in boxes)
    at = max(times, default=act.now)
    return arrive(act, case, at, containers, declaration.goods_location)


def arrive(
    act: Act, case: Case, at: datetime, containers: tuple[ContainerNumber, ...], place: str
) -> Fact:
    """Record that the goods are here since `at`."""
    body = Arrived(case.mrn, at, containers, place)
    subject = f"declaration:{case.mrn}"
    return by_rules(act).append(body, subject=subject, occurred_at=at)
