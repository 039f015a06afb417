"""Agencies, batches and engines for the order's tests: deterministic, so that a failure returns."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from clearway.errors import InputError
from clearway.ledger.order.cometbft.node import find_binary
from clearway.ledger.order.encoding import BatchSigner
from clearway.ledger.order.model import Agency, Item, Use, UseBatch

ORDER = "test-order"
NAMES = ("customs", "health", "plant", "port")


def digest(text: object) -> bytes:
    return hashlib.sha256(str(text).encode()).digest()


def signer_of(name: str, order: str = ORDER) -> BatchSigner:
    return BatchSigner(order, name, digest(f"seed {name}"))


def agency_of(name: str, power: int = 1) -> Agency:
    validator = signer_of(f"validator {name}".replace(" ", "-")).public_key
    return Agency(name, signer_of(name).public_key, power, validator)


def batch_of(key: object, *items: Item) -> UseBatch:
    return UseBatch(digest(key)[:16], items)


def use_of(thing: object, holder: str = "holder") -> Use:
    return Use(digest(thing), holder)


@pytest.fixture(scope="session")
def cometbft() -> Path:
    """The pinned binary."""
    try:
        return find_binary("")
    except InputError as error:
        pytest.skip(f"cometbft is absent: {error.detail}")
