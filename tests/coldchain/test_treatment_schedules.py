"""The schedule of treatments: rows that can be cited, a country's own, and which row fits."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from importlib import resources

import pytest

from clearway.coldchain import commodities
from clearway.coldchain import treatment_schedules as schedule
from clearway.coldchain.treatment import CITRUS_16_DAYS, Limit, Restart
from clearway.errors import InputError, NotFound, RuleViolation

TEXT = (resources.files("clearway.coldchain") / "data" / "treatments.csv").read_text()
ROWS = list(csv.DictReader(TEXT.splitlines()))
DAYS_16 = timedelta(days=16)


def table(*rows):
    text = io.StringIO()
    writer = csv.DictWriter(text, schedule.COLUMNS)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


@pytest.fixture
def shelf():
    yield
    schedule.use(())


def test_every_row_cites_its_source_and_says_what_was_assumed():
    assert len(schedule.shipped()) == len(ROWS) >= 20
    for row in schedule.shipped().values():
        assert len(row.source) > 20
        assert row.pests
        assert row.status in {"seen", "weak"}
        assert "calibration" in row.assumed
        assert row.protocol.calibration_tolerance_c == 0.3


def test_every_row_is_of_goods_that_the_library_knows():
    for row in schedule.shipped().values():
        assert row.commodities <= commodities.library().keys()


def test_the_published_citrus_treatment_is_the_one_of_the_rules():
    found = schedule.get("citrus_medfly_1.4_16d").protocol
    assert (found.limit_c, found.lasting, found.start_c) == (
        CITRUS_16_DAYS.limit_c,
        CITRUS_16_DAYS.lasting,
        CITRUS_16_DAYS.start_c,
    )
    assert found.log_at_most == timedelta(hours=1)


@pytest.mark.parametrize(
    ("kind", "limit_c", "lasting", "commodity", "code"),
    [
        ("cold", 1.4, DAYS_16, "orange", "citrus_medfly_1.4_16d"),
        ("cold", 1.4, timedelta(days=20), "orange", "citrus_medfly_1.4_16d"),
        ("cold", 1.4, timedelta(days=15), "orange", None),
        ("cold", 1.4, DAYS_16, None, None),
        ("cold", 1.4, DAYS_16, "banana", None),
        ("cold", 1.0, DAYS_16, "grape", "japan_grape_1.0_16d"),
        ("cold", 1.1, timedelta(days=14), "orange", "us_medfly_1.1_14d"),
        ("cold", 3.0, timedelta(days=18), "lemon", "lemon_medfly_3.0_18d"),
        ("heat", 47.5, timedelta(minutes=30), "papaya", "papaya_vapour_heat_47.5"),
        ("heat", 1.4, DAYS_16, "orange", None),
    ],
)
def test_the_row_that_a_claim_speaks_of(kind, limit_c, lasting, commodity, code):
    found = schedule.fitting(kind, limit_c, lasting, commodity)
    assert (None if found is None else found.code) == code


def test_the_importing_country_s_own_row_comes_first(shelf):
    own = dict(ROWS[0], code="ke_citrus_1.4_14d", authority="KE", lasting_h="336")
    schedule.use(schedule.read_file(table(own)))
    assert schedule.fitting("cold", 1.4, DAYS_16, "orange", "KE").code == "ke_citrus_1.4_14d"
    assert schedule.fitting("cold", 1.4, DAYS_16, "orange").code == "citrus_medfly_1.4_16d"


def test_an_unknown_code_is_told_with_the_known_ones():
    with pytest.raises(NotFound, match="papaya_vapour_heat"):
        schedule.get("nonsense")


def test_a_country_adds_and_replaces_rows(shelf):
    own = dict(ROWS[0], probes_at_least="3", restart="void", status="law", authority="KE")
    other = dict(own, code="ke_mango_0.5_20d", commodities="mango", limit_c="0.5", lasting_h="480")
    schedule.use(schedule.read_file(table(own, other)))
    assert schedule.get(own["code"]).protocol.probes_at_least == 3
    assert schedule.get(own["code"]).protocol.restart is Restart.VOID
    found = schedule.fitting("cold", 0.5, timedelta(days=20), "mango")
    assert found.code == "ke_mango_0.5_20d"
    assert found.protocol.limit is Limit.CEILING
    schedule.use(())
    assert schedule.get(own["code"]).protocol.probes_at_least == 1


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"code": "Not A Code"}, "code"),
        ({"limit_c": "cold"}, "limit_c"),
        ({"limit_c": "nan"}, "limit_c"),
        ({"lasting_h": "0"}, "lasting_h"),
        ({"probes_at_least": "0"}, "probes_at_least"),
        ({"kind": "gas"}, "kind"),
        ({"restart": "maybe"}, "restart"),
        ({"calibration_tolerance_c": "-0.3"}, "calibration_tolerance_c"),
        ({"source": ""}, "source"),
        ({"status": "sure"}, "status"),
    ],
)
def test_a_wrong_cell_is_named_with_its_line_and_column(changes, named):
    with pytest.raises(RuleViolation) as refusal:
        schedule.read_file(table(ROWS[0], dict(ROWS[1], **changes)))
    assert refusal.value.findings[0].field == f"line 3, {named}"


def test_a_code_that_stands_twice_and_a_missing_column_are_refused():
    with pytest.raises(RuleViolation, match="twice"):
        schedule.read_file(table(ROWS[0], ROWS[0]))
    for data in (b"", b"code\n", b"\xff\xfe\x00", b"a" * (1 << 21)):
        with pytest.raises(InputError):
            schedule.read_file(data)
