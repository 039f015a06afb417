"""Kept checkpoints show a rollback; partners' logs are followed and their forks remembered."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from clearway.cli.setup import first_administrator
from clearway.errors import VerificationError
from clearway.ledger import fork, sightings
from clearway.ledger.checkpoint import Checkpoint
from clearway.ledger.note import Signer
from clearway.ledger.quorum import Quorum
from clearway.ledger.source import FolderSource
from clearway.node.clock import SteppedClock, entropy
from clearway.node.keeping import keep_checkpoint
from clearway.node.monitoring import follow
from clearway.node.node import Node, create
from clearway.node.workers import Workers
from clearway.settings import Settings

START = datetime(2026, 7, 14, 8, 0, tzinfo=UTC)
PARTNER = Signer.from_seed("partner.example/log", b"p" * 32)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    found = replace(Settings(), data_directory=tmp_path / "node")
    create(found, entropy)
    return found


@contextmanager
def running(settings: Settings) -> Iterator[Node]:
    with Node.open(settings, clock=SteppedClock(START), entropy=entropy) as node:
        yield node


def keep(node: Node, folder: Path) -> bool:
    with node.reading() as connection:
        return keep_checkpoint(connection, folder, node.log.note, (node.log.verifier,))


def test_a_rolled_back_node_is_caught_by_a_head_kept_elsewhere(
    settings: Settings, tmp_path: Path
) -> None:
    kept = tmp_path / "elsewhere"
    with running(settings) as node:
        assert keep(node, kept)
        assert not keep(node, kept)
    shutil.copytree(settings.data_directory, tmp_path / "older")
    first_administrator(settings)
    with running(settings) as node:
        assert keep(node, kept)
        size = node.log.size
    before = sorted(file.name for file in kept.iterdir())
    assert before == ["checkpoint-0.txt", f"checkpoint-{size}.txt"]
    older = replace(settings, data_directory=tmp_path / "older")
    with running(older) as node, pytest.raises(VerificationError, match="rolled back or changed"):
        keep(node, kept)
    assert sorted(file.name for file in kept.iterdir()) == before


def test_a_fork_of_a_partner_is_remembered_with_its_evidence(
    settings: Settings, tmp_path: Path
) -> None:
    quorum = Quorum.of([PARTNER.verifier])
    log = tmp_path / "partner"
    log.mkdir()
    with running(settings) as node:
        for entry in (b"one", b"two"):
            leaf = hashlib.sha256(b"\x00" + entry).digest()
            for path, content in (
                ("tile/0/000.p/1", leaf),
                ("tile/entries/000.p/1", len(entry).to_bytes(2, "big") + entry),
                ("checkpoint", PARTNER.sign(Checkpoint(PARTNER.name, 1, leaf).marshal()).encode()),
            ):
                (log / path).parent.mkdir(parents=True, exist_ok=True)
                (log / path).write_bytes(content)
            findings = follow(node, PARTNER.name, FolderSource(log), quorum.judge)
        assert len(findings.forks) == 1
        with node.reading() as connection:
            (evidence,) = sightings.kept_evidence(connection, PARTNER.name)
            assert len(sightings.kept_notes(connection, PARTNER.name)) == 2
    fork.verify(fork.parse(evidence), [PARTNER.verifier])


def test_the_workers_keep_a_checkpoint_where_the_setting_says(
    settings: Settings, tmp_path: Path
) -> None:
    chosen = replace(settings, checkpoint_directory=str(tmp_path / "stick"))
    with running(chosen) as node:
        assert Workers(node).keep_checkpoint()
    assert (tmp_path / "stick" / "checkpoint-0.txt").is_file()
    with running(settings) as node:
        assert Workers(node).keep_checkpoint()
    assert (settings.data_directory / "checkpoints" / "checkpoint-0.txt").is_file()
