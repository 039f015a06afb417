"""The features of an item: what the model sees, known at the moment of acceptance only.

One formula, `matrix_of`, serves training and back-tests (columns of a whole history, counted by an
engine) and the live border (`compute`: the items of one declaration, with pasts from the snapshot
of the model plus `risk_history`). It works on columns either way, so both agree to the last bit.
What is unknown is NaN; the trees have a branch for it. Logarithms are kept in whole
`history.SCALE`-ths: another processor's logarithm may differ in the last bit, a decision must not.

Which features there are stands in `feature_table`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from clearway.risk.columns import (
    NO_STEPS,
    Declared,
    Flags,
    Floats,
    Ints,
    columns_of_items,
    is_preferential,
    steps_of,
)
from clearway.risk.feature_table import (
    COLUMN,
    COUNTED_SLOTS,
    FEATURES,
    FINDING_SLOTS,
    NAMES,
    PRICED_SLOTS,
    RATED,
    RECENT_SLOTS,
    Feature,
    reads,
)
from clearway.risk.history import SCALE, Trace
from clearway.risk.keys import PLACE, UNKNOWN, WORDS
from clearway.risk.model import NEVER, SIGNALS, Past

# Spread of log prices before any is known: half a natural logarithm, worth five prices.
_PRIOR_PRICES = 5
_PRIOR_SQUARES = 0.25 * _PRIOR_PRICES
_LEAST_PRICES = 3
_MOST_SPREADS = 12.0

# Recent results that the rate of all time is worth.
_PRIOR_RECENT = 6.0
# Items in whose descriptions a word must have stood before it tells anything.
_LEAST_WORD = 3

# Examinations that the rate of the whole (the border, or the trader for a pair) is worth.
_PRIOR_SINGLE = 10.0
_PRIOR_PAIR = 4.0

# Before any examination: one of twenty finds something, a cautious start.
_PRIOR_FOUND = 1.0
_PRIOR_EXAMINED = 20.0

Pasts = Mapping[str, Ints]
Known = Callable[[str], Pasts]
"""Pasts of a slot, by its name: fields of `model.Past` as columns."""


def compute(declaration: Sequence[Trace], pasts: Mapping[int, Past]) -> list[list[float]]:
    """Return the features of each item of one declaration.

    Args:
        declaration: all its items.
        pasts: of the keys of its items, this declaration not counted; absent: never seen.
    """
    if not declaration:
        return []
    table = np.array(
        [[pasts.get(key, NEVER) for key in each.keys] for each in declaration], dtype=np.int64
    )

    def known(slot: str) -> Pasts:
        rows = table[:, PLACE[slot]]
        return {name: rows[:, place] for place, name in enumerate(Past._fields)}

    def is_known(slot: str) -> Flags:
        return np.array([each.keys[PLACE[slot]] != UNKNOWN for each in declaration])

    rows: list[list[float]] = matrix_of(columns_of_items(declaration), known, is_known).tolist()
    return rows


def matrix_of(declared: Declared, known: Known, is_known: Callable[[str], Flags]) -> Floats:
    """Return the features of rows, shape (rows, features), column by column in memory.

    Args:
        declared: what the rows declare.
        known: pasts of a slot; asked once for each, singles before pairs.
        is_known: whether the slot's key is known, in each row.
    """
    maker = _Maker(declared, known, is_known)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        maker.fill()
    return maker.matrix


class _Maker:
    """Fills the matrix, one slot after another."""

    def __init__(self, declared: Declared, known: Known, is_known: Callable[[str], Flags]) -> None:
        self.declared = declared
        self.known = known
        self.is_known = is_known
        rows = len(declared.day)
        self.matrix: Floats = np.empty((len(NAMES), rows)).T
        self.rates: dict[str, Floats] = {}

    def put(self, name: str, column: Floats | Ints | Flags) -> None:
        self.matrix[:, COLUMN[name]] = column

    def fill(self) -> None:
        self.fill_declared()
        border = self.known("all")
        rate = (border["found"] + _PRIOR_FOUND) / (border["examined"] + _PRIOR_EXAMINED)
        self.rates["all"] = rate
        self.put("border_rate", rate)
        for slot, _, prior, _ in RATED:
            self.fill_rated(slot, prior)
        self.fill_package()
        self.fill_words()

    def fill_declared(self) -> None:
        it = self.declared
        duty = it.value * it.duty_rate / 100.0
        packages = it.packages.astype(np.float64)
        self.put("value_log", _log(it.value))
        self.put("mass_log", _log(it.mass))
        self.put("price_log", _unscaled(it.price))
        self.put("package_value_log", _log(np.where(packages > 0, it.value / packages, np.nan)))
        self.put("package_mass_log", _unscaled(it.package))
        self.put("packages", packages)
        self.put("duty_rate", it.duty_rate)
        self.put("duty_log", _log(duty + 1.0))
        self.put("is_preferential", it.is_preferential)
        self.put("is_indirect", it.is_indirect)
        self.put("transport_mode", it.mode)
        self.put("is_vague", it.is_vague)
        self.put("description_length", it.letters)
        self.put("items", it.items)
        share = np.where((it.value > 0.0) & (it.total > 0.0), it.value / it.total, np.nan)
        self.put("value_share", np.where(np.isfinite(share), share, np.nan))
        self.put("certificates", it.certificates)
        self.put("quantity_log", _log(it.quantity))
        self.put("unit_price_log", _log(np.where(it.quantity > 0, it.value / it.quantity, np.nan)))
        for name, bit in SIGNALS.items():
            column = ((it.signals & bit) != 0).astype(np.float64)
            self.put(f"signal_{name}", np.where(it.signals >= 0, column, np.nan))

    def fill_rated(self, slot: str, prior: str | None) -> None:
        """Fill everything that comes from one slot."""
        past, is_known = self.known(slot), self.is_known(slot)
        weight = _PRIOR_SINGLE if prior is None else _PRIOR_PAIR
        before = self.rates["all" if prior is None else prior]
        rate = (past["found"] + weight * before) / (past["examined"] + weight)
        self.rates[slot] = rate
        self.put(f"{slot}_rate", np.where(is_known, rate, np.nan))
        self.put(f"{slot}_n", np.where(is_known, past["n"], np.nan))
        if slot in COUNTED_SLOTS:
            self.put(f"{slot}_examined", past["examined"])
            self.put(f"{slot}_found", past["found"])
        if slot in RECENT_SLOTS:
            recent = (past["recent_found"] + _PRIOR_RECENT * rate) / (
                past["recent_examined"] + _PRIOR_RECENT
            )
            self.put(f"{slot}_recent_rate", np.where(is_known, recent, np.nan))
        if slot in FINDING_SLOTS:
            self.fill_finds(slot, past)
        if slot in PRICED_SLOTS:
            self.put(f"price_z_{slot}", _spreads(self.declared.price, past))
        if slot == "hs6_origin":
            self.put("prices_hs6_origin", past["logs"])
        self.fill_times(slot, past)

    def fill_finds(self, slot: str, past: Pasts) -> None:
        since = (self.declared.day - past["last_find"]).astype(np.float64)
        self.put(f"{slot}_find_days", np.where(past["last_find"] >= 0, since, np.nan))
        mean = np.where(past["found"] > 0, past["revenue"] / past["found"], np.nan)
        self.put(f"{slot}_find_revenue", _log(mean + 1.0))

    def fill_times(self, slot: str, past: Pasts) -> None:
        day = self.declared.day
        if slot in ("importer", "exporter", "declarant"):
            age = np.where(past["first_day"] >= 0, day - past["first_day"], 0).astype(np.float64)
            named = self.declared.has_exporter if slot == "exporter" else np.True_
            self.put(f"{slot}_age_days", np.where(named, age, np.nan))
        if slot in ("importer", "importer_hs6"):
            idle = (day - past["last_day"]).astype(np.float64)
            self.put(f"{slot}_idle_days", np.where(past["last_day"] >= 0, idle, np.nan))
        if slot in ("importer", "declarant"):
            share = np.where(past["n"] > 0, past["vague"] / past["n"], np.nan)
            self.put(f"{slot}_vague_share", share)

    def fill_package(self) -> None:
        self.put("package_z_hs6", _spreads(self.declared.package, self.known("package")))

    def fill_words(self) -> None:
        """Fill how well the words of the description fit the heading."""
        rows = len(self.declared.day)
        told, total = np.zeros(rows), np.zeros(rows)
        most, least = np.full(rows, -1.0), np.full(rows, 2.0)
        for place in range(1, WORDS + 1):
            uses = self.known(f"word_{place}")["n"]
            here = self.known(f"word_{place}_hs4")["n"]
            share = here / np.maximum(uses, 1)
            tells = uses >= _LEAST_WORD
            told += tells
            total += np.where(tells, share, 0.0)
            most = np.maximum(most, np.where(tells, share, -1.0))
            least = np.minimum(least, np.where(tells, share, 2.0))
        self.put("words_known", told)
        for name, column in (
            ("words_fit", total / np.maximum(told, 1.0)),
            ("words_fit_most", most),
            ("words_fit_least", least),
        ):
            self.put(name, np.where(told > 0, column, np.nan))


def _log(numbers: Floats) -> Floats:
    return _unscaled(steps_of(numbers))


def _unscaled(steps: Ints) -> Floats:
    return np.where(steps == NO_STEPS, np.nan, steps / SCALE)


def _spreads(steps: Ints, past: Pasts) -> Floats:
    """Return how many standard deviations logarithms lie above the usual; NaN when unknown."""
    count, total = past["logs"].astype(np.float64), past["log_sum"].astype(np.float64)
    mean = total / count
    squares = past["log_squares"] - total * mean
    variance = (np.maximum(squares, 0.0) / (SCALE * SCALE) + _PRIOR_SQUARES) / (
        count - 1 + _PRIOR_PRICES
    )
    distance = ((steps - mean) / SCALE / np.sqrt(variance)).clip(-_MOST_SPREADS, _MOST_SPREADS)
    usable = (steps != NO_STEPS) & (count >= _LEAST_PRICES)
    return np.where(usable, distance, np.nan)


def spreads(steps: int | None, past: Past) -> float:
    """Return how many standard deviations a logarithm lies above the usual; NaN when unknown.

    Args:
        steps: natural logarithm in `history.SCALE`-ths, or None.
        past: of the key it is compared with; with fewer than 3 logarithms nothing is usual.
    """
    fields = {name: np.array([value]) for name, value in past._asdict().items()}
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(_spreads(np.array([NO_STEPS if steps is None else steps]), fields)[0])


def usual_price(item: Trace, pasts: Mapping[int, Past]) -> tuple[float, bool] | None:
    """Return the usual EUR per kg, and whether it is that of the origin too; None when unknown."""
    for slot in ("hs6_origin", "hs6"):
        past = pasts.get(item.keys[PLACE[slot]], NEVER)
        if past.logs >= _LEAST_PRICES:
            return math.exp(past.log_sum / past.logs / SCALE), slot == "hs6_origin"
    return None


__all__ = [
    "COLUMN", "FEATURES", "NAMES", "Feature", "compute", "is_preferential", "matrix_of", "reads",
    "spreads",
    "usual_price",
]  # fmt: skip
