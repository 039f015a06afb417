"""Coarse exchange rates, for comparing unit values of goods between declarations only.

Sample content: round orders of magnitude, fixed on purpose, so that a history and a declaration of
today are measured with one yardstick. A rate that is 10 % off moves a price by a tenth of a
natural logarithm, far less than goods of one code differ. Never used for duty or value.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

EUR_PER_UNIT: Mapping[str, float] = {
    "EUR": 1.0,
    "USD": 0.9,
    "GBP": 1.15,
    "CHF": 1.05,
    "NOK": 0.086,
    "SEK": 0.088,
    "DKK": 0.134,
    "ISK": 0.0068,
    "PLN": 0.235,
    "CZK": 0.04,
    "HUF": 0.0025,
    "RON": 0.2,
    "TRY": 0.023,
    "UAH": 0.021,
    "MAD": 0.093,
    "EGP": 0.018,
    "XOF": 0.001524,
    "XAF": 0.001524,
    "GHS": 0.075,
    "NGN": 0.0006,
    "KES": 0.007,
    "TZS": 0.00035,
    "UGX": 0.00024,
    "RWF": 0.00063,
    "ETB": 0.0065,
    "ZAR": 0.049,
    "AED": 0.245,
    "SAR": 0.24,
    "ILS": 0.25,
    "INR": 0.0102,
    "PKR": 0.0032,
    "BDT": 0.0074,
    "LKR": 0.003,
    "CNY": 0.125,
    "HKD": 0.115,
    "JPY": 0.006,
    "KRW": 0.00063,
    "TWD": 0.028,
    "THB": 0.026,
    "VND": 0.000035,
    "IDR": 0.000055,
    "MYR": 0.205,
    "PHP": 0.0155,
    "SGD": 0.68,
    "AUD": 0.58,
    "NZD": 0.53,
    "FJD": 0.39,
    "CAD": 0.64,
    "MXN": 0.047,
    "BRL": 0.16,
    "ARS": 0.0007,
    "CLP": 0.00093,
    "COP": 0.00022,
    "PEN": 0.24,
}


def in_eur(amount: float, currency: str) -> float:
    """Return the amount in EUR; NaN when the currency is not listed."""
    return amount * EUR_PER_UNIT.get(currency, math.nan)
