"""The door that prints a certificate on file."""

from __future__ import annotations

import base64
from typing import Any

import pypdfium2
import pytest

from clearway.certificates.formats import sps_certificate
from tests.certificates.conftest import certificate
from tests.certificates.printing.conftest import enclosed, pages_of

DOCUMENT = sps_certificate.write(certificate())
DOOR = "/v1/certificates/851/EC/EC-2026-000123/pdf"


@pytest.fixture(scope="module")
def filed(used_border: Any) -> Any:
    answer = used_border.ask(
        "POST", "/v1/certificates", "amina", content=base64.b64encode(DOCUMENT),
        headers={"Content-Type": "application/xml"},
    )  # fmt: skip
    assert answer.status_code == 201, answer.text
    return used_border


def read(answer: Any) -> tuple[list[str], dict[str, bytes]]:
    """Return the pages and the enclosed files of an answer."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/pdf"
    document = pypdfium2.PdfDocument(answer.content)
    try:
        return pages_of(document), enclosed(document)
    finally:
        document.close()


def test_an_officer_prints_a_certificate_on_file_with_its_document(filed: Any) -> None:
    pages, files = read(filed.ask("GET", f"{DOOR}?language=fr", "amina"))
    assert "Certificat phytosanitaire" in pages[0] and "Frutas del Sur" in pages[0]
    assert files["certificate.xml"].endswith(b"SPSCertificate>")
    assert sps_certificate.read(files["certificate.xml"])[0].number == "EC-2026-000123"


def test_a_withdrawn_certificate_is_printed_as_withdrawn(filed: Any) -> None:
    withdrawn = sps_certificate.write(certificate(status="40"))
    kind = {"Content-Type": "application/xml"}
    answer = filed.ask("POST", "/v1/certificates", "amina", content=withdrawn, headers=kind)
    assert answer.status_code == 201, answer.text
    pages, files = read(filed.ask("GET", DOOR, "amina"))
    assert "WITHDRAWN" in pages[0] and files == {"certificate.xml": withdrawn}


def test_who_may_not_read_certificates_prints_none(filed: Any) -> None:
    assert filed.ask("GET", DOOR, None).status_code == 401
    assert filed.ask("GET", DOOR, "carrier").status_code in {403, 404}


@pytest.mark.parametrize(
    ("path", "status"),
    [("/v1/certificates/851/EC/none/pdf", 404), ("/v1/certificates/851/ZZ/none/pdf", 422),
     (f"{DOOR}?language=xx", 422), (f"{DOOR}?language=xxx", 422)],
)  # fmt: skip
def test_what_cannot_be_printed_is_a_problem(filed: Any, path: str, status: int) -> None:
    answer = filed.ask("GET", path, "amina")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.status_code in {status, 400}
