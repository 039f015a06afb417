"""What the goods of this world owe at the border."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clearway.simulator.goods import Catalogue
from clearway.simulator.places import Border, Origin

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Tariff:
    """Duties as shares of the value.

    Args:
        general: shape (kinds,), for every origin.
        preferential: shape (kinds, countries), equal to `general` where there is no agreement.
        agreement: shape (countries,), whether goods from there may claim a preference.
        vat_share: of value and duty together.
    """

    general: Floats
    preferential: Floats
    agreement: NDArray[np.bool_]
    vat_share: float

    def duty_share(self, goods: Ints, origin: Ints, prefers: NDArray[np.bool_]) -> Floats:
        """Return the rate of each item; all of shape (n,)."""
        return np.where(prefers, self.preferential[goods, origin], self.general[goods])

    def owed(self, value: Floats, duty_share: Floats) -> Floats:
        """Return duty and tax together."""
        return value * (duty_share + self.vat_share * (1.0 + duty_share))


def sample_tariff(
    kinds: Catalogue, countries: tuple[str, ...], places: dict[str, Origin], border: Border
) -> Tariff:
    """Return the duties of goods.csv, free under an agreement."""
    general = np.array([kind.duty_percent / 100.0 for kind in kinds.kinds])
    agreement = np.array([places[code].has_agreement for code in countries], dtype=np.bool_)
    preferential = np.where(agreement[None, :], 0.0, general[:, None])
    return Tariff(general, preferential, agreement, border.vat_share)
