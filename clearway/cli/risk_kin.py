"""`clearway risk kin` and `confirm`: which numbers may be the same people, and a word on it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clearway.cli.options import AsJson, SettingsFile
from clearway.cli.output import emit, say, show_table

if TYPE_CHECKING:
    from clearway.risk.network.model import Registration

_SHOWN = 50


def kin(
    history: Annotated[
        Path | None, typer.Option(help="Parquet file or folder of past items, with addresses.")
    ] = None,
    register: Annotated[
        Path | None, typer.Option(help="Parquet file of parties: name, address, phone ...")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the sealed links.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the sample that chance is judged by.")] = 1,
    least: Annotated[float, typer.Option(min=0.0, max=1.0, help="Least probability.")] = 0.2,
    limit: Annotated[int, typer.Option(min=1, help="Links shown.")] = _SHOWN,
    as_json: AsJson = False,
) -> None:
    """Propose which numbers may be the same people, for a person to confirm; no link is a proof.

    Needs the extra packages `analysis`; docs/operation.md says how they are installed.
    """
    from clearway.risk.network import sealed
    from clearway.risk.network.linking import link

    parties = _parties(history, register)
    links = link(parties, seed=seed, least=least)
    if out is not None:
        last = max((each.at for each in parties), default=0)
        made = sealed.Batch(last + 1, seed, len(parties), sealed.digest(parties), links)
        file = sealed.save(made, out)
    if as_json:
        emit(links)
        return
    names = {each.party: each.name for each in parties}
    rows = [
        (each.one, names[each.one], each.other, names[each.other], f"{each.probability:.2f}",
         ", ".join(each.shared))
        for each in links[:limit]
    ]  # fmt: skip
    columns = ("one", "name", "other", "name", "probability", "share")
    show_table(f"{len(links)} links among {len(parties)} parties, to be confirmed", columns, rows)
    if out is not None:
        say(f"Sealed as {file}")


def confirm(
    one: Annotated[str, typer.Argument(help="A party number.")],
    other: Annotated[str, typer.Argument(help="Another.")],
    reason: Annotated[str, typer.Option(help="Why; an appeal will ask for it.")],
    different: Annotated[
        bool, typer.Option("--different", help="They are not the same people.")
    ] = False,
    settings: SettingsFile = None,
    as_json: AsJson = False,
) -> None:
    """State that two numbers are the same people, or different ones; the word is a fact."""
    from clearway.cli.setup import with_node
    from clearway.risk.network.actions.confirm_kin import confirm_kin
    from clearway.risk.network.model import Verdict
    from clearway.settings import load

    verdict = Verdict.DIFFERENT if different else Verdict.SAME
    with_node(load(settings), lambda act: confirm_kin(act, one, other, verdict, reason))
    if as_json:
        emit({"one": one, "other": other, "verdict": verdict.value})
    else:
        say(f"{one} and {other}: {verdict.value}, recorded.")


def _parties(history: Path | None, register: Path | None) -> list[Registration]:
    import polars as pl

    from clearway.errors import InputError
    from clearway.risk.formats.history import read
    from clearway.risk.network.history import register_of, registrations

    if register is not None and register.is_file():
        try:
            return registrations(pl.read_parquet(register))
        except pl.exceptions.PolarsError as broken:
            raise InputError(f"{register} is no register in Parquet: {broken}") from broken
    if history is None:
        raise InputError("Give --history, or --register with a Parquet file of parties")
    return registrations(register_of(read(history)))
