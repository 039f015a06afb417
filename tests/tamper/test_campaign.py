"""Whoever can write to the store changes it; each change is noticed, and docs/design/tamper.md says
by whom.

    opening         the node refuses to start
    audit           `clearway ledger verify`
    witness         the partner who cosigns our log, when he gets the next head
    partner log     the log that we cosign, when it sends its next head
    receipt holder  a trader who sends his message again, asks for his receipt, or lends the audit
                    the checkpoint in his receipt

The table is written anew with `pytest tests/tamper --write-tamper-report`.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from clearway.errors import VerificationError
from clearway.ledger import tables
from clearway.ledger.commitment import leaf_hash
from clearway.ledger.fact import Fact
from clearway.ledger.log import Log
from clearway.ledger.note import Signer

from .conftest import BATCHES, KEPT, OLD, ORIGIN, PARTNER, SIGNER, SIZE, Store, flip, grow

REPORT = Path(__file__).resolve().parents[2] / "docs" / "design" / "tamper.md"
Attack = Callable[[Store], None]


def flipped(table: str, column: str, where: str) -> Attack:
    def attack(store: Store) -> None:
        with store.opened() as connection:
            flip(connection, table, column, where)

    return attack


def sql(*statements: str) -> Attack:
    def attack(store: Store) -> None:
        with store.opened() as connection:
            for statement in statements:
                assert connection.execute(text(statement)).rowcount > 0

    return attack


def swapped(store: Store) -> None:
    """Exchange two facts with all that belongs to them."""
    sql(
        "UPDATE fact SET seq = -1 WHERE seq = 100",
        "UPDATE fact SET seq = 100 WHERE seq = 101",
        "UPDATE fact SET seq = 101 WHERE seq = -1",
    )(store)


def rolled_back(store: Store) -> None:
    shutil.copy(store.older, store.path)


def forked(store: Store) -> None:
    """Roll back, then go on to another history of the same length, with the real key."""
    rolled_back(store)
    with store.opened() as connection:
        grow(connection, Log.open(connection, ORIGIN, SIGNER), BATCHES[OLD:], kg=9)


def rehashed(store: Store) -> None:
    """Change a fact and hash anew all that hangs on it; the head cannot be signed."""
    _edit(store)
    with store.opened() as connection:
        _hash_anew(connection, sign=False)


def resigned(store: Store) -> None:
    """The same by a thief of the log's key: every head is signed anew."""
    _edit(store)
    with store.opened() as connection:
        _hash_anew(connection, sign=True)


def _edit(store: Store) -> None:
    body = b'{"parcel":250,"kg":1}'.hex()
    sql(f"UPDATE fact SET body = x'{body}' WHERE seq = {KEPT}")(store)


def _hash_anew(connection: Connection, *, sign: bool) -> None:
    """Build the whole log anew from the stored facts, as its owner could."""
    rows = connection.execute(tables.fact.select().order_by(tables.fact.c.seq)).mappings().all()
    facts = [
        Fact(**{key: row[key] for key in row if key not in ("salt", "leaf_hash")}) for row in rows
    ]
    salts = [row["salt"] for row in rows]
    names = ("fact", "tile") + (("checkpoint",) if sign else ())
    for name in names:
        connection.execute(text(f"DELETE FROM {name}"))
    log, first = Log(ORIGIN, SIGNER), 0
    kept = connection.execute(tables.checkpoint.select()).mappings().all()
    connection.execute(text("DELETE FROM checkpoint"))
    for count in BATCHES:
        batch = log.prepare(facts[first : first + count], salts[first : first + count])
        log.write(connection, batch)
        log.accept(batch)
        first += count
    assert facts[KEPT].seq == KEPT and leaf_hash(facts[KEPT], salts[KEPT])
    if not sign:
        connection.execute(text("DELETE FROM checkpoint"))
        connection.execute(tables.checkpoint.insert(), [dict(row) for row in kept])


_FACT = f"seq = {KEPT}"
_FACT_COLUMNS = [
    column.name for column in tables.fact.c if column.name not in ("seq", "leaf_hash", "salt")
]
ATTACKS: dict[str, Attack] = {
    **{f"fact.{name}: a bit": flipped("fact", name, _FACT) for name in _FACT_COLUMNS},
    "fact.salt: a bit": flipped("fact", "salt", _FACT),
    "fact.leaf_hash: a bit": flipped("fact", "leaf_hash", _FACT),
    "fact.seq: another": sql(f"UPDATE fact SET seq = 9999 WHERE {_FACT}"),
    "facts: one deleted": sql(f"DELETE FROM fact WHERE {_FACT}"),
    "facts: two swapped": swapped,
    "facts: one doubled at the end": sql(
        f"INSERT INTO fact SELECT {SIZE}, "
        + ", ".join(column.name for column in tables.fact.c if column.name != "seq")
        + f" FROM fact WHERE {_FACT}"
    ),
    "facts: tail cut": sql("DELETE FROM fact WHERE seq >= 600"),
    "facts: tail cut with its checkpoint": sql(
        "DELETE FROM fact WHERE seq >= 600", "DELETE FROM checkpoint WHERE size > 600"
    ),
    "tile.hashes: a bit": flipped("tile", "hashes", "level = 0 AND number = 0"),
    "tiles: one deleted": sql("DELETE FROM tile WHERE number = 0"),
    "tiles: two swapped": sql(
        "UPDATE tile SET number = 9 WHERE number = 0",
        "UPDATE tile SET number = 0 WHERE number = 1",
        "UPDATE tile SET number = 1 WHERE number = 9",
    ),
    "tiles: one too many": sql("INSERT INTO tile SELECT level, 2, hashes FROM tile LIMIT 1"),
    "checkpoint.note: a bit": flipped("checkpoint", "note", "size = 348"),
    "checkpoint.signed_at: a bit": flipped("checkpoint", "signed_at", "size = 348"),
    "checkpoint.size: another": sql("UPDATE checkpoint SET size = 347 WHERE size = 348"),
    "checkpoints: one between two deleted": sql("DELETE FROM checkpoint WHERE size = 348"),
    "checkpoints: the last deleted": sql(f"DELETE FROM checkpoint WHERE size = {SIZE}"),
    "cosignature.line: a bit": flipped("cosignature", "line", f"size = {SIZE}"),
    "cosignature.size: another": sql("UPDATE cosignature SET size = 600"),
    "cosignatures: deleted": sql("DELETE FROM cosignature"),
    "witness_state.root: a bit": flipped("witness_state", "root", f"origin = '{PARTNER}'"),
    "witness_state.size: another": sql("UPDATE witness_state SET size = 10"),
    "witness_state.note: a bit": flipped("witness_state", "note", f"origin = '{PARTNER}'"),
    "witness_state.lines: a bit": flipped("witness_state", "lines", f"origin = '{PARTNER}'"),
    "witness_state: deleted": sql("DELETE FROM witness_state"),
    "claim.digest: a bit": flipped("claim", "digest", f"key = 'key-{KEPT}'"),
    "claim.seq: another": sql(f"UPDATE claim SET seq = 3 WHERE key = 'key-{KEPT}'"),
    "claim.key: another": sql(f"UPDATE claim SET key = 'none' WHERE key = 'key-{KEPT}'"),
    "claims: one deleted": sql(f"DELETE FROM claim WHERE key = 'key-{KEPT}'"),
    "whole database: an older copy put back": rolled_back,
    "whole database: rolled back and gone on (fork)": forked,
    "edited and hashed anew, not signed": rehashed,
    "edited, hashed anew, signed with the stolen key": resigned,
}


@pytest.mark.parametrize("byte", [0, 13, 31])
def test_a_changed_key_file_does_not_open_the_log(store: Store, byte: int) -> None:
    """The node refuses to go on under a key that its last checkpoint does not know."""
    seed = bytearray(range(32))
    seed[byte] ^= 1
    other = Signer.from_seed(ORIGIN, bytes(seed))
    with store.opened() as connection, pytest.raises(VerificationError, match="No known key"):
        Log.open(connection, ORIGIN, other)


@pytest.fixture(scope="module")
def table() -> dict[str, list[str]]:
    return {}


def test_the_honest_store_is_noticed_by_nobody(store: Store) -> None:
    """The control: these people do not cry wolf."""
    assert store.found_by() == []


@pytest.mark.parametrize("name", ATTACKS)
def test_every_change_is_noticed_by_somebody(
    name: str, store: Store, table: dict[str, list[str]]
) -> None:
    ATTACKS[name](store)
    table[name] = store.found_by()
    assert table[name], f"{name}: nobody noticed"


def test_the_report_says_by_whom(
    table: dict[str, list[str]], request: pytest.FixtureRequest
) -> None:
    if set(table) != set(ATTACKS):
        pytest.skip("the report needs every attack: run this file whole, in one process")
    rows = [f"| {name} | {', '.join(found)} |" for name, found in table.items()]
    made = "\n".join(["| changed in the store | noticed by |", "|---|---|", *rows])
    if request.config.getoption("--write-tamper-report", default=False):
        head = REPORT.read_text().partition("| changed in the store |")[0]
        REPORT.write_text(f"{head}{made}\n")
    assert made in REPORT.read_text(), "run pytest tests/tamper --write-tamper-report"
