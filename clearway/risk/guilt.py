"""Which items an examination found not conform, and what each brought: one way for all readers."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping


def guilty_items(
    numbers: Collection[int], findings: Iterable[tuple[int | None, float]], whole: float
) -> Mapping[int, float]:
    """Return the items that were not conform, each with the revenue that it brought, in EUR.

    Findings that name no item of the declaration are about all of it. What they do not tell of the
    revenue is spread evenly over the items named.

    Args:
        numbers: of all items of the declaration.
        findings: item, None the consignment as a whole, and revenue told of it, NaN unknown.
        whole: revenue of the examination, NaN unknown.
    """
    found = list(findings)
    named = {item for item, _ in found if item is not None and item in numbers}
    told = dict.fromkeys(sorted(named or numbers), 0.0)
    for item, revenue in found:
        if item is not None and item in told:
            told[item] += _known(revenue)
    rest = max(0.0, _known(whole) - sum(told.values())) / max(1, len(told))
    return {item: revenue + rest for item, revenue in told.items()}


def _known(revenue: float) -> float:
    return 0.0 if math.isnan(revenue) else revenue
