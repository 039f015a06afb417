"""Weak algorithms and keys: refused by name, before anything is computed with them."""

from __future__ import annotations

import dataclasses

import pytest
import xmlsec
from lxml import etree

from clearway.certificates.formats import xml_signature
from clearway.certificates.formats.signature_form import DS
from clearway.certificates.trust.model import Algorithm, TrustedKey, Usage, key_id_of
from clearway.errors import RuleViolation, VerificationError
from clearway.terms.period import Period
from clearway.terms.places import Country
from tests.certificates.trust.signing import (
    DOCUMENT,
    NOW,
    YEAR,
    authority,
    pem,
    private,
    signed,
    trust_list,
    x509_of,
)

W3 = "http://www.w3.org"


def altered(tag: str, algorithm: str) -> bytes:
    root = etree.fromstring(signed())
    for element in root.iter(f"{DS}{tag}"):
        element.set("Algorithm", algorithm)
    return bytes(etree.tostring(root))


def refused(document: bytes, held: object = None) -> VerificationError:
    with pytest.raises(VerificationError) as error:
        xml_signature.verify(document, held or trust_list(authority()), NOW)  # type: ignore[arg-type]
    return error.value


@pytest.mark.parametrize(
    ("tag", "algorithm"),
    [
        ("SignatureMethod", f"{W3}/2000/09/xmldsig#rsa-sha1"),
        ("SignatureMethod", f"{W3}/2000/09/xmldsig#dsa-sha1"),
        ("SignatureMethod", f"{W3}/2009/xmldsig11#dsa-sha256"),
        ("SignatureMethod", f"{W3}/2001/04/xmldsig-more#ecdsa-sha1"),
        ("SignatureMethod", f"{W3}/2001/04/xmldsig-more#ecdsa-sha224"),
        ("SignatureMethod", f"{W3}/2001/04/xmldsig-more#rsa-md5"),
        ("SignatureMethod", f"{W3}/2001/04/xmldsig-more#hmac-sha256"),
        ("SignatureMethod", f"{W3}/2000/09/xmldsig#hmac-sha1"),
        ("SignatureMethod", ""),
        ("DigestMethod", f"{W3}/2000/09/xmldsig#sha1"),
        ("DigestMethod", f"{W3}/2001/04/xmldsig-more#md5"),
        ("DigestMethod", f"{W3}/2001/04/xmldsig-more#sha224"),
        ("DigestMethod", "none"),
    ],
)
def test_a_weak_algorithm_is_refused_by_name(tag: str, algorithm: str) -> None:
    error = refused(altered(tag, algorithm))
    assert error.fields["reason"] == "weak"
    assert repr(algorithm) in error.detail


def signed_by_xmlsec(method: str, digest: str, key: object, der: bytes) -> bytes:
    root = etree.fromstring(DOCUMENT)
    transform = xmlsec.Transform
    node = xmlsec.template.create(root, transform.C14N11, getattr(transform, method), ns="ds")
    root.append(node)
    reference = xmlsec.template.add_reference(node, getattr(transform, digest), uri="")
    xmlsec.template.add_transform(reference, transform.ENVELOPED)
    xmlsec.template.add_x509_data(xmlsec.template.ensure_key_info(node))
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(pem(key), xmlsec.KeyFormat.PEM)
    context.key.load_cert_from_memory(der, xmlsec.KeyFormat.CERT_DER)
    context.sign(node)
    return bytes(etree.tostring(root))


@pytest.mark.parametrize(
    ("method", "digest"), [("RSA_SHA1", "SHA256"), ("RSA_SHA256", "SHA1"), ("RSA_MD5", "SHA256")]
)
def test_a_genuine_signature_with_a_weak_algorithm_is_refused_though_its_key_is_trusted(
    method: str, digest: str
) -> None:
    key = authority("rsa2048")
    try:
        document = signed_by_xmlsec(method, digest, key.private, key.certificate)
    except xmlsec.Error:
        pytest.skip(f"this build of xmlsec cannot sign with {method} any more")
    assert refused(document, trust_list(key)).fields["reason"] == "weak"
    sound = signed_by_xmlsec("RSA_SHA256", "SHA256", key.private, key.certificate)
    assert xml_signature.verify(sound, trust_list(key), NOW).algorithm == "rsa-sha256"


def test_an_rsa_key_of_1024_bits_is_refused_even_if_it_got_on_a_list() -> None:
    """No reader of lists lets it in; a list built by hand does not help it either."""
    key = private("rsa1024")
    der = x509_of(key)
    entry = TrustedKey(
        "NPPO",
        Country("EC"),
        (),
        Usage.XML,
        Algorithm.RS256,
        der,
        key_id_of(der),
        Period(NOW - YEAR, NOW + YEAR),
    )
    try:
        document = signed_by_xmlsec("RSA_SHA256", "SHA256", key, der)
    except xmlsec.Error:
        pytest.skip("this build of xmlsec cannot sign with 1,024 bits any more")
    with pytest.raises(RuleViolation, match="1,024 bits"):
        xml_signature.verify(document, trust_list(entry), NOW)


def test_a_signature_by_another_kind_of_key_than_it_says_does_not_hold() -> None:
    ec_says_rsa = altered("SignatureMethod", f"{W3}/2001/04/xmldsig-more#rsa-sha256")
    assert refused(ec_says_rsa).fields["reason"] == "broken"
    root = etree.fromstring(signed(authority("rsa2048")))
    root.find(f".//{DS}SignatureMethod").set("Algorithm", f"{W3}/2001/04/xmldsig-more#ecdsa-sha256")
    error = refused(etree.tostring(root), trust_list(authority("rsa2048")))
    assert error.fields["reason"] == "broken"


@pytest.mark.parametrize("value", ["AAAA", "*", "A" * 20_000])
def test_a_signature_value_of_any_other_length_does_not_hold(value: str) -> None:
    root = etree.fromstring(signed())
    root.find(f".//{DS}SignatureValue").text = value
    assert refused(etree.tostring(root)).fields["reason"] == "broken"


def test_a_key_on_the_list_for_seals_verifies_no_document() -> None:
    entry = dataclasses.replace(authority().trusted("NPPO"), usage=Usage.SEAL)
    assert refused(signed(), trust_list(entry)).fields["why"] == "unknown"
