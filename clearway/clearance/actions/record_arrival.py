"""A container arrives: what is ready goes out at once."""

from __future__ import annotations

from dataclasses import dataclass

from clearway.clearance import tables
from clearway.clearance.actions.arrive import note_arrival
from clearway.clearance.actions.compare import compare_certificates
from clearway.clearance.actions.settle import settle
from clearway.clearance.evidence import load_case
from clearway.clearance.record import State
from clearway.clearance.standing import by_rules
from clearway.movements.actions.arrive import arrive
from clearway.movements.model import Arrival, Whereabouts
from clearway.policy.act import Act


@dataclass(frozen=True, slots=True)
class ContainerArrived:
    """What an arrival brought about.

    Args:
        whereabouts: of the container.
        declarations: MRNs whose goods are now all here.
        released: those of them that go out at once.
    """

    whereabouts: Whereabouts
    declarations: tuple[str, ...] = ()
    released: tuple[str, ...] = ()


def record_arrival(act: Act, arrival: Arrival) -> ContainerArrived:
    """Record that a container came, and decide anew on each consignment that it makes complete.

    What was decided before arrival (TFA 7.1) takes effect now, unless something came to light.

    Raises: RuleViolation: the movement cannot be. Refused.
    """
    whereabouts = arrive(act, arrival)
    complete = []
    for mrn in tables.in_container(act.connection, arrival.container):
        if tables.get(act.connection, mrn).arrived_at is None:
            case = load_case(act.connection, mrn)
            if note_arrival(act, case) is not None:
                compare_certificates(by_rules(act), case)
                settle(act, case)
                complete.append(mrn)
    released = [mrn for mrn in complete if tables.get(act.connection, mrn).state is State.RELEASED]
    return ContainerArrived(whereabouts, tuple(complete), tuple(released))
