"""Accounts, parties and mandates as tables: projections of this room's facts.

Two tables more hold hashes of secrets; they are not projections, and `vault.py` reads them.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Row,
    Table,
    Text,
    bindparam,
    insert,
    select,
    update,
)

from clearway.errors import NotFound
from clearway.identity.facts import (
    AccountClosed,
    AccountOpened,
    MandateGiven,
    MandateWithdrawn,
    PartyRegistered,
)
from clearway.identity.model import (
    Account,
    Actor,
    ActorKind,
    Mandate,
    RegisteredParty,
    Role,
)
from clearway.ledger.columns import Instant
from clearway.ledger.fact import Fact, decode
from clearway.ledger.statement import Rows, run
from clearway.ledger.tables import METADATA
from clearway.ledger.transaction import Projection
from clearway.terms.identifiers import PartyId
from clearway.terms.period import Period
from clearway.terms.places import Country

account = Table(
    "identity_account",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("agency", Text, nullable=False),
    Column("roles", Text, nullable=False),
    Column("party", Text),
    Column("name", Text, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("closed_at", Instant),
)

party = Table(
    "identity_party",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("country", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("agency", Text, nullable=False),
    Column("registered_at", Instant, nullable=False),
)

mandate = Table(
    "identity_mandate",
    METADATA,
    Column("principal", Text, nullable=False),
    Column("agent", Text, nullable=False),
    Column("start", Instant, nullable=False),
    Column("end", Instant),
    Column("withdrawn_at", Instant),
    PrimaryKeyConstraint("principal", "agent"),
    Index("identity_mandate_by_agent", "agent", "principal"),
)

# Hashes of secrets (`vault.py`): no projections, so no fact holds them and no rebuild drops them.
credential = Table(
    "identity_credential",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("digest", LargeBinary),
    Column("password_hash", Text),
    Column("created_at", Instant, nullable=False),
    Column("last_used_at", Instant),
    Column("expires_at", Instant),
    Column("revoked_at", Instant),
    Column("failures", Integer, nullable=False, default=0),
    Column("failed_at", Instant),
    Index("identity_credential_by_digest", "digest", unique=True),
    Index("identity_credential_by_account", "account", "kind"),
)

session = Table(
    "identity_session",
    METADATA,
    Column("digest", LargeBinary, primary_key=True),
    Column("account", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("last_seen_at", Instant, nullable=False),
    Index("identity_session_by_account", "account"),
)

TABLES: tuple[Table, ...] = (account, party, mandate)

_PARTIES, _MANDATES = Rows(party), Rows(mandate)
_PUT_PARTY = _PARTIES.put(("id",), ("name", "country", "address", "agency", "registered_at"))
_PUT_MANDATE = _MANDATES.put(("principal", "agent"), ("start", "end", "withdrawn_at"))
_MANDATES_OF_AGENT = select(mandate).where(mandate.c.agent == bindparam("agent"))


def _account_opened(connection: Connection, fact: Fact) -> None:
    body = decode(fact.body, AccountOpened)
    connection.execute(
        insert(account).values(
            id=body.account,
            kind=body.kind,
            agency=body.agency,
            roles=",".join(body.roles),
            party=body.party,
            name=body.name,
            opened_at=fact.occurred_at,
        )
    )


def _account_closed(connection: Connection, fact: Fact) -> None:
    closed = decode(fact.body, AccountClosed).account
    connection.execute(
        update(account).where(account.c.id == closed).values(closed_at=fact.occurred_at)
    )


def _party_registered(connection: Connection, fact: Fact) -> None:
    body = decode(fact.body, PartyRegistered)
    known = {
        "name": body.name,
        "country": body.country,
        "address": body.address,
        "agency": body.agency,
        "registered_at": fact.occurred_at,
    }
    run(connection, _PUT_PARTY, _PARTIES.values({"id": body.party, **known}))


def _mandate_given(connection: Connection, fact: Fact) -> None:
    body = decode(fact.body, MandateGiven)
    given = {"start": body.period.start, "end": body.period.end, "withdrawn_at": None}
    row = {"principal": body.principal, "agent": body.agent, **given}
    run(connection, _PUT_MANDATE, _MANDATES.values(row))


def _mandate_withdrawn(connection: Connection, fact: Fact) -> None:
    body = decode(fact.body, MandateWithdrawn)
    connection.execute(
        update(mandate)
        .where(mandate.c.principal == body.principal, mandate.c.agent == body.agent)
        .values(withdrawn_at=fact.occurred_at)
    )


PROJECTIONS: dict[str, tuple[Projection, ...]] = {
    AccountOpened.TYPE: (_account_opened,),
    AccountClosed.TYPE: (_account_closed,),
    PartyRegistered.TYPE: (_party_registered,),
    MandateGiven.TYPE: (_mandate_given,),
    MandateWithdrawn.TYPE: (_mandate_withdrawn,),
}


def find_account(connection: Connection, id: str) -> Account | None:
    """Return the account, open or closed, or None."""
    row = connection.execute(select(account).where(account.c.id == id)).first()
    return None if row is None else account_of(row)


def get_account(connection: Connection, id: str) -> Account:
    """Return the account, open or closed. Raises: NotFound."""
    found = find_account(connection, id)
    if found is None:
        raise NotFound(f"There is no account {id!r} on this node")
    return found


def list_accounts(connection: Connection, *, after: str = "", limit: int = 100) -> list[Account]:
    """Return accounts in order of their ids, from the one after `after`."""
    query = select(account).where(account.c.id > after).order_by(account.c.id).limit(limit)
    return [account_of(row) for row in connection.execute(query)]


def get_party(connection: Connection, id: PartyId) -> RegisteredParty:
    """Return the party. Raises: NotFound."""
    row = connection.execute(select(party).where(party.c.id == id)).first()
    if row is None:
        raise NotFound(f"No party {id} is registered on this node")
    return _party(row)


def list_parties(
    connection: Connection, *, after: str = "", limit: int = 100
) -> list[RegisteredParty]:
    """Return parties in order of their ids, from the one after `after`."""
    query = select(party).where(party.c.id > after).order_by(party.c.id).limit(limit)
    return [_party(row) for row in connection.execute(query)]


def find_mandate(connection: Connection, principal: PartyId, agent: PartyId) -> Mandate | None:
    """Return the mandate between two parties, withdrawn or not, or None."""
    row = connection.execute(
        select(mandate).where(mandate.c.principal == principal, mandate.c.agent == agent)
    ).first()
    return None if row is None else _mandate(row)


def mandates_of(connection: Connection, agent: str) -> list[Mandate]:
    """Return the mandates that a party holds, withdrawn and expired ones too."""
    return [_mandate(row) for row in connection.execute(_MANDATES_OF_AGENT, {"agent": agent})]


def actor_of(connection: Connection, who: Account, now: datetime) -> Actor:
    """Return the actor of an open account with the parties it represents at `now`."""
    represents = frozenset[str]()
    if who.party is not None:
        held = (m for m in mandates_of(connection, who.party) if m.holds_at(now))
        represents = frozenset({str(who.party), *(str(m.principal) for m in held)})
    own = None if who.party is None else str(who.party)
    return Actor(who.kind, who.id, who.agency, who.roles, own, represents, who.name)


def account_of(row: Row[tuple[object, ...]]) -> Account:
    """Return the account of a row that holds its columns, beside others or not."""
    return Account(
        id=row.id,
        kind=ActorKind(row.kind),
        agency=row.agency,
        roles=frozenset(map(Role, row.roles.split(","))),
        party=None if row.party is None else PartyId(row.party),
        name=row.name,
        opened_at=row.opened_at,
        closed_at=row.closed_at,
    )


def _party(row: Row[tuple[object, ...]]) -> RegisteredParty:
    return RegisteredParty(
        id=PartyId(row.id),
        name=row.name,
        country=Country(row.country),
        address=row.address,
        agency=row.agency,
        registered_at=row.registered_at,
    )


def _mandate(row: Row[tuple[object, ...]]) -> Mandate:
    return Mandate(
        principal=PartyId(row.principal),
        agent=PartyId(row.agent),
        period=Period(row.start, row.end),
        withdrawn_at=row.withdrawn_at,
    )
