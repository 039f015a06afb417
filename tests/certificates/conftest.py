"""A certificate of our own making, and what tests need to act on it."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from clearway.certificates.actions.receive import Conflict, Received, receive
from clearway.certificates.formats import sps_certificate
from clearway.certificates.formats.profile import profile_of
from clearway.certificates.intake import examine
from clearway.certificates.model import Certificate, CertificateLine, Channel, Provenance
from clearway.certificates.parts import (
    Classification,
    Equipment,
    Location,
    Origin,
    Packaging,
    Party,
    Precision,
    Signatory,
    Stated,
    Text,
    Transport,
    Treatment,
)
from clearway.certificates.tables import PROJECTIONS
from clearway.ledger import stored
from clearway.ledger.fact import Fact
from clearway.policy.act import Act
from clearway.terms.goods import HsPrefix
from clearway.terms.identifiers import Mrn
from clearway.terms.places import Country
from clearway.terms.quantity import Quantity, UnitCode, kilograms

NOW = datetime(2026, 3, 20, 9, 0, tzinfo=UTC)
US = Country("NL")
HUB = Provenance(Channel.HUB, "EC")
UPLOAD = Provenance(Channel.UPLOAD, "trader:acme")
MRN = Mrn.build(2026, "NL", "0000000000001")
OTHER_MRN = Mrn.build(2026, "NL", "0000000000002")
PHYTO = profile_of("851")

ISSUED = Stated(
    "2026-03-14T10:12:00-05:00", datetime(2026, 3, 14, 15, 12, tzinfo=UTC), Precision.INSTANT
)
DAY = Stated("2026-03-12", datetime(2026, 3, 12, tzinfo=UTC), Precision.DAY)


def heat() -> Treatment:
    return Treatment(
        type="HT",
        temperature=Quantity(Decimal("46.1"), UnitCode("CEL")),
        duration=Quantity(Decimal("3"), UnitCode("HUR")),
        started=DAY,
        ended=DAY,
    )


def line(number: int = 1, **changes: Any) -> CertificateLine:
    """Return a line of 1,000.50 kg of avocados, changed."""
    whole = CertificateLine(
        number=number,
        hs=(HsPrefix("080440"),),
        descriptions=(Text("Avocado"), Text("Aguacate", "es")),
        scientific_names=(Text("Persea americana"),),
        net_mass=kilograms("1000.50"),
        gross_mass=kilograms("1100.00"),
        packagings=(Packaging("1", "CT", Decimal(250)),),
        classifications=(Classification("IPPCPCC", "", "Fresh", "en"),),
        origins=(Origin(Country("EC"), ("Guayas",)),),
        treatments=(heat(),),
        notes=(PHYTO.line_note("additional_declaration", "Free from fruit flies.", "en"),),
    )
    return dataclasses.replace(whole, **changes)


def certificate(**changes: Any) -> Certificate:
    """Return a sound phytosanitary certificate from EC to NL, changed."""
    whole = Certificate(
        number="EC-2026-000123",
        type_code="851",
        status="70",
        issuing_country=Country("EC"),
        importing_country=US,
        issued=ISSUED,
        issuer=Party("Plant Protection Organisation of Ecuador"),
        consignor=Party("Frutas del Sur", address=("Av. 25 de Julio", "Guayaquil")),
        consignee=Party("Harbour Fruit", address=("Quay 12", "Rotterdam")),
        lines=(line(1), line(2, net_mass=kilograms(500), gross_mass=kilograms(550))),
        title=(Text("Phytosanitary certificate"),),
        equipment=(Equipment("CSQU3054383", ("G2382564",)),),
        entry_point=Location("NLRTM", "Rotterdam"),
        transports=(Transport("1", "611W", "Cape Example"),),
        signatories=(
            Signatory(
                ISSUED,
                Location(name="Guayaquil"),
                Party("Office", person="M. Zambrano"),
                (Text("Free from pests."),),
            ),
        ),
        notes=(PHYTO.note("additional_declaration", "Inspected and found free.", "en"),),
    )
    return dataclasses.replace(whole, **changes)


def bare(whole: Certificate) -> Certificate:
    """Return it without digests, which depend on the bytes."""
    return dataclasses.replace(whole, digest="", content_digest="")


class FactDesk:
    """A store whose certificates follow their facts, and which keeps the facts as the log does."""

    def __init__(self, store: Any) -> None:
        self.store = store
        self.engine = store.engine
        self.seen: list[Fact] = []
        store.now = NOW

    @property
    def now(self) -> datetime:
        return self.store.now

    def act(self, action: Callable[..., Any], *arguments: Any) -> Any:
        def kept(act: Act, *given: Any) -> Any:
            result = action(act, *given)
            nothing = [b""] * len(act.tx.facts)
            if act.tx.facts:
                stored.insert_facts(act.connection, act.tx.facts, nothing, nothing)
            self.seen += act.tx.facts
            return result

        return self.store.act(kept, *arguments)


@pytest.fixture
def desk(store: Callable[..., Any]) -> FactDesk:
    return FactDesk(store(PROJECTIONS))


def take(desk: Any, what: Certificate | bytes, provenance: Provenance = HUB) -> Received | Conflict:
    """Send one message through the door: examined outside, received inside the transaction."""
    original = what if isinstance(what, bytes) else sps_certificate.write(what)
    examined = examine(original, provenance, country=US, now=desk.now)
    outcome: Received | Conflict = desk.act(
        receive, examined.certificate, examined.findings, original, provenance
    )
    return outcome


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
