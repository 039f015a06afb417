"""Values that a signature lacks, and keys that it states beside its certificate.

Where KeyInfo is not signed, anybody may add to it: such documents are made here as other software
makes them, so that only the shape is between them and the verifier.
"""

from __future__ import annotations

import copy

import pytest
from cryptography import x509
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureConstructionMethod, SignatureMethod
from signxml.signer import XMLSigner

from clearway.certificates.formats.signature_form import DS
from clearway.certificates.trust.keys import AuthorityKey
from clearway.certificates.trust.model import Algorithm
from tests.certificates.hostile.genuine import KEY, Tree, refusal, tree
from tests.certificates.hostile.genuine import signature_of as of
from tests.certificates.trust.signing import DOCUMENT, authority, trust_list

RSA = authority("rsa2048")
MORE = "{http://www.w3.org/2009/xmldsig11#}"
METHODS = {
    Algorithm.ES256: SignatureMethod.ECDSA_SHA256,
    Algorithm.RS256: SignatureMethod.RSA_SHA256,
}


def stating_its_key(key: AuthorityKey) -> Tree:
    """Return a genuine document whose KeyInfo, not signed, states the key as well."""
    signer = XMLSigner(
        method=SignatureConstructionMethod.enveloped,
        signature_algorithm=METHODS[key.algorithm],
        digest_algorithm=DigestAlgorithm.SHA256,
    )
    return signer.sign(
        etree.fromstring(DOCUMENT),
        key=key.private,
        cert=[x509.load_der_x509_certificate(key.certificate)],
        always_add_key_value=True,
    )


def judged(root: Tree) -> str:
    return refusal(etree.tostring(root), trust_list(KEY, RSA))


@pytest.mark.parametrize("key", [KEY, RSA], ids=["EC", "RSA"])
def test_a_key_stated_beside_its_certificate_is_held_against_it(key: AuthorityKey) -> None:
    assert judged(stating_its_key(key)) == "holds"
    for thief in (authority("rsa2048", name="thief"), authority(name="thief")):
        root = stating_its_key(key)
        stated = of(root).find(f".//{DS}KeyValue")
        stated.getparent().replace(stated, of(stating_its_key(thief)).find(f".//{DS}KeyValue"))
        assert judged(root).startswith("broken")


@pytest.mark.parametrize("key", [KEY, RSA], ids=["EC", "RSA"])
@pytest.mark.parametrize("text", [None, "", " \n"])
def test_an_empty_value_is_named(key: AuthorityKey, text: str | None) -> None:
    names = ["SignatureValue", "DigestValue", "X509Certificate"]
    names += ["Modulus", "Exponent"] if key is RSA else []
    for tag in [DS + name for name in names] + ([MORE + "PublicKey"] if key is KEY else []):
        root = stating_its_key(key)
        of(root).find(f".//{tag}").text = text
        assert judged(root).startswith("form"), tag
        assert f"its {tag.rpartition('}')[2]} is empty" in judged(root)


def test_an_empty_certificate_beside_the_signer_s_is_named() -> None:
    root = stating_its_key(KEY)
    enclosed = of(root).find(f".//{DS}X509Certificate")
    other = copy.deepcopy(enclosed)
    other.text = None
    enclosed.addnext(other)
    assert "its X509Certificate is empty" in judged(root)


@pytest.mark.parametrize("uri", [None, "", "urn:oid:1.3.132.0.10", "urn:oid:1.2.3"])
def test_a_key_on_a_curve_that_is_not_accepted_is_named(uri: str | None) -> None:
    root = stating_its_key(KEY)
    curve = of(root).find(f".//{MORE}NamedCurve")
    if uri is None:
        del curve.attrib["URI"]
    else:
        curve.set("URI", uri)
    assert f"on the curve {uri or ''!r}" in judged(root)


@pytest.mark.parametrize("how", ["empty", "alien"])
def test_every_element_of_a_signature_spoilt_is_refused_by_an_error_of_ours(how: str) -> None:
    """No error of the verifier's own comes through, whatever element is spoilt (see `refusal`)."""
    for make in (tree, lambda: stating_its_key(KEY), lambda: stating_its_key(RSA)):
        for place in range(sum(1 for _ in of(make()).iter())):
            root = make()
            element = list(of(root).iter())[place]
            element.text = None if how == "empty" else "é"
            for name in element.attrib if how == "alien" else ():
                element.set(name, "urn:alien")
            judged(root)
