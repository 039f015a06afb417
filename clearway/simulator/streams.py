"""Seeded streams of chance, one per purpose: a change in one leaves the others as they were.

    prices = stream(7, "prices")
    lodgings = stream(7, "day", "2026-03-02")

The same seed and names give the same numbers on every machine: NumPy keeps the output of
`SeedSequence` and of `PCG64` stable.
"""

from __future__ import annotations

from zlib import crc32

import numpy as np

Generator = np.random.Generator


def stream(seed: int, *names: str | int) -> Generator:
    """Return the generator of one purpose.

    Args:
        seed: of the world, 0 or more.
        names: what the numbers are for; other names give independent numbers.
    """
    words = [crc32(str(name).encode()) for name in names]
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, *words])))


def share(seed: int, *names: str | int) -> float:
    """Return one number in [0, 1) that depends on the seed and the names alone."""
    return float(stream(seed, *names).random())
