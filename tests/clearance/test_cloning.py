"""A certificate cloned into an import declaration: nothing guessed, nothing lost, and it lodges."""

from __future__ import annotations

import json
from typing import Any

from clearway.certificates.formats.profile import profile_of
from clearway.certificates.parts import Equipment
from clearway.clearance.cloning import clone
from clearway.declarations.formats.reading import read
from clearway.terms.goods import HsPrefix
from clearway.terms.quantity import kilograms
from tests.certificates.conftest import certificate, line

PHYTO = profile_of("851")
FIRM = {"id": "XA10000001", "name": "Harbour Fruit", "country": "XA", "address": "Quay 12"}
ADDED: dict[str, Any] = {
    "lrn": "T-1", "declarant": FIRM, "importer": FIRM, "office": "XAPRT",
    "goods_location": "XAAUXAPRTT1", "invoice": {"amount": "8400.00", "currency": "USD"},
}  # fmt: skip


def test_what_the_certificate_knows_stands_in_the_draft() -> None:
    draft = clone(certificate(), PHYTO).document
    first = draft["items"][0]
    assert (first["hs"], first["origin"], first["net_mass_kg"]) == ("080440", "EC", "1000.50")
    assert first["documents"] == [
        {"type": "N851", "number": "EC-2026-000123", "issuer_country": "EC", "lines": [1]}
    ]
    assert first["description"] == "Avocado (Persea americana)"
    assert draft["containers"] == [{"number": "CSQU3054383", "seals": ["G2382564"]}]
    assert (draft["gross_mass_kg"], draft["packages"]) == ("1650.00", 500)
    assert (draft["transport_mode"], draft["vessel"]) == ("1", "Cape Example")
    assert draft["exporter"]["name"] == "Frutas del Sur"


def test_once_what_is_missing_was_added_the_declaration_is_read_without_a_severe_finding() -> None:
    draft = clone(certificate(), PHYTO)
    missing = {each.field for each in draft.missing}
    whole = {**draft.document, **ADDED}
    for place, item in enumerate(whole["items"]):
        item["procedure"] = "4000"
        item["value"] = {"amount": "4200.00", "currency": "USD"}
        missing -= {f"items[{place}].procedure", f"items[{place}].value"}
    missing -= {"lrn", "declarant.id", "importer.id", "office", "goods_location", "invoice"}
    assert missing == set(), "nothing else was said to be missing"
    message = read(json.dumps(whole).encode(), "application/json")
    assert message.declaration is not None, message.findings
    assert [str(item.hs) for item in message.declaration.items] == ["080440", "080440"]


def test_what_it_does_not_say_or_says_twice_is_missing_with_a_hint() -> None:
    vague = line(1, hs=(HsPrefix("0804"),), net_mass=None, packagings=(), origins=())
    draft = clone(certificate(lines=(vague,), transports=()), PHYTO)
    said = {each.field: each.hint for each in draft.missing}
    assert said["items[0].hs"] == "0804"
    assert {"items[0].net_mass_kg", "items[0].packages", "items[0].origin"} <= set(said)
    assert {"packages", "transport_mode"} <= set(said)
    assert said["office"] == "NLRTM Rotterdam"
    assert "origin" not in draft.document["items"][0]


def test_a_container_number_that_is_wrong_is_not_declared() -> None:
    wrong = certificate(equipment=(Equipment("CSQU3054380", ("S1",)),))
    draft = clone(wrong, PHYTO).document
    assert "containers" not in draft
    assert "containers" not in draft["items"][0]


def test_a_mass_finer_than_a_declaration_states_is_left_to_the_trader() -> None:
    fine = clone(certificate(lines=(line(1, net_mass=kilograms("1.12345678")),)), PHYTO)
    assert "items[0].net_mass_kg" in {each.field for each in fine.missing}
