"""Which channel a declaration takes, under what the office can do today.

Lanes as administrations know them: red (physical examination) before yellow (documentary check)
before blue (audit after clearance) before green. In this order:

1. Mandatory controls of customs go to their lane, whatever the capacity. Controls of a share (one
   consignment in seven) apply when the draw falls on them. Other agencies' controls are named in
   the assessment and take nothing of customs' capacity.
2. A small share of all others is drawn for physical examination: the only unbiased sample there
   is, so it stands before anything that knows the score.
3. Profiles that are not mandatory, while there is room in their lane; without room in the next.
4. The score, above a threshold that follows the day: room left, divided by arrivals to come.

The threshold needs no tuning, since a score is a rank: with room for 6 among 200 to come, it is
0.97. Room for the draw and for the mandatory controls still to come is kept free. When fewer come
than usual, the threshold sinks with the clock; when more come, it rises.

Everything is decided from arguments, the draw too; the propensity (the probability, before the
draw, of physical examination) is returned for every declaration, so that later estimates can be
made without bias.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from hashlib import blake2b

from clearway.risk.model import CUSTOMS, Capacity, Channel, Choice, Day, Hit, Stratum

# Before a quarter of the day has passed, the rate of arrivals says more about brokers' habits than
# about the day; and no day is taken to be more than three ordinary ones.
_EARLY = 0.25
_MOST_DAYS = 3.0

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
        draw: 0 <= draw < 1. Each control takes other digits of it than the random share does, so
            that one does not tell of another.
    """
    return tuple(hit for hit in hits if hit.share >= 1.0 or _fraction(draw, hit.id) < hit.share)


def _fraction(draw: float, id: str) -> float:
    turn = int.from_bytes(blake2b(id.encode(), digest_size=4).digest(), "big") / 2**32
    return (draw * 2**20 + turn) % 1.0


def chance(hits: Sequence[Hit]) -> float:
    """Return the probability that a control made of a share sends the goods to customs' shed."""
    spared = 1.0
    for hit in hits:
        if hit.mandatory and hit.lane is Channel.RED and hit.agency == CUSTOMS:
            spared *= 1.0 - min(1.0, hit.share)
    return 1.0 - spared


def choose(
    score: float,
    hits: Sequence[Hit],
    day: Day,
    capacity: Capacity,
    *,
    passed: float,
    draw: float,
) -> Choice:
    """Return the channel of a declaration.

    Args:
        score: 0 to 1, its rank among recent declarations; 0 without a model.
        hits: controls and profiles that it meets, those of a share not yet drawn.
        day: what the office has assessed today, this declaration not counted.
        capacity: of the office.
        passed: share of the opening hours that has passed, 0 to 1.
        draw: 0 <= draw < 1.
    """
    coming = still_to_come(day, capacity, passed)
    threshold = _threshold(day, capacity, coming)
    ours = [hit for hit in due(hits, draw) if hit.agency == CUSTOMS]
    mandatory = _strictest([hit for hit in ours if hit.mandatory])
    profile = _strictest([hit for hit in ours if not hit.mandatory])
    room = capacity.red - day.red >= 1
    wanted = room and profile is not None and profile.lane is Channel.RED
    certain = wanted or (room and score >= threshold)
    by_draw = capacity.random_share if room else 0.0
    propensity = 1.0 if certain else by_draw + (1.0 - by_draw) * chance(hits)
    demanded = mandatory is not None and mandatory.lane is Channel.RED
    red = _red(demanded=demanded, drawn=draw < by_draw, wanted=wanted, certain=certain)
    if red is not None:
        by = {Stratum.MANDATORY: mandatory, Stratum.PROFILE: profile}.get(red)
        return Choice(Channel.RED, red, propensity, threshold, by)
    channel, stratum, by = _lower_lanes(score, profile, day, capacity, coming, threshold)
    if mandatory is not None and _rank(mandatory.lane) <= _rank(channel):
        return Choice(mandatory.lane, Stratum.MANDATORY, propensity, threshold, mandatory)
    displaced = None if profile is None or channel is profile.lane else profile.lane
    return Choice(channel, stratum, propensity, threshold, by, displaced)


def _red(*, demanded: bool, drawn: bool, wanted: bool, certain: bool) -> Stratum | None:
    """Return by what the goods are examined, or None."""
    if demanded:
        return Stratum.MANDATORY
    if drawn:
        return Stratum.RANDOM
    if wanted:
        return Stratum.PROFILE
    return Stratum.SCORE if certain else None


def _threshold(day: Day, capacity: Capacity, coming: float) -> float:
    """Return the score from which physical examination begins; above 1: no room for scores."""
    to_come = coming - 1.0
    mandatory = day.red_mandatory / day.arrivals * to_come if day.arrivals else 0.0
    kept = capacity.random_share * to_come + mandatory
    free = capacity.red - day.red - kept
    if free <= 0.0:
        return 2.0
    return max(capacity.least_score, 1.0 - min(1.0, free / coming))


def _lower_lanes(
    score: float,
    profile: Hit | None,
    day: Day,
    capacity: Capacity,
    coming: float,
    threshold: float,
) -> tuple[Channel, Stratum, Hit | None]:
    """Return yellow, blue or green, and by what."""
    limit = min(threshold, 1.0)
    for lane, room in (
        (Channel.YELLOW, capacity.yellow - day.yellow),
        (Channel.BLUE, capacity.blue - day.blue),
    ):
        if room < 1:
            continue
        if profile is not None and _rank(profile.lane) <= _rank(lane):
            return lane, Stratum.PROFILE, profile
        limit = max(capacity.least_score, limit - min(1.0, room / coming))
        if score >= limit:
            return lane, Stratum.SCORE, None
    return Channel.GREEN, Stratum.NONE, None


def _strictest(hits: Sequence[Hit]) -> Hit | None:
    return min(hits, key=lambda hit: _rank(hit.lane), default=None)


def _rank(channel: Channel) -> int:
    return len(_STRICTEST) if channel is Channel.GREEN else _STRICTEST.index(channel)
