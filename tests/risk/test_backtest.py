"""Back-tests: the same hits as the live engine, figures by hand, estimates that are not biased."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from clearway.errors import MalformedMessage, RuleViolation
from clearway.ledger.columns import from_microseconds
from clearway.risk.backtest.estimates import is_covered, rate_of, total_of
from clearway.risk.backtest.fields import FIELDS, columns_of
from clearway.risk.backtest.run import run, with_features
from clearway.risk.formats import history as files
from clearway.risk.formats import profiles
from clearway.risk.history import trace
from clearway.risk.lists.model import Lists, Subject, key_of, keys_of_goods, keys_of_parties
from clearway.risk.model import Capacities, Capacity, Header, Profile
from clearway.risk.replay import replay
from clearway.risk.rules import Profiles
from clearway.risk.trial import declarations
from clearway.risk.variables import variables_of
from clearway.risk.words import is_vague

from .test_rules import profile
from .world import history

HEADER = Header("import", 0, ())
EXPRESSIONS = [
    *(one.expression for one in profiles.sample().profiles),
    "declaration.items > 1 && item.number == 2",
    "declaration.value_eur > 3.0 * item.value_eur",
    "item.price_eur_kg > 20.0 && declaration.transport_mode == '4'",
    "100 / (item.packages - 30) > 3",
    'item.description.matches("^fresh") && declaration.dispatch == "CN"',
]


@pytest.fixture(scope="module")
def frame() -> pl.DataFrame:
    return with_features(files.conform(history(2_500, seed=5)))


def rules() -> list[Profile]:
    return [profile(expression, f"P{place}") for place, expression in enumerate(EXPRESSIONS)]


def by_engine(frame: pl.DataFrame, chosen: list[Profile]) -> dict[str, tuple[int, int]]:
    """Return hits and failures of each rule, as the live engine counts them."""
    rows = files.seen(files.conform(frame), 1 << 62)
    matrix = replay(files.conform(frame), 1 << 62).matrix
    program = Profiles(chosen)
    hits, failed = (
        dict.fromkeys((p.id for p in chosen), 0),
        dict.fromkeys((p.id for p in chosen), 0),
    )
    for start, end in declarations(rows):
        items = [trace(row.goods) for row in rows[start:end]]
        seen = variables_of(items, matrix[start:end].tolist(), HEADER)
        matched = program.match(seen, from_microseconds(rows[start].at))
        for hit in matched.hits:
            hits[hit.id] += 1
        for id in matched.failed:
            failed[id] += 1
    return {id: (hits[id], failed[id]) for id in hits}


def test_a_back_test_hits_what_the_live_engine_hits(frame: pl.DataFrame) -> None:
    found = {r.id: (r.hits, r.failed) for r in run(rules(), frame).rules}
    assert found == by_engine(frame, rules())
    assert sum(hits > 0 for hits, _ in found.values()) >= 9
    assert sum(failed > 0 for _, failed in found.values()) == 1


def test_columns_say_what_profiles_see(frame: pl.DataFrame) -> None:
    rows = files.seen(files.conform(frame), 1 << 62)
    single = pl.concat(
        [frame.filter(pl.col("item") == 1).unique("mrn", keep="first", maintain_order=True)]
    )
    wanted = [n for n in FIELDS if n.startswith("item.") and n != "item.watch"]
    vague = frozenset(text for text in frame["description"].to_list() if is_vague(text))
    expressions = columns_of(vague, is_single=True)
    table = single.select(expressions[name].alias(name) for name in wanted)
    matrix = replay(files.conform(frame), 1 << 62).matrix
    by_place = {(row.goods.mrn, row.goods.item): n for n, row in reversed(list(enumerate(rows)))}
    for mrn, seen in zip(single["mrn"], table.iter_rows(named=True), strict=True):
        place = by_place[mrn, 1]
        one = variables_of([trace(rows[place].goods)], matrix[place : place + 1].tolist(), HEADER)[
            "items"
        ][0]
        assert {f"item.{name}": value for name, value in one.items() if name != "watch"} == seen


def test_unknown_values_are_the_same_in_both() -> None:
    blank: dict[str, Any] = {
        "importer": None, "exporter": None, "preference": None, "net_mass_kg": None,
        "value": None, "statistical_value": float("nan"), "currency": "XXX", "packages": None,
        "duty_rate": None, "description": None, "dispatch": None,
    }  # fmt: skip
    frame = history(60, seed=1).with_columns(
        pl.lit(value).cast(history(1).schema[name]).alias(name) for name, value in blank.items()
    )
    asked = [
        "item.value_eur == -1.0 && item.net_mass_kg == -1.0 && item.price_eur_kg == -1.0",
        'item.packages == 0 && item.duty_rate == -1.0 && declaration.importer == ""',
        'item.is_vague && item.description == "" && !item.is_preferential',
        "item.price_spreads == 0.0 && declaration.value_eur == -1.0",
    ]
    chosen = [profile(each, f"P{place}") for place, each in enumerate(asked)]
    found = {r.id: (r.hits, r.failed) for r in run(chosen, frame).rules}
    assert found == by_engine(frame, chosen)
    assert all(hits > 0 for hits, _ in found.values())


def test_figures_of_a_small_history_are_those_made_by_hand() -> None:
    frame = history(200, seed=2).unique("mrn", keep="first", maintain_order=True).head(6)
    frame = frame.with_columns(
        pl.Series("item", [1] * 6),
        pl.Series("office", ["A", "A", "A", "B", "B", "B"]),
        pl.Series("origin", ["NO", "NO", "CN", "CN", "CN", "CN"]),
        pl.Series("packages", [1, 9, 9, 9, 9, 1]),
        pl.Series("examined", [True, True, True, False, True, True]),
        pl.Series("illicit", [True, True, False, None, False, False]),
        pl.Series("extra_revenue", [500.0, 70.0, 0.0, 0.0, 0.0, 0.0]),
        pl.Series("stratum", ["random", "score", "score", "none", "none", "score"]),
        pl.lit(frame["accepted_at"][0]).alias("accepted_at"),
    )
    nine, known = profile("item.packages == 9", "NINE"), profile('item.origin == "NO"', "NO")
    capacities = Capacities(Capacity(red=1), {"B": Capacity(red=5)})
    (found,) = run([nine], frame, live=[known], capacities=capacities).rules
    assert (found.hits, found.precision.of, found.precision.count, found.new) == (4, 3, 1, 3)
    assert found.revenue == 70.0
    assert found.found is None  # nobody logged how likely an examination was
    assert [(one.other, one.both) for one in found.overlaps] == [("model", 2), ("NO", 1)]
    loads = {one.office: (one.mean, one.most, one.capacity, one.over) for one in found.loads}
    assert loads == {"A": (2.0, 2, 1, 1), "B": (2.0, 2, 5, 0)}
    origins = {one.name: (one.selected.count, one.selected.of) for one in found.origins}
    assert origins == {"CN": (3, 4), "NO": (1, 2)}
    (month,) = found.months
    assert (month.declarations, month.hits, month.examined, month.found) == (6, 4, 3, 1)


def test_an_origin_that_is_picked_more_often_for_less_is_asked_about() -> None:
    rng = np.random.default_rng(1)
    frame = history(4_000, seed=4).unique("mrn", keep="first", maintain_order=True)
    rows = len(frame)
    chosen = np.where(frame["origin"].to_numpy() == "VN", 0.9, 0.1) > rng.random(rows)
    illicit = np.where(frame["origin"].to_numpy() == "VN", 0.01, 0.6) > rng.random(rows)
    frame = frame.with_columns(
        pl.Series("item", [1] * rows),
        pl.Series("packages", chosen.astype(np.int64)),
        pl.Series("illicit", illicit),
        examined=pl.lit(True),
    )
    (found,) = run([profile("item.packages == 1", "P")], frame).rules
    assert [one.name for one in found.origins if one.asks_why] == ["VN"]


def test_what_was_never_examined_is_estimated_without_bias_and_the_naive_share_is_not() -> None:
    rng = np.random.default_rng(7)
    misses, naive = [], []
    for _ in range(300):
        guilty = rng.random(4_000) < 0.1
        chance = np.where(guilty, 0.5, 0.05)  # inspectors are good at it
        seen = rng.random(4_000) < chance
        estimate = total_of(guilty.astype(np.float64), chance, seen)
        assert estimate is not None
        misses.append(estimate.low <= guilty.sum() <= estimate.high)
        naive.append(rate_of(int(guilty[seen].sum()), int(seen.sum())).low > guilty.mean())
    assert np.mean(misses) > 0.9
    assert np.mean(naive) > 0.99


@pytest.mark.parametrize("sampled", [1.0, 0.2])
@pytest.mark.parametrize("odds", [0.004, 0.02])
def test_few_draws_among_certain_selections_leave_an_interval_that_holds_the_truth(
    odds: float, sampled: float
) -> None:
    rng = np.random.default_rng(11)
    held, normal, revenue, impossible = [], [], [], []
    for _ in range(300):
        guilty = rng.random(1_000) < np.where(np.arange(1_000) < 30, 0.5, 0.02)
        brought = guilty * rng.lognormal(6.0, 1.2, 1_000)
        chance = np.where(np.arange(1_000) < 30, 1.0, odds)  # the rule before it, and the draw
        mine = rng.random(1_000) < sampled
        seen = (rng.random(1_000) < chance)[mine]
        values = guilty.astype(np.float64)
        found = total_of(values[mine], chance[mine], seen, sampled=sampled)
        money = total_of(brought[mine], chance[mine], seen, sampled=sampled, usual=800.0)
        if found is None or money is None:
            continue
        assert values[mine][seen].sum() <= found.low <= found.value <= found.high
        # In a sample, those outside it may all be guilty, or none.
        assert found.high <= values[mine][seen].sum() + (mine.sum() / sampled - seen.sum()) + 1e-6
        held.append(found.low <= guilty.sum() <= found.high)
        revenue.append(money.low <= brought.sum() <= money.high)
        weight = 1.0 / chance[mine][seen]
        mean = float(weight @ values[mine][seen]) / weight.sum()
        missed = ((1.0 - 1.0 / weight) * (weight * (values[mine][seen] - mean)) ** 2).sum()
        error = 1.96 * missed**0.5 / weight.sum()
        normal.append(abs(guilty.mean() - mean) <= error)
        impossible.append(mean * 1_000 < values[mine][seen].sum())
    assert len(held) > 290
    assert np.mean(held) > 0.94
    assert np.mean(revenue) > 0.9
    assert np.mean(normal) < 0.8  # what a normal interval of the mean would have claimed
    # Nor is it ever below what was found, as that mean was.
    assert np.any(impossible) or sampled < 1.0


def test_awaited_results_and_unknown_chances_are_neither_nothing_nor_like_the_rest() -> None:
    values = np.array([1.0] * 8 + [0.0] * 8)
    seen = np.array([True] * 12 + [False] * 4)
    certain = total_of(values, np.ones(16), seen)
    assert certain is not None
    assert certain.value == pytest.approx(8 * 16 / 12)
    assert certain.high <= 12.0
    assert total_of(values, np.full(16, np.nan), seen) is None
    mixed = np.array([np.nan] * 4 + [1.0] * 8 + [np.nan] * 4)
    known = total_of(values, mixed, seen)
    assert known is not None
    assert (known.value, known.low, known.high) == (8.0, 8.0, 8.0)
    assert is_covered(mixed, seen).sum() == 12


def test_an_expression_outside_the_tree_is_judged_by_the_engine_and_says_so(
    frame: pl.DataFrame,
) -> None:
    columns = profile("item.packages > 20", "COLUMNS")
    engine = profile("[item.packages][0] > 20", "ENGINE")
    found = {one.id: one for one in run([columns, engine], frame).rules}
    assert found["ENGINE"].hits == found["COLUMNS"].hits > 0
    assert "brackets" in found["ENGINE"].why_sampled
    assert found["COLUMNS"].why_sampled == ""


def test_a_sample_is_scaled_up_in_every_figure_and_its_rates_are_not(
    frame: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clearway.risk.backtest.run.SAMPLE_ITEMS", len(frame) // 4)
    columns = profile("item.packages > 20", "COLUMNS")
    engine = profile("[item.packages][0] > 20", "ENGINE")
    other = profile("item.packages > 25", "OTHER")
    opened = frame.with_columns(examined=True, illicit=True, extra_revenue=100.0)
    found = {one.id: one for one in run([columns, engine], opened, live=[other]).rules}
    whole, part = found["COLUMNS"], found["ENGINE"]
    rows = sum(one.selected.of for one in whole.origins)
    assert (whole.sampled, part.sampled) == (1.0, pytest.approx(0.25, abs=0.05))
    for scaled, true in (
        (part.hits, whole.hits),
        (sum(one.hits for one in part.months), whole.hits),
        (part.overlaps[0].both, whole.overlaps[0].both),
        (part.overlaps[0].share_of_other, 1.0),
        (part.overlaps[0].share, whole.overlaps[0].share),
        (part.revenue, whole.revenue),
    ):
        assert scaled == pytest.approx(true, rel=0.25)
    largest, same = whole.origins[0], part.origins[0]
    assert largest.selected.rate is not None and same.selected.rate is not None
    assert same.selected.low <= largest.selected.rate <= same.selected.high
    # No narrower than what was looked at allows.
    assert sum(one.selected.of for one in part.origins) == pytest.approx(rows / 4, rel=0.1)


def test_a_long_history_is_read_in_parts_that_cut_no_declaration(
    frame: pl.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame.head(1_000).write_parquet(tmp_path / "1.parquet")
    frame.slice(1_000).write_parquet(tmp_path / "2.parquet")
    whole = run(rules(), frame)
    monkeypatch.setattr("clearway.risk.backtest.source.BATCH_ROWS", 7)
    assert run(rules(), tmp_path) == whole


def test_a_column_that_one_file_lacks_is_not_read_from_the_others(
    frame: pl.DataFrame, tmp_path: Path
) -> None:
    bare = frame.drop("stratum", "propensity")
    frame.head(1_000).write_parquet(tmp_path / "1.parquet")
    bare.slice(1_000).write_parquet(tmp_path / "2.parquet")
    assert run(rules(), tmp_path) == run(rules(), bare) != run(rules(), frame)
    bare.slice(1_000).drop("office").write_parquet(tmp_path / "2.parquet")
    with pytest.raises(MalformedMessage, match="lacks the columns office"):
        run(rules(), tmp_path)


def test_a_rule_that_asks_what_no_history_tells_says_so(frame: pl.DataFrame) -> None:
    (found,) = run([profile('"N851" in declaration.documents', "DOCS")], frame).rules
    assert (found.hits, found.untold) == (0, ("declaration.documents",))


def test_lists_are_tried_by_the_same_keys_as_at_the_border(frame: pl.DataFrame) -> None:
    importer = str(frame["importer"][0])
    entries = {
        "firms": (Subject.PARTY, [importer]),
        "codes": (Subject.HS, ["0302", "61"]),
        "lands": (Subject.ORIGIN, ["VN"]),
        "words": (Subject.TEXT, ["Fresh  PRODUCE"]),
    }
    lists = Lists(
        {n: frozenset(key_of(s, v) for v in values) for n, (s, values) in entries.items()},
        {name: subject for name, (subject, _) in entries.items()},
    )
    chosen = [
        profile(f'"{name}" in {"declaration" if name == "firms" else "item"}.watch', name)
        for name in entries
    ]
    found = {one.id: one.hits for one in run(chosen, frame, lists=lists).rules}
    rows = files.seen(files.conform(frame), 1 << 62)
    wanted = dict.fromkeys(entries, 0)
    for start, end in declarations(rows):
        goods = [row.goods for row in rows[start:end]]
        keys = set().union(keys_of_parties(goods[0]), *map(keys_of_goods, goods))
        for name in entries:
            wanted[name] += not keys.isdisjoint(lists.members[name])
    assert found == wanted
    assert all(wanted.values())


def test_a_history_that_cannot_be_used_is_refused(tmp_path: Path, frame: pl.DataFrame) -> None:
    with pytest.raises(MalformedMessage, match="no Parquet"):
        run(rules(), tmp_path)
    with pytest.raises(MalformedMessage, match="lacks"):
        run(rules(), frame.drop("office"))
    with pytest.raises(RuleViolation, match="empty"):
        run(rules(), frame.clear())
    with pytest.raises(RuleViolation, match="none"):
        run([], frame)
