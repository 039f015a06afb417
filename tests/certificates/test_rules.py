"""Each rule by its code, broken and kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from clearway.certificates.fields import FIELDS
from clearway.certificates.formats import sps_certificate
from clearway.certificates.formats.profile import profile_of, profiles, read, type_code_of
from clearway.certificates.model import Assurance, Certificate, Channel, Provenance
from clearway.certificates.parts import (
    Equipment,
    Location,
    Origin,
    Party,
    Precision,
    Stated,
    Treatment,
)
from clearway.certificates.proof import authenticity
from clearway.certificates.rules import RULES, Desk, check
from clearway.errors import BadTerm, MalformedMessage
from clearway.terms.finding import Area, Finding, Level
from clearway.terms.places import Country
from clearway.terms.quantity import Quantity, UnitCode, kilograms

from .conftest import HUB, NOW, UPLOAD, US, certificate, heat, line


def broken(
    whole: Certificate, provenance: Provenance = HUB, now: datetime = NOW
) -> dict[str, Finding]:
    desk = Desk(profile_of(whole.type_code), US, now, provenance)
    return {finding.code: finding for finding in check(whole, desk)}


def stated(text: str, at: datetime | None, precision: Precision = Precision.INSTANT) -> Stated:
    return Stated(text, at, precision)


def treated(**changes: Any) -> Certificate:
    return certificate(lines=(line(1, treatments=(Treatment(type="CT", **changes),)),))


def celsius(value: str) -> Quantity:
    return Quantity(Decimal(value), UnitCode("CEL"))


def days(value: str) -> Quantity:
    return Quantity(Decimal(value), UnitCode("DAY"))


def day(number: int) -> Stated:
    at = datetime(2026, 3, number, tzinfo=UTC)
    return stated(at.date().isoformat(), at, Precision.DAY)


def test_a_sound_certificate_from_its_authority_breaks_no_rule() -> None:
    assert broken(certificate()) == {}


def test_every_rule_says_what_it_demands_under_a_code_of_its_own() -> None:
    codes = [rule.code for rule in RULES]
    assert codes == [f"CERT_R{number:02d}" for number in range(1, len(RULES) + 1)]
    assert all(rule.text.endswith(".") and rule.text[0].isupper() for rule in RULES)


@pytest.mark.parametrize("status", ["", "17", "issued"])
def test_CERT_R01_the_status_must_be_a_code_of_unece_4405(status: str) -> None:
    found = broken(certificate(status=status))
    assert found["CERT_R01"].level is Level.SEVERE
    assert "CERT_R02" not in found


@pytest.mark.parametrize(
    ("status", "name"),
    [
        ("40", "withdrawn"),
        ("41", "rejected"),
        ("42", "pending"),
        ("44", "replaced"),
        ("47", "draft"),
        ("49", "expired"),
    ],
)
def test_CERT_R02_goods_may_enter_only_under_a_certificate_in_force(status: str, name: str) -> None:
    found = broken(certificate(status=status))["CERT_R02"]
    assert found.level is Level.SEVERE
    assert f"{status} ({name})" in found.message


def test_CERT_R03_a_kind_without_a_profile_is_not_known_here() -> None:
    assert broken(certificate(type_code="999"))["CERT_R03"].level is Level.SEVERE


def test_CERT_R04_the_date_of_issue_must_be_one_date() -> None:
    found = broken(certificate(issued=stated("in May", None, Precision.TEXT)))
    assert "in May" in found["CERT_R04"].message


def test_CERT_R05_the_date_of_issue_must_not_lie_in_the_future() -> None:
    def issued(ahead: timedelta, precision: Precision) -> dict[str, Finding]:
        return broken(certificate(issued=stated("x", NOW + ahead, precision)))

    assert "CERT_R05" in issued(timedelta(hours=2), Precision.INSTANT)
    assert "CERT_R05" not in issued(timedelta(minutes=50), Precision.INSTANT)
    assert "CERT_R05" not in issued(timedelta(hours=14), Precision.DAY)
    assert "CERT_R05" in issued(timedelta(days=2), Precision.DAY)


def test_CERT_R06_a_certificate_older_than_its_kind_may_be_is_refused() -> None:
    late = NOW + timedelta(days=175)
    assert "CERT_R06" in broken(certificate(), now=late)
    assert "CERT_R06" not in broken(certificate(), now=NOW + timedelta(days=173))
    assert "CERT_R06" not in broken(certificate(type_code="861"), now=late)


def test_CERT_R07_the_certificate_must_be_meant_for_this_country() -> None:
    abroad = certificate(importing_country=Country("KE"))
    assert "KE" in broken(abroad)["CERT_R07"].message
    assert "CERT_R07" not in broken(
        certificate(importing_country=Country("KE"), transit_countries=(US,))
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"issued": None}, "no date of issue"),
        ({"issuer": Party("")}, "no authority"),
        ({"importing_country": None}, "no importing country"),
        ({"consignor": Party("")}, "no exporter"),
        ({"consignee": Party("")}, "no consignee"),
        ({"lines": ()}, "no goods"),
        ({"lines": (line(1, descriptions=()),)}, "no description of the goods"),
        ({"lines": (line(1), line(2, scientific_names=()))}, "no scientific name"),
        ({"lines": (line(1, origins=()),)}, "no place of origin"),
        ({"signatories": ()}, "no signatory"),
    ],
)
def test_CERT_R08_what_is_mandatory_for_the_kind_must_be_stated(
    changes: dict[str, Any], words: str
) -> None:
    found = broken(certificate(**changes))["CERT_R08"]
    assert (found.area, found.level) == (Area.MANDATORY, Level.SEVERE)
    assert words in found.message


def test_CERT_R09_what_a_kind_usually_states_is_remarked_when_missing() -> None:
    found = broken(certificate(entry_point=None))["CERT_R09"]
    assert found.level is Level.WARNING
    assert "point of entry" in found.message


def test_CERT_R10_each_line_must_state_a_quantity_above_zero() -> None:
    nothing = {"net_mass": None, "gross_mass": None}
    assert "line 1" in broken(certificate(lines=(line(1, **nothing),)))["CERT_R10"].message
    assert "CERT_R10" in broken(certificate(lines=(line(1, net_mass=kilograms(0)),)))
    pieces = Quantity(Decimal(3), UnitCode("H87"))
    assert "CERT_R10" not in broken(certificate(lines=(line(1, **nothing, quantity=pieces),)))


def test_CERT_R11_net_must_not_be_above_gross() -> None:
    assert "CERT_R11" in broken(certificate(lines=(line(1, net_mass=kilograms(1101)),)))
    tonne = Quantity(Decimal("1.1"), UnitCode("TNE"))
    assert "CERT_R11" not in broken(certificate(lines=(line(1, net_mass=tonne),)))


def test_CERT_R12_no_two_lines_may_bear_one_number() -> None:
    assert (
        "line 1 stands 2 times" in broken(certificate(lines=(line(1), line(1))))["CERT_R12"].message
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"temperature": celsius("-200")},
        {"temperature": celsius("400")},
        {"duration": days("0")},
        {"duration": days("400")},
        {"started": day(12), "ended": day(10)},
        {"started": day(1), "ended": day(4), "duration": days("14")},
    ],
)
def test_CERT_R13_a_treatment_must_be_plausible(changes: dict[str, Any]) -> None:
    assert broken(treated(**changes))["CERT_R13"].level is Level.WARNING


def test_CERT_R13_is_kept_by_a_cold_treatment_of_fourteen_days() -> None:
    cold = treated(temperature=celsius("1.1"), duration=days("14"), started=day(1), ended=day(15))
    assert "CERT_R13" not in broken(cold)


def test_CERT_R14_a_treatment_must_end_before_the_issue_unless_it_is_cold_in_transit() -> None:
    assert "CERT_R14" in broken(treated(temperature=celsius("46"), ended=day(18)))
    assert "CERT_R14" not in broken(treated(temperature=celsius("1.1"), ended=day(18)))
    assert "CERT_R14" not in broken(treated(temperature=celsius("46"), ended=day(15)))


def test_CERT_R15_a_container_number_must_have_its_check_digit() -> None:
    def holding(number: str) -> dict[str, Finding]:
        return broken(certificate(equipment=(Equipment(number),)))

    assert "check digit" in holding("CSQU3054384")["CERT_R15"].message
    assert "CERT_R15" in holding("truck 7")
    assert "CERT_R15" not in holding("csqu 305438-3")


def test_CERT_R16_issuing_and_importing_country_should_differ() -> None:
    assert "CERT_R16" in broken(certificate(issuing_country=US))


def test_CERT_R17_signature_and_issue_should_lie_near_each_other() -> None:
    assert "CERT_R17" in broken(
        certificate(issued=stated("2026-01-02", datetime(2026, 1, 2, tzinfo=UTC)))
    )


def test_CERT_R18_the_sending_authority_must_be_the_issuing_one() -> None:
    found = broken(certificate(), Provenance(Channel.HUB, "KE"))["CERT_R18"]
    assert (found.level, "sent by KE" in found.message) == (Level.SEVERE, True)


def test_CERT_R19_an_unproved_origin_is_remarked() -> None:
    assert broken(certificate(), UPLOAD)["CERT_R19"].level is Level.WARNING


def test_CERT_R20_an_enclosed_signature_that_was_not_checked_is_remarked() -> None:
    assert broken(certificate(has_signature=True))["CERT_R20"].level is Level.INFO


def test_a_re_export_must_name_the_original_certificate() -> None:
    found = broken(certificate(type_code="657"))["CERT_R08"]
    assert "original certificate" in found.message


def test_the_verdict_says_what_was_verified_and_what_was_not() -> None:
    whole, _ = sps_certificate.read(sps_certificate.write(certificate()))
    proved = authenticity(whole, HUB, whole.digest)
    assert proved.assurance is Assurance.CHANNEL
    assert [reason.code for reason in proved.verified] == ["CERT_V01", "CERT_V02"]
    assert [reason.code for reason in proved.unverified] == ["CERT_N04"]
    handed_in = authenticity(whole, UPLOAD)
    assert handed_in.assurance is Assurance.UNPROVEN
    assert handed_in.verified == ()
    assert [reason.code for reason in handed_in.unverified] == ["CERT_N02", "CERT_N04"]
    contradicted = authenticity(whole, Provenance(Channel.PEER, "KE"), "00")
    assert contradicted.assurance is Assurance.CONTRADICTED
    assert [reason.code for reason in contradicted.unverified] == [
        "CERT_N01",
        "CERT_N04",
        "CERT_N05",
    ]


def test_a_signature_never_adds_proof_as_long_as_nobody_checks_it() -> None:
    signed = authenticity(certificate(has_signature=True), UPLOAD)
    assert signed.assurance is Assurance.UNPROVEN
    assert [reason.code for reason in signed.unverified] == ["CERT_N02", "CERT_N03"]


@pytest.mark.parametrize("type_code", sorted(profiles()))
def test_every_profile_demands_only_fields_that_exist(type_code: str) -> None:
    profile = profile_of(type_code)
    assert set(profile.mandatory) | set(profile.expected) <= set(FIELDS)
    assert profile.name and profile.agency in {
        "customs",
        "plant_health",
        "food_safety",
        "veterinary",
    }
    for code in profile.units.values():
        UnitCode(code)


def test_profiles_tell_kinds_apart_and_inherit_what_they_do_not_say() -> None:
    assert type_code_of("N851") == "851"
    assert type_code_of("N999") is None
    assert profile_of("853").agency == "veterinary"
    assert profile_of("853").subjects == profile_of("851").subjects
    assert profile_of("850").usable_statuses == ()
    assert profile_of("xyz").type_code == ""


@pytest.mark.parametrize(
    "file",
    [
        b"{",
        b"[]",
        b'{"name": "x"}',
        b'{"type_code": "1", "extends": "2"}',
        b'{"type_code": "1", "extends": "1"}',
    ],
)
def test_a_broken_profile_is_refused(file: bytes) -> None:
    with pytest.raises(MalformedMessage, match="profile"):
        read([file])


def test_a_note_of_a_kind_that_the_profile_does_not_have_is_refused() -> None:
    with pytest.raises(BadTerm):
        profile_of("851").note("poem", "x")


def test_the_model_answers_for_a_line_what_clearance_asks() -> None:
    goods = line(
        1,
        origins=(Origin(Country("EC")), Origin(Country("KE"))),
        packagings=(),
        treatments=(heat(),),
    )
    assert goods.origin is None
    assert goods.packages is None
    assert goods.description == "Avocado"
    assert goods.additional_declarations == ("Free from fruit flies.",)
    assert heat().temperature_c == Decimal("46.1")
    assert certificate(entry_point=Location()).key.subject == "certificate:851:EC:EC-2026-000123"
