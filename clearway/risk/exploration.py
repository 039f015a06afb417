"""How much an examination would teach: uncertainty, novelty and value of a declaration.

    curiosity = 4 p (1 - p)  x  1 / sqrt(1 + examined)  x  value

`p` is the calibrated probability (uncertainty is 1 where it is a half), `examined` how many items
of this importer were examined before, and `value` rises from 0 to 1 with the declared value, as its
logarithm up to a million EUR. The product follows Kim et al. (2021, "Active Learning for
Human-in-the-Loop Customs Inspection"), who multiply uncertainty, diversity and revenue; novelty by
counts stands here for their gradients, since it costs nothing and can be told to an officer.

Pure, and the same for the same declaration: a decision of last year can be worked out again.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from clearway.risk.features import COLUMN
from clearway.risk.history import Trace
from clearway.risk.scoring import Scored

_MOST_VALUE_LOG10 = 6.0
PARTS = 1_000_000
"""Sums of curiosity are kept in whole parts, so that they are exact in any order."""


def curiosity(probability: float, examined: float, value_eur: float) -> float:
    """Return how much an examination would teach, 0 to 1.

    Args:
        probability: calibrated, that it finds something.
        examined: items of this importer examined before; NaN or below 0: none.
        value_eur: declared; NaN or <= 0 when unknown, which is worth a look itself.
    """
    uncertainty = 4.0 * probability * (1.0 - probability)
    known = examined if examined > 0.0 else 0.0
    if not value_eur > 0.0:
        return uncertainty / math.sqrt(1.0 + known)
    value = min(1.0, math.log10(1.0 + value_eur) / _MOST_VALUE_LOG10)
    return uncertainty * value / math.sqrt(1.0 + known)


def curiosity_of(scored: Scored, items: Sequence[Trace]) -> float:
    """Return the curiosity of a declaration, by its weightiest item and its whole value.

    Rounded to whole `PARTS`, as it is kept.
    """
    values = [each.goods.value_eur for each in items]
    total = sum(value for value in values if value > 0.0)
    examined = float(scored.matrix[scored.weightiest][_EXAMINED])
    return round(curiosity(scored.probability, examined, total) * PARTS) / PARTS


_EXAMINED = COLUMN["importer_examined"]
