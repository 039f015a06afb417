"""The wire format: what is written reads back, for all 27 operations, and bad messages are told."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from clearway.connectors.ippc_hub.formats import soap, wsdl
from clearway.connectors.ippc_hub.formats.operations import BY_NAME, OPERATIONS
from clearway.connectors.ippc_hub.model import Envelope, Header, Receipt
from clearway.errors import BadTerm, InputError, MalformedMessage

from .strategies import request_of, response_of

DELIVER = BY_NAME["DeliverEnvelope"]
WSDL = "{http://schemas.xmlsoap.org/wsdl/}"
PLAIN = Envelope("EC", "NL", 851, 70, "EC-1", content="<a>é</a>")


@settings(max_examples=8)
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
@given(data=st.data())
def test_what_is_written_reads_back(operation, data) -> None:
    value = data.draw(request_of(operation))
    assert soap.parse_request(soap.emit_request(operation, value), operation.soap_action) == (
        operation,
        value,
    )
    given_ = data.draw(response_of(operation))
    assert soap.parse_response(operation, soap.emit_response(operation, given_)) == given_


def test_the_operations_and_their_actions_are_those_of_the_hub(shared_data: Path) -> None:
    for name in ("ephyto.wsdl", "uat-ephyto.wsdl"):
        tree = etree.parse(str(shared_data / "ephyto" / "wsdl" / name))
        soap_operation = "{http://schemas.xmlsoap.org/wsdl/soap/}operation"
        theirs = {
            each.get("name"): each.find(soap_operation).get("soapAction")
            for each in tree.iterfind(f"{WSDL}binding/{WSDL}operation")
        }
        assert theirs == {each.name: each.soap_action for each in OPERATIONS}
        assert len(theirs) == 27
    changed = [each.name for each in OPERATIONS if not each.soap_action.endswith(f"/{each.name}")]
    assert changed == ["AdvancedAcknowledgeEnvelopeReceipt"]


def test_our_description_is_well_formed_and_names_all_operations() -> None:
    root = etree.fromstring(wsdl.emit("https://hub.example/hub/DeliveryService"))
    assert len(root.findall(f"{WSDL}portType/{WSDL}operation")) == 27


def test_elements_are_read_in_any_order_and_unknown_ones_passed_over() -> None:
    sent = soap.emit_request(DELIVER, PLAIN)
    root = etree.fromstring(sent)
    env = root.find(".//{http://ephyto.ippc.int/}env")
    for child in reversed(list(env)):
        env.append(child)
    etree.SubElement(env, "{urn:other}Remark").text = "x"
    assert soap.parse_request(etree.tostring(root))[1] == PLAIN


def test_a_second_element_of_one_name_is_refused_not_chosen_from() -> None:
    root = etree.fromstring(soap.emit_request(DELIVER, PLAIN))
    env = root.find(".//{http://ephyto.ippc.int/}env")
    etree.SubElement(env, "{http://ephyto.ippc.int/HUB.Entities}To").text = "US"
    with pytest.raises(MalformedMessage, match="states To 2 times"):
        soap.parse_request(etree.tostring(root))


def test_headers_of_ws_addressing_are_passed_over_and_others_that_must_be_known_are_not() -> None:
    def with_header(namespace: str) -> bytes:
        root = etree.fromstring(soap.emit_request(DELIVER, PLAIN))
        header = etree.Element(f"{{{soap.SOAP}}}Header")
        root.insert(0, header)
        block = etree.SubElement(header, f"{{{namespace}}}Action")
        block.set(f"{{{soap.SOAP}}}mustUnderstand", "1")
        return etree.tostring(root)

    assert soap.parse_request(with_header("http://www.w3.org/2005/08/addressing"))[1] == PLAIN
    with pytest.raises(soap.NotUnderstood):
        soap.parse_request(with_header("urn:security"))


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (b"<a/>", "no SOAP 1.1 envelope"),
        (b"<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", "DOCTYPE"),
        (b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"/>', "soap:Body"),
        (soap.emit_request(DELIVER, PLAIN).replace(b"hub:Deliver", b"hub:Steal"), "no operation"),
        (soap.emit_request(DELIVER, PLAIN).replace(b">851<", b">8_51<"), "CertificateType"),
        (soap.emit_request(DELIVER, PLAIN).replace(b">851<", b">99999999999<"), "32 bits"),
        (
            soap.emit_request(DELIVER, PLAIN)
            .replace(b"&lt;a&gt;", b"<a>")
            .replace(b"&lt;/a&gt;", b"</a>"),
            "escape the XML",
        ),
        (soap.emit_request(DELIVER, PLAIN)[:-20], "well-formed"),
    ],
)
def test_a_bad_message_is_told_what_is_wrong(sent: bytes, told: str) -> None:
    with pytest.raises(MalformedMessage, match=told):
        soap.parse_request(sent)


def test_another_action_than_the_body_is_refused() -> None:
    with pytest.raises(MalformedMessage, match="SOAPAction"):
        soap.parse_request(soap.emit_request(DELIVER, PLAIN), '"urn:other"')


def test_a_fault_carries_the_hubs_message_and_no_control_characters() -> None:
    with pytest.raises(soap.Fault, match="paper is") as told:
        soap.parse_response(DELIVER, soap.emit_fault("paper is\x00 better <&>", is_callers=True))
    assert told.value.detail == "paper is  better <&>"


def test_a_text_that_xml_cannot_hold_is_refused_with_its_name() -> None:
    with pytest.raises(BadTerm, match="message"):
        soap.emit_request(
            BY_NAME["AcknowledgeFailedEnvelopeReceipt"], Receipt("1", "not\x00readable")
        )


def test_a_missing_element_is_named() -> None:
    header = Header("EC", "NL", 851, 70, "EC-1")
    sent = soap.emit_request(BY_NAME["SetTrackingInfoUpdate"], header)
    with pytest.raises(MalformedMessage, match="lacks To"):
        soap.parse_request(sent.replace(b"<ent:To>NL</ent:To>", b""))


@settings(max_examples=150)
@given(data=st.data())
def test_whatever_bytes_come_are_read_or_refused_with_a_sentence(data) -> None:
    """A sound message with bytes cut out, doubled or changed: an error of ours, or a value."""
    sound = soap.emit_request(DELIVER, PLAIN)
    start = data.draw(st.integers(0, len(sound)))
    end = data.draw(st.integers(start, min(len(sound), start + 40)))
    put = data.draw(st.binary(max_size=8) | st.just(sound[start:end] * 2))
    try:
        soap.parse_request(sound[:start] + put + sound[end:])
    except InputError as error:
        assert error.detail
