"""Rules on applications, each by its code; and that nobody certifies the own work."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from clearway.certificates.actions.amend import amend
from clearway.certificates.actions.approve import approve
from clearway.certificates.actions.issue import issue
from clearway.certificates.actions.record_result import record_result
from clearway.certificates.actions.withdraw_issued import withdraw_issued
from clearway.certificates.formats.profile import profile_of, profiles
from clearway.certificates.issuing import asking, desk, rules, tables
from clearway.certificates.issuing.course import Step
from clearway.certificates.issuing.model import Purpose, ResultKind
from clearway.certificates.parts import Party
from clearway.errors import Refused, RuleViolation
from clearway.identity.model import Actor, ActorKind, Role
from clearway.policy.act import Act, Allowed
from clearway.terms.places import Country
from clearway.terms.quantity import kilograms
from tests.certificates.conftest import ISSUED, PHYTO, certificate, line
from tests.certificates.issuing.desk import (
    ABROAD,
    CERTIFIER,
    INSPECTOR,
    OTHER,
    PARTY,
    START,
    TRADER,
    US,
    Bureau,
    draft,
    officer,
    passed,
    request,
)

NOTE = PHYTO.note


def codes(**changes: Any) -> set[str]:
    found = asking.findings_of(request(**changes), US, START)
    return {finding.code for finding in found}


def drafted(**changes: Any) -> set[str]:
    return codes(content=draft(**changes))


def test_a_sound_application_has_no_finding() -> None:
    assert codes() == set()


def test_CERT_A01_an_application_must_state_what_its_kind_demands() -> None:
    assert "CERT_A01" in drafted(consignor=Party(""))
    assert "CERT_A01" in drafted(lines=())


def test_CERT_A01_asks_nobody_for_what_the_authority_adds_itself() -> None:
    for profile in profiles().values():
        asked = set(profile.mandatory) - rules.OURS
        assert "number" not in asked
        assert "signatory" not in asked


def test_CERT_A02_what_is_usually_stated_is_a_warning_only() -> None:
    assert drafted(entry_point=None) == {"CERT_A02"}


def test_CERT_A03_a_kind_without_numbers_is_not_issued_here() -> None:
    assert "CERT_A03" in drafted(type_code="850")
    assert "CERT_A03" in drafted(type_code="999")


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "70"},
        {"number": "XA-PC-2026-000009"},
        {"issued": ISSUED},
        {"signatories": certificate().signatories},
    ],
)
def test_CERT_A04_an_application_is_a_draft_and_chooses_no_number(
    changes: dict[str, Any],
) -> None:
    assert drafted(**changes) == {"CERT_A04"}


def test_CERT_A05_a_certificate_goes_from_here_to_another_country() -> None:
    assert "CERT_A05" in drafted(importing_country=US)
    assert "CERT_A05" in drafted(issuing_country=Country("EC"))


def test_CERT_A06_a_replacement_says_what_it_replaces_and_why() -> None:
    assert "CERT_A06" in codes(purpose=Purpose.REPLACEMENT, replaces="certificate:851:XA:X")
    sneaked = draft(notes=(NOTE("replaced_number", "XA-PC-2026-000001"),))
    assert "CERT_A06" in codes(content=sneaked), "no replacement was applied for"


def test_CERT_A07_each_line_of_a_re_export_names_its_original() -> None:
    assert "CERT_A07" in drafted(type_code="657")


def test_CERT_A08_nobody_chooses_the_secret_of_the_single_use() -> None:
    assert drafted(notes=(NOTE("single_use_secret", "00" * 16),)) == {"CERT_A08"}


def test_CERT_A09_an_application_is_of_sane_size() -> None:
    many = tuple(line(number, treatments=()) for number in range(1, 502))
    assert "CERT_A09" in drafted(lines=many)
    assert "CERT_A09" in drafted(notes=(NOTE("additional_declaration", "x" * 4_001),))


def test_rules_of_every_certificate_bind_ours_and_stricter() -> None:
    heavy = line(1, net_mass=kilograms(2000), treatments=())
    found = asking.findings_of(request(content=draft(lines=(heavy,))), US, START)
    assert [(each.code, each.level) for each in found] == [("CERT_R11", "SEVERE")]
    assert "CERT_R12" in drafted(lines=(line(1, treatments=()), line(1, treatments=())))
    assert "CERT_R10" in drafted(lines=(line(1, net_mass=None, gross_mass=None, treatments=()),))


def test_every_rule_has_a_code_of_its_own_and_says_what_it_means() -> None:
    names = [rule.code for rule in rules.RULES]
    assert len(set(names)) == len(names)
    assert all(rule.text.endswith(".") for rule in rules.RULES)


def test_a_severe_finding_keeps_an_application_off_the_file(bureau: Bureau) -> None:
    with pytest.raises(RuleViolation, match="2 of its fields") as refused:
        bureau.apply(request(content=draft(importing_country=US, consignor=Party(""))))
    assert {each.code for each in refused.value.findings} >= {"CERT_A01", "CERT_A05"}
    assert bureau.ask(tables.list_applications) == ()


# --- a second person ---------------------------------------------------------------------------


class Everything:
    """A policy that says yes to all: the rule of the room must hold by itself."""

    def require(self, actor: Actor, action: str, resource: dict[str, str]) -> Allowed:
        return Allowed("yes")


def carelessly(act: Act, action: Any, *given: Any) -> Any:
    return action(dataclasses.replace(act, policy=Everything()), *given)


def test_CERT_A21_who_prepared_or_examined_certifies_under_no_policy(
    bureau: Bureau,
) -> None:
    number = bureau.apply(who=CERTIFIER)
    bureau.act(OTHER, record_result, number, passed())
    for who, why in ((CERTIFIER, "You prepared"), (OTHER, "You examined")):
        with pytest.raises(Refused, match=why):
            bureau.act(who, approve, number)
        with pytest.raises(Refused, match=why):
            bureau.act(who, carelessly, approve, number)
    third = officer("ed", Role.CERTIFYING_OFFICER)
    bureau.act(third, approve, number)
    made = bureau.prepare(number)
    for who in (CERTIFIER, OTHER):
        with pytest.raises(Refused):
            bureau.act(who, carelessly, issue, number, made)
    bureau.act(third, issue, number, made)


def test_CERT_A21_an_earlier_hand_counts_though_others_came_after_it(
    bureau: Bureau,
) -> None:
    number = bureau.apply(who=CERTIFIER)
    bureau.act(TRADER, amend, number, request(), US)
    bureau.act(OTHER, record_result, number, passed())
    bureau.act(INSPECTOR, record_result, number, passed())
    for who in (CERTIFIER, OTHER):
        with pytest.raises(Refused):
            bureau.act(who, approve, number)


def test_a_kind_that_asks_for_no_second_person_needs_none(bureau: Bureau) -> None:
    origin = request(content=draft(type_code="861", notes=()))
    customs = officer("ola", Role.CERTIFYING_OFFICER, agency="customs")
    number = bureau.apply(origin, who=customs)
    bureau.act(customs, approve, number)
    assert str(bureau.held(number).key).endswith("XA-CO-2026-000001')")


def test_an_officer_who_represents_the_exporter_does_not_certify(bureau: Bureau) -> None:
    partial = Actor(
        ActorKind.OFFICER,
        "pia",
        "plant_health",
        frozenset({Role.CERTIFYING_OFFICER}),
        PARTY,
        frozenset({PARTY}),
    )
    number = bureau.apply()
    with pytest.raises(Refused, match="without a stake"):
        bureau.act(partial, record_result, number, passed())
    bureau.act(INSPECTOR, record_result, number, passed())
    with pytest.raises(Refused, match="without a stake"):
        bureau.act(partial, approve, number)


def test_an_authority_abroad_and_another_agency_have_no_part_in_ours(bureau: Bureau) -> None:
    key = bureau.issued()
    customs = officer("cu", Role.CERTIFYING_OFFICER, agency="customs")
    for who in (ABROAD, customs):
        with pytest.raises(Refused, match="its own agency"):
            bureau.act(who, withdraw_issued, key, "not theirs")
        number = bureau.apply()
        with pytest.raises(Refused):
            bureau.act(who, record_result, number, passed(ResultKind.LABORATORY))


def test_possible_steps_say_yes_or_no_with_the_reason(bureau: Bureau) -> None:
    number = bureau.apply(who=CERTIFIER)
    held = bureau.held(number)
    policy = Everything()
    said = {each.step: each for each in desk.possible_steps(held, CERTIFIER, policy)}
    assert not said[Step.APPROVE].allowed
    assert "another officer" in said[Step.APPROVE].reason
    assert said[Step.RECORD_RESULT].allowed
    assert Step.ISSUE not in said, "it cannot follow yet"


def test_CERT_A20_every_result_that_the_kind_asks_for_must_be_on_file(
    bureau: Bureau,
) -> None:
    assert profile_of("636").issue.needs == ("inspection", "laboratory")
    health = request(content=draft(type_code="636", notes=()))
    food = officer("fa", Role.CERTIFYING_OFFICER, agency="food_safety")
    taster = officer("fi", Role.FOOD_INSPECTOR, agency="food_safety")
    number = bureau.apply(health)
    bureau.act(taster, record_result, number, passed())
    with pytest.raises(RuleViolation, match="laboratory is not on file") as refused:
        bureau.act(food, approve, number)
    assert refused.value.findings[0].code == "CERT_A20"
    bureau.act(taster, record_result, number, passed(ResultKind.LABORATORY))
    bureau.act(food, approve, number)
