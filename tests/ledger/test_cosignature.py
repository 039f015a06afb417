"""Cosignatures: both kinds, their instants, and what they do not cover."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta, timezone
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.errors import VerificationError
from clearway.ledger.checkpoint import Checkpoint
from clearway.ledger.cosignature import Cosigner, Kind
from clearway.ledger.keys import (
    MAX_TIMESTAMP,
    ed25519_message,
    instant_of,
    ml_dsa_44_message,
    read_vkey,
    timestamp_of,
)
from clearway.ledger.note import Signer, add_lines, open_note, split_note

LOG = Signer.from_seed("customs.example/border", bytes(range(32)))
HEAD = Checkpoint("customs.example/border", 11, bytes(range(32)))
TEXT = HEAD.marshal()
NOTE = LOG.sign(TEXT)
AT = datetime(2026, 3, 2, 12, 0, 7, tzinfo=UTC)
KINDS: tuple[Kind, ...] = get_args(Kind)
WITNESSES = {kind: Cosigner.from_seed("plants.example/w", bytes([7] * 32), kind) for kind in KINDS}
both = pytest.mark.parametrize("kind", KINDS)


def signature_of(line: str) -> bytes:
    """Return what follows the key id in a signature line."""
    return split_note(f"text\n\n{line}")[1][0][2]


@both
def test_a_cosignature_opens_to_its_name_and_instant(kind: Kind) -> None:
    witness = WITNESSES[kind]
    note = add_lines(NOTE, [witness.cosign(TEXT, AT)])
    opened = open_note(note, [LOG.verifier, witness.verifier])
    assert opened.names == ("customs.example/border", "plants.example/w")
    assert [one.at for one in opened.signatures] == [None, AT]
    assert opened.signatures[1].key_id == witness.verifier.key_id


@both
def test_the_text_forms_of_the_keys_round_trip(kind: Kind) -> None:
    witness = WITNESSES[kind]
    assert read_vkey(witness.verifier.vkey) == witness.verifier
    again = Cosigner.from_skey(witness.secret_skey)
    assert again.verifier == witness.verifier
    assert witness.secret_skey.rsplit("+", 1)[1] not in repr(witness)
    line = again.cosign(TEXT, AT)
    assert witness.verifier.verify(TEXT.encode(), signature_of(line)) == AT


def test_one_name_has_another_key_id_for_each_type() -> None:
    seed = bytes([7] * 32)
    ids = {
        Signer.from_seed("plants.example/w", seed).verifier.key_id,
        *(witness.verifier.key_id for witness in WITNESSES.values()),
    }
    assert len(ids) == 3


@both
@given(place=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_any_flipped_bit_of_a_cosignature_is_refused(kind: Kind, place: int, bit: int) -> None:
    witness = WITNESSES[kind]
    signature = bytearray(signature_of(witness.cosign(TEXT, AT)))
    signature[place % len(signature)] ^= 1 << bit
    with pytest.raises(VerificationError, match="does not hold"):
        witness.verifier.verify(TEXT.encode(), bytes(signature))


@both
def test_another_text_instant_or_name_is_refused(kind: Kind) -> None:
    witness = WITNESSES[kind]
    signature = signature_of(witness.cosign(TEXT, AT))
    other = Checkpoint(HEAD.origin, 12, HEAD.root).marshal().encode()
    with pytest.raises(VerificationError, match="does not hold"):
        witness.verifier.verify(other, signature)
    later = (timestamp_of(AT) + 1).to_bytes(8, "big") + signature[8:]
    with pytest.raises(VerificationError, match="does not hold"):
        witness.verifier.verify(TEXT.encode(), later)


def test_only_the_ml_dsa_kind_binds_the_witness_s_name() -> None:
    for kind, binds in (("ed25519", False), ("ml-dsa-44", True)):
        key = WITNESSES[kind].verifier.public_key  # type: ignore[index]
        signature = signature_of(WITNESSES[kind].cosign(TEXT, AT))  # type: ignore[index]
        twin = type(WITNESSES[kind].verifier)("other.example/w", key)  # type: ignore[index]
        if binds:
            with pytest.raises(VerificationError, match="does not hold"):
                twin.verify(TEXT.encode(), signature)
        else:
            assert twin.verify(TEXT.encode(), signature) == AT


def test_extension_lines_are_covered_by_ed25519_and_refused_by_ml_dsa() -> None:
    text = Checkpoint(HEAD.origin, 11, HEAD.root, ("more",)).marshal()
    classic = WITNESSES["ed25519"]
    signature = signature_of(classic.cosign(text, AT))
    with pytest.raises(VerificationError, match="does not hold"):
        classic.verifier.verify(text.replace("more", "less").encode(), signature)
    with pytest.raises(VerificationError, match="does not cover extension lines"):
        WITNESSES["ml-dsa-44"].cosign(text, AT)
    unsigned = signature_of(WITNESSES["ml-dsa-44"].cosign(TEXT, AT))
    with pytest.raises(VerificationError, match="does not cover extension lines"):
        WITNESSES["ml-dsa-44"].verifier.verify(text.encode(), unsigned)


def test_an_ml_dsa_cosignature_may_state_no_instant() -> None:
    witness = WITNESSES["ml-dsa-44"]
    line = witness.cosign(TEXT, datetime(1970, 1, 1, tzinfo=UTC))
    assert witness.verifier.verify(TEXT.encode(), signature_of(line)) is None


@both
@pytest.mark.parametrize(
    ("text", "at", "message"),
    [
        ("three boxes\n", AT, "at least three lines"),
        (TEXT, AT.replace(tzinfo=None), "has no time zone"),
        (TEXT, datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC), "before 1970"),
        (TEXT[:-1], AT, "must end with a newline"),
    ],
)
def test_what_cannot_be_cosigned_is_named(
    kind: Kind, text: str, at: datetime, message: str
) -> None:
    with pytest.raises(VerificationError, match=message):
        WITNESSES[kind].cosign(text, at)


@both
@pytest.mark.parametrize("size", [0, 8, 71, 73, 2427, 2429])
def test_a_cosignature_of_wrong_size_is_refused(kind: Kind, size: int) -> None:
    with pytest.raises(VerificationError, match="does not hold: a cosignature of this type has"):
        WITNESSES[kind].verifier.verify(TEXT.encode(), bytes(size))


@both
def test_a_time_after_the_year_9999_is_refused(kind: Kind) -> None:
    size = 72 if kind == "ed25519" else 2428
    signature = (MAX_TIMESTAMP + 1).to_bytes(8, "big") + bytes(size - 8)
    with pytest.raises(VerificationError, match="after the year 9999"):
        WITNESSES[kind].verifier.verify(TEXT.encode(), signature)
    with pytest.raises(VerificationError):
        WITNESSES[kind].verifier.verify(TEXT.encode(), b"\xff" * size)


@given(seconds=st.integers(0, MAX_TIMESTAMP), hours=st.integers(-12, 14))
def test_instants_round_trip_to_the_second(seconds: int, hours: int) -> None:
    at = instant_of(seconds)
    assert timestamp_of(at) == seconds
    if timedelta(days=1) < at - instant_of(0) < timedelta(days=2_000_000):
        there = at.astimezone(timezone(timedelta(hours=hours)))
        assert timestamp_of(there + timedelta(microseconds=999_999)) == seconds


def test_the_timestamp_of_a_published_cosignature_is_read() -> None:
    # Source: transparency-dev/formats, note_cosigv1_test.go; the checkpoint is not published.
    line = (
        "\u2014 w ZGhGuQAAAABm/qTPeyKXD+R2rzyQsxPiP8mXum7qq/iF0u4vanlqJyocWODBt97w9uL+8qT7S5gx"
        "EHWWOworDcFiEBYJXORmnFBOBA==\n"
    )
    assert instant_of(int.from_bytes(signature_of(line)[:8], "big")).timestamp() == 1727964367


def test_published_verifier_keys_of_witnesses_are_read() -> None:
    # Source: transparency-dev/formats, note_cosigv1_test.go: types 0x04 and 0x01.
    vkey = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"
    assert read_vkey(vkey).signature_type == 0x04
    assert read_vkey(vkey).vkey == vkey
    plain = "TEST+7997405c+AQcC+FTVKf0jlTdHDY3rbevmnKxxPjigCXlVtGe6RIr6"
    assert read_vkey(plain).signature_type == 0x01


@pytest.mark.parametrize(
    ("skey", "message"),
    [
        ("nonsense", "begins with PRIVATE"),
        (LOG.secret_skey, "is of type 0x01; a cosigner's is 0x04 or 0x06"),
        (WITNESSES["ed25519"].secret_skey.replace("plants", "plant"), "does not bear its own id"),
    ],
)
def test_what_is_wrong_with_a_cosigner_s_key_is_named(skey: str, message: str) -> None:
    with pytest.raises(VerificationError, match=message) as refused:
        Cosigner.from_skey(skey)
    assert skey.rsplit("+", 1)[-1] not in str(refused.value) or skey == "nonsense"


def test_a_seed_or_kind_of_wrong_form_is_refused() -> None:
    with pytest.raises(VerificationError, match="32 bytes, not 31"):
        Cosigner.from_seed("w", bytes(31))
    with pytest.raises(VerificationError, match="ed25519 or ml-dsa-44"):
        Cosigner.from_seed("w", bytes(32), "rsa")  # type: ignore[arg-type]


def test_lines_are_added_once_and_only_in_form() -> None:
    line = WITNESSES["ed25519"].cosign(TEXT, AT)
    once = add_lines(NOTE, [line])
    assert add_lines(once, [line, line]) == once
    with pytest.raises(VerificationError, match="no newline"):
        add_lines(NOTE, [line[:-1]])
    with pytest.raises(VerificationError, match=r"dash, name, signature|base64"):
        add_lines(NOTE, [line + line])
    with pytest.raises(VerificationError, match="over 64 signatures"):
        add_lines(NOTE, [WITNESSES["ed25519"].cosign(TEXT, instant_of(n)) for n in range(64)])


def test_a_published_ml_dsa_key_is_read_only_under_its_own_id() -> None:
    # Source: transparency-dev/formats, note_cosigv1_test.go. Its id there is 5893dc2c, which is not
    # that of the key: that reader computes ids anew and does not compare. The specification says
    # that they must match, so ours refuses it.
    key = (
        "BtMcFiao6ZOdU6LZ40tLKbsWpDOU8smRapXBIYI3lXyESm62to+/AeDuWOEtbwUNVzrC9FacZ1q+gXES2hAhp5/C"
        "1TPwTiO/G+T9x0iAb8gSGkGwsbDJXmQMhsFM+Ub3tB5Fdujz4o7DF3NqCCUMC1zsD7jMyy9BTCFi6Av1I/ZDRQxJ"
        "JOKFt31l0cJY6OHFcUGMSGSHcGEo839UikbMBlArWRgYk/Ve4aqW0pRl7G46Qk39pu/yFYwhk3gMYMkush5NKQo7"
        "EbvhnHvUlQWK27t2VsIbH2p/l9i73UDtEmHeqIMcqtwhCnFoqT6S7cL9/p7NLwxD1gICM0gCZIi3KrbnMFok+5uo"
        "vBbrF9vISSXX67R1nprdjiE0MGAwZ3Prtt0ah2xchT5I1WgmUGSA0B1cnEDXWneUaA0axw/TQ47x88+jfKIN0kn8"
        "rg5bncI5q71hV2mF1n2xuE4G+WOdBRjMVGLWlt1rZcCh8IredoZe3SxWKx7amrLo00lFN8QL8TAw1bvDiFYRqyAZ"
        "E4Z5M77H8OmAR2QahuZA+d8Q1SXmTdDtOu1RRXtHq54Nm3d2SbQl48UE7BsWvu7YdqGEti5EpTX3oMVmnnjj0FRH"
        "2QjlnpaRn5bE8tiblhL31f6KRz37E9lqIUoLuE19OQ+yYOj2B6avwEY6xWq5SrOOhENQKAODXTjacDYVL4Z1hsJA"
        "9+7qbFH5S3JjMCs4VFtZHOa4tkxbpO94lfPNnhqDnuFb5xm7sT51/In+xn0vAyCoaaIpm/rwG0nRFZmR6bafSPBJ"
        "XcnrocdPy86sQ/C3ma7ldByWwsHuEm8YTNABAqn6hNICNECFuoV8EBwnA0BVkhClyjTkPSnyB1CAUEkzQwd/SW7V"
        "gjDoI9r6k4ot1oaxD9ZudZor7309jhMIbQhE1ODPMDxFM2B5XvhlJ6nl6r0JUI/q2uLnZGyzKDMGnL+T+uGDN+Av"
        "Brg4kyHEM1X39Dkr1XpJIMRlROY+GayJliTQ8eEdZ1yug5C0JGHJ9bEQu/L2Zf084+/+4BAUrrJ4JtmShbYulaDm"
        "MVjm72Osu5a9ld7KeZ2hn5uK9yhiUJqeBDGGLmqqZbbUwIRa9OWZoQVU+dCt2ust5migCq69O3H+83U2YKBj9r3Q"
        "Lv6FG/crj3IUrKagKIqv5fT71eeCEmSmdAGqVP+5hxBQMBcISqp+9rqDsS1NLba2YuUWYgFDlQ7Xq915t+d3N5ou"
        "HNWJHs1/2V0ZNsSvID1p73sUWVJlh2M4/B8/QT1uvteCPc+yycsJM80Xaomwv9KTfUpyNn60R860zr+Va432W8v5"
        "urT1Teu6QCTWKdq3ivhyYREBLvka07jb7SlIees2PKDfvibKBBanF/EmorgkdPIagG/88kT9GtXtOIQp/HJLw3Ej"
        "5QPwEgrLYZ0YY6t53ZC6BmjDt0eSEShPmqte74KC7Qgo2hvA3grqp03vA7RG3cMCmtn/k0PH9ZY4ytTF7eozJCRi"
        "m9AWa0HudpkGKbv3ijxrkBBhAGTCGQe96Tt5nBiKatheV3z4i2o4TtoRC6SEQZUEnWLszXOWtghhfe/V7QqB8jfM"
        "LxHW2qkueUkTz2IatYI+2hlkyTQRIKGPjKrnF8qAKz5/PZcoaL6pBaWcpsUEcpwQs6/aT0tmB2UGZNzrj02lREEg"
        "GajjuqHMH/rwmqIQTV38KohBniPDkDV9jdIyU1HVlm5dElah29WMC+RWC6bN2GbOvn1+s6iQwNNLUGU="
    )
    verifier = read_vkey(f"test+31236897+{key}")
    assert (verifier.signature_type, verifier.vkey) == (0x06, f"test+31236897+{key}")
    with pytest.raises(VerificationError, match="does not bear its own id"):
        read_vkey(f"test+5893dc2c+{key}")
    shorter = base64.b64encode(base64.b64decode(key)[:-3]).decode()
    with pytest.raises(VerificationError, match="1312 bytes, not 1309"):
        read_vkey(f"test+31236897+{shorter}")


def test_the_messages_that_are_signed_are_those_of_the_specification() -> None:
    # Source: C2SP tlog-cosignature, the two signed messages, written out by hand.
    example = (
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    )
    message = ed25519_message(1679315147, example.encode())
    assert message.decode() == "cosignature/v1\ntime 1679315147\n" + example
    root = base64.b64decode("CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=")
    assert ml_dsa_44_message("witness.example.com/w1", 1679315147, example) == (
        b"subtree/v1\n\x00"
        b"\x16witness.example.com/w1"
        + bytes.fromhex("00000000641850cb")
        + b"\x1bexample.com/behind-the-sofa"
        + bytes(8)
        + bytes.fromhex("00000000013e2dc3")
        + root
    )


@pytest.mark.parametrize("length", [86, 255])
def test_names_of_over_255_bytes_cannot_be_signed_by_ml_dsa(length: int) -> None:
    name = "\u20ac" * length  # three bytes each
    with pytest.raises(VerificationError, match="1 to 255 bytes"):
        Cosigner.from_seed(name, bytes(32), "ml-dsa-44").cosign(TEXT, AT)
