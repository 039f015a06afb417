"""The page about devices is true: its examples and the vectors beside it are made anew."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import cbor2
import pytest

from clearway.coldchain import chain
from clearway.coldchain.chain import Break, Chain
from clearway.coldchain.formats import json as plain
from clearway.coldchain.formats import signed
from clearway.errors import ClearwayError
from tests.coldchain import device_vectors

DESIGN = Path(__file__).parents[2] / "docs" / "design"
PAGE = (DESIGN / "device.md").read_text(encoding="utf-8")
FILE = (DESIGN / "device-vectors.json").read_text(encoding="utf-8")
VECTORS: dict[str, Any] = json.loads(FILE)


def raw(text: str) -> bytes:
    return base64.b64decode(text)


def key(vector: dict[str, Any]) -> bytes:
    return raw(VECTORS["keys"][vector["key"]]["spki"])


def named(vectors: list[dict[str, Any]]) -> Any:
    return pytest.mark.parametrize("vector", vectors, ids=[one["name"] for one in vectors])


def examples() -> list[str]:
    """Return everything that the page must hold."""
    message = device_vectors.seal(device_vectors.EXAMPLE)
    found = signed.read(message)
    payload = cbor2.loads(found.envelope.message.payload or b"")
    columns = json.dumps(cbor2.loads(payload[7]))
    head = ", ".join(json.dumps(part) for part in payload[:6])
    return [
        base64.b64encode(message).decode(),
        f"{len(message)} bytes",
        f"18([<<{{1: -8, 4: h'{found.key_id.hex()}'}}>>, {{}}, <<payload>>, h'... 64 bytes'])",
        f"[{head}, h'{payload[6].hex()}', <<columns>>]",
        columns,
        found.digest.hex(),
        VECTORS["keys"]["ed25519"]["spki"],
        *(f"| `{kind}` |" for kind in Break),
    ]


@pytest.mark.parametrize("example", examples())
def test_the_page_shows_what_is_made(example: str) -> None:
    assert example in PAGE


def test_the_vectors_beside_the_page_are_those_that_the_script_makes() -> None:
    assert device_vectors.as_json() == FILE


@named(VECTORS["good"])
def test_a_good_batch_is_taken_as_the_file_says(vector: dict[str, Any]) -> None:
    found = signed.read(raw(vector["message"]))
    batch = signed.verify(found, key(vector))
    assert batch == plain.read(json.dumps(vector["batch"]).encode())[0]
    assert (found.previous.hex(), found.digest.hex()) == (vector["previous"], vector["digest"])


@named(VECTORS["bad"])
def test_a_bad_batch_is_refused(vector: dict[str, Any]) -> None:
    with pytest.raises(ClearwayError):
        signed.verify(signed.read(raw(vector["message"])), key(vector))


@named(VECTORS["chains"])
def test_a_chain_gets_the_findings_that_the_file_says(vector: dict[str, Any]) -> None:
    known = Chain()
    for message, kinds in zip(vector["messages"], vector["findings"], strict=True):
        known, found = chain.follow(known, signed.read(raw(message)).link)
        assert [one.kind for one in found] == kinds


def test_the_chains_meet_every_finding_that_needs_one_key_only() -> None:
    met = {kind for one in VECTORS["chains"] for kinds in one["findings"] for kind in kinds}
    assert met == set(Break) - {Break.OLD_KEY}
