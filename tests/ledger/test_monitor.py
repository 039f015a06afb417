"""What a monitor finds: second histories, nullifiers used twice, and what it keeps of them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from clearway.errors import MalformedMessage, TooLarge, VerificationError
from clearway.ledger import fork, sightings, tables
from clearway.ledger.fork import Fork
from clearway.ledger.monitor import DoubleUse, two_roots, watch
from clearway.ledger.note import Signer
from clearway.ledger.quorum import Quorum
from clearway.ledger.source import FolderSource

from .foreign_log import ORIGIN, SIGNER, head_text, mth, write_log

QUORUM = Quorum.of([SIGNER.verifier])
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def things(count: int) -> list[bytes]:
    return [b"thing %d" % at for at in range(count)]


def signed(entries: list[bytes]) -> str:
    return SIGNER.sign(head_text(entries))


def test_an_honest_log_is_followed_without_findings(tmp_path: Path) -> None:
    kept: list[str] = []
    for size in (1, 200, 300, 600):
        write_log(tmp_path, things(size))
        findings = watch(FolderSource(tmp_path), QUORUM.judge, kept=kept)
        assert findings.holds
        kept.append(findings.audited.note)


def test_two_heads_of_one_size_are_evidence_whoever_brought_them(tmp_path: Path) -> None:
    one, two = signed(things(5)), signed([*things(4), b"other"])
    write_log(tmp_path, things(9))
    findings = watch(FolderSource(tmp_path), QUORUM.judge, kept=[one, two])
    assert len(findings.forks) == 2
    for found in findings.forks:
        fork.verify(fork.parse(found.marshal()), [SIGNER.verifier])
    stranger = Signer.from_seed(ORIGIN, b"s" * 32).sign(head_text([*things(4), b"lie"]))
    assert two_roots([one, stranger, "no note"], QUORUM.judge) == []


def test_a_nullifier_used_twice_is_found_with_both_places(tmp_path: Path) -> None:
    entries = things(700)
    entries[10] = entries[650] = entries[651] = b"uses:" + b"n" * 32
    write_log(tmp_path, entries)

    def nullifiers_of(entry: bytes) -> list[bytes]:
        return [entry[5:]] if entry.startswith(b"uses:") else []

    findings = watch(FolderSource(tmp_path), QUORUM.judge, nullifiers_of=nullifiers_of)
    assert findings.double_uses == (
        DoubleUse(b"n" * 32, 10, 650), DoubleUse(b"n" * 32, 10, 651)
    )  # fmt: skip
    assert not findings.holds


def test_what_was_seen_is_kept_once_and_both_of_two_roots(engine: Engine) -> None:
    heads = [things(3), things(3), things(7), [*things(2), b"x"]]
    found = Fork(signed(heads[0]), signed(heads[3]))
    tables.METADATA.create_all(engine)
    with engine.begin() as connection:
        for entries in heads:
            note = signed(entries)
            sightings.keep_head(connection, QUORUM.judge(note).checkpoint, note, NOON)
            sightings.keep_evidence(connection, ORIGIN, found, NOON)
        assert len(sightings.kept_notes(connection, ORIGIN)) == 3
        assert sightings.kept_notes(connection, ORIGIN, 1) == [signed(things(7))]
        assert sightings.kept_notes(connection, "else") == []
        assert sightings.kept_evidence(connection, ORIGIN) == [found.marshal()]


def test_evidence_that_proves_nothing_is_refused() -> None:
    small, large = signed(things(4)), signed(things(7))
    other = Signer.from_seed("else.example/log", b"e" * 32)
    elsewhere = other.sign(head_text(things(4), other.name))
    keys = [SIGNER.verifier, other.verifier]
    for wrong, why in (
        (Fork(small, small), "same root"),
        (Fork(small, large), "need a proof"),
        (Fork(small, signed([*things(3), b"x"]), b"r" * 32), "need no proof"),
        (Fork(small, large, mth(things(4)), ()), "hashes"),
        (Fork(elsewhere, small), "two logs"),
        (Fork(large, small, b"r" * 32, ()), "cannot be shown"),
    ):
        with pytest.raises(VerificationError, match=why):
            fork.verify(wrong, keys)
    with pytest.raises(VerificationError, match="No known key"):
        fork.verify(Fork(small, signed([*things(3), b"x"])), [other.verifier])


def test_evidence_in_another_form_is_refused() -> None:
    good = Fork(signed(things(4)), signed([*things(3), b"x"])).marshal()
    for wrong in (
        b"", b"{}", b"[" * 10_000, good.replace(b"clearway-fork/1", b"clearway-fork/2"),
        good.replace(b'"path": []', b'"path": ["AA=="]'),
        good.replace(b'"path": []', b'"path": [], "path": []'),
        good.replace(b'"path": []', b'"path": [], "more": 1'),
        good.replace(b'"prefix_root": null', b'"prefix_root": "?"'),
    ):  # fmt: skip
        with pytest.raises(MalformedMessage):
            fork.parse(wrong)
    with pytest.raises(TooLarge):
        fork.parse(b" " * (fork.MAX_SIZE + 1))
