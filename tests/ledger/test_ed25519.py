"""One verdict on every signature: the strict set is pinned."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from hypothesis import given
from hypothesis import strategies as st

from clearway.errors import VerificationError
from clearway.ledger import ed25519

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()

# The vectors that are accepted: the 43 that libsodium accepts too, no others. Keys with a component
# of small order pass (35 with such an R as well); small order alone, forms that are not canonical,
# and equations that hold only up to the cofactor do not.
ACCEPTED = [
    *(7, 29, 50, 117, 139, 161, 182, 249, 305, 411, 425, 438, 465, 473, 481, 489, 497, 511, 525),
    *(538, 565, 573, 581, 589, 597, 611, 625, 638, 665, 673, 681, 689, 697, 711, 725, 738, 765),
    *(773, 781, 789, 797, 832, 899),
]


def test_the_914_edge_cases_are_judged_as_pinned(shared_data: Path) -> None:
    """Source: C2SP/CCTV, ed25519."""
    cases = json.loads((shared_data / "ledger/ed25519/ed25519vectors.json").read_text())
    assert len(cases) == 914
    accepted, flags = [], Counter[str]()
    for case in cases:
        key, signature = bytes.fromhex(case["key"]), bytes.fromhex(case["sig"])
        try:
            ed25519.verify(key, signature, case["msg"].encode())
        except VerificationError:
            continue
        accepted.append(case["number"])
        flags.update(case["flags"] or ["plain"])
    assert accepted == ACCEPTED
    assert flags == {"low_order_component_A": 42, "low_order_component_R": 35, "plain": 1}


def test_another_library_behind_the_same_checks_gives_the_same_verdicts(shared_data: Path) -> None:
    """So that the choice of library is one of speed; alone it accepts 208 of the 914."""
    cases = json.loads((shared_data / "ledger/ed25519/ed25519vectors.json").read_text())
    alone, behind = 0, []
    for case in cases:
        key, signature = bytes.fromhex(case["key"]), bytes.fromhex(case["sig"])
        try:
            Ed25519PublicKey.from_public_bytes(key).verify(signature, case["msg"].encode())
        except (InvalidSignature, ValueError):
            continue
        alone += 1
        try:
            ed25519.require_strict_point("key", key)
            ed25519.require_strict_point("R", signature[:32])
        except VerificationError:
            continue
        behind.append(case["number"])
    assert (alone, behind) == (208, ACCEPTED)


def test_no_other_file_of_the_package_verifies_ed25519() -> None:
    package = Path(ed25519.__file__).parents[1]
    texts = {
        str(file.relative_to(package)): file.read_text(encoding="utf-8")
        for file in package.rglob("*.py")
    }
    verifying = re.compile(r"\bnacl\b|crypto_sign|VerifyKey")
    found = sorted(name for name in texts if verifying.search(texts[name]))
    # The bench times the bare library beside ours, and believes nothing that it says; the
    # comparison of lists multiplies points of the same curve, and verifies no signature.
    assert found == ["cli/bench/devices.py", "ledger/ed25519.py", "risk/sharing/psi.py"]
    assert not re.search(r"crypto_sign|VerifyKey", texts["risk/sharing/psi.py"])
    # Who names such a key verifies with it through that file alone: every other call of `verify`
    # names a hash, which Ed25519's does not take.
    for name in sorted(texts):
        if "Ed25519PublicKey" in texts[name] and name != "ledger/ed25519.py":
            for line in re.findall(r"^.*(?<!ed25519)\.verify\(.*$", texts[name], re.M):
                assert re.search(r"ECDSA\(|SHA\d+\(\)", line), (name, line)


def test_the_first_vector_of_rfc_8032_verifies() -> None:
    ed25519.verify(
        bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"),
        bytes.fromhex(
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
            "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        ),
        b"",
    )


@given(bit=st.integers(0, 511))
def test_any_flipped_bit_of_a_signature_is_refused(bit: int) -> None:
    signature = bytearray(KEY.sign(b"release"))
    signature[bit // 8] ^= 1 << bit % 8
    with pytest.raises(VerificationError):
        ed25519.verify(PUBLIC, bytes(signature), b"release")


@pytest.mark.parametrize(
    ("key", "signature", "message"),
    [
        (PUBLIC[:-1], bytes(64), "public key has 31 bytes"),
        (PUBLIC, bytes(63), "has 64 bytes, not 63"),
        (bytes(32), bytes(64), "public key is a point of small order"),
        (b"\xff" * 32, bytes(64), "public key is not in canonical form"),
        (PUBLIC, bytes(64), "signature's R is a point of small order"),
        (PUBLIC, PUBLIC + b"\xff" * 32, "S is not below the group order"),
        (PUBLIC, PUBLIC + bytes(32), "signature does not hold"),
    ],
)
def test_what_is_wrong_is_named(key: bytes, signature: bytes, message: str) -> None:
    with pytest.raises(VerificationError, match=message):
        ed25519.verify(key, signature, b"release")
