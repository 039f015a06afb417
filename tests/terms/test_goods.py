"""Codes of the Harmonized System."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from clearway.errors import BadTerm
from clearway.terms.goods import HsCode, HsPrefix, description_of, load_nomenclature
from clearway.terms.nomenclature import CHAPTERS, GOODS


def test_a_code_knows_its_heading_and_chapter() -> None:
    code = HsCode("0803901000")
    assert (code.chapter, code.heading, code.subheading) == ("08", "0803", "080390")
    assert HsPrefix("0803").covers(code)
    assert not HsPrefix("0804").covers(code)


@pytest.mark.parametrize("text", ["0803.90", "0803 90", "0803.90.10"])
def test_a_code_is_read_as_people_write_it(text: str) -> None:
    assert HsCode.read(text).heading == "0803"


@pytest.mark.parametrize("text", ["0803", "08039", "770000", "000000", "08039010000", "08039O"])
def test_what_is_no_code_of_six_digits_in_a_known_chapter_is_refused(text: str) -> None:
    with pytest.raises(BadTerm):
        HsCode(text)


@pytest.mark.parametrize("text", ["8", "080", "08039", "77", "00"])
def test_a_prefix_is_a_chapter_heading_or_code(text: str) -> None:
    with pytest.raises(BadTerm):
        HsPrefix(text)


def test_national_chapters_98_and_99_are_accepted() -> None:
    assert HsCode("99190000").chapter == "99"


def test_goods_are_described_by_the_nearest_heading_known() -> None:
    assert description_of(HsCode("0803901000")) == "Bananas, fresh or dried"
    assert description_of(HsCode("080290")) == "Fruit and nuts"
    assert description_of("99") == ""


def test_shipped_goods_are_in_order_and_under_known_chapters() -> None:
    assert list(GOODS) == sorted(GOODS)
    assert 300 <= len(GOODS) <= 500
    assert len(CHAPTERS) == 96
    for code in GOODS:
        assert HsCode(code).chapter in CHAPTERS


def test_the_full_nomenclature_loads_and_every_code_of_it_is_accepted(shared_data: Path) -> None:
    path = shared_data / "codes" / "harmonized-system.csv"
    full = load_nomenclature(path)
    with path.open(encoding="utf-8") as file:
        listed = [row["hscode"] for row in csv.DictReader(file) if row["hscode"] != "TOTAL"]
    assert len(listed) == len(full) > 6_900
    subheadings = [code for code in full if len(code) == 6]
    assert len(subheadings) == 5_613
    for code in subheadings:
        assert HsCode(code) == code
    assert set(GOODS) <= set(full), "a shipped subheading is not in the Harmonized System 2022"
    assert description_of("01012100", full).startswith("Horses; live")


def test_a_file_of_other_columns_is_no_nomenclature(tmp_path: Path) -> None:
    path = tmp_path / "tariff.csv"
    path.write_text("code,text\n010121,Horses\n", encoding="utf-8")
    with pytest.raises(BadTerm, match="columns hscode and description"):
        load_nomenclature(path)


def test_a_nomenclature_with_a_wrong_code_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tariff.csv"
    path.write_text("hscode,description\n77,Nothing\n", encoding="utf-8")
    with pytest.raises(BadTerm, match="no chapter"):
        load_nomenclature(path)
