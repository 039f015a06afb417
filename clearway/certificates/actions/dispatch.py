"""Note that the newest word of a certificate went to the importing country."""

from __future__ import annotations

from clearway.certificates.issuing import course, facts
from clearway.certificates.issuing.course import Delivery, Step
from clearway.certificates.issuing.desk import name_of, take_up_issued
from clearway.certificates.model import Key
from clearway.errors import BadTerm
from clearway.ledger.fact import Fact
from clearway.policy.act import Act

CHANNELS = ("hub", "peer", "paper")


def dispatch(
    act: Act, key: Key, channel: str, *, hub_number: str = "", digest: str = ""
) -> Fact | None:
    """Record a dispatch; the same one again changes nothing.

    Args:
        key: of a certificate of ours.
        channel: `hub`, `peer` or `paper`.
        hub_number: the exchange's delivery number; after a failure the same one, or a new one.
        digest: SHA-256 of what was sent, hexadecimal; "" on paper.

    Raises:
        NotFound: we did not issue it.
        WrongState: there is nothing to be told, or it was dispatched under another number.
        Refused: policy says no.
    """
    if channel not in CHANNELS:
        raise BadTerm("channel", channel, f"is one of {', '.join(CHANNELS)}", field="channel")
    held = take_up_issued(act, key, Step.DISPATCH)
    if held.delivery is Delivery.DISPATCHED and held.hub_number == hub_number:
        return None
    course.require_delivery(held.delivery, Delivery.DISPATCHED, name_of(held))
    status = course.STATUS[held.stage]
    body = facts.Dispatched(key.subject, channel, status, hub_number, digest)
    return act.append(body, subject=key.subject)
