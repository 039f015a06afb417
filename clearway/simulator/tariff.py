"""What the goods of this world owe at the border: the sample profile's own rates, as arrays.

Excises are left out: they are owed by litre or by thousand, alike for honest and dishonest items.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from clearway.measures.formats.profile import sample
from clearway.measures.rules import duty_rate
from clearway.simulator.goods import Catalogue
from clearway.terms.places import Country

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
GENERAL, PREFERENTIAL = "100", "300"


@dataclass(frozen=True, slots=True)
class Tariff:
    """Duties as shares of the value.

    Args:
        general: shape (kinds,), for every origin.
        preferential: shape (kinds, countries), equal to `general` where there is no agreement.
        agreement: shape (countries,), whether goods from there may claim a preference.
        tax_share: of value and duty together.
        currency: in which duties are counted.
        proof: document type that proves a preferential origin.
    """

    general: Floats
    preferential: Floats
    agreement: NDArray[np.bool_]
    tax_share: float
    currency: str
    proof: str

    def duty_share(self, goods: Ints, origin: Ints, prefers: NDArray[np.bool_]) -> Floats:
        """Return the rate of each item; all of shape (n,)."""
        return np.where(prefers, self.preferential[goods, origin], self.general[goods])

    def owed(self, value: Floats, duty_share: Floats) -> Floats:
        """Return duty and tax together."""
        return value * (duty_share + self.tax_share * (1.0 + duty_share))


def sample_tariff(kinds: Catalogue, countries: tuple[str, ...]) -> Tariff:
    """Return the rates of the sample profile for the kinds and countries of the world."""
    profile = sample()
    scheme = profile.schemes[PREFERENTIAL]
    origins = [Country(code) for code in countries]

    def share(place: int, origin: Country, preference: str) -> float:
        rate = duty_rate(profile, kinds.kinds[place].hs, origin, preference)
        return float(rate.fraction)

    places = range(len(kinds.kinds))
    general = [share(place, origins[0], GENERAL) for place in places]
    claimed = [[share(place, origin, PREFERENTIAL) for origin in origins] for place in places]
    tax = profile.taxes.get("")
    return Tariff(
        general=np.array(general),
        preferential=np.array(claimed),
        agreement=np.array([origin in scheme.origins for origin in origins], dtype=np.bool_),
        tax_share=float(tax.fraction if tax is not None else Decimal(0)),
        currency=str(profile.currency),
        proof=scheme.document_types[0],
    )
