"""One receipt in three forms: the same proof, whichever way it went."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.errors import InputError, MalformedMessage, TooLarge, VerificationError
from clearway.ledger import cbor, commitment, cose_line, cose_receipt, receipt_forms, tlog_proof
from clearway.ledger.cosignature import Cosigner
from clearway.ledger.log import Log
from clearway.ledger.note import Signer, add_lines, open_note, split_note
from clearway.ledger.quorum import Quorum
from clearway.ledger.receipt import COSIGNED, PENDING, Receipt, issue, verify
from clearway.ledger.receipt_forms import FORMS, Form

from .conftest import ORIGIN, SIGNER, fact_of, prepared

AT = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
WITNESSES = [
    Cosigner.from_seed(f"w{n}.example", bytes([n] * 32), "ml-dsa-44" if n % 2 else "ed25519")
    for n in range(1, 5)
]
POLICY = Quorum.parse(
    f"log {SIGNER.verifier.vkey}\n"
    + "".join(f"witness w{n} {one.verifier.vkey}\n" for n, one in enumerate(WITNESSES))
    + "group agencies 3 w0 w1 w2 w3\nquorum agencies\n"
)


def made(count: int = 11, seq: int = 6, witnesses: int = 0) -> Receipt:
    """Return a receipt that bears the log's COSE signature and some cosignatures."""
    log = Log(ORIGIN, SIGNER)
    batch = prepared(log, count)
    log.accept(batch)
    path = log.inclusion(None, seq)  # type: ignore[arg-type]
    text = split_note(log.note)[0]
    note = add_lines(log.note, [one.cosign(text, AT) for one in WITNESSES[:witnesses]])
    return issue(batch.facts[seq], batch.salts[seq], path, cose_line.add(note, SIGNER))


GOOD = made(witnesses=2)
FILES = {form: receipt_forms.write(GOOD, form) for form in FORMS}
COSE = cose_line.find(GOOD.note, verify(GOOD, POLICY).checkpoint)
each = pytest.mark.parametrize("form", FORMS)


@given(
    count=st.integers(1, 40),
    place=st.integers(0, 39),
    witnesses=st.integers(0, 4),
    way=st.lists(st.sampled_from(FORMS), min_size=1, max_size=5),
)
def test_no_way_through_the_forms_changes_a_receipt(
    count: int, place: int, witnesses: int, way: list[Form]
) -> None:
    receipt = made(count, place % count, witnesses)
    carried = receipt
    for form in way:
        data = receipt_forms.write(carried, form)
        assert receipt_forms.form_of(data) == form
        carried = receipt_forms.read(data)
    assert carried == receipt
    assert verify(carried, POLICY).fact == fact_of(place % count)


@each
@given(place=st.integers(0, 1 << 20), bit=st.integers(0, 7))
def test_any_flipped_bit_is_refused_or_changes_no_meaning(form: Form, place: int, bit: int) -> None:
    changed = bytearray(FILES[form])
    changed[place % len(changed)] ^= 1 << bit
    try:
        receipt = receipt_forms.read(bytes(changed))
    except InputError:
        return
    if receipt == GOOD:
        assert form == "json"  # white space between members
        return
    try:
        verified = verify(receipt, [SIGNER.verifier, *(one.verifier for one in WITNESSES)])
    except VerificationError:
        return
    # A signature line whose name or key id is changed is one of a stranger: ignored, not counted.
    # That is so in COSE too: its unprotected header carries the lines of the witnesses.
    assert replace(receipt, note=GOOD.note) == GOOD
    assert split_note(receipt.note)[0] == split_note(GOOD.note)[0]
    known = len(verified.signed_by) + (cose_line.find(receipt.note, verified.checkpoint) == COSE)
    assert known < 4


@given(data=st.binary(max_size=300), head=st.sampled_from([b"", b"\xd2", b"c2sp.org/", b"{"]))
def test_anything_else_is_refused_in_our_own_words(data: bytes, head: bytes) -> None:
    with pytest.raises(MalformedMessage):
        receipt_forms.read(head + data)


@pytest.mark.parametrize(("count", "standing"), [(0, PENDING), (2, PENDING), (3, COSIGNED)])
def test_the_policy_decides_the_standing(count: int, standing: str) -> None:
    verified = verify(made(witnesses=count), POLICY)
    assert verified.standing == standing
    assert [one.name for one in verified.cosigned_by] == [one.name for one in WITNESSES[:count]]
    assert all(one.at == AT for one in verified.cosigned_by)
    assert verified.satisfied is (standing == COSIGNED)
    if verified.satisfied:
        assert verified.require_satisfied() is verified
    else:
        with pytest.raises(VerificationError, match="the policy asks for more witnesses"):
            verified.require_satisfied()


def test_keys_alone_ask_for_no_witness_and_name_those_that_are_known() -> None:
    alone = verify(GOOD, [SIGNER.verifier])
    assert (alone.satisfied, alone.standing, alone.cosigned_by) == (True, PENDING, ())
    known = verify(GOOD, [SIGNER.verifier, WITNESSES[0].verifier])
    assert (known.satisfied, known.standing) == (True, COSIGNED)
    assert known.signed_by == (ORIGIN, "w1.example")


def test_the_text_form_has_the_shape_of_tlog_proof() -> None:
    lines = FILES["tlog-proof"].decode().split("\n")
    assert lines[0] == "c2sp.org/tlog-proof@v1"
    opening = base64.b64decode(lines[1].removeprefix("extra "))
    assert opening == b"clearway-opening/1\n" + GOOD.salt + GOOD.envelope.encode()
    assert lines[2] == "index 6"
    assert [base64.b64decode(line) for line in lines[3:7]] == list(GOOD.path)
    assert lines[7] == ""
    assert lines[8:10] == [ORIGIN, "11"]
    assert open_note("\n".join(lines[8:]), [SIGNER.verifier]).names == (ORIGIN,)


def test_a_reader_of_rfc_9942_needs_nothing_of_ours() -> None:
    entry = commitment.entry(commitment.commit(GOOD.envelope.encode(), GOOD.salt))
    included = cose_receipt.verify_inclusion(FILES["cose"], entry, SIGNER.verifier.public_key)
    assert (included.size, included.index) == (11, 6)
    with pytest.raises(VerificationError):
        cose_receipt.verify_inclusion(FILES["cose"], entry + b" ", SIGNER.verifier.public_key)


def test_without_the_log_s_signature_there_is_no_cose_form() -> None:
    bare = replace(GOOD, note=SIGNER.sign(split_note(GOOD.note)[0]))
    with pytest.raises(VerificationError, match="bears no COSE signature"):
        receipt_forms.write(bare, "cose")
    assert cose_line.add(GOOD.note, SIGNER) == GOOD.note
    stranger = Signer.from_seed("plants.example/log", bytes(range(32)))
    with pytest.raises(VerificationError, match="cannot sign a COSE receipt of the log"):
        cose_line.add(GOOD.note, stranger)


def test_the_log_signs_a_receipt_for_its_cose_form() -> None:
    log = Log(ORIGIN, SIGNER)
    bare = replace(GOOD, note=SIGNER.sign(split_note(GOOD.note)[0]))
    data = receipt_forms.write(log.with_cose(bare), "cose")
    assert verify(receipt_forms.read(data), [SIGNER.verifier]).fact == fact_of(6)


def test_a_false_cose_signature_of_the_log_refuses_the_receipt() -> None:
    text = split_note(GOOD.note)[0]
    other = cose_line.add(SIGNER.sign(text.replace("\n11\n", "\n12\n")), SIGNER).splitlines()[-1]
    assert verify(replace(GOOD, note=add_lines(SIGNER.sign(text), [other + "\n"])), POLICY)
    wrong_root = SIGNER.sign(f"{ORIGIN}\n11\n{base64.b64encode(bytes(32)).decode()}\n")
    wrong = cose_line.add(wrong_root, SIGNER).splitlines()[-1] + "\n"
    with pytest.raises(VerificationError, match="Ed25519 signature does not hold"):
        verify(replace(GOOD, note=add_lines(SIGNER.sign(text), [wrong])), POLICY)


def test_a_signer_of_notes_signs_no_other_text() -> None:
    with pytest.raises(VerificationError, match="signs no other text"):
        SIGNER.sign_bytes(b"customs.example/border\n1\n")


TEXT_FORM = FILES["tlog-proof"].decode()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (TEXT_FORM.replace("@v1", "@v2"), "first line is not"),
        (TEXT_FORM.replace("index 6", "index 06"), "index line is not"),
        (TEXT_FORM.replace("index 6", "index -6"), "index line is not"),
        (TEXT_FORM.replace("index 6", "index 9999999999999999999"), "index line is not"),
        (TEXT_FORM.replace("index 6\n", ""), "index line is not"),
        (TEXT_FORM.replace("extra ", "more "), "index line is not"),
        (TEXT_FORM.replace("extra ", "extra  "), "extra data is not"),
        (TEXT_FORM.replace("index 6\n", "index 6\nAAAA\n"), "has not 32 bytes"),
        (TEXT_FORM.replace("index 6\n", "index 6\n" + "AAAA\n" * 60), "64 hashes, over 63"),
        (TEXT_FORM.partition("\n\n")[0], "no empty line"),
        (TEXT_FORM.rstrip("\n"), "no newline"),
    ],
)
def test_what_is_wrong_with_a_tlog_proof_is_named(data: str, message: str) -> None:
    with pytest.raises(MalformedMessage, match=message):
        tlog_proof.read(data.encode())


def test_a_tlog_proof_of_another_application_is_read_but_opens_no_fact() -> None:
    for extra in (None, b"", b"age"):
        proof = tlog_proof.Proof(6, GOOD.path, GOOD.note, extra)
        assert tlog_proof.parse(proof.marshal()) == proof
        with pytest.raises(MalformedMessage, match="does not open a fact"):
            tlog_proof.read(proof.marshal())


@each
def test_a_file_over_the_limit_is_not_even_read(form: Form) -> None:
    head = {"json": b"{", "tlog-proof": b"c2sp.org/", "cose": b"\xd2"}[form]
    with pytest.raises(TooLarge):
        receipt_forms.read(head + bytes(32 * 1024 * 1024))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "end too early"),
        (b"\x00\x00", "1 bytes follow"),
        (b"\x9f\x00\xff", "indefinite"),
        (b"\x5f\x41a\xff", "indefinite"),
        (b"\x1c", "indefinite"),
        (b"\xff", "simple values and breaks"),
        (b"\xf9\x00\x00", "floats"),
        (b"\xf7", "simple values"),
        (b"\xc1\x00", "tag 1 has no place"),
        (b"\xa2\x01\x00\x01\x00", "occurs twice"),
        (b"\xa1\x41a\x00", "neither integer nor text"),
        (b"\xa1\xf5\x00", "neither integer nor text"),
        (b"\xa1\x80\x00", "neither integer nor text"),
        (b"\x61\xff", "not UTF-8"),
        (b"\x81" * 17 + b"\x00", "nested deeper than 16"),
        (b"\x9a\xff\xff\xff\xff", "over 4096 items"),
        (b"\xbb" + b"\xff" * 8, "over 4096 items"),
        (b"\x5b" + b"\xff" * 8, "end too early"),
        (b"\x82" + b"\x99\x0f\xff" + b"\x00" * 4095 + b"\x81\x00", "over 4096 items"),
    ],
)
def test_cbor_outside_the_limits_is_refused_by_name(data: bytes, message: str) -> None:
    with pytest.raises(MalformedMessage, match=message):
        cbor.read(data)


values = st.recursive(
    st.integers(-(2**64), 2**64 - 1)
    | st.binary(max_size=40)
    | st.text(max_size=40)
    | st.booleans()
    | st.none(),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(st.integers(-99, 99) | st.text(max_size=5), inner, max_size=5)
    ),
    max_leaves=20,
)


@given(value=values)
def test_cbor_of_another_writer_is_read_as_written(value: object) -> None:
    assert cbor.read(cbor2.dumps(value)) == value


@given(data=st.binary(max_size=200))
def test_any_bytes_are_cbor_or_refused_in_our_own_words(data: bytes) -> None:
    try:
        cbor.read(data, tags=(18,))
    except MalformedMessage:
        return


@pytest.mark.parametrize(
    ("proofs", "message"),
    [
        (None, "bears 1 to 16 inclusion proofs"),
        ([], "bears 1 to 16 inclusion proofs"),
        ([b""] * 17, "bears 1 to 16 inclusion proofs"),
        (["text"], "is a byte string"),
        ([cbor2.dumps([11, True, []])], r"is \[tree-size, leaf-index"),
        ([cbor2.dumps([11, 6])], r"is \[tree-size, leaf-index"),
        ([cbor2.dumps([11, 6, [b"short"]])], r"is \[tree-size, leaf-index"),
        ([cbor2.dumps([11, 6, [bytes(32)] * 64])], r"is \[tree-size, leaf-index"),
    ],
)
def test_what_is_wrong_with_a_proof_of_cose_is_named(proofs: object, message: str) -> None:
    tagged = cbor2.loads(FILES["cose"])
    protected, _, payload, signature = tagged.value
    for headers in ({396: {-1: proofs}}, {396: {-1: proofs}, 33: [[]]}):
        data = cbor2.dumps(cbor2.CBORTag(18, [protected, headers, payload, signature]))
        with pytest.raises(MalformedMessage, match=message):
            cose_receipt.verify_inclusion(data, b"", SIGNER.verifier.public_key)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ([b"", {}, None], "has four parts"),
        ([1, {}, None, b""], "are bytes"),
        ([b"", [], None, b""], "a map of headers"),
        ([b"", {}, "text", b""], "a map of headers"),
        ([b"\x80", {}, None, b""], "is not a map"),
        ([cbor2.dumps({2: [9]}), {}, None, b""], "critical"),
        ([cbor2.dumps({395: 1}), {395: 1}, None, b""], "stands in both maps"),
    ],
)
def test_what_is_wrong_with_a_cose_message_is_named(parts: list[object], message: str) -> None:
    with pytest.raises(MalformedMessage, match=message):
        receipt_forms.read(cbor2.dumps(cbor2.CBORTag(18, parts)))


def test_an_attached_root_must_be_the_one_that_the_proof_leads_to() -> None:
    entry = commitment.entry(commitment.commit(GOOD.envelope.encode(), GOOD.salt))
    root = verify(GOOD, POLICY).checkpoint.root
    protected, headers, _, signature = cbor2.loads(FILES["cose"]).value
    for payload, holds in ((root, True), (bytes(32), False)):
        data = cbor2.dumps(cbor2.CBORTag(18, [protected, dict(headers), payload, signature]))
        if holds:
            assert cose_receipt.verify_inclusion(data, entry, SIGNER.verifier.public_key)
        else:
            with pytest.raises(VerificationError):
                cose_receipt.verify_inclusion(data, entry, SIGNER.verifier.public_key)
    data = cbor2.dumps(cbor2.CBORTag(18, [protected, dict(headers), root, signature]))
    with pytest.raises(VerificationError):
        cose_receipt.verify_inclusion(data, entry[:-1] + b"?", SIGNER.verifier.public_key)
