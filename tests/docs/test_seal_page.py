"""The page about seals is true: its examples and the vectors beside it are made anew."""

from __future__ import annotations

import base64
import json
from datetime import date
from pathlib import Path
from typing import Any

import cbor2
import pytest

from clearway.certificates import single_use
from clearway.certificates.formats import seal, seal_text
from tests.certificates import seal_vectors, sealing

DESIGN = Path(__file__).parents[2] / "docs" / "design"
PAGE = (DESIGN / "seal.md").read_text(encoding="utf-8")
FILE = (DESIGN / "seal-vectors.json").read_text(encoding="utf-8")


def diagnostic(value: Any) -> str:
    """Return CBOR diagnostic notation (RFC 8949, section 8)."""
    if isinstance(value, bytes):
        return f"h'{value.hex()}'"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {diagnostic(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(diagnostic, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def claims(with_lines: bool) -> dict[int, Any]:
    message = seal.read(sealing.sealed(with_lines=with_lines)).message
    assert message.payload is not None
    return dict(cbor2.loads(message.payload))


def examples() -> list[str]:
    """Return everything that the page must hold."""
    reference = sealing.sealed()
    goods = {key: value for key, value in claims(True).items() if key > 12}
    day = date(2026, 3, 14)
    return [
        seal_text.text(reference),
        f"gives {len(reference)} bytes",
        f"18([<<{{1: -7, 4: h'{sealing.KEY.key_id.hex()}'}}>>, {{}}, <<claims>>",
        diagnostic(claims(False)),
        diagnostic(goods),
        base64.b64encode(sealing.KEY.public).decode(),
        sealing.SECRET.hex(),
        single_use.commit(sealing.SECRET).hex(),
        single_use.line_nullifier(sealing.SECRET, 1, day).hex(),
    ]


@pytest.mark.parametrize("example", examples())
def test_the_page_shows_what_is_made(example: str) -> None:
    assert example in PAGE


def test_the_vectors_beside_the_page_are_those_that_the_script_makes() -> None:
    assert seal_vectors.as_json() + "\n" == FILE


def test_there_is_a_vector_for_every_answer_without_a_credential() -> None:
    """A reader that passes the vectors has met every answer that the page names."""
    met = {code for vector in json.loads(FILE)["vectors"] for code in vector["codes"]}
    named = {f"SEAL_G0{number}" for number in range(1, 7)}
    named |= {f"SEAL_A{number:02}" for number in range(1, 12)}
    named |= {f"SEAL_R{number:02}" for number in range(1, 14)}
    assert named <= met
