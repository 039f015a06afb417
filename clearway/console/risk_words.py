"""Words for what risk speaks of in codes: fields of a rule, forms of a model."""

from __future__ import annotations

FIELD_WORDS: dict[str, str] = {
    "item.number": "number of the item",
    "item.hs": "HS code, 6 to 10 digits",
    "item.origin": "country of origin, such as NO",
    "item.preference": "code of the preference claimed; empty: none",
    "item.is_preferential": "whether a preferential rate is claimed",
    "item.net_mass_kg": "net mass in kg",
    "item.value_eur": "value in EUR",
    "item.price_eur_kg": "value per kg in EUR",
    "item.duty_rate": "duty in percent of the value",
    "item.packages": "packages",
    "item.description": "the declarant's words",
    "item.is_vague": "whether the words say nothing of the goods",
    "item.certificates": "documents cited for the item",
    "item.price_spreads": "spreads of the unit value above (+) or below (-) the usual",
    "item.importer_items": "items this importer declared before",
    "item.importer_examined": "of these, examined",
    "item.importer_found": "of these, not conform",
    "declaration.kind": "import, export or transit",
    "declaration.office": "customs office",
    "declaration.importer": "who imports",
    "declaration.declarant": "who lodged it",
    "declaration.exporter": "who sent the goods",
    "declaration.dispatch": "country the goods were sent from",
    "declaration.transport_mode": "way of transport: 1 sea, 3 road, 4 air ...",
    "declaration.containers": "how many containers",
    "declaration.documents": "types of all documents cited",
    "declaration.items": "how many items",
    "declaration.value_eur": "value of all items in EUR",
    "item.watch": "watch lists of goods that the item is on",
    "declaration.watch": "watch lists of parties or addresses that it is on",
    "declaration.alarms": "alarms that stand of seals, mass and custody",
}
"""Words for the fields of `risk.rules`; a field without words is shown by its name alone."""

EXAMPLES = (
    'item.hs.startsWith("0302") && item.price_spreads < -2.0',
    "item.importer_items < 3 && item.is_preferential && item.value_eur > 20000.0",
    'item.origin in ["TH", "VN"] && declaration.dispatch != item.origin',
    'declaration.alarms.exists(alarm, alarm == "seal_opened")',
)
"""Expressions that work, to begin from."""

PEER_NAMES = {
    "model": "probability",
    "revenue": "expected revenue",
    "blend": "both, as used",
    "importer": "importer's history",
    "price": "value of the goods",
}
"""What was measured beside what, in words."""
ESTIMATOR_NAMES = {
    "lightgbm": "boosted trees (LightGBM)",
    "xgboost": "boosted trees (XGBoost)",
    "glass_box": "glass box: a sum of curves that a person can read",
}
WEIGHTING_NAMES = {
    "logged": "the logged probability of examination",
    "estimated": "an estimated probability of examination",
    "none": "nothing: all count alike",
}

ROLE_NAMES = {"importer": "importer", "declarant": "declarant", "exporter": "exporter"}
SHARED_NAMES = {
    "name": "name",
    "root": "root of the name",
    "address": "address",
    "phone": "telephone",
    "broker": "broker",
}
"""What two linked parties share."""

DIMENSION_NAMES = {
    "origin": "origin",
    "size": "size of importer",
    "declarant": "declarant",
    "office": "office",
}
SIZE_NAMES = {
    name: name
    for name in ("micro, under 10", "small, 10 to 49", "medium, 50 to 249", "large, 250 and more")
}

DRIFT_NAMES = {
    "features": "what the model sees has moved",
    "score": "what the model says has moved",
    "hit_rate": "what examinations find has changed",
}
BECAUSE_NAMES = {
    "schedule": "on schedule",
    "drift": "because of drift",
    "first": "as the first",
    "asked": "because somebody asked",
}
VERDICT_NAMES = {
    "better": "the challenger finds more",
    "worse": "the challenger finds less",
    "open": "not decided yet",
}

SUBJECT_NAMES = {
    "party": "parties",
    "importer": "importers",
    "declarant": "declarants",
    "exporter": "exporters",
    "address": "addresses",
    "hs": "goods codes",
    "origin": "countries of origin",
    "text": "words of the description",
}
"""What the entries of a watch list are."""

SUBJECT_EXAMPLES = {
    "party": "XA000123",
    "importer": "XA000123",
    "declarant": "XA000123",
    "exporter": "NO-4711",
    "address": "12 Harbour Road, Port",
    "hs": "0302",
    "origin": "NO",
    "text": "frozen salmon",
}
"""How such an entry is written."""

NAMES = (
    FIELD_WORDS, PEER_NAMES, ESTIMATOR_NAMES, WEIGHTING_NAMES, ROLE_NAMES, SHARED_NAMES,
    DIMENSION_NAMES, SIZE_NAMES, DRIFT_NAMES, BECAUSE_NAMES, VERDICT_NAMES, SUBJECT_NAMES,
)  # fmt: skip
"""All tables above, for the test of the catalogues."""
