"""Messages and callers that mean harm: all refused, early, with a sentence; the hub goes on."""

from __future__ import annotations

import gzip
import resource
import socket
import ssl
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec as curves

from clearway.connectors.ippc_hub import tls
from clearway.connectors.ippc_hub.client import Found, OnItsWay
from clearway.connectors.ippc_hub.formats import soap
from clearway.connectors.ippc_hub.formats.operations import BY_NAME
from clearway.connectors.ippc_hub.model import Envelope
from clearway.node.clock import utc_now

from .conftest import House, envelope

DELIVER = BY_NAME["DeliverEnvelope"]
SOUND = soap.emit_request(DELIVER, Envelope("EC", "NL", 851, 70, "EC-1", content="<a/>"))
BOMB = b'<!DOCTYPE b [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
MIB = 1 << 20


def in_body(inside: bytes) -> bytes:
    return (
        b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
        + inside
        + b"</s:Body></s:Envelope>"
    )


HOSTILE = {
    "a document type": BOMB + SOUND,
    "a document type behind a declaration": b'<?xml version="1.0"?><!-- x -->' + BOMB + SOUND,
    "an external entity": b'<!DOCTYPE a SYSTEM "file:///etc/passwd">' + SOUND,
    "40,000 attributes": in_body(
        b'<h:DeliverEnvelope xmlns:h="http://ephyto.ippc.int/" '
        + b" ".join(b'a%d="1"' % number for number in range(40_000))
        + b"/>"
    ),
    "40,000 namespaces": in_body(
        b"<h:x " + b" ".join(b'xmlns:n%d="u"' % number for number in range(40_000)) + b"/>"
    ),
    "a tower of elements": in_body(b"<a>" * 10_000 + b"</a>" * 10_000),
    "a million elements": in_body(b"<a>" + b"<b/>" * 1_000_000 + b"</a>"),
    "two bodies": SOUND.replace(b"</soap:Body>", b"</soap:Body><soap:Body/>"),
    "two operations": SOUND.replace(b"</soap:Body>", b"<a/></soap:Body>"),
    "another envelope wrapped around": in_body(SOUND.partition(b"?>")[2].strip()),
    "no XML": b"\x00\xff" * 1_000,
    "UTF-7": b'<?xml version="1.0" encoding="UTF-7"?>' + SOUND.partition(b"?>")[2],
    "compressed": gzip.compress(b" " * 10 * MIB),
    "nothing": b"",
}


@pytest.fixture
def still_serving(hub: House) -> Iterator[House]:
    """A hub that must take a sound message after whatever was done to it."""
    yield hub
    with hub.client("EC") as ec:
        assert isinstance(ec.deliver(envelope(content="<sound/>")), OnItsWay)


def test_hostile_messages_are_refused_with_a_fault_and_quickly(still_serving: House) -> None:
    with still_serving.plain("EC") as http:
        for name, message in HOSTILE.items():
            begun = time.process_time()
            answer = http.post("", content=message)
            assert answer.status_code in (413, 500), name
            with pytest.raises(soap.Fault) as told:
                soap.parse_response(DELIVER, answer.content)
            assert len(told.value.detail) < 500 and "/etc/passwd" not in told.value.detail, name
            assert time.process_time() - begun < 3, name
    with still_serving.client("NL") as nl:
        assert nl.headers() == ()


def test_the_control_the_sound_message_of_these_tests_is_taken(still_serving: House) -> None:
    with still_serving.plain("EC") as http:
        assert http.post("", content=SOUND).status_code == 200


def test_a_bomb_inside_the_content_is_passed_on_unread_and_refused_by_the_validator(
    still_serving: House,
) -> None:
    text = BOMB.decode() + "<SPSCertificate>&b;</SPSCertificate>"
    with still_serving.client("EC") as ec:
        judged = ec.validate(text)
        assert isinstance(judged, Found) and "DOCTYPE" in judged.results[0].message


def test_a_hundred_megabytes_are_refused_before_they_are_read(still_serving: House) -> None:
    head = (
        b"POST /hub/DeliveryService HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\n"
        b"Content-Length: 104857600\r\n\r\n"
    )
    with secured(still_serving, still_serving.pair("EC")) as line:
        line.sendall(head)
        assert line.recv(100).startswith(b"HTTP/1.1 413")


def test_a_hundred_megabytes_in_pieces_are_cut_off_and_fill_no_memory(
    still_serving: House,
) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    piece = b"%x\r\n" % MIB + b"x" * MIB + b"\r\n"
    sent = 0
    with secured(still_serving, still_serving.pair("EC")) as line:
        line.sendall(
            b"POST /hub/DeliveryService HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        try:
            for _ in range(100):
                line.sendall(piece)
                sent += 1
        except OSError:
            pass  # it was cut off, as it should be
    assert sent < 60
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert grown < 200, f"{grown:.0f} MiB"


def secured(house: House, pair: tuple[Path, Path]) -> ssl.SSLSocket:
    url = httpx.URL(house.url)
    plain = socket.create_connection((url.host, url.port or 443), 20)
    context = tls.client_context(*pair, house.authority)
    return context.wrap_socket(plain, server_hostname="127.0.0.1")


def rejected(house: House, context: ssl.SSLContext) -> bool:
    """Whether TLS itself lets nobody in; with TLS 1.3 that shows at the first read."""
    try:
        with httpx.Client(verify=context, trust_env=False, timeout=10) as http:
            http.get(house.url)
    except (httpx.HTTPError, OSError):
        return True
    return False


def test_without_a_certificate_of_the_authority_nobody_is_let_in(still_serving: House) -> None:
    house = still_serving
    nobody = ssl.create_default_context(cafile=str(house.authority))
    assert rejected(house, nobody), "no certificate"
    expired = house.stranger("expired", life=timedelta(days=-1))
    assert rejected(house, tls.client_context(*expired, house.authority)), "expired"
    foreign = foreign_pair(house)
    assert rejected(house, tls.client_context(*foreign, house.authority)), "another authority"
    assert not rejected(house, tls.client_context(*house.pair("EC"), house.authority)), "control"


def foreign_pair(house: House) -> tuple[Path, Path]:
    other = tls.authority("Hub authority", fresh(), 5, utc_now())
    pair = tls.issue(other, "NPPO of EC", fresh(), 6, utc_now())
    paths = house.members / "foreign.crt", house.members / "foreign.key"
    paths[0].write_text(pair.certificate)
    paths[1].write_text(pair.key)
    return paths


def fresh() -> curves.EllipticCurvePrivateKey:
    return curves.generate_private_key(curves.SECP256R1())


def test_a_certificate_that_no_member_has_is_refused_whatever_name_it_bears(
    still_serving: House,
) -> None:
    pair = still_serving.stranger("NPPO of EC")
    context = tls.client_context(*pair, still_serving.authority)
    with httpx.Client(verify=context, trust_env=False, timeout=10) as http:
        answer = http.post(still_serving.url, content=SOUND)
    assert answer.status_code == 403 and "no member's" in answer.text


def test_a_certificate_stated_in_a_header_proves_nothing(still_serving: House) -> None:
    stated = {"x-client-cert": "EC", "x-ssl-client-s-dn": "CN=NPPO of EC"}
    pair = still_serving.pair("KE")
    context = tls.client_context(*pair, still_serving.authority)
    with httpx.Client(verify=context, trust_env=False, timeout=10) as http:
        answer = http.post(still_serving.url, content=SOUND, headers=stated)
    assert "cannot send for EC" in answer.text


def test_a_client_does_not_speak_to_a_hub_of_another_authority(house: House, hub: House) -> None:
    other = tls.authority("Hub authority", fresh(), 5, utc_now())
    pinned = house.members / "other.crt"
    pinned.write_text(other.certificate)
    assert rejected(hub, tls.client_context(*house.pair("EC"), pinned))
