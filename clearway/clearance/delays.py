"""Why goods are late: where each hour between arrival and release went (TFA 7.9.4).

Every moment between arrival and release (or now) is given to one cause, the most telling that holds
at that moment, so that the hours of all reasons sum to the whole. In this order: an agency
examines; the examination waits to begin; a document is awaited; the declaration was not lodged yet;
somebody is to act on an alarm; Customs has everything and has not released.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from clearway.clearance.model import DelayReason, Examination, MissingDocument, Step
from clearway.clearance.priority import hours

CUSTOMS = "customs"
TRADER = "trader"


@dataclass(frozen=True, slots=True)
class Errand:
    """A task that an alarm of the goods' container made (see `clearway.tasks`).

    Args:
        who: was asked, such as `terminal`, or the code of an agency.
        what: is wrong, in a sentence.
        asked_at, ended_at: aware UTC; `ended_at` None: it is open.
    """

    who: str
    what: str
    asked_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Course:
    """What happened to one consignment, and when.

    Args:
        arrived_at: aware UTC.
        lodged_at: of the declaration.
        complete_at: when the last missing document had come; None: one is missing still, or none
            ever was.
        missing: documents that are missing now.
        examinations: in their order.
        released_at: None: not yet.
        now: aware UTC.
        errands: of the containers, in any order.
    """

    arrived_at: datetime
    lodged_at: datetime
    complete_at: datetime | None
    missing: tuple[MissingDocument, ...]
    examinations: tuple[Examination, ...]
    released_at: datetime | None
    now: datetime
    errands: tuple[Errand, ...] = ()

    @property
    def ended_at(self) -> datetime:
        """When the clock stopped."""
        return self.released_at or self.now


@dataclass(frozen=True, slots=True)
class _Span:
    start: datetime
    end: datetime
    code: str
    agency: str
    step: Step
    what: str


def explain(course: Course) -> tuple[DelayReason, ...]:
    """Return the reasons, the longest first; their hours sum to the time since arrival."""
    spans = tuple(_spans(course))
    begin, end = course.arrived_at, course.ended_at
    marks = {begin, end} | {mark for span in spans for mark in (span.start, span.end)}
    edges = sorted(mark for mark in marks if begin <= mark <= end)
    reasons: list[DelayReason] = []
    for start, stop in pairwise(edges):
        cause = next(span for span in spans if span.start <= start and stop <= span.end)
        reasons = _append(reasons, cause, start, stop)
    return tuple(sorted(reasons, key=lambda each: (-each.hours, each.started_at)))


def _append(
    reasons: list[DelayReason], cause: _Span, start: datetime, stop: datetime
) -> list[DelayReason]:
    last = reasons[-1] if reasons else None
    same = last is not None and (last.code, last.agency) == (cause.code, cause.agency)
    if last is not None and same and last.ended_at == start:
        start = last.started_at
        reasons = reasons[:-1]
    made = DelayReason(cause.code, cause.agency, cause.step, start, stop, "")
    text = f"{hours(made.hours)}: {cause.what}."
    return [*reasons, DelayReason(cause.code, cause.agency, cause.step, start, stop, text)]


def _spans(course: Course) -> Iterable[_Span]:
    end = course.ended_at
    for order in course.examinations:
        yield from _examining(order, end)
    for order in course.examinations:
        yield from _queueing(order, end)
    yield from _awaiting(course, end)
    if course.lodged_at > course.arrived_at:
        what = "the declaration had not been lodged"
        yield _Span(course.arrived_at, course.lodged_at, "CLR_D01", TRADER, Step.LODGED, what)
    yield from _acting(course, end)
    what = "Customs had everything and had not released the goods"
    yield _Span(course.arrived_at, end, "CLR_D05", CUSTOMS, Step.RELEASED, what)


def _examining(order: Examination, end: datetime) -> Iterable[_Span]:
    """CLR_D04: an agency examines, from its own beginning to its own end."""
    for result in order.results:
        what = f"{_name(result.agency)} examined the goods"
        yield _Span(
            result.started_at, result.ended_at, "CLR_D04", result.agency, Step.EXAMINED, what
        )
    for agency in order.waiting_for:
        if order.started_at is not None and order.closed_at is None:
            what = f"{_name(agency)} has not reported on its examination"
            yield _Span(order.started_at, end, "CLR_D04", agency, Step.EXAMINED, what)


def _queueing(order: Examination, end: datetime) -> Iterable[_Span]:
    """CLR_D03: the examination waits for the first agency to begin, then for the last to end."""
    who = " and ".join(map(_name, order.agencies))
    stop = order.started_at or end
    what = f"the examination by {who} waited to begin"
    agency = order.agencies[0]
    yield _Span(order.ordered_at, stop, "CLR_D03", agency, Step.EXAMINATION_STARTED, what)
    what = f"the examination by {who} was not finished"
    yield _Span(stop, order.closed_at or end, "CLR_D03", agency, Step.EXAMINED, what)


def _awaiting(course: Course, end: datetime) -> Iterable[_Span]:
    """CLR_D02: a document is awaited from the trader."""
    if course.missing:
        what = " ".join(each.text.rstrip(".") for each in course.missing)
        what = f"a document was awaited: {what}"
        yield _Span(course.lodged_at, end, "CLR_D02", TRADER, Step.DOCUMENTS_COMPLETE, what)
    elif course.complete_at is not None:
        what = "a document was awaited"
        yield _Span(
            course.lodged_at,
            course.complete_at,
            "CLR_D02",
            TRADER,
            Step.DOCUMENTS_COMPLETE,
            what,
        )


def _acting(course: Course, end: datetime) -> Iterable[_Span]:
    """CLR_D06: somebody was asked to act on an alarm of the container, and had not ended it."""
    for one in sorted(course.errands, key=lambda each: each.asked_at):
        what = f"{_name(one.who)} was to act on an alarm: {one.what.rstrip('.')}"
        yield _Span(one.asked_at, one.ended_at or end, "CLR_D06", one.who, Step.RELEASED, what)


def _name(agency: str) -> str:
    return agency.replace("_", " ").capitalize()
