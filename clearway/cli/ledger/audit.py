"""`clearway ledger audit` and `fork verify`: what others' logs are worth."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clearway.cli.options import AsJson
from clearway.cli.output import EXIT_NO, emit, plain, say, show_table

if TYPE_CHECKING:
    from clearway.ledger.audit import Audited

Keys = Annotated[
    list[str] | None,
    typer.Option("--key", help="Verifier key you trust: a file or the key; may be repeated."),
]
double = typer.Typer(
    name="double-use", help="Evidence that one thing was used twice.", no_args_is_help=True
)
app = typer.Typer(name="fork", help="Evidence that a log has two histories.", no_args_is_help=True)


def audit(
    log: Annotated[str, typer.Argument(metavar="URL-OR-FOLDER", help="Prefix of any tiled log.")],
    key: Keys = None,
    policy: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Trust policy (tlog-policy).")
    ] = None,
    since: Annotated[
        list[Path] | None,
        typer.Option(exists=True, dir_okay=False, help="A checkpoint of it kept from before."),
    ] = None,
    evidence: Annotated[
        Path | None, typer.Option(help="Where to write the evidence if the log has forked.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Hash all of a log (C2SP tlog-tiles) against its signed checkpoint; exit 1 if it fails."""
    from clearway.cli.progress import counting
    from clearway.cli.verifier_keys import quorum
    from clearway.ledger.audit import audit as judge
    from clearway.ledger.source import open_source

    trusted = quorum(key or [], policy)
    kept = [_text(file) for file in since or ()]
    source = open_source(log)
    try:
        with counting("entries", quiet=as_json) as progress:
            found = judge(source, trusted.judge, since=kept, progress=progress)
    finally:
        source.close()
    if evidence is not None and found.forks:
        evidence.write_bytes(found.forks[0].marshal())
    if as_json:
        emit(found)
    else:
        _tell(found, bool(kept), evidence)
    if not found.holds:
        sys.exit(EXIT_NO)


def _tell(found: Audited, has_kept: bool, evidence: Path | None) -> None:
    head = found.checkpoint
    if found.holds:
        say(
            f"[green bold]Holds.[/] {head.size} entries of {plain(head.origin)} in {found.files}"
            " files hash to the signed root."
        )
        say(f"  cosigned by {plain(', '.join(found.cosigned_by) or 'nobody')}")
        if not has_kept:
            say("Without --since, a history that was exchanged as a whole stays unseen.")
        return
    rows = [(fault.code, fault.path, fault.message) for fault in found.faults]
    noun = "fault" if found.fault_count == 1 else "faults"
    show_table(f"{found.fault_count} {noun}", ("code", "file", "what"), rows)
    if found.forks and evidence is not None:
        say(f"The signed evidence of the fork is in {plain(evidence)}; give it to others.")


@app.command("verify")
def verify_fork(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The evidence.")],
    key: Keys = None,
    as_json: AsJson = False,
) -> None:
    """Check, offline, that a log signed two histories; exit 1 if the evidence proves nothing."""
    from clearway.cli.verifier_keys import quorum
    from clearway.ledger import fork

    proven = fork.verify(fork.parse(file.read_bytes()), quorum(key or [], None).verifiers)
    if as_json:
        emit(proven)
        return
    say(f"[red bold]Forked.[/] {plain(proven.origin)} signed two histories:")
    for head in (proven.first, proven.second):
        say(f"  {head.size} entries under the root {head.root.hex()}")


@double.command("verify")
def verify_double(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The evidence.")],
    key: Keys = None,
    as_json: AsJson = False,
) -> None:
    """Check, offline, that one thing was used twice; exit 1 if the evidence proves nothing."""
    from clearway.cli.verifier_keys import quorum
    from clearway.ledger.order import double_use

    evidence = double_use.parse(file.read_bytes())
    shown = double_use.verify(evidence, quorum(key or [], None).verifiers)
    if as_json:
        emit({"nullifier": evidence.nullifier.hex(), "uses": shown})
        return
    say(f"[red bold]Used twice:[/] {evidence.nullifier.hex()}")
    for one in shown:
        say(f"  fact {one.asked} of {plain(one.origin)}, order {plain(one.order)}")


def _text(file: Path) -> str:
    from clearway.errors import InputError

    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{file} is no checkpoint: it is not UTF-8 text") from error
