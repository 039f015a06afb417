"""`clearway epcis check | convert`: EPCIS documents on the desk, without a node.

What a partner sends can be held against the rules, named by its hashes and turned into the other
form before anything is captured.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clearway.cli.options import AsJson
from clearway.cli.output import EXIT_NO, emit, plain, say

if TYPE_CHECKING:
    from clearway.movements.epcis.document import Document


class Target(StrEnum):
    """The forms in which a document can be written."""

    JSON = "json"
    XML = "xml"
    XML_1_2 = "xml-1.2"


File = Annotated[
    Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="XML or JSON-LD.")
]


def register(app: typer.Typer) -> None:
    """Add the commands to `clearway epcis`."""
    app.command()(check)
    app.command()(convert)


def check(file: File, as_json: AsJson = False) -> None:
    """Hold a document against the rules and show the CBV hash of each event; exit 1 if refused."""
    from clearway.movements.epcis.event_hash import bytes_digest, hash_of, left_out

    data = file.read_bytes()
    document = _read(data)
    without = left_out(document)
    shown: dict[str, Any] = {
        "digest": bytes_digest(data),
        "hashes": [hash_of(event, without) for event in document.events],
        "findings": document.all_findings(),
    }
    if as_json:
        emit(shown)
    else:
        say(shown["digest"])
        for hashed in shown["hashes"]:
            say(plain(hashed))
        for finding in document.all_findings():
            say(plain(f"{finding.code} {finding.field}: {finding.message}"))
    if document.all_findings():
        raise typer.Exit(EXIT_NO)


def convert(
    file: File,
    to: Annotated[Target, typer.Option(help="The form to write.")],
    out: Annotated[Path, typer.Option(dir_okay=False, help="The file to write.")],
) -> None:
    """Write a document in another form; refused if anything in it breaks a rule."""
    from clearway.movements.epcis.check import require
    from clearway.movements.epcis.formats import jsonld, xml

    document = _read(file.read_bytes())
    require(document)
    if to is Target.JSON:
        out.write_bytes(jsonld.write(document))
    else:
        out.write_bytes(xml.write(document, version="1.2" if to is Target.XML_1_2 else "2.0"))
    say(f"{len(document.events)} events written to {plain(out)}")


def _read(data: bytes) -> Document:
    from clearway.movements.epcis.formats import jsonld, xml

    is_xml = data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")
    return xml.read(data) if is_xml else jsonld.read(data)
