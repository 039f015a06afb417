"""A log that is not ours: made by the definitions of RFC 6962 and tlog-tiles, and nothing of ours.

It is slow and simple on purpose: MTH is written as the RFC writes it, tiles as the specification
defines them, so that it is a second opinion on what `export` writes and `audit` reads.
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from clearway.ledger.note import Signer

ORIGIN = "log.example/anything"
SIGNER = Signer.from_seed(ORIGIN, b"f" * 32)


def mth(entries: list[bytes]) -> bytes:
    """RFC 6962, section 2.1."""
    if not entries:
        return hashlib.sha256(b"").digest()
    if len(entries) == 1:
        return hashlib.sha256(b"\x00" + entries[0]).digest()
    k = 1
    while k * 2 < len(entries):
        k *= 2
    return hashlib.sha256(b"\x01" + mth(entries[:k]) + mth(entries[k:])).digest()


def index_path(number: int) -> str:
    digits = f"{number:03d}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    return "/".join(["x" + group for group in groups[:-1]] + [groups[-1]])


def static_files(entries: list[bytes]) -> dict[str, bytes]:
    """Return every tile and bundle of a tree: path -> content."""
    files = {}
    for level in range(8):
        span = 256**level
        count = len(entries) // span
        for number in range(-(-count // 256)):
            members = range(number * 256, min(count, number * 256 + 256))
            name = index_path(number) + ("" if len(members) == 256 else f".p/{len(members)}")
            files[f"tile/{level}/{name}"] = b"".join(
                mth(entries[at * span : (at + 1) * span]) for at in members
            )
            if level == 0:
                files[f"tile/entries/{name}"] = b"".join(
                    len(entries[at]).to_bytes(2, "big") + entries[at] for at in members
                )
    return files


def head_text(entries: list[bytes], origin: str = ORIGIN) -> str:
    root = base64.b64encode(mth(entries)).decode()
    return f"{origin}\n{len(entries)}\n{root}\n"


def write_log(folder: Path, entries: list[bytes], signer: Signer = SIGNER) -> str:
    """Write the whole log as static files and return its signed checkpoint."""
    for path, content in static_files(entries).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    note = signer.sign(head_text(entries, signer.name))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "checkpoint").write_text(note, encoding="utf-8")
    return note
