"""Documentary checks that nobody began in time become audits after clearance."""

from __future__ import annotations

from datetime import timedelta

from clearway.clearance.actions.settle import settle
from clearway.clearance.evidence import load_case
from clearway.clearance.lanes import tables
from clearway.clearance.lanes.facts import Rerouted
from clearway.clearance.standing import by_rules
from clearway.ledger.fact import Fact
from clearway.policy.act import Act
from clearway.risk.history import day_of
from clearway.risk.model import Capacities
from clearway.risk.selectivity import open_at
from clearway.risk.tables import read_day


def reroute_unattended(act: Act, capacities: Capacities, limit: int = 100) -> tuple[Fact, ...]:
    """Send yellow declarations that waited for the office's `yellow_days` to blue.

    Each takes a place of the blue lane of today; what finds none waits for another day. A check
    that a law demands stays.

    Raises: Refused: policy says no.
    """
    act.require("clearance.reroute")
    rules = by_rules(act)
    done: list[Fact] = []
    for office in tables.offices_unattended(act.connection):
        capacity = open_at(capacities.of(office), act.now)
        today = day_of(act.now)
        room = capacity.blue - read_day(act.connection, office, today).blue
        if not capacity.yellow_days or room < 1:
            continue
        before = act.now - timedelta(days=capacity.yellow_days)
        for each in tables.list_unattended(act.connection, office, before, min(room, limit)):
            body = Rerouted(
                each.mrn, office, today, each.examination, each.ordered_at, capacity.yellow_days
            )
            done.append(rules.append(body, subject=f"declaration:{each.mrn}"))
            settle(act, load_case(act.connection, each.mrn))
    return tuple(done)
