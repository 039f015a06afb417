"""What fonts show, and what is printed where none does."""

from __future__ import annotations

import pathlib
from collections.abc import Callable

import pypdfium2
import pytest

from clearway.certificates.parts import Party, Text
from clearway.certificates.printing import fonts
from clearway.certificates.printing.coverage import characters
from clearway.errors import InputError, MalformedMessage
from tests.certificates.conftest import certificate, line

from .conftest import arabic, pages_of, printed, squeezed, with_script, without_fonts

Open = Callable[[bytes], pypdfium2.PdfDocument]
LATIN = "Łódź Świeże Ürünler Ñandú Őş ğ ïÿ æøå Ελλάδα Россия €"


def test_the_pinned_fonts_are_installed_and_show_their_scripts() -> None:
    shown = fonts.installed()
    assert shown.families[0] == "Noto Sans" and shown.show_arabic
    assert not shown.missing(LATIN + "شهادة الصحة النباتية")


def test_only_the_files_of_the_packages_are_used_never_those_of_the_machine() -> None:
    known = [*fonts.PACKAGES, "site-packages"]
    assert all(any(name in str(each) for name in known) for each in fonts.installed().folders)


def test_latin_greek_and_cyrillic_are_printed_without_any_package(opened: Open) -> None:
    pdf = printed(certificate(consignor=Party(LATIN)), fonts=without_fonts())
    assert squeezed(LATIN) in squeezed(pages_of(opened(pdf))[0])
    assert b"Libertinus" in pdf and b"Noto" not in pdf


def test_all_that_typst_is_promised_to_show_it_shows() -> None:
    promised = sorted(without_fonts().points - {0x20, 0xA0, 0xAD, 0x200B})
    for start in range(0, len(promised), 60):
        text = " ".join(map(chr, promised[start : start + 60]))
        printed(certificate(consignor=Party(text)), fonts=without_fonts())


def test_what_no_font_shows_is_printed_by_its_number_and_the_page_says_so(opened: Open) -> None:
    apple = certificate(lines=(line(1, descriptions=(Text("苹果 apples"),)),))
    text = squeezed(pages_of(opened(printed(apple, fonts=without_fonts())))[0])
    assert "[U+82F9][U+679C]apples" in text and "printedbytheirnumbers" in text


def test_chinese_japanese_and_korean_are_printed_where_their_font_is(opened: Open) -> None:
    if not with_script(0x82F9):
        pytest.skip("the extra `cjk` (noto-cjk-sans-otc) is not installed")
    texts = tuple(Text(text) for text in ("苹果", "りんご", "사과"))
    text = squeezed(pages_of(opened(printed(certificate(lines=(line(descriptions=texts),)))))[0])
    assert all(each.text in text for each in texts) and "[U+" not in text


def test_arabic_without_its_font_is_refused_with_the_way_out() -> None:
    with pytest.raises(InputError, match="fontpkg-noto-sans-arabic"):
        printed(arabic(), "ar", fonts=without_fonts())


def test_an_arabic_name_on_an_english_page_is_never_an_empty_box(opened: Open) -> None:
    pdf = printed(certificate(consignor=Party("شركة")), fonts=without_fonts())
    assert "[U+0634]" in squeezed(pages_of(opened(pdf))[0])


@pytest.mark.parametrize("data", [b"", b"ttcf", b"\x00\x01\x00\x00" + b"\xff" * 40, b"x" * 100])
def test_what_is_no_font_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedMessage):
        characters(data)


def test_a_cut_font_is_refused_or_read_never_a_crash(tmp_path: pathlib.Path) -> None:
    folder = next(each for each in fonts.installed().folders if "arabic" in str(each))
    whole = next(folder.glob("*.ttf")).read_bytes()
    for size in (20, 300, 3_000, 30_000):
        try:
            characters(whole[:size])
        except MalformedMessage:
            continue
