"""The card of a model as a document: what an administration files, and an auditor reads first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from clearway.risk.card import Metric, ModelCard

_FIGURES = ("AUC", "AP", "P@1", "P@2", "P@5", "P@10", "V@1", "V@5", "V@10")
_WEIGHTING = {
    "logged": "by the inverse of the logged probability of examination, clipped",
    "estimated": "by the inverse of the estimated probability of examination, clipped",
    "none": "all the same",
}
_REVENUE = {
    "tweedie": "one Tweedie model",
    "hurdle": "probability of a find times a gamma model of what a find brings",
    "duty": "probability times duty due times the share usually lost",
}
NO_FAIRNESS = "Not measured yet: `clearway risk fairness` measures it on the node's own selections."


def emit(card: ModelCard, fairness: str = "") -> str:
    """Return the card as Markdown.

    Args:
        card: of a sealed model.
        fairness: section of Markdown on selection and hit rates by group; "" not measured.
    """
    parts = (
        [f"# Model {_cell(card.id)}", "", *_identity(card)],
        ["## Figures on the last period", "", *_figures(card.metrics)],
        ["## Calibration", "", *_calibration(card)],
        ["## Hits against revenue", "", *_frontier(card)],
        ["## Kinds of fraud", "", *_kinds(card)],
        ["## Limits", "", *[f"- {each}" for each in card.limits]],
        ["## Fairness", "", fairness.strip() or NO_FAIRNESS],
        ["## Features", "", ", ".join(f"`{name}`" for name in card.features)],
        ["## Seals", "", *_table(("file", "SHA-256"), card.files)],
    )
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _identity(card: ModelCard) -> list[str]:
    rows = [
        ("form", f"{card.format}, {card.estimator}"),
        ("engine", card.engine),
        ("trained at", f"{card.trained_at:%Y-%m-%d %H:%M} UTC, seed {card.seed}"),
        ("knows what was known before", f"{card.cut_off:%Y-%m-%d}"),
        ("history", _window(card)),
        ("items", f"{card.rows:,}; {card.labelled:,} examined, {card.illicit:,} not conform"),
        (
            "results weigh",
            f"{_WEIGHTING[card.weighting]}; worth {card.effective:,.0f} equal ones",
        ),
        ("trees or rounds", str(card.rounds)),
        ("expected revenue", _REVENUE[card.revenue_form]),
        ("weight of revenue in the ranking", f"{card.revenue_weight:g}"),
        ("data", card.data),
        ("another weight of", card.weighed_from or "no other model"),
    ]
    return _table(("what", "value"), rows)


def _window(card: ModelCard) -> str:
    if card.window is None:
        return "unknown"
    return f"{card.window[0]:%Y-%m-%d} to {card.window[1]:%Y-%m-%d}"


def _figures(metrics: Sequence[Metric]) -> list[str]:
    found = {(each.of, each.name): each.value for each in metrics}
    names = list(dict.fromkeys(each.of for each in metrics if (each.of, "AUC") in found))
    rows = [(of, *(f"{found[of, figure]:.3f}" for figure in _FIGURES)) for of in names]
    note = "P: share of hits, V: share of all revenue, in the top 1, 2, 5 and 10 % of items."
    return [*_table(("ranking", *_FIGURES), rows), "", note]


def _calibration(card: ModelCard) -> list[str]:
    error = next((each.value for each in card.metrics if each.name == "ECE"), float("nan"))
    rows = [(row.count, f"{row.predicted:.4f}", f"{row.found:.4f}") for row in card.reliability]
    head = (
        f"Expected calibration error {error:.4f} over {len(rows)} bins of equal count, isotonic,"
        " calibrated on the middle period and measured on the last."
    )
    return [head, "", *_table(("items", "predicted", "found"), rows)]


def _frontier(card: ModelCard) -> list[str]:
    names = [each.name for each in card.frontier[0].metrics] if card.frontier else []
    rows = [
        (f"{mix.weight:g}", *(f"{each.value:.3f}" for each in mix.metrics)) for mix in card.frontier
    ]
    chosen = [f"{each.of} {each.name} {each.value:.3f}" for each in card.choices]
    note = f"Forms of revenue on the middle period: {', '.join(chosen) or 'no choice'}."
    return [*_table(("weight of revenue", *names), rows), "", note]


def _kinds(card: ModelCard) -> list[str]:
    rows = [
        (name, f"{rate:.1%}") for name, rate in zip(card.kinds.names, card.kinds.rates, strict=True)
    ]
    if not rows:
        return ["The history names no kinds of fraud, or too few finds of each."]
    return _table(("kind", "share of finds"), rows)


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return lines + ["| " + " | ".join(map(_cell, row)) + " |" for row in rows]


def _cell(value: object) -> str:
    """Return a value as it may stand in a table: no bar, no line break, no markup of its own."""
    shown = str(value).replace("\\", "\\\\").replace("|", "\\|")
    return " ".join(shown.replace("<", "&lt;").split())
