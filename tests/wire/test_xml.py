"""The XML door: conformance where we accept, refusal where strangers attack."""

from __future__ import annotations

import io
import re
import tarfile
import time
import xml.etree.ElementTree as plain
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.errors import InputError, MalformedMessage, TooLarge
from clearway.wire import xml
from clearway.wire.limits import Limits


def read_or_refuse(data: bytes) -> str:
    try:
        return "read " + str(xml.parse(data).tag)
    except InputError as error:
        assert error.detail
        return error.code


@pytest.fixture(scope="module")
def conformance(shared_data: Path) -> dict[str, bytes]:
    with tarfile.open(shared_data / "hostile/w3c-xmlconf.tar.gz") as archive:
        return {
            member.name: archive.extractfile(member).read()  # type: ignore[union-attr]
            for member in archive
            if member.isfile() and member.name.endswith(".xml") and member.size < 1 << 20
        }


def test_the_conformance_suite_is_read_or_refused(conformance: dict[str, bytes]) -> None:
    assert len(conformance) > 2000
    answers = [read_or_refuse(data) for data in conformance.values() if data]
    assert {answer for answer in answers if not answer.startswith("read ")} <= {
        "malformed_message",
        "too_large",
    }


def test_no_document_with_a_document_type_is_read(conformance: dict[str, bytes]) -> None:
    with_doctype = [
        data for data in conformance.values() if re.search(rb"(?m)^\s*<!DOCTYPE ", data)
    ]
    assert len(with_doctype) > 1000
    read = [data for data in with_doctype if read_or_refuse(data).startswith("read ")]
    # The words may also stand inside a comment or CDATA of a document that has none.
    assert all(xml.parse(data).getroottree().docinfo.doctype == "" for data in read)
    assert len(read) < 5


def test_valid_documents_without_document_type_are_read(conformance: dict[str, bytes]) -> None:
    valid = [
        data
        for name, data in conformance.items()
        if "/valid/" in name and b"<!DOCTYPE" not in data.replace(b"\0", b"") and b"1.1" not in data
    ]
    for data in valid:
        if plain_reads(data):
            assert read_or_refuse(data).startswith("read "), data[:200]


def plain_reads(data: bytes) -> bool:
    try:
        plain.parse(io.BytesIO(data))
    except (plain.ParseError, LookupError, ValueError):
        return False
    return True


def test_documents_that_are_not_well_formed_are_refused(conformance: dict[str, bytes]) -> None:
    cases = {n: d for n, d in conformance.items() if "xmlconf/xmltest/not-wf/" in n and d}
    assert len(cases) > 180
    read = [name for name, data in cases.items() if read_or_refuse(data).startswith("read ")]
    assert read == []


def test_no_external_entity_payload_is_read(shared_data: Path) -> None:
    folder = shared_data / "hostile/payloads/xxe"
    whole = [file.read_bytes() for file in sorted(folder.iterdir())]
    payloads = whole + [line for data in whole for line in data.splitlines() if b"<!D" in line]
    assert len(payloads) > 20
    for payload in payloads:
        assert read_or_refuse(payload) in {"malformed_message", "too_large"}, payload[:100]


@pytest.mark.parametrize(
    "prolog",
    [
        "",
        "\n\n ",
        "<!-- a --><!-- > -->",
        "<?xml version='1.0'?>\n",
        "<?xml version='1.0' encoding='UTF-8'?><?a b?>\n<!-- c -->",
        "\ufeff",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_document_type_is_found_behind_any_prolog(prolog: str, encoding: str) -> None:
    text = prolog.replace("UTF-8", encoding) + "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"
    with pytest.raises(MalformedMessage):
        xml.parse(text.encode(encoding))


def test_the_message_about_a_document_type_names_its_line() -> None:
    with pytest.raises(MalformedMessage, match="Line 3: the message has a DOCTYPE"):
        xml.parse(b"<?xml version='1.0'?>\n\n<!DOCTYPE a><a/>")


def test_words_like_doctype_in_content_do_no_harm() -> None:
    root = xml.parse(b"<a><!-- <!DOCTYPE x> --><b><![CDATA[<!DOCTYPE y>]]></b></a>")
    assert xml.text(root, "b") == "<!DOCTYPE y>"


def test_a_comment_cannot_cut_a_value_short() -> None:
    assert xml.text(xml.parse(b"<a><id>GB1<!-- x -->23<?p i?>4</id></a>"), "id") == "GB1234"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_encodings_with_and_without_mark_are_read(encoding: str) -> None:
    assert xml.text(xml.parse("<a><b>Café 咖啡</b></a>".encode(encoding)), "b") == "Café 咖啡"


@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16", "ISO-8859-1"])
def test_declared_encodings_are_read(encoding: str) -> None:
    text = f"<?xml version='1.0' encoding='{encoding}' standalone='no'?><a><b>Café</b></a>"
    assert xml.text(xml.parse(text.encode(encoding)), "b") == "Café"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"<a>\n<b>caf\xe9</b></a>", r"Byte 11 \(line 2\) is 0xE9, which is not UTF-8"),
        ("<?xml version='1.0' encoding='utf-8'?><a/>".encode("utf-16"), "bytes are UTF-16"),
        (b"<?xml version='1.0' encoding='utf-16'?><a/>", "the bytes are not so"),
        (b"<?xml version='1.0' encoding='ebcdic-cp-us'?><a/>", "send the message as UTF-8"),
        (b"<?xml version='1.0' encoding='us-ascii'?><a>\xc3\xa9</a>", "not US-ASCII"),
        (b"<?xml version='1.1'?><a/>", "only XML 1.0"),
        (b"\xff\xfe\x00\x00<\x00\x00\x00", "UTF-32"),
        (b"\xff\xfe<\x00a\x00\x00\xd8", "is not UTF-16"),
        (b"\xef\xbb\xbf<?xml version='1.0' encoding='latin1'?><a/>", "the bytes are not so"),
        (b"", "empty"),
        (b"\x00", "not well-formed"),
        (b"<a>\x01</a>", "not well-formed"),
        (b"<a>&nbsp;</a>", "not well-formed"),
        (b"<a><b></a>", "Line 1, column"),
        (b"<x:a/>", "not well-formed"),
    ],
)
def test_wrong_messages_say_what_is_wrong(data: bytes, said: str) -> None:
    with pytest.raises(MalformedMessage, match=said):
        xml.parse(data)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"<a>" * 65 + b"</a>" * 65, "64 levels"),
        (b"<a>" * 30_000 + b"</a>" * 30_000, "nested too deeply|levels|not well-formed"),
        (b"<r>" + b"<a/>" * 60_000 + b"</r>", "50,000 elements"),
        (b"<r>" + b"<a/>" * 200_000 + b"</r>", "50,000 elements"),
        (b"<a " + b" ".join(b'a%d=""' % n for n in range(65)) + b"/>", "64 attributes"),
        (b"<a " + b" ".join(b'a%d=""' % n for n in range(90_000)) + b"/>", "attributes"),
        (b"<a " + b" ".join(b'xmlns:a%d="u"' % n for n in range(60_000)) + b"/>", "namespace"),
        (b"<a>" + b"x" * 50_000_000 + b"</a>", "1,048,576"),
        (b"<!--" * 200_000, "elements"),
        (b"<?a ?>" * 150_000 + b"<a/>", "elements"),
    ],
    ids=["depth", "deeper", "elements", "more", "attributes", "90k", "xmlns", "50 MB", "c", "pi"],
)
def test_bombs_are_refused_quickly(data: bytes, said: str) -> None:
    began = time.perf_counter()
    with pytest.raises(InputError, match=said):
        xml.parse(data)
    assert time.perf_counter() - began < 1


def test_limits_are_the_callers() -> None:
    with pytest.raises(TooLarge, match="at most 4 are accepted"):
        xml.parse(b"<aa/>", limits=Limits(size_bytes=4))
    assert xml.parse(b"<a><b/></a>", limits=Limits(depth=2, nodes=2)).tag == "a"
    with pytest.raises(TooLarge):
        xml.parse(b"<a><b/></a>", limits=Limits(nodes=1))


@given(st.binary(max_size=120))
def test_arbitrary_bytes_are_read_or_refused(data: bytes) -> None:
    read_or_refuse(data)


@given(st.text("<>/!?-[]&;ab=' \"xmlns:DOCTYPE", max_size=60))
def test_arbitrary_markup_is_read_or_refused(text: str) -> None:
    read_or_refuse(text.encode())


def test_helpers_find_values_and_places() -> None:
    root = xml.parse(b"<r xmlns='u'><i><o> x </o></i><i><o>y</o></i></r>")
    first, second = xml.children(root, "{u}i")
    assert xml.text(root, "{u}i", "{u}o") == "x"
    assert xml.text(root, "{u}i", "{u}z") == ""
    assert xml.descend(root, "{u}z", "{u}o") is None
    assert xml.child(second, "{u}o") is not None
    assert xml.path(second[0]) == "i[2]/o"
    assert xml.path(first) == "i"
    assert xml.local_name(second) == "i"
