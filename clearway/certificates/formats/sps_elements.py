"""SPSCertificate:17 as a tree: which elements stand in which, and in what order.

The one table serves the reader, which remarks on what differs, and the writer, which emits nothing
else. Source: types of the ePhyto Hub's service description (SPSCertificate:17, RABIE:21, UDT:21,
UN/CEFACT D17A).
"""

from __future__ import annotations

from typing import Final

RSM: Final = "urn:un:unece:uncefact:data:standard:SPSCertificate:17"
RAM: Final = "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:21"
UDT: Final = "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:21"
SIGNATURE: Final = "http://www.w3.org/2000/09/xmldsig#"

_NOTE = "Subject ContentCode Content SubjectCode"
_PARTY = "ID Name RoleCode TypeCode SpecifiedSPSAddress SpecifiedSPSPerson"
_LOCATION = "ID Name"
_COUNTRY = "ID Name SubordinateSPSCountrySubDivision"
_EQUIPMENT = "ID AffixedSPSSeal"
_TIME = "DateTimeString DateTime"

_ORDER: Final = {
    "SPSCertificate": "SPSExchangedDocument SPSConsignment",
    "SPSExchangedDocument": (
        "Name ID Description TypeCode StatusCode IssueDateTime CopyIndicator IssuerSPSParty"
        " RecipientSPSParty IncludedSPSNote ReferenceSPSReferencedDocument"
        " SignatorySPSAuthentication"
    ),
    "SignatorySPSAuthentication": (
        "TypeCode ActualDateTime IssueSPSLocation ProviderSPSParty LocationProviderSPSParty"
        " IncludedSPSClause"
    ),
    "IncludedSPSClause": "ID Content",
    "ReferenceSPSReferencedDocument": (
        "IssueDateTime TypeCode RelationshipTypeCode ID AttachmentBinaryObject Information"
    ),
    "SpecifiedSPSAddress": (
        "PostcodeCode LineOne LineTwo LineThree LineFour LineFive CityName CountryID CountryName"
        " CountrySubDivisionName"
    ),
    "SpecifiedSPSPerson": "Name",
    "SubordinateSPSCountrySubDivision": "ID Name HierarchicalLevelCode",
    "SPSConsignment": (
        "ID AvailabilityDueDateTime ExportExitDateTime ConsignorSPSParty ConsigneeSPSParty"
        " ExportSPSCountry ReExportSPSCountry LoadingBaseportSPSLocation ImportSPSCountry"
        " TransitSPSCountry UnloadingBaseportSPSLocation ExaminationSPSEvent"
        " MainCarriageSPSTransportMovement UtilizedSPSTransportEquipment"
        " IncludedSPSConsignmentItem"
    ),
    "ExaminationSPSEvent": "OccurrenceSPSLocation",
    "MainCarriageSPSTransportMovement": "ID ModeCode UsedSPSTransportMeans",
    "UsedSPSTransportMeans": "Name",
    "AffixedSPSSeal": "ID",
    "IncludedSPSConsignmentItem": "NatureIdentificationSPSCargo IncludedSPSTradeLineItem",
    "NatureIdentificationSPSCargo": "TypeCode",
    "IncludedSPSTradeLineItem": (
        "SequenceNumeric Description CommonName ScientificName ProductionBatchID IntendedUse"
        " ExpiryDateTime NetWeightMeasure GrossWeightMeasure NetVolumeMeasure GrossVolumeMeasure"
        " AdditionalInformationSPSNote ApplicableSPSClassification PhysicalSPSPackage"
        " AssociatedSPSTransportEquipment OriginSPSCountry OriginSPSLocation AppliedSPSProcess"
    ),
    "ApplicableSPSClassification": "SystemID SystemName ClassCode ClassName",
    "PhysicalSPSPackage": "LevelCode TypeCode ItemQuantity",
    "AppliedSPSProcess": "TypeCode CompletionSPSPeriod ApplicableSPSProcessCharacteristic",
    "CompletionSPSPeriod": "StartDateTime EndDateTime DurationMeasure",
    "ApplicableSPSProcessCharacteristic": "Description ValueMeasure",
    **dict.fromkeys(("IncludedSPSNote", "AdditionalInformationSPSNote"), _NOTE),
    **dict.fromkeys(
        ("UtilizedSPSTransportEquipment", "AssociatedSPSTransportEquipment"), _EQUIPMENT
    ),
    **dict.fromkeys(
        (
            "IssuerSPSParty",
            "RecipientSPSParty",
            "ProviderSPSParty",
            "LocationProviderSPSParty",
            "ConsignorSPSParty",
            "ConsigneeSPSParty",
        ),
        _PARTY,
    ),
    **dict.fromkeys(
        (
            "IssueSPSLocation",
            "LoadingBaseportSPSLocation",
            "UnloadingBaseportSPSLocation",
            "OccurrenceSPSLocation",
            "OriginSPSLocation",
        ),
        _LOCATION,
    ),
    **dict.fromkeys(
        (
            "ExportSPSCountry",
            "ReExportSPSCountry",
            "ImportSPSCountry",
            "TransitSPSCountry",
            "OriginSPSCountry",
        ),
        _COUNTRY,
    ),
    **dict.fromkeys(
        (
            "IssueDateTime",
            "ActualDateTime",
            "AvailabilityDueDateTime",
            "ExportExitDateTime",
            "ExpiryDateTime",
            "StartDateTime",
            "EndDateTime",
        ),
        _TIME,
    ),
}

# element -> child -> its place. An element that is not here holds a value.
PLACES: Final[dict[str, dict[str, int]]] = {
    element: {child: place for place, child in enumerate(children.split())}
    for element, children in _ORDER.items()
}

# In the schema, but not in our model: they stay in the original message.
NOT_CARRIED: Final = frozenset(
    {
        "CopyIndicator",
        "RecipientSPSParty",
        "LocationProviderSPSParty",
        "AvailabilityDueDateTime",
        "ExportExitDateTime",
        "ReExportSPSCountry",
        "NatureIdentificationSPSCargo",
        "ExpiryDateTime",
        "OriginSPSLocation",
        "SubjectCode",
    }
)
