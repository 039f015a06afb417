"""What XML costs: signing, verifying, digests, reading; beside the bare libraries in one run."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree
from signxml.verifier import SignatureConfiguration
from signxml.xades.xades import XAdESSignatureConfiguration, XAdESVerifier

from clearway.certificates.formats import sps_certificate, xml_signature
from clearway.certificates.formats.schema import Schema
from clearway.certificates.trust.keys import AuthorityKey
from clearway.certificates.trust.model import TrustList, Usage
from clearway.terms.places import Country
from clearway.wire import canonical, xml

_NOW = datetime(2026, 3, 20, 9, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Measured:
    """One line of the table.

    Args:
        what: what was done, once.
        median_ms: median of all runs, milliseconds of wall clock.
        per_second: how many one core did in a second.
    """

    what: str
    median_ms: float
    per_second: float


def measure_xml(document: bytes, schema: Schema | None, *, quick: bool) -> list[Measured]:
    """Return what signing, verifying and reading a document costs.

    Args:
        document: an SPSCertificate without signature.
        schema: the official schema; None: the lines that need it are left out.
        quick: fewer runs.
    """
    runs = 30 if quick else 300
    found = []
    for name, private in (
        ("P-256", ec.generate_private_key(ec.SECP256R1())),
        ("RSA-2048", rsa.generate_private_key(65537, 2048)),
    ):
        found += _of_signatures(name, _authority(private, document), document, runs)
    return found + _of_reading(document, schema, runs)


def _of_signatures(name: str, key: AuthorityKey, document: bytes, runs: int) -> list[Measured]:
    signed = xml_signature.sign(document, key, signed_at=_NOW)
    held = TrustList("bench", 1, _NOW, _NOW + timedelta(days=1), (key.trusted("bench"),))
    certificate = x509.load_der_x509_certificate(key.certificate)
    config: SignatureConfiguration = XAdESSignatureConfiguration(
        location="./", verification_time=_NOW
    )

    def bare() -> Any:
        return XAdESVerifier().verify(signed, x509_cert=certificate, expect_config=config)

    return [
        _timed(
            f"XAdES {name}: sign",
            lambda: xml_signature.sign(document, key, signed_at=_NOW),
            runs,
        ),
        _timed(
            f"XAdES {name}: verify and read",
            lambda: xml_signature.verify(signed, held, _NOW),
            runs,
        ),
        _timed(f"XAdES {name}: verify with bare signxml", bare, runs),
    ]


def _of_reading(document: bytes, schema: Schema | None, runs: int) -> list[Measured]:
    found = [
        _timed("content digest: parse and exclusive C14N", lambda: _digest(document), runs),
        _timed("read: parse, digests, map", lambda: sps_certificate.read(document), runs),
        _timed("bare lxml: parse", lambda: etree.fromstring(document), runs),
    ]
    if schema is None:
        return found
    compiled = schema
    return [
        *found,
        _timed(
            "bare lxml: parse and validate",
            lambda: compiled.is_valid(etree.fromstring(document)),
            runs,
        ),
        _timed(
            "parse, validate and map",
            lambda: (compiled.findings(document), sps_certificate.read(document)),
            runs,
        ),
    ]


def _digest(document: bytes) -> bytes:
    return canonical.xml(xml.parse(document, limits=sps_certificate.LIMITS))


def _timed(what: str, work: Callable[[], Any], runs: int) -> Measured:
    work()
    took = []
    for _ in range(runs):
        started = time.perf_counter()
        work()
        took.append(time.perf_counter() - started)
    median = statistics.median(took)
    return Measured(what, median * 1_000, 1 / median)


def _authority(private: Any, document: bytes) -> AuthorityKey:
    country = sps_certificate.read(document)[0].issuing_country
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "bench")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(1)
        .not_valid_before(_NOW - timedelta(days=1))
        .not_valid_after(_NOW + timedelta(days=1))
        .sign(private, hashes.SHA256())
    )
    return AuthorityKey(
        private, certificate.public_bytes(Encoding.DER), Country(country), Usage.XML
    )
