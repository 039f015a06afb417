"""The states of a declaration, and which step leads from where to where.

    lodge ──> accepted ──request_documents──> documents_requested
      │          │  ╲____correct____> corrected        (again from each of these three)
      │          │──order_control──> control ──release──┐
      │          └──release─────────────────────────> released ──clear──> cleared
      └──> rejected             invalidate, before release ──> invalidated

After a control is ordered the declaration cannot be corrected any more: what is examined is what
was declared. (So also the EU's Union Customs Code, article 173(2).)
"""

from __future__ import annotations

from enum import StrEnum

from clearway.errors import WrongState


class Status(StrEnum):
    """Where a declaration stands."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    DOCUMENTS_REQUESTED = "documents_requested"
    CONTROL = "control"
    CORRECTED = "corrected"
    RELEASED = "released"
    CLEARED = "cleared"
    INVALIDATED = "invalidated"


class Step(StrEnum):
    """What can be done with a declaration that was lodged; the names are those of the actions."""

    REQUEST_DOCUMENTS = "request_documents"
    ORDER_CONTROL = "order_control"
    CORRECT = "correct"
    RELEASE = "release"
    CLEAR = "clear"
    INVALIDATE = "invalidate"


_OPEN = frozenset((Status.ACCEPTED, Status.CORRECTED, Status.DOCUMENTS_REQUESTED))
_BEFORE_RELEASE = _OPEN | {Status.CONTROL}

# Step -> states from which it can be taken, and the state to which it leads.
TRANSITIONS: dict[Step, tuple[frozenset[Status], Status]] = {
    Step.REQUEST_DOCUMENTS: (_BEFORE_RELEASE, Status.DOCUMENTS_REQUESTED),
    Step.ORDER_CONTROL: (_OPEN, Status.CONTROL),
    Step.CORRECT: (_OPEN, Status.CORRECTED),
    Step.RELEASE: (_BEFORE_RELEASE, Status.RELEASED),
    Step.CLEAR: (frozenset((Status.RELEASED,)), Status.CLEARED),
    Step.INVALIDATE: (_BEFORE_RELEASE, Status.INVALIDATED),
}


def possible(status: Status) -> tuple[Step, ...]:
    """Return the steps that can be taken in a state, in the order of `Step`."""
    return tuple(step for step in Step if status in TRANSITIONS[step][0])


def take(step: Step, status: Status, what: str) -> Status:
    """Return the state to which a step leads.

    Args:
        what: names the declaration in the error, such as `declaration 26KE...`.

    Raises: WrongState: not possible now; says what is.
    """
    sources, target = TRANSITIONS[step]
    if status in sources:
        return target
    steps = possible(status)
    rest = f"possible now: {', '.join(map(_words, steps))}" if steps else "nothing more can be done"
    raise WrongState(
        f"The {what} is {_words(status)}, so it is not possible to {_words(step)} it; {rest}",
        status=str(status),
        possible=[str(each) for each in steps],
    )


def _words(name: str) -> str:
    return name.replace("_", " ")
