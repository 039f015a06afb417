"""The decision, rule by rule: a test is named by the code of its rule."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.certificates.model import Key
from clearway.clearance.claims import Claim, ClaimResult, ClaimVerdict
from clearway.clearance.model import (
    Conformity,
    Cover,
    Decision,
    Discrepancy,
    Examination,
    FieldVerdict,
    Match,
    Outcome,
    Part,
    Result,
    Scope,
    Verdict,
)
from clearway.clearance.rules import (
    decide,
    extend,
    for_trader,
    require_releasable,
    require_result,
    require_startable,
)
from clearway.clearance.situation import BrokenSeal, Need, Paper, Situation
from clearway.coldchain.model import Alarm, AlarmKind, AlarmLevel
from clearway.errors import InputError, RuleViolation, WrongState
from clearway.risk.model import Assessment, Channel, Stratum
from clearway.terms.identifiers import Mrn
from clearway.terms.money import Currency, Money
from clearway.terms.places import Country
from clearway.terms.reason import Reason
from clearway.terms.transport import ContainerNumber

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
MRN = Mrn.build(2026, "KE", "CLEARWAY00001")
BOX = ContainerNumber("CSQU3054383")
PHYTO = Need("PH1", "plant_health", "Fresh fruit needs a phytosanitary certificate.",
             "Plant Act 12", ("851",), (1,), is_certificate=True)  # fmt: skip
CONTROL = Need("VC1", "veterinary", "Meat is examined.", "Meat Act 3", items=(1,))
LICENCE = Need("LI1", "customs", "Sugar needs a licence.", "", ("L001",), (1,))


def assessed(channel: Channel, stratum: Stratum = Stratum.SCORE) -> Assessment:
    return Assessment(
        score=0.97, expected_revenue=Decimal(100), channel=channel, mandatory=(),
        reasons=(Reason("RSK_1", "Price far below usual."),), random_draw=0.5, propensity=1.0,
        stratum=stratum, model="m1", rules="p1",
    )  # fmt: skip


GREEN = assessed(Channel.GREEN, Stratum.NONE)


def match(cover: Cover = Cover.COVERS, *differing: str, **more: bool) -> Match:
    fields = tuple(FieldVerdict(code, Verdict.DIFFERS, code=code) for code in differing)
    key = Key("851", Country("EC"), "EC-1")
    return Match(key, "ab", cover, fields, (), "For the officer.", "For the trader.", **more)


def paper(found: Match | None = None, **more: object) -> Paper:
    return Paper("N851", "851", "EC-1", "plant_health", (1,), found, **more)  # type: ignore[arg-type]


def claim(verdict: ClaimVerdict) -> ClaimResult:
    stated = Claim(1, BOX, Decimal("1.4"), Decimal(16), None, None, "16 days at or below 1.4 °C")
    return ClaimResult(stated, verdict, (Reason("CC_T", "It was warm."),), days_achieved=17.2)


def alarm(level: AlarmLevel) -> Alarm:
    return Alarm(AlarmKind.LIMIT_PASSED, level, BOX, NOW, None, "Pulp is at 9 °C.", "Re-cool.")


def order(*parts: Part, results: tuple[Result, ...] = (), closed: bool = False) -> Examination:
    return Examination(f"{MRN}-1", MRN, NOW, False, parts, results, NOW, NOW if closed else None)


def result(
    agency: str = "customs", outcome: Conformity = Conformity.CONFORM, *kinds: str
) -> Result:
    found = tuple(Discrepancy(kind, 1, f"It is {kind}.") for kind in kinds)
    return Result(agency, outcome, found, None, NOW, NOW + timedelta(hours=1))


def here(**more: object) -> Situation:
    given_: dict[str, object] = {"assessment": GREEN, "is_arrived": True, **more}
    return Situation(**given_)  # type: ignore[arg-type]


def codes(decision: Decision) -> list[str]:
    return [reason.code for reason in decision.reasons]


def test_R13_nothing_demands_an_examination_so_the_goods_go() -> None:
    decision = decide(here())
    assert decision.outcome is Outcome.RELEASE
    assert codes(decision) == ["CLR_R13"]
    assert not decision.on_arrival


def test_R60_before_arrival_the_release_is_ready_and_waits_for_the_goods() -> None:
    decision = decide(here(is_arrived=False))
    assert decision.outcome is Outcome.RELEASE
    assert decision.on_arrival
    assert codes(decision) == ["CLR_R13", "CLR_R60"]


def test_R01_a_document_that_is_not_named_holds_the_goods() -> None:
    decision = decide(here(needs=(PHYTO,)))
    assert decision.outcome is Outcome.HOLD
    assert codes(decision) == ["CLR_R01"]
    assert decision.missing[0].agency == "plant_health"
    assert "No such document is named for item 1" in decision.missing[0].text


def test_R01_a_document_named_for_another_item_does_not_serve() -> None:
    other = replace(paper(match()), items=(2,))
    assert codes(decide(here(needs=(PHYTO,), papers=(other,)))) == ["CLR_R01"]


def test_R02_a_certificate_that_has_not_come_holds_the_goods() -> None:
    decision = decide(here(needs=(PHYTO,), papers=(paper(None),)))
    assert codes(decision) == ["CLR_R02"]
    assert decision.missing[0].number == "EC-1"


def test_R02_a_licence_needs_only_be_named() -> None:
    named = Paper("L001", "L001", "77", items=(1,))
    assert decide(here(needs=(LICENCE,), papers=(named,))).outcome is Outcome.RELEASE


def test_R03_a_withdrawn_certificate_is_as_none() -> None:
    gone = paper(match(Cover.DOES_NOT_COVER, "CLR_M03", is_usable=False))
    decision = decide(here(needs=(PHYTO,), papers=(gone,)))
    assert decision.outcome is Outcome.HOLD
    assert codes(decision) == ["CLR_R03"]
    assert decision.parts == ()


def test_R04_a_certificate_that_does_not_cover_calls_its_agency_to_the_goods() -> None:
    decision = decide(here(needs=(PHYTO,), papers=(paper(match(Cover.DOES_NOT_COVER)),)))
    assert decision.outcome is Outcome.EXAMINE
    assert [(part.agency, part.scope) for part in decision.parts] == [("plant_health", Scope.GOODS)]
    assert codes(decision) == ["CLR_R04"]


@pytest.mark.parametrize(
    ("field", "scope"), [("CLR_M06", Scope.DOCUMENTS), ("CLR_M12", Scope.GOODS)]
)
def test_R05_a_certificate_that_covers_in_part_is_looked_into(field: str, scope: Scope) -> None:
    decision = decide(here(papers=(paper(match(Cover.COVERS_IN_PART, field)),)))
    assert [(part.agency, part.scope) for part in decision.parts] == [("plant_health", scope)]


def test_R06_a_certificate_used_up_by_others_calls_customs_as_well() -> None:
    drawn = match(Cover.COVERS_IN_PART, "CLR_M12", "CLR_M14", is_overdrawn=True)
    decision = decide(here(papers=(paper(drawn),)))
    assert [part.agency for part in decision.parts] == ["customs", "plant_health"]
    assert codes(decision) == ["CLR_R06"]


def test_R07_two_contents_under_one_number_are_looked_into() -> None:
    decision = decide(here(papers=(paper(match(is_disputed=True)),)))
    assert codes(decision) == ["CLR_R07"]
    assert decision.parts[0].scope is Scope.DOCUMENTS


def test_R08_an_unusable_certificate_that_no_law_asks_for_is_looked_into() -> None:
    gone = paper(match(Cover.DOES_NOT_COVER, is_usable=False))
    decision = decide(here(papers=(gone,)))
    assert codes(decision) == ["CLR_R08"]
    assert decision.parts[0].scope is Scope.DOCUMENTS


@pytest.mark.parametrize(
    ("channel", "code", "scope"),
    [(Channel.RED, "CLR_R10", Scope.GOODS), (Channel.YELLOW, "CLR_R11", Scope.DOCUMENTS)],
)
def test_R10_R11_red_and_yellow_call_customs(channel: Channel, code: str, scope: Scope) -> None:
    decision = decide(here(assessment=assessed(channel)))
    assert [(part.agency, part.scope) for part in decision.parts] == [("customs", scope)]
    assert codes(decision) == [code]
    assert not decision.is_mandatory


def test_R10_says_so_when_the_draw_chose_and_when_the_law_did() -> None:
    drawn = decide(here(assessment=assessed(Channel.RED, Stratum.RANDOM)))
    assert drawn.reasons[0].text.startswith("Drawn at random")
    by_profile = replace(assessed(Channel.RED, Stratum.MANDATORY), mandatory=("PROFILE-7",))
    assert decide(here(assessment=by_profile)).is_mandatory


def test_R10_a_control_that_the_law_demands_of_another_agency_does_not_call_customs() -> None:
    demanded = replace(assessed(Channel.RED, Stratum.MANDATORY), mandatory=("VC1",))
    decision = decide(here(assessment=demanded, needs=(CONTROL,)))
    assert [part.agency for part in decision.parts] == ["veterinary"]
    also_profile = replace(demanded, mandatory=("VC1", "PROFILE-7"))
    decision = decide(here(assessment=also_profile, needs=(CONTROL,)))
    assert [part.agency for part in decision.parts] == ["customs", "veterinary"]


def test_R12_blue_goes_and_is_audited_later() -> None:
    decision = decide(here(assessment=assessed(Channel.BLUE)))
    assert decision.outcome is Outcome.RELEASE
    assert codes(decision) == ["CLR_R12"]


def test_R14_a_covering_certificate_is_among_the_reasons_of_release() -> None:
    decision = decide(here(needs=(PHYTO,), papers=(paper(match()),)))
    assert codes(decision) == ["CLR_R13", "CLR_R14"]


def test_R20_a_control_that_the_law_demands_is_mandatory() -> None:
    decision = decide(here(needs=(CONTROL,)))
    assert decision.is_mandatory
    assert decision.parts[0].agency == "veterinary"
    assert decision.reasons[0] == Reason("CLR_R20", "Meat is examined. (Meat Act 3)", "VC1")


def test_R30_a_critical_alarm_calls_food_safety_a_warning_does_not() -> None:
    critical = decide(here(alarms=(alarm(AlarmLevel.CRITICAL),)))
    assert [part.agency for part in critical.parts] == ["food_safety"]
    warning = decide(here(alarms=(alarm(AlarmLevel.WARNING),)))
    assert warning.outcome is Outcome.RELEASE


def test_R31_a_contradicted_treatment_calls_plant_health_to_the_goods() -> None:
    doubted = paper(match(), claims=(claim(ClaimVerdict.CONTRADICTED),))
    decision = decide(here(papers=(doubted,)))
    assert [(part.agency, part.scope) for part in decision.parts] == [("plant_health", Scope.GOODS)]
    assert (
        "claims 16 days" in decision.reasons[0].text and "It was warm." in decision.reasons[0].text
    )


def test_R32_an_unproved_treatment_calls_plant_health_to_the_documents() -> None:
    unproved = paper(match(), claims=(claim(ClaimVerdict.NOT_ENOUGH_DATA),))
    assert decide(here(papers=(unproved,))).parts[0].scope is Scope.DOCUMENTS


def test_R33_a_verified_treatment_is_among_the_reasons_of_release() -> None:
    verified = paper(match(), claims=(claim(ClaimVerdict.VERIFIED),))
    assert codes(decide(here(papers=(verified,)))) == ["CLR_R13", "CLR_R14", "CLR_R33"]


def test_R40_a_broken_seal_calls_customs() -> None:
    decision = decide(here(seals=(BrokenSeal(BOX, "SL1"),)))
    assert codes(decision) == ["CLR_R40"]


def test_all_agencies_are_called_in_one_order_customs_first() -> None:
    decision = decide(
        here(
            needs=(CONTROL, PHYTO),
            papers=(paper(match(Cover.DOES_NOT_COVER)),),
            alarms=(alarm(AlarmLevel.CRITICAL),),
            assessment=assessed(Channel.RED),
        )
    )
    assert [part.agency for part in decision.parts] == [
        "customs",
        "food_safety",
        "plant_health",
        "veterinary",
    ]


def test_missing_documents_do_not_delay_the_examination() -> None:
    decision = decide(here(needs=(PHYTO,), assessment=assessed(Channel.RED)))
    assert decision.outcome is Outcome.EXAMINE
    assert codes(decision) == ["CLR_R10", "CLR_R01"]
    assert decision.missing


CUSTOMS_PART = Part("customs", Scope.GOODS, (Reason("CLR_R10", "x", "0.97"),))


def test_R50_examined_and_conform_goes() -> None:
    done = order(CUSTOMS_PART, results=(result(),), closed=True)
    decision = decide(here(assessment=assessed(Channel.RED), orders=(done,)))
    assert decision.outcome is Outcome.RELEASE
    assert codes(decision) == ["CLR_R50"]


def test_R50_an_examination_answers_only_what_it_was_ordered_for() -> None:
    done = order(CUSTOMS_PART, results=(result(),), closed=True)
    broken = here(assessment=assessed(Channel.RED), orders=(done,), seals=(BrokenSeal(BOX, "SL1"),))
    assert codes(decide(broken)) == ["CLR_R40"]


def test_R50_examined_and_conform_still_waits_for_a_missing_document() -> None:
    done = order(CUSTOMS_PART, results=(result(),), closed=True)
    decision = decide(here(assessment=assessed(Channel.RED), orders=(done,), needs=(PHYTO,)))
    assert decision.outcome is Outcome.HOLD


def test_R51_a_discrepancy_holds() -> None:
    bad = result("customs", Conformity.NOT_CONFORM, "undervaluation")
    decision = decide(here(orders=(order(CUSTOMS_PART, results=(bad,), closed=True),)))
    assert decision.outcome is Outcome.HOLD
    assert decision.reasons == (
        Reason("CLR_R51", "Customs found: It is undervaluation.", "undervaluation"),
    )


def test_R52_a_quarantine_pest_refuses() -> None:
    bad = result("customs", Conformity.NOT_CONFORM, "quarantine_pest")
    decision = decide(here(orders=(order(CUSTOMS_PART, results=(bad,), closed=True),)))
    assert decision.outcome is Outcome.REFUSE


def test_R61_goods_that_are_not_here_cannot_be_examined() -> None:
    with pytest.raises(WrongState, match="have not arrived"):
        require_startable(order(CUSTOMS_PART), is_arrived=False)
    require_startable(order(replace(CUSTOMS_PART, scope=Scope.DOCUMENTS)), is_arrived=False)
    require_startable(order(CUSTOMS_PART), is_arrived=True)


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        (result("veterinary"), "takes no part"),
        (replace(result(), ended_at=NOW - timedelta(hours=1)), "before started_at"),
        (result("customs", Conformity.NOT_CONFORM), "at least one finding"),
        (result("customs", Conformity.CONFORM, "undervaluation"), "goes with no finding"),
        (replace(result(), extra_revenue=Money(Decimal(-1), Currency("KES"))), "below zero"),
    ],
)
def test_R63_to_R68_a_result_that_cannot_be_one_is_refused(change: Result, wanted: str) -> None:
    with pytest.raises(InputError, match=wanted):
        require_result(order(CUSTOMS_PART), change, NOW + timedelta(hours=1))


def test_R62_R64_nobody_reports_twice_or_after_the_end() -> None:
    plant = Part("plant_health", Scope.GOODS)
    with pytest.raises(WrongState, match="has reported on"):
        require_result(order(CUSTOMS_PART, plant, results=(result(),)), result(), NOW)
    with pytest.raises(WrongState, match="is closed"):
        require_result(order(CUSTOMS_PART, closed=True), result(), NOW)
    with pytest.raises(WrongState, match="is closed"):
        require_startable(order(CUSTOMS_PART, closed=True), is_arrived=True)


def test_R72_nobody_reports_from_the_future() -> None:
    with pytest.raises(RuleViolation, match="in the future"):
        require_result(order(CUSTOMS_PART), result(), NOW)


def test_R69_to_R71_a_release_by_hand_needs_closed_examinations_and_a_reason() -> None:
    with pytest.raises(WrongState, match="Customs must report first"):
        opened = here(orders=(order(CUSTOMS_PART),))
        require_releasable(Outcome.EXAMINE, opened, "Paid.", mrn=MRN)
    with pytest.raises(WrongState, match="re-exported"):
        require_releasable(Outcome.REFUSE, here(), "Paid.", mrn=MRN)
    with pytest.raises(WrongState, match="have not arrived"):
        require_releasable(Outcome.HOLD, here(is_arrived=False), "Paid.", mrn=MRN)
    with pytest.raises(RuleViolation, match="one sentence"):
        require_releasable(Outcome.HOLD, here(), " ", mrn=MRN)
    require_releasable(Outcome.HOLD, here(), "The difference was paid.", mrn=MRN)


def test_an_open_order_grows_with_what_comes_later() -> None:
    more = (
        Part("customs", Scope.DOCUMENTS, (Reason("CLR_R40", "seal"),)),
        Part("plant_health", Scope.GOODS, (Reason("CLR_R04", "paper"),)),
    )
    grown = extend(order(CUSTOMS_PART), more)
    assert [part.agency for part in grown] == ["customs", "plant_health"]
    assert grown[0].scope is Scope.GOODS
    assert [reason.code for reason in grown[0].reasons] == ["CLR_R10", "CLR_R40"]
    assert extend(order(*grown), more) == grown


def test_traders_do_not_learn_how_they_were_selected() -> None:
    decision = decide(here(assessment=assessed(Channel.RED), needs=(PHYTO,)))
    shown = for_trader(decision.reasons)
    assert "Price" not in shown[0].text and shown[0].value == ""
    assert shown[1] == decision.reasons[1]


@given(
    st.builds(
        Situation,
        needs=st.lists(st.sampled_from([PHYTO, CONTROL, LICENCE]), max_size=3).map(tuple),
        papers=st.lists(
            st.sampled_from(
                [
                    paper(None),
                    paper(match()),
                    paper(match(Cover.DOES_NOT_COVER)),
                    paper(match(Cover.COVERS, is_usable=False)),
                    paper(match(), claims=(claim(ClaimVerdict.CONTRADICTED),)),
                ]
            ),
            max_size=2,
        ).map(tuple),
        assessment=st.sampled_from([None, GREEN, *map(assessed, Channel)]),
        alarms=st.sampled_from([(), (alarm(AlarmLevel.CRITICAL),)]),
        seals=st.sampled_from([(), (BrokenSeal(BOX, "S"),)]),
        is_arrived=st.booleans(),
    )
)
def test_every_situation_has_a_decision_with_reasons_and_no_prediction_releases(
    situation: Situation,
) -> None:
    decision = decide(situation)
    assert decision.reasons
    assert (decision.outcome is Outcome.EXAMINE) == bool(decision.parts)
    assert decide(situation) == decision
    if decision.outcome is Outcome.RELEASE:
        assert not any(need.is_control for need in situation.needs)
        assert not situation.seals and not decision.missing
        # A lower score alone never frees goods from what papers, laws or people demand.
        unscored = decide(replace(situation, assessment=None))
        assert unscored.outcome is Outcome.RELEASE
