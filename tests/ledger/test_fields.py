"""Facts cut into fields: the rule, the exact bytes, the salts and what they hide."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.errors import VerificationError
from clearway.ledger import fields
from clearway.ledger.commitment import commit, envelope, fields_of, leaf_hash, read_envelope
from clearway.ledger.fact import BY_FIELD, Fact

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SALT = bytes(range(32))
BODY = b'{"mrn":"26KE1","declaration":{"items":[{"hs":"080390","kg":1.50},{}],"note":null}}'
FACT = Fact(7, "parcel.sent/1", "parcel:7", "customs", "trader:a", NOON, NOON, BODY, BY_FIELD)

# Any JSON, also with names that a pointer escapes and an outline cannot hold.
texts = st.text(st.characters(codec="utf-8"), max_size=6) | st.sampled_from(["a/b", "~1", "x\ny"])
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4)
)
bodies = st.dictionaries(texts, values, max_size=6).map(msgspec.json.encode)


def resolve(document: Any, pointer: str) -> Any:
    """Follow a JSON pointer as RFC 6901, section 4, says."""
    for step in pointer.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        document = document[int(name)] if isinstance(document, list) else document[name]
    return document


def test_a_body_is_cut_by_json_pointer_with_its_exact_bytes() -> None:
    assert fields.split(BODY) == (
        [
            "/mrn",
            "/declaration/items/0/hs",
            "/declaration/items/0/kg",
            "/declaration/items/1",
            "/declaration/note",
        ],
        [b'"26KE1"', b'"080390"', b"1.50", b"{}", b"null"],
    )


def test_what_lies_below_the_fourth_level_is_one_field() -> None:
    assert fields.split(b'{"a":{"b":{"c":{"d":{"e":1}}}}}') == (["/a/b/c/d"], [b'{"e":1}'])


@pytest.mark.parametrize("body", [b"{}", b"[]", b"7", b'"text"', b"", b"x", b' {"a":1}'])
def test_a_body_that_cannot_be_cut_is_one_field(body: bytes) -> None:
    assert fields.split(body) == ([""], [body])


def test_an_object_whose_names_would_break_the_outline_is_one_field() -> None:
    assert fields.split(b'{"a":{"x\\ny":1},"b":2}') == (["/a", "/b"], [b'{"x\\ny":1}', b"2"])


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"items": [{"n": n, "m": n} for n in range(1024)]}, 2048),
        ({"items": [{"n": n, "m": n} for n in range(1025)]}, 1025),
        ({"items": list(range(2049))}, 1),
        ({str(n): n for n in range(2048)}, 2048),
        ({str(n): n for n in range(2049)}, 1),
    ],
)
def test_too_many_fields_are_cut_less_deep(body: dict[str, Any], expected: int) -> None:
    text = msgspec.json.encode(body)
    names, values = fields.split(text)
    assert len(names) == len(values) == expected
    assert names[0] or values == [text]


@given(body=bodies)
def test_fields_are_what_their_pointers_say_and_are_named_once(body: bytes) -> None:
    names, values = fields.split(body)
    document = msgspec.json.decode(body)
    for name, value in zip(names, values, strict=True):
        assert value in body
        assert msgspec.json.decode(value) == resolve(document, name)
        assert "\n" not in name
    assert len(set(names)) == len(names)


@given(body=bodies, other=bodies)
def test_two_bodies_have_the_same_leaf_only_if_they_are_the_same(body: bytes, other: bytes) -> None:
    leaves = [leaf_hash(replace(FACT, body=one), SALT) for one in (body, other)]
    assert (leaves[0] == leaves[1]) is (body == other)


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": 1}',
        b'{"a":1} ',
        b'{"a":1,"a":1}',
        b'{"\\u0061":1}',
        b'{"a":[1, 2]}',
        b'{"a":{"b":1,"b":2}}',
        b'{"a":1',
        b'{"a":01}',
        b"[1,]",
    ],
)
def test_a_body_in_another_form_is_refused(body: bytes) -> None:
    with pytest.raises(VerificationError, match="body of a fact"):
        fields.split(body)


def test_the_salts_are_pieces_of_one_extendable_output() -> None:
    whole = hashlib.shake_256(b"clearway-field-salts/1\n" + SALT).digest(96)
    assert fields.field_salts(SALT, 3) == whole
    with pytest.raises(VerificationError, match="32 bytes, not 31"):
        fields.field_salts(SALT[1:], 3)


@given(
    values=st.lists(st.binary(max_size=200), max_size=5), salt=st.binary(min_size=32, max_size=32)
)
def test_each_commitment_is_the_hmac_of_the_standard_library(
    values: list[bytes], salt: bytes
) -> None:
    salts = fields.field_salts(salt, len(values))
    keys = [salts[at : at + 32] for at in range(0, len(salts), 32)]
    expected = [
        hmac.new(key, value, "sha256").digest() for key, value in zip(keys, values, strict=True)
    ]
    assert fields.commit_fields(values, salt) == expected
    assert [fields.commit_field(*pair) for pair in zip(keys, values, strict=True)] == expected


def test_the_leaf_is_as_the_rule_says_step_by_step() -> None:
    names = ["type", "subject", "issuer", "actor", "occurred_at", "recorded_at", "/mrn"]
    names += ["/declaration/items/0/hs", "/declaration/items/0/kg", "/declaration/items/1"]
    names += ["/declaration/note"]
    header = [b'"parcel.sent/1"', b'"parcel:7"', b'"customs"', b'"trader:a"']
    header += [b'"2026-03-02T12:00:00Z"'] * 2
    texts = [*header, b'"26KE1"', b'"080390"', b"1.50", b"{}", b"null"]
    salts = hashlib.shake_256(b"clearway-field-salts/1\n" + SALT).digest(32 * len(texts))
    commitments = b"".join(
        hmac.digest(salts[32 * n : 32 * n + 32], text, "sha256") for n, text in enumerate(texts)
    )
    outline = hashlib.sha256("\n".join(names).encode()).digest()
    together = hashlib.sha256(b"clearway-fields/1\n" + outline + commitments).digest()
    assert leaf_hash(FACT, SALT) == hashlib.sha256(b"\x00clearway-leaf/1\n" + together).digest()


def test_the_envelope_names_the_form_and_leads_to_the_same_commitment() -> None:
    text = envelope(FACT)
    assert text.startswith(b'{"envelope":"clearway-envelope/2","type":')
    assert read_envelope(text, 7) == FACT
    cut = fields_of(FACT)
    own = fields.together(cut.names, fields.commit_fields(cut.values, SALT))
    assert commit(text, SALT) == own
    assert commit(text.replace(b"pe/2", b"pe/1"), SALT) != own
    with pytest.raises(VerificationError):
        commit(text + b" ", SALT)


def test_ten_thousand_guesses_at_a_field_find_nothing() -> None:
    """A field of few possible values: an HS chapter. What a recipient of another field knows."""
    cut = fields_of(FACT)
    place = cut.names.index("/declaration/items/0/hs")
    shown = fields.field_salts(SALT, len(cut.names))
    known = {shown[at : at + 32] for at in range(0, len(shown), 32)} - {
        shown[32 * place : 32 * place + 32]
    }
    hidden = fields.commit_fields(cut.values, SALT)[place]
    for guess in range(80_000, 90_000):
        value = b'"%06d"' % guess
        assert hidden != hashlib.sha256(value).digest()
        assert hidden != fields.commit_field(bytes(32), value)
        assert all(hidden != fields.commit_field(salt, value) for salt in list(known)[:1])
    # And the true value under every salt that was shown, but its own.
    assert all(hidden != fields.commit_field(salt, b'"080390"') for salt in known)
    assert hidden == fields.commit_field(shown[32 * place : 32 * place + 32], b'"080390"')


@pytest.mark.parametrize("form", [0, 3, -1])
def test_there_is_no_third_form(form: int) -> None:
    with pytest.raises(VerificationError, match="form 1 or 2"):
        leaf_hash(replace(FACT, form=form), SALT)
