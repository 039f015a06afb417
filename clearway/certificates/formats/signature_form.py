"""The shape that an enveloped XML signature must have, judged before any cryptography.

Signatures were forged not by breaking keys but by moving elements about: the verifier checked one
part and the reader read another. So nothing but this shape is let through to the verifier:

    SPSCertificate
      SPSExchangedDocument, SPSConsignment
      ds:Signature                             the only one, a child of the root
        ds:SignedInfo
          one reference to the whole document (URI ""): enveloped-signature, at most one C14N
          at most one to SignedProperties, at most one to KeyInfo, by a unique Id inside
        ds:SignatureValue
        ds:KeyInfo                             with the signer's X.509 certificate
        ds:Object                              only XAdES QualifyingProperties; may be absent

Sources: XML Signature 1.1 sections 4 and 8; XAdES (ETSI EN 319 132-1) section 5.
"""

from __future__ import annotations

import binascii
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from lxml import etree

from clearway.errors import VerificationError
from clearway.wire.xml import Element, child, local_name

DS: Final = "{http://www.w3.org/2000/09/xmldsig#}"
XADES: Final = "{http://uri.etsi.org/01903/v1.3.2#}"
ENVELOPED: Final = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"

CANONICAL: Final = frozenset(
    {
        "http://www.w3.org/2006/12/xml-c14n11",
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
        "http://www.w3.org/2001/10/xml-exc-c14n#",
    }
)
_MORE: Final = "http://www.w3.org/2001/04/xmldsig-more#"
METHODS: Final = frozenset(
    {
        f"{_MORE}ecdsa-sha256",
        f"{_MORE}ecdsa-sha384",
        f"{_MORE}ecdsa-sha512",
        f"{_MORE}rsa-sha256",
        f"{_MORE}rsa-sha384",
        f"{_MORE}rsa-sha512",
    }
)
DIGESTS: Final = frozenset(
    {
        "http://www.w3.org/2001/04/xmlenc#sha256",
        f"{_MORE}sha384",
        "http://www.w3.org/2001/04/xmlenc#sha512",
    }
)

_MORE_KEYS: Final = "{http://www.w3.org/2009/xmldsig11#}"
# Values in base64 that signxml decodes without looking whether they are there.
_VALUES: Final = (
    *(f"{DS}{name}" for name in ["SignatureValue", "DigestValue", "X509Certificate"]),
    *(f"{DS}{name}" for name in ["Modulus", "Exponent"]),
    f"{_MORE_KEYS}PublicKey",
)
_CURVES: Final = frozenset(
    {
        "urn:oid:1.2.840.10045.3.1.7",  # P-256
        "urn:oid:1.3.132.0.34",  # P-384
        "urn:oid:1.3.132.0.35",  # P-521
    }
)

_MOST_ELEMENTS: Final = 200
_MOST_CERTIFICATES: Final = 5
_LONGEST_VALUE: Final = 24_576
_with_id: Final[Any] = etree.XPath(
    "//*[@*[local-name()='Id' or local-name()='ID' or local-name()='id' or local-name()='iD']]"
)


@dataclass(frozen=True, slots=True)
class Form:
    """A signature of the right shape; nothing of it is proved yet.

    Args:
        references: how many parts it signs.
        is_xades: it encloses signed properties.
        algorithm: last part of the signature method, such as `ecdsa-sha256`.
        certificates: DER of the certificates that it encloses, in their order.
    """

    references: int
    is_xades: bool
    algorithm: str
    certificates: tuple[bytes, ...]


def is_signed(root: Element) -> bool:
    """Return whether a signature stands anywhere in the document."""
    return next(root.iter(f"{DS}Signature"), None) is not None


def inspect(root: Element) -> Form:
    """Return the form of the one signature of a document.

    Raises: VerificationError: the shape or an algorithm is not accepted; `reason` is `form` or
    `weak`, the detail says what.
    """
    signature = _the_signature(root)
    _require_unique_ids(root, signature)
    _require_values(signature)
    parts = _parts(signature)
    properties = _properties(parts[3], signature) if len(parts) == 4 else None
    info = _children(parts[0], "CanonicalizationMethod SignatureMethod", "Reference")
    _require_algorithm(info[0], CANONICAL, "canonicalisation")
    method = _require_algorithm(info[1], METHODS, "signature method")
    _require_references(info[2:], properties, parts[2])
    return Form(
        references=len(info) - 2,
        is_xades=properties is not None,
        algorithm=method.rpartition("#")[2],
        certificates=_certificates(parts[2]),
    )


def wrong(detail: str) -> VerificationError:
    """Return the error of a signature whose shape is not accepted."""
    return VerificationError(f"The signature is not accepted: {detail}", reason="form")


def _the_signature(root: Element) -> Element:
    found = list(root.iter(f"{DS}Signature"))
    if len(found) != 1:
        raise wrong(f"the document holds {len(found)} signatures; it must hold exactly one")
    if found[0].getparent() is not root:
        raise wrong("it must stand directly in the SPSCertificate")
    if sum(1 for _ in found[0].iter()) > _MOST_ELEMENTS:
        raise wrong(f"it has more than {_MOST_ELEMENTS} elements")
    return found[0]


def _require_unique_ids(root: Element, signature: Element) -> None:
    seen: dict[str, Element] = {}
    for element in _with_id(root):
        for value in _ids(element):
            if value in seen:
                raise wrong(f"the Id {value[:60]!r} stands twice, so a reference is ambiguous")
            seen[value] = element
    for reference in signature.iter(f"{DS}Reference"):
        uri = reference.get("URI") or ""
        target = seen.get(uri[1:]) if uri.startswith("#") else None
        if target is not None and not _is_within(target, signature):
            raise wrong(f"its reference {uri[:60]!r} names a part outside the signature")


def _require_values(signature: Element) -> None:
    """Refuse what makes signxml stumble: an empty value, and a curve that it does not know."""
    for element in signature.iter(*_VALUES):
        if not (element.text or "").strip():
            raise wrong(f"its {local_name(element)} is empty")
    for curve in signature.iter(f"{_MORE_KEYS}NamedCurve"):
        uri = curve.get("URI") or ""
        if uri not in _CURVES:
            raise wrong(f"its key is on the curve {uri[:60]!r}; P-256, P-384, P-521 are accepted")


def _ids(element: Element) -> set[str]:
    return {
        str(value)
        for name, value in element.items()
        if str(name).rpartition("}")[2].lower() == "id"
    }


def _is_within(element: Element | None, ancestor: Element) -> bool:
    while element is not None:
        if element is ancestor:
            return True
        element = element.getparent()
    return False


def _children(element: Element, names: str, then: str = "") -> list[Element]:
    """Return the children of an element, which must be these, then any number of `then`."""
    found = list(element)
    expected = [DS + name for name in names.split()]
    expected += [DS + then] * (len(found) - len(expected) if then else 0)
    if [each.tag for each in found] != expected:
        held = ", ".join(local_name(each)[:40] for each in found[:8])
        raise wrong(f"{local_name(element)} holds {held or 'nothing'}; it must hold {names}")
    return found


def _parts(signature: Element) -> list[Element]:
    parts = _children(signature, "SignedInfo SignatureValue KeyInfo", "Object")
    if len(parts) > 4:
        raise wrong("it has more than one Object")
    return parts


def _properties(holder: Element, signature: Element) -> Element:
    """Return the SignedProperties; nothing else may stand in the Object."""
    qualifying = list(holder)
    if len(qualifying) != 1 or qualifying[0].tag != f"{XADES}QualifyingProperties":
        raise wrong("its Object holds something else than XAdES QualifyingProperties")
    if qualifying[0].get("Target") != f"#{signature.get('Id')}":
        raise wrong("the Target of its QualifyingProperties is not this signature")
    signed = list(qualifying[0].iter(f"{XADES}SignedProperties"))
    if len(signed) != 1 or signed[0].getparent() is not qualifying[0]:
        raise wrong("its QualifyingProperties must hold SignedProperties, once")
    return signed[0]


def _require_references(
    references: list[Element], properties: Element | None, key_info: Element
) -> None:
    targets = [_target(reference, properties, key_info) for reference in references]
    if len(set(targets)) != len(targets):
        raise wrong("it signs one part twice")
    if "" not in targets:
        raise wrong("it does not sign the whole document (a Reference with an empty URI)")
    if properties is not None and "properties" not in targets:
        raise wrong("its SignedProperties are not signed")


def _target(reference: Element, properties: Element | None, key_info: Element) -> str:
    uri = reference.get("URI")
    transforms = _transforms(reference)
    if uri == "":
        if transforms[:1] != [ENVELOPED] or len(transforms) > 2:
            raise wrong(f"the transforms of the whole document are {_shown(transforms)}")
        _require_canonical(transforms[1:])
        return ""
    for name, element in (("properties", properties), ("key", key_info)):
        if element is not None and element.get("Id") and uri == f"#{element.get('Id')}":
            if len(transforms) > 1:
                raise wrong(f"the transforms of its {name} are {_shown(transforms)}")
            _require_canonical(transforms)
            return name
    raise wrong(f"it refers to {(uri or 'nothing')[:80]!r}; only parts of itself are followed")


def _transforms(reference: Element) -> list[str]:
    has_transforms = child(reference, f"{DS}Transforms") is not None
    transforms_first = "Transforms " if has_transforms else ""
    parts = _children(reference, f"{transforms_first}DigestMethod DigestValue")
    _require_algorithm(parts[-2], DIGESTS, "digest")
    found = _children(parts[0], "", "Transform") if has_transforms else []
    if any(len(each) for each in found):
        raise wrong("a Transform bears parameters; none are accepted")
    return [each.get("Algorithm") or "" for each in found]


def _require_canonical(transforms: list[str]) -> None:
    for algorithm in transforms:
        if algorithm not in CANONICAL:
            raise wrong(f"the transform {algorithm[:80]!r} is not accepted")


def _require_algorithm(element: Element, accepted: frozenset[str], what: str) -> str:
    algorithm = element.get("Algorithm") or ""
    if algorithm not in accepted or len(element):
        names = ", ".join(sorted(each.rpartition("#")[2] or each for each in accepted))
        raise VerificationError(
            f"The signature is not accepted: its {what} {algorithm[:80]!r} is none of {names}, or"
            " bears parameters",
            reason="weak",
        )
    return algorithm


def _certificates(key_info: Element) -> tuple[bytes, ...]:
    strange = [each for each in key_info if each.tag not in (f"{DS}X509Data", f"{DS}KeyValue")]
    if strange:
        raise wrong(f"its KeyInfo holds {local_name(strange[0])[:40]}; an X509Data is accepted")
    found = tuple(_decoded(each) for each in key_info.iter(f"{DS}X509Certificate"))
    if not found:
        raise wrong("it does not enclose the certificate of its signer, a bare key proves nobody")
    if len(found) > _MOST_CERTIFICATES:
        raise wrong(f"it encloses more than {_MOST_CERTIFICATES} certificates")
    return found


def _decoded(element: Element) -> bytes:
    text = "".join((element.text or "").split())
    if len(text) > _LONGEST_VALUE:
        raise wrong(f"it encloses a certificate of {len(text):,} characters")
    try:
        return binascii.a2b_base64(text.encode(), strict_mode=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise wrong(f"the base64 of its certificate is broken: {error}") from error


def _shown(transforms: list[str]) -> str:
    names: Iterator[str] = (each.rpartition("#")[2][:40] or each[:40] for each in transforms[:5])
    return ", ".join(names) or "none"
