"""Signed notes: the form, the keys, and who may be believed."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.errors import VerificationError
from clearway.ledger.keys import Ed25519Verifier
from clearway.ledger.note import (
    MAX_NOTE_SIZE,
    MAX_SIGNATURES,
    Signer,
    open_note,
    read_vkey,
    split_note,
)

CUSTOMS = Signer.from_seed("customs.example/border", bytes(range(32)))
PLANTS = Signer.from_seed("plants.example/border", bytes(range(1, 33)))
TEXT = "three boxes of mangoes\n\nno fruit flies\n"
NOTE = CUSTOMS.sign(TEXT)
BOTH = NOTE + PLANTS.signature_line(TEXT)
KNOWN = (CUSTOMS.verifier, PLANTS.verifier)

# Source: the example of C2SP signed-note. Its key is not published with it: parsed, not verified.
EXAMPLE = (
    "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n\n"
    "\u2014 quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKO"
    "NrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n"
)


def test_a_note_opens_to_its_text_and_signer() -> None:
    opened = open_note(NOTE, KNOWN)
    assert opened.text == TEXT
    assert opened.names == ("customs.example/border",)


def test_the_published_example_is_read() -> None:
    text, signatures = split_note(EXAMPLE)
    assert text.endswith("ed è subito sera.\n")
    assert [(name, id_.hex(), len(value)) for name, id_, value in signatures] == [
        ("quasimodo.example/salvatore", "367ba04b", 64)
    ]


def test_several_signatures_are_named_in_their_order() -> None:
    assert open_note(BOTH, KNOWN).names == ("customs.example/border", "plants.example/border")


def test_an_unknown_signature_is_ignored_beside_a_known_one() -> None:
    assert open_note(BOTH, [PLANTS.verifier]).names == ("plants.example/border",)


def test_a_note_that_nobody_known_signed_is_refused() -> None:
    with pytest.raises(VerificationError, match=r"No known key signed.*customs"):
        open_note(NOTE, [PLANTS.verifier])
    with pytest.raises(VerificationError, match="No known key signed"):
        open_note(NOTE, [])


def test_a_bad_signature_of_a_known_key_refuses_the_whole_note() -> None:
    wrong = PLANTS.signature_line("other\n")
    with pytest.raises(VerificationError, match=r"'plants\.example/border' does not hold"):
        open_note(NOTE + wrong, KNOWN)
    assert open_note(NOTE + wrong, [CUSTOMS.verifier]).names == ("customs.example/border",)


def test_the_same_name_with_another_key_is_unknown() -> None:
    impostor = Signer.from_seed("customs.example/border", bytes(range(2, 34)))
    with pytest.raises(VerificationError, match="No known key"):
        open_note(impostor.sign(TEXT), KNOWN)


@given(bit=st.integers(0, 8 * len(NOTE.encode()) - 1))
def test_any_flipped_bit_of_a_note_is_refused(bit: int) -> None:
    changed = bytearray(NOTE.encode())
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(VerificationError):
        open_note(bytes(changed).decode(errors="surrogateescape"), KNOWN)


@given(text=st.text(max_size=300))
def test_anything_else_is_refused_in_our_own_words(text: str) -> None:
    with pytest.raises(VerificationError):
        open_note(text, KNOWN)


@given(text=st.text(st.characters(min_codepoint=32, exclude_categories=["Cs"])))
def test_any_text_of_the_form_comes_back_as_signed(text: str) -> None:
    assert open_note(CUSTOMS.sign(text + "\n"), KNOWN).text == text + "\n"


@pytest.mark.parametrize(
    ("note", "message"),
    [
        ("", "no blank line"),
        ("text\n", "no blank line"),
        ("text\n\n", "no blank line"),
        (TEXT, "dash, name, signature"),
        ("text\n\n\u2014 name\n", "dash, name, signature"),
        ("text\n\n- name AAAAAAA=\n", "dash, name, signature"),
        ("text\n\n\u2014 name AAAA\n", "no signature after the key id"),
        ("text\n\n\u2014 name AAAAAAB=\n", "canonical form of base64"),
        ("text\n\n\u2014 name AAAA AAAA\n", "not base64"),
        ("text\n\n\u2014 name \u00c0AAAAAA=\n", "not base64"),
        ("text\n\n\u2014 na+me AAAAAAA=\n", "none of them a space or a plus"),
        ("text\n\n\u2014  AAAAAAA=\n", "none of them a space or a plus"),
        ("text\n\n\u2014 na\u00a0me AAAAAAA=\n", "none of them a space or a plus"),
        ("text\n\n\u2014 name AAAAAAA=", "no newline"),
        ("te\txt\n\n\u2014 name AAAAAAA=\n", "control character"),
        ("te\rxt\n\n\u2014 name AAAAAAA=\n", "control character"),
        ("te\ud800xt\n\n\u2014 name AAAAAAA=\n", "not valid Unicode"),
        ("text\n\n" + "\u2014 name AAAAAAA=\n" * (MAX_SIGNATURES + 1), "over 64 signatures"),
        ("x" * (MAX_NOTE_SIZE + 1), "over 524288 characters"),
    ],
)
def test_what_is_wrong_with_a_note_is_named(note: str, message: str) -> None:
    with pytest.raises(VerificationError, match=message):
        open_note(note, KNOWN)


def test_at_least_sixteen_large_signatures_are_taken() -> None:
    large = base64.b64encode(bytes(5000)).decode()
    others = "".join(f"\u2014 witness.example/{n} {large}\n" for n in range(16))
    assert open_note(NOTE + others, KNOWN).names == ("customs.example/border",)


def test_a_text_without_its_last_newline_is_not_signed() -> None:
    with pytest.raises(VerificationError, match="must end with a newline"):
        CUSTOMS.sign("text")


def test_a_verifier_key_round_trips() -> None:
    vkey = CUSTOMS.verifier.vkey
    assert read_vkey(vkey) == CUSTOMS.verifier
    assert vkey.startswith("customs.example/border+")


def test_the_published_key_of_the_go_checksum_database_is_read() -> None:
    # Source: the Go toolchain's known vkey of sum.golang.org, the oldest signed-note key in use.
    vkey = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
    assert read_vkey(vkey).name == "sum.golang.org"
    assert read_vkey(vkey).vkey == vkey


def test_the_published_example_verifies_under_its_published_key() -> None:
    # Source: C2SP signed-note, the example of verifier keys.
    verifier = read_vkey("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")
    text = "This is an example message.\n"
    line = (
        "\u2014 example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH"
        "3mFXmRKuwHjG1Yu72IneyaQM=\n"
    )
    assert open_note(f"{text}\n{line}", [verifier]).text == text
    with pytest.raises(VerificationError, match="does not hold"):
        open_note(f"{text.upper()}\n{line}", [verifier])


def test_a_signer_key_round_trips_and_is_never_shown() -> None:
    skey = CUSTOMS.secret_skey
    assert Signer.from_skey(skey).sign(TEXT) == NOTE
    assert skey.rsplit("+", 1)[1] not in repr(CUSTOMS)
    assert repr(CUSTOMS) == "Signer('customs.example/border')"


@pytest.mark.parametrize(
    ("vkey", "message"),
    [
        ("", "three parts"),
        ("a+b", "three parts"),
        ("a+00000000+!!", "not base64"),
        ("a+00000000+" + base64.b64encode(b"\x02" + bytes(32)).decode(), "is of type 0x02"),
        ("a+00000000+" + base64.b64encode(b"\x01" + bytes(32)).decode(), "small order"),
        ("a+00000000+" + base64.b64encode(b"\x01" + bytes(31)).decode(), "31 bytes"),
        (CUSTOMS.verifier.vkey.replace("customs", "custom"), "does not bear its own id"),
        ("a" * 5000, "over 4096 characters"),
    ],
)
def test_what_is_wrong_with_a_verifier_key_is_named(vkey: str, message: str) -> None:
    with pytest.raises(VerificationError, match=message):
        read_vkey(vkey)


def test_a_signer_key_of_wrong_form_is_refused_without_telling_it() -> None:
    secret = CUSTOMS.secret_skey
    with pytest.raises(VerificationError) as refused:
        Signer.from_skey(secret.replace("customs", "custom"))
    assert secret.rsplit("+", 1)[1] not in str(refused.value)
    with pytest.raises(VerificationError, match="begins with PRIVATE"):
        Signer.from_skey(CUSTOMS.verifier.vkey)
    with pytest.raises(VerificationError, match="32 bytes"):
        Signer.from_seed("a", b"short")


def test_two_known_keys_that_cannot_be_told_apart_are_refused() -> None:
    twin = Ed25519Verifier(CUSTOMS.name, PLANTS.verifier.public_key)
    object.__setattr__(twin, "key_id", CUSTOMS.verifier.key_id)  # a collision of 4 bytes
    with pytest.raises(VerificationError, match="share the name and id"):
        open_note(NOTE, [CUSTOMS.verifier, twin])
