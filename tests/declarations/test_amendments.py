"""WCO amendments: a part put over the declaration, pointers that must bring a value."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest

from clearway.declarations import tables
from clearway.declarations.actions.correct import correct
from clearway.declarations.actions.lodge import lodge
from clearway.declarations.formats import json, wco
from clearway.declarations.formats.wco_amendments import amend, base_of
from clearway.declarations.message import Function
from clearway.declarations.model import Declaration
from clearway.errors import MalformedMessage

from .desk import TRADER, Desk
from .samples import bananas, three_items, usd


def amendment(part: str, *pointers: str) -> bytes:
    """Return an amendment that holds `part` and points by class numbers."""
    steps = "".join(
        f"<Pointer><SequenceNumeric>1</SequenceNumeric><DocumentSectionCode>{each}"
        "</DocumentSectionCode></Pointer>"
        for each in ("42A", *pointers)
    )
    return (
        f'<Declaration xmlns="{wco.parts.NAMESPACE}"><FunctionCode>13</FunctionCode>'
        "<FunctionalReferenceID>A-1</FunctionalReferenceID><ID>26KEMBA00000000009</ID>"
        "<TypeCode>COR</TypeCode><AdditionalInformation><StatementDescription>A slip"
        "</StatementDescription></AdditionalInformation><Amendment><ChangeReasonCode>21"
        f"</ChangeReasonCode>{steps}</Amendment>{part}</Declaration>"
    ).encode()


def amended(base: Declaration, part: str, *pointers: str) -> Declaration:
    message = amend(wco.write(base), amendment(part, *pointers))
    assert message.is_readable, message.findings
    assert message.function is Function.ORIGINAL
    assert message.declaration is not None
    return message.declaration


ITEM = "<GoodsShipment><GovernmentAgencyGoodsItem>{}</GovernmentAgencyGoodsItem></GoodsShipment>"


def test_a_price_is_amended_in_the_item_that_is_numbered() -> None:
    part = ITEM.format(
        "<SequenceNumeric>2</SequenceNumeric><Commodity><InvoiceLine>"
        '<ItemChargeAmount currencyID="USD">999</ItemChargeAmount></InvoiceLine></Commodity>'
    )
    found = amended(three_items(), part, "67A", "68A", "23A", "79A")
    assert [item.value for item in found.items] == [usd("8400.00"), usd("999"), usd("8400.00")]
    assert found.items[1].hs == three_items().items[1].hs


def test_a_header_value_is_amended() -> None:
    found = amended(bananas(), "<TotalPackageQuantity>53</TotalPackageQuantity>")
    assert found.packages == 53 and found.lrn == "B-2026-17"


def test_what_was_absent_is_added() -> None:
    part = "<SupervisingOffice><ID>KENBO</ID></SupervisingOffice>"
    assert amended(bananas(), part, "97B").supervising_office == "KENBO"


def test_repeated_elements_without_number_are_found_by_their_order() -> None:
    part = ITEM.format(
        "<SequenceNumeric>1</SequenceNumeric><AdditionalDocument><ID>EC-NEW</ID>"
        "</AdditionalDocument>"
    )
    (item,) = amended(bananas(), part, "67A", "68A", "02A").items
    assert [document.number for document in item.documents] == ["EC-NEW", "INV-77"]


def test_a_pointer_that_brings_no_value_is_refused() -> None:
    message = amend(wco.write(bananas()), amendment("", "67A", "68A", "02A"))
    assert not message.is_readable
    (finding,) = [each for each in message.findings if each.code == "DEC_F07"]
    assert "GoodsShipment/GovernmentAgencyGoodsItem/AdditionalDocument" in finding.message


def test_an_amendment_is_recognised_and_says_what_changes() -> None:
    message = wco.read(amendment("<TotalPackageQuantity>53</TotalPackageQuantity>"))
    assert message.function is Function.AMENDMENT and message.declaration is None
    assert message.request is not None
    assert message.request.reason == "A slip" and message.request.reason_code == "21"
    assert [(c.path, c.value) for c in message.request.changes] == [("TotalPackageQuantity", "53")]
    assert "the amendment of one" in message.findings[0].message


def test_an_amendment_corrects_a_lodged_declaration(desk: Desk) -> None:
    mrn = desk.act(lodge, wco.read(wco.write(bananas())), actor=TRADER).mrn
    sent = amendment(
        ITEM.format(
            "<SequenceNumeric>1</SequenceNumeric><Commodity><GoodsMeasure><NetNetWeightMeasure>"
            "18001</NetNetWeightMeasure></GoodsMeasure></Commodity>"
        ),
        "67A", "68A", "23A", "65A",
    )  # fmt: skip
    message = amend(desk.ask(tables.original, mrn), sent)
    assert message.amendment == sent
    desk.act(correct, mrn, message, "A slip", actor=TRADER)
    record = desk.ask(tables.get, mrn)
    assert record.version == 2 and record.declaration.items[0].net_mass_kg == Decimal(18001)
    again = amend(desk.ask(tables.original, mrn), sent)
    assert desk.act(correct, mrn, again, "A slip", actor=TRADER).repeated


def test_an_amendment_goes_over_a_declaration_that_came_as_json() -> None:
    xml_form, json_form = wco.write(bananas()), json.write(bananas())
    assert base_of(xml_form, three_items()) == xml_form
    assert base_of(json_form, bananas()) == base_of(b"", bananas()) == xml_form
    sent = amendment("<TotalPackageQuantity>53</TotalPackageQuantity>")
    amended = amend(base_of(json_form, bananas()), sent).declaration
    assert amended is not None and amended.packages == 53


@pytest.mark.parametrize(
    ("base", "amending", "check"),
    [
        ("TT_IM002a.xml", "TT_IM002b_Amendment.xml",
         lambda d: str(d.items[0].value.amount) == "999"),
        ("TT_IM002a.xml", "TT_IM002c_Complex_Multi_Amendment.xml",
         lambda d: d.packages == 53 and d.exporter.name == "Detroit Cocoa Company"),
    ],
)  # fmt: skip
def test_published_amendments_are_applied(
    shared_data: Path, base: str, amending: str, check: object
) -> None:
    folder = shared_data / "wco-dm-3.6/examples/TT_IM082a"
    message = amend((folder / base).read_bytes(), (folder / amending).read_bytes())
    assert message.declaration is not None
    assert callable(check) and check(message.declaration)
    assert not [each for each in message.findings if each.code == "DEC_F07"]


def test_every_published_request_says_what_it_is(shared_data: Path) -> None:
    found = 0
    for sample in (shared_data / "wco-dm-3.6/examples").rglob("*.xml"):
        if re.search("Amendment|Cancellation", sample.name):
            message = wco.read(sample.read_bytes())
            assert message.request is not None and message.request.reason
            found += 1
    assert found >= 8


def test_what_is_no_amendment_is_refused() -> None:
    with pytest.raises(MalformedMessage):
        amend(wco.write(bananas()), b"<a/>")
    with pytest.raises(MalformedMessage):
        amend(b"{}", amendment(""))
