"""Certificates to print, and what a reader finds in the print."""

from __future__ import annotations

import dataclasses
import unicodedata
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pypdfium2
import pytest
from lxml import etree

from clearway.certificates.formats import sps_certificate
from clearway.certificates.formats.profile import profile_of
from clearway.certificates.model import Certificate
from clearway.certificates.parts import Location, Note, Origin, Party, Signatory, Text
from clearway.certificates.printing.fonts import Fonts, installed
from clearway.certificates.printing.render import render
from clearway.terms.places import Country
from tests.certificates.conftest import certificate, line, sha256

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
INVOICE = b"a stranger's invoice"
SEAL = "6BFB:" + "0123456789ABCDEFGHIJ $%*+-./" * 9


def read_back(whole: Certificate) -> tuple[Certificate, bytes]:
    """Return a certificate as its document gives it, and the document."""
    document = sps_certificate.write(whole, attachments={sha256(INVOICE): INVOICE})
    return sps_certificate.read(document)[0], document


def printed(whole: Certificate, language: str = "en", **changes: Any) -> bytes:
    """Return the print of a certificate, with its document enclosed."""
    found, document = read_back(whole)
    arguments = {"language": language, "now": NOW, "seal_text": SEAL, "xml": document, **changes}
    return render(found, profile_of(found.type_code), **arguments)


@pytest.fixture
def opened() -> Iterator[Callable[[bytes], pypdfium2.PdfDocument]]:
    """Open PDFs, and close them when the test ends."""
    open_ones: list[pypdfium2.PdfDocument] = []

    def opening(pdf: bytes) -> pypdfium2.PdfDocument:
        open_ones.append(pypdfium2.PdfDocument(pdf))
        return open_ones[-1]

    yield opening
    for each in open_ones:
        each.close()


def pages_of(document: pypdfium2.PdfDocument) -> list[str]:
    """Return the text of each page as a reader extracts it."""
    texts = []
    for page in document:
        text = page.get_textpage()
        texts.append(text.get_text_bounded())
        text.close()
        page.close()
    return texts


def squeezed(text: str) -> str:
    """Return a text without what lines and pages put between its letters."""
    shown = unicodedata.normalize("NFKC", text).replace("\u200b", "").replace("\ufffe", "")
    return "".join(shown.split())


def enclosed(document: pypdfium2.PdfDocument) -> dict[str, bytes]:
    """Return the files enclosed in a PDF."""
    count = document.count_attachments()
    found = [document.get_attachment(index) for index in range(count)]
    return {each.get_name(): bytes(each.get_data()) for each in found}


def xmp(pdf: bytes) -> Any:
    """Return the metadata of a PDF, which PDF/A keeps readable."""
    start = pdf.index(b"<x:xmpmeta")
    return etree.fromstring(pdf[start : pdf.index(b"</x:xmpmeta>") + len(b"</x:xmpmeta>")])


def without_fonts() -> Fonts:
    """Return the fonts of a system on which none is installed."""
    from clearway.certificates.printing.fonts import of_folders

    return of_folders((), ())


def with_script(point: int) -> bool:
    """Whether a font that shows this character is installed."""
    return point in installed().points


def arabic() -> Certificate:
    """Return a certificate from Egypt, in Arabic."""
    return certificate(
        issuing_country=Country("EG"),
        issuer=Party("الحجر الزراعي المصري"),
        consignor=Party("شركة النيل", address=("شارع الجمهورية 12",), country=Country("EG")),
        lines=(
            line(
                1,
                descriptions=(Text("برتقال طازج", "ar"), Text("Fresh oranges", "en")),
                scientific_names=(Text("Citrus sinensis"),),
                origins=(Origin(Country("EG"), ("البحيرة",)),),
            ),
        ),
        signatories=(
            Signatory(
                certificate().issued,
                Location(name="الإسكندرية"),
                Party("مكتب الإسكندرية", person="محمد علي"),
                (Text("فُحصت النباتات.", "ar"),),
            ),
        ),
    )


def many(count: int) -> Certificate:
    """Return a certificate of so many lines."""
    return certificate(
        lines=tuple(
            line(number, descriptions=(Text(f"Roses, kind {number}"),), treatments=(), notes=())
            for number in range(1, count + 1)
        )
    )


def noted(whole: Certificate, *notes: Note) -> Certificate:
    """Return a certificate with more notes."""
    return dataclasses.replace(whole, notes=(*whole.notes, *notes))
