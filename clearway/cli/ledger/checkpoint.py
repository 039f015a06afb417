"""`clearway ledger checkpoint`: the log's head in a form that leaves the machine, and back."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from clearway.cli.ledger.audit import Keys
from clearway.cli.options import AsJson, SettingsFile
from clearway.cli.output import emit, plain, say


class Form(StrEnum):
    """How a checkpoint leaves the machine."""

    FILE = "file"
    TEXT = "text"
    QR = "qr"


def checkpoint(
    export: Annotated[
        Form, typer.Option(help="file: as signed; text: for an e-mail; qr: a code.")
    ] = Form.FILE,
    out: Annotated[
        Path | None, typer.Option(help="Where to; a code becomes .png or .svg by its name.")
    ] = None,
    read: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="Read one back from a file or e-mail."),
    ] = None,
    key: Keys = None,
    settings: SettingsFile = None,
    as_json: AsJson = False,
) -> None:
    """Print the signed checkpoint: keep it somewhere else, it proves a later rollback."""
    note = _own(settings) if read is None else _read(read, key or [])
    if as_json:
        emit({"checkpoint": note})
        return
    content = _formed(note, export, out)
    if out is None:
        sys.stdout.write(content.decode())
    else:
        out.write_bytes(content)
        say(f"The checkpoint is in {plain(out)}.")


def _own(settings: Path | None) -> str:
    from clearway.cli.store import opened_log

    with opened_log(settings) as (log, _):
        return log.note


def _read(file: Path, keys: list[str]) -> str:
    """Return the checkpoint of a file or e-mail; with keys, verified under one of them."""
    from clearway.cli.verifier_keys import quorum
    from clearway.errors import InputError, VerificationError
    from clearway.ledger import carried
    from clearway.ledger.note import split_note

    try:
        note = carried.from_text(file.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise InputError(
            f"{file} is no text; read a code with any reader of codes and save its text"
        ) from error
    split_note(note)
    if keys and not quorum(keys, None).judge(note).log_signed:
        raise VerificationError("The checkpoint is not signed by the log that it names")
    return note


def _formed(note: str, form: Form, out: Path | None) -> bytes:
    from clearway.ledger import carried

    if form is Form.TEXT:
        return carried.to_text(note).encode()
    if form is Form.FILE:
        return note.encode()
    if out is None:
        return carried.to_qr_terminal(note).encode()
    if out.suffix == ".svg":
        return carried.to_qr_svg(note).encode()
    return carried.to_qr_png(note)
