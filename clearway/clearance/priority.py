"""The examination queue: who is examined next, and why, in one sentence.

TFA 7.9.2 asks for "appropriate priority to perishable goods when scheduling any examinations". Here
each waiting examination has a *latest start*; the time until then is its slack:

- goods that spoil soon: end of life (cautious estimate, q10), less the onward transit, less the
  examination itself. They go first, least slack first; within the same hour the larger loss at
  stake, then first come. Goods whose cautious life is over go before them, by the middle estimate;
- all other goods, frozen ones among them: their bound, which is the arrival plus so many hours,
  fewer for controls that the law demands. They follow, the nearest bound first, which is first come
  for goods of one kind.

Nobody starves: from its bound on an entry stands in a line of its own, first come first served,
which takes every second examination while goods that spoil soon wait, and every one when none do.
So it begins after at most 2(k + 1) more examinations, k being the older entries in that line. (To
put that line before everything would turn the whole queue into first come, first served on the very
days when there is too much to do, and lose what spoils. To let other goods of before their bound
take the second half would keep those that waited longest waiting longer.)

A latest start is a fixed instant, so time alone never makes two entries change places; only a new
temperature reading or a reached bound does. A prediction reorders examinations; it never spares
one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from operator import itemgetter

from clearway.clearance.model import Part, Place, QueueEntry, Scope, Waiting
from clearway.terms.reason import Reason

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HOUR = timedelta(hours=1)
# Place by arrival, the entry, why it stands where it does, its latest start and its bound.
_Judged = tuple[int, Waiting, Place, datetime, datetime]


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long goods may wait before they have a line of their own; the administration's choice.

    Args:
        ageing: for all goods. 72 h lets spoiling goods pass at 97 % load
            (`tests/clearance/test_comparison.py` measures it).
        mandatory: for controls that the law demands, so that selected ones do not delay them.
        soon: goods whose latest start lies within this of their arrival go before all others.
            Assumed by the house: chilled goods spoil within it, frozen and dry ones do not.
    """

    ageing: timedelta = timedelta(hours=72)
    mandatory: timedelta = timedelta(hours=36)
    soon: timedelta = timedelta(days=10)


DEFAULT = Bounds()


ONWARD_H = 12.0
"""Transit after release, where nobody states it. Assumed by the house: a day of inland road."""

UNMEASURED_SHARE = 0.5
"""Of the shorter life of goods when fresh, what is left at arrival where no logger tells. Assumed
by the house, on the careful side."""

_GOODS_H, _NEXT_GOODS_H, _DOCUMENTS_H = 1.5, 0.5, 0.25
# Assumed by the house: opening and closing takes the first agency longest, the others look beside
# it. An office replaces them by its own times (`insight` measures them).


def examination_hours(parts: Sequence[Part]) -> float:
    """Return how long an examination by these agencies takes, hours."""
    goods = sum(part.scope is Scope.GOODS for part in parts)
    documents = len(parts) - goods
    opening = _GOODS_H + _NEXT_GOODS_H * (goods - 1) if goods else 0.0
    return opening + _DOCUMENTS_H * documents


def order(
    waiting: Sequence[Waiting], now: datetime, bounds: Bounds = DEFAULT, *, turn: int = 0
) -> tuple[QueueEntry, ...]:
    """Return the queue, first to be examined first.

    Args:
        waiting: in any order; the result does not depend on it.
        now: aware UTC.
        bounds: how long goods may wait.
        turn: how many examinations were begun before; even: the line of those that waited to their
            bound is next, before goods that spoil. Beginning the first entry gives the rest of
            this queue at `turn + 1`.
    """
    late: list[_Judged] = []
    urgent: list[_Judged] = []
    others: list[_Judged] = []
    lines = {Place.WAITED_LONG: late, Place.LIFE_ENDING: urgent, Place.SPOILS: urgent}
    for judged in _judge(waiting, now, bounds):
        lines.get(judged[2], others).append(judged)
    urgent.sort(key=_loss)  # both sorts are stable: equal ones stay in the order of arrival
    others.sort(key=_BOUND)
    return tuple(
        QueueEntry(entry, rank, arrived - rank, place, now, latest, bound)
        for rank, (arrived, entry, place, latest, bound) in enumerate(
            _alternate(late, urgent, turn) + others, 1
        )
    )


def _alternate(late: list[_Judged], others: list[_Judged], turn: int) -> list[_Judged]:
    """Return both lines as one: one of each in turn, then what is left of the longer."""
    first, second = (late, others) if turn % 2 == 0 else (others, late)
    paired = min(len(first), len(second))
    merged = [entry for pair in zip(first, second, strict=False) for entry in pair]
    return merged + first[paired:] + second[paired:]


def first_come(
    waiting: Sequence[Waiting], now: datetime, bounds: Bounds = DEFAULT, *, turn: int = 0
) -> tuple[QueueEntry, ...]:
    """Return the queue as first come, first served would have it; for comparison only."""
    return tuple(
        QueueEntry(entry, rank, 0, place, now, latest, bound)
        for rank, entry, place, latest, bound in _judge(waiting, now, bounds)
    )


_BOUND = itemgetter(4)


def _loss(judged: _Judged) -> tuple[int, int, float, float]:
    """Return the order of goods that spoil soon.

    Floats, because they only order: comparing ten thousand Decimals costs a third more.
    """
    entry, place, start = judged[1], judged[2], judged[3]
    line = 0 if place is Place.LIFE_ENDING else 1
    return line, (start - _EPOCH) // _HOUR, -float(entry.value), -float(entry.mass_kg)


@lru_cache(maxsize=1024)
def _ahead(hours: float) -> timedelta:
    return timedelta(hours=hours)


def _judge(waiting: Sequence[Waiting], now: datetime, bounds: Bounds) -> Iterator[_Judged]:
    """Yield the entries in the order of arrival, each with why it will stand where it does."""
    came = sorted(waiting, key=lambda entry: (entry.since, entry.examination))
    for arrived, entry in enumerate(came, 1):
        bound = entry.since + (bounds.mandatory if entry.is_mandatory else bounds.ageing)
        place = Place.MANDATORY if entry.is_mandatory else Place.KEEPS
        latest = bound
        if entry.spoils_at is not None:
            place, latest = _life(entry, entry.spoils_at, place, now, bound, bounds)
        yield arrived, entry, Place.WAITED_LONG if bound <= now else place, latest, bound


def _life(
    entry: Waiting,
    spoils_at: datetime,
    place: Place,
    now: datetime,
    bound: datetime,
    bounds: Bounds,
) -> tuple[Place, datetime]:
    """Return place and latest start of goods that spoil."""
    if entry.keeps_until is not None and entry.keeps_until <= now:
        # To examine spoilt goods first would let others spoil as well.
        return Place.BEYOND_SAVING, bound
    ahead = _ahead(entry.onward_h + entry.examination_h)
    if spoils_at <= now:
        return Place.LIFE_ENDING, (entry.spoils_about or spoils_at) - ahead
    start = spoils_at - ahead
    return (Place.SPOILS, start) if start < entry.since + bounds.soon else (place, bound)


def explain(entry: QueueEntry) -> Reason:
    """Return why the entry stands in its place: a code, and one sentence for people."""
    code, why = _WHY[entry.place]
    text = f"{entry.waiting.goods}: {why(entry)}; {_moved(entry)}."
    return Reason(code, text, value=f"{entry.slack_h:.1f} h")


def _spoils(entry: QueueEntry) -> str:
    waiting, life = entry.waiting, entry.remaining_life_h or 0.0
    slack = (
        f"{hours(entry.slack_h)} of slack"
        if entry.slack_h >= 0
        else f"{hours(-entry.slack_h)} too late for its onward journey, but not yet spoilt"
    )
    return (
        f"{slack} ({hours(life)} of life at the cautious estimate, less {hours(waiting.onward_h)}"
        f" onward and {hours(waiting.examination_h)} of examination)"
    )


def _life_ending(entry: QueueEntry) -> str:
    about = entry.waiting.spoils_about
    if about is None:
        return "no life left at the cautious estimate"
    left = hours(max((about - entry.at) / _HOUR, 0))
    return f"no life left at the cautious estimate, {left} at the middle one"


def _mandatory(entry: QueueEntry) -> str:
    return (
        f"a control that the law demands, waited {hours(entry.waited_h)} of at most"
        f" {hours(entry.bound_h)}"
    )


def _keeps(entry: QueueEntry) -> str:
    life = entry.remaining_life_h
    keeps = "does not spoil" if life is None else f"keeps for {hours(life)} more"
    return f"{keeps}, waited {hours(entry.waited_h)} of at most {hours(entry.bound_h)}"


def _waited_long(entry: QueueEntry) -> str:
    return (
        f"has waited {hours(entry.waited_h)} and reached its bound of {hours(entry.bound_h)}, so"
        " every second examination is for it and those that waited longer"
    )


def _beyond_saving(entry: QueueEntry) -> str:
    return (
        "spoilt even at the hopeful estimate, so it keeps the place of goods that do not spoil,"
        f" waited {hours(entry.waited_h)} of at most {hours(entry.bound_h)}"
    )


def _moved(entry: QueueEntry) -> str:
    places = f"{abs(entry.moved)} {'place' if abs(entry.moved) == 1 else 'places'}"
    if entry.moved > 0:
        return f"{places} up, past goods that can wait longer"
    if entry.moved < 0:
        return f"{places} down, behind goods that can wait less"
    return "in its place by arrival"


def hours(value: float) -> str:
    """Return hours as people say them: `40 min`, `14 h`, `6.2 days`."""
    if abs(value) < 1:
        return f"{value * 60:.0f} min"
    return f"{value:.0f} h" if abs(value) <= 96 else f"{value / 24:.1f} days"


_WHY: dict[Place, tuple[str, Callable[[QueueEntry], str]]] = {
    Place.SPOILS: ("CLR_Q01", _spoils),
    Place.LIFE_ENDING: ("CLR_Q06", _life_ending),
    Place.MANDATORY: ("CLR_Q02", _mandatory),
    Place.KEEPS: ("CLR_Q03", _keeps),
    Place.WAITED_LONG: ("CLR_Q04", _waited_long),
    Place.BEYOND_SAVING: ("CLR_Q05", _beyond_saving),
}
