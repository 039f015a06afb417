"""Treatments as numbers: cold, heat, fumigation; probes and calibration; nothing made up."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.certificates.formats import sps_certificate
from clearway.certificates.parts import Characteristic, Measure, Text, Treatment
from clearway.certificates.treatments import TreatmentKind, claim_of
from clearway.terms.quantity import Quantity, UnitCode

from .conftest import certificate, heat, line


def treatment(temperature: str, value: str, unit: str = "HUR", **more: Any) -> Treatment:
    return Treatment(
        temperature=Quantity(Decimal(temperature), UnitCode("CEL")),
        duration=Quantity(Decimal(value), UnitCode(unit)),
        **more,
    )


def test_a_cold_treatment_with_its_probes_and_their_calibration() -> None:
    words = (Text("Cold treatment in transit, 3 pulp sensors, calibrated on 2026-03-01."),)
    claim = claim_of(treatment("1.1", "14", "DAY", description=words))
    assert (claim.kind, claim.temperature_c, claim.hours) == ("cold", Decimal("1.1"), 336)
    assert (claim.sensors, claim.calibrated, claim.wanting) == (3, date(2026, 3, 1), ())


def test_a_heat_treatment_says_what_it_does_not_state() -> None:
    claim = claim_of(heat())
    assert (claim.kind, claim.hours) == (TreatmentKind.HEAT, 3)
    assert claim.wanting == ("sensors", "calibrated")


@pytest.mark.parametrize("value, unit", [("48", "g/m3"), ("48", "A93"), ("48000", "GP"),
                                         ("0.048", "KMQ")])  # fmt: skip
def test_a_fumigation_has_a_dose_and_its_product_with_time(value: str, unit: str) -> None:
    dose = Measure(Decimal(value), unit)
    claim = claim_of(treatment("21", "24", agents=("Methyl bromide",), concentration=dose))
    assert (claim.kind, claim.dose_g_m3, claim.wanting) == ("fumigation", 48, ())
    assert claim.concentration_time_g_h_m3 == 48 * 24


def test_what_cannot_be_read_is_wanting_and_not_guessed() -> None:
    for words in ("2 probes in bay 1, 3 probes in bay 2", "0 probes", "sensors calibrated lately"):
        claim = claim_of(treatment("1", "14", "DAY", information=(Text(words),)))
        assert claim.sensors is None and claim.calibrated is None
        assert claim.wanting == ("sensors", "calibrated")
    wrong = Treatment(temperature=Quantity(Decimal(3), UnitCode("KGM")))
    assert claim_of(wrong).kind is TreatmentKind.OTHER
    percent = Treatment(agents=("Phosphine",), concentration=Measure(Decimal(2), "P1"))
    assert claim_of(percent).wanting == ("dose_g_m3", "hours", "temperature_c")
    assert claim_of(Treatment()).wanting == ()


def test_probes_and_calibration_survive_writing_and_reading() -> None:
    stated = (
        Characteristic("TTPR", "", Measure(Decimal(5), "H87")),
        Characteristic("TTCAL", "2026-02-28"),
    )
    given_ = certificate(lines=(line(1, treatments=(treatment("0", "16", "DAY", others=stated),)),))
    read, _ = sps_certificate.read(sps_certificate.write(given_))
    assert read is not None
    claim = claim_of(read.lines[0].treatments[0])
    assert (claim.sensors, claim.calibrated) == (5, date(2026, 2, 28))


texts = st.text(max_size=60)
numbers = st.decimals(allow_nan=False, allow_infinity=False, min_value=-200, max_value=5000)


@given(texts, texts, numbers, st.decimals(0, 5000, places=2), texts)
def test_whatever_is_stated_a_claim_is_bounded_and_never_fails(
    words: str, code: str, degrees: Decimal, hours: Decimal, unit: str
) -> None:
    given_ = Treatment(
        description=(Text(words),),
        concentration=Measure(hours, unit),
        temperature=Quantity(degrees, UnitCode("CEL")),
        duration=Quantity(hours, UnitCode("HUR")),
        others=(Characteristic("TTPR", words), Characteristic("TTCAL", code)),
    )
    claim = claim_of(given_)
    assert claim.temperature_c == degrees
    assert claim.hours is None or claim.hours > 0
    assert claim.sensors is None or 1 <= claim.sensors <= 999
    product = claim.concentration_time_g_h_m3
    assert product is None or product > 0
    assert (claim.kind is TreatmentKind.COLD) <= (degrees <= 4)


@given(st.decimals(-5, 4, places=1), st.integers(1, 60), st.integers(1, 99))
def test_a_cold_claim_is_read_exactly_in_whatever_unit(
    celsius: Decimal, days: int, probes: int
) -> None:
    kelvin = Treatment(
        temperature=Quantity(celsius + Decimal("273.15"), UnitCode("KEL")),
        duration=Quantity(Decimal(days), UnitCode("DAY")),
        information=(Text(f"{probes} probes"),),
    )
    claim = claim_of(kelvin)
    assert (claim.kind, claim.temperature_c, claim.hours) == ("cold", celsius, 24 * days)
    assert claim.sensors == probes
