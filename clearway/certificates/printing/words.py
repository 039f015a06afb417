"""The words of a printed certificate in one language: labels, months, countries, units, packages.

    words = words_of("fr")
    words("Place of origin")        # "Lieu d’origine"

Catalogues are `labels/<language>.json`, keyed by the English text, as the console's are. A text
that a catalogue lacks is printed in English.
"""

from __future__ import annotations

import gettext
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import msgspec

from clearway.certificates.parts import Precision, Stated
from clearway.errors import BadTerm
from clearway.terms.countries import COUNTRIES
from clearway.terms.places import Country
from clearway.terms.units import UNITS

RIGHT_TO_LEFT: Final = frozenset({"ar", "fa", "he", "ur"})

_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip

_DAY_FORM: Final = "{day} {month} {year}"

_SYMBOLS: Final = {
    "KGM": "kg", "GRM": "g", "MGM": "mg", "TNE": "t", "LBR": "lb", "LTR": "L", "MLT": "mL",
    "HLT": "hL", "MTQ": "m³", "DMQ": "dm³", "CMQ": "cm³", "CEL": "°C", "FAH": "°F", "HUR": "h",
    "MIN": "min", "SEC": "s", "P1": "%", "GP": "mg/m³", "A93": "g/m³", "GL": "g/L", "M1": "mg/L",
    "59": "ppm",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Words:
    """Texts in one language.

    Args:
        language: ISO 639-1.
        texts: English text -> text of this language.
        countries: English name -> name in this language.
    """

    language: str
    texts: Mapping[str, str]
    countries: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, english: str) -> str:
        """Return the text in this language, else in English."""
        return self.texts.get(english, english)

    @property
    def is_right_to_left(self) -> bool:
        """Whether lines of this language run from right to left."""
        return self.language in RIGHT_TO_LEFT

    def country(self, country: Country | None) -> str:
        """Return name and code, such as `Équateur (EC)`; or ""."""
        if country is None:
            return ""
        name = self.country_name(country)
        return f"{name} ({country})" if name != country else name

    def country_name(self, country: Country) -> str:
        """Return the name alone; the code where there is none."""
        english = COUNTRIES.get(country, str(country))
        return self.countries.get(english, english)

    def unit(self, code: str) -> str:
        """Return the symbol or name of a unit (UN/ECE Recommendation 20)."""
        if code in _SYMBOLS:
            return _SYMBOLS[code]
        return self(UNITS[code].name) if code in UNITS else code

    def package(self, code: str) -> str:
        """Return the name of a kind of package (UN/ECE Recommendation 21) with its code."""
        known = UNITS.get(f"X{code}") or UNITS.get(code)
        if known is None or "package" not in known.dimension:
            return code
        return f"{self(known.name)} ({code})"

    def time(self, stated: Stated | None) -> str:
        """Return a time as exactly as it was stated, and no more exactly."""
        if stated is None:
            return ""
        if stated.at is None or stated.precision is Precision.TEXT:
            return stated.text
        at = stated.at
        month = self(_MONTHS[at.month - 1])
        day = self(_DAY_FORM).format(day=at.day, month=month, year=at.year)
        if stated.precision is Precision.DAY:
            return day
        clock = f"{day}, {at:%H:%M}"
        return clock if stated.precision is Precision.LOCAL else f"{clock} UTC"


def languages() -> tuple[str, ...]:
    """Return the languages that there are catalogues of."""
    names = (file.name for file in _catalogues().iterdir())
    return tuple(sorted({"en", *(n.removesuffix(".json") for n in names if n.endswith(".json"))}))


@cache
def words_of(language: str) -> Words:
    """Return the words of a language. Raises: BadTerm: there is no catalogue of it."""
    if language not in languages():
        raise BadTerm("Language", language, f"must be one of {', '.join(languages())}")
    if language == "en":
        return Words("en", {})
    texts = msgspec.json.decode(
        (_catalogues() / f"{language}.json").read_bytes(), type=dict[str, str]
    )
    return Words(language, texts, _country_names(language))


def _catalogues() -> resources.abc.Traversable:
    return resources.files("clearway.certificates.printing") / "labels"


def _country_names(language: str) -> Mapping[str, str]:
    """Return names of ISO 3166-1 from the catalogues that come with pycountry."""
    spec = find_spec("pycountry")
    if spec is None or spec.origin is None:
        return {}
    folder = Path(spec.origin).parent / "locales"
    known = gettext.translation("iso3166-1", str(folder), [language], fallback=True)
    return {name: known.gettext(name) for name in COUNTRIES.values()}
