"""Goods without a container are presented."""

from __future__ import annotations

from datetime import datetime

from clearway.clearance import tables
from clearway.clearance.actions.arrive import arrive
from clearway.clearance.actions.compare import compare_certificates
from clearway.clearance.actions.settle import settle
from clearway.clearance.evidence import load_case
from clearway.clearance.standing import by_rules
from clearway.errors import RuleViolation, WrongState
from clearway.ledger.fact import Fact
from clearway.policy.act import Act
from clearway.terms.identifiers import Mrn


def present(act: Act, mrn: Mrn, at: datetime, place: str) -> Fact:
    """Record that loose goods are here, and release what is ready.

    Args:
        at: aware UTC, not in the future.
        place: where they stand, in the office's own code.

    Raises:
        NotFound: no such declaration.
        WrongState: they are here already, or they come in containers.
        RuleViolation: the instant lies ahead.
        Refused: policy says no.
    """
    act.require("movement.record", mrn=mrn)
    case = load_case(act.connection, mrn)
    consignment = tables.get(act.connection, mrn)
    if consignment.arrived_at is not None:
        raise WrongState(f"The goods of {mrn} are here since {consignment.arrived_at:%Y-%m-%d}")
    if case.declaration.containers:
        boxes = ", ".join(box.number for box in case.declaration.containers)
        raise WrongState(f"The goods of {mrn} come in {boxes}; record the arrival of these")
    if at > act.now:
        raise RuleViolation(f"presented_at {at.isoformat()} lies ahead; goods are here or not")
    fact = arrive(act, case, at, (), place)
    compare_certificates(by_rules(act), case)
    settle(act, case)
    return fact
