"""Which channel a declaration takes, under what the office can do today.

Lanes as administrations know them: red (physical examination) before yellow (documentary check)
before blue (audit after clearance) before green. In this order:

1. Mandatory controls of customs go to their lane, whatever the capacity; beyond it they are counted
   as overload. Controls of a share (one consignment in seven) apply when the draw falls on them.
   Other agencies' controls are named in the assessment and take nothing of customs' capacity.
2. A small share of all others is drawn for physical examination: the only unbiased sample there
   is, so it stands before anything that knows the score, and places are kept for it.
3. Profiles that are not mandatory, while there is room in their lane; without room in the next.
   Each may have a most of its own, hours and dates (`limits`).
4. The score, above a threshold that follows the day: room left, divided by arrivals to come.
5. Exploration: a few places for goods of which the model knows least (`exploration`), by a draw
   whose odds rise with what an examination would teach.

The threshold needs no tuning, since a score is a rank: with room for 6 among 200 to come, it is
0.97. Room for the draw and for the mandatory controls still to come is kept free. When fewer come
than usual, the threshold sinks with the clock; when more come, it rises.

Everything is decided from arguments, the draw too; the propensity (the probability, before the
draw, of physical examination) is returned for every declaration, so that later estimates can be
made without bias. It is 0 only for what could not be examined: on a day that the law alone has
filled, or when nobody works; `offpolicy` counts these apart.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b

from clearway.risk.model import (
    CUSTOMS,
    Capacity,
    Channel,
    Choice,
    Day,
    Hit,
    Inclusion,
    Stratum,
)

# Before a quarter of the day has passed, the rate of arrivals says more about brokers' habits than
# about the day; and no day is taken to be more than three ordinary ones.
_EARLY = 0.25
_MOST_DAYS = 3.0

# Of a Poisson number, two standard deviations above the mean are enough on 49 of 50 days; what is
# expected less than once in twenty days is worth no empty place.
_MARGIN = 2.0
_RARE = 0.05

# Until an office has seen declarations of its own.
_USUAL_CURIOSITY = 0.1

_STRICTEST = (Channel.RED, Channel.YELLOW, Channel.BLUE)


def share_of_day(now: datetime, capacity: Capacity) -> float:
    """Return how much of the office's opening hours has passed, 0 to 1."""
    hour = now.hour + now.minute / 60 + now.second / 3600
    return min(1.0, max(0.0, (hour - capacity.opens) / (capacity.closes - capacity.opens)))


def still_to_come(day: Day, capacity: Capacity, passed: float) -> float:
    """Return how many declarations are expected today, this one included; at least 1.

    Args:
        day: so far, this declaration not counted.
        passed: share of the opening hours, 0 to 1.
    """
    usual = day.usual_arrivals
    total = float(capacity.usual_arrivals) if usual is None else usual
    if passed >= _EARLY:
        total = min(max(total, day.arrivals / passed), total * _MOST_DAYS)
    return max(1.0, min(total - day.arrivals, total * (1.0 - passed)))


def due(hits: Sequence[Hit], draw: float) -> tuple[Hit, ...]:
    """Return the hits that apply: each, but for controls made of a share only, if it is drawn.

    Args:
        draw: 0 <= draw < 1. Each control makes its own number of it, so that one does not tell of
            another, nor of the random share.
    """
    return tuple(hit for hit in hits if hit.share >= 1.0 or _fraction(draw, hit.id) < hit.share)


def _fraction(draw: float, purpose: str) -> float:
    """Return a number from 0 to below 1 that only the draw and the purpose decide."""
    digest = blake2b(struct.pack(">d", draw) + purpose.encode(), digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> 11) / 2**53


def chance(hits: Sequence[Hit]) -> float:
    """Return the probability that a control made of a share sends the goods to customs' shed."""
    spared = 1.0
    for hit in hits:
        if hit.mandatory and hit.lane is Channel.RED and hit.agency == CUSTOMS:
            spared *= 1.0 - min(1.0, hit.share)
    return 1.0 - spared


@dataclass(frozen=True, slots=True)
class _Outlook:
    """What the day still allows.

    Args:
        coming: declarations expected, this one included.
        threshold: score from which physical examination begins; above 1: no room for scores.
        room: whether profiles, scores and exploration have a place in red.
        by_draw: probability of the random draw.
        by_curiosity: probability of the draw of exploration.
    """

    coming: float
    threshold: float
    room: bool
    by_draw: float
    by_curiosity: float


def choose(
    score: float,
    hits: Sequence[Hit],
    day: Day,
    capacity: Capacity,
    *,
    passed: float,
    draw: float,
    curiosity: float = 0.0,
    spared: bool = False,
    capped: tuple[str, ...] = (),
) -> Choice:
    """Return the channel of a declaration.

    Args:
        score: 0 to 1, its rank among recent declarations; 0 without a model.
        hits: controls and profiles that it meets, those of a share not yet drawn.
        day: what the office has assessed today, this declaration not counted.
        capacity: of the office.
        passed: share of the opening hours that has passed, 0 to 1.
        draw: 0 <= draw < 1.
        curiosity: how much an examination would teach, 0 to 1; 0 without a model.
        spared: whether this trader was selected often enough today (`limits.is_spared`).
        capped: ids of profiles that may not select now (`limits.capped`).
    """
    outlook = _outlook(day, capacity, passed, curiosity, spared=spared)
    ours = [hit for hit in due(hits, draw) if hit.agency == CUSTOMS and hit.id not in capped]
    mandatory = _strictest([hit for hit in ours if hit.mandatory])
    profile = _strictest([hit for hit in ours if not hit.mandatory])
    wanted = outlook.room and profile is not None and profile.lane is Channel.RED
    scored = outlook.room and score >= outlook.threshold
    inclusion = _inclusion(chance(hits), outlook, wanted=wanted, scored=scored)
    by_chance = inclusion.mandatory + inclusion.random + inclusion.explored
    propensity = 1.0 if wanted or scored else min(1.0, by_chance)
    stratum = _red(mandatory, outlook, draw, wanted=wanted, scored=scored)
    if stratum is not None:
        channel = Channel.RED
        by = {Stratum.MANDATORY: mandatory, Stratum.PROFILE: profile}.get(stratum)
    else:
        channel, stratum, by = _lower_lanes(score, profile, day, capacity, outlook)
        if mandatory is not None and _rank(mandatory.lane) <= _rank(channel):
            channel, stratum, by = mandatory.lane, Stratum.MANDATORY, mandatory
    stricter = profile is not None and _rank(profile.lane) < _rank(channel)
    return Choice(
        channel,
        stratum,
        propensity,
        outlook.threshold,
        decided_by=by,
        displaced_from=profile.lane if profile is not None and stricter else None,
        inclusion=inclusion,
        overload=stratum is Stratum.MANDATORY and day.of(channel) >= capacity.of(channel),
        capped=capped,
    )


def _outlook(
    day: Day, capacity: Capacity, passed: float, curiosity: float, *, spared: bool
) -> _Outlook:
    coming = still_to_come(day, capacity, passed)
    left = capacity.red - day.red
    room = left - _kept_for_draws(capacity, coming) >= 1 and not spared
    return _Outlook(
        coming=coming,
        threshold=2.0 if spared else _threshold(day, capacity, coming),
        room=room,
        by_draw=capacity.random_share if left >= 1 else 0.0,
        by_curiosity=_odds_of_curiosity(day, capacity, coming, curiosity) if room else 0.0,
    )


def _kept_for_draws(capacity: Capacity, coming: float) -> int:
    """Return how many places of red only the draw may take.

    Without them, the last places of a day would go to high scores, nothing could be drawn any more,
    and what comes in the evening would be in no estimate. Half of the places at most are kept.
    """
    mean = capacity.random_share * (coming - 1.0)
    if mean < _RARE:
        return 0
    return min(math.ceil(mean + _MARGIN * math.sqrt(mean)), capacity.red // 2)


def _odds_of_curiosity(day: Day, capacity: Capacity, coming: float, curiosity: float) -> float:
    """Return the probability that the draw of exploration takes a declaration.

    In proportion to its curiosity, so that those still to come are expected to use up what is left
    of the share.
    """
    left = capacity.explore_share * capacity.red - day.explored
    usual = _USUAL_CURIOSITY if day.usual_curiosity is None else day.usual_curiosity
    if left <= 0.0 or curiosity <= 0.0 or usual <= 0.0:
        return 0.0
    return min(1.0, left / coming * curiosity / usual)


def _inclusion(by_law: float, outlook: _Outlook, *, wanted: bool, scored: bool) -> Inclusion:
    """Return the probability of each stratum: each takes what those before it leave."""
    drawn = (1.0 - by_law) * outlook.by_draw
    rest = (1.0 - by_law) * (1.0 - outlook.by_draw)
    if wanted:
        return Inclusion(by_law, drawn, profile=rest)
    if scored:
        return Inclusion(by_law, drawn, score=rest)
    return Inclusion(by_law, drawn, explored=rest * outlook.by_curiosity)


def _red(
    mandatory: Hit | None, outlook: _Outlook, draw: float, *, wanted: bool, scored: bool
) -> Stratum | None:
    """Return by what the goods are examined, or None."""
    if mandatory is not None and mandatory.lane is Channel.RED:
        return Stratum.MANDATORY
    if draw < outlook.by_draw:
        return Stratum.RANDOM
    if wanted:
        return Stratum.PROFILE
    if scored:
        return Stratum.SCORE
    explored = _fraction(draw, "exploration") < outlook.by_curiosity
    return Stratum.EXPLORED if explored else None


def _threshold(day: Day, capacity: Capacity, coming: float) -> float:
    """Return the score from which physical examination begins; above 1: no room for scores."""
    to_come = coming - 1.0
    mandatory = day.red_mandatory / day.arrivals * to_come if day.arrivals else 0.0
    explored = max(0.0, capacity.explore_share * capacity.red - day.explored)
    kept = capacity.random_share * to_come + mandatory + explored
    free = _places(Channel.RED, day, capacity, coming) - kept
    if free <= 0.0:
        return 2.0
    return max(capacity.least_score, 1.0 - min(1.0, free / coming))


def _places(lane: Channel, day: Day, capacity: Capacity, coming: float) -> float:
    """Return how many of a lane's places are left for the score, under capacity and rate."""
    left = float(capacity.of(lane) - day.of(lane))
    rate = capacity.rate_of(lane)
    if rate is None:
        return left
    return min(left, rate * (day.arrivals + coming) - day.of(lane))


def _lower_lanes(
    score: float, profile: Hit | None, day: Day, capacity: Capacity, outlook: _Outlook
) -> tuple[Channel, Stratum, Hit | None]:
    """Return yellow, blue or green, and by what."""
    limit = min(outlook.threshold, 1.0)
    for lane in (Channel.YELLOW, Channel.BLUE):
        if capacity.of(lane) - day.of(lane) < 1:
            continue
        if profile is not None and _rank(profile.lane) <= _rank(lane):
            return lane, Stratum.PROFILE, profile
        places = max(0.0, _places(lane, day, capacity, outlook.coming))
        bar = max(capacity.least_score, limit - min(1.0, places / outlook.coming))
        if score >= bar and places > 0.0:
            return lane, Stratum.SCORE, None
        limit = bar
    return Channel.GREEN, Stratum.NONE, None


def _strictest(hits: Sequence[Hit]) -> Hit | None:
    return min(hits, key=lambda hit: _rank(hit.lane), default=None)


def _rank(channel: Channel) -> int:
    return len(_STRICTEST) if channel is Channel.GREEN else _STRICTEST.index(channel)
