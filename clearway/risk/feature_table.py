"""Which features there are: one row each, with its idea and what it measures in a sentence.

The text of a feature is its public explanation: no text, no feature. `features` computes them;
what of each slot of `keys.SLOTS` that reads is stated here too, so that nothing else is counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from clearway.risk.keys import PLACE


@dataclass(frozen=True, slots=True)
class Feature:
    """One column.

    Args:
        name: stable.
        idea: what it belongs to when a score is explained (see `explain`).
        text: what it measures, in a sentence.
    """

    name: str
    idea: str
    text: str


SIGNAL_WORDS = {
    "certificate": "a certificate that does not fit",
    "seal": "a seal that is not as announced",
    "mass": "a weighed mass that does not fit",
    "cold_chain": "goods that got warm on the way",
}

_DECLARED = (
    Feature("value_log", "size", "Logarithm of the item's value in EUR."),
    Feature("mass_log", "size", "Logarithm of the net mass in kg."),
    Feature("price_log", "unit_value", "Logarithm of the value per kg in EUR."),
    Feature("package_value_log", "size", "Logarithm of the value per package in EUR."),
    Feature("package_mass_log", "package_mass", "Logarithm of the net mass per package in kg."),
    Feature("packages", "size", "Number of packages."),
    Feature("duty_rate", "duty", "Duty in percent of the value."),
    Feature("duty_log", "duty", "Logarithm of the duty due in EUR, plus one."),
    Feature("is_preferential", "preference", "1 when a preferential rate is claimed."),
    Feature("is_indirect", "route", "1 when the goods were not sent from their origin."),
    Feature("transport_mode", "route", "Mode of transport, UN/ECE Recommendation 19."),
    Feature("is_vague", "description", "1 when the description names no goods."),
    Feature("description_length", "description", "Characters of the description."),
    Feature("items", "size", "Items of the declaration."),
    Feature("value_share", "size", "Share of the item in the value of the declaration."),
    Feature("certificates", "documents", "Documents cited for the item."),
    Feature("quantity_log", "size", "Logarithm of the quantity in supplementary units."),
    Feature("unit_price_log", "unit_value", "Logarithm of the value per supplementary unit."),
    *(
        Feature(f"signal_{name}", "signals", f"1 when another desk noticed it: {words}.")
        for name, words in SIGNAL_WORDS.items()
    ),
)

PRICED_SLOTS = {
    "hs6": "usual for the HS code",
    "hs4": "usual for the heading",
    "hs": "usual for the whole commodity code",
    "hs6_origin": "usual for the HS code from this origin",
    "importer_hs6": "what this importer used to declare for the HS code",
}
_UNIT_VALUES = (
    *(
        Feature(f"price_z_{slot}", "unit_value", f"Spreads of the unit value from {words}.")
        for slot, words in PRICED_SLOTS.items()
    ),
    Feature("package_z_hs6", "package_mass", "Spreads of kg per package from usual for the code."),
    Feature("prices_hs6_origin", "unit_value", "Prices known of the HS code from this origin."),
)

# Idea of each slot, and the slot whose rate is its prior; None: the rate of the border.
RATED: tuple[tuple[str, str, str | None, str], ...] = (
    ("importer", "importer", None, "the importer"),
    ("declarant", "declarant", None, "the declarant"),
    ("exporter", "exporter", None, "the exporter"),
    ("office", "route", None, "the office"),
    ("origin", "origin", None, "the origin"),
    ("hs6", "goods", None, "the HS code"),
    ("hs4", "goods", None, "the heading"),
    ("hs2", "goods", None, "the chapter"),
    ("hs", "goods", "hs6", "the whole commodity code"),
    ("address", "kin", None, "firms at the importer's address"),
    ("phone", "kin", None, "firms with the importer's telephone"),
    ("kin", "kin", None, "firms of the importer's people"),
    ("importer_hs6", "importer_goods", "importer", "the importer with the HS code"),
    ("importer_hs2", "importer_goods", "importer", "the importer with the chapter"),
    ("importer_origin", "importer_goods", "importer", "the importer with the origin"),
    ("importer_exporter", "exporter", "importer", "the importer with the exporter"),
    ("importer_declarant", "declarant", "importer", "the importer with the declarant"),
    ("importer_office", "importer", "importer", "the importer at the office"),
    ("declarant_hs4", "declarant", "declarant", "the declarant with the heading"),
    ("declarant_origin", "declarant", "declarant", "the declarant with the origin"),
    ("exporter_hs4", "exporter", "exporter", "the exporter with the heading"),
    ("hs6_origin", "goods_origin", "hs6", "the HS code from the origin"),
    ("hs4_origin", "goods_origin", "hs4", "the heading from the origin"),
    ("hs6_preference", "preference", "hs6", "the HS code with the preference"),
    ("origin_dispatch", "route", "origin", "the origin by way of the country of dispatch"),
    ("office_hs2", "route", "office", "the office with the chapter"),
    ("twin", "twin", "hs6_origin", "goods alike to the gram: code, origin, dispatch, mass"),
)
_RATES = tuple(
    feature
    for slot, idea, _, words in RATED
    for feature in (
        Feature(
            f"{slot}_rate", idea, f"Smoothed share of examinations of {words} not conform so far."
        ),
        Feature(f"{slot}_n", idea, f"Items of {words} so far."),
    )
)
_WORDS_OF = {slot: (idea, words) for slot, idea, _, words in RATED}
COUNTED_SLOTS = (
    "importer", "declarant", "exporter", "importer_hs6", "hs6_origin", "address", "phone", "kin",
)  # fmt: skip
_COUNTS = tuple(
    feature
    for slot in COUNTED_SLOTS
    for idea, words in (_WORDS_OF[slot],)
    for feature in (
        Feature(f"{slot}_examined", idea, f"Items of {words} examined so far."),
        Feature(f"{slot}_found", idea, f"Items of {words} found not conform so far."),
    )
)
RECENT_SLOTS = (
    "importer", "declarant", "exporter", "origin", "hs6", "hs4", "importer_hs6", "hs6_origin",
    "hs4_origin", "kin",
)  # fmt: skip
_RECENT = tuple(
    Feature(
        f"{slot}_recent_rate",
        _WORDS_OF[slot][0],
        f"Smoothed share of the last weeks' examinations of {_WORDS_OF[slot][1]} not conform.",
    )
    for slot in RECENT_SLOTS
)
FINDING_SLOTS = (
    "importer", "declarant", "exporter", "importer_hs6", "hs6_origin", "address", "phone", "kin",
)  # fmt: skip
_FINDS = tuple(
    feature
    for slot in FINDING_SLOTS
    for idea, words in (_WORDS_OF[slot],)
    for feature in (
        Feature(f"{slot}_find_days", idea, f"Days since the last find of {words}."),
        Feature(f"{slot}_find_revenue", idea, f"Logarithm of revenue per find of {words}."),
    )
)
_TIMES = (
    Feature("border_rate", "border", "Share of all examinations not conform so far."),
    Feature("importer_age_days", "importer", "Days since the importer's first item."),
    Feature("importer_idle_days", "importer", "Days since the importer's last day with items."),
    Feature("importer_hs6_idle_days", "importer_goods", "Days since it last declared the code."),
    Feature("exporter_age_days", "exporter", "Days since the exporter's first item."),
    Feature("declarant_age_days", "declarant", "Days since the declarant's first item."),
    Feature(
        "importer_vague_share",
        "description",
        "Share of the importer's descriptions that say nothing.",
    ),
    Feature(
        "declarant_vague_share",
        "description",
        "Share of the declarant's descriptions that say nothing.",
    ),
)
_TEXTS = (
    Feature("words_known", "description", "Words of the description that were seen before."),
    Feature(
        "words_fit",
        "description",
        "How well the words of the description fit the heading, 0 to 1.",
    ),
    Feature(
        "words_fit_most", "description", "How well the best fitting word fits the heading, 0 to 1."
    ),
    Feature(
        "words_fit_least",
        "description",
        "How well the worst fitting word fits the heading, 0 to 1.",
    ),
)

FEATURES: tuple[Feature, ...] = (
    *_DECLARED, *_UNIT_VALUES, *_RATES, *_COUNTS, *_RECENT, *_FINDS, *_TIMES, *_TEXTS,
)  # fmt: skip
NAMES: tuple[str, ...] = tuple(feature.name for feature in FEATURES)
COLUMN: Mapping[str, int] = {name: column for column, name in enumerate(NAMES)}


def reads(slot: str) -> frozenset[str]:
    """Return the fields of `model.Past` that the formula needs of a slot: no others are counted."""
    return frozenset(name for name, slots in _READ.items() if slot in slots)


_RATED_SLOTS = tuple(slot for slot, *_ in RATED)
# What was found is no usual package: results are counted there to take it out again.
_LEARNT_SLOTS = ("all", "package", *_RATED_SLOTS)
_WORD_SLOTS = tuple(name for name in PLACE if name.startswith("word_"))
_LOGGED_SLOTS = (*PRICED_SLOTS, "package")
_READ: Mapping[str, tuple[str, ...]] = {
    "n": (*_RATED_SLOTS, *_WORD_SLOTS),
    "examined": _LEARNT_SLOTS,
    "found": _LEARNT_SLOTS,
    "logs": _LOGGED_SLOTS,
    "log_sum": _LOGGED_SLOTS,
    "log_squares": _LOGGED_SLOTS,
    "vague": ("importer", "declarant"),
    "revenue": FINDING_SLOTS,
    "first_day": ("importer", "declarant", "exporter"),
    "last_day": ("importer", "importer_hs6"),
    "last_find": FINDING_SLOTS,
    "recent_examined": RECENT_SLOTS,
    "recent_found": RECENT_SLOTS,
}
