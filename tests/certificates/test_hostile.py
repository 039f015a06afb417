"""Hostile messages: each gets findings or a clear error, never another exception."""

from __future__ import annotations

import base64
import json
import random
import tracemalloc
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clearway.certificates.formats.sps_certificate import read, write
from clearway.certificates.intake import examine
from clearway.errors import InputError, MalformedMessage, TooLarge

from .conftest import HUB, NOW, US, certificate

SOUND = write(certificate())
QUICK = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


def outcome(data: bytes) -> str:
    """Return `read`, or the kind of error; anything else fails the test."""
    try:
        examine(data, HUB, country=US, now=NOW)
    except InputError as error:
        assert len(error.detail) < 1000
        return type(error).__name__
    return "read"


LAUGHS = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10 if n else "lol"}">' for n in range(9))
BOMB = f"<!DOCTYPE x [{LAUGHS}]><SPSCertificate>&a8;</SPSCertificate>".encode()
XXE = b"""<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>
<SPSCertificate>&x;</SPSCertificate>"""


@pytest.mark.parametrize("document", [BOMB, XXE], ids=["billion laughs", "external entity"])
@pytest.mark.parametrize("wrap", [bytes, base64.b64encode], ids=["plain", "base64"])
def test_a_document_type_is_refused_however_it_is_wrapped(document: bytes, wrap) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(MalformedMessage, match="DOCTYPE"):
        read(wrap(document))


def test_a_document_type_in_utf_16_is_refused() -> None:
    with pytest.raises(MalformedMessage, match="DOCTYPE"):
        read(XXE.decode().encode("utf-16"))


def test_forty_thousand_attributes_are_refused() -> None:
    attributes = " ".join(f"a{n}='1'" for n in range(40_000))
    with pytest.raises(TooLarge, match="attributes"):
        read(SOUND.replace(b"<ram:TypeCode>851", f"<ram:TypeCode {attributes}>851".encode()))


def test_forty_thousand_namespaces_are_refused() -> None:
    names = " ".join(f"xmlns:a{n}='urn:{n}'" for n in range(40_000))
    with pytest.raises(TooLarge, match="namespace"):
        read(SOUND.replace(b"<ram:TypeCode>851", f"<ram:TypeCode {names}>851".encode()))


def test_an_attachment_of_thirty_megabytes_is_refused_with_the_limit() -> None:
    content = b"<ram:Information>" + b"A" * (30 << 20) + b"</ram:Information>"
    with pytest.raises(TooLarge, match="bytes"):
        read(SOUND.replace(b"<ram:SignatorySPSAuthentication>", content))


@pytest.mark.parametrize(
    ("document", "error"),
    [
        (b"", MalformedMessage),
        (b"   ", MalformedMessage),
        (b"\xef\xbb\xbf", MalformedMessage),
        (b"\x00" * 100, MalformedMessage),
        (b"hello, world!", MalformedMessage),
        (b"aGVsbG8=", MalformedMessage),
        (base64.b64encode(SOUND)[:-7] + b"!!", MalformedMessage),
        (base64.b64encode(SOUND)[:4001], MalformedMessage),
        (b"PD94=PD94", MalformedMessage),
        (SOUND[:2000], MalformedMessage),
        (SOUND + SOUND, MalformedMessage),
        (SOUND.replace(b"</ram:SignatorySPSAuthentication>", b""), MalformedMessage),
        (b"<html><body>Service unavailable</body></html>", MalformedMessage),
        (b"<SPSCertificate/>", MalformedMessage),
        (b'{"SPSCertificate": {}}', MalformedMessage),
        (b"<?xml version='1.0' encoding='utf-7'?><SPSCertificate/>", MalformedMessage),
        (b"<?xml version='1.0' encoding='ebcdic'?><a/>", MalformedMessage),
        (b"<SPSCertificate>\x81\x8d</SPSCertificate>", MalformedMessage),
        (b"<SPSCertificate>\x01</SPSCertificate>", MalformedMessage),
        (b"\xff\xfe<\x00a\x00", MalformedMessage),
        (b"\xff\xfe\x00\x00<\x00\x00\x00", MalformedMessage),
        (b"<a>" * 100_000, TooLarge),
        (b"<SPSCertificate>" + b"<a>" * 60 + b"</a>" * 60 + b"</SPSCertificate>", TooLarge),
        (b"<SPSCertificate>" + b"<a/>" * 60_000 + b"</SPSCertificate>", TooLarge),
    ],
)
def test_a_broken_message_gets_a_clear_error(document: bytes, error: type[InputError]) -> None:
    with pytest.raises(error) as refused:
        read(document)
    assert refused.value.detail[0].isupper()


def many_lines(count: int) -> bytes:
    at = b"<ram:IncludedSPSTradeLineItem>"
    number = b"<ram:SequenceNumeric>7</ram:SequenceNumeric>"
    return SOUND.replace(at, (at + number + at.replace(b"<", b"</")) * count + at, 1)


def test_two_thousand_lines_are_judged_with_findings_that_stay_few() -> None:
    examined = examine(many_lines(1_998), HUB, country=US, now=NOW)
    assert len(examined.certificate.lines) == 2_000
    assert len(examined.findings) < 100
    with pytest.raises(TooLarge, match="Divide it"):
        read(many_lines(1_999))


def test_a_long_namespace_that_each_element_would_repeat_is_refused() -> None:
    long = f"<x:Own xmlns:x='{'u' * 400}'>{'<x:a/>' * 1000}</x:Own>".encode()
    with pytest.raises(TooLarge, match="namespace"):
        read(SOUND.replace(b"</ram:ConsignorSPSParty>", long + b"</ram:ConsignorSPSParty>"))


def test_long_unknown_names_nested_deeply_do_not_fill_the_memory() -> None:
    name = "n" * 40_000
    nested = f"<{name}>" * 20 + "<a/>" * 40_000 + f"</{name}>" * 20
    whole = SOUND.replace(
        b"</ram:ConsignorSPSParty>", nested.encode() + b"</ram:ConsignorSPSParty>"
    )
    tracemalloc.start()
    _, findings = read(whole)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < 60 << 20
    assert all(len(finding.field) < 200 for finding in findings)


def test_a_status_of_a_megabyte_gives_a_short_finding() -> None:
    whole = SOUND.replace(b"Code>70<", b"Code>" + b"7" * (1 << 20) + b"<")
    examined = examine(whole, HUB, country=US, now=NOW)
    assert all(len(finding.message) < 500 for finding in examined.findings)


@QUICK
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    outcome(data)


@QUICK
@given(st.integers(0, len(SOUND) - 1), st.binary(min_size=1, max_size=6))
def test_any_damage_to_a_sound_message_is_read_or_refused(at: int, junk: bytes) -> None:
    outcome(SOUND[:at] + junk + SOUND[at + len(junk) :])


@QUICK
@given(st.integers(0, 2**32), st.sampled_from(["swap", "drop", "double", "empty"]))
def test_any_shuffling_of_elements_is_read_or_refused(seed: int, how: str) -> None:
    dice = random.Random(seed)
    parts = SOUND.split(b"><")
    one, other = dice.randrange(len(parts)), dice.randrange(len(parts))
    if how == "swap":
        parts[one], parts[other] = parts[other], parts[one]
    elif how == "drop":
        del parts[one]
    elif how == "double":
        parts.insert(other, parts[one])
    else:
        parts[one] = b"x/"
    outcome(b"><".join(parts))


@QUICK
@given(
    st.sampled_from([b"851", b"70", b"EC-2026-000123", b"1000.50", b"KGM", b"080440", b"46.1"]),
    st.text(max_size=40),
)
def test_any_value_in_any_place_is_read_or_refused(old: bytes, new: str) -> None:
    outcome(SOUND.replace(old, escape(new, {'"': "&quot;"}).encode("utf-8", "replace")))


def test_naughty_strings_as_names_are_read_or_refused(shared_data: Path) -> None:
    file = shared_data / "hostile" / "naughty" / "blns.json"
    if not file.is_file():
        pytest.skip("the list of naughty strings is absent: hostile/naughty/blns.json")
    for each in json.loads(file.read_bytes()):
        outcome(SOUND.replace(b"Frutas del Sur", escape(each).encode("utf-8", "replace")))


def test_base64_with_line_ends_and_nul_bytes_between_is_read() -> None:
    wide = base64.encodebytes(SOUND).decode().encode("utf-16-le")
    assert read(wide)[0].number == "EC-2026-000123"
