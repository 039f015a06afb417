"""`clearway risk card`, `frontier`, `weigh`, `shapes`: looking at a model and choosing its mix."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clearway.cli.options import AsJson
from clearway.cli.output import emit, plain, say, show_table

if TYPE_CHECKING:
    from clearway.risk.card import Metric

Model = Annotated[Path, typer.Argument(help="Folder of a trained model.", exists=True)]
_ECE = "ECE"


def show_figures(title: str, metrics: Sequence[Metric]) -> None:
    """Print figures of a model and its peers: a line a ranking, a column a figure."""
    named = {(each.of, each.name): f"{each.value:.3f}" for each in metrics}
    figures = [name for name in dict.fromkeys(each.name for each in metrics) if name != _ECE]
    rankings = [of for of in dict.fromkeys(each.of for each in metrics) if (of, "AUC") in named]
    rows = [(of, *(named.get((of, name), "-") for name in figures)) for of in rankings]
    show_table(title, ("ranking", *figures), rows)
    say("Share of hits (P), of all finds (R) and of all revenue (V) in the top 1, 2, 5 and 10 %.")
    for each in metrics:
        if each.name == _ECE:
            say(f"Probabilities are off by {each.value:.3f} in the mean (calibration error).")


def card(
    model: Model,
    fairness: Annotated[
        Path | None, typer.Option(help="Markdown of `clearway risk fairness`, put in its place.")
    ] = None,
    write: Annotated[Path | None, typer.Option(help="File for the Markdown.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show the card of a model: data, figures beside peers, calibration, limits, seals."""
    import sys

    from clearway.risk.formats import artefact, card_markdown

    found = artefact.load(model).card
    if as_json:
        emit(found)
        return
    section = "" if fairness is None else _read(fairness)
    text = card_markdown.emit(found, section)
    if write is None:
        sys.stdout.write(text)
    else:
        write.write_text(text)
        say(f"Written to {plain(write)}.")


def _read(file: Path) -> str:
    from clearway.errors import InputError, TooLarge

    try:
        if file.stat().st_size > 1_000_000:
            raise TooLarge(f"{file} has more than a megabyte; a fairness section has a page")
        return file.read_text()
    except (OSError, UnicodeDecodeError) as broken:
        raise InputError(f"The fairness section {file} cannot be read: {broken}") from broken


def frontier(model: Model, as_json: AsJson = False) -> None:
    """Show what each weight of revenue finds: hits and revenue in the top 1 to 10 %."""
    from clearway.risk.formats import artefact

    found = artefact.load(model).card
    if as_json:
        emit([{"weight": mix.weight, "metrics": mix.metrics} for mix in found.frontier])
        return
    names = [each.name for each in found.frontier[0].metrics] if found.frontier else []
    rows = [
        (
            f"{mix.weight:g}" + (" *" if abs(mix.weight - found.revenue_weight) < 1e-9 else ""),
            *(f"{each.value:.3f}" for each in mix.metrics),
        )
        for mix in found.frontier
    ]
    show_table(f"{found.id}: hits (P) against revenue (V)", ("weight of revenue", *names), rows)
    say("P: share of hits, V: share of all revenue, in the top 1, 2, 5 and 10 % of items.")
    say("* in use. Choose another with: clearway risk weigh MODEL --revenue-weight 0.5 --out DIR")


def weigh(
    model: Model,
    out: Annotated[Path, typer.Option(help="Folder in which the model's folder is made.")],
    revenue_weight: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="One of the weights of the frontier.")
    ],
    as_json: AsJson = False,
) -> None:
    """Seal a model anew with another weight of revenue, without training."""
    from clearway.risk.formats import artefact
    from clearway.risk.scoring import weighed

    made = weighed(artefact.load(model), revenue_weight)
    folder = artefact.save(made, out)
    if as_json:
        emit(made.card)
    else:
        say(f"Saved in {folder}. Bring it into use with: clearway risk activate {folder}")


def shapes(
    model: Model,
    most: Annotated[int, typer.Option(min=1, help="Terms shown, the weightiest first.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Show the curves of a glass box: what each term can add to the log-odds."""
    from clearway.errors import RuleViolation
    from clearway.risk.estimators.glass_box import shapes as shapes_of
    from clearway.risk.formats import artefact

    loaded = artefact.load(model)
    if loaded.card.estimator != "glass_box":
        raise RuleViolation(
            f"{loaded.card.id} is a model of {loaded.card.estimator}, whose trees have no curves;"
            " train one with: clearway risk train --kind glass_box"
        )
    found = shapes_of(loaded.model)[:most]
    if as_json:
        emit(found)
        return
    rows = [
        (" x ".join(each.features), f"{each.range:.2f}", len(each.scores),
         f"{min(each.scores):+.2f}", f"{max(each.scores):+.2f}")
        for each in found
    ]  # fmt: skip
    columns = ("term", "range", "bins", "least", "most")
    show_table(f"{loaded.card.id}: log-odds by term", columns, rows)
