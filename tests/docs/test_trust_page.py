"""The page about trust lists is true: its example is read, its numbers are those of the code."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from clearway.certificates.formats import signature_form, trust_list, xml_signature
from clearway.certificates.trust.keys import public_key
from clearway.certificates.trust.model import (
    CLOCK_SKEW,
    Algorithm,
    Trusted,
    TrustList,
    Untrusted,
    Why,
    key_id_of,
)
from clearway.cli.trust import app
from clearway.errors import VerificationError
from clearway.terms.places import Country
from clearway.wire import canonical, json

PAGE = (Path(__file__).parents[2] / "docs" / "design" / "trust.md").read_text(encoding="utf-8")
EXAMPLE = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)[0].encode()
SIGNER = base64.b64decode(re.findall(r"```text\n(\S+)\n```", PAGE)[0])


def held() -> TrustList:
    return trust_list.read(EXAMPLE, signer=SIGNER)


def test_the_example_is_a_list_that_its_signer_signed() -> None:
    assert public_key(SIGNER)
    assert f"key id `{key_id_of(SIGNER).hex()}`" in PAGE
    assert held().version == 7
    with pytest.raises(VerificationError):
        trust_list.read(EXAMPLE.replace(b'"version": 7', b'"version": 8'), signer=SIGNER)
    blanks_are_not_signed = canonical.json(json.parse(EXAMPLE))
    assert trust_list.read(blanks_are_not_signed, signer=SIGNER) == held()


def test_the_keys_of_the_example_overlap_and_the_revoked_one_counts_no_more() -> None:
    old, new, revoked = held().keys
    june = datetime(2026, 6, 15, tzinfo=UTC)
    assert old.valid.contains(june)
    assert new.valid.contains(june)
    at = datetime(2026, 4, 1, tzinfo=UTC)
    asked = {"country": Country("EC"), "type_code": "851", "at": at}
    assert isinstance(held().find(old.key_id, "seal", **asked), Trusted)  # type: ignore[arg-type]
    found = held().find(
        revoked.key_id,
        "seal",
        country=Country("KE"),
        type_code="853",
        at=at,
        signed_at=datetime(2026, 2, 1, tzinfo=UTC),
    )
    assert isinstance(found, Untrusted)
    assert found.reason is Why.REVOKED


def test_the_numbers_and_words_of_the_page_are_those_of_the_code() -> None:
    text = " ".join(PAGE.split())
    assert f"{trust_list.MOST_KEYS:,} keys" in text
    assert f"{trust_list.LIMITS.size_bytes:,} bytes" in text
    assert f"{CLOCK_SKEW.seconds // 60} minutes" in text
    assert all(f"`{why}`" in text for why in Why)
    assert all(f"{algorithm} (" in text for algorithm in Algorithm)
    assert f"{xml_signature.LIMITS.attributes} attributes" in text
    assert f"{xml_signature.LIMITS.namespaces} namespaces" in text
    assert len(signature_form.CANONICAL) == 3
    assert not any("sha1" in each or "hmac" in each for each in signature_form.METHODS)
    assert not any("Comments" in each for each in signature_form.CANONICAL)


def test_the_commands_of_the_page_are_there() -> None:
    named = set(re.findall(r"clearway certificates trust (\w+)", PAGE))
    assert named == {
        command.name or command.callback.__name__ for command in app.registered_commands
    }  # type: ignore[union-attr]
