"""Certificates that a hub publishes become entries; a bad one keeps no other out."""

from __future__ import annotations

import base64

import pytest

from clearway.certificates.formats.published import Published, entries
from clearway.errors import RuleViolation
from tests.certificates.trust.signing import DAY, NOW, YEAR, authority, private, x509_of


def published(country: str, der: bytes, name: str = "NPPO") -> Published:
    return Published(country, name, base64.b64encode(der).decode())


def test_what_a_hub_publishes_becomes_entries_and_what_is_wrong_is_told() -> None:
    good = authority()
    text = base64.encodebytes(good.public).decode()
    pem = f"-----BEGIN CERTIFICATE-----\n{text}-----END CERTIFICATE-----\n"
    found = entries(
        [
            published("EC", good.public),
            Published("EC", "NPPO", pem),
            published("KE", authority("rsa2048", "KE").public),
            published("XX", good.public),
            published("UG", x509_of(private("rsa1024"))),
            published("TZ", x509_of(private(), start=NOW - YEAR, end=NOW - DAY)),
            published("RW", x509_of(private(), may_sign=False)),
            Published("BI", "NPPO", "%%%"),
            Published("SS", "NPPO", ""),
        ],
        at=NOW,
        type_codes=("851",),
    )
    assert [(key.country, key.type_codes) for key in found.keys] == [
        ("EC", ("851",)),
        ("KE", ("851",)),
    ]
    assert [each.country for each, _ in found.refused] == ["XX", "UG", "TZ", "RW", "BI", "SS"]
    reasons = " ".join(why for _, why in found.refused)
    for word in ("ISO 3166", "1,024 bits", "expired", "digitalSignature", "base64", "X.509"):
        assert word in reasons


def test_no_more_than_a_thousand_are_taken() -> None:
    with pytest.raises(RuleViolation, match="1,000"):
        entries([Published("EC", "", "")] * 1_001, at=NOW)
