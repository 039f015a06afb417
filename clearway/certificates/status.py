"""Status lists as the verifier holds them: what each entry says, and which place a certificate has.

A list has one entry for each certificate, and always the same number of entries, so that its size
does not tell how many certificates there are. Places are a secret permutation of the serial
numbers: neighbours in the list were not issued one after another, and nobody can go on from a place
that he knows. Values are those of the IETF's Token Status List, section "Status Types".
"""

from __future__ import annotations

import hmac
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Final

from clearway.certificates.claims import Place
from clearway.certificates.trust.model import TrustedKey
from clearway.errors import BadTerm
from clearway.terms.places import Country

ENTRY_BITS: Final = 2
SERIAL_BITS: Final = 20
ENTRIES: Final = 1 << SERIAL_BITS
KEY_SIZE: Final = 32

_HALF: Final = SERIAL_BITS // 2
_MASK: Final = (1 << _HALF) - 1
_ROUNDS: Final = 10


class State(IntEnum):
    """What an entry says of its certificate."""

    VALID = 0
    WITHDRAWN = 1
    SUSPENDED = 2  # the authority asks to wait; it may be lifted
    REPLACED = 3


@dataclass(frozen=True, slots=True)
class StatusList:
    """A status list whose signature was verified (`formats.status_list.verify` makes it).

    Args:
        country: of the authority.
        list_id: unique within the country.
        issued_at, next_update: aware UTC; from `next_update` on no entry says that all is well.
        entries: two bits for each, the first in the lowest bits of the first byte.
        key: that signed it.
    """

    country: Country
    list_id: str
    issued_at: datetime
    next_update: datetime
    entries: bytes
    key: TrustedKey

    def state(self, index: int) -> State | None:
        """Return what the list says of an entry; None: it has no such entry."""
        if not 0 <= index < len(self.entries) * 8 // ENTRY_BITS:
            return None
        return State(self.entries[index >> 2] >> (index & 3) * ENTRY_BITS & 3)

    def counts(self) -> dict[State, int]:
        """Return how many entries there are of each state."""
        bytes_of = Counter(self.entries)
        return {
            state: sum(
                count
                for byte, count in bytes_of.items()
                for shift in range(0, 8, ENTRY_BITS)
                if byte >> shift & 3 == state
            )
            for state in State
        }


def scatter(place: Place, key: bytes) -> Place:
    """Return the place under which a certificate is told of, from its running number in the list.

    A balanced Feistel network of ten rounds over 20 bits, with HMAC-SHA256: one to one, so no two
    certificates meet, and no table of taken places is needed.

    Args:
        place: a list, and a running number in it from 0.
        key: 32 secret bytes of the authority; they never change, else places would meet.

    Raises: BadTerm: no such running number, or a key of another size.
    """
    if len(key) != KEY_SIZE:
        raise BadTerm("Key of status places", "(secret)", f"{KEY_SIZE} bytes")
    if not 0 <= place.index < ENTRIES:
        raise BadTerm("Running number in a status list", place.index, f"0 to {ENTRIES - 1}")
    left, right = place.index >> _HALF, place.index & _MASK
    for turn in range(_ROUNDS):
        label = f"clearway-status-place/1\n{place.list_id}\n{turn} {right}".encode()
        mixed = int.from_bytes(hmac.digest(key, label, "sha256")[:4], "big") & _MASK
        left, right = right, left ^ mixed
    return Place(place.list_id, left << _HALF | right)
