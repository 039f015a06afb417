"""The library of commodities: whole, consistent, and found by HS code."""

from __future__ import annotations

import pytest

from clearway.coldchain import commodities
from clearway.coldchain.kinetics import relative_rate
from clearway.errors import NotFound

LIBRARY = commodities.library()


@pytest.mark.parametrize(
    ("hs", "code"),
    [
        ("080390", "banana"),
        ("0803901000", "banana"),
        ("080810", "apple"),
        ("080830", "pear"),
        ("030214", "salmon"),
        ("030232", "tuna"),
        ("030251", "fish_temperate"),
        ("030617", "seafood_frozen"),
        ("030636", "fish_temperate"),
        ("030743", "seafood_frozen"),
        ("020714", "meat_frozen"),
        ("020713", "poultry_chilled"),
        ("020442", "meat_frozen"),
        ("081010", "strawberry"),
        ("060311", "rose"),
        ("060319", "cut_flowers"),
        ("300241", "vaccine"),
        ("300490", "medicine"),
        ("080521", "mandarin"),
    ],
)
def test_the_longest_prefix_of_an_hs_code_wins(hs, code):
    assert commodities.of_hs(hs).code == code


@pytest.mark.parametrize("hs", ["870323", "847130", "0101", "03", "", "9999999999"])
def test_other_goods_have_no_commodity(hs):
    assert commodities.of_hs(hs) is None


def test_an_unknown_commodity_is_told_with_the_ones_that_are_known():
    with pytest.raises(NotFound, match="banana"):
        commodities.get("unobtainium")
    assert commodities.find("unobtainium") is None
    assert commodities.find(None) is None


def test_the_library_is_of_a_useful_size():
    """Enough for what travels cold; fewer means that the file was cut, more that HS codes clash."""
    assert 40 <= len(LIBRARY) <= 80
    prefixes = [prefix for found in LIBRARY.values() for prefix in found.hs]
    assert len(prefixes) == len(set(prefixes))


@pytest.mark.parametrize("code", sorted(LIBRARY))
def test_each_row_is_consistent_and_names_its_source(code):
    found = LIBRARY[code]
    assert found.coldest_c <= found.warmest_c <= found.limit_c
    assert found.coldest_c - 1 <= found.reference_c <= found.warmest_c + 1
    assert 0 < found.life_days[0] <= found.life_days[1]
    assert found.freezing_c is None or found.freezing_c < found.warmest_c
    assert found.chilling_c is None or found.chilling_c <= found.coldest_c
    assert 4 <= found.lag_h <= 60
    assert relative_rate(found.kinetics, found.reference_c, found.reference_c) == pytest.approx(1.0)
    assert found.source
    assert found.status in {"seen", "derived", "assumed"}
    assert all(4 <= len(prefix) <= 10 and prefix.isdigit() for prefix in found.hs)


def test_seen_figures_agree_with_the_collected_literature(shared_data):
    """Life and range of rows that are marked as seen, against the table of sources."""
    import csv

    path = shared_data / "coldchain" / "commodity_storage.csv"
    seen = {row["commodity"]: row for row in csv.DictReader(path.read_text().splitlines())}
    names = {"apple": "Apple", "banana": "Banana", "asparagus": "Asparagus", "grape": "Grapes"}
    names |= {"kiwifruit": "Kiwifruit", "orange": "Oranges", "onion": "Onions, bulb"}
    for code, name in names.items():
        row, found = seen[name], LIBRARY[code]
        assert found.life_days == (float(row["life_lo_days"]), float(row["life_hi_days"]))
        if "warmest" not in found.assumed:
            assert found.warmest_c == pytest.approx(float(row["temp_hi_C"]), abs=1.2)


@pytest.mark.parametrize("cell", ["", "sqrt", "magic 3", "exp a b"])
def test_a_row_with_unknown_kinetics_is_a_defect(cell):
    row = {
        "code": "x", "name": "X", "hs": "0000", "coldest_c": "0", "warmest_c": "1", "limit_c": "2",
        "life_low_days": "1", "life_high_days": "2", "reference_c": "0", "freezing_c": "",
        "chilling_c": "", "kinetics": cell, "lag_h": "9", "source": "s", "status": "seen",
        "assumed": "",
    }  # fmt: skip
    with pytest.raises(ValueError, match="kinetics"):
        list(commodities.read([row]))
