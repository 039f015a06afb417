"""Validation against a schema that the operator brings."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from clearway.certificates.formats import schema, sps_certificate
from clearway.certificates.intake import examine
from clearway.cli.bench.xml import measure_xml
from clearway.errors import InputError, MalformedMessage
from tests.certificates.conftest import HUB, NOW, US, certificate, line
from tests.certificates.trust.signing import DOCUMENT, signed


@pytest.fixture(scope="module")
def official(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> schema.Schema:
    """The re-built aggregates beside UN/CEFACT's own code lists, as one release."""
    xsd = shared_data / "ephyto" / "xsd"
    folder = tmp_path_factory.mktemp("release")
    (folder / "data").symlink_to(xsd / "derived-subset" / "data")
    for lists in ("codelist", "identifierlist"):
        (folder / lists).symlink_to(xsd / "uncefact-d17a" / lists)
    found = schema.load(folder)
    assert found is not None
    return found


def test_what_we_write_follows_the_schema_signed_or_not(official: schema.Schema) -> None:
    assert official.findings(DOCUMENT) == ()
    assert official.findings(signed()) == ()


def test_what_does_not_follow_it_is_found_with_its_place(official: schema.Schema) -> None:
    wrong = DOCUMENT.replace(b"<ram:TypeCode>851</ram:TypeCode>", b"<ram:Kind>851</ram:Kind>", 1)
    findings = official.findings(wrong)
    assert findings[0].code == "CERT_S08"
    assert "Kind" in findings[0].message
    assert len(official.findings(DOCUMENT.replace(b"ram:ID>", b"ram:Other>"))) <= 20


def test_a_document_type_is_refused_here_too(official: schema.Schema) -> None:
    with pytest.raises(MalformedMessage):
        official.findings(b"<!DOCTYPE a [<!ENTITY b 'c'>]>" + DOCUMENT.partition(b"?>")[2].lstrip())


def test_the_desk_adds_what_the_schema_finds(official: schema.Schema) -> None:
    kind = b"<ram:TypeCode>851</ram:TypeCode>"
    wrong = DOCUMENT.replace(kind, kind + b"<ram:Kind/>", 1)
    for how in ({}, {"schema": official}):
        seen = examine(wrong, HUB, country=US, now=NOW, **how)
        assert any(each.code == "CERT_S08" for each in seen.findings) is bool(how)


def test_no_folder_means_no_schema_and_a_wrong_one_is_told(tmp_path: Path) -> None:
    assert schema.load(None) is None
    assert schema.load(Path()) is None
    with pytest.raises(InputError, match="certificate_schemas"):
        schema.load(tmp_path)
    (tmp_path / "SPSCertificate_17p0.xsd").write_text("<a/>")
    with pytest.raises(InputError, match="cannot be used"):
        schema.load(tmp_path)


def test_the_bench_measures_what_it_says(official: schema.Schema) -> None:
    three = dataclasses.replace(certificate(), lines=(line(1), line(2), line(3)))
    rows = measure_xml(sps_certificate.write(three), official, quick=True)
    assert len(rows) == 11
    assert all(row.median_ms > 0 for row in rows)
