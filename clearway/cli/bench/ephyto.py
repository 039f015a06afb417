"""An authority and its certificates of three lines, for the bench alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final

from clearway.certificates.claims import Place
from clearway.certificates.formats import seal, seal_text, sps_certificate, status_list
from clearway.certificates.formats.profile import profile_of
from clearway.certificates.model import Certificate, CertificateLine, Status
from clearway.certificates.parts import (
    Classification,
    Equipment,
    Location,
    Origin,
    Packaging,
    Party,
    Signatory,
    Stated,
    Text,
    Transport,
    Treatment,
)
from clearway.certificates.status import State, StatusList
from clearway.certificates.trust.model import TrustList
from clearway.node.authority import Authority, open_authority
from clearway.node.files import Folder
from clearway.terms.goods import HsPrefix
from clearway.terms.period import Period
from clearway.terms.places import Country
from clearway.terms.quantity import Quantity, UnitCode, kilograms

NOW: Final = datetime(2026, 3, 14, 15, 12, tzinfo=UTC)
COUNTRY: Final = Country("EC")
KIND: Final = "851"
_NAME: Final = "Plant Protection Organization of Ecuador"
_PROFILE: Final = profile_of(KIND)
_LISTED: Final = Place("S1", 4711)
_SECRET: Final = bytes(16)
_DAY: Final = timedelta(days=1)
_GOODS: Final = (
    ("080440", "Avocados, fresh", "Persea americana"),
    ("080390", "Bananas, fresh", "Musa acuminata"),
    ("080450", "Mangoes, fresh", "Mangifera indica"),
)


def _line(number: int, code: str, name: str, species: str) -> CertificateLine:
    cold = Treatment(
        type="CT",
        temperature=Quantity(Decimal("1.1"), UnitCode("CEL")),
        duration=Quantity(Decimal(14), UnitCode("DAY")),
        started=Stated.instant(NOW - 20 * _DAY),
        ended=Stated.instant(NOW - 6 * _DAY),
    )
    return CertificateLine(
        number=number,
        hs=(HsPrefix(code),),
        descriptions=(Text(name, "en"),),
        scientific_names=(Text(species),),
        intended_uses=(Text("Human consumption", "en"),),
        net_mass=kilograms("18000.50"),
        gross_mass=kilograms("19250.00"),
        packagings=(Packaging("1", "CT", Decimal(1_500)),),
        classifications=(Classification("IPPCPCC", "", "Fresh", "en"),),
        origins=(Origin(COUNTRY, ("Guayas",)),),
        treatments=(cold,),
        notes=(_PROFILE.line_note("additional_declaration", "Free from fruit flies.", "en"),),
    )


def certificate(number: int) -> Certificate:
    """Return the phytosanitary certificate of this number: three lines, a container, treatments."""
    when = Stated.instant(NOW)
    return Certificate(
        number=f"EC-PC-2026-{number:06}",
        type_code=KIND,
        status=Status.ISSUED,
        issuing_country=COUNTRY,
        importing_country=Country("NL"),
        issued=when,
        issuer=Party(_NAME),
        consignor=Party(f"Exporter {number}", address=("Av. 25 de Julio", "Guayaquil")),
        consignee=Party(f"Importer {number}", address=("Quay 12", "Rotterdam")),
        lines=tuple(_line(place, *goods) for place, goods in enumerate(_GOODS, start=1)),
        title=(Text("Phytosanitary certificate", "en"),),
        equipment=(Equipment("CSQU3054383", (f"EC{number:07}",)),),
        entry_point=Location("NLRTM", "Rotterdam"),
        transports=(Transport("1", "611W", "Cape Example"),),
        signatories=(
            Signatory(
                when,
                Location(name="Guayaquil"),
                Party("Office of Guayaquil", person="M. Zambrano"),
                (Text(_PROFILE.issue.statement, "en"),),
            ),
        ),
        notes=(_PROFILE.note("additional_declaration", "Inspected and found free.", "en"),),
    )


@dataclass(frozen=True, slots=True)
class Issued:
    """What an authority gives out.

    Args:
        certificate: read back from the signed document.
        document: the signed document.
        code: text of the QR code.
    """

    certificate: Certificate
    document: bytes
    code: str


@dataclass(frozen=True, slots=True)
class Office:
    """An authority with its keys, and what verifiers abroad hold of it."""

    authority: Authority
    trust_list: TrustList
    statuses: StatusList

    def issue(self, number: int) -> Issued:
        """Write, sign, read back and seal a certificate, as `issuing.preparing` does."""
        document = self.authority.sign(sps_certificate.write(certificate(number)), NOW)
        found, _ = sps_certificate.read(document)
        place = replace(_LISTED, index=number)
        sealed = self.authority.seal(found, place, _SECRET, (NOW + 180 * _DAY).date())
        return Issued(found, document, seal_text.text(sealed))

    def verify(self, code: str) -> str:
        """Return the colour of a code's verdict, from what is at hand offline."""
        return seal.verify(seal.read(code), self.trust_list, (self.statuses,), NOW).colour


def open_office(folder: Path, entropy: Callable[[int], bytes]) -> Office:
    """Return an authority whose keys are made in the folder."""
    authority = open_authority(Folder(folder), _NAME, COUNTRY, entropy, NOW - _DAY)
    valid = Period(NOW - _DAY, NOW + 300 * _DAY)
    trusted = TrustList(
        "Bench", 1, NOW - _DAY, NOW + _DAY,
        (authority.xml_key.trusted(_NAME), authority.seal_key.trusted(_NAME, valid)),
    )  # fmt: skip
    listed = status_list.emit(
        _LISTED.list_id,
        {7: State.WITHDRAWN},
        authority.seal_key,
        issued_at=NOW - timedelta(hours=1),
        next_update=NOW + _DAY,
    )
    return Office(authority, trusted, status_list.verify(listed, trusted, NOW))
