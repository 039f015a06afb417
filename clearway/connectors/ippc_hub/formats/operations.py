"""The 27 operations: what each takes and gives, and under which SOAPAction it is called.

What an operation takes or gives is one value when it has one part, None when it has none, and a
`Receipt` for the two acknowledgements that have two.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from clearway.connectors.ippc_hub.formats import types
from clearway.connectors.ippc_hub.formats.shapes import Part, Shape, Simple

_ACTIONS: Final = "http://ephyto.ippc.int/IDeliveryService/"


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the service.

    Args:
        name: of the request's element; the response's adds `Response`.
        takes, gives: the parts of both.
        action: last part of the SOAPAction; "": the name.
        response_part: in what the answer stands.
    """

    name: str
    takes: tuple[Part, ...]
    gives: tuple[Part, ...]
    action: str = ""

    @property
    def soap_action(self) -> str:
        """The SOAPAction, without quotes."""
        return _ACTIONS + (self.action or self.name)


def _one(name: str, kind: Simple | Shape = Simple.TEXT, *, needed: bool = True) -> Part:
    return Part(name, "value", kind, is_needed=needed)


def _array(name: str, kind: Shape, item: str, array: str) -> tuple[Part, ...]:
    return (Part(name, "value", kind, is_needed=True, item=item, array=array),)


def _list(name: str, item: str, kind: Shape) -> Operation:
    return Operation(name, (), (Part(item, "value", kind, is_many=True),))


def _headers(name: str) -> tuple[Part, ...]:
    return _array(name, types.HEADER, "EnvelopeHeader", "ArrayOfEnvelopeHeader")


_NUMBER = _one("hubTrackingNumber")
_RETURN = (_one("return", needed=False),)


def _delivers(name: str, part: Part) -> Operation:
    return Operation(name, (part,), (_one(f"{name}Result", types.HEADER, needed=False),))


def _receipt(name: str, message: str, action: str = "") -> Operation:
    parts = (
        Part("hubTrackingNumber", "hub_number", Simple.TEXT, is_needed=True),
        Part(message, "message", Simple.TEXT, is_needed=True),
    )
    return Operation(name, parts, _RETURN, action)


OPERATIONS: Final = (
    _delivers("DeliverEnvelope", _one("env", types.ENVELOPE)),
    _delivers("ValidateAndDeliverEnvelope", _one("envelope", types.ENVELOPE)),
    _delivers("DeliverPhytoEnvelope", _one("ePhytoEnvelope", types.PHYTO_ENVELOPE)),
    _delivers(
        "DeliverCountryResponseEnvelope", _one("CountryResponseEnvelope", types.RESPONSE_ENVELOPE)
    ),
    Operation(
        "ValidatePhytoXML",
        (_one("ePhytoXML"),),
        (Part("ValidationResult", "value", types.VALIDATION_RESULT, is_many=True),),
    ),
    Operation(
        "GetEnvelopeTrackingInfo",
        (_NUMBER,),
        (_one("GetEnvelopeTrackingInfoResult", types.HEADER, needed=False),),
    ),
    Operation("GetUnderDeliveryEnvelope", (), _headers("GetUnderDeliveryEnvelopeResult")),
    Operation("SetTrackingInfoUpdate", (_one("header", types.HEADER),), ()),
    Operation(
        "GetImportEnvelopeHeaders",
        (_one("countryCode", needed=False),),
        _headers("GetImportEnvelopeHeadersResult"),
    ),
    Operation(
        "PULLSingleImportEnvelope",
        (_NUMBER,),
        (_one("PULLSingleImportEnvelopeResult", types.ENVELOPE, needed=False),),
    ),
    Operation(
        "PULLImportEnvelope",
        (),
        _array("PULLImportEnvelopesResult", types.ENVELOPE, "Envelope", "ArrayOfEnvelope"),
    ),
    Operation("AcknowledgeEnvelopeReceipt", (_NUMBER,), ()),
    # Its SOAPAction bears the name that it had once.
    _receipt(
        "AdvancedAcknowledgeEnvelopeReceipt",
        "warningMessage",
        "NegativeAcknowledgeEnvelopeReceipt",
    ),
    _receipt("AcknowledgeFailedEnvelopeReceipt", "message"),
    Operation(
        "GetActiveNppos", (), _array("GetActiveNpposResult", types.NPPO, "Nppo", "ArrayOfNppo")
    ),
    Operation("GetProfile", (), (_one("GetProfileResult", types.NPPO, needed=False),)),
    Operation(
        "GetAvailableChannels",
        (),
        _array("GetAvailableChannelsResult", types.CHANNEL, "Channel", "ArrayOfChannels"),
    ),
    _list("GetTreatmentTypes", "TreatmentType", types.TREATMENT_TYPE),
    _list("GetAdditionalDeclarations", "AdditionalDeclaration", types.ADDITIONAL_DECLARATION),
    _list("GetStatements", "Statement", types.STATEMENT),
    _list("GetUnitMeasures", "UnitMeasure", types.UNIT_MEASURE),
    _list("GetPackageTypes", "PackageType", types.PACKAGE_TYPE),
    _list("GetConditions", "Condition", types.CONDITION),
    _list("GetIntendedUses", "IntendedUse", types.INTENDED_USE),
    _list("GetProductDescriptions", "ProductDescription", types.PRODUCT_DESCRIPTION),
    _list("GetPesticides", "Pesticide", types.PESTICIDE),
    _list("GetMeanOfTransports", "MeanOfTransport", types.MEAN_OF_TRANSPORT),
)
BY_NAME: Final = {operation.name: operation for operation in OPERATIONS}
