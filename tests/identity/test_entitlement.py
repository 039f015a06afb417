"""Rules open what they name and nothing else; a slip of the pen opens nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.errors import BadTerm
from clearway.identity import entitlement
from clearway.identity.entitlement import Opening
from clearway.ledger.fact import Fact

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def fact(type: str = "certificate.received/1", body: Any = None) -> Fact:
    content = msgspec.json.encode({} if body is None else body)
    return Fact(7, type, "certificate:851:XB:1", "plant_health", "system:hub", NOON, NOON, content)


def opened(rules: list[str], one: Fact) -> Opening | None:
    return entitlement.judge(entitlement.parse_all(rules), one)


def test_nothing_is_opened_by_default() -> None:
    assert opened([], fact()) is None


def test_a_type_is_opened_whole() -> None:
    assert opened(["certificate.received/1"], fact()) == Opening()


def test_another_type_or_version_stays_shut() -> None:
    assert opened(["certificate.received/1"], fact("certificate.received/2")) is None
    assert opened(["certificate.received/1"], fact("certificate.withdrawn/1")) is None


def test_a_noun_opens_its_types_and_not_those_of_a_longer_noun() -> None:
    assert opened(["certificate.*"], fact("certificate.withdrawn/1")) == Opening()
    assert opened(["certificate.*"], fact("certificates.listed/1")) is None


def test_a_country_is_a_condition() -> None:
    rule = ["certificate.* where body.certificate.issuing_country=XB"]
    assert opened(rule, fact(body={"certificate": {"issuing_country": "XB"}})) == Opening()
    assert opened(rule, fact(body={"certificate": {"issuing_country": "XC"}})) is None
    assert opened(rule, fact(body={"certificate": "subject only"})) is None, "cannot be judged"


def test_one_element_of_a_list_is_enough() -> None:
    rule = ["movement.arrived/1 where body.legs.country=XB"]
    legs = {"legs": [{"country": "XA"}, {"country": "XB"}]}
    assert opened(rule, fact("movement.arrived/1", legs)) == Opening()


def test_every_condition_must_fit() -> None:
    rule = ["clearance.decided/1 where body.decision=release and issuer=customs"]
    assert opened(rule, fact("clearance.decided/1", {"decision": "release"})) is None
    rule = ["clearance.decided/1 where body.decision=release and issuer=plant_health"]
    assert opened(rule, fact("clearance.decided/1", {"decision": "release"})) == Opening()


def test_a_subject_can_be_named() -> None:
    assert opened(["certificate.* where subject=certificate:851:XB:1"], fact()) == Opening()


def test_numbers_match_as_written_and_truth_values_never() -> None:
    assert opened(["a.b/1 where body.n=3"], fact("a.b/1", {"n": 3})) == Opening()
    assert opened(["a.b/1 where body.n=True"], fact("a.b/1", {"n": True})) is None


def test_fields_of_all_fitting_rules_add_up_and_whole_wins() -> None:
    one, two = "a.b/1 fields mrn,decision", "a.b/1 fields decision,office"
    assert opened([one, two], fact("a.b/1")) == Opening(("mrn", "decision", "office"))
    assert opened([one, "a.*"], fact("a.b/1")) == Opening()


def test_an_erased_body_fits_no_condition() -> None:
    blank = Fact(7, "a.b/1", "x:1", "customs", "system:x", NOON, NOON, b"")
    assert opened(["a.b/1 where body.n=3"], blank) is None


@pytest.mark.parametrize(
    "text",
    [
        "", "*", "*.*", "certificate", "certificate.", "certificate.received", "Certificate.*",
        "certificate.received/0", "certificate.* where", "certificate.* where country=XB",
        "certificate.* where body=XB", "certificate.* where body.a=", "certificate.* fields",
        "certificate.* fields a,,b", "certificate.* when body.a=b", "certificate.*\nmovement.*",
        "certificate.* where body." + "a." * 20 + "b=c", "x.y/1 where body.a=" + "b" * 600,
    ],
)  # fmt: skip
def test_what_is_not_a_rule_is_refused(text: str) -> None:
    with pytest.raises(BadTerm):
        entitlement.parse(text)


def test_a_partner_has_a_bounded_number_of_rules() -> None:
    with pytest.raises(BadTerm, match="at most"):
        entitlement.parse_all(["a.b/1"] * 65)


@given(st.text(max_size=80))
def test_any_text_is_a_rule_or_refused(text: str) -> None:
    try:
        rule = entitlement.parse(text)
    except BadTerm:
        return
    assert entitlement.parse(str(rule)) == rule


@given(st.recursive(st.text("ab", max_size=2), lambda c: st.lists(c, max_size=3), max_leaves=30))
def test_any_body_is_judged(body: Any) -> None:
    opened(["a.b/1 where body.x=a"], fact("a.b/1", {"x": body}))


def test_the_digest_tells_sets_of_rules_apart() -> None:
    one, two = entitlement.parse("a.b/1"), entitlement.parse("a.b/1 where body.c=d")
    assert entitlement.digest([one]) != entitlement.digest([two])
    assert entitlement.digest([one]) == entitlement.digest([entitlement.parse(" a.b/1 ")])
