"""An examination hall with a known load: what each order of the queue loses, on seeded arrivals.

Trucks come in bursts, as they do when a ship or a ferry lands; a share of them carries goods that
spoil. The queue sees only estimates (a careful, a middle and a hopeful end of life, mean
durations); the model decides by the truth: goods are lost when their examination ends too late for
the way that is still before them. Three orders work off the same arrivals:

- first come, first served;
- a lane for perishables: these first, in the order of their arrival;
- slack (`clearance.priority`): careful end of life, less examination, less the way onward.

    study(range(1000, 1020), load=0.9)    # seeds that nobody looked at while the order was made

The arrivals are assumed by the house: nobody publishes those of a real border. Their figures are
those of the study that chose the order: eight at a time, three bays, two hours an examination, 40 %
perishable, slack lognormal with a median of 30 hours and a deviation of 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np

from clearway.clearance.comparison import Order, Treated, Visit, lost, simulate
from clearway.clearance.model import QueueEntry, Waiting
from clearway.clearance.priority import first_come, order
from clearway.terms.identifiers import Mrn

BEGIN = datetime(2026, 3, 2, tzinfo=UTC)
Z10 = 1.2816
"""Standard deviations from the middle of a normal distribution to its 10th percentile."""

_MRN = Mrn.build(2026, "XA", "CLEARWAY00001")


@dataclass(frozen=True, slots=True)
class Hall:
    """The hall and what comes to it.

    Args:
        bays: examinations at the same time.
        burst: trucks that come together.
        least_h, most_h: of an examination, evenly spread.
        perishable: share of goods that spoil.
        slack_h: median time that they have beyond examination and way onward.
        slack_spread: standard deviation of its logarithm.
        onward_h: way that is before them, known to the queue.
        error: standard deviation of the logarithm of what the queue believes of the end of life.
    """

    bays: int = 3
    burst: int = 8
    least_h: float = 0.5
    most_h: float = 3.5
    perishable: float = 0.4
    slack_h: float = 30.0
    slack_spread: float = 1.0
    onward_h: float = 12.0
    error: float = 0.0

    @property
    def mean_h(self) -> float:
        """Hours of an examination."""
        return (self.least_h + self.most_h) / 2.0


DEFAULT = Hall()


@dataclass(frozen=True, slots=True)
class Result:
    """What one order came to, over all seeds.

    Args:
        order: its name.
        spoiling: consignments that spoil.
        lost: of these, how many were lost.
        p95_others_h: 95th percentile of the stay of all other goods, mean over seeds.
        longest_others_h: the longest wait of any other goods.
    """

    order: str
    spoiling: int
    lost: int
    p95_others_h: float
    longest_others_h: float

    @property
    def lost_share(self) -> float:
        """Of the goods that spoil, 0 to 1."""
        return self.lost / self.spoiling if self.spoiling else 0.0


def arrivals(seed: int, load: float, many: int, hall: Hall = DEFAULT) -> list[Visit]:
    """Return consignments in the order of their arrival.

    Args:
        seed: the same seed gives the same arrivals.
        load: share of the hall's time that they need, above 0.
        many: how many.
        hall: with an `error`, ends of life are believed wrongly, and the careful one is their q10.
    """
    rng = np.random.default_rng(seed)
    between_h = hall.burst * hall.mean_h / (hall.bays * load)
    bursts = -(-many // hall.burst)
    since_h = np.repeat(np.cumsum(rng.exponential(between_h, bursts)), hall.burst)[:many]
    service_h = rng.uniform(hall.least_h, hall.most_h, many)
    spoils = rng.random(many) < hall.perishable
    slack_h = hall.slack_h * np.exp(rng.normal(0.0, hall.slack_spread, many))
    wrong = rng.normal(0.0, hall.error, many)
    value = rng.integers(1_000, 200_000, many)
    return [
        _visit(n, hall, float(since_h[n]), float(service_h[n]), int(value[n]),
               (float(slack_h[n]), float(wrong[n])) if spoils[n] else None)
        for n in range(many)
    ]  # fmt: skip


def _visit(
    n: int,
    hall: Hall,
    since_h: float,
    service_h: float,
    value: int,
    life: tuple[float, float] | None,
) -> Visit:
    """Return one consignment; `life` is the true slack and the error of what is believed."""
    since = BEGIN + timedelta(hours=since_h)
    waiting = Waiting(
        f"X{n:06}",
        _MRN,
        "goods",
        since,
        onward_h=hall.onward_h,
        examination_h=hall.mean_h,
        value=Decimal(value),
    )
    if life is None:
        return Visit(waiting, service_h)
    slack_h, wrong = life
    ahead_h = hall.mean_h + hall.onward_h

    def believed(deviations: float) -> datetime:
        scale = float(np.exp(wrong + deviations * hall.error))
        return since + timedelta(hours=slack_h * scale + ahead_h)

    known = replace(
        waiting,
        spoils_at=believed(-Z10),
        spoils_about=believed(0.0),
        keeps_until=believed(Z10),
    )
    # The truth is when it is too late to leave: the way onward is taken off already.
    return Visit(known, service_h, since + timedelta(hours=slack_h + service_h))


def perishables_first(
    waiting: Sequence[Waiting], now: datetime, *, turn: int = 0
) -> Sequence[QueueEntry]:
    """Return the queue of a lane for perishables, each lane first come, first served."""
    came = first_come(waiting, now, turn=turn)
    return sorted(came, key=lambda entry: (not entry.is_perishable, entry.rank))


ORDERS: dict[str, Order] = {
    "first come": first_come,
    "perishables lane": perishables_first,
    "slack": order,
}


def study(
    seeds: Iterable[int],
    *,
    load: float = 0.9,
    many: int = 4_000,
    hall: Hall = DEFAULT,
    heard: Callable[[int], None] = lambda seed: None,
) -> dict[str, Result]:
    """Return what each order came to on the same arrivals.

    Args:
        heard: told each seed when it is done.
    """
    runs: dict[str, list[Sequence[Treated]]] = {name: [] for name in ORDERS}
    for seed in seeds:
        visits = arrivals(seed, load, many, hall)
        for name, how in ORDERS.items():
            runs[name].append(simulate(visits, hall.bays, how))
        heard(seed)
    return {name: _result(name, treated) for name, treated in runs.items()}


def _result(name: str, runs: Sequence[Sequence[Treated]]) -> Result:
    others = [[one for one in run if one.visit.spoils_at is None] for run in runs]
    return Result(
        order=name,
        spoiling=sum(one.visit.spoils_at is not None for run in runs for one in run),
        lost=sum(map(lost, runs)),
        p95_others_h=sum(map(p95_stay_h, others)) / len(others) if others else 0.0,
        longest_others_h=max((one.waited_h for run in others for one in run), default=0.0),
    )


def p95_stay_h(treated: Iterable[Treated]) -> float:
    """Return the 95th percentile of the hours from arrival to the end of the examination."""
    stays = sorted(one.stay_h for one in treated)
    return stays[int(0.95 * len(stays))] if stays else 0.0
