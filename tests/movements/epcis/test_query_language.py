"""The parameters of a query: what each means, and how a wrong one is told."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.errors import BadTerm, RuleViolation
from clearway.movements.epcis import parameters, patterns
from clearway.movements.epcis.index import in_base, index_of, measure_field
from clearway.movements.epcis.model import Event, QuantityElement
from clearway.movements.epcis.query import AnyOf, Compare, Op, OrderBy, matches
from clearway.terms.units import UNITS

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def event(**more: object) -> Event:
    known = {"type": "ObjectEvent", "event_time": NOON, "event_time_zone_offset": "+00:00"}
    return Event(**{**known, **more})  # type: ignore[arg-type]


def finds(wanted: dict[str, object], of: Event) -> bool:
    query = parameters.read(wanted, {"example": "https://ns.example.com/"})
    return matches(query, index_of(of, of.event_id or "urn:x:1", NOON))


@pytest.mark.parametrize(
    "spelling",
    ["shipping", "urn:epcglobal:cbv:bizstep:shipping", "https://ref.gs1.org/cbv/BizStep-shipping"],
)
def test_a_business_step_is_found_by_each_of_its_spellings(spelling: str) -> None:
    shipped = event(biz_step="https://ref.gs1.org/cbv/BizStep-shipping")
    assert finds({"EQ_bizStep": spelling}, shipped)
    assert finds({"EQ_bizStep": f"receiving|{spelling}"}, shipped)
    assert not finds({"EQ_bizStep": "receiving"}, shipped)


@pytest.mark.parametrize(
    ("pattern", "is_found"),
    [
        ("urn:epc:id:sgtin:0614141.112345.400", True),
        ("https://id.gs1.org/01/10614141123459/21/400", True),
        ("https://example.org/01/10614141123459/21/400", True),
        ("urn:epc:idpat:sgtin:0614141.112345.*", True),
        ("urn:epc:idpat:sgtin:0614141.*.*", True),
        ("urn:epc:idpat:sgtin:0614141.112345.4", False),
        ("urn:epc:idpat:sgtin:0614141.112346.*", False),
        ("urn:epc:idpat:sgtin:0614142.*.*", False),
    ],
)
def test_a_pattern_means_the_identifiers_that_it_covers(pattern: str, is_found: bool) -> None:
    seen = event(epc_list=("urn:epc:id:sgtin:0614141.112345.400",))
    assert finds({"MATCH_epc": pattern}, seen) is is_found
    assert finds({"MATCH_anyEPC": pattern}, seen) is is_found
    assert not finds({"MATCH_parentID": pattern}, seen)


@pytest.mark.parametrize(
    ("identifier", "pattern"),
    [
        ("urn:epc:id:sscc:0614141.1234567890", "urn:epc:idpat:sscc:0614141.*"),
        ("urn:epc:id:grai:0614141.12345.400", "urn:epc:idpat:grai:0614141.12345.*"),
        ("urn:epc:id:giai:0614141.12345400", "urn:epc:idpat:giai:0614141.*"),
        ("urn:epc:id:gsrn:0614141.1234567890", "urn:epc:idpat:gsrn:0614141.*"),
        ("urn:epc:id:gdti:0614141.12345.400", "urn:epc:idpat:gdti:0614141.*.*"),
        ("urn:epc:id:sgln:0614141.12345.400", "urn:epc:idpat:sgln:0614141.12345.*"),
        ("urn:epc:id:bic:CSQU3054383", "urn:epc:idpat:bic:*"),
        ("urn:epc:id:gid:95100000.12345.400", "urn:epc:idpat:gid:95100000.12345.*"),
    ],
)
def test_patterns_of_each_scheme_cover_their_identifiers(identifier: str, pattern: str) -> None:
    assert finds({"MATCH_anyEPC": pattern}, event(epc_list=(identifier,)))
    assert not finds({"MATCH_anyEPC": pattern}, event(epc_list=("urn:epc:id:imovn:9176187",)))


@pytest.mark.parametrize(
    "text", ["urn:epc:idpat:sgtin:*.112345.*", "urn:epc:idpat:sgtin:0614141..*", "urn:epc:idpat:"]
)
def test_a_pattern_that_is_wild_before_it_is_fixed_is_refused(text: str) -> None:
    with pytest.raises(BadTerm, match="pattern"):
        patterns.read(text)
    with pytest.raises(RuleViolation) as caught:
        parameters.read({"MATCH_epc": text})
    assert caught.value.findings[0].field == "MATCH_epc"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("EQ_colour", "red"), ("GT_eventTime", "2026-03-02T12:00:00Z"), ("MATCH_epcs", "urn:x:1"),
        ("HASATTR_colour", "a"), ("nonsense", "1"), ("EQ_", "1"), ("", "1"), ("LE_bizStep", "1"),
    ],
)  # fmt: skip
def test_an_unknown_parameter_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(RuleViolation) as caught:
        parameters.read({name: value}, {})
    (finding,) = caught.value.findings
    assert (finding.code, finding.field) == ("EPQ_R1", name)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GE_eventTime", "2026-03-02"), ("GE_eventTime", "2026-03-02T12:00:00"),
        ("LT_recordTime", "soon"), ("GE_value_CEL", "warm"), ("GE_value_CEL", "1e999"),
        ("GE_value_CEL", "NaN"), ("EQ_action", "MOVE"), ("eventType", "SomeEvent"),
        ("EQ_booleanValue", "perhaps"), ("orderBy", "colour"), ("orderDirection", "UP"),
        ("eventCountLimit", "0"), ("eventCountLimit", "1.5"), ("maxEventCount", "-1"),
        ("EQ_bizStep", ""), ("EQ_bizStep", "a\0"), ("EQ_other:x", "1"), ("EQ_bizStep", {"a": 1}),
        ("EQ_bizStep", ["x"] * 501),
    ],
)  # fmt: skip
def test_a_value_that_does_not_fit_is_refused_with_the_parameters_name(
    name: str, value: object
) -> None:
    with pytest.raises(RuleViolation) as caught:
        parameters.read({name: value}, {})
    (finding,) = caught.value.findings
    assert (finding.code, finding.field) == ("EPQ_R2", name)
    assert finding.message.startswith(name)


def test_every_wrong_parameter_is_named_at_once() -> None:
    with pytest.raises(RuleViolation) as caught:
        parameters.read({"EQ_colour": "red", "GE_eventTime": "soon", "EQ_action": "ADD"})
    assert [one.field for one in caught.value.findings] == ["EQ_colour", "GE_eventTime"]


def test_limits_of_both_kinds_exclude_each_other() -> None:
    with pytest.raises(RuleViolation, match="exclude each other"):
        parameters.read({"eventCountLimit": 5, "maxEventCount": 5})


def test_a_query_of_too_many_parameters_is_refused() -> None:
    with pytest.raises(RuleViolation, match="at most 64 parameters"):
        parameters.read({f"EQ_INNER_example:x{n}": "a" for n in range(65)})


def test_an_order_descends_unless_it_is_said_otherwise() -> None:
    assert parameters.read({}).descending is False
    newest = parameters.read({"orderBy": "eventTime"})
    assert (newest.order_by, newest.descending) == (OrderBy.EVENT_TIME, True)
    assert parameters.read({"orderBy": "eventTime", "orderDirection": "ASC"}).descending is False


def test_a_plus_sign_that_a_url_made_a_blank_is_still_a_time_zone() -> None:
    (written,) = parameters.read({"GE_eventTime": "2026-03-02T13:00:00+01:00"}).clauses
    (blank,) = parameters.read({"GE_eventTime": "2026-03-02T13:00:00 01:00"}).clauses
    assert written == blank


def test_an_amount_is_found_in_any_unit_of_its_dimension() -> None:
    heavy = event(quantity_list=(QuantityElement("urn:x:class", Decimal("2.5"), "TNE"),))
    assert finds({"EQ_quantity_KGM": 2500}, heavy)
    assert finds({"GT_quantity_KGM": 2499, "LT_quantity_KGM": 2501}, heavy)
    assert finds({"EQ_quantity": [2.5]}, heavy)
    assert not finds({"GE_quantity_KGM": 2501}, heavy)
    assert not finds({"EQ_quantity_LTR": 2500}, heavy)


def test_a_difference_of_temperatures_has_no_zero_point() -> None:
    assert in_base("sDev", Decimal(5), "CEL") == 5.0
    assert in_base("sDev", Decimal(9), "FAH") == 5.0
    assert in_base("value", Decimal("26.0"), "CEL") == 299.15


@given(
    st.sampled_from([one for one in sorted(UNITS) if len(one) > 1]),
    st.decimals(-(10**6), 10**6, places=3),
)
def test_a_value_meets_itself_in_every_unit(unit: str, value: Decimal) -> None:
    here = in_base("value", value, unit)
    clause = Compare(measure_field("value", unit), Op.EQ, (here,))
    (asked,) = parameters.read({f"EQ_value_{unit}": [str(value)]}).clauses
    assert asked == clause


@given(st.dictionaries(st.text(max_size=30), st.one_of(st.text(), st.floats(), st.none())))
def test_whatever_is_asked_is_a_query_or_a_refusal(wanted: dict[str, object]) -> None:
    try:
        parameters.read(wanted)
    except (RuleViolation, BadTerm) as error:
        assert error.detail


def test_words_of_a_users_own_are_found_by_prefix_and_by_namespace() -> None:
    wanted = parameters.read({"EQ_example:lot": "a"}, {"example": "https://ns.example.com/"})
    assert wanted.clauses == (AnyOf("EVENT {https://ns.example.com/}lot", ("a",)),)
    (same,) = parameters.read({"EQ_https://ns.example.com/lot": "a"}).clauses
    assert same == wanted.clauses[0]
