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
from clearway.ledger.order.encoding import decode as decode_transaction
from clearway.ledger.order.roster import read_genesis

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


# Captured on the socket of CometBFT 0.38.25, one validator, one batch of one use.
CAPTURED = {
    "CheckTx": (
        "4294010a910143574f010a746573742d6f7264657207637573746f6d73b737815f5ca9697f685dfe"
        "2b5fe1f7b1000101b737815f5ca9697f685dfe2b5fe1f7b12a180562f97da5a72e90eaedd9890876"
        "06686f6c64657249e9e49b77c2c8c2e0a52f67b169218aac8a113c3f098cd1d676d2bd48017af03e"
        "744b428d670a9e57649812953870b286a469f1a888213f7718bf4c7286a207"
    ),
    "Commit": ("5a00"),
    "FinalizeBlock": (
        "a2019d020a910143574f010a746573742d6f7264657207637573746f6d73b737815f5ca9697f685d"
        "fe2b5fe1f7b1000101b737815f5ca9697f685dfe2b5fe1f7b12a180562f97da5a72e90eaedd98908"
        "7606686f6c64657249e9e49b77c2c8c2e0a52f67b169218aac8a113c3f098cd1d676d2bd48017af0"
        "3e744b428d670a9e57649812953870b286a469f1a888213f7718bf4c7286a207121e121c0a180a14"
        "ce0afa5009c1a2b183ab16f35560106fab89b5f51801180222208af432ef2593ea3118c0afc98ba8"
        "4368dacf1d64a9f8dff74fa983db86cc3cae2802320b08f28295d806109380cf543a20a0fdeb694d"
        "fb580253a12589a7ee0fa3d4d9031fd676246903d551ddde44bd9e4214ce0afa5009c1a2b183ab16"
        "f35560106fab89b5f5"
    ),
    "Flush": ("1200"),
    "Info": ("1a140a07302e33382e3235100b18082205322e302e30"),
    "InitChain": (
        "2adb020a060880f2d6ca06120a746573742d6f726465721a300a0f0880804010ffffffffffffffff"
        "ff01120e08a08d0612040880c60a188080041a090a076564323535313922002a0022260a220a2026"
        "17536b5028fe5460f629760fd2cc153de8127963f59db888016f21efee085d10012ae8017b0a2020"
        "22666f726d223a2022636c6561727761792d6f726465722d67656e657369732f31222c0a20202261"
        "67656e63696573223a205b0a2020207b0a20202020226964223a2022637573746f6d73222c0a2020"
        "2020226b6579223a20224873366a78696657392f534950302f572b4c766c4e4e56757a51534e4153"
        "36433949484d353355515462773d222c0a2020202022706f776572223a20312c0a20202020227661"
        "6c696461746f72223a20224a6864546131416f2f6c526739696c3244394c4d4654336f456e6c6a39"
        "5a32346941467649652f754346303d220a2020207d0a20205d0a207d3001"
    ),
    "PrepareProposal": (
        "8201ff0108b6f93f12910143574f010a746573742d6f7264657207637573746f6d73b737815f5ca9"
        "697f685dfe2b5fe1f7b1000101b737815f5ca9697f685dfe2b5fe1f7b12a180562f97da5a72e90ea"
        "edd989087606686f6c64657249e9e49b77c2c8c2e0a52f67b169218aac8a113c3f098cd1d676d2bd"
        "48017af03e744b428d670a9e57649812953870b286a469f1a888213f7718bf4c7286a2071a1e121c"
        "0a180a14ce0afa5009c1a2b183ab16f35560106fab89b5f5180128022802320b08f28295d8061093"
        "80cf543a20a0fdeb694dfb580253a12589a7ee0fa3d4d9031fd676246903d551ddde44bd9e4214ce"
        "0afa5009c1a2b183ab16f35560106fab89b5f5"
    ),
    "ProcessProposal": (
        "8a019d020a910143574f010a746573742d6f7264657207637573746f6d73b737815f5ca9697f685d"
        "fe2b5fe1f7b1000101b737815f5ca9697f685dfe2b5fe1f7b12a180562f97da5a72e90eaedd98908"
        "7606686f6c64657249e9e49b77c2c8c2e0a52f67b169218aac8a113c3f098cd1d676d2bd48017af0"
        "3e744b428d670a9e57649812953870b286a469f1a888213f7718bf4c7286a207121e121c0a180a14"
        "ce0afa5009c1a2b183ab16f35560106fab89b5f51801180222208af432ef2593ea3118c0afc98ba8"
        "4368dacf1d64a9f8dff74fa983db86cc3cae2802320b08f28295d806109380cf543a20a0fdeb694d"
        "fb580253a12589a7ee0fa3d4d9031fd676246903d551ddde44bd9e4214ce0afa5009c1a2b183ab16"
        "f35560106fab89b5f5"
    ),
    "Query": (
        "322c0a2064cbde4660de841a98d93005fc3deb478efe2ae426016fac58ee05d016efd50012082f6f"
        "7574636f6d65"
    ),
}


def test_the_requests_of_the_real_engine_are_read() -> None:
    read = {}
    for name, frame in CAPTURED.items():
        found, read[name] = read_request(bytes.fromhex(frame))
        assert found == name
    assert read["Info"] == {"version": "0.38.25", "abci_version": "2.0.0"}
    assert read["InitChain"]["chain_id"] == "test-order"
    assert read["InitChain"]["initial_height"] == 1
    (validator,) = read["InitChain"]["validators"]
    genesis = read_genesis(read["InitChain"]["app_state"])
    assert [agency.validator for agency in genesis.agencies] == [validator["pub_key"]["ed25519"]]
    (transaction,) = read["FinalizeBlock"]["txs"]
    assert read["PrepareProposal"]["txs"] == read["ProcessProposal"]["txs"] == [transaction]
    assert read["CheckTx"]["tx"] == transaction
    assert read["FinalizeBlock"]["height"] == read["PrepareProposal"]["height"] > 1
    assert decode_transaction(transaction).agency == "customs"


@given(st.sampled_from(sorted(CAPTURED)), st.integers(0, 10_000), st.integers(1, 255))
def test_a_flipped_byte_of_the_real_engine_raises_nothing_else(name: str, at: int, by: int) -> None:
    frame = bytearray.fromhex(CAPTURED[name])
    frame[at % len(frame)] ^= by
    try:
        read_request(bytes(frame))
    except InputError:
        return
