"""Printing what was reached: one table for each table of declarations, and the mean over seeds."""

from __future__ import annotations

from collections.abc import Sequence

from clearway.cli.bench import risk_measure
from clearway.cli.bench.risk_korea import Korea
from clearway.cli.bench.risk_measure import Gain, Judged, Result
from clearway.cli.output import emit, plain, say, show_table

_SHARES = (1, 2, 5, 10)
_COLUMNS = (
    "method", "AUC", "AP", "P@1/2/5/10 %", "P@5, 95 %", "R@1/2/5/10 %", "V@1/2/5/10 %", "ECE",
    "Brier", "train s", "rows/s", "note",
)  # fmt: skip
_LEGEND = (
    "P: illicit share of the top; R: share of all illicit in it; V: share of all extra revenue in"
    " it; at 1, 2, 5 and 10 % of the rows, in percent. P@5, 95 %: bootstrap over the rows, over"
    " seeds the least and the most. Peers named `ours` have our features."
)


def results(found: Sequence[Result], *, as_json: bool) -> None:
    """Print what was reached on tables of declarations."""
    if as_json:
        emit(list(found))
        return
    for each in found:
        _table(each.table, each.judged)
        for note in each.notes:
            say(plain(note))
        _gains(each.gains)
        if each.ablation:
            _table("Our trees on more and more of our features", each.ablation)
    for kind in ("100% examined", ""):
        alike = [each for each in found if ("100% examined" in each.table) == bool(kind)]
        if len(alike) > 1:
            name = "every item examined" if kind else "a part examined"
            _table(f"Mean of {len(alike)} seeds, {name}", risk_measure.mean(_judged(alike)))
            gains = [each.gains[0].gain for each in alike]
            shown = ", ".join(f"{gain:+.0%}" for gain in gains)
            say(f"Ours over the best peer at 5 %: {shown}; mean {sum(gains) / len(gains):+.0%}")
    say(_LEGEND)


def korea(found: Korea, *, as_json: bool) -> None:
    """Print what was reached on the Korean set."""
    if as_json:
        emit(found)
        return
    say(plain(found.name))
    parts = {
        "All rows": found.whole,
        "Rows whose goods tuple the training has": found.seen,
        "Rows whose goods tuple is new": found.unseen,
    }
    for title, judged in parts.items():
        _table(title, judged)
    say("V is the duty on illicit items, as the set has no revenue. " + _LEGEND)


def _judged(found: Sequence[Result]) -> list[Sequence[Judged]]:
    return [each.judged for each in found]


def _table(title: str, judged: Sequence[Judged]) -> None:
    show_table(title, _COLUMNS, [_row(each) for each in judged])


def _row(each: Judged) -> tuple[str, ...]:
    def over(letter: str) -> str:
        return "/".join(_percent(each.figures[f"{letter}@{share}"]) for share in _SHARES)

    return (
        each.of,
        _three(each.figures["AUC"]),
        _three(each.figures["AP"]),
        over("P"),
        f"{each.low:.1%} to {each.high:.1%}",
        over("R"),
        over("V"),
        "" if each.ece is None else f"{each.ece:.4f}",
        "" if each.brier is None else f"{each.brier:.4f}",
        f"{each.train_s:.1f}",
        "" if each.rows_s is None else f"{each.rows_s:,.0f}",
        each.note,
    )


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f}"


def _three(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _gains(gains: Sequence[Gain]) -> None:
    for each in gains:
        say(
            f"{each.of} over {each.over} at 5 %: [bold]{each.gain:+.1%}[/]"
            f" (95 %: {each.low:+.1%} to {each.high:+.1%})"
        )
