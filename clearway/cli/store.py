"""Commands that look into a node's folder without running the node."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, select
from sqlalchemy.exc import DatabaseError

from clearway.cli.progress import counting
from clearway.coldchain.archive import SERIES
from clearway.errors import NotFound, StorageFailure
from clearway.identity.agencies import KeyKind
from clearway.identity.tables_agencies import list_agencies
from clearway.lake.query import Lake
from clearway.lake.writer import LakeWriter
from clearway.ledger import receipt as receipts
from clearway.ledger import receipt_forms, schema, tables
from clearway.ledger.beside import Known
from clearway.ledger.cosignature import Cosigner
from clearway.ledger.database import Address, open_reader, open_writer
from clearway.ledger.fact import Fact
from clearway.ledger.keys import Verifier, read_vkey
from clearway.ledger.log import Log
from clearway.ledger.note import Signer
from clearway.ledger.receipt_forms import Form
from clearway.node import rooms
from clearway.node.files import Folder
from clearway.node.rebuild import Rebuilt
from clearway.node.rebuild import rebuild as replay
from clearway.node.witnessing import head_now
from clearway.settings import load


@contextmanager
def readable(database: Address) -> Iterator[None]:
    """Raises: StorageFailure: what lies there is no database of a node, or a broken one."""
    try:
        yield
    except DatabaseError as error:
        raise StorageFailure(
            f"{database} cannot be read ({error.orig}); keep it, and restore the last backup"
        ) from error


@contextmanager
def opened(file: Path | None) -> Iterator[tuple[Folder, Signer, Connection]]:
    """Give the folder, its signer and a read-only connection on one snapshot."""
    folder = Folder.of(load(file))
    signer = folder.signer()
    engine = open_reader(folder.store, pool_size=1)
    try:
        with readable(folder.store), engine.begin() as connection:
            schema.require(connection)
            yield folder, signer, connection
    finally:
        engine.dispose()


@contextmanager
def opened_log(file: Path | None) -> Iterator[tuple[Log, Connection]]:
    """Give the log as it is now, and a connection for its proofs."""
    with opened(file) as (folder, _, connection):
        yield folder.open_log(connection), connection


def known_to(folder: Folder, connection: Connection) -> Known:
    """Return every key by which what lies beside the log is judged, former ones included."""
    keys: dict[KeyKind, dict[str, list[Verifier]]] = {KeyKind.LOG: {}, KeyKind.WITNESS: {}}
    for agency in list_agencies(connection):
        for key in agency.keys:
            if key.kind in keys:
                keys[key.kind].setdefault(agency.origin, []).append(read_vkey(key.text))
    own = [Cosigner.from_skey(text.strip()).verifier for text in folder.witness_secrets()]
    witnesses = [key for held in keys[KeyKind.WITNESS].values() for key in held]
    return Known(witnesses, (*own, *folder.former_witnesses()), keys[KeyKind.LOG])


def receipt_of(file: Path | None, seq: int, form: Form = "json") -> bytes:
    """Return the receipt of a stored fact in a form. Raises: NotFound: no such fact."""
    columns = [column for column in tables.fact.c if column.name != "leaf_hash"]
    with opened_log(file) as (log, connection):
        row = connection.execute(select(*columns).where(tables.fact.c.seq == seq)).first()
        if row is None:
            raise NotFound(f"There is no fact {seq}; the log has {log.size}")
        values = dict(row._mapping)
        salt = values.pop("salt")
        head = head_now(connection, log.verifier.vkey)
        is_cosigned = head is not None and seq < head.size
        size, note = (head.size, head.note) if head and is_cosigned else (log.size, log.note)
        path = log.inclusion(connection, seq, size)
        issued = receipts.issue(Fact(**values), salt, path, note)
        return receipt_forms.write(log.with_cose(issued) if form == "cose" else issued, form)


def rebuild(file: Path | None, *, keep: bool, progress: bool) -> Rebuilt:
    """Replay all facts into the tables; without `keep`, only compare."""
    folder = Folder.of(load(file))
    folder.signer()
    engine = open_writer(folder.store)
    with (
        folder.lock(),
        readable(folder.store),
        counting("facts", quiet=not progress) as bar,
        engine.connect() as connection,
    ):
        transaction = connection.begin()
        schema.prepare(connection)
        found = replay(
            connection,
            rooms.projections(),
            rooms.projection_tables(),
            progress=lambda done: bar(done, done),
        )
        if keep:
            transaction.commit()
        else:
            transaction.rollback()
    engine.dispose()
    return found


def sync_lake(file: Path | None) -> int:
    """Copy the facts that the lake lacks; return how many."""
    with opened(file) as (folder, _, connection):
        return LakeWriter(folder.lake, series=SERIES).copy(connection)


def query_lake(file: Path | None, sql: str) -> tuple[list[str], list[tuple[object, ...]]]:
    """Return the columns and rows of a SELECT over the lake."""
    folder = Folder(load(file).data_directory)
    with Lake(folder.lake, series=SERIES) as lake:
        frame = lake.frame(sql)
    return frame.columns, frame.rows()
