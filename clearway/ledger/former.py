"""Key rotation: lists of verifier keys, the present ones and former ones with their limits.

    # one key a line; a former key says up to where it is trusted
    customs.example/border+d1024bef+ARkDD2...
    customs.example/border+5a0c71e2+AXq81b... until size 40960
    plants.example/witness+77f0aa13+BKe9d0... until 2026-06-30T00:00:00Z

A limit of size says: checkpoints of at most that many leaves. A limit of time needs a signature
that states one, so it is for cosignatures only. Whoever stole a former key can still sign below its
limit: what holds against that is cosignatures of others, and a kept checkpoint.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from clearway.errors import VerificationError
from clearway.ledger import checkpoint as checkpoints
from clearway.ledger.keys import Verifier, is_cosigner, read_vkey

MAX_LIST_SIZE = 256 * 1024
_SIZE = re.compile(r"size (0|[1-9][0-9]{0,18})")


@dataclass(frozen=True, slots=True)
class Former:
    """A key that is no longer used: a `Verifier` with a limit.

    Args:
        key: as it was.
        up_to_size: of the checkpoints for which it is trusted, in leaves.
        up_to: last instant of cosignatures for which it is trusted, aware.

    Raises: VerificationError: no limit, or one of time for a key whose signatures state no time.
    """

    key: Verifier
    up_to_size: int | None = None
    up_to: datetime | None = None

    def __post_init__(self) -> None:
        if self.up_to_size is None and self.up_to is None:
            raise VerificationError(f"The former key of {self.name!r} needs a limit: size or time")
        if self.up_to is None:
            return
        if not is_cosigner(self.key):
            raise VerificationError(
                f"The signatures of {self.name!r} state no time; limit this former key by size"
            )
        if self.up_to.utcoffset() is None:
            raise VerificationError(f"The limit {self.up_to} of {self.name!r} has no time zone")

    @property
    def name(self) -> str:
        """Of the key."""
        return self.key.name

    @property
    def public_key(self) -> bytes:
        """The raw key."""
        return self.key.public_key

    @property
    def key_id(self) -> bytes:
        """Of the key, 4 bytes."""
        return self.key.key_id

    @property
    def signature_type(self) -> int:
        """Of the key."""
        return self.key.signature_type

    @property
    def vkey(self) -> str:
        """The text form of the key, without its limit."""
        return self.key.vkey

    def verify(self, text: bytes, signature: bytes) -> datetime | None:
        """Check one signature, whatever its limit; ask `covers` as well. Raises: as the key's."""
        return self.key.verify(text, signature)

    def covers(self, text: str, at: datetime | None) -> bool:
        """Return whether the key is trusted for this text and instant of a signature that holds."""
        if self.up_to is not None and (at is None or at > self.up_to):
            return False
        return self.up_to_size is None or checkpoints.parse(text).size <= self.up_to_size


def read_keys(text: str) -> tuple[Verifier, ...]:
    """Read a list of verifier keys, one a line; a single vkey is such a list.

    Raises: VerificationError: naming the line that is not in form; or no key at all.
    """
    if len(text) > MAX_LIST_SIZE:
        raise VerificationError(f"A list of keys has at most {MAX_LIST_SIZE} characters")
    keys: list[Verifier] = []
    for number, line in enumerate(text.split("\n"), start=1):
        stripped = line.strip(" \t\r")
        if stripped and not stripped.startswith("#"):
            try:
                keys.append(_read_line(stripped))
            except VerificationError as error:
                raise VerificationError(f"Key list, line {number}: {error.detail}") from error
    if not keys:
        raise VerificationError("The list of keys is empty")
    return tuple(keys)


def _read_line(line: str) -> Verifier:
    vkey, until, limit = line.partition(" until ")
    key = read_vkey(vkey)
    if not until:
        return key
    if found := _SIZE.fullmatch(limit):
        return Former(key, up_to_size=int(found[1]))
    try:
        return Former(key, up_to=datetime.fromisoformat(limit))
    except ValueError as error:
        raise VerificationError(
            f"the limit {limit[:40]!r} is neither `size <number>` nor an instant"
        ) from error
