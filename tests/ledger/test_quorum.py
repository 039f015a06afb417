"""Policies: what is read, what is refused, and when a quorum is met."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.errors import VerificationError
from clearway.ledger.checkpoint import Checkpoint
from clearway.ledger.cosignature import Cosigner
from clearway.ledger.note import Signer, add_lines
from clearway.ledger.quorum import Quorum

AT = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
LOG = Signer.from_seed("customs.example/border", bytes(range(32)))
OTHER = Signer.from_seed("other.example/log", bytes(range(1, 33)))
WITNESSES = [
    Cosigner.from_seed(f"w{n}.example", bytes([n] * 32), "ml-dsa-44" if n == 6 else "ed25519")
    for n in range(1, 7)
]
TEXT = Checkpoint(LOG.name, 3, bytes(32)).marshal()
LINES = [witness.cosign(TEXT, AT) for witness in WITNESSES]
NOTE = LOG.sign(TEXT)

# The shape of the example in C2SP tlog-policy: two organisations, two levels.
LEVELS = (
    f"log {LOG.verifier.vkey} https://customs.example/log\n\n"
    + "".join(f"witness X{n} {WITNESSES[n - 1].verifier.vkey}\n" for n in (1, 2, 3))
    + "group X-witnesses 2 X1 X2 X3\n\n"
    + "".join(f"\twitness  Y{n}\t{WITNESSES[n + 2].verifier.vkey} \n" for n in (1, 2, 3))
    + "group Y-witnesses any Y1 Y2 Y3\n# both\n  # organisations\n"
    + "group X-and-Y all X-witnesses Y-witnesses\nquorum X-and-Y\n"
)
HEAD = f"log {LOG.verifier.vkey}\nwitness a {WITNESSES[0].verifier.vkey}\n"
B = f"witness b {WITNESSES[1].verifier.vkey}\n"


def test_a_quorum_of_two_levels_is_met_as_written() -> None:
    quorum = Quorum.parse(LEVELS)
    assert len(quorum.verifiers) == 7
    for size in range(7):
        for chosen in combinations(range(6), size):
            judged = quorum.judge(add_lines(NOTE, [LINES[place] for place in chosen]))
            expected = len({0, 1, 2} & set(chosen)) >= 2 and bool({3, 4, 5} & set(chosen))
            assert judged.satisfied is expected
            assert [one.name for one in judged.cosigned_by] == [
                WITNESSES[place].name for place in chosen
            ]


@pytest.mark.parametrize(
    ("quorum", "met_with_one"), [("none", True), ("a", True), ("all", False), ("any", True)]
)
def test_the_simple_quorums(quorum: str, met_with_one: bool) -> None:
    groups = {"all": B + "group all all a b\n", "any": B + "group any any a b\n"}
    policy = Quorum.parse(f"{HEAD}{groups.get(quorum, '')}quorum {quorum}\n")
    assert policy.judge(add_lines(NOTE, LINES[:1])).satisfied is met_with_one
    assert policy.judge(NOTE).satisfied is (quorum == "none")


def test_cosignatures_without_the_log_suffice_for_nothing() -> None:
    policy = Quorum.parse(HEAD + "quorum a\n")
    judged = policy.judge(f"{TEXT}\n{LINES[0]}")
    assert (judged.log_signed, judged.satisfied) == (False, False)
    both = Quorum.parse(f"log {OTHER.verifier.vkey}\n{HEAD}quorum a\n")
    spoken_for = add_lines(OTHER.sign(TEXT), LINES[:1])
    assert not both.judge(spoken_for).log_signed  # a known log, but not the one that it names


def test_a_policy_without_logs_is_read_and_satisfied_by_nothing() -> None:
    policy = Quorum.parse(f"witness a {WITNESSES[0].verifier.vkey}\nquorum a\n")
    assert not policy.judge(add_lines(NOTE, LINES[:1])).satisfied


def test_a_log_is_no_witness_of_itself() -> None:
    own = Cosigner.from_seed(LOG.name, bytes([9] * 32), "ml-dsa-44")
    vkey = own.verifier.vkey
    policy = Quorum.parse(f"log {vkey}\nwitness a {vkey}\nquorum a\n")
    judged = policy.judge(f"{TEXT}\n{own.cosign(TEXT, AT)}")
    assert (judged.log_signed, judged.cosigned_by, judged.satisfied) == (True, (), False)


def test_a_bad_signature_of_a_known_witness_refuses_the_note() -> None:
    wrong = WITNESSES[0].cosign(Checkpoint(LOG.name, 4, bytes(32)).marshal(), AT)
    with pytest.raises(VerificationError, match="does not hold"):
        Quorum.parse(HEAD + "quorum none\n").judge(add_lines(NOTE, [wrong]))


def test_names_are_octets() -> None:
    kelvin, vkey = "\u212a", WITNESSES[0].verifier.vkey
    with pytest.raises(VerificationError, match="not defined"):
        Quorum.parse(f"witness K {vkey}\nquorum {kelvin}\n")
    raw = b"witness \xff\xfe " + vkey.encode() + b"\nquorum \xff\xfe\n"
    assert Quorum.parse(raw).required == "\udcff\udcfe"
    spaced = f"witness a\u00a0b {vkey}\nquorum a\u00a0b\n"  # no white space of this format
    assert Quorum.parse(spaced).required == "a\u00a0b"


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ("", "no quorum line"),
        (HEAD, "no quorum line"),
        (HEAD + "quorum a", "no newline"),
        (HEAD + "quorum a\r\n", "control character"),
        (HEAD + "quorum a\x7f\n", "control character"),
        (HEAD + "quorum a\nquorum a\n", "line 4: a policy has only one quorum line"),
        (HEAD + "quorum\n", "line 3: a quorum line is"),
        (HEAD + "quorum b\n", "line 3: 'b' is not defined"),
        ("quorum a\n" + HEAD, "line 1: 'a' is not defined"),
        (HEAD + B + "quorum a\n", "defines 'b', which never leads to its quorum"),
        (HEAD + B + "group g any a b\nquorum a\n", "'g', which never leads|'b', which"),
        (HEAD + "group g any a\nquorum none\n", "'g', which never leads"),
        (HEAD + "witness a " + WITNESSES[1].verifier.vkey + "\nquorum a\n", "'a' is taken"),
        (HEAD + "witness none " + WITNESSES[1].verifier.vkey + "\nquorum a\n", "'none' is taken"),
        (HEAD + "witness b " + WITNESSES[0].verifier.vkey + "\nquorum a\n", "is listed twice"),
        (f"log {LOG.verifier.vkey}\n{HEAD}quorum a\n", "is listed twice"),
        (f"witness l {LOG.verifier.vkey}\nquorum l\n", "is of type 0x01; a witness cosigns"),
        (HEAD + "group g 0 a\nquorum g\n", "a number from 1 to 1"),
        (HEAD + "group g 2 a\nquorum g\n", "a number from 1 to 1"),
        (HEAD + "group g 01 a\nquorum g\n", "a number from 1 to 1"),
        (HEAD + "group g some a\nquorum g\n", "a number from 1 to 1"),
        (HEAD + "group g any\nquorum g\n", "a group line is"),
        (HEAD + "group g any a a\nquorum g\n", "'a' is a member twice"),
        (HEAD + "group g any a\ngroup h any a g\nquorum h\n", "'a' is a member twice"),
        (HEAD + "group g any none\nquorum g\n", "'none' is not defined"),
        (HEAD + "group g any g\nquorum g\n", "'g' is not defined"),
        (HEAD + "log\nquorum a\n", "a log line is"),
        (HEAD + "log a b c\nquorum a\n", "a log line is"),
        (HEAD + "witness b\nquorum a\n", "a witness line is"),
        (HEAD + "log nonsense\nquorum a\n", "three parts"),
        (HEAD + "Quorum a\n", "not with 'Quorum'"),
        ("#" * (1024 * 1024 + 1), "at most 1048576 bytes"),
        ("\ud800", "not valid Unicode"),
    ],
)
def test_what_is_wrong_with_a_policy_is_named(policy: str, message: str) -> None:
    with pytest.raises(VerificationError, match=message):
        Quorum.parse(policy)


def test_at_least_32_logs_witnesses_and_groups_are_taken_and_not_without_end() -> None:
    logs = [Signer.from_seed(f"l{n}.example", bytes([n] * 32)) for n in range(1, 66)]
    witnesses = [Cosigner.from_seed(f"w{n}.example", bytes([n] * 32)) for n in range(1, 66)]

    def policy(count: int) -> str:
        lines = [f"log {one.verifier.vkey}" for one in logs[:count]]
        lines += [f"witness w{n} {one.verifier.vkey}" for n, one in enumerate(witnesses[:count])]
        lines += [f"group g{n} any w{n}" + (f" g{n - 1}" if n else "") for n in range(count)]
        return "\n".join([*lines, f"quorum g{count - 1}", ""])

    deep = Quorum.parse(policy(64))
    text = Checkpoint(logs[0].name, 3, bytes(32)).marshal()
    note = add_lines(logs[0].sign(text), [witnesses[0].cosign(text, AT)])
    assert deep.judge(note).satisfied
    with pytest.raises(VerificationError, match="at most 64 logs"):
        Quorum.parse(policy(65))


@given(data=st.binary(max_size=300))
def test_anything_else_is_refused_in_our_own_words(data: bytes) -> None:
    with pytest.raises(VerificationError):
        Quorum.parse(data)
    try:
        Quorum.parse(HEAD.encode() + data + b"\nquorum a\n")
    except VerificationError:
        return
