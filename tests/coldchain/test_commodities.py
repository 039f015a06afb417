"""The library of commodities: whole, consistent, and found by HS code."""

from __future__ import annotations

import pytest

from clearway.coldchain import commodities, commodity_rows
from clearway.coldchain.kinetic_rows import rows
from clearway.coldchain.kinetics import relative_rate, shelf_life_days
from clearway.coldchain.model import Exponential, JudgedBy
from clearway.coldchain.vvm import Monitor, end_days
from clearway.errors import InputError, NotFound, RuleViolation

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
    assert 90 <= len(LIBRARY) <= 120
    prefixes = [prefix for found in LIBRARY.values() for prefix in found.hs]
    assert len(prefixes) == len(set(prefixes))


@pytest.mark.parametrize("code", sorted(LIBRARY))
def test_each_row_is_consistent_and_names_its_source(code):
    found = LIBRARY[code]
    assert found.coldest_c <= found.warmest_c <= found.limit_c
    assert found.coldest_c - 1 <= found.reference_c <= found.warmest_c + 1
    assert 0 < found.life_days[0] <= found.life_days[1]
    assert found.freezing_c is None or found.freezing_c <= found.coldest_c
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


ROW = {
    "code": "yam", "name": "Yams", "hs": "071430", "coldest_c": "13", "warmest_c": "16",
    "limit_c": "20", "life_low_days": "60", "life_high_days": "180", "reference_c": "14",
    "freezing_c": "-1.1", "chilling_c": "12", "kinetics": "produce_q10", "lag_h": "24",
    "source": "national handbook, 2024", "status": "seen", "assumed": "lag",
}  # fmt: skip


def table(*rows):
    """A country's file, as bytes."""
    import csv
    import io

    text = io.StringIO()
    writer = csv.DictWriter(text, list(ROW))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


@pytest.fixture
def shelf():
    yield
    commodities.use(())


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"kinetics": ""}, "kinetics"),
        ({"kinetics": "sqrt"}, "kinetics"),
        ({"kinetics": "magic 3"}, "kinetics"),
        ({"kinetics": "exp a"}, "kinetics"),
        ({"kinetics": "tremella_count"}, "no rate model"),
        ({"kinetics": "sqrt 20"}, "no rate at reference_c"),
        ({"code": "Yam!"}, "lower-case"),
        ({"hs": "0714.30"}, "digits without dots"),
        ({"limit_c": "1O"}, "limit_c"),
        ({"limit_c": "nan"}, "finite"),
        ({"limit_c": "15"}, "must rise"),
        ({"reference_c": "2"}, "recommended range"),
        ({"life_low_days": "0"}, "above 0"),
        ({"freezing_c": "17"}, "freezing_c"),
        ({"chilling_c": "14"}, "chilling_c"),
        ({"lag_h": "0.1"}, "lag_h"),
        ({"status": "sure"}, "status"),
        ({"source": ""}, "source"),
    ],
)
def test_a_wrong_row_is_named_with_its_line_and_column(changes, named):
    with pytest.raises(RuleViolation, match=named) as refusal:
        commodity_rows.read_file(table(ROW, ROW | {"code": "taro", "hs": "071440"} | changes))
    assert refusal.value.findings[0].field.startswith("line 3")


def test_every_wrong_row_is_told_at_once():
    with pytest.raises(RuleViolation) as refusal:
        commodity_rows.read_file(table(ROW, ROW, ROW | {"code": "x y", "hs": "1"}))
    fields = [finding.field for finding in refusal.value.findings]
    assert fields.count("line 3") == 2  # code and prefix stand twice
    assert fields.count("line 4") == 2


@pytest.mark.parametrize("data", [b"", b"code,name\n", b"\xff\xfe\x00", b"a" * (1 << 21)])
def test_what_is_no_table_is_refused(data):
    with pytest.raises(InputError):
        commodity_rows.read_file(data)


def test_a_country_adds_and_replaces_commodities(shelf):
    own = commodity_rows.read_file(table(ROW, ROW | {"code": "banana", "hs": "080310"}))
    commodities.use(own)
    assert commodities.get("yam").source == "national handbook, 2024"
    assert commodities.of_hs("071430").code == "yam"
    assert commodities.get("banana").name == "Yams"
    assert commodities.of_hs("080390") is None  # its row named another prefix
    commodities.use(())
    assert commodities.find("yam") is None
    assert commodities.of_hs("080390").code == "banana"


def test_a_country_s_prefix_wins_over_ours(shelf):
    commodities.use(commodity_rows.read_file(table(ROW | {"hs": "080550"})))
    assert commodities.of_hs("080550").code == "yam"
    assert commodities.get("lemon").code == "lemon"


def test_all_collected_commodities_are_in_the_library(shared_data):
    """By the figures that nobody rounds: humidity and respiration of each row."""
    import csv

    path = shared_data / "coldchain" / "commodity_storage.csv"
    rows = list(csv.DictReader(path.read_text().splitlines()))
    assert len(rows) == 74
    figures = {(found.humidity_pct, found.respiration) for found in LIBRARY.values()}
    for row in rows:
        respiration = tuple(
            (float(at), float(rate))
            for rate, _, at in (
                pair.partition("@") for pair in row["respiration_mgCO2_per_kg_h"].split(";") if pair
            )
        )
        humidity = (float(row["rh_lo"]), float(row["rh_hi"])) if row["rh_lo"] else None
        assert (humidity, respiration) in figures, row["commodity"]


def test_all_collected_kinetics_are_in_the_library(shared_data):
    import csv

    path = shared_data / "coldchain" / "kinetics.csv"
    assert len(list(csv.DictReader(path.read_text().splitlines()))) == len(rows()) == 26
    assert all(row.source and row.status for row in rows().values())
    assert all(row.valid_c[0] < row.valid_c[1] for row in rows().values())
    assert rows()["salmon_smoked"].kinetics == Exponential(0.089, (0.0, 25.0))
    assert rows()["produce_q10"].kinetics == commodities.PRODUCE_Q10


@pytest.mark.parametrize("code", ["produce_q10", "vvm30", "vvm14", "vvm7", "vvm2"])
def test_tabled_lives_agree_with_the_model_of_their_row(code):
    row = rows()[code]
    (known_c, known, _), *others = row.points
    for at_c, low, _ in others:
        found = shelf_life_days(row.kinetics, known_c=known_c, known_days=known, asked_c=at_c)
        assert found == pytest.approx(low, rel=0.15 if code == "produce_q10" else 0.02)


def test_vaccines_are_judged_by_their_monitor_and_medicines_by_their_mean():
    for monitor in Monitor:
        found = commodities.get(f"vaccine_{monitor.value.lower()}")
        assert found.judged_by is JudgedBy.VVM
        assert found.life_days[0] == pytest.approx(end_days(monitor, 5.0), abs=0.5)
    assert commodities.get("medicine").judged_by is JudgedBy.MKT
    assert commodities.get("medicine").mkt_limit_c == 25.0
