"""`clearway certificate seal | status-list`: seal a document; export and show status lists."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clearway.cli.options import AsJson, SettingsFile
from clearway.cli.output import emit, show_table
from clearway.cli.verification import bounded, instant, trust_list, verify

if TYPE_CHECKING:
    from datetime import date

    from clearway.certificates.claims import Place

status_app = typer.Typer(name="status-list", help="Status lists.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands to those of `clearway certificates`."""
    app.command("verify")(verify)
    app.command("seal")(seal)
    app.add_typer(status_app)


def seal(
    document: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="XML document, as issued.")
    ],
    key: Annotated[Path, typer.Option("--key", exists=True, dir_okay=False, help="P-256, PEM.")],
    place: Annotated[
        str, typer.Option("--place", help="Status list and entry, such as 851-1:481516.")
    ] = "",
    lines: Annotated[bool, typer.Option("--lines", help="Inspection seal: show lines.")] = False,
    valid_until: Annotated[
        str, typer.Option("--valid-until", help="Last day, such as 2026-09-14.")
    ] = "",
    png: Annotated[
        Path | None, typer.Option("--png", dir_okay=False, help="Write the code.")
    ] = None,
    svg: Annotated[
        Path | None, typer.Option("--svg", dir_okay=False, help="Write the code.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Seal a document with a key in a file and print the text of its QR code."""
    from clearway.certificates.formats import qr, seal_text, sps_certificate
    from clearway.certificates.formats import seal as seals
    from clearway.certificates.trust.keys import AuthorityKey
    from clearway.certificates.trust.model import Usage

    certificate, _ = sps_certificate.read(document.read_bytes())
    own = AuthorityKey.from_pem(key.read_bytes(), b"", certificate.issuing_country, Usage.SEAL)
    made = seals.emit(certificate, own, _place(place), lines, valid_until=_day(valid_until))
    text = seal_text.text(made)
    code = qr.make(text)
    if png is not None:
        png.write_bytes(code.png(8))
    if svg is not None:
        svg.write_text(code.svg(), encoding="utf-8")
    if as_json:
        emit(
            {"text": text, "version": code.version, "bytes": len(made), "key_id": own.key_id.hex()}
        )
    else:
        sys.stdout.write(text + "\n")


@status_app.command("export")
def export(
    folder: Annotated[Path, typer.Argument(file_okay=False, help="Where the files go.")],
    settings: SettingsFile = None,
    as_json: AsJson = False,
) -> None:
    """Write every status list of this node, signed, as <country>-<list>.cwt."""
    from clearway.cli.store import opened
    from clearway.node import status_lists
    from clearway.node.authority import open_authority
    from clearway.node.clock import entropy, utc_now
    from clearway.settings import load
    from clearway.terms.places import Country

    chosen, now = load(settings), utc_now()
    rows: list[dict[str, Any]] = []
    folder.mkdir(parents=True, exist_ok=True)
    with opened(settings) as (home, _, connection):
        name = chosen.agency_name or chosen.node_name
        authority = open_authority(home, name, Country(chosen.country), entropy, now)
        for list_id, data in status_lists.all_signed(connection, authority, now):
            path = folder / f"{chosen.country}-{list_id}.cwt"
            path.write_bytes(data)
            rows.append({"list": list_id, "file": str(path), "bytes": len(data)})
    if as_json:
        emit({"lists": rows})
    else:
        shown = [(row["list"], row["bytes"], row["file"]) for row in rows]
        show_table("Status lists", ("list", "bytes", "file"), shown)


@status_app.command("show")
def show(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Status list.")],
    trust: Annotated[
        Path, typer.Option("--trust", exists=True, dir_okay=False, help="Trust list.")
    ],
    signer: Annotated[
        Path, typer.Option("--signer", exists=True, dir_okay=False, help="Key that signs it.")
    ],
    at: Annotated[str, typer.Option("--at", help="Judge as of this instant, not now.")] = "",
    as_json: AsJson = False,
) -> None:
    """Verify a status list and say how many entries of each state it has."""
    from clearway.certificates.formats import status_list
    from clearway.errors import InputError

    trusted = trust_list(trust, signer)
    if trusted is None:
        raise InputError("A status list is verified under a trust list: give --trust and --signer")
    known = status_list.verify(bounded(file), trusted, instant(at))
    told = {state.name.lower(): count for state, count in known.counts().items()}
    if as_json:
        emit(
            {
                "list": known.list_id,
                "country": known.country,
                "issued_at": known.issued_at,
                "next_update": known.next_update,
                "entries": told,
            }
        )
    else:
        title = f"{known.country} {known.list_id}, next update {known.next_update.isoformat()}"
        show_table(title, ("state", "entries"), list(told.items()))


def _place(text: str) -> Place | None:
    from clearway.certificates.claims import Place
    from clearway.errors import InputError

    if not text:
        return None
    list_id, _, index = text.partition(":")
    if not list_id or not index.isascii() or not index.isdigit():
        raise InputError(f"--place {text[:40]!r}: write list and entry as 851-1:481516")
    return Place(list_id, int(index))


def _day(text: str) -> date | None:
    from datetime import date

    from clearway.errors import InputError

    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise InputError(f"--valid-until {text[:40]!r}: write it as 2026-09-14") from error
