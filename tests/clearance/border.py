"""A border on a real database, with every room's tables and the policy that runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any

from sqlalchemy import Engine, insert

from clearway.certificates import parts
from clearway.certificates.actions.receive import Received as Filed
from clearway.certificates.model import Certificate, CertificateLine, Channel, Provenance
from clearway.clearance import tables
from clearway.clearance.actions.receive_certificate import receive_certificate
from clearway.clearance.actions.receive_declaration import Received, receive_declaration
from clearway.clearance.actions.record_arrival import ContainerArrived, record_arrival
from clearway.clearance.facts import Decided
from clearway.clearance.intake import prepare
from clearway.clearance.model import Conformity, Discrepancy, Result
from clearway.clearance.record import Consignment
from clearway.declarations.formats import json
from clearway.declarations.model import Container, Declaration, Document, Item, Kind, Party
from clearway.identity.model import Actor, ActorKind, Role
from clearway.ledger import tables as ledger
from clearway.ledger.fact import Fact
from clearway.ledger.transaction import Transaction
from clearway.measures.formats.profile import sample
from clearway.movements.model import Arrival
from clearway.node.rooms import projections
from clearway.policy.act import Act, Policy
from clearway.risk.model import Capacities, Capacity
from clearway.risk.rules import Profiles
from clearway.risk.scoring import rules_only
from clearway.risk.selectivity import Selectivity
from clearway.terms.goods import HsCode, HsPrefix
from clearway.terms.identifiers import Lrn, Mrn, PartyId
from clearway.terms.money import Currency, Money
from clearway.terms.places import Country
from clearway.terms.quantity import kilograms
from clearway.terms.transport import ContainerNumber, SealNumber

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
BROKER, IMPORTER = PartyId("KEP051234567Z"), PartyId("KEP059999999Z")
BOX = ContainerNumber("CSQU3054383")
USD = Currency("USD")
TRADER = Actor(
    ActorKind.TRADER,
    "broker",
    "customs",
    frozenset({Role.BROKER}),
    party=str(BROKER),
    represents=frozenset({str(BROKER), str(IMPORTER)}),
)
OFFICER = Actor(ActorKind.OFFICER, "amina", "customs", frozenset({Role.CUSTOMS_OFFICER}))
INSPECTOR = Actor(
    ActorKind.OFFICER, "juma", "plant_health", frozenset({Role.PLANT_HEALTH_INSPECTOR})
)
TERMINAL = Actor(ActorKind.TRADER, "berth5", "customs", frozenset({Role.TERMINAL}))
WORKER = Actor(ActorKind.SYSTEM, "mail", "customs", frozenset({Role.WORKER}))

NOBODY_DRAWN, DRAWN = 0.99, 0.0
HUB = Provenance(Channel.HUB, "EC")


def selectivity(red: int = 20) -> Selectivity:
    """Return rules only: nothing is selected but by the draw (below 0.05) and by law."""
    capacity = Capacity(red=red, random_share=0.05, usual_arrivals=10)
    return Selectivity(rules_only(), Profiles(()), Capacities(capacity))


def item(number: int = 1, **changed: Any) -> Item:
    values: dict[str, Any] = {
        "number": number,
        "hs": HsCode("080390"),
        "description": "Fresh Cavendish bananas",
        "origin": Country("EC"),
        "procedure": "4000",
        "net_mass_kg": Decimal("10000"),
        "gross_mass_kg": Decimal("10500"),
        "value": Money(Decimal("8400.00"), USD),
        "statistical_value": Money(Decimal("8400.00"), USD),
        "packages": 540,
        "preference": "100",
        "containers": (BOX,),
        "documents": (Document("N851", "EC-2026-17", Country("EC")),),
    }
    return Item(**values | changed)


def bananas(**changed: Any) -> Declaration:
    values: dict[str, Any] = {
        "kind": Kind.IMPORT,
        "lrn": Lrn("B-2026-17"),
        "declarant": Party(BROKER, "Broker Ltd", Country("KE")),
        "importer": Party(IMPORTER, "Kenya Fruit Importers Ltd", Country("KE"), "1 Moi Avenue"),
        "exporter": Party(None, "Bananeros SA", Country("EC"), "Av. 9", "Guayaquil"),
        "representative_status": "2",
        "office": "KEMBA",
        "goods_location": "KEAUMBABERTH5",
        "transport_mode": "1",
        "vessel": "MSC AURORA",
        "arrival_expected_at": NOON + timedelta(days=2),
        "country_of_dispatch": Country("EC"),
        "country_of_destination": Country("KE"),
        "invoice": Money(Decimal("8400.00"), USD),
        "gross_mass_kg": Decimal("10500"),
        "packages": 540,
        "items": (item(),),
        "containers": (Container(BOX, (SealNumber("EC-4711"),)),),
        "incoterm": "CIF",
        "incoterm_place": "KEMBA",
    }
    return Declaration(**values | changed)


def machines(**changed: Any) -> Declaration:
    """Goods that need nothing."""
    goods = item(
        hs=HsCode("847989"), description="Packing machines", documents=(), origin=Country("DE")
    )
    values: dict[str, Any] = {
        "items": (goods,),
        "country_of_dispatch": Country("DE"),
        "exporter": Party(None, "Maschinenbau GmbH", Country("DE"), "Weg 1", "Kiel"),
    }
    return bananas(**values | changed)


def certificate(number: str = "EC-2026-17", **changed: Any) -> Certificate:
    line = CertificateLine(
        1,
        hs=(HsPrefix("080390"),),
        descriptions=(parts.Text("Bananas"),),
        scientific_names=(parts.Text("Musa acuminata"),),
        net_mass=kilograms(10000),
        origins=(parts.Origin(Country("EC")),),
        packagings=(parts.Packaging("1", "CT", Decimal(540)),),
    )
    values: dict[str, Any] = {
        "number": number,
        "type_code": "851",
        "status": "70",
        "issuing_country": Country("EC"),
        "importing_country": Country("KE"),
        "issued": parts.Stated.instant(NOON - timedelta(days=10)),
        "issuer": parts.Party("Agrocalidad", country=Country("EC")),
        "consignor": parts.Party("BANANEROS S.A."),
        "consignee": parts.Party("KENYA FRUIT IMPORTERS"),
        "lines": (line,),
        "equipment": (parts.Equipment(str(BOX), ("EC-4711",)),),
    }
    values |= changed
    return Certificate(**values)


def result(
    agency: str,
    at: datetime,
    *kinds: str,
    took_h: float = 1.0,
    extra_revenue: Money | None = None,
) -> Result:
    found = tuple(Discrepancy(kind, 1, f"It is {kind.replace('_', ' ')}.") for kind in kinds)
    outcome = Conformity.NOT_CONFORM if kinds else Conformity.CONFORM
    started = at - timedelta(hours=took_h)
    return Result(agency, outcome, found, extra_revenue, started, at)


@dataclass
class Border:
    """Runs actions one transaction each; its clock moves by hand."""

    engine: Engine
    policy: Policy
    now: datetime = NOON
    next_seq: int = 0
    facts: list[Fact] = field(default_factory=list)

    def act(self, action: Callable[..., Any], *args: Any, actor: Actor = OFFICER, **kw: Any) -> Any:
        with self.engine.begin() as connection:
            tx = Transaction(connection, self.now, self.next_seq, projections())
            done = action(Act(tx, actor, self.policy), *args, **kw)
            for fact in tx.facts:
                values = {name: getattr(fact, name) for name in Fact.__slots__}
                connection.execute(insert(ledger.fact), {**values, "salt": b"", "leaf_hash": b""})
            self.next_seq = tx.next_seq
            self.facts += tx.facts
        return done

    def ask(self, query: Callable[..., Any], *args: Any, **kw: Any) -> Any:
        with self.engine.connect() as connection:
            return query(connection, *args, **kw)

    def wait(self, hours: float) -> datetime:
        self.now += timedelta(hours=hours)
        return self.now

    def lodge(
        self, declaration: Declaration, key: str = "", draw: float = NOBODY_DRAWN, **kw: Any
    ) -> Received:
        message = json.read(json.write(declaration))
        prepared = prepare(message, sample(), self.now)
        received: Received = self.act(
            receive_declaration,
            prepared,
            key,
            draw=draw,
            selectivity=kw.pop("selectivity", selectivity()),
            actor=kw.pop("actor", TRADER),
        )
        return received

    def certify(self, given: Certificate, provenance: Provenance = HUB) -> Filed:
        original = repr(given).encode()
        digest = sha256(original).hexdigest()
        read = replace(given, digest=digest, content_digest=digest)
        filed: Filed = self.act(receive_certificate, read, (), original, provenance, actor=WORKER)
        return filed

    def arrive(self, box: str = BOX, at: datetime | None = None) -> ContainerArrived:
        arrival = Arrival(ContainerNumber(box), "KEMBA", at or self.now, "MSC AURORA")
        arrived: ContainerArrived = self.act(record_arrival, arrival, actor=TERMINAL)
        return arrived

    def consignment(self, mrn: str) -> Consignment:
        found: Consignment = self.ask(tables.get, mrn)
        return found

    def types(self, since: int = 0) -> list[str]:
        return [fact.type.split("/")[0] for fact in self.facts[since:]]


def codes(decided: Decided | None) -> list[str]:
    """Return the codes of a decision's reasons, in their order; none when nothing is decided."""
    return [] if decided is None else [reason.code for reason in decided.reasons]


def mrn_of(received: object) -> Mrn:
    """Return the number of a declaration that was accepted."""
    return received.lodged.mrn  # type: ignore[attr-defined,no-any-return]
