"""Reading what exchanges really carry."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from lxml import etree

from clearway.certificates.formats.sps_certificate import read, write
from clearway.certificates.model import Certificate
from clearway.certificates.parts import Precision
from clearway.errors import MalformedMessage, RuleViolation
from clearway.terms.finding import Finding, Level
from clearway.terms.quantity import kilograms

from .conftest import certificate, sha256

SOUND = write(certificate())


def codes(findings: tuple[Finding, ...]) -> list[str]:
    return [finding.code for finding in findings]


def changed(old: str, new: str, times: int = 1) -> bytes:
    text = SOUND.decode()
    assert text.count(old) >= times
    return text.replace(old, new, times).encode()


def found_in(document: bytes) -> tuple[Certificate, dict[str, Finding]]:
    read_back, findings = read(document)
    return read_back, {finding.code: finding for finding in findings}


@pytest.mark.parametrize("lines", [1, 3, 10])
def test_a_shared_sample_reads_whole_with_its_one_placeholder_remarked(
    shared_data: Path, lines: int
) -> None:
    data = (shared_data / "ephyto" / "samples" / f"ephyto_{lines}.xml").read_bytes()
    sample, findings = read(data)
    assert (sample.number, sample.type_code, sample.status) == ("EC-2026-000123", "851", "70")
    assert (sample.issuing_country, sample.importing_country) == ("EC", "NL")
    assert sample.issued_at == datetime(2026, 3, 14, 15, 12, tzinfo=UTC)
    assert [line.number for line in sample.lines] == list(range(1, lines + 1))
    assert sample.lines[0].hs == ("080440",)
    assert sample.lines[0].botanical_name == "Persea americana"
    assert sample.lines[0].net_mass == kilograms("1000.50")
    assert str(sample.lines[0].net_mass) == "1000.50 KGM"
    assert sample.lines[0].packages == 250
    assert sample.lines[0].origin == "EC"
    assert (sample.containers, sample.seals) == (("MSKU7750841",), ("G2382564",))
    treatment = sample.lines[0].treatments[0]
    assert (treatment.type, treatment.temperature_c) == ("HT", Decimal("46.10"))
    assert treatment.duration_days == Decimal("0.125")
    assert sample.additional_declarations[0].startswith("The consignment was inspected")
    assert sample.digest == sha256(data)
    assert codes(findings) == ["CERT_M01"]


@pytest.mark.parametrize(
    ("wrap", "remarked"),
    [
        (lambda text: text.encode(), []),
        (lambda text: b"\xef\xbb\xbf" + text.encode(), []),
        (lambda text: b" \r\n\t" + text.encode(), ["CERT_S02"]),
        (lambda text: base64.b64encode(text.encode()), ["CERT_S01"]),
        (lambda text: base64.encodebytes(text.encode()), ["CERT_S01"]),
        (lambda text: base64.urlsafe_b64encode(text.encode()).rstrip(b"="), ["CERT_S01"]),
        (lambda text: text.replace("UTF-8", "UTF-16").encode("utf-16"), []),
        (lambda text: base64.b64encode(text.encode("utf-16-be")), ["CERT_S01", "CERT_S03"]),
        (
            lambda text: base64.b64encode(
                b"\x00\x17\xfe\xff" + text.replace("UTF-8", "UTF-16").encode("utf-16-be")
            ),
            ["CERT_S01", "CERT_S02"],
        ),
        (lambda text: text.encode("utf-16-le"), ["CERT_S03"]),
        (lambda text: text.replace("UTF-8", "UTF-16").encode(), ["CERT_S03"]),
        (lambda text: text.replace("UTF-8", "ISO-8859-1").encode("latin-1"), []),
        (lambda text: text.replace("UTF-8", "windows-1252").encode("cp1252"), []),
        (lambda text: text.encode("latin-1"), ["CERT_S03"]),
        (lambda text: text.encode("utf-16-be").decode("utf-16-be").encode("utf-16"), ["CERT_S03"]),
    ],
)
def test_every_wrapping_seen_in_exchange_gives_the_same_content(wrap, remarked) -> None:  # type: ignore[no-untyped-def]
    spanish = changed("Frutas del Sur", "Compañía del Pacífico").decode()
    plain, _ = read(spanish.encode())
    other, findings = read(wrap(spanish))
    assert codes(findings) == remarked
    assert other.consignor.name == "Compañía del Pacífico"
    assert other.content_digest == plain.content_digest
    assert other.sense_digest == plain.sense_digest


def test_prefixes_and_indentation_do_not_change_the_sense_but_values_do() -> None:
    plain, _ = read(SOUND)
    prefixed = SOUND.replace(b"ram:", b"ns1:").replace(b"xmlns:ram", b"xmlns:ns1")
    indented = SOUND.replace(b"><", b">\n  <")
    assert read(prefixed)[0].sense_digest == plain.sense_digest
    assert read(indented)[0].sense_digest == plain.sense_digest
    assert read(changed("1000.50", "1000.5"))[0].sense_digest != plain.sense_digest
    assert read(changed("Avocado<", "Avocado<!-- x --><"))[0].sense_digest == plain.sense_digest


def test_the_content_digest_is_that_of_canonical_xml_without_the_signature() -> None:
    plain, _ = read(SOUND)
    root = etree.fromstring(SOUND)
    form = etree.tostring(root, method="c14n", exclusive=True, with_comments=False)
    assert plain.content_digest == hashlib.sha256(form).hexdigest()
    signature = b"<s:Signature xmlns:s='http://www.w3.org/2000/09/xmldsig#'>x</s:Signature>"
    signed, _ = read(SOUND.replace(b"</rsm:SPSCertificate>", signature + b"</rsm:SPSCertificate>"))
    assert signed.has_signature
    assert signed.content_digest == plain.content_digest
    assert signed.sense_digest == plain.sense_digest
    assert read(SOUND.replace(b"><", b">\n<"))[0].content_digest != plain.content_digest
    assert read(changed("Avocado<", "Avocado<!-- x --><"))[0].content_digest == plain.content_digest


def test_a_relative_namespace_has_no_canonical_form_and_is_refused() -> None:
    strange = SOUND.replace(b"</rsm:SPSCertificate>", b"<x xmlns='other'/></rsm:SPSCertificate>")
    with pytest.raises(MalformedMessage, match="canonical"):
        read(strange)


def test_a_wrong_order_of_elements_is_read_and_remarked_once_for_each_parent() -> None:
    text = SOUND.decode()
    start, end = text.index("<ram:ImportSPSCountry>"), text.index("</ram:ImportSPSCountry>") + 23
    moved = text[:start] + text[end:]
    at = moved.index("<ram:ConsignorSPSParty>")
    read_back, found = found_in((moved[:at] + text[start:end] + moved[at:]).encode())
    assert read_back.importing_country == "NL"
    assert found["CERT_S05"].field == "SPSConsignment/ConsignorSPSParty"


def test_another_namespace_version_is_read_by_local_names() -> None:
    read_back, found = found_in(SOUND.replace(b"SPSCertificate:17", b"SPSCertificate:5"))
    assert read_back.number == "EC-2026-000123"
    assert "SPSCertificate:5" in found["CERT_S04"].message


@pytest.mark.parametrize("word", ["NULL", "null", "Ninguno", "VACIO", "Vacío", ".", "---", " - "])
def test_a_placeholder_counts_as_nothing_and_is_remarked(word: str) -> None:
    read_back, found = found_in(changed("Av. 25 de Julio", word))
    assert read_back.consignor.address == ("Guayaquil",)
    assert found["CERT_M01"].level is Level.INFO
    assert found["CERT_M01"].field == "SPSConsignment/ConsignorSPSParty/SpecifiedSPSAddress/LineOne"


@pytest.mark.parametrize("word", ["None", "NA", "N. Ull", "Nullarbor Ltd", "7"])
def test_a_word_that_only_looks_like_a_placeholder_is_kept(word: str) -> None:
    read_back, found = found_in(changed("Av. 25 de Julio", word))
    assert read_back.consignor.address[0] == word
    assert "CERT_M01" not in found


@pytest.mark.parametrize(
    ("text", "expected", "precision"),
    [
        ("2026-03-14T10:12:00-05:00", datetime(2026, 3, 14, 15, 12, tzinfo=UTC), "instant"),
        ("2026-03-14T10:12:00Z", datetime(2026, 3, 14, 10, 12, tzinfo=UTC), "instant"),
        ("2026-03-14T10:12:00", datetime(2026, 3, 14, 10, 12, tzinfo=UTC), "local"),
        ("2026-03-14 10:12", datetime(2026, 3, 14, 10, 12, tzinfo=UTC), "local"),
        ("2026-03-14", datetime(2026, 3, 14, tzinfo=UTC), "day"),
        ("2026-03-14+02:00", datetime(2026, 3, 14, tzinfo=UTC), "day"),
        ("20260314", datetime(2026, 3, 14, tzinfo=UTC), "day"),
        ("202603141012", datetime(2026, 3, 14, 10, 12, tzinfo=UTC), "local"),
        ("14/03/2026", datetime(2026, 3, 14, tzinfo=UTC), "day"),
        ("03/14/2026", datetime(2026, 3, 14, tzinfo=UTC), "day"),
        ("03/04/2026", None, "text"),
        ("31/31/2026", None, "text"),
        ("2026-02-30", None, "text"),
        ("May 1,2,5,10 2020", None, "text"),
        ("0001-01-01T00:00:00+14:00", None, "text"),
        ("99999-01-01", None, "text"),
    ],
)
def test_a_date_is_read_when_it_can_be_read_one_way_only(
    text: str, expected: datetime | None, precision: str
) -> None:
    read_back, found = found_in(changed("2026-03-14T10:12:00-05:00", text))
    assert read_back.issued is not None
    assert (read_back.issued.text, read_back.issued.at) == (text, expected)
    assert read_back.issued.precision == precision
    assert ("CERT_M03" in found) is (precision == Precision.TEXT)
    assert ("CERT_M02" in found) is (precision == Precision.LOCAL)


def test_a_date_without_its_inner_element_is_read_and_remarked() -> None:
    stated = "<udt:DateTimeString>2026-03-14T10:12:00-05:00</udt:DateTimeString>"
    read_back, found = found_in(changed(stated, "2026-03-14"))
    assert read_back.issued_at == datetime(2026, 3, 14, tzinfo=UTC)
    assert found["CERT_S07"].field == "SPSExchangedDocument/IssueDateTime"


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("1000.50", "1.000,50", "CERT_M04"),
        ("1000.50", "1e9", "CERT_M04"),
        ("1000.50", "NaN", "CERT_M04"),
        ("1000.50", "9" * 400, "CERT_M04"),
        ("1000.50", "-3", "CERT_M05"),
        ('unitCode="KGM">1000.50', 'unitCode="KG">1000.50', "CERT_M05"),
        ('unitCode="KGM">1000.50', 'unitCode="LTR">1000.50', "CERT_M05"),
        (' unitCode="KGM">1000.50', ">1000.50", "CERT_M05"),
    ],
)
def test_a_measure_that_cannot_be_understood_is_left_out_and_remarked(
    old: str, new: str, code: str
) -> None:
    read_back, found = found_in(changed(old, new))
    assert read_back.lines[0].net_mass is None
    assert found[code].field.endswith("IncludedSPSTradeLineItem/NetWeightMeasure")


def test_an_hs_code_of_another_form_is_kept_as_a_class_and_remarked() -> None:
    read_back, found = found_in(changed("080440", "8 apples"))
    assert read_back.lines[0].hs == ()
    assert read_back.lines[0].classifications[0].code == "8 apples"
    assert "8 apples" in found["CERT_M06"].message


def test_an_hs_code_with_dots_or_a_heading_alone_is_read() -> None:
    assert read(changed("080440", "0804.40"))[0].lines[0].hs == ("080440",)
    assert read(changed("080440", "0804"))[0].lines[0].hs == ("0804",)


def test_an_unknown_country_is_remarked_and_uk_is_taken_for_gb() -> None:
    read_back, found = found_in(changed("<ram:ID>NL<", "<ram:ID>Holland<"))
    assert read_back.importing_country is None
    assert found["CERT_M07"].field == "SPSConsignment/ImportSPSCountry/ID"
    assert read(changed("<ram:ID>NL<", "<ram:ID>uk<"))[0].importing_country == "GB"


def test_unknown_elements_are_remarked_once_and_not_one_by_one() -> None:
    own = "<x:Own xmlns:x='urn:own'><x:A><x:B>1</x:B></x:A></x:Own>"
    read_back, found = found_in(
        changed("</ram:ConsignorSPSParty>", f"{own}</ram:ConsignorSPSParty>")
    )
    assert read_back.consignor.name == "Frutas del Sur"
    assert found["CERT_S06"].field == "SPSConsignment/ConsignorSPSParty/Own"
    assert sum(code == "CERT_S06" for code in found) == 1


def test_a_note_with_an_unknown_subject_is_kept_and_remarked() -> None:
    read_back, found = found_in(changed("ADEDL", "XYZ"))
    assert (read_back.notes[0].subject, read_back.notes[0].kind) == ("XYZ", "")
    assert "XYZ" in found["CERT_M09"].message


def test_lines_without_numbers_take_their_place() -> None:
    read_back, found = found_in(changed("<ram:SequenceNumeric>2</ram:SequenceNumeric>", ""))
    assert [line.number for line in read_back.lines] == [1, 2]
    assert found["CERT_M11"].level is Level.WARNING


def test_pieces_are_read_from_the_two_notes_that_state_them() -> None:
    notes = "".join(
        f"<ram:AdditionalInformationSPSNote><ram:Subject>{subject}</ram:Subject>"
        f"<ram:Content>{content}</ram:Content></ram:AdditionalInformationSPSNote>"
        for subject, content in (("OQV", "33"), ("OQU", "Units"))
    )
    read_back, _ = read(
        changed("<ram:ApplicableSPSClassification>", notes + "<ram:ApplicableSPSClassification>")
    )
    assert str(read_back.lines[0].quantity) == "33 H87"
    assert [note.subject for note in read_back.lines[0].notes] == ["ADTLIL"]


def test_attachments_are_weighed_and_broken_ones_remarked() -> None:
    def reference(content: str) -> str:
        return (
            "<ram:ReferenceSPSReferencedDocument>"
            "<ram:RelationshipTypeCode>ZZZ</ram:RelationshipTypeCode>"
            f"<ram:AttachmentBinaryObject filename='a.pdf'>{content}</ram:AttachmentBinaryObject>"
            "</ram:ReferenceSPSReferencedDocument>"
        )

    good = reference(base64.b64encode(b"%PDF" + bytes(996)).decode())
    at = "<ram:SignatorySPSAuthentication>"
    read_back, found = found_in(changed(at, good + reference("VBERi0x!!") + at))
    first, second = (each.attachments[0] for each in read_back.references)
    assert (first.size_bytes, first.digest) == (1000, sha256(b"%PDF" + bytes(996)))
    assert (second.size_bytes, second.digest) == (0, "")
    assert "a.pdf" in found["CERT_M08"].message


def test_an_enclosed_signature_is_noticed_and_not_remarked_as_unknown() -> None:
    signature = "<ds:Signature xmlns:ds='http://www.w3.org/2000/09/xmldsig#'><ds:A/></ds:Signature>"
    read_back, found = found_in(
        changed("</rsm:SPSCertificate>", f"{signature}</rsm:SPSCertificate>")
    )
    assert read_back.has_signature
    assert found == {}


def test_a_thousand_faults_give_twenty_remarks_and_a_count() -> None:
    wrong = "<ram:TransitSPSCountry><ram:ID>QQ</ram:ID></ram:TransitSPSCountry>" * 1000
    at = "<ram:UnloadingBaseportSPSLocation>"
    _, findings = read(changed(at, wrong + at))
    assert len(findings) == 21
    assert findings[-1].message.endswith("So 980 times more.")


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("<ram:ID>EC-2026-000123</ram:ID>", "", "CERT_E01"),
        ("EC-2026-000123", "NULL", "CERT_E01"),
        ("EC-2026-000123", "9" * 71, "CERT_E01"),
        ("<ram:TypeCode>851</ram:TypeCode>", "", "CERT_E02"),
        ("<ram:TypeCode>851<", "<ram:TypeCode>phyto<", "CERT_E02"),
        ("<ram:TypeCode>851<", "<ram:TypeCode>8:1<", "CERT_E02"),
        ("<ram:ID>EC<", "<ram:ID>Ecuador<", "CERT_E03"),
    ],
)
def test_a_certificate_without_an_identity_is_refused_with_its_findings(
    old: str, new: str, code: str
) -> None:
    with pytest.raises(RuleViolation, match="cannot be filed") as refused:
        read(changed(old, new))
    assert code in codes(refused.value.findings)


def test_a_re_export_certificate_names_the_original() -> None:
    notes = "".join(
        f"<ram:AdditionalInformationSPSNote><ram:Subject>{subject}</ram:Subject>"
        f"<ram:Content>{content}</ram:Content></ram:AdditionalInformationSPSNote>"
        for subject, content in (("RPCCO", "KE"), ("RPCRF", "KE-77"), ("RPCRP", "True"))
    )
    at = "<ram:ApplicableSPSClassification>"
    read_back, _ = read(changed(at, notes + at))
    assert read_back.lines[0].original_certificate == ("KE", "KE-77")


def test_a_replacement_names_what_it_replaces() -> None:
    at = "<ram:SignatorySPSAuthentication>"
    note = (
        "<ram:IncludedSPSNote><ram:Subject>ADRPN</ram:Subject>"
        "<ram:Content>3214356</ram:Content></ram:IncludedSPSNote>"
    )
    assert read(changed(at, note + at))[0].replaces == "3214356"
