"""Partner agencies: who they are, by which keys they sign, what they may receive.

An agency is known by its log's origin. Each of its keys has a life of its own: a rotated log key
holds for checkpoints up to a size, a lost one ends at an instant, and neither rule is ever applied
to what was signed and recorded before it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from clearway.ledger.sealed import HYBRID
from clearway.terms.places import Country

_NOT_IN_IDS = re.compile(r"[^a-z0-9]+")


class Status(StrEnum):
    """Where an agency stands."""

    JOINED = "joined"
    SUSPENDED = "suspended"
    LEFT = "left"


class KeyKind(StrEnum):
    """What a key is for."""

    LOG = "log"
    WITNESS = "witness"
    HPKE = "hpke"
    TLS = "tls"


@dataclass(frozen=True, slots=True)
class AgencyKey:
    """One key of an agency.

    Args:
        kind: what it is for.
        text: vkey (C2SP signed-note) of a log or witness key, `ledger.sealed.PublicKey.text` of an
            HPKE key, hex of the SHA-256 of a TLS certificate.
        since: when it became known here, aware UTC.
        until_size: of a log key: the largest checkpoint it may sign; None: any.
        until: when it ended, aware UTC; None: it holds.
    """

    kind: KeyKind
    text: str
    since: datetime
    until_size: int | None = None
    until: datetime | None = None

    def holds(self, at: datetime, size: int | None = None) -> bool:
        """Return whether it may sign at that instant, a checkpoint of that size if one is given."""
        is_alive = self.until is None or at < self.until
        return is_alive and (size is None or self.until_size is None or size <= self.until_size)


@dataclass(frozen=True, slots=True)
class Agency:
    """A partner agency, as this node knows it.

    Args:
        id: made from the origin (`id_of`); the same on every node.
        name: shown to people.
        country: of the administration.
        origin: identity of its log (C2SP tlog-checkpoint).
        keys: all that it ever had here, the oldest first.
        url: of its exchange door; empty: none.
        witness_url: submission prefix of its witness (C2SP tlog-witness); empty: none.
        status: whether it takes part.
        entitlements: rules of what it may receive (`entitlement`).
        joined_at: aware UTC.
    """

    id: str
    name: str
    country: Country
    origin: str
    keys: tuple[AgencyKey, ...]
    url: str
    witness_url: str
    status: Status
    entitlements: tuple[str, ...]
    joined_at: datetime

    @property
    def log_vkeys(self) -> tuple[str, ...]:
        """Every key that ever signed its log and was not lost: old receipts still verify."""
        return tuple(k.text for k in self.keys if k.kind is KeyKind.LOG and k.until is None)

    @property
    def witness_vkeys(self) -> tuple[str, ...]:
        """Keys of its witness that hold."""
        return tuple(k.text for k in self.keys if k.kind is KeyKind.WITNESS and k.until is None)

    @property
    def hpke_key(self) -> str:
        """The key to seal for it (`ledger.sealed`), a hybrid one if there is one; empty: none."""
        held = self._held(KeyKind.HPKE)
        hybrid = [text for text in held if text.startswith(f"{HYBRID}:")]
        return (hybrid or held or [""])[-1]

    @property
    def tls_fingerprint(self) -> str:
        """SHA-256 of its newest TLS certificate, hex; empty: none."""
        return (self._held(KeyKind.TLS) or [""])[-1]

    @property
    def takes_part(self) -> bool:
        """Whether it has joined and is not suspended."""
        return self.status is Status.JOINED

    def keys_at(self, kind: KeyKind, at: datetime, size: int | None = None) -> tuple[str, ...]:
        """Return the keys of a kind that hold at an instant (see `AgencyKey.holds`)."""
        return tuple(k.text for k in self.keys if k.kind is kind and k.holds(at, size))

    def _held(self, kind: KeyKind) -> list[str]:
        """Return the keys of a kind that did not end, the newest last."""
        return [k.text for k in self.keys if k.kind is kind and k.until is None]


def id_of(origin: str) -> str:
    """Return the id of the agency whose log bears this origin: `customs.example/border` gives
    `customs_example_border`.
    """
    return _NOT_IN_IDS.sub("_", origin.lower()).strip("_")[:64]
