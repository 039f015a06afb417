"""What the rows need of a fact, as plain text, and nothing else.

Our own terms proved themselves when the fact was made; to prove them again would cost more than
all the rest of a projection.
"""

from __future__ import annotations

from datetime import datetime

import msgspec


class Money(msgspec.Struct):
    """An amount."""

    amount: str
    currency: str


class Document(msgspec.Struct):
    """A document that is cited."""

    type: str
    number: str


class Item(msgspec.Struct):
    """A goods item."""

    number: int
    hs: str
    description: str
    origin: str
    net_mass_kg: str
    value: Money
    packages: int
    documents: list[Document]


class Party(msgspec.Struct):
    """A party."""

    id: str | None
    name: str


class Container(msgspec.Struct):
    """A container."""

    number: str


class Finding(msgspec.Struct):
    """The code of a finding."""

    code: str


class Declaration(msgspec.Struct):
    """What the rows hold of a declaration."""

    kind: str
    additional_type: str
    lrn: str
    ucr: str | None
    declarant: Party
    importer: Party
    exporter: Party | None
    representative: Party | None
    office: str
    vessel: str
    arrival_expected_at: datetime | None
    country_of_dispatch: str
    invoice: Money
    gross_mass_kg: str
    packages: int
    items: list[Item]
    containers: list[Container]
    documents: list[Document]


class Lodging(msgspec.Struct):
    """A fact that brings a whole declaration, and findings on it, both kept as they stand."""

    mrn: str
    declaration: msgspec.Raw
    findings: msgspec.Raw
    digest: bytes
    version: int = 1

    def params(self) -> dict[str, str]:
        """Return the values of the notification's text."""
        codes = [finding.code for finding in FINDINGS.decode(self.findings)]
        return {"mrn": self.mrn, "findings": ", ".join(dict.fromkeys(codes)) or "none"}


class Reason(msgspec.Struct):
    """The words of a reason."""

    text: str


class Step(msgspec.Struct):
    """Any other fact of this room: those fields of it that a notification tells."""

    mrn: str
    documents: list[str] = []
    agency: str = ""
    agencies: list[str] = []
    reasons: list[Reason] = []
    reason: str = ""
    key: str = ""

    def params(self) -> dict[str, str]:
        """Return the values of the notification's text."""
        told = {
            "mrn": self.mrn,
            "documents": ", ".join(self.documents),
            "agency": self.agency,
            "agencies": ", ".join(self.agencies),
            "reason": self.reason or " ".join(reason.text for reason in self.reasons),
            "key": self.key,
        }
        return {name: value for name, value in told.items() if value}


LODGING = msgspec.json.Decoder(Lodging)
DECLARATION = msgspec.json.Decoder(Declaration)
FINDINGS = msgspec.json.Decoder(list[Finding])
STEP = msgspec.json.Decoder(Step)
