"""How fast risk learns and scores, beside the bare model: `clearway bench --only risk_speed`.

Batch is end to end: a table of declarations in, the features of each as they were then, sixty
rules, and probability, revenue and score out. Online is one declaration at a real store: pasts,
features, sixty rules, score, lane, and the explanation of a selected one. CPU time per item stands
beside rates of wall time, because it is steadier on a shared machine. The histories are made for
speed and prove no quality (`risk_history`).
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import numpy as np
import polars as pl
from sqlalchemy import Connection

from clearway.cli.bench.pairs import Figure, cpu_s, in_turns, percentile
from clearway.cli.bench.risk_history import sixty_rules, write_history
from clearway.ledger.database import open_writer
from clearway.ledger.fact import Fact, decode, encode
from clearway.ledger.tables import METADATA
from clearway.risk import goods, pasts, projections
from clearway.risk.columns import Floats
from clearway.risk.formats import history
from clearway.risk.history import day_of, trace
from clearway.risk.model import (
    CUSTOMS,
    Assessment,
    Capacities,
    Capacity,
    Channel,
    Day,
    Demands,
    Header,
    Profile,
)
from clearway.risk.network import register
from clearway.risk.replay import replay
from clearway.risk.resume import resume
from clearway.risk.rules import Profiles
from clearway.risk.scoring import Artefact, Scorer
from clearway.risk.selectivity import Known, Selectivity, judge
from clearway.risk.training import train
from clearway.terms.period import Period

_T = TypeVar("_T")

_THREADS = 2
_FOREVER = 1 << 62
_BEGIN = datetime(2020, 1, 1, tzinfo=UTC)
_GOAL_TRAINING_S = 120.0
_DAY_ROWS = 10_000
_EXAMINED = 0.05
_WARM = 50


@dataclass(frozen=True, slots=True)
class Took:
    """What a piece of work took: seconds of wall time, and of CPU time."""

    wall: float
    cpu: float


def measure(*, quick: bool) -> list[Figure]:
    """Return the figures of training, of batches, of a new day, and of one declaration."""
    rows, batch, singles = (60_000, 30_000, 200) if quick else (1_000_000, 300_000, 2_000)
    with TemporaryDirectory() as folder:
        frame = _history(Path(folder), rows)
        taken, artefact = _taking(lambda: _trained(frame))
        scorer = Scorer(artefact)
        return [
            _of_training(rows, taken, artefact),
            *_of_batch(frame.tail(batch), scorer),
            *_of_new_day(frame.tail(batch), scorer),
            *_of_one(Path(folder), frame, scorer, singles),
            Figure("peak memory, GB", _peak_gb(), note=f"all of the above, {rows:,} rows"),
        ]


def profiles() -> list[Profile]:
    """Return sixty rules in force for good."""
    period = Period(_BEGIN, None)
    return [
        Profile(f"R{place:02d}", f"Rule {place}.", text, Channel.RED, CUSTOMS, False, period)
        for place, text in enumerate(sixty_rules())
    ]


def _history(folder: Path, rows: int) -> pl.DataFrame:
    """Return a history with enough to learn that the model grows to its full size."""
    write_history(folder, rows)
    frame = pl.read_parquet(folder / "*.parquet")
    chance = 0.02 + 0.3 * (pl.col("price_z_hs6") < -1.5).cast(pl.Float64)
    for name, share, odds in (("importer", 20, 4), ("exporter", 30, 3), ("hs", 25, 4)):
        chance = chance + (pl.col(name).hash(1) % share == 0).cast(pl.Float64) / odds
    rng = np.random.default_rng(7)
    examined, drawn = pl.Series(rng.random(rows) < _EXAMINED), pl.Series(rng.random(rows))
    illicit = pl.when(examined).then(drawn < chance)
    changed = frame.with_columns(
        examined=examined,
        illicit=illicit,
        extra_revenue=pl.when(illicit).then(pl.col("value") * 0.1).otherwise(0.0),
        propensity=pl.lit(_EXAMINED),
    )
    return history.conform(changed)


def _trained(frame: pl.DataFrame) -> Artefact:
    last = frame["accepted_at"].max()
    now = last if isinstance(last, datetime) else _BEGIN
    return train(frame, seed=1, now=now + timedelta(days=1), threads=_THREADS)


def _of_training(rows: int, taken: Took, artefact: Artefact) -> Figure:
    card = artefact.card
    note = (
        f"{rows:,} rows, {card.labelled:,} results, {len(card.features)} features,"
        f" {card.rounds} trees; {taken.cpu:.0f} CPU-s; {_peak_gb():.1f} GB so far"
    )
    return Figure("training, s", taken.wall, "the goal for 1,000,000", _GOAL_TRAINING_S, note)


def _of_batch(frame: pl.DataFrame, scorer: Scorer) -> list[Figure]:
    matrix = replay(frame, _FOREVER).matrix
    whole: list[Took] = []

    def ours() -> float:
        whole.append(_taking(lambda: _batch(frame, scorer))[0])
        return len(frame) / whole[-1].wall

    def theirs() -> float:
        return len(frame) / _taking(lambda: scorer.predict(matrix))[0].wall

    mine, bare = in_turns(ours, theirs, turns=3)
    cpu = min(each.cpu for each in whole) / len(frame)
    note = f"{len(frame):,} rows, 60 rules, {cpu * 1e6:.0f} CPU-us each; goal 50,000/s"
    return [Figure("batch: features, rules, score, declarations/s", mine, "LightGBM", bare, note)]


def _batch(frame: pl.DataFrame, scorer: Scorer) -> tuple[Floats, Floats, Floats]:
    matrix = replay(frame, _FOREVER).matrix
    _rules_of(frame, matrix)
    return scorer.score_matrix(matrix)


def _rules_of(frame: pl.DataFrame, matrix: Floats) -> int:
    """Return how many hits sixty rules have, as columns."""
    from clearway.risk.backtest.fields import FEATURES, columns_of
    from clearway.risk.backtest.hits import judge, prepare
    from clearway.risk.features import COLUMN
    from clearway.risk.words import is_vague

    seen = frame.with_columns(pl.Series(name, matrix[:, COLUMN[name]]) for name in FEATURES)
    texts = frame["description"].unique().drop_nulls()
    vague = frozenset(text for text in texts if is_vague(text))
    starts = (frame["mrn"] != frame["mrn"].shift()).fill_null(value=True).arg_true()
    rules = [prepare(profile) for profile in profiles()]
    columns = columns_of(vague, is_single=len(starts) == len(frame))
    judge(seen, starts.to_numpy().astype(np.int32), rules, columns)
    return sum(len(part) for rule in rules for part in rule.hits)


def _of_new_day(frame: pl.DataFrame, scorer: Scorer) -> list[Figure]:
    """Return how fast a day is scored against the snapshot of years, without a walk."""
    day = frame.tail(_DAY_ROWS)
    matrix = resume(day, _FOREVER, scorer.snapshot)

    def ours() -> float:
        work = _taking(lambda: scorer.score_matrix(resume(day, _FOREVER, scorer.snapshot)))
        return len(day) / work[0].wall

    def theirs() -> float:
        return len(day) / _taking(lambda: scorer.predict(matrix))[0].wall

    mine, bare = in_turns(ours, theirs, turns=3)
    note = f"{len(day):,} declarations against {len(scorer.snapshot):,} keys"
    return [Figure("a new day: features and score, declarations/s", mine, "LightGBM", bare, note)]


def _of_one(folder: Path, frame: pl.DataFrame, scorer: Scorer, singles: int) -> list[Figure]:
    """Return how long one declaration takes at the border, and the bare model on its row."""
    declared = frame.tail(singles + _WARM).to_dicts()
    selectivity = Selectivity(scorer, Profiles(profiles()), Capacities(Capacity(red=100_000)))
    times: list[float] = []
    bare: list[float] = []
    selected = 0
    with _store(folder) as connection:
        for place, row in enumerate(declared):
            fact = _accepted(row, place)
            projections.count_accepted(connection, fact)
            start = time.perf_counter()
            found = _assess(connection, fact, selectivity)
            times.append((time.perf_counter() - start) * 1e3)
            selected += found.channel is Channel.RED
            matrix = np.zeros((1, len(scorer.card.features) if scorer.card else 0))
            start = time.perf_counter()
            scorer.predict(matrix)
            bare.append((time.perf_counter() - start) * 1e3)
    note = f"{singles:,} declarations, {selected:,} selected and explained; SQLite; goal p99 50 ms"
    return [
        Figure(
            f"online: one declaration, ms, {name}",
            percentile(times[_WARM:], share),
            "LightGBM, one row",
            percentile(bare[_WARM:], share),
            note,
        )
        for name, share in (("median", 0.5), ("p99", 0.99))
    ]


def _assess(connection: Connection, fact: Fact, selectivity: Selectivity) -> Assessment:
    """Do what `actions.assess` does between the acceptance and its own fact."""
    body = decode(fact.body, goods.Accepted)
    day = day_of(fact.occurred_at)
    importer = register.find(connection, goods.importer_of(body.declaration))
    beside = goods.Beside({1: 0}, importer.kin, importer.address)
    items = tuple(map(trace, goods.goods_of(body.mrn, body.declaration, day, {1: 10.0}, beside)))
    known = Known(
        items=items,
        pasts=pasts.read(connection, items, fact, selectivity.scorer),
        header=Header("import", 1, ()),
        demands=Demands({1: 10.0}),
        day=Day(usual_arrivals=100.0),
        now=fact.occurred_at,
    )
    return judge(selectivity, known, draw=0.999)


@contextmanager
def _store(folder: Path) -> Iterator[Connection]:
    engine = open_writer(folder / "speed.db")
    METADATA.create_all(engine)
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def _accepted(row: dict[str, Any], place: int) -> Fact:
    """Return the fact that such a declaration was accepted."""
    item = goods.AcceptedItem(
        number=1,
        hs=row["hs"],
        description=row["description"],
        origin=row["origin"],
        net_mass_kg=Decimal(f"{row['net_mass_kg']:.6f}"),
        value=goods.AcceptedMoney(Decimal(f"{row['value']:.4f}"), row["currency"]),
        packages=row["packages"],
        preference=row["preference"],
        country_of_dispatch=row["dispatch"],
    )
    declaration = goods.AcceptedDeclaration(
        declarant=goods.AcceptedParty(row["declarant"]),
        importer=goods.AcceptedParty(row["importer"]),
        exporter=goods.AcceptedParty(None, row["exporter"]),
        office=row["office"],
        transport_mode=row["transport_mode"],
        country_of_dispatch=row["dispatch"],
        items=(item,),
    )
    at = row["accepted_at"] + timedelta(days=1)
    body = encode(goods.Accepted(f"{row['mrn']}N", declaration))
    return Fact(
        place,
        "declaration.accepted/1",
        "declaration:bench",
        "customs",
        "system:bench",
        at,
        at,
        body,
    )


def _taking(work: Callable[[], _T]) -> tuple[Took, _T]:
    wall, cpu = time.perf_counter(), cpu_s()
    made = work()
    return Took(time.perf_counter() - wall, cpu_s() - cpu), made


def _peak_gb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
