"""A real HTTP server and a real SMTP server, small, that keep what they are sent."""

from __future__ import annotations

import contextlib
import socketserver
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


@dataclass
class Heard:
    """What an HTTP server was sent, and what it shall answer.

    Args:
        statuses: for the next requests, one each; when they are used up, 204.
        pause_s: before each answer.
    """

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    pause_s: float = 0.0
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)


@contextlib.contextmanager
def http_server(context: ssl.SSLContext | None = None) -> Iterator[Heard]:
    heard = Heard()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            names = {name.lower(): value for name, value in self.headers.items()}
            heard.requests.append((self.path, names, body))
            time.sleep(heard.pause_s)
            status = heard.statuses.pop(0) if heard.statuses else 204
            with contextlib.suppress(OSError):
                self.send_response(status)
                if status in (301, 302, 307):
                    self.send_header("location", f"{heard.url}elsewhere")
                self.send_header("content-length", "0")
                self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    scheme = "http"
    if context is not None:
        scheme = "https"
        server.socket = context.wrap_socket(server.socket, server_side=True)
    heard.url = f"{scheme}://127.0.0.1:{server.server_port}/"
    with running(server):
        yield heard


@contextlib.contextmanager
def running(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Mailbox:
    """What an SMTP server was sent, and how it behaves.

    Args:
        messages: (encrypted, user, sender, recipient, bytes).
        refuse: the answer to each recipient, such as `550 no such user`; "": it takes all.
        starttls: whether it offers it.
    """

    port: int = 0
    refuse: str = ""
    starttls: bool = True
    messages: list[tuple[bool, str, str, str, bytes]] = field(default_factory=list)


@contextlib.contextmanager
def smtp_server(context: ssl.SSLContext) -> Iterator[Mailbox]:
    box = Mailbox()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError, ssl.SSLError):
                Session(self, box, context).run()

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

    server = Server(("127.0.0.1", 0), Handler)
    box.port = server.server_address[1]
    with running(server):
        yield box


class Session:
    """One SMTP conversation (RFC 5321, with STARTTLS and AUTH PLAIN)."""

    def __init__(
        self, handler: socketserver.StreamRequestHandler, box: Mailbox, context: ssl.SSLContext
    ) -> None:
        self.connection, self.box, self.context = handler.connection, box, context
        self.input = self.connection.makefile("rb")
        self.is_encrypted = False
        self.user = self.sender = self.recipient = ""

    def say(self, text: str) -> None:
        self.connection.sendall(text.encode() + b"\r\n")

    def run(self) -> None:
        self.say("220 post.example ready")
        while line := self.input.readline():
            word = line.decode("ascii", "replace").strip()
            if not self.answer(word.upper().split(" ")[0], word):
                break
        self.input.close()
        if self.is_encrypted:
            self.connection.close()

    def answer(self, verb: str, word: str) -> bool:
        match verb:
            case "EHLO" | "HELO":
                offers = ["post.example", "AUTH PLAIN"]
                offers += ["STARTTLS"] if self.box.starttls and not self.is_encrypted else []
                lines = [f"250-{one}" for one in offers[:-1]] + [f"250 {offers[-1]}"]
                self.say("\r\n".join(lines))
            case "STARTTLS":
                self.say("220 go ahead")
                self.input.close()
                self.connection = self.context.wrap_socket(self.connection, server_side=True)
                self.input = self.connection.makefile("rb")
                self.is_encrypted = True
            case "AUTH":
                self.user = word.split(" ")[2]
                self.say("235 welcome")
            case "MAIL":
                self.sender = word
                self.say("250 ok")
            case "RCPT":
                self.recipient = word
                self.say(self.box.refuse or "250 ok")
            case "DATA":
                self.say("354 send it")
                self.keep()
                self.say("250 taken")
            case "QUIT":
                self.say("221 bye")
                return False
            case _:
                self.say("250 ok")
        return True

    def keep(self) -> None:
        lines = []
        while (line := self.input.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b"..") else line)
        message = (self.is_encrypted, self.user, self.sender, self.recipient, b"".join(lines))
        self.box.messages.append(message)


@dataclass(frozen=True)
class Tls:
    """Contexts of a server for `name` and 127.0.0.1, and of a client that trusts it."""

    server: ssl.SSLContext
    client: ssl.SSLContext
    authority: Path


def tls(folder: Path, name: str = "hooks.example") -> Tls:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName(
        [x509.DNSName(name), x509.IPAddress(ip_address("127.0.0.1"))]
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, secret = folder / f"{name}.pem", folder / f"{name}.key"
    pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pem, secret)
    return Tls(server, ssl.create_default_context(cafile=str(pem)), pem)
