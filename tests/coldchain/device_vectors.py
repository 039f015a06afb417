"""Makes docs/design/device-vectors.json: `python -m tests.coldchain.device_vectors` writes it."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from clearway.coldchain.chain import NOTHING, Chain, follow
from clearway.coldchain.formats import json as plain
from clearway.coldchain.formats import signed
from clearway.coldchain.model import Batch, Reading
from clearway.ledger import cose
from clearway.terms.transport import ContainerNumber

FILE = Path(__file__).parents[2] / "docs" / "design" / "device-vectors.json"
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HERE = ContainerNumber("CSQU3054383")
ED25519 = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
P256 = ec.derive_private_key(9, ec.SECP256R1())
KEYS: dict[str, signed.PrivateKey] = {"ed25519": ED25519, "p256": P256}


def spki(key: signed.PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def seal(batch: Batch, previous: bytes = NOTHING, key: str = "ed25519") -> bytes:
    return signed.write(batch, previous, KEYS[key], signed.key_id_of(spki(KEYS[key])))


EXAMPLE = Batch(
    "reefer-0817",
    HERE,
    "2026-02-14a",
    (
        Reading(2304, NOON, 13.2, 14.0, 13.8, 29.5, True, False, 13.5),
        Reading(2305, NOON + timedelta(minutes=10), 13.3, 14.1, None, 29.5, True, False, 13.5),
        Reading(2306, NOON + timedelta(minutes=20), 13.25, 14.1, None, 29.5, True, False, 13.5),
    ),
)


def good() -> list[tuple[str, str, bytes]]:
    """Return name, key and message of batches that a reader must take."""
    first = EXAMPLE.readings[0]
    probes = tuple(
        replace(one, probes_c=(13.8, None, 13.6), pulp_c=13.8, humidity_pct=85.0)
        for one in EXAMPLE.readings
    )
    jumped = tuple(
        replace(one, at=NOON - timedelta(hours=i)) for i, one in enumerate(EXAMPLE.readings)
    )
    return [
        ("three readings", "ed25519", seal(EXAMPLE)),
        ("the same by P-256", "p256", seal(EXAMPLE, key="p256")),
        ("after another batch", "ed25519", seal(EXAMPLE, bytes(range(32)))),
        (
            "one reading with a time only",
            "ed25519",
            seal(replace(EXAMPLE, readings=(Reading(0, NOON),))),
        ),
        ("probes and humidity", "ed25519", seal(replace(EXAMPLE, readings=probes))),
        ("a clock that was set back", "ed25519", seal(replace(EXAMPLE, readings=jumped))),
        (
            "a hundred alike",
            "ed25519",
            seal(
                replace(
                    EXAMPLE,
                    readings=tuple(
                        replace(first, seq=i, at=NOON + timedelta(minutes=i)) for i in range(100)
                    ),
                )
            ),
        ),
    ]


def bad() -> list[tuple[str, bytes]]:
    """Return name and message of batches that a reader must refuse, whatever the key."""
    right = seal(EXAMPLE)
    message = cbor2.loads(right).value
    payload = cbor2.loads(message[2])
    columns = cbor2.loads(payload[7])
    stranger = ed25519.Ed25519PrivateKey.from_private_bytes(bytes([9] * 32))
    kid = signed.key_id_of(spki(ED25519))

    def signing(changed: Any, header: dict[int, Any] | None = None) -> bytes:
        raw = changed if isinstance(changed, bytes) else cbor2.dumps(changed)
        return cose.sign_ed25519(raw, ED25519, {cose.KID: kid, **(header or {})})

    def columned(*changes: tuple[int, Any]) -> bytes:
        made = list(columns)
        for place, value in changes:
            made[place] = value
        return signing([*payload[:7], cbor2.dumps(made)])

    return [
        ("a bit of the signature", right[:-1] + bytes([right[-1] ^ 1])),
        ("a bit of the payload", right.replace(b"reefer-0817", b"reefer-0818")),
        ("another key under this key id", signed.write(EXAMPLE, NOTHING, stranger, kid)),
        ("cut short", right[:-1]),
        ("a byte after the end", right + b"\x00"),
        ("without the tag", cbor2.dumps(message)),
        (
            "an unprotected header",
            cbor2.dumps(cbor2.CBORTag(18, [message[0], {5: b"x"}, *message[2:]])),
        ),
        ("a third parameter in the header", signing(payload, {3: 60})),
        ("a key id of seven bytes", signing(payload, {cose.KID: kid[:7]})),
        ("form 2", signing([2, *payload[1:]])),
        (
            "a number in a longer form",
            signing(message[2].replace(b"\x03\x58\x20", b"\x18\x03\x58\x20")),
        ),
        ("no readings", signing([*payload[:5], 0, *payload[6:]])),
        ("1,001 readings", signing([*payload[:5], 1001, *payload[6:]])),
        ("more values than readings", signing([*payload[:5], 2, *payload[6:]])),
        ("a number above 2^53 - 1", signing([*payload[:4], 2**53, *payload[5:]])),
        ("a digest of 31 bytes", signing([*payload[:6], bytes(31), payload[7]])),
        ("a wrong check digit", signing([payload[0], payload[1], "CSQU3054384", *payload[3:]])),
        ("zeros at the end of a column", columned((1, [1320, 0]))),
        ("a column of nulls", columned((1, [None, None, None]))),
        ("a column of floats", columned((1, [13.2]))),
        ("a reading without a time", columned((0, [1772452800, None]))),
        ("327.68 degrees", columned((1, [32768]))),
        ("power 2", columned((5, [2]))),
        ("pulp beside probes", columned((3, [1380]), (9, [[1380]]))),
        ("nine probes", columned((3, None), (9, [[1]] * 9))),
        ("eleven columns", signing([*payload[:7], cbor2.dumps([*columns, None])])),
        ("arrays in arrays", signing([*payload[:7], b"\x81" * 1000])),
    ]


def chains() -> list[dict[str, Any]]:
    """Return histories, and what is to be said of each batch in its order of arrival."""
    made: dict[str, bytes] = {}

    def put(
        name: str, boot_id: str, first: int, count: int, after: str | None, **values: Any
    ) -> None:
        readings = tuple(
            Reading(seq, NOON + timedelta(minutes=seq), **({"supply_c": 1.0} | values))
            for seq in range(first, first + count)
        )
        before = NOTHING if after is None else signed.read(made[after]).digest
        made[name] = seal(Batch("reefer-0817", HERE, boot_id, readings), before)

    put("A1", "a", 0, 5, None)
    put("A2", "a", 5, 5, "A1")
    put("A3", "a", 10, 5, "A2")
    put("B1", "b", 0, 5, "A3")
    put("B1 after A2", "b", 0, 5, "A2")
    put("A2 warmer", "a", 5, 5, "A1", supply_c=9.0)
    put("A2 in other cuts", "a", 5, 7, "A1")
    put("A4 with a gap", "a", 17, 5, "A3")
    put("C1 without a past", "c", 0, 5, None)
    orders = {
        "as it should be": ["A1", "A2", "A3", "B1"],
        "late": ["A1", "A3", "B1", "A2"],
        "repeated": ["A1", "A2", "A1", "A2"],
        "the last before a power cut is held back": ["A1", "A2", "B1"],
        "rewritten": ["A1", "A2", "A2 warmer", "A3"],
        "cut otherwise": ["A1", "A2", "A2 in other cuts"],
        "two histories": ["A1", "A2", "A3", "B1 after A2"],
        "numbers left out": ["A1", "A2", "A3", "A4 with a gap"],
        "memory lost": ["A1", "C1 without a past"],
    }
    return [
        {
            "name": name,
            "messages": [_text(made[one]) for one in order],
            "findings": _findings([made[one] for one in order]),
        }
        for name, order in orders.items()
    ]


def _findings(messages: Sequence[bytes]) -> list[list[str]]:
    chain, said = Chain(), []
    for message in messages:
        chain, found = follow(chain, signed.read(message).link)
        said.append([str(one.kind) for one in found])
    return said


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


def vectors() -> dict[str, Any]:
    """Return everything that the file holds."""
    return {
        "keys": {
            name: {"spki": _text(spki(key)), "key_id": signed.key_id_of(spki(key)).hex()}
            for name, key in KEYS.items()
        },
        "good": [
            {
                "name": name,
                "key": key,
                "message": _text(message),
                "previous": signed.read(message).previous.hex(),
                "digest": signed.read(message).digest.hex(),
                "batch": json.loads(plain.write(signed.read(message).batch)),
            }
            for name, key, message in good()
        ],
        "bad": [
            {"name": name, "key": "ed25519", "message": _text(message)} for name, message in bad()
        ],
        "chains": chains(),
    }


def as_json() -> str:
    """Return the file's text: one vector in a line."""
    made = vectors()
    parts = [f'"keys": {json.dumps(made["keys"])}']
    for name in ("good", "bad", "chains"):
        lines = ",\n  ".join(json.dumps(one) for one in made[name])
        parts.append(f'"{name}": [\n  {lines}\n ]')
    return "{\n " + ",\n ".join(parts) + "\n}\n"


if __name__ == "__main__":
    FILE.write_text(as_json(), encoding="utf-8")
