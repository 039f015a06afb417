"""Catalogues are whole: no label of a print stays in English by oversight."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

import pytest

from clearway.certificates.formats.profile import profile_of, profiles
from clearway.certificates.parts import Precision, Stated
from clearway.certificates.printing import content, words
from clearway.certificates.printing.boxes import Pen
from clearway.certificates.printing.fonts import installed
from clearway.certificates.printing.page import Inscription
from clearway.terms.places import Country

from .conftest import NOW, arabic
from .test_render import full

OTHERS = [each for each in words.languages() if each != "en"]


class Asked(dict[str, str]):
    """A catalogue that keeps what it was asked for."""

    def __init__(self) -> None:
        self.asked: set[str] = set()

    def get(self, key: str, default: str = "") -> str:  # type: ignore[override]
        self.asked.add(key)
        return default


def asked_for() -> set[str]:
    """Return every English text that the prints of all kinds, in all states, ask for."""
    catalogue = Asked()
    pen = Pen(words.Words("en", catalogue), Inscription(installed()))
    several = dataclasses.replace(full(), lines=(*full().lines, *arabic().lines))
    for kind in profiles():
        for status in ("39", "40", "41", "42", "44", "47", "49", "70", "x"):
            for whole in (full(), several):
                for enclosed in (True, False):
                    pen.ink.lost.add("x")
                    pen.ink.shortened = True
                    content.page_of(
                        whole, profile_of(kind), pen, status=status, now=NOW, is_enclosed=enclosed
                    )
    return catalogue.asked - {""}


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_of_a_print_has_its_translation(language: str) -> None:
    known = words.words_of(language).texts
    assert sorted(text for text in asked_for() if text not in known) == []


@pytest.mark.parametrize("language", OTHERS)
def test_catalogues_have_the_same_keys_and_no_empty_text(language: str) -> None:
    known = words.words_of(language).texts
    assert set(known) == set(words.words_of(OTHERS[0]).texts)
    assert all(text.strip() for text in known.values())


@pytest.mark.parametrize("language", words.languages())
def test_every_word_of_a_catalogue_can_be_shown(language: str) -> None:
    shown = words.words_of(language)
    assert not installed().missing("".join((*shown.texts.values(), *shown.countries.values())))


def test_countries_are_named_in_the_language_of_the_page() -> None:
    assert words.words_of("fr").country(Country("EC")) == "Équateur (EC)"
    assert words.words_of("en").country(Country("EC")) == "Ecuador (EC)"
    assert words.words_of("en").country(None) == ""


def test_a_time_is_told_as_exactly_as_it_was_stated_and_no_more() -> None:
    at = datetime(2026, 3, 12, 8, 5, tzinfo=UTC)
    told = words.words_of("en").time
    assert told(Stated("x", at, Precision.DAY)) == "12 March 2026"
    assert told(Stated("x", at, Precision.LOCAL)) == "12 March 2026, 08:05"
    assert told(Stated("x", at, Precision.INSTANT)) == "12 March 2026, 08:05 UTC"
    assert told(Stated("May 1,2,5 2020", None, Precision.TEXT)) == "May 1,2,5 2020"
    assert told(None) == ""
    assert words.words_of("es").time(Stated("x", at, Precision.DAY)) == "12 de marzo de 2026"


def test_units_and_packages_without_a_name_keep_their_code() -> None:
    english = words.words_of("en")
    assert (english.unit("KGM"), english.unit("XYZ")) == ("kg", "XYZ")
    assert (english.package("CT"), english.package("Q9")) == ("carton (CT)", "Q9")
    assert english.package("KG") == "keg (KG)", "a kind of package here, not the kilogram"
