"""The Hub's wire types: headers, envelopes, authorities, reference data, in the WSDL's order.

Three schemas say whether an element is qualified: those of the entities are, those inside the
reference data are not, and operations qualify theirs in the Hub's own namespace.
"""

from __future__ import annotations

from typing import Any, Final

from clearway.connectors.ippc_hub import model
from clearway.connectors.ippc_hub.formats.shapes import (
    ACKNOWLEDGEMENT,
    CERTIFICATE,
    ENTITIES,
    HUB,
    Part,
    Shape,
    Simple,
)

_TEXT, _INT, _TRUTH, _INSTANT = Simple.TEXT, Simple.INT, Simple.TRUTH, Simple.INSTANT


def _entity(name: str, field: str, kind: Simple | Shape = _TEXT, **more: Any) -> Part:
    return Part(name, field, kind, ENTITIES, **more)


def _plain(name: str, field: str, kind: Simple | Shape = _TEXT, **more: Any) -> Part:
    return Part(name, field, kind, "", **more)


def _attribute(name: str, field: str, kind: Simple = _TEXT, **more: Any) -> Part:
    return Part(name, field, kind, "", is_attribute=True, **more)


FORWARDING: Final = Shape(
    ENTITIES,
    "EnvelopeForwarding",
    model.Forwarding,
    (_entity("Code", "code", is_needed=True), _entity("HubDeliveryNumber", "hub_number")),
)

_HEADER: Final = (
    _entity("From", "from_", is_needed=True),
    _entity("To", "to", is_needed=True),
    _entity("CertificateType", "certificate_type", _INT, is_needed=True),
    _entity("CertificateStatus", "certificate_status", _INT, is_needed=True),
    _entity("NPPOCertificateNumber", "nppo_number", is_needed=True),
    _entity("hubDeliveryNumber", "hub_number"),
    _entity("HUBTrackingInfo", "tracking"),  # a string in the header, not the enumeration
    _entity("hubDeliveryErrorMessage", "error"),
    _entity(
        "Forwardings",
        "forwardings",
        FORWARDING,
        item="EnvelopeForwarding",
        array="ArrayOfEnvelopeForwarding",
    ),
)
HEADER: Final = Shape(ENTITIES, "EnvelopeHeader", model.Header, _HEADER)
ENVELOPE: Final = Shape(
    ENTITIES, "Envelope", model.Envelope, (*_HEADER, _entity("Content", "content")), HEADER
)
PHYTO_ENVELOPE: Final = Shape(
    ENTITIES,
    "ePhytoEnvelope",
    model.PhytoEnvelope,
    (*_HEADER, Part("SPSCertificate", "certificate", Simple.DOCUMENT, CERTIFICATE)),
    HEADER,
)
RESPONSE_ENVELOPE: Final = Shape(
    ENTITIES,
    "CountryResponseEnvelope",
    model.ResponseEnvelope,
    (*_HEADER, Part("SPSAcknowledgement", "acknowledgement", Simple.DOCUMENT, ACKNOWLEDGEMENT)),
    HEADER,
)

_CODE = (_attribute("number", "number", _INT, is_needed=True), _attribute("value", "value"))
CERTIFICATE_TYPE: Final = Shape(HUB, "certificateType", model.CodeValue, _CODE)
CERTIFICATE_STATUS: Final = Shape(HUB, "certificateStatus", model.CodeValue, _CODE)
ALLOWED_DOCUMENT: Final = Shape(
    HUB,
    "allowedDocument",
    model.AllowedDocument,
    (
        _plain("certificateType", "type", CERTIFICATE_TYPE),
        _plain("certificateStatus", "status", CERTIFICATE_STATUS),
        _attribute("active", "is_active", _TRUTH, is_needed=True),
    ),
)
SIGNING_CERTIFICATE: Final = Shape(
    HUB,
    "signingCertificate",
    model.SigningCertificate,
    (_plain("dn", "dn"), _plain("certificate", "certificate")),
)
CHANNEL_RULE: Final = Shape(
    HUB,
    "channelRule",
    model.ChannelRule,
    (
        _attribute("id", "id", _INT, is_needed=True),
        _attribute("active", "is_active", _TRUTH, is_needed=True),
        _attribute("ruleType", "kind"),
        _attribute("certificateType", "certificate_type", _INT, is_needed=True),
        _attribute("certificateStatus", "certificate_status", _INT, is_needed=True),
        _attribute("countryCode", "country"),
        _attribute("direction", "direction"),
    ),
)
NPPO: Final = Shape(
    ENTITIES,
    "Nppo",
    model.Nppo,
    (
        _entity("Country", "country"),
        _entity("Receive", "receives"),
        _entity("Send", "sends"),
        _entity("AllowedDocument", "allowed", ALLOWED_DOCUMENT, is_many=True),
        _entity("Signature", "signature", SIGNING_CERTIFICATE),
        _entity(
            "ChannelRules",
            "channel_rules",
            CHANNEL_RULE,
            item="ChannelRule",
            array="ArrayOfChannelRules",
        ),
    ),
)
CHANNEL: Final = Shape(
    ENTITIES,
    "Channel",
    model.Channel,
    (
        _entity("Code", "code"),
        _entity("Name", "name"),
        _attribute("Receive", "receives", _TRUTH, is_needed=True),
        _attribute("Send", "sends", _TRUTH, is_needed=True),
    ),
)
VALIDATION_RESULT: Final = Shape(
    HUB,
    "validationResult",
    model.ValidationResult,
    (
        _plain("area", "area"),
        _plain("field", "field"),
        _plain("level", "level"),
        _plain("msg", "message"),
    ),
)

_ACTIVE = _plain("active", "is_active", _TRUTH, is_needed=True)
_WHEN = (
    _plain("lastModified", "modified_at", _INSTANT),
    _plain("lastModifiedBy", "modified_by"),
)
_LANGUAGE = _plain("lang", "language")
_CODED = _plain("code", "code")


def _datum(name: str, build: Any, *parts: Part) -> Shape:
    return Shape(HUB, name, build, (_ACTIVE, *parts))


ADDITIONAL_DECLARATION: Final = _datum(
    "additionalDeclaration",
    model.AdditionalDeclaration,
    _plain("additionalCode", "additional_code"),
    _CODED,
    _LANGUAGE,
    *_WHEN,
    _plain("optionalText", "optional_text"),
    _plain("text", "text"),
)
TREATMENT_TYPE: Final = _datum(
    "treatmentType",
    model.TreatmentType,
    _CODED,
    _plain("description", "description"),
    _LANGUAGE,
    *_WHEN,
    _plain("level", "level", _INT, is_needed=True),
    _plain("parentCode", "parent_code"),
)
_NAMED = (_CODED, _LANGUAGE, *_WHEN, _plain("name", "name"))
INTENDED_USE: Final = _datum("intendedUse", model.NamedCode, *_NAMED)
CONDITION: Final = _datum("condition", model.NamedCode, *_NAMED)
PRODUCT_DESCRIPTION: Final = _datum("productDescription", model.NamedCode, *_NAMED)
PACKAGE_TYPE: Final = _datum(
    "packageType",
    model.DescribedCode,
    _CODED,
    _plain("description", "description"),
    _LANGUAGE,
    *_WHEN,
)
PESTICIDE: Final = _datum(
    "pesticide", model.Pesticide, _CODED, _plain("description", "description"), *_WHEN
)
UNIT_MEASURE: Final = _datum(
    "unitMeasure",
    model.UnitMeasure,
    _CODED,
    *_WHEN,
    _plain("name", "name"),
    _plain("symbol", "symbol"),
    _plain("type", "kind"),
)
MEAN_OF_TRANSPORT: Final = _datum(
    "meanOfTransport",
    model.MeanOfTransport,
    _LANGUAGE,
    *_WHEN,
    _plain("modeCode", "mode", _INT),
    _plain("usedTransportMean", "means"),
)
STATEMENT: Final = _datum(
    "statement",
    model.Statement,
    _CODED,
    _plain("docTypeOnly", "document_type", _INT, is_needed=True),
    _LANGUAGE,
    *_WHEN,
    _plain("text", "text"),
)
