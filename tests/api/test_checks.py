"""A declaration tried before it is lodged: rules, certificates on file, what is left of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from clearway.certificates import parts
from clearway.certificates.formats import sps_certificate
from clearway.terms.goods import HsPrefix
from clearway.terms.identifiers import Mrn
from clearway.terms.places import Country
from clearway.terms.quantity import kilograms
from tests.certificates.conftest import certificate, line

from .conftest import START, opened

NUMBER = "EC-2026-000123"


@pytest.fixture
def known(tmp_path: Path) -> Iterator[Any]:
    """A border with a certificate for 10,000 kg on file."""
    for border in opened(tmp_path):
        goods = line(1, hs=(HsPrefix("080390"),), net_mass=kilograms(10_000), gross_mass=None)
        given = certificate(
            lines=(goods, ), importing_country=Country("XA"), equipment=(),
            issued=parts.Stated.instant(START - timedelta(days=5)),
            consignor=parts.Party("Andes SA", address=("Av. 9",)),
            consignee=parts.Party("Acme Imports", address=("1 Way",)),
        )  # fmt: skip
        headers = {"Content-Type": "application/xml"}
        got = border.ask("POST", "/v1/certificates", "amina",
                         content=sps_certificate.write(given), headers=headers)  # fmt: skip
        assert got.status_code == 201, got.text
        yield border


def checked(border: Any, who: str, declared: Any) -> Any:
    headers = {"Content-Type": "application/json"}
    body = json.dumps(declared).encode()
    return border.ask("POST", "/v1/declarations/check", who, content=body, headers=headers)


def bananas(sample: Any, mass: str = "9000", number: str = NUMBER) -> Any:
    papers = [{"type": "N851", "number": number, "issuer_country": "EC"}]
    goods = {"hs": "080390", "description": "Bananas", "net_mass_kg": mass, "documents": papers}
    return sample(item=goods)


def test_a_trader_sees_before_lodging_where_quantities_do_not_agree(
    known: Any, sample: Any
) -> None:
    before = len(known.facts())
    got = checked(known, "acme", bananas(sample, "12000"))
    assert got.status_code == 200, got.text
    (one,) = got.json()["data"]["certificates"]
    assert one["cover"] == "covers_in_part"
    (differs,) = [each for each in one["fields"] if each["code"] == "CLR_M12"]
    assert differs["verdict"] == "differs"
    assert "12,000" in differs["declared"] and "10,000" in differs["certified"]
    assert one["lines"] == [{
        "line": 1, "certified": "10000 KGM", "reserved": "0 KGM", "consumed": "0 KGM",
        "available": "10000 KGM",
    }]  # fmt: skip
    assert "Correct the declaration" in one["text"]
    assert len(known.facts()) == before


def test_what_others_hold_is_not_there_any_more(known: Any, sample: Any) -> None:
    whole = {
        "type_code": "851", "country": "EC", "number": NUMBER,
        "mrn": str(Mrn.build(2026, "GB", "0000000000001")),
        "positions": [{"item": 1, "line": 1, "quantity": "9999", "unit": "KGM"}],
    }  # fmt: skip
    assert known.ask("POST", "/v1/quantities/reserve", "amina", json=whole).status_code == 200
    (one,) = checked(known, "acme", bananas(sample)).json()["data"]["certificates"]
    assert one["lines"][0]["available"] == "1 KGM"
    assert {"CLR_M12", "CLR_M13"} & {
        each["code"] for each in one["fields"] if each["verdict"] == "differs"
    }


def test_a_certificate_that_agrees_and_one_that_has_not_come(known: Any, sample: Any) -> None:
    (one,) = checked(known, "acme", bananas(sample)).json()["data"]["certificates"]
    assert (one["usable"], one["uses"][0]["line"]) == (True, 1)
    (absent,) = checked(known, "acme", bananas(sample, number="EC-9")).json()["data"][
        "certificates"
    ]
    assert absent["cover"] is None and "has not come" in absent["text"]


def test_a_stranger_s_certificate_is_not_opened_by_its_number(known: Any, sample: Any) -> None:
    declared = bananas(sample)
    other = {**declared["importer"], "name": "Zeta Trading"}
    declared |= {"importer": other, "exporter": {**declared["exporter"], "name": "Nobody Ltd"}}
    (one,) = checked(known, "acme", declared).json()["data"]["certificates"]
    assert (one["cover"], one["fields"], one["lines"]) == (None, [], [])
    assert "other parties" in one["text"]
    (seen,) = checked(known, "amina", declared).json()["data"]["certificates"]
    assert seen["fields"]


def test_rules_are_tried_and_strangers_are_refused(known: Any, sample: Any) -> None:
    assert checked(known, "rival", bananas(sample)).status_code == 403
    assert checked(known, "carrier", bananas(sample)).status_code == 403
    broken = checked(known, "acme", {**bananas(sample), "gross_mass_kg": "1"}).json()["data"]
    assert broken["would_be_refused"] and broken["findings"]
    assert checked(known, "acme", {"format": "nonsense"}).status_code in (200, 400, 422)
