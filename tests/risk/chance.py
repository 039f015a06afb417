"""Random small histories that crowd what is awkward: ties in time, many items, late results."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

import numpy as np
import polars as pl
from hypothesis import strategies as st

from clearway.risk.formats.history import SCHEMA, conform

from .world import BEGIN

# Few enough values that keys meet, and some of them unknown.
_ONE_OF: dict[str, list[Any]] = {
    "importer": ["GH1", "GH2", "GH3", None],
    "declarant": ["B1", "B2"],
    "exporter": ["X1", "X2", None],
    "office": ["GHTEM", "GHACC"],
    "hs": ["030214", "030219", "0302140000", "610910"],
    "origin": ["NO", "CN"],
    "dispatch": ["NO", "CN", None],
    "preference": ["100", "300", None],
    "net_mass_kg": [100.0, 100.0, 250.5, 0.0, None, math.nan],
    "value": [650.0, 1200.0, 5.0, 0.0, None],
    "currency": ["EUR", "USD", "XXX", None],
    "statistical_value": [700.0, None],
    "duty_rate": [10.0, None],
    "packages": [1, 10, 0, None],
    "transport_mode": ["1", "4", "sea", None],
    "description": ["Fresh Atlantic salmon", "salmon salmon fillets", "goods", "", None],
    "certificates": [0.0, 2.0, None],
    "address": ["1 High St.", "1 high st", "9 Low Road", None],
    "phone": ["+233 24 555 0101", "024-555-0101", None],
    "kin": ["GH1", None],
    "signals": [0, 1, 12, None],
    "quantity": [5.0, 0.0, None],
}
# Acceptances crowd on few instants, of one day and of days around the window of recent results.
_DAYS = (0.0, 0.0, 0.25, 0.25, 1.0, 1.5, 2.0, 59.0, 60.0, 60.25, 61.0, 62.0)
_DELAYS = (-1.0, 0.0, 0.25, 0.75, 1.0, 30.0, 60.0)


@st.composite
def histories(draw: st.DrawFn, most: int = 14) -> pl.DataFrame:
    """Draw a conforming history of a few declarations with one to four items each."""
    rows: list[dict[str, Any]] = []
    for number in range(draw(st.integers(1, most))):
        at = BEGIN + timedelta(days=draw(st.sampled_from(_DAYS)))
        for item in range(1, draw(st.sampled_from((1, 1, 2, 4))) + 1):
            rows.append({"mrn": f"26CW{number:03d}", "item": item, "accepted_at": at})
            rows[-1] |= {name: draw(st.sampled_from(values)) for name, values in _ONE_OF.items()}
            rows[-1] |= _result(draw, at)
    return conform(pl.DataFrame(rows, schema={name: SCHEMA[name] for name in rows[0]}))


def _result(draw: st.DrawFn, at: Any) -> dict[str, Any]:
    examined = draw(st.booleans())
    late = timedelta(days=draw(st.sampled_from(_DELAYS)))
    return {
        "examined": examined,
        "illicit": draw(st.sampled_from((True, False, None))) if examined else None,
        "extra_revenue": draw(st.sampled_from((0.0, 12.5, 1000.0, None))),
        "known_at": at + late if examined else None,
    }


def crowd(declarations: int, *, seed: int) -> pl.DataFrame:
    """Return a larger history of the same awkward values, the same for the same seed."""
    rng = np.random.default_rng(seed)
    rows: list[dict[str, Any]] = []
    for number in range(declarations):
        at = BEGIN + timedelta(days=_DAYS[rng.integers(len(_DAYS))])
        for item in range(1, (1, 1, 2, 4)[rng.integers(4)] + 1):
            row = {name: values[rng.integers(len(values))] for name, values in _ONE_OF.items()}
            examined = bool(rng.random() < 0.5)
            late = timedelta(days=_DELAYS[rng.integers(len(_DELAYS))])
            row |= {"mrn": f"26CW{number:05d}", "item": item, "accepted_at": at}
            row |= {"examined": examined, "known_at": at + late if examined else None}
            row["illicit"] = bool(rng.random() < 0.3) if examined else None
            row["extra_revenue"] = float(rng.integers(0, 5_000))
            rows.append(row)
    return conform(pl.DataFrame(rows, schema={name: SCHEMA[name] for name in rows[0]}))
