"""Where the cold chain meets clearance: alarms, claimed treatments, life in the queue."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from clearway.certificates import parts
from clearway.certificates.model import Certificate
from clearway.clearance import tables
from clearway.clearance.actions.receive_readings import receive_readings
from clearway.clearance.actions.reconsider import reconsider_container
from clearway.clearance.claims import ClaimVerdict
from clearway.clearance.model import Outcome, Place
from clearway.clearance.record import State
from clearway.coldchain.actions.record_readings import record_readings
from clearway.coldchain.actions.start_journey import start_journey
from clearway.coldchain.model import Batch, Journey, Reading
from clearway.declarations.model import Container
from clearway.terms.identifiers import Lrn, Mrn
from clearway.terms.quantity import Quantity, UnitCode
from clearway.terms.transport import ContainerNumber

from .border import BOX, DRAWN, WORKER, Border, bananas, certificate, item

OTHER = ContainerNumber.build("MSKU123456")


def voyage(
    border: Border, box: ContainerNumber, days: int, air_c: float, *, warm_from: int | None = None
) -> None:
    """Record a voyage that ends now; from hour `warm_from` on, the air is at 27 °C."""
    loaded = border.now - timedelta(days=days)
    journey = Journey(box, "banana", loaded, 13.5, loaded_pulp_c=air_c)
    border.act(start_journey, journey, actor=WORKER)
    readings = [reading(n, loaded, air_c, warm_from) for n in range(days * 24 + 1)]
    border.act(record_readings, Batch(f"R-{box}", box, "1", tuple(readings)), actor=WORKER)


def reading(n: int, loaded: datetime, air_c: float, warm_from: int | None) -> Reading:
    shown = air_c if warm_from is None or n < warm_from else 27.0
    at = loaded + timedelta(hours=n)
    return Reading(n, at, supply_c=shown, return_c=shown, pulp_c=shown)


def boxed(box: ContainerNumber, lrn: str, number: str) -> object:
    goods = item(containers=(box,), documents=(replace(item().documents[0], number=number),))
    return bananas(lrn=Lrn(lrn), containers=(Container(box, ()),), items=(goods,))


def treated(days: str, temperature: str) -> Certificate:
    cold = parts.Treatment(
        type="CT",
        temperature=Quantity(Decimal(temperature), UnitCode("CEL")),
        duration=Quantity(Decimal(days), UnitCode("DAY")),
    )
    paper = certificate()
    return replace(paper, lines=(replace(paper.lines[0], treatments=(cold,)),))


def mrn_of(received: object) -> Mrn:
    return received.lodged.mrn  # type: ignore[attr-defined,no-any-return]


def test_a_container_that_warmed_up_is_examined_by_food_safety(border: Border) -> None:
    border.certify(certificate())
    mrn = mrn_of(border.lodge(bananas()))
    assert border.consignment(mrn).state is State.READY
    border.wait(48)
    voyage(border, BOX, 6, 13.5, warm_from=4 * 24)
    border.arrive()
    decided = border.ask(tables.decisions_of, mrn)[-1].decided
    assert decided.decision is Outcome.EXAMINE
    assert {reason.code for reason in decided.reasons} == {"CLR_R30"}
    order = border.ask(tables.get_examination, decided.examination)
    assert order.agencies == ("food_safety",)
    alarms = {border.facts[seq].type for seq in decided.inputs.alarms}
    assert alarms == {"coldchain.alarm_raised/1"}


def test_an_alarm_after_the_decision_is_heeded_when_told(border: Border) -> None:
    border.certify(certificate())
    mrn = mrn_of(border.lodge(bananas()))
    border.wait(24)
    voyage(border, BOX, 6, 13.5, warm_from=4 * 24)
    (fact,) = border.act(reconsider_container, BOX)
    assert fact.actor == "system:clearance"
    assert border.consignment(mrn).state is State.TO_EXAMINE


def test_readings_that_raise_a_critical_alarm_reopen_what_was_decided(border: Border) -> None:
    border.certify(certificate())
    mrn = mrn_of(border.lodge(bananas()))
    border.wait(24)
    loaded = border.now - timedelta(days=6)
    journey = Journey(BOX, "banana", loaded, 13.5, loaded_pulp_c=13.5)
    border.act(start_journey, journey, actor=WORKER)
    readings = tuple(reading(n, loaded, 13.5, 4 * 24) for n in range(6 * 24 + 1))
    border.act(receive_readings, Batch("R-1", BOX, "1", readings), actor=WORKER)
    assert border.consignment(mrn).state is State.TO_EXAMINE


def test_a_cold_treatment_that_the_logger_shows_is_a_reason_to_release(border: Border) -> None:
    voyage(border, BOX, 12, 13.0)
    border.certify(treated("10", "3.5"))
    mrn = mrn_of(border.lodge(bananas()))
    stored = border.ask(tables.matches_of, mrn)[0]
    assert stored.claims[0].verdict is ClaimVerdict.CONTRADICTED  # 13 °C is no cold treatment
    decided = border.ask(tables.decisions_of, mrn)[-1].decided
    assert [reason.code for reason in decided.reasons] == ["CLR_R31"]
    assert "claims 10 days at or below 3.5 °C" in decided.reasons[0].text


def test_a_claim_without_a_logger_is_looked_into(border: Border) -> None:
    border.certify(treated("10", "3.5"))
    mrn = mrn_of(border.lodge(bananas()))
    stored = border.ask(tables.matches_of, mrn)[0]
    assert stored.claims[0].verdict is ClaimVerdict.NOT_ENOUGH_DATA
    assert border.consignment(mrn).state is State.TO_EXAMINE


def test_readings_that_come_later_verify_the_claim_at_arrival(border: Border) -> None:
    border.certify(treated("10", "3.5"))
    mrn = mrn_of(border.lodge(bananas()))
    border.wait(48)
    voyage(border, BOX, 12, 2.0)
    border.arrive()
    stored = border.ask(tables.matches_of, mrn)[0]
    assert stored.claims[0].verdict is ClaimVerdict.VERIFIED
    codes = {reason.code for reason in border.ask(tables.decisions_of, mrn)[-1].decided.reasons}
    assert "CLR_R32" not in codes


def test_of_two_reefers_the_warmer_one_is_examined_first(border: Border) -> None:
    """Both came at the same time with the same goods; only the logger tells them apart."""
    for box, number in ((BOX, "EC-1"), (OTHER, "EC-2")):
        border.certify(certificate(number, equipment=(parts.Equipment(str(box)),)))
    fresh = mrn_of(border.lodge(boxed(BOX, "A", "EC-1"), draw=DRAWN))  # type: ignore[arg-type]
    tired = mrn_of(border.lodge(boxed(OTHER, "B", "EC-2"), draw=DRAWN))  # type: ignore[arg-type]
    border.wait(24)
    voyage(border, BOX, 8, 13.5)
    voyage(border, OTHER, 8, 18.0)
    border.arrive(BOX)
    border.arrive(OTHER)
    border.wait(1)
    queue = border.ask(tables.queue, border.now)
    assert [entry.mrn for entry in queue] == [tired, fresh]
    assert queue[0].place is Place.LIFE_ENDING
    assert queue[0].slack_h < queue[1].slack_h
