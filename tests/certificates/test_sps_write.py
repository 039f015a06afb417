"""Writing strictly: valid against the schema, or refused; and reading it back."""

from __future__ import annotations

import base64
import dataclasses
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from lxml import etree

from clearway.certificates.formats.sps_certificate import read, write
from clearway.certificates.model import Certificate
from clearway.certificates.parts import Attachment, Party, Precision, Reference, Stated, Text
from clearway.errors import BadTerm, RuleViolation

from .conftest import bare, certificate, heat, line, sha256
from .strategies import certificates

QUICK = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="session")
def schema(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> etree.XMLSchema:
    """SPSCertificate:17 with the re-built aggregates beside UN/CEFACT's own code lists."""
    xsd = shared_data / "ephyto" / "xsd"
    folder = tmp_path_factory.mktemp("xsd")
    (folder / "data").symlink_to(xsd / "derived-subset" / "data")
    for lists in ("codelist", "identifierlist"):
        (folder / lists).symlink_to(xsd / "uncefact-d17a" / lists)
    return etree.XMLSchema(etree.parse(folder / "data" / "standard" / "SPSCertificate_17p0.xsd"))


def faults(schema: etree.XMLSchema, document: bytes) -> list[str]:
    schema.validate(etree.fromstring(document))
    return [f"{error.path}: {error.message}" for error in schema.error_log]


def test_what_is_written_is_valid_against_the_schema(schema: etree.XMLSchema) -> None:
    content = b"%PDF-1.7 example"
    attachment = Attachment("a.pdf", "application/pdf", len(content), sha256(content))
    reference = Reference(
        "AWR", "EC-1", "851", heat().started, Text("Original", "en"), (attachment,)
    )
    whole = certificate(
        references=(reference,),
        lines=(line(1, batches=("L8",), notes=()), line(2, treatments=(heat(), heat()))),
    )
    assert faults(schema, write(whole, attachments={attachment.digest: content})) == []
    read_back, findings = read(write(whole, attachments={attachment.digest: content}))
    assert bare(read_back) == bare(whole)
    assert findings == ()


@pytest.mark.parametrize("lines", [1, 3, 10])
def test_a_shared_sample_read_and_written_is_valid_and_says_the_same(
    shared_data: Path, schema: etree.XMLSchema, lines: int
) -> None:
    data = (shared_data / "ephyto" / "samples" / f"ephyto_{lines}.xml").read_bytes()
    sample, _ = read(data)
    written = write(sample)
    assert faults(schema, written) == []
    assert bare(read(written)[0]) == bare(sample)


@QUICK
@given(certificates)
def test_reading_what_was_written_gives_the_same_certificate(whole: Certificate) -> None:
    written = write(whole)
    assert bare(read(written)[0]) == bare(whole)
    assert bare(read(base64.b64encode(written))[0]) == bare(whole)


@QUICK
@given(certificates)
def test_any_certificate_that_is_written_is_valid(
    schema: etree.XMLSchema, whole: Certificate
) -> None:
    assert faults(schema, write(whole)) == []


def test_digits_are_written_as_they_were_stated() -> None:
    assert b">1000.50<" in write(certificate())
    assert [str(each.net_mass) for each in read(write(certificate()))[0].lines] == [
        "1000.50 KGM",
        "500 KGM",
    ]


def test_an_incomplete_certificate_is_refused_with_everything_that_it_lacks() -> None:
    holes = certificate(
        number="",
        issued=Stated("in May", None, Precision.TEXT),
        importing_country=None,
        consignee=Party(""),
        signatories=(),
        lines=(line(1, descriptions=()),),
    )
    with pytest.raises(RuleViolation, match="it lacks") as refused:
        write(holes)
    assert [finding.field.rpartition("/")[2] for finding in refused.value.findings] == [
        "ID",
        "IssueDateTime",
        "SignatorySPSAuthentication",
        "ConsigneeSPSParty",
        "ImportSPSCountry",
        "Description",
    ]


def test_an_attachment_without_its_content_is_refused() -> None:
    lost = Reference("ZZZ", attachments=(Attachment("a.pdf", "", 3, sha256(b"abc")),))
    with pytest.raises(RuleViolation, match=r"a\.pdf"):
        write(certificate(references=(lost,)))


@pytest.mark.parametrize("text", ["bell\x07", "null\x00", "half \ud800"])
def test_a_text_that_xml_forbids_is_refused(text: str) -> None:
    with pytest.raises(BadTerm):
        write(certificate(consignor=Party(text)))


def test_an_address_of_six_lines_is_refused() -> None:
    with pytest.raises(BadTerm, match="five lines"):
        write(certificate(consignor=dataclasses.replace(Party("A"), address=tuple("abcdef"))))
