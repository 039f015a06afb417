"""What is known of a declaration's keys: the snapshot of the model, plus what came since.

The declaration itself was counted when it was accepted, so what it added is taken out again.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from clearway.ledger.fact import Fact
from clearway.risk import kept, tables
from clearway.risk.history import SUMS, Trace, counted, day_of, merge, trace, without
from clearway.risk.model import Past
from clearway.risk.scoring import Scorer


def read(
    connection: Connection, items: Sequence[Trace], accepted: Fact, scorer: Scorer
) -> dict[int, Past]:
    """Return the pasts of all keys of a declaration's items, itself not counted.

    Args:
        items: as they stand now.
        accepted: the fact of its acceptance; what was counted then is what was kept.
        scorer: whose snapshot goes before.
    """
    day = day_of(accepted.occurred_at)
    keys = {key for each in items for key in each.keys}
    since = tables.read_pasts(connection, keys, since=scorer.cut_off_day, today=day)
    before = scorer.snapshot.read(keys, day)
    own = counted(map(trace, kept.find(connection, items[0].goods.mrn) if items else ()))
    counted_in = since if day >= scorer.cut_off_day else before
    for key, change in own.items():
        past = counted_in.get(key)
        if past is None:
            continue
        if past[: len(SUMS)] == change:
            del counted_in[key]  # nobody else was ever counted there
        else:
            counted_in[key] = without(past, change)
    for key, newer in since.items():
        older = before.get(key)
        before[key] = newer if older is None else merge(older, newer)
    return before
