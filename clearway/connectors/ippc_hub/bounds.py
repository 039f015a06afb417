"""How many calls a country may make: a bucket that fills at its rate and holds its burst."""

from __future__ import annotations

from collections import OrderedDict

from clearway.connectors.ippc_hub.directory import Member
from clearway.errors import TryLater

# Known certificates only get this far, so that there are as many buckets as members.
_MOST_BUCKETS = 2_000


class Bounds:
    """The buckets of all countries, for one thread."""

    def __init__(self) -> None:
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def require(self, member: Member, now_s: float) -> None:
        """Take one call from a country's bucket. Raises: TryLater: it is empty."""
        left, at = self._buckets.get(member.country, (float(member.burst), now_s))
        grown = left + max(0.0, now_s - at) * member.messages_per_second
        left = min(float(member.burst), grown)
        if left < 1.0:
            wait = (1.0 - left) / max(member.messages_per_second, 0.001)
            raise TryLater(
                f"{member.country} may make {member.messages_per_second:g} calls a second; wait"
                f" {wait:.1f} seconds",
                retry_after_s=min(3_600, int(wait) + 1),
            )
        self._buckets[member.country] = (left - 1.0, now_s)
        if len(self._buckets) > _MOST_BUCKETS:
            self._buckets.popitem(last=False)
