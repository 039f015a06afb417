"""What an engine of counting must do.

Time is the number of a declaration. An acceptance counts for later declarations, a result from
`Results.since` on, and as recent until `Results.until`; so nothing that came later can be counted,
and every engine sums whole numbers over one rising axis.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from clearway.risk import keys
from clearway.risk.columns import Columns, Ints
from clearway.risk.history import PACKED, PRICED, UNRESULTED, VAGUE

Pasts: TypeAlias = Mapping[str, Ints]
"""Fields of `model.Past` as columns, those that were asked for."""

PRESENCE = ("n",)
DAYS = ("first_day", "last_day")
LOGS = ("logs", "log_sum", "log_squares")
RESULTS = ("examined", "found", "revenue", "last_find", "recent_examined", "recent_found")


def fields_of(slot: int) -> tuple[str, ...]:
    """Return the fields of `model.Past` that are counted of a slot."""
    fields: tuple[str, ...] = PRESENCE + DAYS
    if slot in PRICED or slot in PACKED:
        fields += LOGS
    if slot in VAGUE:
        fields += ("vague",)
    return fields if slot in UNRESULTED else fields + RESULTS


@dataclass(frozen=True, slots=True)
class Space:
    """Slots that count together.

    Args:
        slots: places in `keys.SLOTS`.
        fields: of `model.Past`, counted of each.
    """

    slots: tuple[int, ...]
    fields: tuple[str, ...]


SPACES: tuple[Space, ...] = tuple(Space(slots, fields_of(slots[0])) for slots in keys.SPACES)


class Engine(Protocol):
    """Counts one space of a history.

    Returns, for each of its slots, the pasts of each row, shape (rows,); of an unknown key those
    of `model.NEVER`.
    """

    def __call__(self, columns: Columns, space: Space) -> tuple[Pasts, ...]:
        """Count."""


Progress = Callable[[float], None]
