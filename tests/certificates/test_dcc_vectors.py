"""The layers of a seal against the EU's test health certificates, good and bad."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from clearway.certificates.formats import base45
from clearway.errors import ClearwayError

from . import dcc

# What a manifest expects of one layer, in the order of the layers.
UNPREFIX, BASE45, INFLATE = "EXPECTEDUNPREFIX", "EXPECTEDB45DECODE", "EXPECTEDCOMPRESSION"
VERIFY, EXPIRY = "EXPECTEDVERIFY", "EXPECTEDEXPIRATIONCHECK"

# Labelled good, refused here on purpose: ES256 with a key of P-384. RFC 9053 leaves the curve open,
# we take the one pair that everybody has (RFC 9864 names it ESP256).
STRICTER = {"ES/403": "not that of the given key"}
# Their times are floating point numbers, which our CBOR reader does not take. The signature is
# judged, the claims are not read.
FLOATS = {"ES/1003", "ES/1102", "ES/1503", "ES/201", "ES/203", "ES/503", "ES/701", "ES/703"}


def manifests(shared_data: Path) -> dict[str, dict[str, Any]]:
    folder = shared_data / "trust" / "dcc"
    files = sorted(folder.glob("*/2DCode/raw/*.json"))
    return {f"{file.parts[-4]}/{file.stem}": json.loads(file.read_bytes()) for file in files}


def judged(manifest: dict[str, Any]) -> tuple[dict[str, bool], str]:
    """Return which layers held, up to the first that did not, and why that one did not."""
    context = manifest["TESTCTX"]
    at = datetime.fromisoformat(context["VALIDATIONCLOCK"])
    certificate = base64.b64decode(context["CERTIFICATE"])
    layers: list[tuple[str, Callable[[Any], Any]]] = [
        (UNPREFIX, dcc.unprefix),
        (BASE45, base45.decode),
        (INFLATE, dcc.decompress),
        (VERIFY, lambda message: dcc.verify(message, certificate)),
        (EXPIRY, lambda payload: dcc.require_current(dcc.claims(payload), at)),
    ]
    value: Any = manifest["PREFIX"]
    held: dict[str, bool] = {}
    for name, layer in layers:
        try:
            value = layer(value)
        except ClearwayError as error:
            return {**held, name: False}, str(error)
        held[name] = True
    return held, ""


def test_each_layer_gives_the_labelled_verdict(shared_data: Path) -> None:
    found = manifests(shared_data)
    assert len(found) >= 25
    for name, manifest in found.items():
        held, why = judged(manifest)
        expected = manifest["EXPECTEDRESULTS"]
        if name in STRICTER:
            assert not held[VERIFY] and STRICTER[name] in why, name
            continue
        for layer, verdict in held.items():
            if name in FLOATS and layer == EXPIRY:
                assert "floats" in why, name
            elif layer in expected:
                assert verdict == expected[layer], (name, layer, why)


def test_every_bad_shell_is_refused_at_its_layer(shared_data: Path) -> None:
    found = manifests(shared_data)
    bad = {
        "common/H1": UNPREFIX,
        "common/H3": UNPREFIX,
        "common/Z1": INFLATE,
        "common/Z2": INFLATE,
        "common/CO5": VERIFY,
        "common/CO17": EXPIRY,
    }
    for name, layer in bad.items():
        held, _ = judged(found[name])
        assert list(held)[-1] == layer and not held[layer], name


def test_a_broken_structure_of_claims_is_refused_before_its_content_is_read(
    shared_data: Path,
) -> None:
    held, why = judged(manifests(shared_data)["common/CBO2"])
    assert not all(held.values())
    assert "CBOR" in why


def test_what_is_about_health_and_not_about_the_shell_is_not_judged(shared_data: Path) -> None:
    """Key usage by kind of vaccination, and the schema of its content, are not ours to judge."""
    found = manifests(shared_data)
    for name in ("common/CO6", "common/CO10", "common/DGC1"):
        assert all(judged(found[name])[0].values()), name


def test_both_kinds_of_keys_occur_among_the_good_ones(shared_data: Path) -> None:
    """Positive control: PS256 and ES256 are verified, not refused alike."""
    found = manifests(shared_data)
    assert judged(found["common/CO2"])[0][VERIFY]  # RSA of 3,072 bits
    assert judged(found["DE/2"])[0][VERIFY]


@pytest.mark.parametrize("name", ["common/CO2", "DE/2", "common/CO28"])
def test_a_changed_byte_of_a_good_one_is_refused(shared_data: Path, name: str) -> None:
    manifest = manifests(shared_data)[name]
    message = bytearray(dcc.decompress(base45.decode(dcc.unprefix(manifest["PREFIX"]))))
    certificate = base64.b64decode(manifest["TESTCTX"]["CERTIFICATE"])
    assert dcc.verify(bytes(message), certificate)
    message[len(message) // 2] ^= 1
    with pytest.raises(ClearwayError):
        dcc.verify(bytes(message), certificate)
