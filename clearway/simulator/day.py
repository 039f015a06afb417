"""One day at the border, as the world outside sends it: events in the order of time.

    world = build(seed=7)
    day = simulate(world, date(2026, 7, 14))
    for event in day.events: ...

`day.events` is what reaches the doors; `day.truth` is what is really so, and stays outside.
Besides honest mail a day brings a declaration sent twice, one sent again with another value under
the same key, broken XML, broken JSON and a certificate cut short, so that refusals are seen too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from clearway.identity.model import Actor
from clearway.simulator import accounts, certificates, mail, reefers
from clearway.simulator.consignments import Consignment, of_day
from clearway.simulator.mail import Event
from clearway.simulator.places import DAY_S
from clearway.simulator.post import post
from clearway.simulator.reefers import Unit
from clearway.simulator.streams import stream
from clearway.simulator.truth import Truth, holds_treatment
from clearway.simulator.voyage import Voyage, grid_start_s, sail
from clearway.simulator.world import World

# The goods age on after midnight: examinations and the comparison with another order need it.
_DAYS_AFTER = 3


@dataclass(frozen=True, slots=True)
class Day:
    """A simulated day.

    Args:
        date: UTC.
        events: what reaches the border, in order of time.
        accounts: everyone who knocks; the border must know them before the day begins.
        truth: what is really so.
        send_every: readings that a logger sends together.
    """

    date: date
    events: tuple[Event, ...]
    accounts: tuple[Actor, ...]
    truth: Truth
    send_every: int = 1

    @property
    def begins_at(self) -> datetime:
        """Midnight, aware UTC; loggers and certificates of earlier days come before it."""
        return mail.midnight(self.date)


def simulate(world: World, when: date, n_consignments: int = 250, *, send_every: int = 1) -> Day:
    """Return the day `when` of a world.

    Args:
        n_consignments: 1 or more; about one in six travels in a refrigerated container.
        send_every: readings (one per ten minutes) that a logger sends together.

    Raises: ValueError: the day lies outside the world's years.
    """
    consignments = of_day(world, when, n_consignments)
    begins = mail.midnight(when)
    units = _units(world, when, consignments, begins.timestamp())
    voyage = _voyage(units, begins.timestamp())
    papers = certificates.issue(
        stream(world.seed, "papers", str(when)),
        consignments,
        {unit.container: unit for unit in units},
        _false_claims(voyage),
    )
    truth = Truth(
        seed=world.seed,
        consignments={each.lrn: each for each in consignments},
        papers={paper.lrn: paper for paper in papers},
        voyage=voyage,
        unit_of={unit.container: place for place, unit in enumerate(units)},
    )
    sent = post(world, when, truth, send_every)
    truth = replace(truth, meant_to_fail=sent.meant_to_fail, forged_keys=sent.forged_keys)
    return Day(when, sent.events, accounts.of(world, consignments, papers), truth, send_every)


def _units(
    world: World, when: date, consignments: tuple[Consignment, ...], day_s: float
) -> tuple[Unit, ...]:
    """Return the refrigerated containers of the day, with what goes wrong in them."""
    rng = stream(world.seed, "units", str(when))
    units = []
    for consignment in consignments:
        lines = {line.container: line for line in consignment.lines}
        start = world.places[consignment.lines[0].dispatch].climate
        way = (start, world.border.climate, consignment.hours_under_way)
        for box in consignment.boxes:
            if box.is_refrigerated:
                line = lines[box.number]
                arrives = consignment.arrives_at.timestamp()
                units.append(reefers.load(rng, box.number, line.goods, line.mass_kg, way, arrives))
    return reefers.afflict(rng, tuple(units), day_s)


def _voyage(units: tuple[Unit, ...], day_s: float) -> Voyage | None:
    if not units:
        return None
    start = grid_start_s(units)
    return sail(units, start, round((day_s + _DAYS_AFTER * DAY_S - start) / 300.0))


def _false_claims(voyage: Voyage | None) -> frozenset[str]:
    if voyage is None:
        return frozenset()
    return frozenset(
        unit.container
        for place, unit in enumerate(voyage.units)
        if unit.claims_treatment and not holds_treatment(voyage, place)
    )
