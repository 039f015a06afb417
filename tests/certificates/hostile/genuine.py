"""A genuine signature of a trusted authority, and what becomes of a document made of it."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable
from typing import Any

from lxml import etree

from clearway.certificates.formats import sps_certificate, xml_signature
from clearway.certificates.formats.signature_form import DS
from clearway.certificates.intake import examine
from clearway.certificates.model import Assurance
from clearway.certificates.proof import Signature
from clearway.certificates.trust.model import TrustList
from clearway.errors import InputError, VerificationError
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


def refusal(document: bytes, trusted: TrustList = LIST) -> str:
    """Return why a document is refused; one that is not must hold what was signed."""
    try:
        held = xml_signature.verify(document, trusted, NOW)
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
