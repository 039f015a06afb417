"""The wire codec agrees with the protobuf library, and takes nothing that is broken."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from hypothesis import given
from hypothesis import strategies as st

from clearway.errors import InputError, MalformedMessage, TooLarge
from clearway.ledger.order.cometbft.messages import (
    REQUESTS,
    read_request,
    split_frame,
    write_response,
)
from clearway.ledger.order.cometbft.wire import (
    Field,
    Message,
    decode,
    encode,
    read_varint,
    varint,
)

INNER = Message("Inner", {"number": Field(1, "int"), "raw": Field(2, "bytes")})
OUTER = Message(
    "Outer",
    {
        "number": Field(1, "int"),
        "text": Field(2, "text"),
        "raw": Field(3, "bytes"),
        "inner": Field(4, "message", of=INNER),
        "numbers": Field(5, "int", many=True),
        "raws": Field(6, "bytes", many=True),
        "inners": Field(1000, "message", many=True, of=INNER),
    },
)


def library_class() -> Any:
    """Return the same message as the library understands it."""
    proto = descriptor_pb2.FieldDescriptorProto
    kinds = {"int": proto.TYPE_INT64, "bytes": proto.TYPE_BYTES, "text": proto.TYPE_STRING}
    file = descriptor_pb2.FileDescriptorProto(name="t.proto", package="t", syntax="proto3")
    for message in (INNER, OUTER):
        described = file.message_type.add(name=message.name)
        for name, field in message.fields.items():
            label = proto.LABEL_REPEATED if field.many else proto.LABEL_OPTIONAL
            added = described.field.add(name=name, number=field.number, label=label)
            added.type = kinds.get(field.kind, proto.TYPE_MESSAGE)
            if field.of:
                added.type_name = f".t.{field.of.name}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("t.Outer"))


LIBRARY = library_class()
_int64 = st.integers(-(2**63), 2**63 - 1)
_inner = st.fixed_dictionaries({"number": _int64, "raw": st.binary(max_size=9)})
_outer = st.fixed_dictionaries(
    {
        "number": _int64,
        "text": st.text(max_size=9),
        "raw": st.binary(max_size=200),
        "inner": st.none() | _inner,
        "numbers": st.lists(_int64, max_size=4),
        "raws": st.lists(st.binary(max_size=9), max_size=4),
        "inners": st.lists(_inner, max_size=3),
    }
)


@given(_outer)
def test_the_library_reads_what_we_write_and_we_read_what_it_writes(values: dict[str, Any]) -> None:
    ours = encode(OUTER, values)
    assert decode(OUTER, ours) == values
    theirs = LIBRARY.FromString(ours)
    assert list(theirs.numbers) == values["numbers"]
    assert theirs.text == values["text"]
    assert [each.raw for each in theirs.inners] == [each["raw"] for each in values["inners"]]
    assert decode(OUTER, theirs.SerializeToString()) == values  # it packs numbers, we take both


@given(_outer)
def test_fields_that_we_do_not_know_are_passed_over(values: dict[str, Any]) -> None:
    small = Message("Small", {"text": Field(2, "text")})
    assert decode(small, encode(OUTER, values)) == {"text": values["text"]}
    fixed = varint(77 << 3 | 5) + bytes(4) + varint(78 << 3 | 1) + bytes(8)
    assert decode(small, fixed + encode(small, {"text": "a"})) == {"text": "a"}


@given(st.binary(max_size=120))
def test_broken_bytes_are_refused_or_read_never_more(data: bytes) -> None:
    for read in (
        lambda: decode(OUTER, data),
        lambda: read_request(data),
        lambda: split_frame(data),
    ):
        try:
            read()
        except InputError:
            continue


@pytest.mark.parametrize(
    "data", [b"\x0b", b"\x0c", b"\x08", b"\x0a\x05ab", b"\xff" * 11, b"\x12\x01\xff", b"\x08" * 3]
)
def test_what_ends_early_or_is_a_group_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedMessage):
        decode(OUTER, data)


@given(st.integers(0, 2**64 - 1))
def test_an_integer_comes_back(value: int) -> None:
    assert read_varint(varint(value), 0) == (value, len(varint(value)))


def test_frames_are_split_and_bounded() -> None:
    frame = write_response("Echo", {"message": "x"})
    assert split_frame(frame[:-1]) is None
    assert split_frame(b"") is None
    found = split_frame(frame + b"rest")
    assert found is not None and found[1] == b"rest"
    with pytest.raises(TooLarge):
        split_frame(varint(1 << 30))
    with pytest.raises(MalformedMessage):
        split_frame(b"\xff" * 12)


def test_every_request_of_abci_2_has_a_response_of_its_name() -> None:
    for message in REQUESTS.values():
        assert write_response(message.name, {})
