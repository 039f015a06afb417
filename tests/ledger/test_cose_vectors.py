"""COSE receipts of others: every verdict as its publisher labelled it.

Source: action-state-group/scitt-cose, test vectors v1. The shared folder holds statements and
receipts; the public keys, which are facts, stand here.
"""

from __future__ import annotations

import base64
import json
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from clearway.errors import MalformedMessage, VerificationError
from clearway.ledger.cose import Key, read_key, read_sign1, verify_sign1
from clearway.ledger.cose_receipt import CCF_LEDGER_SHA256, RFC9162_SHA256, verify_inclusion
from clearway.ledger.merkle import hash_children

_ED25519 = "MCowBQYDK2VwAyEA"
_P256 = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE"
_P384 = "MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAE"
# Issuer's key and log's key of each vector.
KEYS = {
    "valid-eddsa": (
        _ED25519 + "OdIuQSZpkCr++a7QGh7RcO7eZwcOPPZJh4n+YLX+MWQ=",
        _ED25519 + "EwwouRWn0mADcwBA3P6LldCEKCaWmb4IEg50X+xvk4A=",
    ),
    "valid-es256": (
        _P256
        + "p6qONp0G7H2Hj4MWEtjwAnCrzD1+drPQ2akT/MGg"
        + "VwTbxZRzhg7mk/NjvJ3OcVhb4BJRwWz7jkdgdksKutQPwg==",
        _P256
        + "CXO+L07CGYkevyv7wRk6HYgB19x0io6ai8tdRrFw"
        + "tfWmIwQJD1+q955010DQRYBgrWROFaLRok0fziyP+82aVA==",
    ),
    "fail-tampered-path": (
        _ED25519 + "CE+jz8pqZR4RXAX/x7BiomwQDm4MrtYXNzZdGs2kL7U=",
        _ED25519 + "vnOPcPY/QmLOgruxCDK4Lj3pmLwkRArmBiME0I2JyyE=",
    ),
    "fail-unsupported-vds": (
        _ED25519 + "BI+l9k4/zqLjpxWo39CKWiakKjIJ1okCk6773ymbWWA=",
        _ED25519 + "OGjl40uzvUd45SjftK/eKimeJgvOG2ew+2C7T9PJG2U=",
    ),
    "fail-bad-statement-sig": (
        _ED25519 + "NjAmmPUGw20Vytk3IlrNeTHUK4HoqQSo8EDHvw70hI0=",
        _ED25519 + "tYSweuf7sWruhqMRUI6zR8eE6jxYGplKJP/g9OjMDN8=",
    ),
    "valid-ccf-vds2": (
        _P256
        + "xcPGUvHd6oywRKUb/yagzv2aaCldBB31l5u+bjQN"
        + "UybnaCaIkPn1q5YVh516pIqZBW1wfVSHXxk7v3XDUKrHgg==",
        _P384
        + "lXwpok8p89MN/oyRpDZQrk5yi5EP92xUzfF0j0hPGfZ7q92ecrwPBvo19gvjkO8zYqzBFPK93bzVmaH3nTiVS0An"
        + "nBUnS/6BHAJ0yHSH7thYEc3OJ6QxuaIMFzzOspVf",
    ),
}
# The shared folder lacks this vector; its bytes are facts of the same source.
ES256_STATEMENT = bytes.fromhex(
    "d284586ea303706170706c69636174696f6e2f6a736f6e0fa201782768747470733a2f2f746573742d766563746f"
    "72732e73636974742d636f73652e696e76616c696402782a75726e3a73636974742d636f73653a746573742d7665"
    "63746f72733a76313a76616c69642d65733235360126a058627b226e6f7465223a20226f7061717565207061796c"
    "6f6164205c75323031342073636974742d636f736520747265617473207468657365206279746573206173206f70"
    "61717565222c2022766563746f72223a202276616c69642d6573323536227d5840610ef67d96401f507c8a0986eb"
    "890e546128c439b88391f04dcabd2837229e0ed8a3fb6e870a82190e2c66fb01344d4edadff53a5ddd0bf27b7ec4"
    "0fb219f7f4"
)
ES256_RECEIPT = bytes.fromhex(
    "d28447a219018b010126a119018ca12081586a830802835820ab76fae876146e6972f525923510e61f1b5f419061"
    "da443f3fc47da71d44997e5820d8c99f69cd3e0d89d584dc860de6fd226fda244899ad1a9ca12ded9c6e62855b58"
    "207c0f09411a02969993feaad44b1e7414f8a30cee1a9583e6a31a2eea1122d11bf658409ff8ab0f61b2aa904469"
    "f5860bbe718d7e376646339cdbf9448ea2c281a3ddffa63358712f80a3cb98b9cc22f3fbb3e52b76d6c60f7bd222"
    "daba964371b8796a"
)
ES256_LEAF = "3ffa392b06d19b1532464da32e36aa7e2c8b555e0dda3e18154a481bfa2679c7"


def key_of(encoded: str) -> Key:
    pem = f"-----BEGIN PUBLIC KEY-----\n{encoded}\n-----END PUBLIC KEY-----\n"
    return read_key(pem.encode())


def loaded(shared_data: Path, name: str) -> tuple[bytes, bytes, dict[str, Any]]:
    """Return statement, receipt and what is expected."""
    if name == "valid-es256":
        expected = {
            "result": "VALID",
            "statement_signature_valid": True,
            "receipt_valid": True,
            "leaf_entry": ES256_LEAF,
        }
        return ES256_STATEMENT, ES256_RECEIPT, expected
    folder = shared_data / "ledger/cose-receipts/v1" / name
    expected = json.loads((folder / "expected.json").read_text())
    return (
        (folder / "statement.cose").read_bytes(),
        (folder / "receipt.cose").read_bytes(),
        expected,
    )


def statement_holds(statement: bytes, key: Key) -> bool:
    try:
        verify_sign1(read_sign1(statement), key)
    except VerificationError:
        return False
    return True


@pytest.mark.parametrize("name", sorted(KEYS))
def test_a_receipt_is_judged_as_labelled(shared_data: Path, name: str) -> None:
    statement, receipt, expected = loaded(shared_data, name)
    issuer, log = map(key_of, KEYS[name])
    entry = sha256(statement).digest()
    assert entry.hex() == expected["leaf_entry"]
    # The CCF structure (a draft) is trusted only where a reader asks for it.
    trusted = CCF_LEDGER_SHA256 if name == "valid-ccf-vds2" else RFC9162_SHA256
    holds = False
    try:
        included = verify_inclusion(receipt, entry, log, (trusted,))
        holds = True
        assert included.root.hex() == expected.get("reconstructed_root", included.root.hex())
        if trusted == RFC9162_SHA256:
            assert (included.size, included.index) == (8, 2)
    except VerificationError as error:
        if expected["failure_code"] == "UNSUPPORTED_VDS":
            assert "(395) is 2" in error.detail
    assert holds is expected["receipt_valid"]
    assert statement_holds(statement, issuer) is expected["statement_signature_valid"]
    valid = holds and statement_holds(statement, issuer)
    assert ("VALID" if valid else "INVALID") == expected["result"]


def test_every_vector_of_the_manifest_is_judged(shared_data: Path) -> None:
    manifest = json.loads((shared_data / "ledger/cose-receipts/manifest.json").read_text())
    assert {vector["id"] for vector in manifest["vectors"]} == KEYS.keys()


@pytest.mark.parametrize("name", ["valid-eddsa", "valid-es256", "valid-ccf-vds2"])
def test_any_flipped_byte_of_a_valid_receipt_is_refused(shared_data: Path, name: str) -> None:
    statement, receipt, _ = loaded(shared_data, name)
    entry, log = sha256(statement).digest(), key_of(KEYS[name][1])
    for place in range(len(receipt)):
        changed = bytearray(receipt)
        changed[place] ^= 1 << place % 8
        try:
            included = verify_inclusion(bytes(changed), entry, log, (1, 2))
        except (VerificationError, MalformedMessage):
            continue
        # RFC 9942 signs the root only: another size with the same shape of path is not seen here.
        # Our own receipts see it, because the checkpoint signs the size.
        assert included.size not in (8, None)


def test_a_receipt_of_another_entry_or_log_is_refused(shared_data: Path) -> None:
    statement, receipt, _ = loaded(shared_data, "valid-eddsa")
    issuer, log = map(key_of, KEYS["valid-eddsa"])
    with pytest.raises(VerificationError):
        verify_inclusion(receipt, sha256(statement + b" ").digest(), log)
    with pytest.raises(VerificationError):
        verify_inclusion(receipt, sha256(statement).digest(), issuer)
    with pytest.raises(VerificationError, match="not that of the given key"):
        verify_inclusion(receipt, sha256(statement).digest(), key_of(KEYS["valid-es256"][1]))


def bare(record: dict[str, Any]) -> bytes:
    """Return what a capsule's id hashes: sorted JSON (RFC 8785; ASCII, no floats in these)."""
    body = {key: value for key, value in record.items() if key not in NOT_HASHED}
    return json.dumps(body, sort_keys=True, separators=(",", ":")).encode()


NOT_HASHED = ("capsule_id", "chain", "signed_statement")


@pytest.mark.parametrize("name", ["capsule-1", "capsule-2", "capsule-2-tampered", "capsule-3"])
def test_a_capsule_s_id_is_judged_as_labelled(shared_data: Path, name: str) -> None:
    """Another format (agent action capsules): only hashing, none of our code is about it."""
    folder = shared_data / "ledger/cose-receipts/capsule-id"
    expected = json.loads((folder / "expected.json").read_text())[name]
    capsule = json.loads((folder / f"{name}.json").read_text())
    assert sha256(bare(capsule)).hexdigest() == expected["recomputed"]
    assert (capsule["capsule_id"] == expected["recomputed"]) is expected["ok"]


@pytest.mark.parametrize(
    "name", ["chain_gap", "digest_mismatch", "offline_pass", "witness_downgrade"]
)
def test_a_bundle_s_statements_and_chain_are_judged_as_labelled(
    shared_data: Path, name: str
) -> None:
    """Bundles of capsules: their signed statements are COSE_Sign1, and ours verifies them.

    Out of scope is the viewer's wording, and its fragment of revealed payloads, which is what
    `digest_mismatch` alters outside of anything signed.
    """
    folder = shared_data / "ledger/cose-receipts/tamper-states" / name
    bundle = json.loads((folder / "bundle.json").read_text())
    stages = {
        stage["name"]: stage["status"]
        for stage in json.loads((folder / "expected.json").read_text())["stages"]
    }
    records = bundle["bundle"]
    for record in records:
        signed = record["signed_statement"]
        message = read_sign1(base64.b64decode(signed["statement_b64"]))
        payload = verify_sign1(message, read_key(signed["pubkey_pem"].encode()))
        assert json.loads(payload)["capsule_id"] == record["capsule_id"]
    unbroken = all(
        after["chain"]["parent_capsule_id"] == before["capsule_id"]
        for before, after in pairwise(records)
    )
    assert ("pass" if unbroken else "fail") == stages["Sequence"]
    if name != "digest_mismatch":
        assert stages["Integrity"] == "pass"


def test_a_mountain_range_is_another_structure_and_cannot_pass_for_ours(shared_data: Path) -> None:
    """The `mmr` vectors are out of scope: no registered structure of RFC 9942, and not our log's.

    Its inner nodes hash their position too, so that none of its proofs holds in an RFC 9162 tree;
    a verifier for it would be code that nothing here calls.
    """
    vectors = json.loads((shared_data / "ledger/cose-receipts/mmr/kat39.json").read_text())
    for triple in vectors["interior_triples"]:
        left, right = bytes.fromhex(triple["left"]), bytes.fromhex(triple["right"])
        position = (triple["position"] + 1).to_bytes(8, "big")
        assert sha256(position + left + right).hexdigest() == triple["result"]
        assert hash_children(left, right).hex() != triple["result"]
