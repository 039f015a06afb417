"""The keys with which a node issues: made once, kept, good for the signatures that we demand."""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509

from clearway.certificates.claims import Place
from clearway.certificates.formats import seal, xml_signature
from clearway.certificates.formats.sps_certificate import read as parse
from clearway.certificates.formats.sps_certificate import write
from clearway.certificates.issuing.preparing import read_back
from clearway.certificates.trust.model import TrustList
from clearway.errors import StorageFailure, VerificationError
from clearway.node.authority import Authority, open_authority
from clearway.node.clock import seeded_entropy
from clearway.node.files import Folder
from clearway.terms.places import Country
from tests.certificates.conftest import bare, certificate

NOW = datetime(2026, 3, 14, 16, 0, tzinfo=UTC)
SECRET = bytes(range(16))


def authority(root: Path, seed: int = 1) -> Authority:
    return open_authority(Folder(root), "Plant Health", Country("EC"), seeded_entropy(seed), NOW)


def test_keys_are_made_once_and_only_their_owner_may_read_them(tmp_path: Path) -> None:
    first, again = authority(tmp_path), authority(tmp_path, seed=2)
    assert first.xml_key.key_id == again.xml_key.key_id
    assert first.chain == again.chain
    for name in ("authority.key", "authority-ca.key", "seal.key"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    assert "PRIVATE" not in repr(first) + first.chain


def test_the_certificate_is_signed_by_our_ca_and_may_sign_documents(tmp_path: Path) -> None:
    own, ca = x509.load_pem_x509_certificates(authority(tmp_path).chain.encode())
    own.verify_directly_issued_by(ca)
    ca.verify_directly_issued_by(ca)
    assert own.extensions.get_extension_for_class(x509.KeyUsage).value.digital_signature
    assert not own.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_what_it_signs_and_seals_reads_back_and_verifies(tmp_path: Path) -> None:
    office, built = authority(tmp_path), certificate()
    plain = write(built)
    unsigned, _ = parse(plain)
    document = office.sign(plain, NOW)
    read = read_back(document, built)
    assert read.content_digest == unsigned.content_digest, "one digest for all three proofs"
    keys = (office.xml_key.trusted("Plant Health"),)
    trusted = TrustList("EC", 1, NOW, datetime(2026, 4, 1, tzinfo=UTC), keys)
    signed = xml_signature.verify(document, trusted, NOW)
    assert bare(signed.certificate) == built
    with pytest.raises(VerificationError):
        xml_signature.verify(document.replace(b"Harbour", b"Harvour"), trusted, NOW)
    sealed = office.seal(read, Place("851-1", 0), SECRET, NOW.date())
    public = office.seal_key.private.public_key()
    claims = seal.signed_claims(seal.read(sealed), public)  # type: ignore[arg-type]
    assert claims.content_digest.hex() == read.content_digest


def test_a_key_file_that_holds_no_key_stops_the_node(tmp_path: Path) -> None:
    authority(tmp_path)
    (tmp_path / "seal.key").write_text("nothing")
    with pytest.raises(StorageFailure, match="authority"):
        authority(tmp_path)
