"""One form for each name: words, CURIEs, URNs, Digital Links."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.movements.epcis import names, vocabulary
from clearway.movements.epcis.digital_link import canonical, check_digit

DL = "https://id.gs1.org/"


@pytest.mark.parametrize(
    ("urn", "path"),
    [
        ("id:sgtin:4012345.011111.9876", "01/04012345111118/21/9876"),
        ("id:sgtin:4012345.011111.a(b)", "01/04012345111118/21/a%28b%29"),
        ("id:sgtin:4012345.011111.a%2Fb", "01/04012345111118/21/a%2Fb"),
        ("idpat:sgtin:4012345.011111.*", "01/04012345111118"),
        ("class:lgtin:4012345.012345.998877", "01/04012345123456/10/998877"),
        ("id:upui:4012345.012345.AB12", "01/04012345123456/235/AB12"),
        ("id:sscc:4012345.0000000333", "00/040123450000003338"),
        ("id:sgln:4012345.00005.0", "414/4012345000054"),
        ("id:sgln:4012345.00011.987", "414/4012345000115/254/987"),
        ("id:pgln:4000001.98765", "417/4000001987658"),
        ("id:grai:4012345.66666.87", "8003/0401234566666387"),
        ("idpat:grai:4012345.66666.*", "8003/04012345666663"),
        ("id:giai:4000001.111", "8004/4000001111"),
        ("id:giai:4000001.1.2", "8004/40000011.2"),
        ("id:gsrn:4012345.9876540000", "8018/401234598765400000"),
        ("id:gsrnp:4012345.0000098765", "8017/401234500000987658"),
        ("id:gdti:4012345.55555.1234", "253/40123455555541234"),
        ("id:sgcn:4012345.99999.044", "255/4012345999990044"),
        ("id:ginc:4012345.333", "401/4012345333"),
        ("id:gsin:4012345.999987654", "402/40123459999876541"),
        ("id:cpi:4012345.ABC.123", "8010/4012345ABC/8011/123"),
        ("idpat:cpi:4012345.ABC.*", "8010/4012345ABC"),
        ("id:itip:4012345.012345.01.02.999", "8006/040123451234560102/21/999"),
        ("idpat:itip:4012345.012345.01.02.*", "8006/040123451234560102"),
    ],
)
def test_an_epc_urn_becomes_a_digital_link(urn: str, path: str) -> None:
    assert canonical(f"urn:epc:{urn}") == DL + path
    assert canonical(DL + path) == DL + path


@pytest.mark.parametrize(
    ("link", "path"),
    [
        ("https://shop.example/gtin/4012345111118/lot/7/ser/9?17=261231", "01/04012345111118/21/9"),
        ("http://a.b/c/01/12345670/22/2A/10/L1", "01/00000012345670/10/L1"),
        ("https://id.gs1.de/414/4012345000115", "414/4012345000115"),
        ("https://id.gs1.org/00/040123450000003338/", "00/040123450000003338"),
        ("https://x.example/party/4000001987658", "417/4000001987658"),
    ],
)
def test_a_digital_link_of_any_domain_takes_one_form(link: str, path: str) -> None:
    assert canonical(link) == DL + path


@pytest.mark.parametrize(
    "text",
    [
        "https://example.com/",
        "https://example.com/01/abc",
        "https://example.com/01/04012345111118/21",
        "https://example.com/01/04012345111118/99/x",
        "https://example.com/01/04012345111118/21/9/10/7",
        "https://example.com/01/04012345111118#x",
        "urn:epc:id:sgtin:4012345.01.9",
        "urn:epc:id:sscc:4012345.1",
        "urn:epc:id:sgtin:4012345.011111.*x/",
        "urn:epc:id:unknown:4012345.1.1",
        "urn:uuid:1",
        "x" * 5_000,
        "https://example.com/01/" + "1" * 5_000,
    ],
)
def test_what_is_no_gs1_identifier_stays_as_it_is(text: str) -> None:
    assert canonical(text) is None
    assert names.identifier(text) == text


@given(st.text(max_size=60), st.sampled_from(("", "urn:epc:id:", "https://e.x/01/", "gs1:")))
def test_the_canonical_form_is_its_own_canonical_form(text: str, start: str) -> None:
    once = names.identifier(start + text)
    assert names.identifier(once) == once


def test_the_check_digit_of_a_known_gtin() -> None:
    assert check_digit("0401234511111") == "8"
    assert check_digit("061414107346") == "7"


def test_the_vocabularies_have_as_many_words_as_the_standard() -> None:
    sizes = {
        "BIZ_STEPS": 41,
        "DISPOSITIONS": 33,
        "BIZ_TRANSACTION_TYPES": 13,
        "SOURCE_DEST_TYPES": 3,
        "ERROR_REASONS": 2,
        "COMPONENTS": 14,
        "MEASUREMENT_TYPES": 72,
        "ALERT_TYPES": 2,
    }
    assert {name: len(getattr(vocabulary, name)) for name in sizes} == sizes


@pytest.mark.parametrize("kind", names.KINDS)
def test_every_word_comes_back_bare(kind: str) -> None:
    canonical_of = getattr(names, kind)
    for word, uri in names.words(kind).items():
        assert canonical_of(word) == canonical_of(uri) == uri
        assert names.bare(kind, uri) == word
        assert canonical_of(names.urn(uri)) == uri


@pytest.mark.parametrize(
    ("text", "uri"),
    [
        ("gs1:Temperature", "https://gs1.org/voc/Temperature"),
        ("cbv:Comp-x", "https://ref.gs1.org/cbv/Comp-x"),
        ("https://www.gs1.org/voc/Mass", "https://gs1.org/voc/Mass"),
        ("urn:epcglobal:cbv:disp:in_transit", "https://ref.gs1.org/cbv/Disp-in_transit"),
        ("urn:example:own", "urn:example:own"),
        ("example:own", "example:own"),
        ("http://example.com/x", "http://example.com/x"),
    ],
)
def test_curies_and_urns_of_the_standard_become_web_uris(text: str, uri: str) -> None:
    assert names.uri(text) == uri


@pytest.mark.parametrize(
    ("name", "full"),
    [
        ("example:lot", "{https://ns.example.com/}lot"),
        ("https://ns.example.com#lot", "{https://ns.example.com}lot"),
        ("https://ns.example.com/lot", "{https://ns.example.com/}lot"),
        ("{urn:x:}lot", "{urn:x:}lot"),
        ("cbvmda:lotNumber", "{urn:epcglobal:cbv:mda:}lotNumber"),
        ("other:lot", None),
        ("lot", None),
    ],
)
def test_the_full_name_of_an_extension(name: str, full: str | None) -> None:
    assert names.extension(name, {"example": "https://ns.example.com/"}) == full
