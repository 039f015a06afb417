"""The evidence that this node holds against others, as files to hand on.

evidence/fork-<agency>-<digest>.json   `clearway ledger fork verify` checks it with the log's key
evidence/double-use-<nullifier>.json   `clearway ledger double-use verify`, with both logs' keys
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from sqlalchemy import Connection

from clearway.connectors.peer import evidence as evidence_of
from clearway.connectors.peer import uses
from clearway.identity.agencies import id_of
from clearway.ledger import sightings
from clearway.ledger.order.double_use import DoubleUse, Made
from clearway.node.files import write_durably

FOLDER = "evidence"


def file_name(origin: str, evidence: bytes) -> str:
    """Return the name of the file of a fork's evidence."""
    return f"fork-{id_of(origin)}-{sha256(evidence).hexdigest()[:12]}.json"


def write_evidence(connection: Connection, root: Path) -> list[Path]:
    """Write what is not there yet; return the new files.

    Raises: StorageFailure: the folder cannot be written.
    """
    folder = root / FOLDER
    written = []
    for origin, evidence in sightings.all_evidence(connection):
        file = folder / file_name(origin, evidence)
        if not file.exists():
            folder.mkdir(mode=0o700, exist_ok=True)
            write_durably(file, evidence)
            written.append(file)
    return written


def write_double_uses(
    connection: Connection, root: Path, own_receipt: Callable[[int], bytes]
) -> list[Path]:
    """Write the evidence of double uses that is not there yet; return the new files.

    Args:
        own_receipt: gives the receipt of a fact of our own log.

    Raises: StorageFailure: the folder cannot be written. NotFound: a fact of it was erased.
    """

    def receipt(at: uses.At, seq: int) -> str:
        if at.origin == uses.OWN:
            return own_receipt(seq).decode()
        return evidence_of.receipt_of(connection, at.origin, seq).marshal().decode()

    def made(at: uses.At) -> Made:
        return Made(receipt(at, at.asked), receipt(at, at.answered))

    written = []
    for found in uses.double_uses(connection):
        file = root / FOLDER / f"double-use-{found.nullifier.hex()[:12]}.json"
        if not file.exists():
            file.parent.mkdir(mode=0o700, exist_ok=True)
            shown = DoubleUse(found.nullifier, made(found.first), made(found.second))
            write_durably(file, shown.marshal())
            written.append(file)
    return written
