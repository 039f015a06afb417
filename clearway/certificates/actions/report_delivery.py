"""Note what became of a certificate on its way: delivered, with warnings, not readable, failed."""

from __future__ import annotations

from clearway.certificates.issuing import course, facts
from clearway.certificates.issuing.course import Delivery, Step
from clearway.certificates.issuing.desk import name_of, take_up_issued
from clearway.certificates.model import Key
from clearway.errors import WrongState
from clearway.ledger.fact import Fact
from clearway.policy.act import Act


def report_delivery(
    act: Act, key: Key, delivery: Delivery, *, hub_number: str = "", message: str = ""
) -> Fact | None:
    """Record a report of the exchange or of the importing country; a repeat changes nothing.

    Args:
        key: of a certificate of ours.
        delivery: one of `course.REPORTS`; `ACKNOWLEDGED` is the importing country's own word.
        hub_number: of the delivery that is meant; "" for the last one.
        message: warnings or the reason of a failure, in their words.

    Raises:
        NotFound: we did not issue it.
        WrongState: the report cannot be true after the last one, or is of another delivery.
        Refused: policy says no.
    """
    held = take_up_issued(act, key, Step.REPORT_DELIVERY)
    if hub_number not in ("", held.hub_number):
        raise WrongState(
            f"The {name_of(held)} was last sent as {held.hub_number or 'nothing'}; the report is of"
            f" {hub_number}"
        )
    if held.delivery is delivery:
        return None
    course.require_report(held.delivery, delivery, name_of(held))
    body = facts.DeliveryReported(key.subject, delivery, hub_number, message)
    return act.append(body, subject=key.subject)
