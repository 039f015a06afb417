"""A history as columns of numbers: what engines count and what the formula of the features reads.

The same as `history.trace` for one item, for all rows at once; a test holds both equal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from clearway.risk import keys
from clearway.risk.exchange import EUR_PER_UNIT
from clearway.risk.history import MOST_STEPS, RECENT_DAYS, SCALE, Trace
from clearway.risk.words import digits_of, is_vague, telling, written

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

US_PER_DAY = 86_400_000_000
NO_STEPS = -(1 << 40)
"""Logarithm of what is unknown."""


@dataclass(frozen=True, slots=True)
class Declared:
    """What items declare, one row each, shape (rows,) everywhere.

    Args:
        day: of acceptance, days since 1970.
        value, mass, packages, duty_rate, certificates, quantity: NaN or <= 0 unknown.
        price, package: logarithms in `history.SCALE`-ths, `NO_STEPS` unknown.
        mode: of transport; NaN unknown.
        is_preferential, is_indirect, is_vague: flags.
        has_exporter: an exporter is named.
        letters: characters of the description.
        items: of its declaration; `total`: value of them.
        signals: bits, -1 unknown.
    """

    day: Ints
    value: Floats
    mass: Floats
    packages: Ints
    duty_rate: Floats
    certificates: Floats
    quantity: Floats
    price: Ints
    package: Ints
    mode: Floats
    is_preferential: Flags
    is_indirect: Flags
    is_vague: Flags
    has_exporter: Flags
    letters: Floats
    items: Floats
    total: Floats
    signals: Ints


@dataclass(frozen=True, slots=True)
class Results:
    """Results of examinations, one a row, in the order in which they became known.

    Args:
        row: of the history.
        since: number of the first declaration that may know the result.
        until: number of the first declaration for which it is recent no more.
        day: on which it became known.
        found: 1 not conform, 0 conform.
        revenue: whole units, 0 without a find.
    """

    row: Ints
    since: Ints
    until: Ints
    day: Ints
    found: Ints
    revenue: Ints


@dataclass(frozen=True, slots=True)
class Columns:
    """A history, ready to be counted.

    Args:
        declaration: number of the declaration of each row, from 0, rising.
        declared: what items declare.
        parts: hashes of `keys.PARTS`.
        results: of examinations.
    """

    declaration: Ints
    declared: Declared
    parts: Mapping[str, keys.Bits]
    results: Results

    def __len__(self) -> int:
        return len(self.declaration)

    def keys(self, slot: int) -> keys.Keys:
        """Return the keys of a slot, shape (rows,)."""
        return keys.column_of(slot, self.parts, len(self))

    def is_known(self, slot: int) -> Flags:
        """Return whether each row has the slot's key."""
        return keys.known_of(slot, self.parts, len(self))


def steps_of(quotient: Floats) -> Ints:
    """Return natural logarithms in `SCALE`-ths; `NO_STEPS` for what has none."""
    usable = (quotient > 0.0) & (quotient < np.inf)
    logs = np.rint(np.log(np.where(usable, quotient, 1.0)) * SCALE)
    return np.where(usable, logs, NO_STEPS).astype(np.int64)


def bounded_steps(quotient: Floats) -> Ints:
    """Return the same within bounds, as `history.log_steps` does."""
    steps = steps_of(quotient)
    return np.where(steps == NO_STEPS, NO_STEPS, steps.clip(-MOST_STEPS, MOST_STEPS))


def columns_of(frame: pl.DataFrame, until: int) -> Columns:
    """Return the columns of a history.

    Args:
        frame: of `formats.history.conform`.
        until: microseconds since 1970; a result known from then on is not known.
    """
    at = frame["accepted_at"].dt.epoch("us").to_numpy().astype(np.int64)
    first = _firsts(frame)
    declaration = np.cumsum(first) - 1
    description = _coded(frame["description"])
    declared = _declared(frame, at // US_PER_DAY, declaration, description)
    results = _results(frame, at, at[first], until)
    return Columns(declaration, declared, _parts(frame, declared.mass, description), results)


def columns_of_items(items: Sequence[Trace]) -> Declared:
    """Return what the items of one declaration declare."""
    goods = [each.goods for each in items]
    # A price of nothing is an unknown one, as in a history.
    value = np.array([each.value_eur if each.value_eur > 0.0 else np.nan for each in goods])
    # One after the other, as a whole history is summed: sums in another order differ in a bit.
    total = sum(each for each in value.tolist() if each > 0.0)
    modes = [float(g.transport_mode) if g.transport_mode.isdecimal() else np.nan for g in goods]
    return Declared(
        day=np.array([each.day for each in goods], dtype=np.int64),
        value=value,
        mass=np.array([each.net_mass_kg for each in goods]),
        packages=np.array([each.packages for each in goods], dtype=np.int64),
        duty_rate=np.array([each.duty_rate for each in goods]),
        certificates=np.array([each.certificates for each in goods]),
        quantity=np.array([each.quantity for each in goods]),
        price=_steps(each.price for each in items),
        package=_steps(each.package for each in items),
        mode=np.array(modes),
        is_preferential=np.array([is_preferential(each.preference) for each in goods]),
        is_indirect=np.array([bool(g.dispatch) and g.origin != g.dispatch for g in goods]),
        is_vague=np.array([each.is_vague for each in items]),
        has_exporter=np.array([bool(each.exporter) for each in goods]),
        letters=np.array([float(len(each.description)) for each in goods]),
        items=np.full(len(goods), float(len(goods))),
        total=np.full(len(goods), total),
        signals=np.array([each.signals for each in goods], dtype=np.int64),
    )


def is_preferential(preference: str) -> bool:
    """Return whether a preference code claims a preferential rate.

    Source: EU customs data model, preference codes: a first digit of 1 is the erga omnes rate.
    """
    return bool(preference) and preference[0] != "1"


def _steps(logs: Iterable[int | None]) -> Ints:
    return np.array([NO_STEPS if each is None else each for each in logs], dtype=np.int64)


def _firsts(frame: pl.DataFrame) -> Flags:
    mrn = frame["mrn"]
    return (mrn != mrn.shift()).fill_null(value=True).to_numpy().astype(np.bool_)


def _numbers(frame: pl.DataFrame, name: str) -> Floats:
    column = frame[name].cast(pl.Float64).fill_null(float("nan"))
    return column.to_numpy().astype(np.float64)


def _value(frame: pl.DataFrame) -> Floats:
    value, other = _numbers(frame, "value"), _numbers(frame, "statistical_value")
    rates = frame["currency"].fill_null("").replace_strict(
        list(EUR_PER_UNIT), list(EUR_PER_UNIT.values()), default=float("nan"),
        return_dtype=pl.Float64,
    )  # fmt: skip
    worth: Floats = np.where(value > 0.0, value, other) * rates.to_numpy()
    return worth


def _declared(frame: pl.DataFrame, day: Ints, declaration: Ints, description: _Coded) -> Declared:
    value, mass = _value(frame), _numbers(frame, "net_mass_kg")
    packages = frame["packages"].fill_null(0).to_numpy().astype(np.int64)
    count = int(declaration[-1]) + 1 if len(declaration) else 0
    total: Floats = np.bincount(declaration, np.where(value > 0.0, value, 0.0), count).astype(
        np.float64
    )
    origin, dispatch = frame["origin"].fill_null(""), frame["dispatch"].fill_null("")
    preference = frame["preference"].fill_null("")
    claimed = (preference != "") & (preference.str.slice(0, 1) != "1")
    mode = frame["transport_mode"].fill_null("")
    mode = pl.select(pl.when(mode.str.contains(r"^[0-9]+$")).then(mode)).to_series()
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        price = bounded_steps(np.where(mass > 0.0, value / mass, np.nan))
        package = bounded_steps(np.where(packages > 0, mass / packages, np.nan))
    return Declared(
        day=day,
        value=value,
        mass=mass,
        packages=packages,
        duty_rate=_numbers(frame, "duty_rate"),
        certificates=_numbers(frame, "certificates"),
        quantity=_numbers(frame, "quantity"),
        price=price,
        package=package,
        mode=mode.cast(pl.Float64).fill_null(float("nan")).to_numpy(),
        is_preferential=claimed.to_numpy(),
        is_indirect=((dispatch != "") & (origin != dispatch)).to_numpy(),
        is_vague=description.each(is_vague, np.bool_),
        has_exporter=(frame["exporter"].fill_null("") != "").to_numpy(),
        letters=description.each(len, np.float64),
        items=np.bincount(declaration, minlength=count)[declaration].astype(np.float64),
        total=total[declaration],
        signals=frame["signals"].fill_null(-1).to_numpy().astype(np.int64),
    )


@dataclass(frozen=True, slots=True)
class _Coded:
    """A column of texts: the distinct ones, and which of them each row has."""

    texts: list[str]
    of: npt.NDArray[np.integer[Any]]

    def each(self, work: Callable[[str], object], dtype: Any) -> npt.NDArray[Any]:
        """Return what work makes of each row's text, done once for each distinct one."""
        return np.array([work(text) for text in self.texts], dtype=dtype).take(self.of)

    def bits(self, form: Callable[[str], str] = str) -> keys.Bits:
        """Return the hash of each row's text in some form."""
        return self.each(lambda text: keys.bits_of(form(text)), np.uint64)


def _coded(column: pl.Series) -> _Coded:
    if column.null_count() == len(column):
        return _Coded([""], np.zeros(len(column), dtype=np.int64))
    texts = column.fill_null("")
    distinct = texts.unique()
    return _Coded(distinct.to_list(), texts.cast(pl.Enum(distinct)).to_physical().to_numpy())


def _parts(frame: pl.DataFrame, mass: Floats, description: _Coded) -> dict[str, keys.Bits]:
    made = {name: _coded(frame[name]).bits() for name in keys.PARTS if name in _AS_WRITTEN}
    code = _coded(frame["hs"])
    made["hs"] = code.bits()
    for digits in (2, 4, 6):
        made[f"hs{digits}"] = code.bits(itemgetter(slice(digits)))
    made["address"] = _coded(frame["address"]).bits(written)
    made["phone"] = _coded(frame["phone"]).bits(digits_of)
    for place in range(keys.WORDS):
        made[f"word_{place + 1}"] = description.bits(_word(place))
    made["mass"] = keys.mass_column(mass)
    return made


_AS_WRITTEN = frozenset(
    ("importer", "declarant", "exporter", "office", "origin", "dispatch", "preference", "kin")
)


def _word(place: int) -> Callable[[str], str]:
    def word(description: str) -> str:
        words = telling(description)
        return words[place] if place < len(words) else ""

    return word


def _results(frame: pl.DataFrame, at: Ints, opened: Ints, until: int) -> Results:
    """Return the results that became known before `until`.

    Args:
        at: acceptance of each row; `opened` that of each declaration, both rising.
    """
    flat = frame.select(
        pl.col("examined").fill_null(value=False)
        & pl.col("illicit").is_not_null()
        & pl.col("known_at").is_not_null()
        & (pl.col("known_at").dt.epoch("us") < until)
    ).to_series()
    row = flat.arg_true().to_numpy().astype(np.int64)
    known = frame["known_at"].dt.epoch("us").fill_null(0).to_numpy().astype(np.int64)[row]
    # A result cannot be known before the goods were declared; such data is read as known at once.
    known = np.maximum(known, at[row] + 1)
    order = np.argsort(known, kind="stable")
    row, known = row[order], known[order]
    found = frame["illicit"].fill_null(value=False).to_numpy().astype(np.int64)[row]
    revenue = _numbers(frame, "extra_revenue")[row]
    counts = (revenue > 0.0) & (revenue < 1e15) & (found == 1)
    return Results(
        row=row,
        since=np.searchsorted(opened, known, side="left").astype(np.int64),
        until=np.searchsorted(
            opened // US_PER_DAY, known // US_PER_DAY + RECENT_DAYS, side="left"
        ).astype(np.int64),
        day=known // US_PER_DAY,
        found=found,
        revenue=np.rint(np.where(counts, revenue, 0.0)).astype(np.int64),
    )
