"""The course of an application and of the certificate that becomes of it: what may follow what.

    apply -> (send back -> amend) -> results -> approve -> issue -> withdraw | replace | ...

Two things go on apart. The `Stage` is what the authority and the importer say of it; the `Delivery`
is how far the newest word of it has come. A withdrawal must be delivered as the certificate was.

Source: UNECE 4405 for the status of each stage; ISPM 12 sections 3 to 6; the tracking states of the
IPPC ePhyto Hub for delivery.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from clearway.certificates.model import Status
from clearway.errors import WrongState


class Stage(StrEnum):
    """Where an application, or its certificate, stands."""

    APPLIED = "applied"
    RETURNED = "returned"  # the applicant must mend it
    EXAMINED = "examined"  # at least one result is on file
    APPROVED = "approved"
    ISSUED = "issued"
    EXHAUSTED = "exhausted"  # used up abroad
    REJECTED = "rejected"  # by the importing country
    CANCELLED = "cancelled"  # by the applicant
    REFUSED = "refused"  # by us
    WITHDRAWN = "withdrawn"
    REPLACED = "replaced"
    EXPIRED = "expired"


class Delivery(StrEnum):
    """How far the newest word of a certificate has come on its way to the importing country."""

    NONE = "none"  # there is nothing to be told
    DUE = "due"  # it must be told
    DISPATCHED = "dispatched"
    DELIVERED = "delivered"
    WITH_WARNINGS = "delivered_with_warnings"
    NOT_READABLE = "delivered_not_readable"
    FAILED = "delivery_failed"
    ACKNOWLEDGED = "acknowledged"


class Step(StrEnum):
    """What can be done."""

    APPLY = "apply"
    AMEND = "amend"
    SEND_BACK = "send_back"
    CANCEL = "cancel"
    REFUSE = "refuse"
    RECORD_RESULT = "record_result"
    APPROVE = "approve"
    ISSUE = "issue"
    DISPATCH = "dispatch"
    REPORT_DELIVERY = "report_delivery"
    REPORT_USE = "report_use"
    REJECT = "reject"
    WITHDRAW = "withdraw"
    REPLACE = "replace"
    EXPIRE = "expire"
    NOTIFY = "notify_noncompliance"


_OPEN: Final = frozenset({Stage.APPLIED, Stage.RETURNED, Stage.EXAMINED})
_TOLD: Final = frozenset({Stage.WITHDRAWN, Stage.REPLACED})
_LEFT: Final = frozenset(
    {Stage.ISSUED, Stage.EXHAUSTED, Stage.REJECTED, Stage.EXPIRED, Stage.WITHDRAWN, Stage.REPLACED}
)

# From which stages a step may be taken. What is not here, nobody may do.
FROM: Final[dict[Step, frozenset[Stage]]] = {
    Step.AMEND: frozenset({Stage.APPLIED, Stage.RETURNED}),
    Step.SEND_BACK: frozenset({Stage.APPLIED, Stage.EXAMINED}),
    Step.CANCEL: _OPEN,
    Step.REFUSE: _OPEN | {Stage.APPROVED},
    Step.RECORD_RESULT: frozenset({Stage.APPLIED, Stage.EXAMINED}),
    Step.APPROVE: frozenset({Stage.APPLIED, Stage.EXAMINED}),
    Step.ISSUE: frozenset({Stage.APPROVED}),
    Step.DISPATCH: _TOLD | {Stage.ISSUED},
    Step.REPORT_DELIVERY: _LEFT,
    Step.REPORT_USE: _LEFT,
    Step.REJECT: frozenset({Stage.ISSUED, Stage.EXHAUSTED}),
    # What was used up can still be found to be false; and it is others who say that it was used.
    Step.WITHDRAW: frozenset({Stage.ISSUED, Stage.REJECTED, Stage.EXHAUSTED}),
    Step.REPLACE: frozenset({Stage.ISSUED, Stage.REJECTED}),
    Step.EXPIRE: frozenset({Stage.ISSUED}),
    Step.NOTIFY: _LEFT,
}

# Where a step leads; a step that is not here leaves the stage as it is.
TO: Final[dict[Step, Stage]] = {
    Step.APPLY: Stage.APPLIED,
    Step.AMEND: Stage.APPLIED,
    Step.SEND_BACK: Stage.RETURNED,
    Step.CANCEL: Stage.CANCELLED,
    Step.REFUSE: Stage.REFUSED,
    Step.RECORD_RESULT: Stage.EXAMINED,
    Step.APPROVE: Stage.APPROVED,
    Step.ISSUE: Stage.ISSUED,
    Step.REJECT: Stage.REJECTED,
    Step.WITHDRAW: Stage.WITHDRAWN,
    Step.REPLACE: Stage.REPLACED,
    Step.EXPIRE: Stage.EXPIRED,
}

# Nothing that is told, used or decided comes after these.
ENDED: Final = frozenset(
    {
        Stage.CANCELLED, Stage.REFUSED, Stage.WITHDRAWN, Stage.REPLACED, Stage.EXPIRED,
        Stage.EXHAUSTED,
    }
)  # fmt: skip

STATUS: Final[dict[Stage, Status]] = {
    Stage.APPLIED: Status.PENDING,
    Stage.RETURNED: Status.DRAFT,
    Stage.EXAMINED: Status.PENDING,
    Stage.APPROVED: Status.APPROVED,
    Stage.ISSUED: Status.ISSUED,
    Stage.EXHAUSTED: Status.ISSUED,
    Stage.REJECTED: Status.REJECTED,
    Stage.CANCELLED: Status.WITHDRAWN,
    Stage.REFUSED: Status.REJECTED,
    Stage.WITHDRAWN: Status.WITHDRAWN,
    Stage.REPLACED: Status.REPLACED,
    Stage.EXPIRED: Status.EXPIRED,
}

_ARRIVED: Final = frozenset({Delivery.DELIVERED, Delivery.WITH_WARNINGS, Delivery.ACKNOWLEDGED})
REPORTS: Final = _ARRIVED | {Delivery.NOT_READABLE, Delivery.FAILED}

# Which report may follow which state; the same report again changes nothing.
DELIVERIES: Final[dict[Delivery, frozenset[Delivery]]] = {
    Delivery.NONE: frozenset(),
    Delivery.DUE: frozenset({Delivery.DISPATCHED}),
    Delivery.DISPATCHED: REPORTS,
    Delivery.FAILED: REPORTS | {Delivery.DISPATCHED},
    Delivery.NOT_READABLE: REPORTS | {Delivery.DISPATCHED},
    Delivery.DELIVERED: frozenset(
        {Delivery.WITH_WARNINGS, Delivery.NOT_READABLE, Delivery.ACKNOWLEDGED}
    ),
    Delivery.WITH_WARNINGS: frozenset({Delivery.NOT_READABLE, Delivery.ACKNOWLEDGED}),
    Delivery.ACKNOWLEDGED: frozenset(),
}


def can(step: Step, stage: Stage) -> bool:
    """Return whether a step may be taken at a stage."""
    return stage in FROM.get(step, frozenset())


def require(step: Step, stage: Stage, what: str) -> None:
    """Refuse a step that cannot be taken now.

    Args:
        what: how people know the thing, such as `application XA-A-2026-000001`.

    Raises: WrongState: says what could be done instead.
    """
    if can(step, stage):
        return
    open_steps = ", ".join(possible.value.replace("_", " ") for possible in steps_from(stage))
    way_out = f"possible now: {open_steps}" if open_steps else "it has come to its end"
    said = step.value.replace("_", " ")
    raise WrongState(f"The {what} is {stage}, so this is not possible: {said}; {way_out}")


def steps_from(stage: Stage) -> tuple[Step, ...]:
    """Return every step that may be taken at a stage."""
    return tuple(step for step in Step if can(step, stage))


def require_delivery(now: Delivery, then: Delivery, what: str) -> None:
    """Refuse a report that cannot be true after the last one. Raises: WrongState."""
    if then not in DELIVERIES[now]:
        was, told = now.value.replace("_", " "), then.value.replace("_", " ")
        raise WrongState(f"The delivery of the {what} is {was}; after that it cannot be {told}")


def require_report(now: Delivery, then: Delivery, what: str) -> None:
    """Refuse what nobody can report, and what cannot be true after the last report.

    Raises: WrongState.
    """
    if then not in REPORTS:
        known = ", ".join(sorted(REPORTS))
        raise WrongState(f"The delivery of the {what} cannot be reported as {then}; but as {known}")
    require_delivery(now, then, what)


def delivery_after(step: Step, delivery: Delivery) -> Delivery:
    """Return what must be delivered once a step is taken.

    What ends a certificate must be told to whoever was told of the certificate, and to nobody else.
    """
    if step is Step.ISSUE:
        return Delivery.DUE
    if step in (Step.WITHDRAW, Step.REPLACE):
        return Delivery.NONE if delivery in (Delivery.NONE, Delivery.DUE) else Delivery.DUE
    return delivery


def state(stage: Stage, delivery: Delivery, *, used: bool) -> str:
    """Return the one word that a list shows: how far it has come.

    Args:
        used: at least a part of it was used abroad.
    """
    if stage is not Stage.ISSUED:
        return stage.value
    if used:
        return "used_in_part"
    if delivery in (Delivery.NONE, Delivery.DUE):
        return Stage.ISSUED.value
    return delivery.value


STATES: Final = tuple(
    dict.fromkeys(
        state(stage, delivery, used=used)
        for stage in Stage
        for delivery in Delivery
        for used in (False, True)
    )
)
