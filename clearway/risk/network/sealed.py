"""The links of a batch as one sealed file: what was proposed, of which parties, and from when.

    save(Batch(...), folder)     # kin-<first 16 digits of its hash>.json, whole or not at all
    load(file)                   # verified against its name

The registrations themselves stay where they are: the file holds numbers, never names or addresses.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from clearway.errors import NotFound, StorageFailure, VerificationError
from clearway.ledger.fact import decode, encode
from clearway.risk.network.model import Link, Registration

FORMAT = "clearway.kin/1"
_MOST_BYTES = 512 * 1024 * 1024
_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Batch:
    """One run of `linking.link`.

    Args:
        at: microseconds; parties registered before it were compared.
        seed: of the run.
        parties: how many.
        register: SHA-256 over their registrations.
        links: what was proposed.
        format: of this file.
    """

    at: int
    seed: int
    parties: int
    register: str
    links: tuple[Link, ...]
    format: str = FORMAT


def digest(registrations: Sequence[Registration]) -> str:
    """Return SHA-256 over registrations, in any order."""
    hasher = hashlib.sha256()
    for each in sorted(registrations):
        hasher.update("\x1f".join(map(str, each)).encode() + b"\x1e")
    return hasher.hexdigest()


def save(batch: Batch, folder: Path) -> Path:
    """Write a batch below a folder and return its file.

    Raises: StorageFailure: it cannot be written.
    """
    body = encode(batch)
    target = folder / f"kin-{_name(body)}.json"
    partial = target.with_suffix(".partial")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        partial.rename(target)
    except OSError as broken:
        raise StorageFailure(f"The links cannot be written to {target}: {broken}") from broken
    return target


def load(file: Path) -> Batch:
    """Return the batch of a file, verified.

    Raises:
        NotFound: there is no such file.
        VerificationError: it is broken, too large, or not the one that was sealed.
    """
    if not file.is_file():
        raise NotFound(f"There are no sealed links at {file}")
    if file.stat().st_size > _MOST_BYTES:
        raise VerificationError(f"{file} is larger than any file of links; link the parties again")
    body = file.read_bytes()
    if file.name != f"kin-{_name(body)}.json":
        raise VerificationError(f"{file} is not what was sealed under its name; link again")
    try:
        batch = decode(body, Batch)
    except (msgspec.ValidationError, msgspec.DecodeError, ValueError) as broken:
        raise VerificationError(f"{file} holds no links: {broken}") from broken
    if batch.format != FORMAT:
        raise VerificationError(f"{file} has the format {batch.format!r}; only {FORMAT} is known")
    return batch


def _name(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:_DIGITS]
