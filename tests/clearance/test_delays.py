"""Where the hours between arrival and release went."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.clearance.delays import Course, explain
from clearway.clearance.model import (
    Conformity,
    Examination,
    MissingDocument,
    Part,
    Result,
    Scope,
)
from clearway.terms.identifiers import Mrn

MRN = Mrn.build(2026, "KE", "CLEARWAY00001")
BEGIN = datetime(2026, 3, 2, tzinfo=UTC)


def at(hours: float) -> datetime:
    return BEGIN + timedelta(hours=hours)


def result(agency: str, start: float, end: float) -> Result:
    return Result(agency, Conformity.CONFORM, (), None, at(start), at(end))


def order(ordered: float, started: float | None, closed: float | None, *results: Result):  # type: ignore[no-untyped-def]
    parts = (Part("customs", Scope.GOODS), Part("plant_health", Scope.GOODS))
    return Examination(
        f"{MRN}-1",
        MRN,
        at(ordered),
        False,
        parts,
        results,
        None if started is None else at(started),
        None if closed is None else at(closed),
    )


def course(**more: object) -> Course:
    given_: dict[str, object] = {
        "arrived_at": at(10),
        "lodged_at": at(0),
        "complete_at": None,
        "missing": (),
        "examinations": (),
        "released_at": None,
        "now": at(100),
        **more,
    }
    return Course(**given_)  # type: ignore[arg-type]


def test_a_whole_course_by_hand() -> None:
    """Arrived 10, lodged 12, document at 15, ordered 12, begun 20, customs to 22, plant health 23
    to 25, released 28."""
    exam = order(12, 20, 25, result("customs", 20, 22), result("plant_health", 23, 25))
    found = explain(
        course(lodged_at=at(12), complete_at=at(15), examinations=(exam,), released_at=at(28))
    )
    spent = [(each.code, each.agency, each.hours) for each in found]
    assert spent == [
        ("CLR_D03", "customs", 8),
        ("CLR_D05", "customs", 3),
        ("CLR_D01", "trader", 2),
        ("CLR_D04", "customs", 2),
        ("CLR_D04", "plant_health", 2),
        ("CLR_D03", "customs", 1),
    ]
    assert found[0].text == "8 h: the examination by Customs and Plant health waited to begin."


def test_a_document_that_is_still_missing_is_named() -> None:
    missing = MissingDocument(
        ("N851",), "plant_health", "The phytosanitary certificate is missing."
    )
    (reason,) = explain(course(missing=(missing,), now=at(14)))
    assert (reason.code, reason.agency, reason.hours) == ("CLR_D02", "trader", 4)
    assert "The phytosanitary certificate is missing" in reason.text


def test_goods_released_on_arrival_have_no_delay() -> None:
    assert explain(course(released_at=at(10))) == ()


def test_an_agency_that_does_not_report_is_named() -> None:
    exam = order(5, 11, None, result("customs", 11, 12))
    found = explain(course(examinations=(exam,), now=at(20)))
    assert (found[0].agency, found[0].hours) == ("plant_health", 8)


@given(
    st.lists(st.floats(0, 80), min_size=6, max_size=6),
    st.booleans(),
    st.booleans(),
)
def test_the_hours_of_all_reasons_sum_to_the_whole_stay(
    moments: list[float], lodged_late: bool, closed: bool
) -> None:
    ordered, started, one, two, three, end = sorted(moments)
    exam = order(ordered, started, end if closed else None,
                 result("customs", started, two), result("plant_health", one, three))  # fmt: skip
    made = course(
        arrived_at=at(5),
        lodged_at=at(20 if lodged_late else 0),
        complete_at=at(one),
        examinations=(exam,),
        released_at=at(90),
    )
    assert sum(each.hours for each in explain(made)) == pytest.approx(85)
