"""What bounds the selections of one profile and of one importer in a day, apart from the lanes.

`Day.taken` counts selections by key, but only under keys that have a limit: `keys_of` says which to
read, `taken_by` which to count. What the law demands and what is drawn is bounded by neither.
"""

from __future__ import annotations

from collections.abc import Sequence

from clearway.risk.model import Assessment, Capacity, Channel, Day, Hit, Stratum


def key_of_rule(id: str) -> str:
    """Return under which key `Day.taken` counts the selections of a profile."""
    return f"rule:{id}"


def key_of_trader(importer: str) -> str:
    """Return under which key `Day.taken` counts the red selections of an importer."""
    return f"trader:{importer}"


def keys_of(importer: str, capacity: Capacity) -> tuple[str, ...]:
    """Return the keys of `Day.taken` that matter to a declaration: those with a limit."""
    rules = [key_of_rule(id) for id, limit in capacity.limits.items() if limit.most is not None]
    return (*rules, *([] if capacity.most_per_trader is None else [key_of_trader(importer)]))


def taken_by(outcome: Assessment, importer: str) -> tuple[str, ...]:
    """Return the keys under which an assessment counts."""
    keys = []
    if outcome.stratum is Stratum.PROFILE:
        keys.append(key_of_rule(outcome.decided_by))
    chosen = outcome.stratum in (Stratum.PROFILE, Stratum.SCORE, Stratum.EXPLORED)
    if importer and chosen and outcome.channel is Channel.RED:
        keys.append(key_of_trader(importer))
    return tuple(keys)


def capped(
    hits: Sequence[Hit], day: Day, capacity: Capacity, *, hour: int, today: int
) -> tuple[str, ...]:
    """Return the ids of profiles that may not select any more, or not at this hour or day.

    Args:
        hour: UTC, 0 to 23.
        today: days since 1970 UTC.
    """
    closed = []
    for hit in hits:
        limit = capacity.limits.get(hit.id)
        if limit is None or hit.mandatory:
            continue
        is_open = limit.opens <= hour < limit.closes
        is_dated = (limit.first is None or limit.first <= today) and (
            limit.last is None or today <= limit.last
        )
        is_full = limit.most is not None and day.taken.get(key_of_rule(hit.id), 0) >= limit.most
        if is_full or not (is_open and is_dated):
            closed.append(hit.id)
    return tuple(closed)


def is_spared(importer: str, day: Day, capacity: Capacity) -> bool:
    """Return whether an importer was selected as often today as one may be."""
    most = capacity.most_per_trader
    return most is not None and day.taken.get(key_of_trader(importer), 0) >= most
