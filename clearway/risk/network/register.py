"""The register of importers as risk knows them: from when on, and to whose people they belong.

`risk_party`   one row for each number that was registered, that imported, or that a person linked

A number is known from the first fact about it; the oldest of a group names it. Only what persons
confirmed joins numbers here: proposals stay proposals. A number that is alone is its own kin, so
that whoever is linked with it later inherits all that was counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Connection, Table, Text

from clearway.ledger.columns import Instant, to_microseconds
from clearway.ledger.fact import Fact, decode
from clearway.ledger.statement import run
from clearway.ledger.tables import METADATA
from clearway.risk.network.facts import KinConfirmed
from clearway.risk.network.kinship import Kinship, Pair
from clearway.risk.network.model import Registration, Verdict

party = Table(
    "risk_party",
    METADATA,
    Column("party", Text, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("kin", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("country", Text, nullable=False),
    sqlite_with_rowid=False,
)

_MEET = (
    "INSERT INTO risk_party (party, at, kin, name, address, country) VALUES (?, ?, ?, '', '', '')"
    " ON CONFLICT (party) DO NOTHING"
)
_REGISTER = (
    "INSERT INTO risk_party (party, at, kin, name, address, country) VALUES (?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (party) DO UPDATE SET name = excluded.name, address = excluded.address,"
    " country = excluded.country"
)
_FIND = "SELECT kin, address FROM risk_party WHERE party = ?"
_KNOWN_SINCE = "SELECT at FROM risk_party WHERE party = ?"
_JOIN = "UPDATE risk_party SET kin = ? WHERE party = ?"
_SAID_OF = "SELECT one, other, verdict FROM risk_kin WHERE one = ? OR other = ?"


@dataclass(frozen=True, slots=True)
class Importer:
    """What is known of an importer at a moment.

    Args:
        kin: oldest number of its people, its own when it is alone; "" when it is unknown itself.
        address: as registered, "" unknown.
    """

    kin: str = ""
    address: str = ""


def find(connection: Connection, importer: str) -> Importer:
    """Return what is known of an importer; of one that nobody met nothing."""
    row = run(connection, _FIND, (importer,)).fetchone() if importer else None
    return Importer() if row is None else Importer(*row)


def meet(connection: Connection, importer: str, at: datetime) -> Importer:
    """Return what is known of an importer, which is known from now on at the latest."""
    if importer:
        run(connection, _MEET, (importer, to_microseconds(at), importer))
    return find(connection, importer)


@dataclass(frozen=True, slots=True)
class _Registered:
    """What risk reads of `identity.party_registered/1`."""

    party: str
    name: str
    address: str
    country: str


def put_party(connection: Connection, fact: Fact) -> None:
    """Keep what an agency registered of a party."""
    known = decode(fact.body, _Registered)
    row = (known.party, to_microseconds(fact.recorded_at), known.party)
    run(connection, _REGISTER, (*row, known.name, known.address, known.country))


def regroup(connection: Connection, fact: Fact) -> None:
    """Group anew all whom a person's words join with the two that this word is about."""
    said = decode(fact.body, KinConfirmed)
    for each in (said.one, said.other):
        meet(connection, each, fact.recorded_at)
    verdicts = _around(connection, (said.one, said.other))
    parties = sorted({said.one, said.other, *(each for pair in verdicts for each in pair)})
    kinship = Kinship(_bare(connection, parties), verdicts=verdicts)
    run(connection, _JOIN, [(kinship.kin(each) or each, each) for each in parties])


def _around(connection: Connection, first: Sequence[str]) -> dict[Pair, Verdict]:
    """Return all verdicts on numbers that words of `same` reach from these."""
    found: dict[Pair, Verdict] = {}
    waiting, seen = list(first), set(first)
    while waiting:
        each = waiting.pop()
        for one, other, verdict in run(connection, _SAID_OF, (each, each)).fetchall():
            found[one, other] = Verdict(verdict)
            beyond = {one, other} - seen if verdict == Verdict.SAME.value else set()
            waiting += beyond
            seen |= beyond
    return {pair: verdict for pair, verdict in found.items() if seen.issuperset(pair)}


def _bare(connection: Connection, parties: Iterable[str]) -> list[Registration]:
    """Return when each was first known; words join them, so nothing else is asked."""
    return [
        Registration(each, "", "", "", "", "", run(connection, _KNOWN_SINCE, (each,)).fetchone()[0])
        for each in parties
    ]
