"""A history of any length, made fast and straight into Parquet: for speed, never for quality.

Every row is one declaration of one item. Traders are drawn with a heavy tail, prices around what
is usual for the code; a twentieth is examined, by chance, with its propensity.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

_PART = 1_000_000
_BEGIN = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp())
_DAYS = 730
_IMPORTERS, _BROKERS, _EXPORTERS = 80_000, 2_000, 60_000
_ORIGINS = [a + b for a in "ABCDEFGHIJ" for b in "KLMNOPQRST"]
_OFFICES = [f"GH{chr(65 + n // 6)}{chr(65 + n % 6)}1" for n in range(24)]
_NAMES = ["fresh", "frozen", "used", "new", "woven", "steel", "cotton", "organic", "spare", "mixed"]
_THINGS = [
    "salmon",
    "shirts",
    "tyres",
    "parts",
    "phones",
    "goods",
    "roses",
    "flour",
    "pumps",
    "toys",
]
_SHARE = 0.05


def write_history(folder: Path, rows: int, *, seed: int = 1) -> list[Path]:
    """Write so many declarations as Parquet in the schema of a history, with rules' features."""
    rng = np.random.default_rng(seed)
    codes = [f"{n:06d}" for n in sorted(rng.choice(970_000, 3_000, replace=False) + 10_000)]
    texts = [f"{a} {b} of grade {n}" for a in _NAMES for b in _THINGS for n in range(40)]
    texts += ["general cargo", "goods", "spare parts", "mixed articles"]
    files = []
    for start in range(0, rows, _PART):
        file = folder / f"{start:012d}.parquet"
        _part(rng, start, min(_PART, rows - start), rows, codes, texts).write_parquet(
            file, compression="zstd", row_group_size=250_000
        )
        files.append(file)
    return files


def _part(
    rng: np.random.Generator, start: int, count: int, rows: int, codes: list[str], texts: list[str]
) -> pl.DataFrame:
    number = np.arange(start, start + count)
    seconds = _BEGIN + (number * (_DAYS * 86_400) // rows)
    importer = (rng.pareto(1.05, count) * 40).astype(np.int64) % _IMPORTERS
    code = rng.integers(0, len(codes), count)
    mass = np.exp(rng.normal(6.0, 1.3, count))
    spread = rng.normal(0.0, 1.2, count)
    value = mass * np.exp(1.0 + code % 40 * 0.07 + spread * 0.3)
    examined = rng.random(count) < _SHARE
    illicit = rng.random(count) < 0.04 + 0.3 * (spread < -2.0)
    seen = np.minimum(number * 40 // (importer + 40), 5_000).astype(np.float64)
    opened = np.floor(seen * _SHARE)
    return pl.DataFrame(
        {
            "mrn": _texts("26GH", number, 14),
            "item": np.ones(count, dtype=np.int64),
            "accepted_at": (seconds * 1_000_000).astype("datetime64[us]"),
            "importer": _texts("GH", importer, 6),
            "declarant": _texts("GHB", rng.integers(0, _BROKERS, count), 5),
            "exporter": _texts("X", rng.integers(0, _EXPORTERS, count), 6),
            "office": _picked(_OFFICES, rng.integers(0, len(_OFFICES), count)),
            "hs": _picked(codes, code),
            "origin": _picked(_ORIGINS, (rng.pareto(1.0, count) * 8).astype(np.int64) % 100),
            "dispatch": _picked(_ORIGINS, (rng.pareto(1.0, count) * 8).astype(np.int64) % 100),
            "preference": _picked(["100", "300"], (rng.random(count) < 0.15).astype(np.int64)),
            "net_mass_kg": mass,
            "value": value,
            "currency": _picked(["EUR", "USD", "GHS"], rng.integers(0, 3, count)),
            "statistical_value": value,
            "duty_rate": (code % 9) * 2.5,
            "packages": np.maximum(1, (mass / 12).astype(np.int64)),
            "transport_mode": _picked(["1", "3", "4"], rng.integers(0, 3, count)),
            "description": _picked(texts, rng.integers(0, len(texts), count)),
            "examined": examined,
            "illicit": pl.Series(illicit).set(~pl.Series(examined), None),
            "extra_revenue": np.where(examined & illicit, value * 0.1, 0.0),
            "known_at": ((seconds + 86_400 * 3) * 1_000_000).astype("datetime64[us]"),
            "certificates": rng.integers(0, 5, count).astype(np.float64),
            "propensity": np.full(count, _SHARE),
            "price_z_hs6_origin": spread,
            "price_z_hs6": spread,
            "importer_n": seen,
            "importer_examined": opened,
            "importer_found": np.floor(opened * rng.random(count) ** 12),
        }
    ).with_columns(pl.col("accepted_at", "known_at").dt.replace_time_zone("UTC"))


def _texts(head: str, numbers: Any, digits: int) -> pl.Series:
    series = pl.Series("n", numbers).cast(pl.String).str.zfill(digits)
    return pl.select(pl.lit(head) + series).to_series()


def _picked(choices: list[str], places: Any) -> pl.Series:
    return pl.Series(choices).gather(places)


def sixty_rules() -> list[str]:
    """Return sixty expressions as analysts write them: prices, shares, codes, words, parties."""
    found = []
    for n in range(10):
        chapter = f"{10 + n * 8:02d}"
        low = -2.0 - n * 0.15
        origins = ", ".join(f'"{one}"' for one in _ORIGINS[n : n + 4])
        found += [
            f'item.hs.startsWith("{chapter}") && item.price_spreads < {low}',
            f"item.importer_items < {3 + n} && item.value_eur > {20_000 + 5_000 * n}.0",
            f"item.importer_examined >= {4 + n} &&"
            " item.importer_found * 2 > item.importer_examined",
            f"item.is_preferential && item.origin != declaration.dispatch && item.origin in"
            f" [{origins}]",
            f'item.description.contains("{_THINGS[n]}") && item.duty_rate > {n}.0 &&'
            f' declaration.office == "{_OFFICES[n]}"',
            f"item.net_mass_kg / double(item.packages) > {200 + 50 * n}.0 && item.hs in"
            f' ["{chapter}0110", "{chapter}0120"] || item.is_vague && item.certificates < 1.0 &&'
            f' declaration.transport_mode == "4" && item.packages % 10 == {n}',
        ]
    return found
