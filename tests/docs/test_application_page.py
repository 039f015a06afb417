"""The examples of the page on applications are read, and rules find nothing in them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from clearway.certificates.issuing import asking, form, rules
from clearway.certificates.issuing.model import ResultKind
from clearway.certificates.issuing.notice import Ground, require_whole
from clearway.terms.places import Country

PAGE = Path(__file__).resolve().parents[2] / "docs" / "design" / "application.md"
US = Country("XA")
NOW = datetime(2026, 3, 20, tzinfo=UTC)


def block(kind: str) -> bytes:
    found = re.findall(rf"```{kind}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)
    return str(found[0]).encode()


def test_the_application_of_the_page_may_be_filed() -> None:
    request = form.read(block("json"), country=US)
    assert asking.findings_of(request, US, NOW) == ()
    assert request.party == "XA10000001"
    assert form.read(form.write(request), country=US) == request


def test_the_result_and_the_notice_of_the_page_are_whole() -> None:
    result = form.read_result(block("result"))
    assert result.kind is ResultKind.TREATMENT
    assert result.treatment is not None
    notice = form.read_notice(block("notice"))
    require_whole(notice)
    assert notice.ground is Ground.REGULATED_PEST


def test_the_page_names_every_rule() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for rule in rules.RULES:
        assert rule.code.removeprefix("CERT_") in text, rule.code
