"""`clearway bench risk`: ours and what an administration would pick instead, on the same rows.

    clearway bench risk                              # simulated nations, three seeds
    clearway bench risk --quick                      # a look, under a minute
    clearway bench risk --csv declarations.csv       # any table in DATE's columns
    clearway bench risk --csv folder --schema korea  # folder with train.csv and valid.csv

What these figures can and cannot prove stands in docs/design/risk-benchmark.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np

from clearway.cli.bench import risk_measure, risk_ours, risk_tables
from clearway.cli.bench.pairs import Figure
from clearway.cli.bench.peers.contest import Contest, Ranking
from clearway.cli.bench.risk_korea import Korea
from clearway.cli.bench.risk_measure import Judged, Result
from clearway.cli.bench.risk_tables import Table, Terms
from clearway.errors import InputError, RuleViolation

_OURS = "ours, probability"
_THEIRS_WITH_OURS = ", ours"
_ROWS, _QUICK_ROWS, _BRIEF_ROWS = 400_000, 20_000, 60_000
# More threads than are idle make trees slower; a look does not ask for a quiet machine.
_THREADS, _QUICK_THREADS = 2, 1


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be tried.

    Args:
        csv: a table of declarations, or the Korean folder; None: simulated nations.
        schema: `date` or `korea`.
        seeds: of the worlds.
        rows: of a world; 0: the usual number.
        test_from: first day of the test of a CSV; None: the last quarter.
        quick: smaller samples.
    """

    csv: Path | None = None
    schema: str = "date"
    seeds: tuple[int, ...] = (0, 1, 2)
    rows: int = 0
    test_from: date | None = None
    quick: bool = False


def seeds_of(text: str) -> tuple[int, ...]:
    """Return the seeds of `0,1,2`. Raises: InputError: it is no such list."""
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() and len(part) < 10 for part in parts) or len(parts) > 20:
        raise InputError(f"--seeds {text!r}: give up to 20 whole numbers, such as 0,1,2")
    return tuple(int(part) for part in parts)


def run(request: Request, *, as_json: bool) -> None:
    """Try everything, and print it.

    Raises: InputError: a table is malformed or too thin, or an extra is not installed.
    """
    from clearway.cli.bench import risk_print

    _require_extras()
    terms = _terms(request.seeds[0], quick=request.quick)
    if request.schema == "korea":
        risk_print.korea(_korea(request, terms), as_json=as_json)
        return
    if request.schema != "date":
        raise InputError(f"--schema {request.schema!r}: choose of date, korea")
    if request.csv is not None:
        table = risk_tables.from_csv(request.csv, terms, request.test_from)
        risk_print.results([try_on(table, full=not request.quick)], as_json=as_json)
        return
    risk_print.results(_worlds(request, quiet=as_json), as_json=as_json)


def _terms(seed: int, *, quick: bool) -> Terms:
    return Terms(seed, _QUICK_THREADS if quick else _THREADS, quick)


def _korea(request: Request, terms: Terms) -> Korea:
    from clearway.cli.bench import risk_korea

    if request.csv is None:
        raise InputError("--schema korea needs --csv: the folder with train.csv and valid.csv")
    return risk_korea.run(request.csv, terms)


def _worlds(request: Request, *, quiet: bool) -> list[Result]:
    from clearway.cli.output import say

    seeds = request.seeds[:1] if request.quick else request.seeds
    rows = request.rows or (_QUICK_ROWS if request.quick else _ROWS)
    found: list[Result] = []
    for examined in (True, False):
        for place, seed in enumerate(seeds):
            terms = _terms(seed, quick=request.quick)
            table = risk_tables.world(rows, terms, examined=examined)
            if not quiet:
                say(f"[dim]{table.name} ...[/]")
            found.append(try_on(table, full=examined and not place and not request.quick))
    return found


def measure(*, quick: bool) -> list[Figure]:
    """Return precision at 5 % of ours beside the best peer, for the whole bench.

    Without the extra `peers` there is nothing to set beside, and no figure;
    `clearway bench risk` says what to install.
    """
    if _missing():
        return []
    rows = _QUICK_ROWS if quick else _BRIEF_ROWS
    table = risk_tables.world(rows, _terms(0, quick=True), examined=True)
    result = try_on(table, full=False)
    over = result.gains[0]
    reached = {each.of: each.at_5 for each in result.judged}
    note = f"{table.name}; `clearway bench risk` for all peers and figures"
    return [Figure("precision at 5 %", reached[_OURS], over.over, reached[over.over], note)]


def try_on(table: Table, *, full: bool) -> Result:
    """Return what ours and all peers reach on one table.

    Args:
        table: to be tried.
        full: with the peers on our features by DATE's network too, and with the ablation.
    """
    contest = table.contest
    rankings = peers_of(contest)
    viewed = risk_ours.view(contest)
    notes = list(table.notes)
    try:
        rankings += risk_ours.rankings(contest, viewed)
    except RuleViolation as thin:
        notes.append(f"Ours by one fit, without expected revenue: {thin.detail}")
        rankings.append(risk_ours.fitted(contest, viewed.matrix, _OURS))
    rankings += _on_ours(contest, viewed, full=full)
    judged, drawn = risk_measure.judge(contest, rankings)
    peers = [each for each in judged if _is_peer(each.of)]
    best = max(peers, key=lambda each: each.at_5)
    others = [each for each in judged if each.of.endswith(_THEIRS_WITH_OURS)]
    against = [best, *([max(others, key=lambda each: each.at_5)] if others else [])]
    gains = [risk_measure.gain(_OURS, each.of, judged, drawn) for each in against]
    steps: Sequence[Judged] = ()
    if full or contest.quick:
        steps = risk_measure.judge(contest, risk_ours.ablation(contest, viewed.matrix))[0]
    return Result(table.name, notes, judged, gains, steps)


def _is_peer(of: str) -> bool:
    return not of.startswith("ours") and not of.endswith(_THEIRS_WITH_OURS)


def peers_of(contest: Contest) -> list[Ranking]:
    """Return the rankings of all peers on their own features."""
    from clearway.cli.bench.peers import simple, trees
    from clearway.cli.bench.peers.date_features import build

    table = build(contest, contest.teach)
    early = build(contest, contest.learn)
    return [
        simple.chance(contest),
        simple.price(contest),
        simple.importer(contest),
        simple.isolation_forest(contest, table),
        *trees.gbdt(contest, table.matrix, "DATE"),
        *trees.network(contest, early.matrix, early, "DATE"),
        trees.raw_lightgbm(contest, table),
    ]


def _on_ours(contest: Contest, viewed: risk_ours.Viewed, *, full: bool) -> list[Ranking]:
    """Return the peers on our features, and ours without any result of the test."""
    from clearway.cli.bench.peers import trees
    from clearway.cli.bench.peers.date_features import build

    matrix = np.nan_to_num(viewed.matrix, nan=-99.0).astype(np.float32)
    found = trees.gbdt(contest, matrix, "ours")
    if full:
        found += trees.network(contest, matrix, build(contest, contest.learn), "ours")
        frozen = risk_ours.view(contest, frozen=True)
        one = risk_ours.fitted(contest, frozen.matrix, "ours, no feedback in the test")
        found.append(one)
    return [replace(each, train_s=each.train_s + viewed.seconds) for each in found]


def _missing() -> list[str]:
    from importlib.util import find_spec

    return [name for name in ("jax", "optax", "sklearn", "xgboost") if find_spec(name) is None]


def _require_extras() -> None:
    missing = _missing()
    if missing:
        raise InputError(
            f"The peers of this bench need {', '.join(missing)}; install them:"
            " pip install 'clearway[peers]', or `make dev` in a clone"
        )
