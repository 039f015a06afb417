"""Agencies, their keys, votes and forks as tables: projections of `facts_agencies`."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Integer,
    PrimaryKeyConstraint,
    Row,
    Table,
    Text,
    insert,
    select,
    update,
)

from clearway.errors import NotFound
from clearway.identity.agencies import Agency, AgencyKey, KeyKind, Status
from clearway.identity.facts_agencies import (
    AgencyEntitled,
    AgencyJoined,
    AgencyKeyChanged,
    AgencyLeft,
    AgencyMoved,
    AgencyResumed,
    AgencySuspended,
    ForkFound,
    ProposalDecided,
    VoteCast,
)
from clearway.identity.votes import Decision, Proposal, Vote
from clearway.ledger.columns import Instant
from clearway.ledger.fact import Fact, decode
from clearway.ledger.tables import METADATA
from clearway.ledger.transaction import Projection
from clearway.terms.places import Country

agency = Table(
    "identity_agency",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("country", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("witness_url", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("entitlements", Text, nullable=False),
    Column("joined_at", Instant, nullable=False),
)

key = Table(
    "identity_agency_key",
    METADATA,
    Column("agency", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("place", Integer, nullable=False),
    Column("since", Instant, nullable=False),
    Column("until_size", Integer),
    Column("until", Instant),
    PrimaryKeyConstraint("agency", "kind", "text"),
)

vote = Table(
    "identity_agency_vote",
    METADATA,
    Column("proposal", Text, nullable=False),
    Column("voter", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("term", Text, nullable=False),
    Column("approves", Boolean, nullable=False),
    Column("electorate", Text, nullable=False),
    Column("seq", Integer, nullable=False),
    PrimaryKeyConstraint("proposal", "voter"),
)

decision = Table(
    "identity_agency_decision",
    METADATA,
    Column("proposal", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("carried", Boolean, nullable=False),
    Column("decided_at", Instant, nullable=False),
    Column("seq", Integer, nullable=False),
)

fork = Table(
    "identity_agency_fork",
    METADATA,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("agency", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("held", Text, nullable=False),
    Column("shown", Text, nullable=False),
    Column("found_at", Instant, nullable=False),
)

TABLES: tuple[Table, ...] = (agency, key, vote, decision, fork)


def _joined(connection: Connection, fact: Fact) -> None:
    body = decode(fact.body, AgencyJoined)
    connection.execute(agency.delete().where(agency.c.id == body.agency))
    connection.execute(
        insert(agency).values(
            id=body.agency,
            name=body.name,
            country=body.country,
            origin=body.origin,
            url=body.url,
            witness_url=body.witness_url,
            status=Status.JOINED.value,
            entitlements=json.dumps(body.entitlements),
            joined_at=fact.recorded_at,
        )
    )
    texts = [(KeyKind.LOG, text) for text in body.log_vkeys]
    texts += [(KeyKind.WITNESS, text) for text in body.witness_vkeys]
    texts += [(KeyKind.HPKE, body.hpke_key), (KeyKind.TLS, body.tls_fingerprint)]
    for kind, text in texts:
        _add_key(connection, body.agency, kind, text, fact)


def _key_changed(connection: Connection, fact: Fact) -> None:
    body = decode(fact.body, AgencyKeyChanged)
    if body.old:
        connection.execute(
            update(key)
            .where(key.c.agency == body.agency, key.c.kind == body.kind, key.c.text == body.old)
            .values(until_size=body.until_size, until=body.until)
        )
    _add_key(connection, body.agency, body.kind, body.new, fact)


def _add_key(connection: Connection, owner: str, kind: KeyKind, text: str, fact: Fact) -> None:
    """Add a key, unless there is none to add or it is known: what was lost stays lost."""
    known = select(key.c.text).where(
        key.c.agency == owner, key.c.kind == kind.value, key.c.text == text
    )
    if not text or connection.execute(known).first() is not None:
        return
    row = {"agency": owner, "kind": kind.value, "text": text, "since": fact.recorded_at}
    connection.execute(insert(key).values(place=fact.seq, until_size=None, until=None, **row))


def _moved(connection: Connection, fact: Fact) -> None:
    body = decode(fact.body, AgencyMoved)
    _set(connection, body.agency, name=body.name, url=body.url, witness_url=body.witness_url)


def _entitled(connection: Connection, fact: Fact) -> None:
    body = decode(fact.body, AgencyEntitled)
    _set(connection, body.agency, entitlements=json.dumps(body.entitlements))


def _suspended(connection: Connection, fact: Fact) -> None:
    _set(connection, decode(fact.body, AgencySuspended).agency, status=Status.SUSPENDED.value)


def _resumed(connection: Connection, fact: Fact) -> None:
    _set(connection, decode(fact.body, AgencyResumed).agency, status=Status.JOINED.value)


def _left(connection: Connection, fact: Fact) -> None:
    _set(connection, decode(fact.body, AgencyLeft).agency, status=Status.LEFT.value)


def _set(connection: Connection, id: str, **values: Any) -> None:
    connection.execute(update(agency).where(agency.c.id == id).values(**values))


def _vote_cast(connection: Connection, fact: Fact) -> None:
    body = decode(fact.body, VoteCast)
    proposal = Proposal(body.kind, body.subject, body.value, body.term, body.electorate)
    connection.execute(
        insert(vote).values(
            proposal=proposal.id,
            voter=body.voter,
            kind=body.kind,
            subject=body.subject,
            value=body.value,
            term=body.term,
            approves=body.approves,
            electorate=json.dumps(body.electorate),
            seq=fact.seq,
        )
    )


def _proposal_decided(connection: Connection, fact: Fact) -> None:
    body = decode(fact.body, ProposalDecided)
    connection.execute(
        insert(decision).values(
            proposal=body.proposal,
            kind=body.kind,
            subject=body.subject,
            value=body.value,
            carried=body.carried,
            decided_at=fact.recorded_at,
            seq=fact.seq,
        )
    )


def _fork_found(connection: Connection, fact: Fact) -> None:
    body = decode(fact.body, ForkFound)
    connection.execute(
        insert(fork).values(
            seq=fact.seq,
            agency=body.agency,
            origin=body.origin,
            size=body.size,
            held=body.held,
            shown=body.shown,
            found_at=fact.recorded_at,
        )
    )


PROJECTIONS: dict[str, tuple[Projection, ...]] = {
    AgencyJoined.TYPE: (_joined,),
    AgencyKeyChanged.TYPE: (_key_changed,),
    AgencyMoved.TYPE: (_moved,),
    AgencyEntitled.TYPE: (_entitled,),
    AgencySuspended.TYPE: (_suspended,),
    AgencyResumed.TYPE: (_resumed,),
    AgencyLeft.TYPE: (_left,),
    VoteCast.TYPE: (_vote_cast,),
    ProposalDecided.TYPE: (_proposal_decided,),
    ForkFound.TYPE: (_fork_found,),
}


def find_agency(connection: Connection, id: str) -> Agency | None:
    """Return the agency of this id, whatever its status, or None."""
    row = connection.execute(select(agency).where(agency.c.id == id)).first()
    return None if row is None else _agency(connection, row)


def get_agency(connection: Connection, id: str) -> Agency:
    """Return the agency of this id, whatever its status. Raises: NotFound."""
    found = find_agency(connection, id)
    if found is None:
        raise NotFound(f"No partner agency {id!r} is known; see `clearway partner list`")
    return found


def list_agencies(connection: Connection) -> list[Agency]:
    """Return every agency that ever joined, in order of their ids."""
    rows = connection.execute(select(agency).order_by(agency.c.id))
    return [_agency(connection, row) for row in rows]


def list_votes(connection: Connection, proposal: str | None = None) -> list[Vote]:
    """Return the votes in the order in which they were recorded, on one proposal or on all."""
    query = select(vote).order_by(vote.c.seq)
    if proposal is not None:
        query = query.where(vote.c.proposal == proposal)
    return [
        Vote(
            Proposal(row.kind, row.subject, row.value, row.term, tuple(json.loads(row.electorate))),
            row.voter,
            bool(row.approves),
        )
        for row in connection.execute(query)
    ]


def list_decisions(connection: Connection) -> list[Decision]:
    """Return what was decided, in that order."""
    rows = connection.execute(select(decision).order_by(decision.c.seq))
    return [
        Decision(row.proposal, row.kind, row.subject, row.value, bool(row.carried), row.decided_at)
        for row in rows
    ]


def list_forks(connection: Connection, limit: int = 100) -> list[tuple[datetime, ForkFound]]:
    """Return the forks found, the newest first, without their proofs (the facts hold these)."""
    query = select(fork).order_by(fork.c.seq.desc()).limit(limit)
    return [
        (row.found_at, ForkFound(row.agency, row.origin, row.size, row.held, row.shown, ()))
        for row in connection.execute(query)
    ]


def _agency(connection: Connection, row: Row[Any]) -> Agency:
    keys = connection.execute(select(key).where(key.c.agency == row.id).order_by(key.c.place))
    return Agency(
        id=row.id,
        name=row.name,
        country=Country(row.country),
        origin=row.origin,
        keys=tuple(
            AgencyKey(KeyKind(k.kind), k.text, k.since, k.until_size, k.until) for k in keys
        ),
        url=row.url,
        witness_url=row.witness_url,
        status=Status(row.status),
        entitlements=tuple(json.loads(row.entitlements)),
        joined_at=row.joined_at,
    )
