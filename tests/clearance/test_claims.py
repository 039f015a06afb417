"""A treatment on a certificate against the logger of the container that it names."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from clearway.certificates import parts
from clearway.certificates.model import Certificate, CertificateLine
from clearway.clearance.claimed import treatment_claims
from clearway.clearance.claims import ClaimVerdict, judge
from clearway.coldchain.model import Reading, warmest
from clearway.terms.goods import HsPrefix
from clearway.terms.places import Country
from clearway.terms.quantity import Quantity, UnitCode
from clearway.terms.transport import ContainerNumber

BOX = ContainerNumber("CSQU3054383")
LOADED = datetime(2026, 2, 20, tzinfo=UTC)
STEP = timedelta(minutes=30)


def celsius(value: str) -> Quantity:
    return Quantity(Decimal(value), UnitCode("CEL"))


def days(value: str) -> Quantity:
    return Quantity(Decimal(value), UnitCode("DAY"))


def cold(
    temperature: str = "1.4", lasting: str = "16", period_days: int | None = None
) -> parts.Treatment:
    ended = None if period_days is None else LOADED + timedelta(days=period_days)
    return parts.Treatment(
        type="CT",
        temperature=celsius(temperature),
        duration=days(lasting),
        started=None if ended is None else parts.Stated.instant(LOADED),
        ended=None if ended is None else parts.Stated.instant(ended),
    )


def certificate(*treatments: parts.Treatment, container: str = str(BOX)) -> Certificate:
    return Certificate(
        number="ZA-1",
        type_code="851",
        status="70",
        issuing_country=Country("ZA"),
        importing_country=Country("KE"),
        issued=None,
        issuer=parts.Party("NPPO"),
        consignor=parts.Party("A"),
        consignee=parts.Party("B"),
        lines=(CertificateLine(1, treatments=treatments),),
        equipment=(parts.Equipment(container),) if container else (),
    )


def readings(
    lasting_days: float,
    pulp_c: float | None = 0.8,
    *,
    warm: tuple[float, float] | None = None,
    silent: tuple[float, float] | None = None,
) -> list[Reading]:
    """Readings every half hour; `warm` and `silent` are spans in days from loading."""
    made = []
    for n in range(int(lasting_days * 48) + 1):
        day = n / 48
        if silent and silent[0] < day < silent[1]:
            continue
        shown = 6.0 if warm and warm[0] <= day < warm[1] else pulp_c
        made.append(Reading(n, LOADED + n * STEP, supply_c=0.5, return_c=0.7, pulp_c=shown))
    return made


def verdict(treatment: parts.Treatment, shown: list[Reading]) -> ClaimVerdict:
    (claim,) = treatment_claims(certificate(treatment), ())
    return judge(claim, shown).verdict


def test_readings_that_stay_cold_long_enough_verify_the_claim_with_numbers() -> None:
    (claim,) = treatment_claims(certificate(cold()), ())
    assert claim.text == "16 days at or below 1.4 °C"
    result = judge(claim, readings(18))
    assert result.verdict is ClaimVerdict.VERIFIED
    assert result.days_achieved == pytest.approx(18, abs=0.1)
    assert result.hours_over == 0
    assert result.longest_gap_h == 0.5


def test_two_warm_days_in_the_middle_contradict_the_claim() -> None:
    (claim,) = treatment_claims(certificate(cold()), ())
    result = judge(claim, readings(18, warm=(8, 10)))
    assert result.verdict is ClaimVerdict.CONTRADICTED
    assert result.hours_over > 0
    assert any("minutes" in reason.text for reason in result.reasons)


def test_a_gap_in_otherwise_cold_readings_is_not_enough_data() -> None:
    assert verdict(cold(), readings(18, silent=(8, 9))) is ClaimVerdict.NOT_ENOUGH_DATA


def test_a_gap_does_not_hide_warmth_that_excludes_the_treatment() -> None:
    shown = readings(18, silent=(8, 9), warm=(10, 11))
    assert verdict(cold(), shown) is ClaimVerdict.CONTRADICTED


def test_a_logger_that_saw_only_ten_days_proves_nothing_of_sixteen() -> None:
    assert verdict(cold(), readings(10)) is ClaimVerdict.NOT_ENOUGH_DATA


def test_within_a_claimed_period_warm_days_contradict_though_the_logger_began_late() -> None:
    """16 days claimed from day 0 to 17; the logger saw day 10 to 17, three of them warm."""
    shown = [one for one in readings(17, warm=(12, 15)) if one.at >= LOADED + timedelta(days=10)]
    assert verdict(cold(period_days=17), shown) is ClaimVerdict.CONTRADICTED


def test_readings_outside_the_claimed_period_do_not_count() -> None:
    assert verdict(cold(period_days=17), readings(30, warm=(20, 25))) is ClaimVerdict.VERIFIED


def test_air_temperatures_say_nothing_of_the_goods() -> None:
    (claim,) = treatment_claims(certificate(cold()), ())
    result = judge(claim, readings(18, pulp_c=None))
    assert result.verdict is ClaimVerdict.NOT_ENOUGH_DATA
    assert "readings of the air only" in result.reasons[0].text


def test_no_readings_are_not_enough_data() -> None:
    assert verdict(cold(), []) is ClaimVerdict.NOT_ENOUGH_DATA


def test_cold_without_a_duration_and_nonsense_state_nothing_to_check() -> None:
    vague = parts.Treatment(type="CT", temperature=celsius("1"))
    nonsense = parts.Treatment(
        temperature=Quantity(Decimal(3), UnitCode("KGM")), duration=days("1")
    )
    assert treatment_claims(certificate(vague, nonsense), (str(BOX),)) == ()


def heat(*, with_period: bool = False) -> parts.Treatment:
    """At or above 56 °C for half an hour, as wood packaging is treated (ISPM 15)."""
    period = (parts.Stated.instant(LOADED), parts.Stated.instant(LOADED + timedelta(days=1)))
    return parts.Treatment(
        type="HT",
        temperature=celsius("56"),
        duration=Quantity(Decimal("0.5"), UnitCode("HUR")),
        started=period[0] if with_period else None,
        ended=period[1] if with_period else None,
    )


def in_the_core(celsius_shown: float) -> list[Reading]:
    """One day of readings each five minutes, an hour of them at the temperature given."""
    minutes = [5 * n for n in range(288)]
    return [
        Reading(
            n,
            LOADED + timedelta(minutes=at),
            pulp_c=celsius_shown if 600 <= at <= 660 else 20.0,
        )
        for n, at in enumerate(minutes)
    ]


def test_heat_is_verified_only_by_readings_in_the_core() -> None:
    (claim,) = treatment_claims(certificate(heat()), ())
    assert claim.text == "0.5 hours at or above 56 °C"
    assert judge(claim, in_the_core(57)).verdict is ClaimVerdict.VERIFIED
    seen = judge(claim, [])
    assert seen.verdict is ClaimVerdict.NOT_PROVABLE
    assert "record of the core temperatures" in seen.reasons[0].text


def test_heat_is_contradicted_only_within_a_stated_period() -> None:
    assert verdict(heat(), in_the_core(50)) is ClaimVerdict.NOT_PROVABLE
    assert verdict(heat(with_period=True), in_the_core(50)) is ClaimVerdict.CONTRADICTED


def test_a_fumigation_is_not_for_the_logger_and_says_what_would_prove_it() -> None:
    gas = parts.Treatment(agents=("Phosphine",), temperature=celsius("21"), duration=days("1"))
    (claim,) = treatment_claims(certificate(gas), ())
    assert not claim.is_for_logger
    result = judge(claim, readings(18))
    assert result.verdict is ClaimVerdict.NOT_PROVABLE
    assert "fumigator's record" in result.reasons[0].text
    assert "does not state the dose" in result.reasons[0].text


def test_without_containers_on_the_certificate_the_declared_ones_are_checked() -> None:
    (claim,) = treatment_claims(certificate(cold(), container=""), (str(BOX),))
    assert claim.container == BOX
    assert treatment_claims(certificate(cold(), container="NO SUCH BOX"), ()) == ()


def test_hours_and_fahrenheit_are_understood() -> None:
    treatment = parts.Treatment(
        temperature=Quantity(Decimal("34.52"), UnitCode("FAH")),
        duration=Quantity(Decimal(384), UnitCode("HUR")),
    )
    (claim,) = treatment_claims(certificate(treatment), ())
    assert claim.warmest_c is not None
    assert float(claim.warmest_c) == pytest.approx(1.4)
    assert claim.lasting_days == 16


def oranges(treatment: parts.Treatment) -> Certificate:
    whole = certificate(treatment)
    line = replace(whole.lines[0], hs=(HsPrefix("080510"),))
    return replace(whole, lines=(line,))


def probed(lasting_days: float, *probes_c: float | None) -> list[Reading]:
    """Readings every half hour of a device that tells its probes apart."""
    return [
        Reading(n, LOADED + n * STEP, pulp_c=warmest(probes_c), probes_c=probes_c)
        for n in range(int(lasting_days * 48) + 1)
    ]


def test_a_claim_that_fits_a_row_of_the_schedule_is_held_to_all_it_asks() -> None:
    (claim,) = treatment_claims(oranges(cold()), ())
    assert claim.commodity == "orange"
    assert claim.schedule == "citrus_medfly_1.4_16d"
    kept = judge(claim, probed(18, 0.5, 0.4, 0.6))
    assert kept.verdict is ClaimVerdict.VERIFIED
    assert kept.reasons[-1].code == "CLR_T05"
    never_cold_enough_to_start = judge(claim, probed(18, 1.35, 1.35, 1.35))
    assert never_cold_enough_to_start.verdict is ClaimVerdict.CONTRADICTED


def test_every_probe_counts_not_the_warmest_alone() -> None:
    """The last probe falls silent on day 10, while it was the warmest."""
    (claim,) = treatment_claims(oranges(cold()), ())
    rows = probed(18, 0.2, 0.3, 0.6)
    cut = [
        replace(one, probes_c=(0.2, 0.3, None), pulp_c=0.3)
        if one.at > LOADED + timedelta(days=10)
        else one
        for one in rows
    ]
    assert judge(claim, rows).verdict is ClaimVerdict.VERIFIED
    assert judge(claim, cut).verdict is ClaimVerdict.NOT_ENOUGH_DATA


def test_a_certificate_that_states_three_sensors_needs_three() -> None:
    told = replace(cold(), information=(parts.Text("3 pulp sensors, calibrated 2026-02-19"),))
    (claim,) = treatment_claims(oranges(told), ())
    assert (claim.sensors, str(claim.calibrated)) == (3, "2026-02-19")
    assert judge(claim, probed(18, 0.5, 0.4)).verdict is ClaimVerdict.NOT_ENOUGH_DATA
    assert judge(claim, probed(18, 0.9, 0.9, 0.9)).verdict is ClaimVerdict.VERIFIED


def test_without_a_stated_calibration_a_near_thing_is_not_provable() -> None:
    (claim,) = treatment_claims(oranges(cold()), ())
    result = judge(claim, probed(18, 0.9, 0.9, 0.9))
    assert result.verdict is ClaimVerdict.NOT_ENOUGH_DATA
    assert any(reason.code == "CC_TREATMENT_UNCALIBRATED" for reason in result.reasons)


def test_goods_that_nobody_can_name_are_held_to_the_claim_alone() -> None:
    (claim,) = treatment_claims(certificate(cold()), ())
    assert claim.commodity == claim.schedule == ""


@pytest.mark.parametrize(
    ("precision", "before", "after"),
    [
        (parts.Precision.INSTANT, 0, 0),
        (parts.Precision.LOCAL, 14, 12),
        (parts.Precision.DAY, 14, 36),
    ],
)
def test_a_date_is_taken_as_wide_as_it_can_be_meant(
    precision: parts.Precision, before: int, after: int
) -> None:
    ended = LOADED + timedelta(days=16)
    dated = replace(
        cold(),
        started=parts.Stated("day", LOADED, precision),
        ended=parts.Stated("day", ended, precision),
    )
    (claim,) = treatment_claims(certificate(dated), ())
    assert claim.started_at == LOADED - timedelta(hours=before)
    assert claim.ended_at == ended + timedelta(hours=after)


def test_a_treatment_that_ends_on_its_last_day_is_verified() -> None:
    """From noon of the first day to noon of the last: its dates as UTC would miss half a day."""
    dated = replace(
        cold(),
        started=parts.Stated("2026-02-20", LOADED, parts.Precision.DAY),
        ended=parts.Stated("2026-03-08", LOADED + timedelta(days=16), parts.Precision.DAY),
    )
    noon = timedelta(hours=12)
    shown = [replace(one, at=one.at + noon) for one in readings(16.1)]
    assert verdict(dated, shown) is ClaimVerdict.VERIFIED
