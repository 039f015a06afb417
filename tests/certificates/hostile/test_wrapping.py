"""Signature wrapping: the verifier checks one part, the reader reads another. Here it cannot.

Each attack is built on a genuine signature of a trusted authority. It must be refused with its
reason; and should anything ever be returned as signed, then what the authority signed and no more.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable
from typing import Any

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
from clearway.certificates.formats.signature_form import DS, XADES
from clearway.certificates.intake import examine
from clearway.certificates.model import Assurance
from clearway.certificates.proof import Signature
from clearway.errors import ClearwayError, InputError, VerificationError
from clearway.terms.quantity import kilograms
from tests.certificates.conftest import UPLOAD, US, bare
from tests.certificates.trust.signing import DOCUMENT, NOW, authority, signed, trust_list

RSM = "{urn:un:unece:uncefact:data:standard:SPSCertificate:17}"
RAM = "{urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:21}"
KEY = authority()
LIST = trust_list(KEY)
TRUE = bare(sps_certificate.read(DOCUMENT)[0])
Tree = Any
Attack = Callable[[Tree], Tree]


def tree() -> Tree:
    return etree.fromstring(signed(KEY))


def signature_of(root: Tree) -> Tree:
    return root.find(f".//{DS}Signature")


def forged(root: Tree) -> Tree:
    """Return a copy without signature, with nine tonnes instead of one."""
    evil = copy.deepcopy(root)
    for signature in evil.findall(f".//{DS}Signature"):
        signature.getparent().remove(signature)
    evil.find(f".//{RAM}NetWeightMeasure").text = "9000.50"
    return evil


def refusal(document: bytes) -> str:
    """Return why a document is refused; one that is not must hold what was signed."""
    try:
        held = xml_signature.verify(document, LIST, NOW)
    except VerificationError as error:
        return f"{error.fields['reason']}: {error.detail}"
    except InputError as error:
        return f"input: {error.detail}"
    assert bare(held.certificate) == TRUE
    return "holds"


def at_the_desk(document: bytes) -> Assurance:
    """Return what the desk makes of it; what counts as signed is what was signed."""
    try:
        seen = examine(document, UPLOAD, country=US, now=NOW, trust_list=LIST)
    except InputError:
        return Assurance.CONTRADICTED
    if seen.signature.state is Signature.HOLDS:
        assert dataclasses.replace(bare(seen.certificate), has_signature=False) == TRUE
    return seen.verdict.assurance


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


# --- other ways to move things about ------------------------------------------------------------


def two_signatures(root: Tree) -> Tree:
    root.append(copy.deepcopy(signature_of(root)))
    return root


def signature_in_a_part(root: Tree) -> Tree:
    root.find(f"{RSM}SPSConsignment").append(signature_of(root))
    return root


def duplicate_id(root: Tree) -> Tree:
    key_info = signature_of(root).find(f"{DS}KeyInfo")
    root.find(f"{RSM}SPSConsignment").set("Id", key_info.get("Id"))
    return root


def duplicate_id_in_other_letters(root: Tree) -> Tree:
    key_info = signature_of(root).find(f"{DS}KeyInfo")
    root.find(f"{RSM}SPSConsignment").set("ID", key_info.get("Id"))
    return root


def duplicate_xml_id(root: Tree) -> Tree:
    key_info = signature_of(root).find(f"{DS}KeyInfo")
    name = "{http://www.w3.org/XML/1998/namespace}id"
    root.find(f"{RSM}SPSConsignment").set(name, key_info.get("Id"))
    return root


def properties_outside(root: Tree) -> Tree:
    properties = root.find(f".//{XADES}SignedProperties")
    root.find(f"{RSM}SPSConsignment").append(properties)
    return root


def properties_doubled(root: Tree) -> Tree:
    properties = root.find(f".//{XADES}SignedProperties")
    other = copy.deepcopy(properties)
    other.set("Id", "other")
    other.find(f".//{XADES}SigningTime").text = "2020-01-01T00:00:00Z"
    properties.addprevious(other)
    return root


def properties_unsigned(root: Tree) -> Tree:
    info = signature_of(root).find(f"{DS}SignedInfo")
    info.remove(next(each for each in info if "SignedProperties" in (each.get("Type") or "")))
    return root


def other_target(root: Tree) -> Tree:
    root.find(f".//{XADES}QualifyingProperties").set("Target", "#other")
    return root


def other_time(root: Tree) -> Tree:
    root.find(f".//{XADES}SigningTime").text = "2026-03-19T00:00:00Z"
    return root


def second_object(root: Tree) -> Tree:
    holder = etree.SubElement(signature_of(root), f"{DS}Object")
    holder.append(forged(root))
    return root


def manifest(root: Tree) -> Tree:
    holder = signature_of(root).find(f"{DS}Object")
    etree.SubElement(holder, f"{DS}Manifest")
    return root


def whole_reference_dropped(root: Tree) -> Tree:
    info = signature_of(root).find(f"{DS}SignedInfo")
    info.remove(info.find(f"{DS}Reference"))
    return root


def without_digest(root: Tree) -> Tree:
    for value in list(signature_of(root).iter(f"{DS}DigestValue")):
        value.getparent().remove(value)
    return root


def two_digests(root: Tree) -> Tree:
    value = signature_of(root).find(f".//{DS}DigestValue")
    value.addnext(copy.deepcopy(value))
    return root


def reference_to(uri: str | None) -> Attack:
    def attack(root: Tree) -> Tree:
        reference = signature_of(root).find(f".//{DS}Reference")
        if uri is None:
            del reference.attrib["URI"]
        else:
            reference.set("URI", uri)
        return root

    attack.__name__ = f"reference_to_{uri}"
    return attack


def transform(algorithm: str, content: str = "") -> Attack:
    def attack(root: Tree) -> Tree:
        transforms = signature_of(root).find(f".//{DS}Transforms")
        added = etree.SubElement(transforms, f"{DS}Transform", Algorithm=algorithm)
        if content:
            added.append(etree.fromstring(content))
        return root

    attack.__name__ = f"transform_{algorithm[-20:]}"
    return attack


def swapped_c14n(algorithm: str) -> Attack:
    def attack(root: Tree) -> Tree:
        method = signature_of(root).find(f".//{DS}CanonicalizationMethod")
        method.set("Algorithm", algorithm)
        return root

    attack.__name__ = f"c14n_{algorithm[-20:]}"
    return attack


def prefix_list(root: Tree) -> Tree:
    method = signature_of(root).find(f".//{DS}CanonicalizationMethod")
    method.set("Algorithm", "http://www.w3.org/2001/10/xml-exc-c14n#")
    name = "{http://www.w3.org/2001/10/xml-exc-c14n#}InclusiveNamespaces"
    etree.SubElement(method, name, PrefixList=" ".join(f"p{n}" for n in range(9_000)))
    return root


def key_value_only(root: Tree) -> Tree:
    info = signature_of(root).find(f"{DS}KeyInfo")
    info.remove(info.find(f"{DS}X509Data"))
    etree.SubElement(etree.SubElement(info, f"{DS}KeyValue"), f"{DS}RSAKeyValue")
    return root


def key_by_name(root: Tree) -> Tree:
    etree.SubElement(signature_of(root).find(f"{DS}KeyInfo"), f"{DS}KeyName").text = "NPPO"
    return root


def retrieval(root: Tree) -> Tree:
    info = signature_of(root).find(f"{DS}KeyInfo")
    etree.SubElement(info, f"{DS}RetrievalMethod", URI="http://192.0.2.1/key")
    return root


def no_key_info(root: Tree) -> Tree:
    signature_of(root).remove(signature_of(root).find(f"{DS}KeyInfo"))
    return root


def broken_certificate(root: Tree) -> Tree:
    root.find(f".//{DS}X509Certificate").text = "AAAA*"
    return root


def many_certificates(root: Tree) -> Tree:
    data = root.find(f".//{DS}X509Data")
    data.extend([copy.deepcopy(data[0]) for _ in range(6)])
    return root


def huge_signature(root: Tree) -> Tree:
    holder = root.find(f".//{XADES}QualifyingProperties")
    unsigned = etree.SubElement(holder, f"{XADES}UnsignedProperties")
    unsigned.extend([etree.Element("{urn:example}a") for _ in range(300)])
    return root


XPATH = (
    '<XPath xmlns="http://www.w3.org/2000/09/xmldsig#">not(ancestor-or-self::*[local-name()='
    "'IncludedSPSTradeLineItem'])</XPath>"
)
XSLT = (
    '<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">'
    '<xsl:template match="/"><a/></xsl:template></xsl:stylesheet>'
)
W3 = "http://www.w3.org"
MOVED: list[tuple[Attack, str]] = [
    (two_signatures, "holds 2 signatures"),
    (signature_in_a_part, "directly in the SPSCertificate"),
    (duplicate_id, "stands twice"),
    (duplicate_id_in_other_letters, "stands twice"),
    (duplicate_xml_id, "stands twice"),
    (properties_outside, "outside the signature"),
    (properties_doubled, "SignedProperties, once"),
    (properties_unsigned, "not signed"),
    (other_target, "not this signature"),
    (other_time, "does not hold"),
    (second_object, "more than one Object"),
    (manifest, "something else"),
    (whole_reference_dropped, "whole document"),
    (without_digest, "must hold"),
    (two_digests, "must hold"),
    (reference_to(None), "refers to 'nothing'"),
    (reference_to("#xpointer(/)"), "only parts of itself"),
    (reference_to("#xpointer(id('c1'))"), "only parts of itself"),
    (reference_to("http://192.0.2.1/evil.xml"), "only parts of itself"),
    (reference_to("file:///etc/hostname"), "only parts of itself"),
    (transform(f"{W3}/TR/1999/REC-xslt-19991116", XSLT), "parameters"),
    (transform(f"{W3}/TR/1999/REC-xpath-19991116", XPATH), "parameters"),
    (transform(f"{W3}/2002/06/xmldsig-filter2"), "transforms of the whole document"),
    (transform(f"{W3}/2000/09/xmldsig#base64"), "transforms of the whole document"),
    (swapped_c14n(f"{W3}/2001/10/xml-exc-c14n#WithComments"), "canonicalisation"),
    (swapped_c14n(f"{W3}/2006/12/xml-c14n11#WithComments"), "canonicalisation"),
    (swapped_c14n(f"{W3}/2010/xml-c14n2"), "canonicalisation"),
    (swapped_c14n("urn:own"), "canonicalisation"),
    (swapped_c14n(f"{W3}/TR/2001/REC-xml-c14n-20010315"), "does not hold"),
    (prefix_list, "bears parameters"),
    (key_value_only, "a bare key proves nobody"),
    (key_by_name, "KeyName"),
    (retrieval, "RetrievalMethod"),
    (no_key_info, "must hold"),
    (broken_certificate, "base64"),
    (many_certificates, "more than 5"),
    (huge_signature, "200 elements"),
]


@pytest.mark.parametrize(("attack", "says"), MOVED, ids=[one.__name__ for one, _ in MOVED])
def test_a_signature_that_was_tampered_with_is_refused_and_says_why(
    attack: Attack, says: str
) -> None:
    document = etree.tostring(attack(tree()))
    assert says in refusal(document)
    assert at_the_desk(document) is Assurance.CONTRADICTED


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


def test_every_refusal_is_an_error_of_ours() -> None:
    for attack, _ in MOVED:
        with pytest.raises(ClearwayError):
            xml_signature.verify(etree.tostring(attack(tree())), LIST, NOW)
