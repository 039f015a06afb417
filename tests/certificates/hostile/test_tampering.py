"""A genuine signature with its parts moved, doubled, dropped or changed: refused, and why."""

from __future__ import annotations

import copy

import pytest
from lxml import etree

from clearway.certificates.formats import xml_signature
from clearway.certificates.formats.signature_form import DS, XADES
from clearway.certificates.model import Assurance
from clearway.errors import ClearwayError
from tests.certificates.hostile.genuine import (
    LIST,
    RSM,
    Attack,
    Tree,
    at_the_desk,
    forged,
    refusal,
    signature_of,
    tree,
)
from tests.certificates.trust.signing import NOW


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
    (other_time, "changed after it was signed"),
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
    (swapped_c14n(f"{W3}/TR/2001/REC-xml-c14n-20010315"), "not made with the signer's key"),
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


def test_every_refusal_is_an_error_of_ours() -> None:
    for attack, _ in MOVED:
        with pytest.raises(ClearwayError):
            xml_signature.verify(etree.tostring(attack(tree())), LIST, NOW)
