"""The evidence that this node holds against others, as files to hand on.

evidence/fork-<agency>-<digest>.json   `clearway ledger fork verify` checks it with the log's key
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from sqlalchemy import Connection

from clearway.identity.agencies import id_of
from clearway.ledger import sightings
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
