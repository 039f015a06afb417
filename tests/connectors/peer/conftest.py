"""Real nodes, real TLS on loopback, and a link between them that breaks in every way."""

from __future__ import annotations

import contextlib
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
import structlog

from clearway.cli.partner_server import PartnerServer
from clearway.connectors.peer.client import Patience
from clearway.identity.agencies import id_of
from clearway.identity.facts_agencies import AgencyJoined
from clearway.ledger.fact import Fact, decode
from clearway.node.clock import entropy, utc_now
from clearway.node.exchange import Pace
from clearway.node.node import Node, create
from clearway.node.partnership import Partnership
from clearway.node.rebuild import facts
from clearway.settings import Settings
from clearway.terms.places import Country

QUICK = Pace(facts=16, wait_s=1, least_s=0, first_s=0.01, longest_s=0.05, look_s=0.05)
SHORT = Patience(connect_s=2, read_s=2, whole_s=5)
# For a link that hangs now and then: each hang costs such a time.
BRISK = Patience(connect_s=1, read_s=0.5, whole_s=3)
SECRET = "CANARY-not-entitled-7f3a"


@dataclass(frozen=True, slots=True)
class Told:
    """A fact for tests; `country` is what an entitlement asks for."""

    TYPE: ClassVar[str] = "parcel.weighed/1"
    number: int
    country: str
    note: str = "x" * 200


@dataclass(frozen=True, slots=True)
class Hidden:
    TYPE: ClassVar[str] = "parcel.secret/1"
    note: str


@dataclass
class House:
    """One agency: its node, what it needs of partners, and its listener if it has one."""

    node: Node
    partnership: Partnership
    server: PartnerServer | None = None

    @property
    def origin(self) -> str:
        return self.node.log.origin

    @property
    def id(self) -> str:
        return id_of(self.origin)

    def record(self, *bodies: Any, subject: str = "parcel:1") -> None:
        def act(tx: Any) -> None:
            for body in bodies:
                tx.append(body, subject=subject, issuer="customs", actor="system:test")

        self.node.committer.submit("test", act).result()

    def know(self, other: House, *entitlements: str, url: str = "", fingerprint: str = "") -> None:
        """Let another agency take part here."""
        self.record(
            AgencyJoined(
                agency=other.id,
                name=other.origin,
                country=Country("KE"),
                origin=other.origin,
                log_vkeys=(other.node.log.verifier.vkey,),
                witness_vkeys=(),
                hpke_key=other.partnership.recipient,
                tls_fingerprint=fingerprint or other.partnership.fingerprint,
                url=url,
                witness_url="",
                entitlements=entitlements,
                card="",
            ),
            subject=f"agency:{other.id}",
        )
        if not fingerprint:
            self.partnership.certificates.add(other.partnership.tls_certificate.read_text())

    def facts(self, type: str | None = None) -> list[Fact]:
        with self.node.reading() as connection:
            return [one for one in facts(connection) if type in (None, one.type)]

    def bodies(self, body: Any) -> list[Any]:
        return [decode(one.body, body) for one in self.facts(body.TYPE)]

    @property
    def url(self) -> str:
        assert self.server is not None
        return f"https://127.0.0.1:{self.server.port}"


@contextlib.contextmanager
def house(folder: Path, name: str, *, listens: bool = False) -> Iterator[House]:
    settings = replace(Settings(), data_directory=folder / name, node_name=f"{name}.example/log")
    if not settings.data_directory.exists():
        create(settings, entropy)
    with Node.open(settings, clock=utc_now, entropy=entropy) as node:
        made = House(node, Partnership(node))
        if not listens:
            yield made
            return
        with PartnerServer(made.partnership, socket.create_server(("127.0.0.1", 0))) as made.server:
            yield made


@dataclass
class Fault:
    """What the link does to the next connection.

    Args:
        cut_after: bytes from the giver after which it breaks; None: never.
        hang: instead of breaking, say nothing more (half-open).
        delay_s: before each piece. piece: bytes at a time. garble: one byte is changed.
    """

    cut_after: int | None = None
    hang: bool = False
    delay_s: float = 0.0
    piece: int = 65_536
    garble: bool = False


@dataclass
class Link:
    """A TCP proxy: every byte that crosses is kept; `plan` says what happens to a connection."""

    target: tuple[str, int]
    plan: Callable[[int], Fault] = lambda number: Fault()
    crossed: bytearray = field(default_factory=bytearray)
    connections: int = 0

    def __enter__(self) -> Link:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._spawn(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for one in self._open:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(timeout=5)
        for one in self._open:
            one.close()

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self._listening.getsockname()[1]}"

    def _spawn(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            fault = self.plan(self.connections)
            self.connections += 1
            try:
                far = socket.create_connection(self.target)
            except OSError:
                near.close()
                continue
            for one in (near, far):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._open += [near, far]
            self._spawn(lambda near=near, far=far: self._pump(near, far, Fault()))
            self._spawn(lambda near=near, far=far, fault=fault: self._pump(far, near, fault))

    def _pump(self, source: socket.socket, sink: socket.socket, fault: Fault) -> None:
        left = fault.cut_after
        try:
            while piece := source.recv(fault.piece):
                if left is not None and fault.garble:
                    # All else of the stream comes: a link that loses bytes and stays open hangs.
                    at, left = left, left - len(piece) if left >= len(piece) else None
                    if left is None:
                        piece = piece[:at] + bytes([piece[at] ^ 1]) + piece[at + 1 :]
                elif left is not None:
                    piece = piece[:left]
                    left -= len(piece)
                self.crossed += piece
                if fault.delay_s:
                    time.sleep(fault.delay_s)
                sink.sendall(piece)
                if left == 0:
                    if fault.hang:
                        return
                    break
        except OSError:
            pass
        for one in (source, sink):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


def any_fault(dice: random.Random) -> Fault:
    """Return some fault of every class."""
    return Fault(
        cut_after=dice.choice([dice.randrange(0, 3_000), dice.randrange(1_000, 20_000)]),
        hang=dice.random() < 0.05,
        delay_s=dice.choice([0, 0, 0.002]),
        piece=dice.choice([257, 1_400, 65_536]),
        garble=dice.random() < 0.2,
    )


def wait_for(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.1)


@pytest.fixture(scope="session", autouse=True)
def plain_log() -> None:
    structlog.configure(
        processors=[structlog.processors.KeyValueRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(50),
    )


LATER = timedelta(days=1)
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
