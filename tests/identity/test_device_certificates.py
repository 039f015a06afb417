"""X.509 certificates of devices, checked by OpenSSL as brokers use it too."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from clearway.errors import BadTerm, MalformedMessage, TooLarge, VerificationError
from clearway.identity import device_certificates as certificates

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
CA = certificates.make_authority(
    "Customs devices", ec.derive_private_key(7, ec.SECP256R1()), bytes(range(16)), NOON
)
OTHER = certificates.make_authority(
    "Customs devices", ec.derive_private_key(8, ec.SECP256R1()), bytes(range(16)), NOON
)
KEYS: list[certificates.PrivateKey] = [
    ec.derive_private_key(9, ec.SECP256R1()),
    ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32))),
]


def spki(key: certificates.PrivateKey) -> bytes:
    return certificates.spki(key.public_key())


def issue(name: str = "reefer-0817", key: int = 0) -> certificates.Issued:
    return certificates.issue_client(name, spki(KEYS[key]), CA, bytes([1] * 16), NOON)


def verify(folder: Path, *options: str) -> str:
    """Run `openssl verify` in a folder with ca.crt, device.crt and maybe crl.pem."""
    at = str(int(NOON.timestamp()))
    command = ["openssl", "verify", "-CAfile", "ca.crt", "-attime", at, *options, "device.crt"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


@pytest.mark.parametrize("key", [0, 1])
def test_openssl_takes_the_certificate_of_a_device_as_a_client(tmp_path: Path, key: int) -> None:
    (tmp_path / "ca.crt").write_text(CA.certificate)
    (tmp_path / "device.crt").write_text(issue(key=key).pem)
    assert "OK" in verify(tmp_path, "-purpose", "sslclient", "-x509_strict")
    assert "OK" not in verify(tmp_path, "-purpose", "sslserver")
    (tmp_path / "ca.crt").write_text(OTHER.certificate)
    assert "OK" not in verify(tmp_path)


def test_openssl_refuses_what_stands_on_the_list(tmp_path: Path) -> None:
    issued = issue()
    (tmp_path / "ca.crt").write_text(CA.certificate)
    (tmp_path / "device.crt").write_text(issued.pem)
    for revoked, verdict in [([], "OK"), ([(issued.serial, NOON)], "certificate revoked")]:
        listed = certificates.revocation_list(CA, revoked, 1, NOON)
        (tmp_path / "crl.pem").write_text(listed)
        assert verdict in verify(tmp_path, "-crl_check", "-CRLfile", "crl.pem")
    assert x509.load_pem_x509_crl(listed.encode()).next_update_utc == NOON + timedelta(days=7)


def test_a_certificate_says_the_name_and_nothing_else_of_its_holder() -> None:
    issued = issue()
    made = x509.load_pem_x509_certificate(issued.pem.encode())
    assert made.subject.rfc4514_string() == "CN=reefer-0817"
    usage = made.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    san = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    named = san.get_values_for_type(x509.UniformResourceIdentifier)
    digest = sha256(certificates.read(issued.pem).public_key).hexdigest()
    assert named == ["urn:clearway:device:reefer-0817", f"urn:clearway:key:{digest}"]
    assert issued.public_key == spki(KEYS[0])
    assert issued.not_after == NOON + timedelta(days=90)
    assert certificates.read(issued.pem) == issued
    assert issue() == issued  # the same arguments, the same bytes


def test_a_server_is_named_by_its_addresses() -> None:
    hosts = ["broker.example", "127.0.0.1", "::1"]
    issued = certificates.issue_server(hosts, spki(KEYS[0]), CA, bytes([2] * 16), NOON)
    made = x509.load_pem_x509_certificate(issued.pem.encode())
    san = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert san.get_values_for_type(x509.DNSName) == ["broker.example"]
    assert [str(one) for one in san.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "::1"]
    with pytest.raises(BadTerm, match="at least one"):
        certificates.issue_server([], spki(KEYS[0]), CA, bytes([2] * 16), NOON)


@pytest.mark.parametrize("key", KEYS)
def test_a_request_proves_that_its_sender_holds_the_key(key: certificates.PrivateKey) -> None:
    asked = certificates.request("reefer-0817", key)
    assert certificates.read_request(asked) == ("reefer-0817", spki(key))


def test_a_request_that_another_key_signed_is_refused() -> None:
    der = x509.load_pem_x509_csr(certificates.request("r", KEYS[0]).encode())
    raw = bytearray(der.public_bytes(certificates.serialization.Encoding.DER))
    raw[-1] ^= 1
    broken = x509.load_der_x509_csr(bytes(raw))
    pem = broken.public_bytes(certificates.serialization.Encoding.PEM).decode()
    with pytest.raises(VerificationError, match="not signed with the key"):
        certificates.read_request(pem)


def test_requests_that_are_none_are_refused() -> None:
    two = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, "a"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "b"),
        ]
    )
    builder = x509.CertificateSigningRequestBuilder().subject_name(two)
    asked = builder.sign(ec.derive_private_key(9, ec.SECP256R1()), hashes.SHA256())
    pem = asked.public_bytes(certificates.serialization.Encoding.PEM).decode()
    for text, error in [
        (pem, MalformedMessage),
        ("", MalformedMessage),
        ("-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n", MalformedMessage),
        ("x" * 20_000, TooLarge),
        ("\u00e9", TooLarge),
    ]:
        with pytest.raises(error):
            certificates.read_request(text)
    with pytest.raises(MalformedMessage):
        certificates.read("none")


def test_a_key_of_another_kind_is_refused() -> None:
    big = rsa.generate_private_key(65537, 2048)
    with pytest.raises(BadTerm, match="P-256 or Ed25519"):
        certificates.spki(big.public_key())
    with pytest.raises(BadTerm, match="P-256 or Ed25519"):
        certificates.issue_client("r", b"nothing", CA, bytes([1] * 16), NOON)
    wide = ec.derive_private_key(9, ec.SECP384R1()).public_key()
    with pytest.raises(BadTerm, match="P-256 or Ed25519"):
        certificates.issue_client("r", certificates.spki(wide), CA, bytes([1] * 16), NOON)
    with pytest.raises(BadTerm, match="16 bytes"):
        certificates.issue_client("r", spki(KEYS[0]), CA, b"1", NOON)


def test_a_client_is_verified_against_its_authority_purpose_and_time() -> None:
    issued = issue()
    assert certificates.verify_client(issued.pem, CA.certificate, NOON).name == "reefer-0817"
    for authority, at, words in [
        (OTHER, NOON, "not issued by this authority"),
        (CA, NOON + timedelta(days=90), "holds from"),
        (CA, NOON - timedelta(hours=2), "holds from"),
    ]:
        with pytest.raises(VerificationError, match=words):
            certificates.verify_client(issued.pem, authority.certificate, at)
    with pytest.raises(VerificationError):  # the authority itself is no client
        certificates.verify_client(CA.certificate, CA.certificate, NOON)
    assert "PRIVATE" not in repr(CA) + repr(issued)
    assert b"PRIVATE KEY" in certificates.private_pem(KEYS[0])
