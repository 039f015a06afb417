"""Canonical forms: what is equal gives the same bytes, whatever way it is written."""

from __future__ import annotations

import time

import pytest

from clearway.errors import BadTerm, MalformedMessage, TooLarge
from clearway.wire import canonical, xml
from clearway.wire.limits import Limits

WIDE = Limits(size_bytes=8 << 20, depth=64, nodes=50_000, attributes=64)


def namespaces(count: int) -> bytes:
    return b" ".join(b"xmlns:n%d='urn:n:%d'" % (n, n) for n in range(count))


def test_a_part_that_is_left_out_leaves_the_text_after_it() -> None:
    root = xml.parse(
        b"<a>1<s xmlns='urn:s'>x</s>2<b/>3<s xmlns='urn:s'/>4<c><s xmlns='urn:s'/></c></a>"
    )
    assert canonical.xml(root, without="{urn:s}s") == b"<a>12<b></b>34<c></c></a>"


def test_order_of_attributes_prefixes_not_used_and_comments_make_no_difference() -> None:
    one = xml.parse(b"<a xmlns:x='urn:x' c='1' b='2'>t<!-- no --></a>")
    other = xml.parse(b'<?xml version="1.0"?><a b="2" c="1">t</a>')
    assert canonical.xml(one) == canonical.xml(other)


def test_a_relative_namespace_is_refused() -> None:
    with pytest.raises(MalformedMessage, match="relative"):
        canonical.xml(xml.parse(b"<a xmlns='b'/>"))


@pytest.mark.parametrize(
    "document",
    [
        b"<a %b/>" % namespaces(33),
        b"<a %b><b xmlns:y='urn:y'/></a>" % namespaces(32),
        b"<a><b/><c %b><d xmlns:y='urn:y'/></c></a>" % namespaces(32),
    ],
    ids=["on one element", "in force", "in force below"],
)
def test_more_than_32_namespaces_in_force_are_refused(document: bytes) -> None:
    with pytest.raises(TooLarge, match="namespace"):
        xml.parse(document, limits=WIDE)


def test_namespaces_declared_on_each_of_a_thousand_elements_are_read() -> None:
    each = b"<x:b xmlns:x='urn:x'/>" * 1_000
    assert len(xml.parse(b"<a>" + each + b"</a>", limits=WIDE)) == 1_000


def test_the_costliest_document_within_the_limits_is_canonical_within_two_seconds() -> None:
    """4,096 namespaces and 45,000 elements took minutes: the limits keep it under a second."""
    attributes = b" ".join(b"a%02d=''" % n for n in range(64))
    root = xml.parse(
        b"<a %b>%b%b</a>" % (namespaces(32), b"<b/>" * 40_000, b"<c %b/>" % attributes * 5_000),
        limits=WIDE,
    )
    start = time.perf_counter()
    canonical.xml(root)
    assert time.perf_counter() - start < 2


def test_json_is_sorted_and_tight() -> None:
    assert (
        canonical.json({"b": 1, "a": [True, None, "é"]}) == '{"a":[true,null,"é"],"b":1}'.encode()
    )


@pytest.mark.parametrize("value", [1.5, {"a": [0.1]}, 2**53 + 1, {"a": b"x"}, {1: 2}])
def test_what_has_no_exact_form_in_json_is_refused(value: object) -> None:
    with pytest.raises(BadTerm):
        canonical.json(value)
