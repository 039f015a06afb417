"""`clearway receipt page` and `clearway certificate page`: verifiers to hand out, one file each."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from clearway.cli.output import plain, say

Out = Annotated[Path, typer.Option(help="File to write.", dir_okay=False)]


def receipt(out: Out = Path("verify-receipt.html")) -> None:
    """Write the page that verifies receipts: it opens from a disk and asks no server."""
    from clearway.console.verifier import receipts

    _write(out, receipts().html)


def certificate(out: Out = Path("verify-certificate.html")) -> None:
    """Write the page that verifies certificates by their QR codes, offline."""
    from clearway.console.verifier import certificates

    _write(out, certificates().html)


def _write(out: Path, html: str) -> None:
    out.write_text(html, encoding="utf-8")
    say(f"{plain(out)} opens in any browser, with the network off as well.")
