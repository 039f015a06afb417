"""Signature wrapping: the verifier checks one part, the reader reads another. Here it cannot.

Each attack is built on a genuine signature of a trusted authority. It must be refused with its
reason; and should anything ever be returned as signed, then what the authority signed and no more.
The other attacks on the shape of a signature stand in `test_tampering`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
from cryptography import x509
from lxml import etree
from signxml.algorithms import (
    CanonicalizationMethod,
    DigestAlgorithm,
    SignatureConstructionMethod,
    SignatureMethod,
)
from signxml.signer import XMLSigner
from signxml.verifier import SignatureConfiguration, XMLVerifier

from clearway.certificates.formats import sps_certificate, xml_signature
from clearway.certificates.formats.signature_form import DS
from clearway.certificates.model import Assurance
from clearway.terms.quantity import kilograms
from tests.certificates.hostile.genuine import (
    KEY,
    Attack,
    Tree,
    at_the_desk,
    forged,
    refusal,
    signature_of,
    tree,
)
from tests.certificates.trust.signing import DOCUMENT, NOW, authority, signed


def test_the_genuine_document_holds() -> None:
    assert refusal(signed(KEY)) == "holds"
    assert at_the_desk(signed(KEY)) is Assurance.SIGNED


# --- the eight classic forms, on a signature that names its part by Id --------------------------


def signed_by_id() -> Tree:
    """Return a genuine signature over a part with an Id, as other software makes them."""
    root = etree.fromstring(DOCUMENT)
    root.set("Id", "c1")
    signer = XMLSigner(
        method=SignatureConstructionMethod.enveloped,
        signature_algorithm=SignatureMethod.ECDSA_SHA256,
        digest_algorithm=DigestAlgorithm.SHA256,
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )
    certificate = x509.load_der_x509_certificate(KEY.certificate)
    return signer.sign(root, key=KEY.private, cert=[certificate], reference_uri="c1")


def parts(root: Tree) -> tuple[Tree, Tree, Tree]:
    """Return evil, signature and original, taken apart."""
    evil, signature = forged(root), signature_of(root)
    evil.set("Id", "evil")
    return evil, signature, root


def xsw1(root: Tree) -> Tree:
    evil, signature, original = parts(root)
    original.remove(signature)
    evil.append(signature)
    signature.append(original)
    return evil


def xsw2(root: Tree) -> Tree:
    evil, signature, original = parts(root)
    original.remove(signature)
    evil.append(signature)
    evil.append(original)
    return evil


def xsw3(root: Tree) -> Tree:
    evil, _, original = parts(root)
    whole = etree.Element(original.tag, nsmap=original.nsmap)
    whole.extend([evil, original])
    return whole


def xsw4(root: Tree) -> Tree:
    evil, _, original = parts(root)
    evil.append(original)
    return evil


def xsw5(root: Tree) -> Tree:
    evil, signature, original = parts(root)
    original.remove(signature)
    evil.set("Id", "c1")
    evil.append(signature)
    whole = etree.Element(original.tag, nsmap=original.nsmap)
    whole.extend([evil, original])
    return whole


def xsw6(root: Tree) -> Tree:
    evil, signature, original = parts(root)
    original.remove(signature)
    evil.set("Id", "c1")
    signature.append(original)
    evil.append(signature)
    return evil


def xsw7(root: Tree) -> Tree:
    evil, _, original = parts(root)
    extensions = etree.SubElement(original, "{urn:example}Extensions")
    extensions.append(evil)
    return original


def xsw8(root: Tree) -> Tree:
    evil, signature, original = parts(root)
    original.remove(signature)
    holder = etree.SubElement(signature, f"{DS}Object")
    holder.append(original)
    evil.append(signature)
    return evil


CLASSIC = [xsw1, xsw2, xsw3, xsw4, xsw5, xsw6, xsw7, xsw8]


@pytest.mark.parametrize("attack", CLASSIC)
@pytest.mark.parametrize("make", [signed_by_id, tree], ids=["by Id", "whole"])
def test_the_eight_classic_wrappings_are_refused(attack: Attack, make: Callable[[], Tree]) -> None:
    document = etree.tostring(attack(make()))
    assert refusal(document).split(":")[0] in ("form", "broken", "untrusted")
    assert at_the_desk(document) is Assurance.CONTRADICTED


def test_the_wrappings_do_deceive_a_reader_that_trusts_a_bare_yes() -> None:
    """The control: without our order of things the attack works, so the tests above show it."""
    document = etree.tostring(xsw2(signed_by_id()))
    certificate = x509.load_der_x509_certificate(KEY.certificate)
    config = SignatureConfiguration(location=".//")
    XMLVerifier().verify(document, x509_cert=certificate, expect_config=config)
    read = sps_certificate.read(document)[0]
    assert read.lines[0].net_mass == kilograms("9000.50")


def test_the_key_of_an_attacker_is_a_stranger_s() -> None:
    """The document altered and signed anew by the attacker, whose certificate says it is NPPO."""
    evil = etree.tostring(forged(tree()))
    thief = authority(name="thief")
    assert refusal(xml_signature.sign(evil, thief, signed_at=NOW)).startswith("untrusted")


def test_the_certificate_of_the_authority_beside_another_key_s_signature_does_not_hold() -> None:
    evil = etree.fromstring(
        xml_signature.sign(etree.tostring(forged(tree())), authority(name="thief"), signed_at=NOW)
    )
    genuine = tree().find(f".//{DS}X509Certificate").text
    evil.find(f".//{DS}X509Certificate").text = genuine
    assert refusal(etree.tostring(evil)).startswith("broken")
    certificates = evil.find(f".//{DS}X509Data")
    certificates.append(copy.deepcopy(certificates[0]))
    assert refusal(etree.tostring(evil)).startswith("broken")


@pytest.mark.parametrize("at", [1, 4, 6])
def test_a_comment_inside_a_value_cuts_nothing_short(at: int) -> None:
    document = signed(KEY)
    value = b"1000.50"
    commented = document.replace(value, value[:at] + b"<!-- x -->" + value[at:], 1)
    assert commented != document
    assert refusal(commented) == "holds"
    processed = document.replace(value, value[:at] + b"<?x y?>" + value[at:], 1)
    assert refusal(processed) == "holds"


def test_a_namespace_moved_onto_another_name_does_not_hold() -> None:
    document = signed(KEY)
    tricked = document.replace(
        b"<ram:NetWeightMeasure", b'<ram:NetWeightMeasure xmlns:ram="urn:o"', 1
    )
    assert refusal(tricked).split(":")[0] in ("broken", "input")
    renamed = document.replace(
        b"<rsm:SPSCertificate", b'<rsm:SPSCertificate xmlns:own="urn:own"', 1
    )
    assert refusal(renamed).startswith("broken")
    other = document.replace(b"www.w3.org/2000/09/xmldsig#", b"www.w3.org/2000/09/xmldsig2#")
    assert "0 signatures" in refusal(other)


def test_an_element_hidden_in_the_signature_is_not_read() -> None:
    root = tree()
    signature_of(root).find(f"{DS}KeyInfo").append(forged(root))
    assert refusal(etree.tostring(root)).startswith("form")
