"""Profiles: the sample that is shipped, and what is said about a bad one."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from clearway.errors import MalformedMessage
from clearway.identity.model import AGENCIES
from clearway.measures.formats.profile import read_profile, sample
from clearway.measures.model import RequirementKind
from clearway.terms.goods import load_nomenclature

FOLDER = files("clearway.measures") / "profiles" / "sample"
NAMES = ["profile.json", "duties.json", "perishable.json", "requirements.json"]


def test_the_sample_says_that_it_is_one() -> None:
    profile = sample()
    assert profile.is_sample
    assert profile.country == "XA"
    assert "SAMPLE" in (FOLDER / "profile.json").read_text(encoding="utf-8")
    assert sample() is profile


def test_the_sample_speaks_of_agencies_that_there_are_and_in_whole_sentences() -> None:
    lines = {r.code: r for pairs in sample().requirements.values() for r, _ in pairs}
    assert 15 <= len(lines) <= 60
    for requirement in lines.values():
        assert requirement.agency in AGENCIES
        assert requirement.text.endswith(".")
        assert requirement.legal_basis
        is_control = requirement.kind is RequirementKind.CONTROL
        assert bool(requirement.document_types) is not is_control
    assert {r.agency for r in lines.values()} == set(AGENCIES)


def test_every_prefix_of_the_sample_is_in_the_harmonized_system(shared_data: Path) -> None:
    known = set(load_nomenclature(shared_data / "codes" / "harmonized-system.csv"))
    profile = sample()
    tables: list[Any] = [
        profile.requirements,
        profile.duties,
        profile.excises,
        profile.taxes,
        profile.perishable,
        *(scheme.rates for scheme in profile.schemes.values()),
    ]
    for table in tables:
        assert set(table) - {""} <= known, "an HS prefix that the Harmonized System 2022 lacks"


def copy_with(tmp_path: Path, name: str, change: Callable[[Any], Any]) -> Path:
    for file in NAMES:
        content = json.loads((FOLDER / file).read_text(encoding="utf-8"))
        if file == name:
            content = change(content)
        (tmp_path / file).write_text(json.dumps(content), encoding="utf-8")
    return tmp_path


def test_a_copy_of_the_sample_is_read_the_same(tmp_path: Path) -> None:
    assert read_profile(copy_with(tmp_path, "", lambda content: content)) == sample()


def first(**changes: Any) -> Callable[[Any], Any]:
    return lambda lines: [{**lines[0], **changes}, *lines[1:]]


@pytest.mark.parametrize(
    "name, change, complaint",
    [
        ("profile.json", lambda c: {**c, "country": "ZZ"}, "country code"),
        ("profile.json", lambda c: {**c, "colour": "red"}, "unknown field `colour`"),
        ("profile.json", lambda c: {"name": "x"}, "missing required field"),
        ("requirements.json", first(hs=["77"]), "no chapter"),
        ("requirements.json", first(kind="wish"), "Invalid enum value 'wish'"),
        ("requirements.json", first(documents=[]), "needs at least one document"),
        ("requirements.json", first(kind="control"), "names no documents"),
        ("requirements.json", first(share="0.5"), "share is above 0"),
        ("requirements.json", first(kind="control", documents=[], share="0"), "share is above 0"),
        ("requirements.json", first(end="2026-01-01T00:00:00Z"), "an end needs a start"),
        ("requirements.json", first(start="2026-01-01T00:00:00"), "instant in UTC"),
        ("requirements.json", first(directions=["sideways"]), "directions must be of"),
        ("requirements.json", first(directions=[]), "directions must be of"),
        ("requirements.json", lambda c: [c[0], *c], "is there twice"),
        ("duties.json", lambda c: {**c, "general_percent": {"01": "5"}}, "the rest"),
        ("duties.json", lambda c: {**c, "general_percent": {"": "5", "1": "5"}}, "HS chapter"),
        ("duties.json", lambda c: {**c, "general_percent": {"": "-1"}}, "0 to 1000 per cent"),
        ("duties.json", lambda c: {**c, "general_percent": {"": "NaN"}}, "0 to 1000 per cent"),
        ("duties.json", lambda c: {**c, "general_percent": {"": "x"}}, "duties.json"),
        ("perishable.json", lambda c: {**c, "spoils": [7]}, "perishable.json"),
    ],
)
def test_a_slip_is_named_by_file_and_place(
    tmp_path: Path, name: str, change: Callable[[Any], Any], complaint: str
) -> None:
    with pytest.raises(MalformedMessage, match=complaint) as caught:
        read_profile(copy_with(tmp_path, name, change))
    assert name in str(caught.value)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("content", [b"", b"{", b"null", b"\xff\xfe", b"[]" * 3])
def test_a_file_that_is_no_json_is_named(tmp_path: Path, name: str, content: bytes) -> None:
    folder = copy_with(tmp_path, "", lambda whole: whole)
    (folder / name).write_bytes(content)
    with pytest.raises(MalformedMessage, match=name):
        read_profile(folder)


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    folder = copy_with(tmp_path, "", lambda whole: whole)
    (folder / name).unlink()
    with pytest.raises(MalformedMessage, match=f"{name}: the profile lacks"):
        read_profile(folder)


def test_shares_are_exact() -> None:
    shares = {r.code: r.share for pairs in sample().requirements.values() for r, _ in pairs}
    assert shares["CTL-SEEDS"] == Decimal("0.15")
    assert shares["PHY-IMPORT"] == 1
