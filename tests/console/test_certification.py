"""A certificate from its application to paper, as people do it on the pages."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from .border import Border
from .browser import Browser
from .markup import Markup

Visit = Callable[[str], Browser]
FORM = {
    "kind": "851", "importing_country": "nl", "entry_point": "Rotterdam",
    "consignor_name": "Highland Avocados", "consignor_address": "Farm Road 4",
    "consignor_city": "Port Example", "consignee_name": "Harbour Fruit",
    "consignee_address": "Quay 12", "consignee_city": "Rotterdam",
    "mode": "1", "means": "Cape Example", "container": "CSQU3054383", "seal_number": "G2382564",
    "hs-1": "0804.40", "name-1": "Avocado", "botanical-1": "Persea americana", "origin-1": "XA",
    "net-1": "1000,50", "gross-1": "1100", "packages-1": "250",
}  # fmt: skip
PATH = "/console/certification"


def apply(browser: Browser, **changes: str) -> str:
    answer = browser.send(f"{PATH}/new", f"{PATH}/new", **{**FORM, **changes})
    assert answer.status_code == 303, Markup.of(answer.text).text[:600]
    return answer.headers["location"]


def take(browser: Browser, path: str, step: str, **fields: str) -> str:
    answer = browser.send(f"{path}/{step}", path, **fields)
    return answer.text if answer.status_code != 303 else ""


@pytest.fixture
def officers(visit: Visit) -> tuple[Browser, Browser]:
    """Two certifying officers: the second person signs."""
    return visit("cora"), visit("carl")


def test_a_certificate_is_applied_for_examined_approved_issued_and_printed(
    officers: tuple[Browser, Browser],
) -> None:
    cora, carl = officers
    path = apply(cora)
    assert not take(
        cora,
        path,
        "record_result",
        kind="inspection",
        conforms="yes",
        text="No pests",
        place="Farm",
    )
    assert not take(carl, path, "approve")
    assert not take(carl, path, "issue", place="Port Example")
    shown = carl.get(path)
    assert "issued" in Markup.of(shown.text).text and "Highland Avocados" in shown.text
    pdf = carl.get(f"{path}/paper.pdf")
    assert pdf.content.startswith(b"%PDF") and pdf.headers["content-type"] == "application/pdf"
    assert b"SPSCertificate" in carl.get(f"{path}/paper.xml").content
    copy = re.search(r'href="(/console/certification/new\?from=[^"]+)"', shown.text)
    assert copy is not None
    again = carl.get(copy[1].replace("&amp;", "&")).text
    assert 'value="Highland Avocados"' in again
    assert not take(carl, path, "withdraw", reason="The lot was mixed up")
    assert "withdrawn" in Markup.of(carl.get(path).text).text


def test_who_examined_may_not_approve_and_the_page_says_why(
    officers: tuple[Browser, Browser],
) -> None:
    cora, _ = officers
    path = apply(cora)
    take(cora, path, "record_result", kind="inspection", conforms="yes", text="No pests")
    page = cora.get(path).text
    assert 'action="' + path + '/approve"' in page
    assert "second" in Markup.of(page).text or "another" in Markup.of(page).text
    told = take(cora, path, "approve")
    assert 'id="refusal"' in told


def test_what_rules_refuse_comes_back_as_filled_in_with_a_finding_for_each_field(
    officers: tuple[Browser, Browser],
) -> None:
    cora, _ = officers
    answer = cora.send(f"{PATH}/new", f"{PATH}/new", **{**FORM, "consignee_name": "", "net-1": ""})
    assert answer.status_code == 422
    shown = Markup.of(answer.text)
    shown.require_own()
    assert "CERT_" in shown.text or "APPL_" in shown.text
    assert 'value="Persea americana"' in answer.text


def test_a_word_that_is_no_mass_is_told_and_nothing_breaks(
    officers: tuple[Browser, Browser],
) -> None:
    answer = officers[0].send(f"{PATH}/new", f"{PATH}/new", **{**FORM, "net-1": "<b>much"})
    assert answer.status_code in (400, 422)
    Markup.of(answer.text).require_own()


def test_pages_hold_nothing_that_a_strict_policy_forbids_in_any_language(
    officers: tuple[Browser, Browser],
) -> None:
    cora, _ = officers
    path = apply(cora)
    for language in ("en", "fr", "es"):
        for each in (PATH, f"{PATH}?state=applied", f"{PATH}/new", path):
            answer = cora.get(each, headers={"accept-language": language})
            assert answer.status_code == 200, each
            Markup.of(answer.text).require_own()


def test_others_are_told_that_it_is_not_theirs(border: Border, visit: Visit) -> None:
    amina = visit("amina")
    assert amina.get(f"{PATH}/XA-A-2026-999999").status_code in (403, 404)
    assert amina.get(f"{PATH}?state=<script>").status_code in (200, 403)
