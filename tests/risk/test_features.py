from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.ledger.columns import to_microseconds
from clearway.risk import pasts, tables
from clearway.risk.columns import columns_of
from clearway.risk.features import (
    COLUMN,
    FEATURES,
    NAMES,
    compute,
    is_preferential,
    matrix_of,
    reads,
    spreads,
)
from clearway.risk.formats.history import conform
from clearway.risk.goods import Beside, goods_of, importer_of
from clearway.risk.history import SCALE, day_of, log_steps, trace
from clearway.risk.model import Goods, Past
from clearway.risk.network import register
from clearway.risk.replay import replay
from clearway.risk.scoring import Scorer, rules_only

from .border import accept, declaration, examine
from .world import BEGIN, history

FOREVER = 1 << 62


def goods(**changed: Any) -> Goods:
    fields: dict[str, Any] = {
        "mrn": "26CW1",
        "item": 1,
        "day": 20_000,
        "importer": "GH1",
        "declarant": "GHB1",
        "exporter": "X1",
        "office": "GHTEM",
        "hs": "030214",
        "origin": "NO",
        "dispatch": "NO",
        "preference": "100",
        "net_mass_kg": 100.0,
        "value_eur": 650.0,
        "duty_rate": 10.0,
        "packages": 10,
        "transport_mode": "1",
        "description": "Fresh Atlantic salmon",
        "certificates": 1.0,
    }
    return Goods(**{**fields, **changed})


def row_of(*items: Goods, known: dict[int, Past] | None = None) -> list[float]:
    return compute([trace(each) for each in items], known or {})[0]


def test_every_feature_has_a_name_of_its_own_and_a_sentence() -> None:
    assert len(set(NAMES)) == len(NAMES)
    assert all(feature.text.endswith(".") and feature.idea for feature in FEATURES)
    assert len(row_of(goods())) == len(NAMES)


def test_what_is_unknown_is_nan_and_never_fails() -> None:
    nan = math.nan
    row = row_of(
        goods(
            net_mass_kg=0.0,
            value_eur=nan,
            duty_rate=nan,
            packages=0,
            exporter="",
            importer="",
            origin="",
            dispatch="",
            description="",
            transport_mode="",
            certificates=nan,
        )
    )
    for name in ("price_log", "price_z_hs6", "mass_log", "duty_log", "exporter_rate", "importer_n"):
        assert math.isnan(row[COLUMN[name]]), name
    assert row[COLUMN["is_vague"]] == 1.0


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -1.0, 0.0, 1e-300, 1e300])
@pytest.mark.parametrize("mass", [math.nan, math.inf, -1.0, 0.0, 1e-300, 1e300])
def test_hostile_numbers_give_a_row_without_infinities(value: float, mass: float) -> None:
    row = row_of(goods(value_eur=value, net_mass_kg=mass))
    assert not any(math.isinf(number) for number in row)


def test_a_new_trader_has_no_past_and_the_rate_of_the_border() -> None:
    row = row_of(goods())
    assert row[COLUMN["importer_n"]] == 0.0
    assert row[COLUMN["importer_rate"]] == row[COLUMN["border_rate"]] == pytest.approx(0.05)
    assert row[COLUMN["importer_age_days"]] == 0.0
    assert math.isnan(row[COLUMN["importer_idle_days"]])


def test_spreads_of_a_price_half_the_usual_are_negative() -> None:
    steps = [log_steps(price) or 0 for price in (6.0, 6.5, 7.0, 6.2, 6.8)]
    past = Past(5, 0, 0, 5, sum(steps), sum(s * s for s in steps), first_day=1, last_day=1)
    assert spreads(log_steps(3.2), past) < -1.5
    assert abs(spreads(log_steps(6.5), past)) < 0.1
    assert math.isnan(spreads(None, past))
    assert math.isnan(spreads(log_steps(3.2), past._replace(logs=2)))


@given(st.lists(st.integers(-12 * SCALE, 12 * SCALE), min_size=3, max_size=50))
def test_spreads_agree_with_a_plain_computation(steps: list[int]) -> None:
    past = Past(0, 0, 0, len(steps), sum(steps), sum(s * s for s in steps))
    logs = np.array(steps) / SCALE
    variance = (((logs - logs.mean()) ** 2).sum() + 0.25 * 5) / (len(steps) - 1 + 5)
    expected = np.clip((steps[0] / SCALE - logs.mean()) / math.sqrt(variance), -12, 12)
    assert spreads(steps[0], past) == pytest.approx(expected, abs=1e-6)


def test_a_preference_code_that_starts_with_one_claims_none() -> None:
    assert [is_preferential(code) for code in ("", "100", "300", "400")] == [
        False,
        False,
        True,
        True,
    ]


# The same to the last bit: training's walk through history, and the live border.


class Border:
    """Lodges rows of history at a real store and reads their features live."""

    def __init__(self, store: Any) -> None:
        self.store = store
        self.rows: list[list[float]] = []

    def run(self, frame: pl.DataFrame, scorer: Scorer, *, read: bool) -> None:
        groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in frame.to_dicts():
            groups[row["mrn"]].append(row)
        events = [(rows[0]["accepted_at"], 1, mrn) for mrn, rows in groups.items()]
        events += [
            (rows[0]["known_at"], 0, mrn) for mrn, rows in groups.items() if rows[0]["examined"]
        ]
        for at, is_acceptance, mrn in sorted(events):
            self.store.now = at
            if is_acceptance:
                self._accept(mrn, groups[mrn], at, scorer, read)
            else:
                guilty = {
                    row["item"]: row["extra_revenue"] for row in groups[mrn] if row["illicit"]
                }
                self.store.act(examine, mrn, tuple(guilty), at, "customs", guilty)

    def _accept(
        self, mrn: str, rows: list[dict[str, Any]], at: datetime, scorer: Scorer, read: bool
    ) -> None:
        declared = declaration(rows)
        fact = self.store.act(accept, mrn, declared, at)
        if not read:
            return
        duty = {row["item"]: row["duty_rate"] for row in rows}
        with self.store.engine.begin() as connection:
            importer = register.find(connection, importer_of(declared))
            beside = Beside(kin=importer.kin, address=importer.address)
            items = [trace(each) for each in goods_of(mrn, declared, day_of(at), duty, beside)]
            known = pasts.read(connection, items, fact, scorer)
        self.rows += compute(items, known)


def whole_examinations(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the history with all items of a declaration examined together, or none."""
    first = pl.col("examined", "known_at").first().over("mrn")
    frame = frame.with_columns(first)
    illicit = pl.when("examined").then(pl.col("illicit").fill_null(False)).otherwise(None)
    # Money and mass as a declaration holds them, so that both sides read the same digits.
    digits = (pl.col("net_mass_kg").round(6), pl.col("value", "extra_revenue").round(4))
    certificates = pl.lit(0.0).alias("certificates")
    # Nobody said that two are the same people, so each is its own.
    kin = pl.col("importer").alias("kin")
    return frame.with_columns(illicit.alias("illicit"), *digits, certificates, kin)


def batch(frame: pl.DataFrame) -> np.ndarray:
    return replay(conform(frame), FOREVER).matrix


def test_live_features_equal_those_of_training_to_the_last_bit(store: Callable[..., Any]) -> None:
    frame = whole_examinations(history(300, seed=1, days=20))
    border = Border(store(tables.PROJECTIONS))
    border.run(frame, rules_only(), read=True)
    assert np.array_equal(np.array(border.rows), batch(frame), equal_nan=True)


def test_a_snapshot_and_what_came_since_equal_one_walk(store: Callable[..., Any]) -> None:
    frame = whole_examinations(history(400, seed=2, days=20))
    cut_off = BEGIN + timedelta(days=12)
    before = frame.filter(pl.col("accepted_at") < cut_off)
    until = to_microseconds(cut_off)
    scorer = rules_only()
    scorer.snapshot = replay(conform(before), until).snapshot(day_of(cut_off))
    scorer.cut_off_day = day_of(cut_off)
    border = Border(store(tables.PROJECTIONS))
    # The live border saw the days before the cut-off too: they must not be counted twice.
    border.run(frame, scorer, read=True)
    later = frame["accepted_at"].to_numpy() >= np.datetime64(cut_off.replace(tzinfo=None))
    live = np.array(border.rows)[later]
    assert np.array_equal(live, batch(frame)[later], equal_nan=True)


# Nothing of the future.


@pytest.mark.parametrize("share", [0.3, 0.7])
def test_shuffling_the_labels_of_the_future_changes_no_feature_of_the_past(share: float) -> None:
    frame = history(1_500, seed=4, days=60)
    moment = BEGIN + timedelta(days=60 * share)
    future = frame["known_at"].fill_null(BEGIN) > moment
    rng = np.random.default_rng(0)
    shuffled = frame.with_columns(
        pl.when(future & pl.col("examined"))
        .then(pl.Series(rng.random(len(frame)) < 0.5))
        .otherwise(pl.col("illicit"))
        .alias("illicit")
    )
    assert not shuffled["illicit"].equals(frame["illicit"])
    past = (frame["accepted_at"] <= moment).to_numpy()
    one, other = batch(frame), batch(shuffled)
    assert np.array_equal(one[past], other[past], equal_nan=True)
    assert not np.array_equal(one[~past], other[~past], equal_nan=True)


def test_rows_of_the_future_change_no_feature_of_the_past() -> None:
    frame = history(1_500, seed=5, days=60)
    moment = BEGIN + timedelta(days=30)
    past = frame.filter(pl.col("accepted_at") <= moment)
    assert np.array_equal(batch(frame)[: len(past)], batch(past), equal_nan=True)


def test_a_declaration_does_not_see_itself() -> None:
    frame = history(1, seed=6)
    twice = pl.concat([frame, frame.with_columns(pl.lit(2, dtype=pl.Int64).alias("item"))])
    matrix = batch(twice)
    assert matrix[:, COLUMN["importer_n"]].tolist() == [0.0, 0.0]


def test_the_formula_asks_for_no_field_that_it_does_not_state() -> None:
    columns = columns_of(conform(history(120, seed=9, days=20)), FOREVER)
    zeros = np.zeros(len(columns), dtype=np.int64)
    read: dict[str, set[str]] = {}

    class Asked(dict[str, Any]):
        def __init__(self, slot: str) -> None:
            self.slot = slot

        def __missing__(self, name: str) -> Any:
            read.setdefault(self.slot, set()).add(name)
            return zeros

    matrix_of(columns.declared, Asked, lambda slot: zeros == 0)
    # Of packages the results are needed, to take out what was found, and not read.
    stated = {slot: set(reads(slot)) for slot in read}
    stated["package"] -= {"examined", "found"}
    assert read == stated
