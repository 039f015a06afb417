"""Checkpoints: one text for one head of a tree."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.errors import VerificationError
from clearway.ledger.checkpoint import Checkpoint, parse
from clearway.ledger.proofs import MAX_SIZE

# Source: the example of C2SP tlog-checkpoint.
EXAMPLE = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
lines = st.text(st.characters(min_codepoint=32, exclude_categories=["Cs"]), min_size=1, max_size=40)


def test_the_published_example_is_read_and_written_back() -> None:
    checkpoint = parse(EXAMPLE)
    assert checkpoint.origin == "example.com/behind-the-sofa"
    assert checkpoint.size == 20_852_163
    assert checkpoint.root[:4].hex() == "0ac5186a"
    assert checkpoint.marshal() == EXAMPLE


@given(
    origin=lines,
    size=st.integers(0, MAX_SIZE),
    root=st.binary(min_size=32, max_size=32),
    extensions=st.lists(lines, max_size=3),
)
def test_every_checkpoint_round_trips(
    origin: str, size: int, root: bytes, extensions: list[str]
) -> None:
    checkpoint = Checkpoint(origin, size, root, tuple(extensions))
    assert parse(checkpoint.marshal()) == checkpoint


@given(text=st.text(max_size=200))
def test_any_other_text_is_refused_in_our_own_words(text: str) -> None:
    with pytest.raises(VerificationError):
        parse(text)


ROOT = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "at least three lines"),
        ("origin\n1\n", "at least three lines"),
        (f"origin\n1\n{ROOT}", "at least three lines"),
        (f"\n1\n{ROOT}\n", "not empty"),
        (f"origin\n1\n{ROOT}\n\n", "not empty"),
        (f"origin\n-1\n{ROOT}\n", "not a decimal number"),
        (f"origin\n+1\n{ROOT}\n", "not a decimal number"),
        (f"origin\n\u0661\n{ROOT}\n", "not a decimal number"),
        (f"origin\n{'9' * 20}\n{ROOT}\n", "not a decimal number"),
        (f"origin\n{MAX_SIZE + 1}\n{ROOT}\n", "outside 0 to"),
        (f"origin\n01\n{ROOT}\n", "canonical"),
        ("origin\n1\nAAAA\n", "has 3 bytes"),
        ("origin\n1\n????\n", "not base64"),
        (f"origin\n1\n{ROOT[:-2]}J=\n", "canonical"),
    ],
)
def test_what_is_wrong_is_named(text: str, message: str) -> None:
    with pytest.raises(VerificationError, match=message):
        parse(text)


def test_a_line_break_cannot_be_smuggled_into_the_origin() -> None:
    with pytest.raises(VerificationError):
        Checkpoint("origin\n5", 1, bytes(32))
