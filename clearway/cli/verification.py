"""`clearway certificate verify`: seals, judged offline from files.

    clearway certificate verify --qr-image photo.png --trust trust.json --signer signer.pem
    clearway certificate verify --text "CW1:..." --trust trust.json --signer signer.pem \\
        --status EC-851-1.cwt --document certificate.xml

Exit codes: 0 green; 3 amber, it cannot be known here; 1 red. Nothing is fetched.
"""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clearway.cli.options import AsJson
from clearway.cli.output import EXIT_NO, emit, plain, say, show_table

if TYPE_CHECKING:
    from clearway.certificates.status import StatusList
    from clearway.certificates.trust.model import TrustList
    from clearway.certificates.verdict import Verdict

EXIT_AMBER = 3
MAX_FILE = 32 * 1024 * 1024


def verify(
    file: Annotated[
        Path | None, typer.Argument(exists=True, dir_okay=False, help="Seal as text or COSE.")
    ] = None,
    qr_image: Annotated[
        Path | None, typer.Option("--qr-image", exists=True, dir_okay=False, help="Picture, PNG.")
    ] = None,
    text: Annotated[str, typer.Option("--text", help="Text of the QR code.")] = "",
    trust: Annotated[
        Path | None, typer.Option("--trust", exists=True, dir_okay=False, help="Trust list.")
    ] = None,
    signer: Annotated[
        Path | None,
        typer.Option(
            "--signer", exists=True, dir_okay=False, help="Public key that signs it: PEM or DER."
        ),
    ] = None,
    status: Annotated[
        list[Path] | None,
        typer.Option("--status", exists=True, dir_okay=False, help="Status list; may be repeated."),
    ] = None,
    document: Annotated[
        Path | None, typer.Option("--document", exists=True, dir_okay=False, help="XML document.")
    ] = None,
    credential: Annotated[
        Path | None,
        typer.Option("--credential", exists=True, dir_okay=False, help="W3C credential."),
    ] = None,
    at: Annotated[
        str, typer.Option("--at", help="Judge as of this instant (ISO 8601), not now.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Judge a seal offline: green (exit 0), amber (3: cannot be known here) or red (1)."""
    from clearway.certificates import accompanying
    from clearway.certificates.formats import credential as credentials
    from clearway.certificates.formats import seal as seals
    from clearway.certificates.verdict import Signature

    now = instant(at)
    given = _given(file, qr_image, text)
    trusted = trust_list(trust, signer)
    lists = _status_lists(status or [], trusted, now)
    original, own = None, Signature.NOT_CHECKED
    if document is not None:
        original, own = accompanying.read(bounded(document), trusted, now)
    beside = None
    if credential is not None:
        beside = credentials.evidence(credential.read_bytes(), trusted, now)
    verdict = seals.check(
        given,
        trusted,
        lists,
        now,
        document=original,
        document_signature=own,
        credential=beside,
    )
    _show(verdict, as_json)


def _show(verdict: Verdict, as_json: bool) -> None:
    from clearway.certificates.verdict import Colour

    certified = verdict.certified
    if as_json:
        emit(
            {
                "colour": verdict.colour,
                "reasons": verdict.reasons,
                "certified": None if certified is None else certified.without_secret,
            }
        )
    else:
        _tell(verdict)
    if verdict.colour is not Colour.GREEN:
        sys.exit(EXIT_AMBER if verdict.colour is Colour.AMBER else EXIT_NO)


def _tell(verdict: Verdict) -> None:
    style = {"green": "bold green", "amber": "bold yellow", "red": "bold red"}[verdict.colour]
    say(f"[{style}]{verdict.colour.upper()}[/]")
    for reason in verdict.reasons:
        value = f" ({plain(reason.value)})" if reason.value else ""
        say(f"  {reason.code}  {plain(reason.text)}{value}")
    certified = verdict.certified
    if certified is None:
        say("Nothing that this seal states is proved; it is not shown.")
        return
    importing = certified.importing_country or "no country stated"
    say(
        f"Certificate {plain(certified.number)}, type {plain(certified.type_code)},"
        f" {certified.issuing_country} to {importing}, issued {certified.issued}"
    )
    if certified.inspection is not None:
        _tell_goods(certified.inspection)


def _tell_goods(goods: Any) -> None:
    from decimal import Decimal

    rows = [
        (
            line.number,
            line.hs,
            line.name,
            "" if line.net_grams is None else Decimal(line.net_grams).scaleb(-3),
            line.packages,
        )
        for line in goods.lines
    ]
    title = f"{len(goods.lines)} of {goods.line_count} lines"
    show_table(title, ("line", "HS", "name", "net kg", "packages"), rows)
    containers = "; ".join(" ".join(each) for each in goods.containers)
    say(f"{plain(goods.consignor)} to {plain(goods.consignee)}. {plain(containers)}")


def _given(file: Path | None, picture: Path | None, text: str) -> bytes | str:
    from clearway.certificates.formats import qr, seal_text
    from clearway.errors import InputError

    if sum((file is not None, picture is not None, bool(text))) != 1:
        raise InputError("Give one seal: a file, --qr-image or --text")
    if picture is not None:
        texts = qr.read(bounded(picture))
        seals = [each for each in texts if each.startswith(seal_text.PREFIX)] or list(texts)
        if len(seals) != 1:
            raise InputError(f"{picture}: one code is expected in a picture; {len(seals)} are read")
        return seals[0]
    if file is not None:
        data = bounded(file)
        return data.decode().strip("\r\n") if data.isascii() else data
    return text


def trust_list(path: Path | None, signer: Path | None) -> TrustList | None:
    """Return a trust list whose signature holds; None: none is given.

    Raises: InputError: only one of the two is given. VerificationError: it is not signed by it.
    """
    from clearway.certificates.formats import trust_list as lists
    from clearway.errors import InputError

    if path is None and signer is None:
        return None
    if path is None or signer is None:
        raise InputError("A trust list needs the key of who signs it: give --trust and --signer")
    return lists.read(bounded(path), signer=_public(bounded(signer)))


def _public(data: bytes) -> bytes:
    """Return DER of a public key that is given as PEM or DER."""
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    from clearway.certificates.trust.keys import spki_of
    from clearway.errors import InputError

    if not data.startswith(b"-----"):
        return data
    try:
        return spki_of(load_pem_public_key(data))
    except ValueError as error:
        raise InputError(f"--signer: this is no public key in PEM: {error}") from error


def _status_lists(paths: list[Path], trusted: TrustList | None, at: datetime) -> list[StatusList]:
    """Return the lists that count; without a trust list none does."""
    from clearway.certificates.formats import status_list
    from clearway.errors import VerificationError

    found: list[StatusList] = []
    if trusted is None:
        return found
    for path in paths:
        try:
            found.append(status_list.verify(bounded(path), trusted, at))
        except VerificationError as error:
            sys.stderr.write(f"{path}: left out: {error.detail}\n")
    return found


def bounded(path: Path) -> bytes:
    """Return the bytes of a file. Raises: TooLarge: over 32 MB."""
    from clearway.errors import TooLarge

    if path.stat().st_size > MAX_FILE:
        raise TooLarge(f"{path} has over {MAX_FILE:,} bytes", limit="bytes")
    return path.read_bytes()


def instant(text: str) -> datetime:
    """Return an instant as given, aware UTC; nothing given: now. Raises: InputError."""
    from datetime import UTC

    from clearway.errors import InputError
    from clearway.node.clock import utc_now

    if not text:
        return utc_now()
    try:
        given = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"--at {text[:40]!r}: write it as 2026-03-20T09:00:00Z") from error
    return given.astimezone(UTC) if given.tzinfo else given.replace(tzinfo=UTC)
