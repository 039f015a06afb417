"""The signature on the PDF, judged by pyHanko's own validator against one pinned root."""

from __future__ import annotations

import io
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from clearway.certificates.printing import signature
from clearway.certificates.printing.signature import sign_pdf
from clearway.certificates.trust.keys import AuthorityKey
from clearway.errors import InputError, RuleViolation
from clearway.node.authority import Authority, open_authority
from clearway.node.files import Folder
from clearway.terms.places import Country
from tests.certificates.conftest import certificate
from tests.certificates.sealing import authority_key

from .conftest import printed

AT = datetime(2026, 3, 14, 15, 30, tzinfo=UTC)


def authority(folder: Path, seed: int = 1) -> Authority:
    """Return an authority with its own root."""
    folder.mkdir(exist_ok=True)
    made = AT - timedelta(days=10)
    drawn = random.Random(seed)
    return open_authority(Folder(folder), "Plant Protection", Country("EC"), drawn.randbytes, made)


def pem_to_der(chain: str) -> list[bytes]:
    """Return the certificates of a chain."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    return [
        each.public_bytes(Encoding.DER)
        for each in x509.load_pem_x509_certificates(chain.encode("ascii"))
    ]


def judged(pdf: bytes, root: bytes) -> Any:
    """Return pyHanko's verdict on the one signature of a PDF."""
    from pyhanko.keys import load_certs_from_pemder_data
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko_certvalidator import ValidationContext

    context = ValidationContext(
        trust_roots=list(load_certs_from_pemder_data(root)), moment=AT, allow_fetching=False
    )
    embedded = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
    assert len(embedded) == 1
    return validate_pdf_signature(embedded[0], context)


def signed(ours: Authority) -> tuple[bytes, bytes, bytes]:
    """Return a print, the same signed, and the root."""
    _, root = pem_to_der(ours.chain)
    pdf = printed(certificate())
    return pdf, sign_pdf(pdf, ours.xml_key, signed_at=AT, chain=[root]), root


def test_a_signed_print_holds_and_is_whole(tmp_path: Path) -> None:
    pdf, with_signature, root = signed(authority(tmp_path))
    verdict = judged(with_signature, root)
    assert verdict.bottom_line and verdict.trusted and verdict.intact and verdict.valid
    assert verdict.coverage.name == "ENTIRE_FILE"
    assert verdict.signer_reported_dt == AT
    assert with_signature.startswith(pdf), "what was printed stands unchanged before it"
    assert b"/ETSI.CAdES.detached" in with_signature


def test_an_altered_print_is_refused(tmp_path: Path) -> None:
    _, with_signature, root = signed(authority(tmp_path))
    place = with_signature.index(b"<dc:title>")
    altered = with_signature[: place + 60] + b"X" + with_signature[place + 61 :]
    assert len(altered) == len(with_signature) and altered != with_signature
    verdict = judged(altered, root)
    assert not verdict.intact and not verdict.bottom_line


def test_a_signature_under_another_root_is_not_trusted(tmp_path: Path) -> None:
    _, with_signature, _ = signed(authority(tmp_path / "ours"))
    stranger = pem_to_der(authority(tmp_path / "theirs", 2).chain)[1]
    verdict = judged(with_signature, stranger)
    assert verdict.intact and not verdict.trusted and not verdict.bottom_line


def test_a_key_for_seals_signs_no_pdf() -> None:
    with pytest.raises(RuleViolation, match="key for documents"):
        sign_pdf(printed(certificate()), authority_key(), signed_at=AT)


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7", b"no pdf at all" * 9])
def test_what_is_no_pdf_is_not_signed(data: bytes, tmp_path: Path) -> None:
    key: AuthorityKey = authority(tmp_path).xml_key
    with pytest.raises(RuleViolation, match="cannot be signed"):
        sign_pdf(data, key, signed_at=AT)


def test_without_the_extra_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signature, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"clearway\[pades\]"):
        sign_pdf(b"", authority_key(), signed_at=AT)
