"""The fields that a profile may demand, by name: where each stands and whether it is stated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from clearway.certificates.model import Certificate, CertificateLine
from clearway.certificates.parts import Signatory

_HEAD: Final = "SPSExchangedDocument"
_GOODS: Final = "SPSConsignment"
_LINE: Final = "SPSConsignment/IncludedSPSConsignmentItem/IncludedSPSTradeLineItem"


def _each(stated: Callable[[CertificateLine], object]) -> Callable[[Certificate], bool]:
    return lambda certificate: all(map(stated, certificate.lines))


def _any_signs(stated: Callable[[Signatory], object]) -> Callable[[Certificate], bool]:
    return lambda certificate: any(map(stated, certificate.signatories))


# name -> path in the sender's terms, words for people, whether it is there. A field of the lines is
# there when every line states it.
FIELDS: Final[dict[str, tuple[str, str, Callable[[Certificate], object]]]] = {
    "number": (f"{_HEAD}/ID", "the number", lambda c: c.number),
    "issued": (f"{_HEAD}/IssueDateTime", "the date of issue", lambda c: c.issued),
    "issuer.name": (f"{_HEAD}/IssuerSPSParty/Name", "the authority", lambda c: c.issuer.name),
    "importing_country": (
        f"{_GOODS}/ImportSPSCountry/ID",
        "the importing country",
        lambda c: c.importing_country,
    ),
    "consignor.name": (
        f"{_GOODS}/ConsignorSPSParty/Name",
        "the exporter",
        lambda c: c.consignor.name,
    ),
    "consignor.address": (
        f"{_GOODS}/ConsignorSPSParty/SpecifiedSPSAddress",
        "the address of the exporter",
        lambda c: c.consignor.address or c.consignor.city,
    ),
    "consignee.name": (
        f"{_GOODS}/ConsigneeSPSParty/Name",
        "the consignee",
        lambda c: c.consignee.name,
    ),
    "consignee.address": (
        f"{_GOODS}/ConsigneeSPSParty/SpecifiedSPSAddress",
        "the address of the consignee",
        lambda c: c.consignee.address or c.consignee.city,
    ),
    "entry_point": (
        f"{_GOODS}/UnloadingBaseportSPSLocation",
        "the point of entry",
        lambda c: c.entry_point,
    ),
    "transport": (
        f"{_GOODS}/MainCarriageSPSTransportMovement",
        "the means of conveyance",
        lambda c: c.transports,
    ),
    "lines": (_LINE, "the goods", lambda c: c.lines),
    "lines.description": (
        f"{_LINE}/Description",
        "the description of the goods",
        _each(lambda line: line.description),
    ),
    "lines.botanical_name": (
        f"{_LINE}/ScientificName",
        "the scientific name",
        _each(lambda line: line.botanical_name),
    ),
    "lines.hs": (
        f"{_LINE}/ApplicableSPSClassification",
        "the HS code",
        _each(lambda line: line.hs),
    ),
    "lines.origin": (
        f"{_LINE}/OriginSPSCountry",
        "the place of origin",
        _each(lambda line: line.origins),
    ),
    "lines.packages": (
        f"{_LINE}/PhysicalSPSPackage",
        "number and kind of packages",
        _each(lambda line: line.packagings or line.packages_in_words),
    ),
    "lines.original_certificate": (
        f"{_LINE}/AdditionalInformationSPSNote",
        "the original certificate of goods that are re-exported (RPCRF)",
        _each(lambda line: line.original_certificate),
    ),
    "signatory": (
        f"{_HEAD}/SignatorySPSAuthentication",
        "the signatory",
        _any_signs(lambda signatory: signatory.officer or signatory.authority.name),
    ),
    "signatory.officer": (
        f"{_HEAD}/SignatorySPSAuthentication/ProviderSPSParty/SpecifiedSPSPerson/Name",
        "the name of the officer",
        _any_signs(lambda signatory: signatory.officer),
    ),
    "signatory.place": (
        f"{_HEAD}/SignatorySPSAuthentication/IssueSPSLocation/Name",
        "the place of issue",
        _any_signs(lambda signatory: signatory.place),
    ),
    "signatory.statement": (
        f"{_HEAD}/SignatorySPSAuthentication/IncludedSPSClause/Content",
        "the certifying statement",
        _any_signs(lambda signatory: signatory.statements),
    ),
}
