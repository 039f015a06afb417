"""Why risk selected goods is shown to those who may read risk, and to nobody else."""

from __future__ import annotations

import html
from collections.abc import Callable

from clearway.clearance import tables as clearance
from clearway.clearance.rules import CONFIDENTIAL

from .border import Border
from .browser import Browser

Visit = Callable[[str], Browser]


def test_another_agency_is_told_that_risk_selected_and_not_why(
    border: Border, visit: Visit
) -> None:
    def reasons(mrn: str) -> list[str]:
        decided = border.ask(clearance.decisions_of, mrn)
        last = decided[-1].decided.reasons if decided else ()
        return [reason.text for reason in last if reason.code in CONFIDENTIAL]

    mrn, why = next((mrn, why) for mrn in border.mrns.values() if (why := reasons(mrn)))
    pages = {
        who: html.unescape(visit(who).get(f"/console/declarations/{mrn}").text)
        for who in ("petra", "amina")
    }
    assert all(text in pages["amina"] for text in why)
    assert not any(text in pages["petra"] for text in why)
    assert "Selected for examination by customs" in pages["petra"]
