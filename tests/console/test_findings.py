"""The form of an examination's result: how much was found, of what, for how much."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from clearway.clearance import tables as clearance
from clearway.clearance.model import Extent, Result

from .border import Border
from .browser import Browser

Visit = Callable[[str], Browser]


@pytest.fixture
def begun(border: Border, visit: Visit) -> tuple[Browser, str]:
    """An officer, and the place of an examination that customs alone has begun."""
    entry = next(e for e in border.queue("customs") if e.waiting.agencies == ("customs",))
    place = f"/console/examinations/{entry.examination}"
    amina = visit("amina")
    amina.send(f"{place}/start", "/console/?agency=all")
    return amina, place


def result_at(border: Border, place: str) -> Result:
    return border.ask(clearance.get_examination, place.rpartition("/")[2]).results[0]


def test_a_partial_find_is_recorded_line_by_line(
    border: Border, begun: tuple[Browser, str]
) -> None:
    amina, place = begun
    fields = {
        "outcome": "not_conform", "extent": "partial", "hours": "2,5", "note": "Opened two boxes",
        "kind-1": "undervaluation", "detail-1": "Half of the price", "revenue-1": "1200.50",
        "kind-2": "short_quantity", "detail-2": "Ten missing", "revenue-2": "99.50",
    }  # fmt: skip
    assert amina.send(place, place, **fields).status_code == 303
    result = result_at(border, place)
    assert (result.extent, result.hours, result.note) == (Extent.PARTIAL, 2.5, "Opened two boxes")
    assert result.extra_revenue is not None
    assert result.extra_revenue.amount == Decimal("1300.00")
    assert [one.revenue.amount for one in result.discrepancies if one.revenue] == [
        Decimal("1200.50"), Decimal("99.50"),
    ]  # fmt: skip
    page = amina.get(place).text
    assert "(partial)" in page
    assert "1,200.50" in page
    mrn = place.rpartition("/")[2].rpartition("-")[0]
    assert "Opened two boxes" in amina.get(f"/console/declarations/{mrn}").text


def test_nothing_found_is_nothing_whatever_the_hidden_lines_say(
    border: Border, begun: tuple[Browser, str]
) -> None:
    amina, place = begun
    assert amina.send(place, place, outcome="conform", extent="full").status_code == 303
    assert result_at(border, place).extent is Extent.NOTHING


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [("extent", "half", "partial or full"), ("hours", "many", "number of hours"),
     ("revenue-1", "-3", "1250.50"), ("hours", "1e9", "1000")],
)  # fmt: skip
def test_a_wrong_field_brings_the_form_back(
    begun: tuple[Browser, str], name: str, value: str, words: str
) -> None:
    amina, place = begun
    fields = {"outcome": "not_conform", "kind-1": "other", "detail-1": "Something"} | {name: value}
    answer = amina.send(place, place, **fields)
    assert answer.status_code == 422, answer.text[:200]
    assert words in answer.text
    assert 'value="Something"' in answer.text
