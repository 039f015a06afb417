"""How large a world is, and which of its mechanisms run.

`SAMPLE` is the border of the demo: one port, one gate, one airport. `NATION` is a country whose
history a risk model is tried on: ten times the firms, and what makes targeting hard there.

The shares are judgements, not statistics; each mechanism is described in the literature on
customs fraud or by officers (README, "The nation's world").
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """Numbers of firms, and shares of those who behave in a certain way.

    Args:
        importers, brokers: regular ones.
        suppliers: of one kind of goods in one country.
        schemes_a_year: organised ones that begin.
        phoenix_share: of importers found out, that come back under another number.
        branch_share: of honest importers, that hold a second number (a branch, a new legal form).
        turning_share: of honest importers, that turn bad on some day.
        crooked_broker_share: of dishonest importers, that go to a broker who helps.
        misfit_share: of honest items, described with the words of other goods.
        loose_words: whether descriptions bear brands, packings, capitals and spelling mistakes.
        new_scheme_day: day of the world on which a scheme of new people begins; None: none.
        new_scheme_is_unseen: whether it cheats in a way that never occurred before.
    """

    importers: int = 520
    brokers: int = 44
    suppliers: int = 5
    schemes_a_year: float = 32
    phoenix_share: float = 0.0
    branch_share: float = 0.0
    turning_share: float = 0.0
    crooked_broker_share: float = 0.0
    misfit_share: float = 0.0
    loose_words: bool = False
    new_scheme_day: int | None = None
    new_scheme_is_unseen: bool = False


SAMPLE = Scale()
NATION = Scale(
    importers=6_000,
    brokers=240,
    suppliers=20,
    schemes_a_year=250,
    phoenix_share=0.6,
    branch_share=0.03,
    turning_share=0.03,
    crooked_broker_share=0.5,
    misfit_share=0.03,
    loose_words=True,
)
