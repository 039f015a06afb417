"""Time stamps of checkpoints by a real authority (`openssl ts`), good ones and bad ones."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from clearway.errors import InputError, MalformedMessage, TooLarge, TryLater, VerificationError
from clearway.ledger import timestamp
from clearway.ledger.checkpoint import Checkpoint
from clearway.ledger.note import Signer

OPENSSL = shutil.which("openssl")
pytestmark = pytest.mark.skipif(OPENSSL is None, reason="the command openssl is absent")

SIGNER = Signer.from_seed("customs.example/border", bytes(range(32)))
NOTE = SIGNER.sign(Checkpoint(SIGNER.name, 12, b"r" * 32).marshal())
OTHER = SIGNER.sign(Checkpoint(SIGNER.name, 13, b"s" * 32).marshal())
CONFIG = """
[req]
distinguished_name = dn
[dn]
[root]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign,cRLSign
[tsa]
basicConstraints = critical,CA:false
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
[ts]
default_tsa = authority
[authority]
serial = serial
signer_cert = tsa.pem
signer_key = tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ess_cert_id_alg = sha256
"""


@dataclass
class Authority:
    folder: Path
    url: str

    @property
    def root(self) -> bytes:
        return (self.folder / "root.pem").read_bytes()

    def answer(self, asked: bytes) -> bytes:
        (self.folder / "asked.tsq").write_bytes(asked)
        openssl(self.folder, "ts -reply -config ts.cnf -section authority -queryfile asked.tsq"
                " -out answer.tsr")  # fmt: skip
        return (self.folder / "answer.tsr").read_bytes()


def openssl(folder: Path, words: str) -> None:
    ran = subprocess.run(
        [str(OPENSSL), *words.split()], cwd=folder, capture_output=True, check=False, timeout=60
    )
    assert ran.returncode == 0, ran.stderr


def make_authority(folder: Path) -> None:
    folder.mkdir()
    (folder / "ts.cnf").write_text(CONFIG)
    (folder / "serial").write_text("01\n")
    key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -config ts.cnf -days 3650"
    openssl(folder, f"req -x509 {key} -keyout root.key -out root.pem -subj /CN=Root"
            " -extensions root")  # fmt: skip
    openssl(folder, f"req {key.replace(' -days 3650', '')} -keyout tsa.key -out tsa.csr"
            " -subj /CN=Clock")  # fmt: skip
    openssl(folder, "x509 -req -in tsa.csr -CA root.pem -CAkey root.key -set_serial 2 -days 3650"
            " -extfile ts.cnf -extensions tsa -out tsa.pem")  # fmt: skip


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    """A real authority behind a loopback web server; /broken, /moved and /long misbehave."""
    folder = tmp_path_factory.mktemp("tsa") / "good"
    make_authority(folder)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = self.rfile.read(int(self.headers["Content-Length"]))
            status = {"/broken": 500, "/moved": 302}.get(self.path, 200)
            body = bytes(70_000) if self.path == "/long" else found.answer(asked)
            self.send_response(status)
            self.send_header("Location", "/")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Authority(folder, f"http://127.0.0.1:{server.server_port}/")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_stamp_taken_over_http_holds_under_the_pinned_root(authority: Authority) -> None:
    asked = timestamp.ask(NOTE)
    answer = timestamp.post(authority.url, asked)
    roots = timestamp.read_roots(authority.root)
    stamped = timestamp.verify(NOTE, answer, roots, asked=asked)
    assert abs((datetime.now(UTC) - stamped.at).total_seconds()) < 600
    assert stamped.policy == "1.2.3.4.1"
    assert timestamp.verify(NOTE, answer, roots) == stamped


def test_a_stamp_still_holds_when_witnesses_have_cosigned_since(authority: Authority) -> None:
    answer = authority.answer(timestamp.ask(NOTE))
    witness = Signer.from_seed("witness.example/w", b"w" * 32)
    cosigned = NOTE + witness.signature_line(NOTE.split("\n\n")[0] + "\n")
    timestamp.verify(cosigned, answer, timestamp.read_roots(authority.root))


def test_openssl_says_the_same_of_the_checkpoint_s_lines(authority: Authority) -> None:
    authority.answer(timestamp.ask(NOTE))
    (authority.folder / "text").write_text(NOTE.split("\n\n")[0] + "\n")
    openssl(authority.folder, "ts -verify -in answer.tsr -data text -CAfile root.pem")


def test_stamps_that_do_not_hold_are_refused(authority: Authority, tmp_path: Path) -> None:
    asked = timestamp.ask(NOTE)
    answer = authority.answer(asked)
    roots = timestamp.read_roots(authority.root)
    make_authority(tmp_path / "other")
    others = timestamp.read_roots((tmp_path / "other" / "root.pem").read_bytes())
    for wrong in (
        lambda: timestamp.verify(OTHER, answer, roots),
        lambda: timestamp.verify(NOTE, answer, roots, asked=timestamp.ask(NOTE)),
        lambda: timestamp.verify(NOTE, answer, others),
        lambda: timestamp.verify(NOTE, answer, []),
        lambda: timestamp.verify(NOTE, b"", roots),
    ):
        with pytest.raises(VerificationError):
            wrong()
    for cut in range(1, len(answer), 97):
        with pytest.raises(VerificationError):
            timestamp.verify(NOTE, answer[:cut], roots)
    with pytest.raises(TooLarge):
        timestamp.verify(NOTE, bytes(70_000), roots)


def test_no_flipped_byte_changes_what_a_stamp_says(authority: Authority) -> None:
    answer = authority.answer(timestamp.ask(NOTE))
    roots = timestamp.read_roots(authority.root)
    good = timestamp.verify(NOTE, answer, roots)
    for at in range(0, len(answer), 13):
        bad = answer[:at] + bytes([answer[at] ^ 0x20]) + answer[at + 1 :]
        try:
            assert timestamp.verify(NOTE, bad, roots) == good
        except VerificationError:
            continue


def test_a_refusal_of_the_authority_is_no_stamp(authority: Authority) -> None:
    asked = bytearray(timestamp.ask(NOTE))
    refused = bytes.fromhex("30053003020102020101"[:14])
    with pytest.raises(VerificationError):
        timestamp.verify(NOTE, refused, timestamp.read_roots(authority.root), asked=bytes(asked))


def test_a_broken_authority_is_tried_later(authority: Authority) -> None:
    for path in ("broken", "moved"):
        with pytest.raises(TryLater):
            timestamp.post(authority.url + path, timestamp.ask(NOTE))
    with pytest.raises(TooLarge):
        timestamp.post(authority.url + "long", timestamp.ask(NOTE))
    with pytest.raises(TryLater):
        timestamp.post("http://127.0.0.1:9/", timestamp.ask(NOTE))
    with pytest.raises(InputError):
        timestamp.post("file:///etc/hosts", timestamp.ask(NOTE))


def test_what_is_no_root_or_no_request_is_said_so(authority: Authority) -> None:
    with pytest.raises(MalformedMessage):
        timestamp.read_roots(b"no certificate")
    with pytest.raises(MalformedMessage):
        answer = authority.answer(timestamp.ask(NOTE))
        timestamp.verify(NOTE, answer, timestamp.read_roots(authority.root), asked=b"no request")
