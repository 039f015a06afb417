"""The log served as tlog-tiles: what an auditor from outside reads, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from clearway.errors import NotFound
from clearway.ledger.audit import audit
from clearway.ledger.quorum import Quorum


class DoorSource:
    """Reads a log through the node's own doors."""

    name = "doors"

    def __init__(self, border: Any) -> None:
        self._border = border

    def fetch(self, path: str, limit: int) -> bytes:
        answer = self._border.ask("GET", f"/v1/log/{path}")
        if answer.status_code != 200:
            raise NotFound(path)
        assert len(answer.content) <= limit
        return bytes(answer.content)

    def paths(self) -> Iterator[str]:
        return iter(())

    def close(self) -> None:
        """Nothing is held."""


def test_anybody_audits_the_live_log_as_it_grows(border: Any) -> None:
    quorum = Quorum.of([border.node.log.verifier])
    kept: list[str] = []
    for lrn in ("T-1", "T-2"):
        border.mrn(lrn)
        report = audit(DoorSource(border), quorum.judge, since=kept)
        assert report.holds, report.faults
        assert report.checkpoint.size == border.node.log.size
        kept.append(report.note)


def test_tiles_are_kept_for_ever_and_the_checkpoint_is_not(used_border: Any) -> None:
    head = used_border.ask("GET", "/v1/log/checkpoint")
    assert head.headers["content-type"] == "text/plain; charset=utf-8"
    assert head.headers["cache-control"] == "public, max-age=1"
    size = used_border.node.log.size
    for kind in ("0", "entries"):
        tile = used_border.ask("GET", f"/v1/log/tile/{kind}/000.p/{size}")
        assert tile.headers["content-type"] == "application/octet-stream"
        assert "immutable" in tile.headers["cache-control"]
    assert len(used_border.ask("GET", "/v1/log/tile/0/000.p/3").content) == 96


@pytest.mark.parametrize(
    ("path", "status"),
    [("0/000", 404), ("0/000.p/255", 404), ("1/000", 404), ("entries/000", 404), ("63/000", 404),
     ("0/0", 400), ("64/000", 400), ("0/000.p/0", 400), ("0/000.p/256", 400), ("0/x", 400),
     ("entries/001/002", 400), ("0/x999/x999/x999/x999/x999/x999/999", 404)],
)  # fmt: skip
def test_what_is_not_there_is_refused(used_border: Any, path: str, status: int) -> None:
    answer = used_border.ask("GET", f"/v1/log/tile/{path}")
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
