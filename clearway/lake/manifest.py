"""The manifest: which files make up the lake. It is the one point at which a copy becomes visible.

    {
      "lake": "clearway-lake/1",
      "cursor": 4711,
      "last_leaf": "<hex of the leaf hash of fact 4711>",
      "parts": [{"path": "facts/noun=parcel/date=2026-03-02/0-4711.parquet", "rows": 912, ...}],
      "retired": ["facts/noun=parcel/date=2026-03-02/0-99.parquet"]
    }

Files that are not listed do not belong to the lake: what a crash left is swept at the next start.
Retired files were merged into others, and stay for readers that opened the lake before.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from clearway.errors import StorageFailure
from clearway.lake.files import write_durably

FORM = "clearway-lake/1"
NAME = "lake.json"


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One Parquet file of one partition.

    Args:
        path: relative to the lake's folder, with slashes.
        first: lowest seq in it.
        last: highest seq in it.
        rows: how many rows it has.
        since, until: of a series: its earliest and latest instant, microseconds since 1970 UTC.
    """

    path: str
    first: int
    last: int
    rows: int
    since: int = 0
    until: int = 0

    @property
    def partition(self) -> str:
        """The folder of its noun and date."""
        return self.path.rpartition("/")[0]


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The state of the lake.

    Args:
        cursor: seq of the last fact copied, -1 before the first.
        last_leaf: hex of that fact's leaf hash, so that another ledger is not mixed in.
        parts: files that hold every fact up to the cursor once.
        retired: files merged into others, not yet deleted.
    """

    lake: str = FORM
    cursor: int = -1
    last_leaf: str = ""
    parts: tuple[Part, ...] = ()
    retired: tuple[str, ...] = ()

    def save(self, folder: Path) -> None:
        """Make this the state of the lake, durably."""
        text = msgspec.json.format(msgspec.json.encode(self), indent=1)
        write_durably(folder / NAME, text)


def load(folder: Path) -> Manifest:
    """Return the state of a lake; that of an empty one where there is none.

    Raises: StorageFailure: the file is damaged or of another version.
    """
    try:
        text = (folder / NAME).read_bytes()
    except FileNotFoundError:
        return Manifest()
    try:
        manifest = msgspec.json.decode(text, type=Manifest)
    except msgspec.MsgspecError as error:
        raise StorageFailure(
            f"{folder / NAME} cannot be read ({error}); delete {folder} and copy the facts again"
        ) from error
    if manifest.lake != FORM:
        raise StorageFailure(f"{folder} is of the form {manifest.lake!r}; only {FORM!r} is read")
    return manifest
