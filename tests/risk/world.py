"""A small made-up border for tests of risk: honest and dishonest traders, four kinds of fraud.

Only the shape of it is like the world; no figure measured on it says anything about a border.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

BEGIN = datetime(2025, 1, 1, tzinfo=UTC)
_ORIGINS = ["NO", "CN", "GH", "KE", "VN", "CL", "MA", "TR"]
_CODES = [
    f"{chapter:02d}{heading:02d}{sub}"
    for chapter in (3, 7, 8, 61, 84, 85)
    for heading in (2, 4, 6)
    for sub in (10, 20, 90)
]


def history(rows: int, *, seed: int = 0, days: int = 360, examined: float = 0.6) -> pl.DataFrame:
    """Return items of history in the documented schema, in the order of time."""
    rng = np.random.default_rng(seed)
    items = rng.integers(1, 4, rows)
    declaration = np.repeat(np.arange(rows), items)[:rows]
    count = int(declaration[-1]) + 1
    at = np.sort(rng.integers(0, days * 86_400, count))[declaration]
    importers = max(20, rows // 150)
    honesty = rng.beta(0.25, 3.0, importers)
    importer = (rng.pareto(1.1, count) * 3).astype(int).clip(0, importers - 1)[declaration]
    broker = (rng.integers(0, 25, count))[declaration]
    exporter = rng.integers(0, importers * 2, count)[declaration]
    code = rng.integers(0, len(_CODES), rows)
    origin = rng.integers(0, len(_ORIGINS), rows)
    mass = np.exp(rng.normal(6.0, 1.2, rows))
    usual = np.exp(1.0 + 0.07 * code + 0.15 * (origin % 3))
    cheat = rng.random(rows) < honesty[importer] * (1.0 + (origin == 1)) * 0.8
    undervalued = cheat & (rng.random(rows) < 0.7)
    price = (
        usual
        * np.exp(rng.normal(0, 0.2, rows))
        * np.where(undervalued, rng.uniform(0.2, 0.6, rows), 1)
    )
    value = mass * price
    rate = 2.0 + (code % 9) * 2.5
    seen = rng.random(rows) < examined
    accepted = [BEGIN + timedelta(seconds=int(second)) for second in at]
    delay = rng.uniform(0.1, 6.0, rows)
    loss = np.where(undervalued, mass * usual * 0.6, value * 0.2) * rate / 100
    return pl.DataFrame(
        {
            "mrn": [f"25CW{number:014d}" for number in declaration],
            "item": _numbers(declaration),
            "accepted_at": accepted,
            "importer": [f"GH{number:06d}" for number in importer],
            "declarant": [f"GHB{number:05d}" for number in broker],
            "exporter": [f"X{number:05d}" for number in exporter],
            "office": ["GHTEM" if number % 3 else "GHACC" for number in declaration],
            "hs": [_CODES[number] for number in code],
            "origin": [_ORIGINS[number] for number in origin],
            "dispatch": [_ORIGINS[number] for number in origin],
            "preference": np.where(rng.random(rows) < 0.1, "300", "100"),
            "net_mass_kg": mass,
            "value": value,
            "currency": ["EUR"] * rows,
            "statistical_value": value,
            "duty_rate": rate,
            "packages": np.maximum(1, (mass / 12).astype(int)),
            "transport_mode": np.where(declaration % 4 == 0, "4", "1"),
            "description": np.where(cheat & (rng.random(rows) < 0.3), "goods", "fresh produce"),
            "examined": seen,
            "illicit": [bool(c) if s else None for c, s in zip(cheat, seen, strict=True)],
            "extra_revenue": np.where(cheat & seen, loss, 0.0),
            "known_at": [
                a + timedelta(days=float(d)) if s else None
                for a, d, s in zip(accepted, delay, seen, strict=True)
            ],
        },
        schema_overrides={
            "accepted_at": pl.Datetime("us", "UTC"),
            "known_at": pl.Datetime("us", "UTC"),
            "illicit": pl.Boolean,
        },
    )


def _numbers(declaration: np.ndarray) -> list[int]:
    numbers, last, number = [], -1, 0
    for each in declaration:
        number = number + 1 if each == last else 1
        last = each
        numbers.append(number)
    return numbers
