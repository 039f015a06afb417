"""Receipts in each form and disclosures of single fields, as the doors give them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from clearway.ledger import disclosure as disclosures
from clearway.ledger import receipt as receipts
from clearway.ledger import receipt_forms
from clearway.ledger.fact import BY_FIELD, WHOLE


def place_of(border: Any, type_: str) -> int:
    return next(fact.seq for fact in border.facts() if fact.type == type_)


@pytest.fixture(scope="module")
def border(used_border: Any) -> Any:
    """A node with one declaration of acme's; nothing in this file changes it."""
    used_border.mrn("T-1")
    return used_border


def disclosed(border: Any, seq: int, who: str, *fields: str) -> Any:
    return border.ask(
        "GET", f"/v1/ledger/facts/{seq}/disclosure", who, params={"field": list(fields)}
    )


@pytest.mark.parametrize(
    ("form", "kind"),
    [
        ("json", "application/json"),
        ("tlog-proof", "text/plain; charset=utf-8"),
        ("cose", "application/cose"),
    ],
)
def test_a_receipt_comes_in_each_form_and_verifies(border: Any, form: Any, kind: str) -> None:
    seq = place_of(border, "declaration.accepted/1")
    answer = border.ask("GET", f"/v1/ledger/facts/{seq}/receipt?form={form}", "acme")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == kind
    assert receipt_forms.form_of(answer.content) == form
    read = receipt_forms.read(answer.content)
    assert receipts.verify(read, [border.node.log.verifier]).fact.seq == seq


def test_an_unknown_form_is_refused_and_rights_are_the_same_in_all(border: Any) -> None:
    seq = place_of(border, "declaration.accepted/1")
    path = f"/v1/ledger/facts/{seq}/receipt"
    assert border.ask("GET", f"{path}?form=pdf", "acme").status_code == 422
    for form in receipt_forms.FORMS:
        assert border.ask("GET", f"{path}?form={form}", "rival").status_code == 404


def test_a_trader_proves_one_field_and_hides_the_rest(border: Any) -> None:
    seq = place_of(border, "declaration.accepted/1")
    answer = disclosed(border, seq, "acme", "/mrn")
    assert answer.status_code == 200
    proved = disclosures.verify(disclosures.parse(answer.content), [border.node.log.verifier])
    assert set(proved.fields) == {"type", "/mrn"}
    assert b"Laptop" not in answer.content and b"ACME" not in answer.content
    assert len(proved.kept_back) > 10


def test_a_disclosure_is_for_those_who_may_see_the_fact(border: Any) -> None:
    seq = place_of(border, "declaration.accepted/1")
    account = next(f.seq for f in border.facts() if f.type == "identity.account_opened/1")
    assert disclosed(border, seq, "amina", "/mrn").status_code == 200
    assert disclosed(border, seq, "auditor", "/mrn").status_code == 200
    assert disclosed(border, seq, "rival", "/mrn").status_code == 404
    assert disclosed(border, seq, "carrier", "/mrn").status_code == 404
    for who in ("acme", "amina"):
        assert disclosed(border, account, who, "/id").status_code in (403, 404)
    assert border.ask("GET", f"/v1/ledger/facts/{seq}/disclosure?field=/mrn").status_code == 401
    assert disclosed(border, 10**6, "auditor", "/mrn").status_code == 404


def test_an_unknown_field_is_named_and_none_is_asked_for(border: Any) -> None:
    seq = place_of(border, "declaration.accepted/1")
    answer = disclosed(border, seq, "acme", "/mrn", "/nothing/here")
    assert answer.status_code in (400, 422)
    assert "/nothing/here" in answer.text
    assert disclosed(border, seq, "acme").status_code == 422


def test_a_fact_committed_as_a_whole_says_that_it_cannot_be_split(border: Any) -> None:
    whole = next(fact for fact in border.facts() if fact.form == WHOLE)
    assert next(f for f in border.facts() if f.type == "declaration.accepted/1").form == BY_FIELD
    answer = disclosed(border, whole.seq, "auditor", "type")
    assert answer.status_code in (400, 422)
    assert "whole" in json.loads(answer.content)["detail"]
