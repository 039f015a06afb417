"""A simulated disk, and on it a store of real SQLite pages behind a journal.

The disk keeps what was synchronised. What was only written may, when the power goes, be there, be
lost or be there in part, each write for itself: so later ones can survive earlier ones (reordered).

`Store` runs the ledger's own SQL in memory. At a commit it appends the pages that changed to its
journal, as frames that each carry the checksum of all frames so far, and synchronises. After a
crash it reads frames as long as the checksums hold, and takes whole commits only.
"""

from __future__ import annotations

import random
import struct
import zlib
from typing import Any

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import StaticPool

from clearway.ledger import tables
from clearway.ledger.order import tables as order_tables
from clearway.ledger.witnessed import witness_refusal, witness_state

PAGE = 1024
_HEAD = struct.Struct(">III")  # page number, pages in all if this frame ends a commit, checksum
_FRAME = _HEAD.size + PAGE


class PowerCut(Exception):
    """The machine is off; what it held in memory is gone."""


class Disk:
    """Bytes that survive.

    Args:
        syncs: False is the positive control: a disk that acknowledges and does not synchronise.
    """

    def __init__(self, chance: random.Random, *, syncs: bool = True) -> None:
        self._chance = chance
        self._syncs = syncs
        self._written: list[tuple[int, bytes]] = []
        self.durable = bytearray()

    def write(self, offset: int, data: bytes) -> None:
        """Write; nothing is promised yet."""
        self._written.append((offset, data))

    def sync(self) -> None:
        """Make durable what was written."""
        if self._syncs:
            for offset, data in self._written:
                self._apply(offset, data)
            self._written = []

    def cut(self) -> None:
        """Lose power: of what was not synchronised, anything may be lost or torn."""
        for offset, data in self._written:
            fate = self._chance.random()
            if fate < 0.3:
                self._apply(offset, data)
            elif fate < 0.6:
                torn = self._chance.randrange(len(data))
                whole = self._chance.random() < 0.5
                self._apply(*((offset, data[:torn]) if whole else (offset + torn, data[torn:])))
        self._written = []

    def _apply(self, offset: int, data: bytes) -> None:
        missing = offset + len(data) - len(self.durable)
        if missing > 0:
            self.durable += bytes(missing)
        self.durable[offset : offset + len(data)] = data


class Store:
    """One machine's database; its connection lives on from one world to the next."""

    def __init__(self) -> None:
        engine = create_engine("sqlite://", poolclass=StaticPool)
        self.connection: Connection = engine.connect()
        self.connection.exec_driver_sql("PRAGMA cell_size_check=ON")  # a page may be rotten
        self.connection.exec_driver_sql("PRAGMA trusted_schema=OFF")
        self.disk = Disk(random.Random(0))
        self._chance = random.Random(0)

    def begin(self, chance: random.Random, image: bytes, *, syncs: bool = True) -> None:
        """Start a world with this database on a fresh disk."""
        self._chance = chance
        self.disk = Disk(chance, syncs=syncs)
        self._base = image
        self._load(image)
        self._end, self._sum = 0, 0

    def close(self) -> None:
        """Let go of the connection."""
        self.connection.close()
        self.connection.engine.dispose()

    @property
    def image(self) -> bytes:
        """The database as the running machine sees it."""
        return self._image

    def commit(self, cut: float = 0.0) -> None:
        """Commit durably.

        Args:
            cut: how likely the power goes at some step of it.

        Raises: PowerCut.
        """
        self.connection.commit()
        image: bytes = self._driver.serialize()
        steps = self._frames(image)
        lost_at = self._chance.randrange(len(steps) + 2) if self._chance.random() < cut else -1
        for number, (offset, frame) in enumerate(steps):
            if number == lost_at:
                raise PowerCut
            self.disk.write(offset, frame)
        if lost_at == len(steps):
            raise PowerCut
        self.disk.sync()
        if lost_at > len(steps):
            raise PowerCut
        self._image = image

    def recover(self, *, rot: bool = False) -> None:
        """Start again from what the disk kept; with `rot`, a bit of the database turns."""
        self.connection.rollback()
        self.disk.cut()
        pages = [self._base[at : at + PAGE] for at in range(0, len(self._base), PAGE)]
        pending: dict[int, bytes] = {}
        self._end = self._sum = checksum = 0
        kept = self.disk.durable
        for at in range(0, len(kept) - _FRAME + 1, _FRAME):
            number, ends, found = _HEAD.unpack_from(kept, at)
            page = bytes(kept[at + _HEAD.size : at + _FRAME])
            checksum = zlib.crc32(page, zlib.crc32(kept[at : at + 8], checksum))
            if checksum != found:
                break
            pending[number] = page
            if ends:
                pages += [b""] * (ends - len(pages))
                for place, data in pending.items():
                    pages[place] = data
                pending, self._end, self._sum = {}, at + _FRAME, checksum
        image = bytearray(b"".join(pages))
        if rot:
            image[self._chance.randrange(100, len(image))] ^= 1 << self._chance.randrange(8)
        self._load(bytes(image))

    def rows(self, *names: str) -> list[Any]:
        """Return all rows of these tables."""
        return [
            [tuple(row) for row in self.connection.execute(text(f"SELECT * FROM {name}"))]
            for name in names
        ]

    def _frames(self, image: bytes) -> list[tuple[int, bytes]]:
        old = self._image
        changed = [
            at for at in range(0, len(image), PAGE) if image[at : at + PAGE] != old[at : at + PAGE]
        ]
        found = []
        for at in changed:
            page, ends = image[at : at + PAGE], len(image) // PAGE if at == changed[-1] else 0
            head = struct.pack(">II", at // PAGE, ends)
            self._sum = zlib.crc32(page, zlib.crc32(head, self._sum))
            found.append((self._end, head + struct.pack(">I", self._sum) + page))
            self._end += _FRAME
        return found

    def _load(self, image: bytes) -> None:
        self._image = image
        self._driver.deserialize(image)

    @property
    def _driver(self) -> Any:
        return self.connection.connection.driver_connection


def empty_image() -> bytes:
    """Return a database with the tables of log, witness and order."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    own = [tables.fact, tables.erased, tables.tile, tables.checkpoint, tables.claim]
    with engine.connect() as connection:
        connection.exec_driver_sql(f"PRAGMA page_size={PAGE}")
        tables.METADATA.create_all(
            connection, tables=[*own, witness_state, witness_refusal, *order_tables.TABLES]
        )
        connection.commit()
        image: bytes = connection.connection.driver_connection.serialize()  # type: ignore[union-attr]
    engine.dispose()
    return image
