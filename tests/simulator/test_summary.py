"""The day's figures, worked by hand from a diary written by hand."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from clearway.simulator.day import Day
from clearway.simulator.diary import Diary, Heard, Inspection, Knock, Outcome
from clearway.simulator.mail import Kind
from clearway.simulator.reefers import MishapKind
from clearway.simulator.summary import Caught, summarise
from clearway.simulator.truth import Discovery
from clearway.terms.identifiers import Mrn

HOUR = timedelta(hours=1)


@pytest.fixture
def diary(day: Day) -> Diary:
    return Diary(day.truth, 2, 1, day.begins_at, day.begins_at + 30 * HOUR)


def inspect(day: Day, lrn: str, *found: Discovery) -> Inspection:
    at = day.begins_at + 9 * HOUR
    mrn = Mrn.build(2026, "XA", "0000000000001")
    return Inspection(
        f"{lrn}-1", mrn, lrn, at, at, at, at + HOUR, ("customs",), "goods", False, found,
        Decimal(100) * len(found),
    )  # fmt: skip


def heard(container: str, kind: str, at: datetime, seq: int = 1) -> Heard:
    return Heard(seq, container, kind, "warning", at, at, None)


def test_nothing_done_gives_zeros_and_not_an_error(day, diary):
    summary = summarise(day, diary)
    assert (summary.lodged, summary.examined, summary.receipts) == (0, 0, 0)
    assert summary.fraud == Caught(0, 0, 0)
    assert summary.fraud.precision == 0.0
    assert summary.fraud.recall == 1.0
    assert summary.counterfactual.order.kg_days == 0.0


def test_a_second_knock_under_a_key_is_a_repeat_or_a_conflict(day, diary):
    diary.knocks = [
        Knock(Kind.DECLARATION, "a", 201, "", 0.010),
        Knock(Kind.DECLARATION, "a", 200, "", 0.002),
        Knock(Kind.DECLARATION, "b", 201, "", 0.030),
        Knock(Kind.DECLARATION, "b", 409, "conflicting_key", 0.004),
        Knock(Kind.DECLARATION, "c", 422, "rule_violation", 0.020),
    ]
    summary = summarise(day, diary)
    figures = (summary.lodged, summary.rejected, summary.repeated, summary.conflicts)
    assert figures == (2, 1, 1, 1)
    assert summary.median_ms == pytest.approx(20.0)


def test_fraud_is_caught_when_customs_found_it(day, diary):
    cheats = [lrn for lrn, each in day.truth.consignments.items() if each.is_illicit]
    honest = [lrn for lrn, each in day.truth.consignments.items() if not each.is_illicit]
    diary.mrns = {lrn: lrn for lrn in day.truth.consignments}
    first = next(line for line in day.truth.consignments[cheats[0]].lines if line.mode)
    diary.inspections = [
        inspect(day, cheats[0], Discovery(first.mode, first.number, "found")),
        inspect(day, honest[0]),
        inspect(day, honest[1]),
        inspect(day, cheats[1]),
    ]
    fraud = summarise(day, diary).fraud
    assert fraud == Caught(len(cheats), 1, 4)
    assert fraud.precision == 0.25
    assert fraud.recall == pytest.approx(1 / len(cheats))
    assert summarise(day, diary).revenue_found == 100


def test_a_flawed_certificate_counts_once_however_it_was_noticed(day, diary):
    flawed = [lrn for lrn, paper in day.truth.papers.items() if paper.flaw]
    diary.mrns = {lrn: lrn for lrn in day.truth.consignments}
    number = day.truth.papers[flawed[0]].number
    diary.outcomes[flawed[0]] = Outcome("held", "green", None, True, frozenset({number}))
    diary.inspections = [inspect(day, flawed[0], Discovery("certificate", None, "not in order"))]
    assert summarise(day, diary).certificates == Caught(len(flawed), 1, 1)


def test_an_alarm_is_true_when_something_was_wrong_with_that_container_by_then(day, diary):
    voyage = day.truth.voyage
    assert voyage is not None
    cut = next(u for u in voyage.units if u.mishap and u.mishap.kind is MishapKind.POWER_CUT)
    well = next(u for u in voyage.units if u.mishap is None)
    assert cut.mishap is not None
    start = datetime.fromtimestamp(cut.mishap.start_s, UTC)
    diary.alarms = [
        heard(cut.container, "power_off", start + HOUR / 2, 1),
        heard(cut.container, "power_off", start - HOUR, 2),
        heard(well.container, "limit_expected", start, 3),
        heard(well.container, "sensor_stuck", start, 4),
    ]
    alarms = summarise(day, diary).alarms
    assert (alarms.true, alarms.false, alarms.about_loggers) == (1, 2, 1)
    assert alarms.noticed == 1
    assert alarms.median_notice_h == pytest.approx(0.5)


def test_releases_are_counted_by_channel(day, diary):
    for number, lrn in enumerate(list(day.truth.consignments)[:6]):
        diary.mrns[lrn] = lrn
        at = day.begins_at if number % 2 == 0 else None
        channel = "green" if number < 4 else "red"
        diary.outcomes[lrn] = Outcome("released" if at else "held", channel, at, True)
    summary = summarise(day, diary)
    assert summary.released_by_channel == {"green": 2, "red": 1}
    assert summary.not_released == 3
