"""A device as it should be: what an integrator copies. docs/design/device.md says why each step.

    journal = Journal(path)                              # survives a power cut
    device = Device("reefer-0817", "CSQU3054383", key, journal)
    device.measure(now, supply_c=13.2, return_c=14.0)    # numbered from 0 in each start
    device.seal()                                        # signed, chained, on disk: safe now
    courier = Courier(device, link, dice)
    courier.turn(seconds)                                # sends, hears, forgets, waits longer

Five rules, and nothing else:

1. A batch is sealed once. What is sent again is the same bytes.
2. It is on disk before it is sent, and leaves the disk only when the `committed` mark covers it. A
   broker's acknowledgement is not enough: brokers forget.
3. Each start has a `boot_id` of its own; the chain goes on from the last sealed batch.
4. One start after another is sent, oldest first, so that each gets its marks.
5. Who is not heard waits longer, by chance a little more or less, and never gives up.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from clearway.coldchain import envelope
from clearway.coldchain.chain import NOTHING
from clearway.coldchain.formats import signed
from clearway.coldchain.model import Batch, Reading
from clearway.terms.transport import ContainerNumber

MOST_READINGS = 50
"""In a batch. More saves little; less loses less in a power cut. Seal at least each hour."""

WINDOW = 20
"""Batches that may be sent and not committed yet."""

_FIRST_WAIT_S, _LONGEST_WAIT_S = 1.0, 300.0
_ANSWER_S = 20.0  # after which what got no answer is sent again
_NEVER = float("-inf")


@dataclass(frozen=True, slots=True)
class Sealed:
    """A batch on disk.

    Args:
        place: in the journal; rises.
        message: as it is sent, each time the same.
    """

    place: int
    boot_id: str
    last_seq: int
    message: bytes


class Journal:
    """What a device must not lose: its sealed batches, the last digest, how often it started.

    SQLite that writes through (`synchronous = FULL`); an append-only file would do as well.
    """

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.executescript(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
            "CREATE TABLE IF NOT EXISTS batch (place INTEGER PRIMARY KEY AUTOINCREMENT,"
            " boot_id TEXT NOT NULL, last_seq INTEGER NOT NULL, message BLOB NOT NULL,"
            " aside TEXT NOT NULL DEFAULT '');"
            "CREATE TABLE IF NOT EXISTS memory (name TEXT PRIMARY KEY, value BLOB NOT NULL);"
        )

    def begin(self) -> int:
        """Count one more start and return its number, from 1."""
        number = int(self._recall("starts", b"0")) + 1
        self._remember("starts", str(number).encode())
        return number

    @property
    def previous(self) -> bytes:
        """Digest of the last sealed batch."""
        return self._recall("previous", NOTHING)

    def keep(self, boot_id: str, last_seq: int, message: bytes) -> None:
        """Keep a sealed batch and its digest: both, or none."""
        digest = envelope.read(message).digest
        self._db.execute("BEGIN IMMEDIATE")
        self._db.execute(
            "INSERT INTO batch (boot_id, last_seq, message) VALUES (?, ?, ?)",
            (boot_id, last_seq, message),
        )
        self._remember("previous", digest)
        self._db.execute("COMMIT")

    def waiting(self, limit: int) -> list[Sealed]:
        """Return the oldest batches that are not committed, of one start only."""
        rows = self._db.execute(
            "SELECT place, boot_id, last_seq, message FROM batch WHERE aside = '' AND boot_id ="
            " (SELECT boot_id FROM batch WHERE aside = '' ORDER BY place LIMIT 1)"
            " ORDER BY place LIMIT ?",
            (limit,),
        )
        return [Sealed(*row) for row in rows]

    def forget(self, boot_id: str, seq: int) -> None:
        """Forget what is durable at the other side."""
        self._db.execute("DELETE FROM batch WHERE boot_id = ? AND last_seq <= ?", (boot_id, seq))

    def put_aside(self, place: int, why: str) -> None:
        """Keep a batch for a person to look at; it is not sent again until `put_back`."""
        self._db.execute("UPDATE batch SET aside = ? WHERE place = ?", (why, place))

    def put_back(self) -> None:
        """Let what was put aside be sent again, once a person mended the reason."""
        self._db.execute("UPDATE batch SET aside = ''")

    def aside(self) -> list[tuple[str, int, str]]:
        """Return what was put aside: start, last number, and why."""
        query = "SELECT boot_id, last_seq, aside FROM batch WHERE aside <> '' ORDER BY place"
        return self._db.execute(query).fetchall()

    def count(self) -> int:
        """Return how many batches are not committed."""
        return int(self._db.execute("SELECT count(*) FROM batch WHERE aside = ''").fetchone()[0])

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _recall(self, name: str, default: bytes) -> bytes:
        row = self._db.execute("SELECT value FROM memory WHERE name = ?", (name,)).fetchone()
        return default if row is None else bytes(row[0])

    def _remember(self, name: str, value: bytes) -> None:
        self._db.execute(
            "INSERT INTO memory VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = ?",
            (name, value, value),
        )


class Device:
    """Measures, numbers, seals.

    Args:
        name: under which it is enrolled.
        container: where it is fixed.
        key: of its certificate.
    """

    def __init__(
        self, name: str, container: ContainerNumber, key: signed.PrivateKey, journal: Journal
    ) -> None:
        self.name = name
        self.journal = journal
        self.boot_id = f"b{journal.begin()}"
        self._container = container
        self._key = key
        public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self._key_id = signed.key_id_of(public)
        self.last = b""  # the batch that was sealed last
        self._seq = 0
        self._open: list[Reading] = []

    def measure(self, at: datetime, **values: Any) -> None:
        """Note one reading.

        Args:
            at: by the device's own clock; whole seconds count.
            values: fields of `Reading`.
        """
        self._open.append(Reading(self._seq, at.replace(microsecond=0), **values))
        self._seq += 1
        if len(self._open) >= MOST_READINGS:
            self.seal()

    @property
    def unsealed(self) -> int:
        """How many readings a power cut would lose now."""
        return len(self._open)

    def seal(self) -> None:
        """Sign what was measured since the last batch; from here on a power cut loses nothing."""
        if not self._open:
            return
        batch = Batch(self.name, self._container, self.boot_id, tuple(self._open))
        self.last = signed.write(batch, self.journal.previous, self._key, self._key_id)
        self.journal.keep(self.boot_id, batch.readings[-1].seq, self.last)
        self._open = []

    def begin_anew(self) -> None:
        """Take a new `boot_id`: marks of the present one stay below a batch that was refused."""
        self.seal()
        self.boot_id, self._seq = f"b{self.journal.begin()}", 0


@dataclass(frozen=True, slots=True)
class Committed:
    """All readings of this start up to `seq` are durable."""

    boot_id: str
    seq: int


@dataclass(frozen=True, slots=True)
class Refused:
    """A message was not taken.

    Args:
        sha256: of the message, hex.
        again: the same message may be taken another time.
    """

    sha256: str
    detail: str
    again: bool


Word = Committed | Refused


class Link(Protocol):
    """A way to the other side: MQTT, or HTTP (`device_links.py`)."""

    def connect(self) -> None:
        """Connect. Raises: OSError: not now."""

    def send(self, message: bytes) -> None:
        """Hand a batch over; its answer is a word later. Raises: OSError: the way is broken."""

    def words(self) -> Sequence[Word]:
        """Return what was heard since the last call. Raises: OSError: the way is broken."""

    def close(self) -> None:
        """Go away."""


@dataclass(slots=True)
class Courier:
    """Brings sealed batches over, as often as it takes.

    Args:
        draw: gives a number from 0 to 1, so that devices do not all come back at once.
        heard: refusals, for a person.
    """

    device: Device
    link: Link
    draw: Callable[[], float]
    heard: list[Refused] = field(default_factory=list)
    _is_up: bool = False
    _wait_s: float = _FIRST_WAIT_S
    _not_before_s: float = _NEVER
    _heard_s: float = _NEVER
    _sent_s: dict[int, float] = field(default_factory=dict)

    def turn(self, now_s: float) -> None:
        """Do what can be done now.

        Args:
            now_s: of a clock that never goes back.
        """
        if now_s < self._not_before_s:
            return
        try:
            if not self._is_up:
                self.link.connect()
                self._is_up, self._sent_s = True, {}  # what was under way is sent again
            for word in self.link.words():
                self._heard_s = now_s
                self._hear(word)
            self._send(now_s)
        except OSError:
            self.lose(now_s)

    def lose(self, now_s: float) -> None:
        """The way is broken: wait, each time twice as long, between half and all of it."""
        self.link.close()
        self._is_up = False
        self._not_before_s = now_s + self._wait_s * (0.5 + self.draw() / 2)
        self._wait_s = min(2 * self._wait_s, _LONGEST_WAIT_S)

    def _hear(self, word: Word) -> None:
        if isinstance(word, Committed):
            self.device.journal.forget(word.boot_id, word.seq)
            self._wait_s = _FIRST_WAIT_S
            return
        self.heard.append(word)
        if word.again:
            return
        for one in self.device.journal.waiting(WINDOW):
            if sha256(one.message).hexdigest() == word.sha256:
                self.device.journal.put_aside(one.place, word.detail)
                if one.boot_id == self.device.boot_id:
                    self.device.begin_anew()

    def _send(self, now_s: float) -> None:
        waiting = self.device.journal.waiting(WINDOW)
        holed = {boot_id for boot_id, _, _ in self.device.journal.aside()}
        for one in waiting:
            when = self._sent_s.get(one.place, _NEVER)
            if now_s - when < _ANSWER_S:
                continue
            if one.boot_id in holed and self._heard_s > when > _NEVER:
                # The other side answers, but no mark can pass the batch that it refused.
                self.device.journal.put_aside(one.place, "sent, behind a batch that was refused")
            else:
                self.link.send(one.message)
                self._sent_s[one.place] = now_s
