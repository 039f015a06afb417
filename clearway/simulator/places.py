"""Where goods come from and where they enter: ports, ways, weather, money.

`places.csv` holds one exporting country a line. Days at sea, temperatures and exchange rates are
round numbers for a sample border. Weather is a sum of two waves, the year's and the day's: no
storms, no clouds.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

DAY_S = 86_400.0
# Local currency units for one unit: fixed for the whole world, so that values compare.
RATES: dict[str, float] = {
    "USD": 1.0, "EUR": 1.08, "GBP": 1.27, "CHF": 1.12, "AUD": 0.66, "NZD": 0.61, "JPY": 0.0067,
    "NOK": 0.094, "SEK": 0.095, "DKK": 0.145, "ZAR": 0.054,
}  # fmt: skip
SEA, ROAD, AIR = "1", "3", "4"
_WARMEST_DAY = 200.0
_WARMEST_HOUR = 15.0
# Sun on the roof of a stacked container, at noon.
_SUN_K = 6.0


@dataclass(frozen=True, slots=True)
class Climate:
    """Air temperature at a place: yearly mean, half-swing of the year and of the day, degrees.

    A negative `season_c` is the southern hemisphere.
    """

    mean_c: float
    season_c: float
    daily_c: float

    def at(self, epoch_s: Floats) -> Floats:
        """Return degrees Celsius in the sun at instants in seconds since 1970 UTC; same shape."""
        day = epoch_s / DAY_S
        hour = (day % 1.0) * 24.0
        year = np.cos(2 * np.pi * (day % 365.25 - _WARMEST_DAY) / 365.25)
        swing = np.cos(2 * np.pi * (hour - _WARMEST_HOUR) / 24.0)
        sun = _SUN_K * np.maximum(np.cos(2 * np.pi * (hour - 13.0) / 24.0), 0.0)
        warmth: Floats = self.mean_c + self.season_c * year + self.daily_c * swing + sun
        return warmth


@dataclass(frozen=True, slots=True)
class Origin:
    """An exporting country, seen from the border."""

    country: str
    port: str
    currency: str
    climate: Climate
    sea_days: float
    air_hours: float
    road_hours: float | None

    def hours_by(self, mode: str) -> float:
        """Return the hours under way by a mode of UN/ECE Recommendation 19."""
        if mode == AIR:
            return self.air_hours
        if mode == ROAD and self.road_hours is not None:
            return self.road_hours
        return self.sea_days * 24.0


@dataclass(frozen=True, slots=True)
class Border:
    """The importing side: a sample country with one office per way in.

    Args:
        country: ISO 3166-1 or a user-assigned code.
        offices: UN/LOCODE of the customs office by mode of transport.
        terminals: name of the place where goods of that mode lie.
        climate: at all offices.
    """

    country: str
    offices: dict[str, str]
    terminals: dict[str, str]
    climate: Climate


SAMPLE_BORDER = Border(
    country="XA",
    offices={SEA: "XAPRT", ROAD: "XAGTE", AIR: "XAAIR"},
    terminals={SEA: "Container terminal", ROAD: "Road gate", AIR: "Cargo village"},
    climate=Climate(18.0, 6.0, 5.0),
)


@cache
def origins() -> dict[str, Origin]:
    """Return the exporting countries of places.csv by code."""
    text = files("clearway.simulator").joinpath("places.csv").read_text("utf-8")
    rows = csv.DictReader(text.splitlines())
    return {row["country"]: _origin(row) for row in rows}


def _origin(row: dict[str, str]) -> Origin:
    return Origin(
        country=row["country"],
        port=row["port"],
        currency=row["currency"],
        climate=Climate(float(row["mean_c"]), float(row["season_c"]), float(row["daily_c"])),
        sea_days=float(row["sea_days"]),
        air_hours=float(row["air_hours"]),
        road_hours=float(row["road_hours"]) if row["road_hours"] else None,
    )
