"""The register of importers as risk knows them: from when on, and to whose people they belong.

`risk_party`   one row for each number that was registered, that imported, or that a person linked

A number is known from the first fact about it; the oldest of a group names it. Only what persons
confirmed joins numbers here. A number that is alone is its own kin, so that whoever is linked with
it later inherits all that was counted.

    alike(connection, party)   # who it may be beside, by exact rare keys: a proposal, at once

Such links are those of `kinship` between two batches: an address with the root of the name or with
the broker, or a name with the broker, as long as hardly anybody else bears it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Index, Table, Text

from clearway.ledger.columns import Instant, to_microseconds
from clearway.ledger.fact import Fact, decode
from clearway.ledger.statement import run
from clearway.ledger.tables import METADATA
from clearway.risk.network import keys
from clearway.risk.network.facts import KinConfirmed
from clearway.risk.network.kinship import MOST_TOGETHER, Kinship, Pair
from clearway.risk.network.model import SHARED, Link, Registration, Verdict

party = Table(
    "risk_party",
    METADATA,
    Column("party", Text, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("kin", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("broker", Text, nullable=False),  # who declared for it first
    Column("name_key", Text, nullable=False),
    Column("address_key", Text, nullable=False),
    Index("risk_party_by_name", "name_key"),
    Index("risk_party_by_address", "address_key"),
    sqlite_with_rowid=False,
)

EXACT = 0.99
"""Probability of a link by exact rare keys. Of 2,267 such pairs in three simulated registers 2,259
were the same people (99.6 %, 29 % of all pairs of kin); said a little lower on purpose."""

_NEW = (
    "INSERT INTO risk_party (party, at, kin, name, address, broker, name_key, address_key)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (party) DO UPDATE SET "
)
_MEET = _NEW + "broker = excluded.broker WHERE risk_party.broker = '' AND excluded.broker <> ''"
_REGISTER = _NEW + (
    "name = excluded.name, address = excluded.address, name_key = excluded.name_key,"
    " address_key = excluded.address_key"
)
_FIND = "SELECT kin, address FROM risk_party WHERE party = ?"
_KNOWN_SINCE = "SELECT at FROM risk_party WHERE party = ?"
_KEYS = "SELECT name_key, address_key, broker, at FROM risk_party WHERE party = ?"
_BEARERS = "SELECT party, at, name_key, broker FROM risk_party WHERE "
_BY_ADDRESS = _BEARERS + "address_key = ? ORDER BY party LIMIT ?"
_BY_NAME = _BEARERS + "name_key = ? ORDER BY party LIMIT ?"
_MOST = 1_000  # bearers of one address that are looked at: a centre's is no rare key
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


def meet(connection: Connection, importer: str, at: datetime, broker: str = "") -> Importer:
    """Return what is known of an importer, which is known from now on at the latest.

    Args:
        broker: who declares for it now; the first is kept.
    """
    if importer:
        run(connection, _MEET, (importer, to_microseconds(at), importer, "", "", broker, "", ""))
    return find(connection, importer)


@dataclass(frozen=True, slots=True)
class _Registered:
    """What risk reads of `identity.party_registered/1`."""

    party: str
    name: str
    address: str


def put_party(connection: Connection, fact: Fact) -> None:
    """Keep what an agency registered of a party."""
    known = decode(fact.body, _Registered)
    first = (known.party, to_microseconds(fact.recorded_at), known.party)
    made = (keys.name_key(known.name), keys.address_key(known.address))
    run(connection, _REGISTER, (*first, known.name, known.address, "", *made))


def alike(connection: Connection, one: str) -> tuple[Link, ...]:
    """Return the links of a number that exact rare keys propose and nobody has judged yet."""
    row = run(connection, _KEYS, (one,)).fetchone()
    if row is None:
        return ()
    judged = {
        other for pair in run(connection, _SAID_OF, (one, one)).fetchall() for other in pair[:2]
    }
    found: dict[str, tuple[str, int]] = {}
    for shared, bearers in _bearers(connection, row):
        others = [each for each in bearers if each[0] != one]
        if len(others) <= MOST_TOGETHER:
            for other, at in others:
                found[other] = (f"{found[other][0]},{shared}" if other in found else shared, at)
    return tuple(
        _link(one, other, shared.split(","), max(row[3], at))
        for other, (shared, at) in sorted(found.items())
        if other not in judged
    )


def _bearers(connection: Connection, row: Any) -> Iterable[tuple[str, list[tuple[str, int]]]]:
    """Yield what is shared, and the parties that share it, the asked one too."""
    name, address, broker, _ = row
    root = name.split(" ")[0]
    by_address = run(connection, _BY_ADDRESS, (address, _MOST)).fetchall() if address else []
    by_name = run(connection, _BY_NAME, (name, _MOST)).fetchall() if name else []
    if root:
        yield "address,root", [each[:2] for each in by_address if each[2].split(" ")[0] == root]
    if broker:
        yield "address,broker", [each[:2] for each in by_address if each[3] == broker]
        yield "name,broker", [each[:2] for each in by_name if each[3] == broker]


def _link(one: str, other: str, shared: Sequence[str], since: int) -> Link:
    first, second = min(one, other), max(one, other)
    return Link(first, second, EXACT, tuple(each for each in SHARED if each in shared), since)


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
