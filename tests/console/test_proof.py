"""The page of a consignment says what is proved of each certificate, and what is not."""

from __future__ import annotations

from collections.abc import Callable

from clearway.clearance import tables as clearance
from clearway.declarations import tables as declarations
from clearway.declarations.record import Filter

from .border import Border
from .browser import Browser


def test_the_page_shows_why_a_certificate_is_believed(
    border: Border, visit: Callable[[str], Browser]
) -> None:
    with border.node.reading() as connection:
        listed = declarations.list_declarations(connection, Filter(), limit=100).items
        mrn = next(one.mrn for one in listed if clearance.matches_of(connection, one.mrn))
    shown = visit("amina").get(f"/console/declarations/{mrn}").text
    assert "over a channel that proves the sender" in shown
    assert "The message bears no signature" in shown
