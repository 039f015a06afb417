"""A printed certificate: PDF/A-3b with the electronic one enclosed, tagged for PDF/UA-1.

    pdf = render(certificate, profile, language="fr", now=now, seal_text=text, xml=document)

The same arguments give the same bytes. Drawing is typst's; it gets the page as JSON and the XML as
a file of its own, so no text of a stranger is ever read as its markup.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from functools import cache
from importlib import resources
from typing import Any, Final

import msgspec

from clearway.certificates.formats import qr
from clearway.certificates.model import Certificate, Status
from clearway.certificates.printing.boxes import Pen
from clearway.certificates.printing.content import page_of
from clearway.certificates.printing.fonts import Fonts, installed
from clearway.certificates.printing.page import Inscription, Page
from clearway.certificates.printing.words import Words, words_of
from clearway.certificates.profile import Profile
from clearway.errors import InputError, RuleViolation, TooLarge

STANDARDS: Final = ("a-3b", "ua-1")
ENCLOSED: Final = "certificate.xml"

# Version 20, level M: larger codes are not read from office paper; a seal with lines needs 528.
_MOST_CHARACTERS: Final = 970

_MAIN: Final = "main.typ"
_EMPTY: Final = b"#set document(title: [Clearway])"


def render(
    certificate: Certificate,
    profile: Profile,
    *,
    language: str,
    now: datetime,
    seal_text: str | None = None,
    xml: bytes | None = None,
    draft: bool = False,
    status: str | None = None,
    fonts: Fonts | None = None,
) -> bytes:
    """Return the certificate as PDF.

    Args:
        language: of the labels, see `words.languages`.
        now: time of the print, aware.
        seal_text: what its QR code holds, as `formats.seal` makes it.
        xml: the electronic certificate, enclosed byte for byte.
        draft: print it as a draft, whatever its status.
        status: UNECE 4405 as it is now; by default as the certificate states it.
        fonts: by default, those of the installed packages.

    Raises:
        BadTerm: there is no catalogue of this language, or the text is not a seal's.
        InputError: its script cannot be shown, the font is missing.
        TooLarge: the seal is too long for a code on paper.
    """
    words, chosen = words_of(language), fonts or installed()
    _require_script(words, chosen)
    now_status = Status.DRAFT if draft else status or certificate.status
    pen = Pen(words, Inscription(chosen))
    page = page_of(
        certificate, profile, pen, status=now_status, now=now, is_enclosed=xml is not None
    )
    return _drawn(page, chosen, seal_text, xml, now)


def _require_script(words: Words, fonts: Fonts) -> None:
    if words.language == "ar" and not fonts.show_arabic:
        raise InputError(
            "A certificate in Arabic needs a font that is not installed: install the Python package"
            " fontpkg-noto-sans-arabic, or choose another language"
        )


def _drawn(
    page: Page, fonts: Fonts, seal_text: str | None, xml: bytes | None, now: datetime
) -> bytes:
    data: dict[str, Any] = msgspec.to_builtins(page)
    files = {_MAIN: _template()}
    if xml is not None:
        files |= _enclosed(xml)
    data["xml"] = next((name for name in files if name != _MAIN), None)
    data["qr"], data["modules"] = _code(seal_text) if seal_text else ("", 0)
    files["page.json"] = msgspec.json.encode(data)
    return _press(fonts)(files, now)


def _code(text: str) -> tuple[str, int]:
    """Return the code of a seal as SVG, and its modules from edge to edge."""
    if len(text) > _MOST_CHARACTERS:
        raise TooLarge(
            f"The seal has {len(text):,} characters; a code of more than {_MOST_CHARACTERS} cannot"
            " be read from paper. Seal the certificate without its lines",
            limit="qr",
        )
    code = qr.make(text)
    return code.svg(), code.side


def _enclosed(xml: bytes) -> dict[str, bytes]:
    """Return the document as the file that the template reads: typst takes UTF-8 files only."""
    try:
        xml.decode("utf-8")
    except UnicodeDecodeError:
        return {"xml.json": msgspec.json.encode(list(xml))}
    return {ENCLOSED: xml}


@cache
def _template() -> bytes:
    folder = resources.files("clearway.certificates.printing")
    return (folder / "template" / "certificate.typ").read_bytes()


@cache
def _press(fonts: Fonts) -> Callable[[dict[str, bytes], datetime], bytes]:
    """Return what prints with these fonts: one compiler, which keeps what it worked out."""
    import typst

    # Its type hints do not know files in memory, which it takes.
    compiler: Any = typst.Compiler(
        {_MAIN: _EMPTY},  # type: ignore[misc]
        font_paths=[str(folder) for folder in fonts.folders],
        ignore_system_fonts=True,
    )
    turn = threading.Lock()  # a compiler serves one at a time

    def press(files: dict[str, bytes], now: datetime) -> bytes:
        try:
            with turn:
                pdf, warnings = compiler.compile_with_warnings(
                    input=files,
                    format="pdf",
                    pdf_standards=list(STANDARDS),
                    timestamp=int(now.timestamp()),
                )
        except typst.TypstError as error:
            raise RuleViolation(f"The certificate cannot be printed: {error.message}") from error
        if warnings:
            raise RuleViolation(f"The certificate cannot be printed: {warnings[0].message}")
        return bytes(pdf)

    return press
