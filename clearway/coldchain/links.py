"""The links of devices' chains on record: the table, its filling, and who asks what does not fit.

    desk = LinkDesk(connection)
    desk.follow("reefer-0817", proof)     # of each signed batch in turn, before it is kept

Filled by the projection of `coldchain.readings_received/1`, which holds the signed messages whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from clearway.coldchain import chain, envelope
from clearway.coldchain.chain import Chain, ChainFinding, Link, Proof
from clearway.coldchain.packing import Head
from clearway.ledger.columns import Instant, from_microseconds
from clearway.ledger.statement import Rows, run
from clearway.ledger.tables import METADATA

link = Table(
    "cold_link",
    METADATA,
    Column("device", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("previous", LargeBinary, nullable=False),
    Column("boot_id", Text, nullable=False),
    Column("first_seq", Integer, nullable=False),
    Column("last_seq", Integer, nullable=False),
    Column("key_id", LargeBinary, nullable=False),
    Column("measured_at", Instant, nullable=False),  # of the last reading, by the device's clock
    Column("arrived_at", Instant, nullable=False),
    PrimaryKeyConstraint("device", "digest"),
    Index("cold_link_by_previous", "device", "previous"),
    Index("cold_link_by_number", "device", "boot_id", "last_seq"),
    sqlite_with_rowid=False,
)

_LINKS = Rows(link)
_PUT = _LINKS.put(("device", "digest"), ("previous",))  # the same again changes nothing
_COLUMNS = "boot_id, first_seq, last_seq, previous, digest, key_id"
_AROUND = (
    f"SELECT {_COLUMNS} FROM {link.name} WHERE device = ? AND digest IN (?, ?)"
    f" UNION SELECT {_COLUMNS} FROM {link.name} WHERE device = ? AND previous IN (?, ?)"
    f" UNION SELECT {_COLUMNS} FROM {link.name}"
    " WHERE device = ? AND boot_id = ? AND last_seq >= ? AND first_seq <= ?"
)
_ANY = f"SELECT {_COLUMNS} FROM {link.name} WHERE device = ? LIMIT 1"
_ALL = (
    f"SELECT {_COLUMNS} FROM {link.name} WHERE device = ? ORDER BY arrived_at, boot_id, first_seq"
)
_STAMPS = (
    f"SELECT measured_at, arrived_at FROM {link.name} WHERE device = ?"
    " ORDER BY arrived_at DESC, measured_at DESC LIMIT ?"
)
# Of each device the links whose predecessor is not on record.
_GAPS = (
    f"SELECT device, {_COLUMNS}, arrived_at FROM {link.name} AS late"
    " WHERE previous <> ? AND arrived_at <= ? AND NOT EXISTS ("
    f"SELECT 1 FROM {link.name} AS early"
    " WHERE early.device = late.device AND early.digest = late.previous)"
    " ORDER BY arrived_at, device LIMIT ?"
)

_GAPS_OF = (
    f"SELECT count(*) FROM {link.name} AS late WHERE device = ? AND previous <> ? AND NOT EXISTS ("
    f"SELECT 1 FROM {link.name} AS early"
    " WHERE early.device = late.device AND early.digest = late.previous)"
)


class Gap(NamedTuple):
    """A batch whose predecessor is not on record.

    Args:
        arrived_at: since when it is known to be missing.
    """

    device: str
    link: Link
    arrived_at: datetime


class LinkDesk:
    """Holds signed batches that come together against the chains on record, and each other."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._taken: dict[str, list[Link]] = {}

    def follow(self, device: str, proof: Proof) -> tuple[ChainFinding, ...]:
        """Return what is to be said of a batch; one that fits counts as on record from then on."""
        link = proof.link
        taken = self._taken.setdefault(device, [])
        known = [*around(self._connection, device, link), *taken]
        before = Chain(tuple(known), proof.keys)
        after, findings = chain.follow(before, link)
        if after is not before:
            taken.append(link)
        return findings


def around(connection: Connection, device: str, link: Link) -> list[Link]:
    """Return the links on record that `chain.follow` looks at."""
    pair = link.digest, link.previous
    numbers = link.boot_id, link.first_seq, link.last_seq
    rows = run(connection, _AROUND, (device, *pair, device, *pair, device, *numbers)).fetchall()
    return [_link(row) for row in rows]


def keep(connection: Connection, heads: Iterable[Head]) -> None:
    """Put the signed batches of a group on record."""
    rows = []
    for one in heads:
        if one.envelope:
            found = envelope.read(one.envelope)
            rows.append(
                {
                    "device": found.device,
                    "digest": found.digest,
                    "previous": found.previous,
                    "boot_id": found.boot_id,
                    "first_seq": found.first_seq,
                    "last_seq": found.link.last_seq,
                    "key_id": found.key_id,
                    "measured_at": from_microseconds(one.last_at),
                    "arrived_at": from_microseconds(one.arrived_at),
                }
            )
    if rows:
        run(connection, _PUT, [_LINKS.values(row) for row in rows])


def list_links(connection: Connection, device: str) -> list[Link]:
    """Return all links of a device, in order of arrival."""
    return [_link(row) for row in run(connection, _ALL, (device,))]


def signs(connection: Connection, device: str) -> bool:
    """Return whether the device has ever sent a signed batch; from then on it must."""
    return run(connection, _ANY, (device,)).fetchone() is not None


def list_stamps(
    connection: Connection, device: str, *, limit: int = 1_000
) -> list[tuple[datetime, datetime]]:
    """Return (device's time, arrival) of its latest signed batches, for `clock.estimate`."""
    rows = run(connection, _STAMPS, (device, limit)).fetchall()
    return [(from_microseconds(row[0]), from_microseconds(row[1])) for row in reversed(rows)]


def list_gaps(connection: Connection, before: datetime, *, limit: int = 100) -> list[Gap]:
    """Return batches whose predecessor has not come, of those that arrived up to `before`."""
    stored = _LINKS.values({"arrived_at": before})[-1]
    rows = run(connection, _GAPS, (chain.NOTHING, stored, limit)).fetchall()
    return [Gap(row[0], _link(row[1:7]), from_microseconds(row[7])) for row in rows]


def count_gaps(connection: Connection, device: str) -> int:
    """Return how many batches of a device wait for their predecessor."""
    row = run(connection, _GAPS_OF, (device, chain.NOTHING)).fetchone()
    return int(row[0])


def _link(row: Sequence[Any]) -> Link:
    boot_id, first, last, previous, digest, key_id = row
    return Link(boot_id, first, last, bytes(previous), bytes(digest), bytes(key_id))
