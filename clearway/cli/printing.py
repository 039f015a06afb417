"""`clearway certificates print`: a certificate on paper, without a node."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from clearway.cli.options import AsJson, InputFile
from clearway.cli.output import emit, say

_MOST_SEAL_BYTES = 8_192
Language = Annotated[str, typer.Option(help="Of the labels: ar, en, es or fr.")]
Out = Annotated[Path, typer.Option("--out", dir_okay=False, help="The PDF to write.")]
SealFile = Annotated[
    Path | None,
    typer.Option("--seal", exists=True, dir_okay=False, help="Seal: text of its code, or COSE."),
]
Draft = Annotated[bool, typer.Option("--draft", help="Print it as a draft.")]


def print_certificate(
    file: InputFile,
    out: Out,
    language: Language = "en",
    seal: SealFile = None,
    draft: Draft = False,
    as_json: AsJson = False,
) -> None:
    """Print a certificate (SPSCertificate) as PDF/A-3 with the document enclosed, offline."""
    from clearway.certificates.formats.profile import profile_of
    from clearway.certificates.formats.sps_certificate import read
    from clearway.certificates.printing.render import render
    from clearway.node.clock import utc_now

    document = file.read_bytes()
    certificate, _ = read(document)
    pdf = render(
        certificate,
        profile_of(certificate.type_code),
        language=language,
        # The same file gives the same print, on whatever day it is made.
        now=certificate.issued_at or utc_now(),
        seal_text=None if seal is None else _text_of(seal),
        xml=document,
        draft=draft,
    )
    out.write_bytes(pdf)
    if as_json:
        emit({"certificate": certificate.key, "file": str(out), "bytes": len(pdf)})
    else:
        say(f"Printed [bold]{out}[/] ({len(pdf):,} bytes)")


def _text_of(path: Path) -> str:
    """Return the text of a code. Raises: MalformedMessage, TooLarge: the file holds no seal."""
    from clearway.certificates.formats import seal_text
    from clearway.certificates.formats.seal import read
    from clearway.errors import TooLarge

    if path.stat().st_size > _MOST_SEAL_BYTES:
        raise TooLarge(f"{path} is no seal: it is over {_MOST_SEAL_BYTES:,} bytes", limit="seal")
    data = path.read_bytes().strip(b"\r\n")
    text = data.decode() if data.startswith(seal_text.PREFIX.encode()) else seal_text.text(data)
    read(text)
    return text
