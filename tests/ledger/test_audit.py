"""Auditing logs that are not ours: every flipped byte is found and named, forks become evidence."""

from __future__ import annotations

import gzip
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clearway.errors import InputError, NotFound, TooLarge, TryLater, VerificationError
from clearway.ledger import fork
from clearway.ledger.audit import Audited, audit
from clearway.ledger.checkpoint import Checkpoint
from clearway.ledger.foreign import BadResource, ForeignTree
from clearway.ledger.merkle import hash_leaf
from clearway.ledger.note import Signer
from clearway.ledger.proofs import verify_inclusion
from clearway.ledger.quorum import Quorum
from clearway.ledger.resource import ENTRIES, Resource
from clearway.ledger.source import FolderSource, HttpSource, open_source

from .foreign_log import ORIGIN, SIGNER, head_text, mth, write_log

QUORUM = Quorum.of([SIGNER.verifier])
QUIET = settings(suppress_health_check=list(HealthCheck), max_examples=25, deadline=None)


def things(count: int, salt: int = 0) -> list[bytes]:
    """Return entries of many lengths, the empty one among them."""
    return [b"entry %d/%d " % (at, salt) * (at % 7) for at in range(count)]


def audited(folder: Path, *since: str) -> Audited:
    return audit(FolderSource(folder), QUORUM.judge, since=since)


@QUIET
@given(size=st.integers(0, 900), entry=st.binary(max_size=40))
def test_any_log_of_any_size_is_accepted(
    tmp_path_factory: pytest.TempPathFactory, size: int, entry: bytes
) -> None:
    folder = tmp_path_factory.mktemp("log")
    entries = [entry + b"%d" % at for at in range(size)]
    write_log(folder, entries)
    heard: list[bytes] = []
    report = audit(FolderSource(folder), QUORUM.judge, heard=lambda first, more: heard.extend(more))
    assert report.holds, report.faults
    assert report.checkpoint.size == size
    assert heard == entries
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log of 66,100 entries, three levels high, with tiles left from earlier checkpoints."""
    folder = tmp_path_factory.mktemp("grown")
    for size in (3, 66_000, 66_100):
        write_log(folder, things(size))
    return folder


def test_a_log_of_three_levels_with_old_partial_tiles_is_accepted(grown: Path) -> None:
    report = audited(grown)
    assert report.holds, report.faults
    assert report.checkpoint == Checkpoint(ORIGIN, 66_100, mth(things(66_100)))
    assert report.files > 2 * 258


NAMED = [
    "tile/2/000.p/1", "tile/1/000", "tile/1/001.p/2", "tile/0/000", "tile/0/255", "tile/0/257",
    "tile/0/258.p/52", "tile/entries/000", "tile/entries/257", "tile/entries/258.p/52",
    "tile/0/000.p/3", "tile/entries/000.p/3", "tile/1/001.p/1", "tile/0/257.p/208",
]  # fmt: skip


@pytest.mark.parametrize("path", NAMED)
@pytest.mark.parametrize("place", [0.0, 0.6, 1.0])
def test_a_flipped_byte_is_found_and_named(grown: Path, path: str, place: float) -> None:
    file = grown / path
    whole = file.read_bytes()
    at = int(place * (len(whole) - 1))
    file.write_bytes(whole[:at] + bytes([whole[at] ^ 0x40]) + whole[at + 1 :])
    try:
        report = audited(grown)
    finally:
        file.write_bytes(whole)
    assert {fault.path for fault in report.faults} == {path}


@pytest.mark.parametrize("path", NAMED[:10])
@pytest.mark.parametrize("change", ["gone", "cut", "longer"])
def test_a_file_gone_or_of_wrong_length_is_named(grown: Path, path: str, change: str) -> None:
    file = grown / path
    whole = file.read_bytes()
    if change == "gone":
        file.unlink()
    else:
        file.write_bytes(whole[:-1] if change == "cut" else whole + b"\x00")
    try:
        report = audited(grown)
    finally:
        file.write_bytes(whole)
    assert {fault.path for fault in report.faults} == {path}


@QUIET
@given(data=st.data(), size=st.integers(1, 700))
def test_any_flipped_bit_of_any_file_is_found_and_named(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, size: int
) -> None:
    folder = tmp_path_factory.mktemp("flip")
    for part in (size // 2, size):
        write_log(folder, things(part))
    files = sorted(file for file in (folder / "tile").rglob("*") if file.is_file())
    file = data.draw(st.sampled_from([file for file in files if file.stat().st_size]))
    whole = bytearray(file.read_bytes())
    whole[data.draw(st.integers(0, len(whole) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    file.write_bytes(whole)
    paths = {fault.path for fault in audited(folder).faults}
    assert paths == {file.relative_to(folder).as_posix()}
    shutil.rmtree(folder)


def test_every_flipped_byte_of_the_checkpoint_is_refused(tmp_path: Path) -> None:
    write_log(tmp_path, things(5))
    file = tmp_path / "checkpoint"
    whole = file.read_bytes()
    for at in range(len(whole)):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(VerificationError):
            audited(tmp_path)


def test_two_changed_files_are_both_named_though_they_agree_with_each_other(
    tmp_path: Path,
) -> None:
    write_log(tmp_path, things(600))
    other = things(600)
    other[300] = b"another"
    write_log(tmp_path / "other", other)
    changed = ["tile/0/001", "tile/entries/001"]
    for path in changed:
        shutil.copy(tmp_path / "other" / path, tmp_path / path)
    report = audited(tmp_path)
    assert "tile/0/001" in {fault.path for fault in report.faults}


def test_a_checkpoint_over_other_tiles_is_found(tmp_path: Path) -> None:
    write_log(tmp_path, things(600))
    (tmp_path / "checkpoint").write_text(SIGNER.sign(head_text(things(600, 1))))
    assert [fault.code for fault in audited(tmp_path).faults] == ["root_differs"]


def test_a_stranger_s_checkpoint_is_refused(tmp_path: Path) -> None:
    write_log(tmp_path, things(6), Signer.from_seed("stranger.example/log", b"s" * 32))
    with pytest.raises(VerificationError, match="No known key"):
        audited(tmp_path)


def test_a_known_key_cannot_speak_for_another_log(tmp_path: Path) -> None:
    write_log(tmp_path, things(6))
    (tmp_path / "checkpoint").write_text(SIGNER.sign(head_text(things(6), "else.example/log")))
    with pytest.raises(VerificationError, match="not signed by the log"):
        audited(tmp_path)


def test_kept_checkpoints_are_prefixes_of_an_honest_log(tmp_path: Path) -> None:
    kept = [SIGNER.sign(head_text(things(size))) for size in (0, 1, 4, 256, 300, 700)]
    write_log(tmp_path, things(700))
    assert audited(tmp_path, *kept).holds


@pytest.mark.parametrize("kept_size", [1, 2, 3, 256, 299, 300, 512, 699, 700])
def test_a_log_that_forked_is_proved_to_have_forked(tmp_path: Path, kept_size: int) -> None:
    kept = SIGNER.sign(head_text([*things(kept_size, salt=1)[:-1], b"other"]))
    write_log(tmp_path, things(700))
    report = audited(tmp_path, kept)
    assert [fault.code for fault in report.faults] == ["forked"]
    (found,) = report.forks
    read = fork.parse(found.marshal())
    assert read == found
    proven = fork.verify(read, [SIGNER.verifier])
    assert (proven.first.size, proven.second.size) == (kept_size, 700)


def test_a_log_put_back_to_an_older_copy_is_found(tmp_path: Path) -> None:
    kept = SIGNER.sign(head_text(things(700)))
    write_log(tmp_path, things(300))
    report = audited(tmp_path, kept)
    assert [fault.code for fault in report.faults] == ["cut_off"]
    assert report.forks == ()


def test_a_smaller_head_of_another_history_is_evidence_while_the_larger_tiles_are_there(
    tmp_path: Path,
) -> None:
    kept = write_log(tmp_path, things(700))
    shutil.copytree(tmp_path, tmp_path / "now")
    write_log(tmp_path / "now2", things(300, 1))
    (tmp_path / "now" / "checkpoint").write_text(SIGNER.sign(head_text(things(300, 1))))
    report = audited(tmp_path / "now", kept)
    assert "root_differs" in {fault.code for fault in report.faults}


def test_a_policy_that_wants_witnesses_is_not_met_by_the_log_alone(tmp_path: Path) -> None:
    from clearway.ledger.cosignature import Cosigner

    witness = Cosigner.from_seed("witness.example/w", b"w" * 32)
    policy = Quorum.parse(
        f"log {SIGNER.verifier.vkey}\nwitness w {witness.verifier.vkey}\nquorum w\n"
    )
    write_log(tmp_path, things(9))
    report = audit(FolderSource(tmp_path), policy.judge)
    assert [fault.code for fault in report.faults] == ["quorum_missing"]
    assert not report.is_satisfied


def test_only_what_the_checkpoint_covers_is_returned(tmp_path: Path) -> None:
    entries = things(700)
    write_log(tmp_path, entries)
    tree = ForeignTree.open(FolderSource(tmp_path), Checkpoint(ORIGIN, 700, mth(entries)))
    assert tree.entries(Resource(ENTRIES, 1)) == entries[256:512]
    for index in (0, 255, 511, 512, 699):
        verify_inclusion(
            index, 700, hash_leaf(entries[index]), tree.inclusion(index), tree.head.root
        )
    with pytest.raises(VerificationError, match="not in a tree"):
        tree.root_at(701)
    (tmp_path / "tile/0/000").write_bytes(bytes(8192))
    fresh = ForeignTree.open(FolderSource(tmp_path), tree.head)
    with pytest.raises(BadResource, match="tile/0/000: it does not hash"):
        fresh.inclusion(3)


def test_a_link_a_pipe_and_a_way_out_of_the_folder_are_no_files(tmp_path: Path) -> None:
    write_log(tmp_path / "log", things(3))
    source = FolderSource(tmp_path / "log")
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "log" / "link").symlink_to(tmp_path / "secret")
    os.mkfifo(tmp_path / "log" / "pipe")
    (tmp_path / "log" / "out").symlink_to(tmp_path)
    for path in ("pipe", "../secret", "out/secret", "tile", "nothing"):
        with pytest.raises(NotFound):
            source.fetch(path, 100)
    with pytest.raises(Exception, match="link"):
        source.fetch("link", 100)
    with pytest.raises(TooLarge):
        source.fetch("checkpoint", 10)


Answer = Callable[[BaseHTTPRequestHandler], None]


@pytest.fixture
def served() -> Iterator[Callable[[object], str]]:
    """`served(handler)` runs a loopback web server and returns its address."""
    servers: list[tuple[ThreadingHTTPServer, threading.Thread]] = []

    def serve(handler: object) -> str:
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)  # type: ignore[arg-type]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        servers.append((server, thread))
        return f"http://127.0.0.1:{server.server_port}"

    yield serve
    for server, thread in servers:
        server.shutdown()
        thread.join()
        server.server_close()


class QuietFiles(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


def answering(answer: Answer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler


def reply(handler: BaseHTTPRequestHandler, status: int, body: bytes = b"", **headers: str) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def test_a_log_behind_a_plain_web_server_is_audited(
    tmp_path: Path, served: Callable[[object], str]
) -> None:
    write_log(tmp_path / "prefix", things(700))
    address = served(partial(QuietFiles, directory=str(tmp_path)))
    source = open_source(f"{address}/prefix/")
    assert audit(source, QUORUM.judge).holds
    (tmp_path / "prefix/tile/entries/001").unlink()
    report = audit(source, QUORUM.judge)
    assert [fault.path for fault in report.faults] == ["tile/entries/001"]
    source.close()


def test_a_compressed_answer_is_read_and_a_bomb_is_not(
    served: Callable[[object], str],
) -> None:
    bomb = gzip.compress(bytes(50_000_000))
    packed = gzip.compress(b"hello")

    def answer(handler: BaseHTTPRequestHandler) -> None:
        body = {"/bomb": bomb, "/good": packed, "/false": b"plain"}[handler.path]
        reply(handler, 200, body, Content_Encoding="gzip")

    source = HttpSource(served(answering(answer)))
    assert source.fetch("good", 5) == b"hello"
    with pytest.raises(TooLarge):
        source.fetch("good", 4)
    with pytest.raises(TooLarge):
        source.fetch("bomb", 8192)
    with pytest.raises(TryLater, match="not the gzip"):
        source.fetch("false", 8192)
    source.close()


@pytest.mark.parametrize(
    ("status", "error"),
    [(404, NotFound), (410, NotFound), (301, NotFound), (307, NotFound), (500, TryLater),
     (429, TryLater), (204, TryLater)],
)  # fmt: skip
def test_redirects_and_refusals_are_not_believed(
    served: Callable[[object], str], status: int, error: type[Exception]
) -> None:
    asked: list[str] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        asked.append(handler.path)
        reply(handler, status, b"", Location="/elsewhere")

    source = HttpSource(served(answering(answer)))
    with pytest.raises(error):
        source.fetch("checkpoint", 100)
    assert asked == ["/checkpoint"]
    source.close()


def test_an_answer_without_end_is_cut(served: Callable[[object], str]) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        try:
            while True:
                handler.wfile.write(bytes(65_536))
        except OSError:
            return

    source = HttpSource(served(answering(answer)))
    with pytest.raises(TooLarge):
        source.fetch("tile/0/000", 8192)
    source.close()


def test_nobody_listening_is_try_later() -> None:
    source = HttpSource("http://127.0.0.1:9")
    with pytest.raises(TryLater):
        source.fetch("checkpoint", 100)
    source.close()


@pytest.mark.parametrize(
    "where", ["ftp://x/y", "http://", "http://a:b@x/", "http://x/?q", "http://x/#f", "/no/folder"]
)
def test_an_address_that_is_none_is_refused(where: str) -> None:
    with pytest.raises(InputError):
        open_source(where)
