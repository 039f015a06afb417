"""Keep a receiver's word on a letter: taken, taken with warnings, or not readable."""

from __future__ import annotations

from clearway.connectors.ippc_hub import letterbox, rules
from clearway.connectors.ippc_hub.actions.desk import Desk
from clearway.connectors.ippc_hub.model import Header, Receipt, Tracking
from clearway.errors import NotFound


def acknowledge(desk: Desk, number: str) -> None:
    """Note that the receiver has the letter, durably. Raises: NotFound, WrongState."""
    _answer(desk, number, Tracking.DELIVERED, "")


def acknowledge_with_warning(desk: Desk, receipt: Receipt) -> str:
    """Note that it has the letter, with findings that its sender should see."""
    return _answer(desk, receipt.hub_number, Tracking.WITH_WARNINGS, receipt.message)


def acknowledge_failed(desk: Desk, receipt: Receipt) -> str:
    """Note that the letter came, and that nobody can read it; the sender may send it mended."""
    return _answer(desk, receipt.hub_number, Tracking.NOT_READABLE, receipt.message)


def update_tracking(desk: Desk, header: Header) -> None:
    """Take a receiver's word in the form of a header: what a country that is pushed to says."""
    said = rules.tracking_of(header.tracking)
    _answer(desk, header.hub_number, said, header.error)


def _answer(desk: Desk, stated: str, said: Tracking, message: str) -> str:
    number = stated.strip()
    letter = letterbox.find(desk.connection, number)
    if letter is None or letter.header.to != desk.caller.country:
        raise NotFound(f"There is no envelope {number[:60]!r} for {desk.caller.country}")
    if rules.answered(number, letter.tracking, said):
        told = rules.message_of(message)
        letterbox.answer(desk.connection, number, said, told, desk.now)
    return f"{number}: {said}"
