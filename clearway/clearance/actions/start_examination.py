"""An agency begins its part of an examination."""

from __future__ import annotations

from clearway.clearance import rules, tables
from clearway.clearance.facts import ExaminationStarted
from clearway.clearance.model import Examination
from clearway.declarations import tables as declarations
from clearway.ledger.fact import Fact
from clearway.policy.act import Act


def start_examination(act: Act, examination: str) -> Fact | None:
    """Record that the goods are being opened, in the name of the actor's agency.

    Returns: the fact; None when another agency has begun already: there is one opening.

    Raises:
        NotFound: no such examination.
        WrongState: it is closed, or the goods have not arrived.
        Refused: the actor's agency takes no part, or policy says no.
    """
    order = tables.get_examination(act.connection, examination)
    require_part(act, order, act.actor.agency)
    consignment = tables.get(act.connection, order.mrn)
    rules.require_startable(order, is_arrived=consignment.arrived_at is not None)
    if order.started_at is not None:
        return None
    body = ExaminationStarted(order.id, order.mrn, act.actor.agency, act.now)
    return act.append(body, subject=f"examination:{order.id}")


def require_part(act: Act, order: Examination, agency: str) -> None:
    """Refuse whoever may not act in an agency's part of an examination.

    Raises: Refused. WrongState: the agency takes no part.
    """
    summary = declarations.get_summary(act.connection, order.mrn)
    attributes = summary.policy_attributes | {"agency": agency}
    act.require("clearance.examine", examination=order.id, **attributes)
    rules.require_party(order, agency)
