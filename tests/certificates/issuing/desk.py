"""An office that issues certificates, and what stands in for keys where no signature matters."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from clearway.certificates import tables as received_tables
from clearway.certificates.actions.apply import apply
from clearway.certificates.actions.approve import approve
from clearway.certificates.actions.issue import issue
from clearway.certificates.actions.record_result import record_result
from clearway.certificates.claims import Place
from clearway.certificates.issuing import tables
from clearway.certificates.issuing.model import Application, Issue, Request, Result, ResultKind
from clearway.certificates.issuing.preparing import Office, prepare_issue
from clearway.certificates.model import Certificate, Key
from clearway.certificates.parts import Party
from clearway.identity.model import Actor, ActorKind, Role
from clearway.ledger import stored
from clearway.ledger.fact import Fact
from clearway.ledger.transaction import Projections, Transaction
from clearway.policy.act import Act
from clearway.policy.cedar import CedarPolicy
from clearway.terms.places import Country
from tests.certificates.conftest import certificate, line

US = Country("XA")
PARTY = "XA10000001"
START = datetime(2026, 3, 20, 9, 0, tzinfo=UTC)
POLICY = CedarPolicy.load()
OFFICE = Office("Plant Health Service", "Port Example", "R. Njoroge")
PROJECTIONS: Projections = {
    kind: (
        *received_tables.PROJECTIONS.get(kind, ()),
        *tables.PROJECTIONS.get(kind, ()),
    )
    for kind in {*received_tables.PROJECTIONS, *tables.PROJECTIONS}
}


def officer(id: str, *roles: Role, agency: str = "plant_health") -> Actor:
    return Actor(ActorKind.OFFICER, id, agency, frozenset(roles))


TRADER = Actor(
    ActorKind.TRADER, "acme", "customs", frozenset({Role.TRADER}), PARTY, frozenset({PARTY})
)
RIVAL = Actor(
    ActorKind.TRADER, "rival", "customs", frozenset({Role.TRADER}), "XA2", frozenset({"XA2"})
)
INSPECTOR = officer("ines", Role.PLANT_HEALTH_INSPECTOR)
CERTIFIER = officer("cora", Role.CERTIFYING_OFFICER)
OTHER = officer("dina", Role.CERTIFYING_OFFICER)
ABROAD = officer("nadia", Role.CERTIFYING_OFFICER, agency="nppo_nl")
WORKER = Actor(ActorKind.SYSTEM, "hub", "plant_health", frozenset({Role.WORKER}))


class NoKeys:
    """Signs nothing: what is tested is the life cycle, not cryptography."""

    def sign(self, document: bytes, signed_at: datetime) -> bytes:
        return document

    def seal(
        self, certificate: Certificate, place: Place, secret: bytes, valid_until: date | None
    ) -> bytes:
        return f"{certificate.number}|{place.list_id}|{place.index}".encode()


def draft(**changes: Any) -> Certificate:
    """Return the draft of an export of avocados to NL, changed."""
    blank = certificate(
        number="",
        status="47",
        issuing_country=US,
        importing_country=Country("NL"),
        issued=None,
        issuer=Party(""),
        signatories=(),
        lines=(line(1, treatments=()),),
        title=(),
    )
    return dataclasses.replace(blank, **changes)


def request(**changes: Any) -> Request:
    """Return an application for `draft()`, changed."""
    return dataclasses.replace(Request(draft(), party=PARTY), **changes)


def passed(kind: ResultKind = ResultKind.INSPECTION, **changes: Any) -> Result:
    return dataclasses.replace(Result(kind, conforms=True, done_at=START), **changes)


class Bureau:
    """Acts under the real policy on a real database; facts are kept as the log keeps them."""

    def __init__(self, engine: Any) -> None:
        self.engine = engine
        self.now = START
        self.seen: list[Fact] = []
        self.drawn = 0

    def act(self, who: Actor, action: Callable[..., Any], *given: Any, **named: Any) -> Any:
        with self.engine.begin() as connection:
            tx = Transaction(connection, self.now, len(self.seen), PROJECTIONS)
            result = action(Act(tx, who, POLICY), *given, **named)
            nothing = [b""] * len(tx.facts)
            if tx.facts:
                stored.insert_facts(connection, tx.facts, nothing, nothing)
        self.seen += tx.facts
        return result

    def ask(self, question: Callable[..., Any], *given: Any, **named: Any) -> Any:
        with self.engine.begin() as connection:
            return question(connection, *given, **named)

    def held(self, number: str) -> Application:
        found: Application = self.ask(tables.get_application, number)
        return found

    def prepare(self, number: str) -> Issue:
        self.drawn += 1
        secret = hashlib.sha256(str(self.drawn).encode()).digest()[:16]
        return prepare_issue(
            self.held(number), OFFICE, secret=secret, at=self.now, authority=NoKeys()
        )

    # One step each, by the people who usually take it.

    def apply(self, what: Request | None = None, who: Actor = TRADER, **named: Any) -> str:
        return str(self.act(who, apply, what or request(), US, **named).number)

    def approved(self, what: Request | None = None) -> str:
        number = self.apply(what)
        self.act(INSPECTOR, record_result, number, passed())
        self.act(CERTIFIER, approve, number)
        return number

    def issued(self, what: Request | None = None) -> Key:
        number = self.approved(what)
        self.act(CERTIFIER, issue, number, self.prepare(number))
        key = self.held(number).key
        assert key is not None
        return key

    def later(self, **by: float) -> None:
        self.now += timedelta(**by)
