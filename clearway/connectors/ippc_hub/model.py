"""What travels by the Hub: envelopes, headers, what a country can take, and reference data.

The words are those of the Hub's WSDL: an *envelope* carries one certificate from one authority
(NPPO) to another; its *header* is all but the content. Types are UNECE 1001, statuses UNECE 4405.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias


class Tracking(StrEnum):
    """How far an envelope came (HUBTrackingInfo)."""

    PENDING = "PendingDelivery"
    DELIVERED = "Delivered"
    WITH_WARNINGS = "DeliveredWithWarnings"
    NOT_READABLE = "DeliveredNotReadable"
    FAILED = "FailedDelivery"
    NOT_EXISTS = "EnvelopeNotExists"


@dataclass(frozen=True, slots=True)
class Forwarding:
    """Another country that gets a copy, such as one of transit.

    Args:
        code: of the country.
        hub_number: of its copy; the hub fills it in.
    """

    code: str
    hub_number: str = ""


@dataclass(frozen=True, slots=True)
class Header:
    """An envelope without its content.

    Args:
        from_, to: ISO 3166 codes of the authorities' countries.
        certificate_type: UNECE 1001, such as 851.
        certificate_status: UNECE 4405, such as 70.
        nppo_number: the certificate's number as its authority writes it.
        hub_number: the hub's own number (hubDeliveryNumber); "" before delivery.
        tracking: a `Tracking`, or whatever another hub says; the wire type is a string.
        error: why it was not delivered, or what the receiver warns of; for people.
        forwardings: further countries that get a copy.
    """

    from_: str
    to: str
    certificate_type: int
    certificate_status: int
    nppo_number: str
    hub_number: str = ""
    tracking: str = ""
    error: str = ""
    forwardings: tuple[Forwarding, ...] = ()


@dataclass(frozen=True, slots=True)
class Envelope(Header):
    """A header with its content: the certificate's XML as text, plain or in base64."""

    content: str = ""


@dataclass(frozen=True, slots=True)
class PhytoEnvelope(Header):
    """A header with the certificate as elements.

    Args:
        certificate: the SPSCertificate in exclusive canonical form; empty: there was none.
    """

    certificate: bytes = b""


@dataclass(frozen=True, slots=True)
class ResponseEnvelope(Header):
    """A header with the importing country's answer to the exporting one.

    Args:
        acknowledgement: the SPSAcknowledgement in exclusive canonical form.
    """

    acknowledgement: bytes = b""


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receiver's word on one envelope: a warning, or why it cannot be read."""

    hub_number: str
    message: str


@dataclass(frozen=True, slots=True)
class CodeValue:
    """A code of a list with its name, as attributes."""

    number: int
    value: str = ""


@dataclass(frozen=True, slots=True)
class AllowedDocument:
    """One kind of certificate in one status that a country can receive."""

    is_active: bool
    type: CodeValue | None = None
    status: CodeValue | None = None


@dataclass(frozen=True, slots=True)
class SigningCertificate:
    """With what an authority signs: distinguished name, and the certificate in PEM or base64."""

    dn: str = ""
    certificate: str = ""


@dataclass(frozen=True, slots=True)
class ChannelRule:
    """Copies to, or takes for, another country.

    Args:
        kind: FORWARD or DELEGATE. direction: INC or OUT.
        certificate_type, certificate_status: which envelopes.
    """

    id: int
    is_active: bool
    certificate_type: int
    certificate_status: int
    kind: str = ""
    country: str = ""
    direction: str = ""


@dataclass(frozen=True, slots=True)
class Nppo:
    """One authority as the hub tells others of it; `receives` and `sends` are `true` or `false`."""

    country: str = ""
    receives: str = ""
    sends: str = ""
    allowed: tuple[AllowedDocument, ...] = ()
    signature: SigningCertificate | None = None
    channel_rules: tuple[ChannelRule, ...] = ()


@dataclass(frozen=True, slots=True)
class Channel:
    """Another exchange that can be reached through the hub."""

    receives: bool
    sends: bool
    code: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class ValidationResult:
    """One finding on a certificate, in the Hub's terms.

    Args:
        area: MandatoryElements, Mapping or Schema.
        level: SEVERE, WARNING or INFO.
    """

    area: str = ""
    field: str = ""
    level: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class AdditionalDeclaration:
    """An official statement that an importing country may demand."""

    is_active: bool
    additional_code: str = ""
    code: str = ""
    language: str = ""
    modified_at: datetime | None = None
    modified_by: str = ""
    optional_text: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class TreatmentType:
    """A kind of treatment; those of level 2 name the one of level 1 above them."""

    is_active: bool
    level: int
    code: str = ""
    description: str = ""
    language: str = ""
    modified_at: datetime | None = None
    modified_by: str = ""
    parent_code: str = ""


@dataclass(frozen=True, slots=True)
class NamedCode:
    """A code with its name: an intended use, a condition, a product description."""

    is_active: bool
    code: str = ""
    language: str = ""
    modified_at: datetime | None = None
    modified_by: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class DescribedCode:
    """A code with its description: a kind of package (UN/ECE Recommendation 21)."""

    is_active: bool
    code: str = ""
    description: str = ""
    language: str = ""
    modified_at: datetime | None = None
    modified_by: str = ""


@dataclass(frozen=True, slots=True)
class Pesticide:
    """A chemical used in treatments."""

    is_active: bool
    code: str = ""
    description: str = ""
    modified_at: datetime | None = None
    modified_by: str = ""


@dataclass(frozen=True, slots=True)
class UnitMeasure:
    """A unit (UN/ECE Recommendation 20); `kind` is WEIGHT, VOLUME, DURATION ..."""

    is_active: bool
    code: str = ""
    modified_at: datetime | None = None
    modified_by: str = ""
    name: str = ""
    symbol: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class MeanOfTransport:
    """A mode of transport (UN/ECE Recommendation 19) and a means of it."""

    is_active: bool
    language: str = ""
    modified_at: datetime | None = None
    modified_by: str = ""
    mode: int | None = None
    means: str = ""


@dataclass(frozen=True, slots=True)
class Statement:
    """What an authority certifies; `document_type` is the kind that bears it, 0 for any."""

    is_active: bool
    document_type: int
    code: str = ""
    language: str = ""
    modified_at: datetime | None = None
    modified_by: str = ""
    text: str = ""


ReferenceDatum: TypeAlias = (
    AdditionalDeclaration
    | TreatmentType
    | NamedCode
    | DescribedCode
    | Pesticide
    | UnitMeasure
    | MeanOfTransport
    | Statement
)
