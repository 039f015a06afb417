"""An agency's whole store, and the people outside who can notice that it was changed."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from clearway.errors import ClearwayError, ConflictingKey, VerificationError
from clearway.ledger import checkpoint, cosigned, receipt, tables, witnessed
from clearway.ledger.beside import Known, verify_beside
from clearway.ledger.cosignature import Cosigner
from clearway.ledger.database import open_writer
from clearway.ledger.fact import Fact
from clearway.ledger.log import Log
from clearway.ledger.note import Signer, split_note
from clearway.ledger.quorum import Quorum
from clearway.ledger.receipt import Receipt
from clearway.ledger.transaction import Transaction
from clearway.ledger.verify import verify_store, with_faults
from clearway.ledger.witness import Accepted, Refusal, State, add_checkpoint, request_of

ORIGIN, PARTNER = "customs.example/border", "plants.example/border"
SIGNER = Signer.from_seed(ORIGIN, bytes(range(32)))
PARTNER_SIGNER = Signer.from_seed(PARTNER, bytes(range(1, 33)))
WITNESS = Cosigner.from_seed("plants.example/witness", bytes([7] * 32))
OURS = Cosigner.from_seed("customs.example/witness", bytes([8] * 32))
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
BATCHES = [40, 1, 300, 7, 252, 33]  # 633 facts, two full tiles, six checkpoints
SIZE = sum(BATCHES)
KEPT = 250  # the fact whose receipt somebody holds
OLD = 3  # batches that an older copy of the database has


def fact_of(seq: int, batch: int, kg: int = 0) -> Fact:
    """Return the fact of a place; `kg` tells one history from another."""
    at = NOON + timedelta(minutes=batch)
    body = b'{"parcel":%d,"kg":%d}' % (seq, kg or seq)
    return Fact(seq, "parcel.weighed/1", f"parcel:{seq}", "customs", "officer:1", at, at, body)


def salt_of(seq: int) -> bytes:
    """Return a salt that differs for each fact."""
    return sha256(b"salt %d" % seq).digest()


def grow(connection: Connection, log: Log, batches: list[int], *, kg: int = 0) -> None:
    """Commit batches, each fact with its claim."""
    for number, count in enumerate(batches):
        facts = [fact_of(seq, number, kg) for seq in range(log.size, log.size + count)]
        tx = Transaction(connection, NOON, log.size, {})
        for fact in facts:
            tx.claim("parcel", f"key-{fact.seq}", sha256(fact.body).digest(), fact)
        batch = log.prepare(facts, [salt_of(fact.seq) for fact in facts])
        log.write(connection, batch)
        connection.commit()
        log.accept(batch)


@dataclass
class Outside:
    """What partners and traders hold: none of it lies in the agency's store.

    Args:
        receipt: of fact `KEPT`, under the newest checkpoint.
        state: what the agency's witness remembers of its log.
        given: sizes that our own witness cosigned for the partner's log.
    """

    receipt: Receipt
    state: State
    given: Accepted
    partner: Log
    partner_store: Connection
    finders: list[str] = field(default_factory=list)


class Store:
    """A copy of the agency's database that may be tampered with."""

    def __init__(self, path: Path, older: Path, outside: Outside) -> None:
        self.path = path
        self.older = older
        self.outside = outside

    @contextmanager
    def opened(self) -> Iterator[Connection]:
        """Give a connection whose changes are committed."""
        engine = open_writer(self.path)
        try:
            with engine.connect() as connection:
                yield connection
                connection.commit()
        finally:
            engine.dispose()

    def found_by(self) -> list[str]:
        """Return who notices: each looks at what he can see, and no more."""
        with self.opened() as connection:
            found = [name for name, look in FINDERS.items() if look(connection, self.outside)]
        return found


def _opening(connection: Connection, outside: Outside) -> bool:
    try:
        Log.open(connection, ORIGIN, SIGNER)
    except VerificationError:
        return True
    return False


def _audit(connection: Connection, outside: Outside) -> bool:
    known = Known([WITNESS.verifier], [OURS.verifier], {PARTNER: [PARTNER_SIGNER.verifier]})
    report = verify_store(connection, ORIGIN, [SIGNER.verifier])
    return not with_faults(report, verify_beside(connection, known)).holds


def _witness(connection: Connection, outside: Outside) -> bool:
    """The partner who cosigns our log gets the next head, and asks for its own proof."""
    try:
        log = Log.open(connection, ORIGIN, SIGNER)
        if log.size < outside.state.size:
            return True  # it is told a size (409) that our store does not reach
        proof = log.consistency(connection, outside.state.size)
        request = request_of(outside.state.size, proof, log.note)
    except VerificationError:
        return False  # the node does not start, so it shows nothing
    return isinstance(add_checkpoint(outside.state, [SIGNER.verifier], request), Refusal)


def _partner(connection: Connection, outside: Outside) -> bool:
    """The log that our own witness cosigns sends its next head: is it treated as before?"""
    held = witnessed.find_held(connection, PARTNER)
    try:
        size = outside.given.state.size
        proof = outside.partner.consistency(outside.partner_store, size)
        request = request_of(size, proof, outside.partner.note)
        state = held and held.state
        if isinstance(add_checkpoint(state, [PARTNER_SIGNER.verifier], request), Refusal):
            return True
        monitored = f"{held.note}{''.join(held.lines)}" if held else ""
        seen = Quorum.of([PARTNER_SIGNER.verifier, OURS.verifier]).judge(monitored)
        return len(seen.cosigned_by) != 1 or seen.checkpoint.size != size
    except ClearwayError:
        return True


def _holder(connection: Connection, outside: Outside) -> bool:
    """A trader sends his message again, and asks for his receipt again."""
    kept = outside.receipt
    verified = receipt.verify(kept, [SIGNER.verifier])
    digest = sha256(verified.fact.body).digest()
    tx = Transaction(connection, NOON, 0, {})
    try:
        if tx.earlier("parcel", f"key-{KEPT}", digest) != kept.index:
            return True
        log = Log.open(connection, ORIGIN, SIGNER)
        log.consistency(connection, verified.checkpoint.size)
        again = log.receipt(connection, KEPT)
        if receipt.verify(again, [SIGNER.verifier]).fact != verified.fact:
            return True
        note = cosigned.cosigned_note(connection, SIZE)
        quorum = Quorum.of([SIGNER.verifier, WITNESS.verifier])
        if note is None or len(quorum.judge(note).cosigned_by) != 1:
            return True
    except (ConflictingKey, ClearwayError):
        return True
    head = [kept.note]
    return not verify_store(connection, ORIGIN, [SIGNER.verifier], outside=head).holds


FINDERS: dict[str, Callable[[Connection, Outside], bool]] = {
    "opening": _opening,
    "audit": _audit,
    "witness": _witness,
    "partner log": _partner,
    "receipt holder": _holder,
}


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path, Outside]]:
    """The store as it should be, an older copy of it, and what others hold."""
    folder = tmp_path_factory.mktemp("honest")
    path, older = folder / "node.db", folder / "older.db"
    engine, partners = open_writer(path), open_writer(folder / "partner.db")
    tables.METADATA.create_all(engine)
    tables.METADATA.create_all(partners)
    with engine.connect() as connection, partners.connect() as partner_store:
        log = Log(ORIGIN, SIGNER)
        grow(connection, log, BATCHES[:OLD])
        connection.connection.driver_connection.execute("PRAGMA wal_checkpoint").fetchall()  # type: ignore[union-attr]
        shutil.copy(path, older)
        grow(connection, log, BATCHES[OLD:])
        text_of, _ = split_note(log.note)
        head = checkpoint.parse(text_of)
        line = WITNESS.cosign(text_of, NOON).encode()
        cosigned.keep(connection, SIZE, cosigned.read_answer(line, log.note, [WITNESS.verifier]))
        partner = Log(PARTNER, PARTNER_SIGNER)
        grow(partner_store, partner, [5, 6])
        asked = request_of(0, [], partner.note)
        given = add_checkpoint(None, [PARTNER_SIGNER.verifier], asked)
        assert isinstance(given, Accepted)
        witnessed.keep(connection, given, (OURS.cosign(given.text, NOON),), NOON)
        connection.commit()
        grow(partner_store, partner, [4])
        kept = log.receipt(connection, KEPT)
        connection.rollback()
        connection.connection.driver_connection.execute("PRAGMA wal_checkpoint").fetchall()  # type: ignore[union-attr]
        state = State(ORIGIN, head.size, head.root)
        yield path, older, Outside(kept, state, given, partner, partner_store)
    engine.dispose()
    partners.dispose()


@pytest.fixture
def store(honest: tuple[Path, Path, Outside], tmp_path: Path) -> Store:
    """A copy of it."""
    path, older, outside = honest
    shutil.copy(path, tmp_path / "copy.db")
    return Store(tmp_path / "copy.db", older, outside)


def flip(connection: Connection, table: str, column: str, where: str) -> None:
    """Turn one bit of one stored value, whatever its kind."""
    query = f"SELECT {column} FROM {table} WHERE {where}"
    value = connection.execute(text(query)).scalar_one()
    changed: object
    if isinstance(value, int):
        changed = value ^ 1
    elif isinstance(value, str):
        middle = len(value) // 2
        changed = value[:middle] + chr(ord(value[middle]) ^ 1) + value[middle + 1 :]
    else:
        middle = len(value) // 2
        changed = value[:middle] + bytes([value[middle] ^ 1]) + value[middle + 1 :]
    update = text(f"UPDATE {table} SET {column} = :changed WHERE {where}")
    assert connection.execute(update, {"changed": changed}).rowcount == 1


def pytest_addoption(parser: pytest.Parser) -> None:
    """Known where this folder is named on the command line."""
    parser.addoption("--write-tamper-report", action="store_true", help="write the table anew")
