"""Keys that a node draws for itself at the first use, each in a file of its own, mode 0600."""

from __future__ import annotations

from pathlib import Path

from clearway.errors import MalformedMessage
from clearway.node.clock import Entropy
from clearway.node.files import write_durably


def drawn_key(file: Path, entropy: Entropy, size: int = 32) -> bytes:
    """Return the key in a file; without the file, draw one and keep it.

    Raises: MalformedMessage: the file holds no such key. StorageFailure: it cannot be written.
    """
    if not file.exists():
        write_durably(file, entropy(size).hex().encode(), mode=0o600)
    try:
        key = bytes.fromhex(file.read_text(encoding="ascii").strip())
    except ValueError as error:
        raise MalformedMessage(f"{file.name} must hold {2 * size} hexadecimal digits") from error
    if len(key) != size:
        rule = f"must hold {2 * size} hexadecimal digits, not {2 * len(key)}"
        raise MalformedMessage(f"{file.name} {rule}")
    return key
