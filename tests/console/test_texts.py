"""Every text in every language, and numbers and times as each language writes them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from clearway.console import translate

from .literals import every_text, in_templates

_HOLES = re.compile(r"\{(\w*)\}")
CATALOGUES = [code for code in translate.languages() if code != translate.SOURCE]


def test_french_and_spanish_are_there() -> None:
    assert {"fr", "es"} <= set(CATALOGUES)
    assert translate.language_names() == {"en": "English", "es": "Español", "fr": "Français"}


@pytest.mark.parametrize("language", CATALOGUES)
def test_every_text_has_a_translation_and_no_translation_is_left_over(language: str) -> None:
    known = set(translate.catalogue(language))
    assert every_text() - known == set()
    assert known - every_text() == set()


@pytest.mark.parametrize("language", CATALOGUES)
def test_a_translation_has_the_same_holes_and_no_markup(language: str) -> None:
    for text, translation in translate.catalogue(language).items():
        assert translation.strip() == translation != "", text
        assert sorted(_HOLES.findall(text)) == sorted(_HOLES.findall(translation)), text
        assert not set(translation) & set("<>&"), text


def test_the_reader_of_literals_finds_both_kinds_of_quotes() -> None:
    found = in_templates()
    assert {"Examination queue", "Light or dark", "MRN, LRN, UCR or container"} <= found


def test_an_unknown_text_is_shown_as_it_stands() -> None:
    assert translate.translator("fr")("no such text {x}", x=1) == "no such text 1"


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("fr-CA,fr;q=0.9,en;q=0.8", "fr"),
        ("de, es;q=0.5", "es"),
        ("xx", "en"),
        ("", "en"),
        ("*", "en"),
        (",;q=1,,EN", "en"),
    ],
)
def test_the_best_language_is_the_first_that_we_have(header: str, language: str) -> None:
    assert translate.preferred(header) == language


def test_numbers_and_times_follow_the_language() -> None:
    assert translate.number("en", 1234567.891, 2) == "1,234,567.89"
    assert translate.number("fr", 1234567.891, 2) == "1\u202f234\u202f567,89"
    assert translate.number("en", -17.25, 1) == "\u221217.2"
    at = datetime(2026, 8, 2, 7, 5, tzinfo=UTC)
    assert translate.moment("en", at) == "02 Aug 07:05"
    assert translate.moment("fr", at, with_year=True) == "02 août 2026 07:05"
