"""Subscribers are told what their queries find: signed, once, and again after a failure."""

from __future__ import annotations

import hmac
import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from clearway.cli.setup import OWNER
from clearway.errors import BadTerm
from clearway.identity.actions.close_account import close_account
from clearway.movements.epcis import naming
from clearway.movements.epcis.actions import name_query
from clearway.movements.epcis.actions.subscribe import MOST_OF_ACCOUNT
from clearway.node.epcis_subscriptions import MOST_EVENTS, Subscriptions
from tests.api.conftest import Border, opened
from tests.api.test_epcis import ROOT, capture, event

SECRET = "13df38d8275b13f05704629e5f1cf3d45d6132d5"


@dataclass
class Receiver:
    """A subscriber's own server; `status` is what it answers."""

    url: str = ""
    status: int = 200
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def numbers(self) -> list[int]:
        """Return the events that were taken, in their order."""
        return [
            int(one["eventID"][-12:])
            for _, body in self.heard
            for one in json.loads(body)["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
        ]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A real server on the loopback."""
    known = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if known.status == 200:
                headers = {name.lower(): value for name, value in self.headers.items()}
                known.heard.append((headers, body))
            self.send_response(known.status)
            self.send_header("location", "http://127.0.0.1:1/elsewhere")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Be quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    known.url = f"http://127.0.0.1:{server.server_port}/told"
    yield known
    server.shutdown()
    server.server_close()
    thread.join()


@contextmanager
def dripping() -> Iterator[str]:
    """A receiver that answers one byte of an endless header each 20 milliseconds."""
    ended = threading.Event()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):  # the other side hangs up
                self.request.sendall(b"HTTP/1.1 200 OK\r\nx-slow: ")
                while not ended.wait(0.02):
                    self.request.sendall(b"x")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/slow"
        finally:
            ended.set()
            server.shutdown()
            thread.join()


@pytest.fixture
def border(tmp_path: Path) -> Iterator[Border]:
    """A node that may call the loopback."""
    for one in opened(tmp_path):
        one.node.settings = replace(one.node.settings, epcis_hosts=("127.0.0.1",))
        form = {"name": "shipped", "query": {"EQ_bizStep": ["shipping"]}}
        assert one.ask("POST", f"{ROOT}/queries", "carrier", json=form).status_code == 201
        yield one


class ByHand(Subscriptions):
    """The worker, served by hand; what was committed before has been heard of."""

    def serve(self) -> int:
        """Wait for the writer's listeners, who hear after the answer, and serve."""
        self._node.act(OWNER, lambda hand: None).result()
        return super().serve()


@pytest.fixture
def worker(border: Border) -> Iterator[Subscriptions]:
    """The worker."""
    known = ByHand(border.node)
    yield known
    known.__exit__()


def subscribe(border: Border, dest: str, **more: Any) -> Any:
    form = {"dest": dest, "signatureToken": SECRET, **({"stream": True} | more)}
    return border.ask("POST", f"{ROOT}/queries/shipped/subscriptions", "carrier", json=form)


def test_a_stream_tells_each_new_match_once_and_signs_it(
    border: Border, worker: Subscriptions, receiver: Receiver
) -> None:
    capture(border, event(1))
    border.clock.move_to(border.clock() + timedelta(seconds=1))
    made = subscribe(border, receiver.url)
    assert made.status_code == 201, made.text
    assert SECRET not in made.text
    capture(border, event(2), event(3, bizStep="receiving"))
    worker.serve()
    assert receiver.numbers() == [2]  # not the one from before the subscription
    worker.serve()
    capture(border, event(4))
    worker.serve()
    worker.serve()
    assert receiver.numbers() == [2, 4]
    headers, body = receiver.heard[0]
    stamp, mark = (part[2:] for part in headers["gs1-signature"].replace("v1=", "v=").split(","))
    signed = f"{stamp}.{headers['clearway-delivery']}.".encode() + body
    assert mark == hmac.new(SECRET.encode(), signed, "sha256").hexdigest()
    assert headers["gs1-epcis-version"] == "2.0"
    shown = border.ask("GET", made.headers["location"], "carrier").json()
    assert shown["lastNotifiedAt"] == border.clock().isoformat()
    assert SECRET not in json.dumps(shown)
    assert not any(SECRET.encode() in fact.body for fact in border.facts())


def test_what_was_not_taken_is_sent_again_under_the_same_id(
    border: Border, worker: Subscriptions, receiver: Receiver
) -> None:
    made = subscribe(border, receiver.url)
    receiver.status = 503
    capture(border, event(1))
    worker.serve()
    receiver.status = 302  # a redirect is not followed: it could lead past the list of hosts
    border.clock.move_to(border.clock() + timedelta(seconds=2))
    worker.serve()
    assert receiver.numbers() == []
    shown = border.ask("GET", made.headers["location"], "carrier").json()
    assert (shown["failures"], shown["lastFailure"]) == (2, "HTTP 302")
    receiver.status = 200
    worker.serve()
    assert receiver.numbers() == []  # it waits longer each time
    border.clock.move_to(border.clock() + timedelta(seconds=10))
    worker.serve()
    assert receiver.numbers() == [1]
    shown = border.ask("GET", made.headers["location"], "carrier").json()
    assert shown["failures"] == 0


def test_who_answers_a_byte_at_a_time_holds_up_nobody(border: Border, receiver: Receiver) -> None:
    with dripping() as url:
        slow = subscribe(border, url)
        subscribe(border, receiver.url)
        capture(border, event(1))
        worker = ByHand(border.node, timeout_s=0.4)
        worker.serve()  # it would never return if the timeout began anew with each byte
    assert receiver.numbers() == [1]
    shown = border.ask("GET", slow.headers["location"], "carrier").json()
    assert (shown["failures"], shown["lastFailure"]) == (1, "no answer: TimeoutError")


def test_a_worker_that_starts_anew_goes_on_where_the_last_one_ended(
    border: Border, worker: Subscriptions, receiver: Receiver
) -> None:
    subscribe(border, receiver.url)
    capture(border, event(1))
    worker.serve()
    capture(border, event(2))
    with ByHand(border.node) as second:
        second.serve()
    assert receiver.numbers() == [1, 2]


def test_a_schedule_tells_at_its_time_and_even_of_nothing_if_asked(
    border: Border, worker: Subscriptions, receiver: Receiver
) -> None:
    daily = {"stream": False, "schedule": {"hour": "9", "minute": "0"}, "reportIfEmpty": True}
    assert subscribe(border, receiver.url, **daily).status_code == 201
    capture(border, event(1))
    worker.serve()
    assert receiver.heard == []
    border.clock.move_to(border.clock() + timedelta(hours=1))
    worker.serve()
    worker.serve()
    assert receiver.numbers() == [1]
    border.clock.move_to(border.clock() + timedelta(days=1))
    worker.serve()
    assert len(receiver.heard) == 2
    assert receiver.numbers() == [1]


def test_a_flood_comes_in_bounded_parts_and_in_order(
    border: Border, worker: Subscriptions, receiver: Receiver
) -> None:
    subscribe(border, receiver.url)
    for first in (0, 400):
        capture(border, *(event(n) for n in range(first, first + 400)))
    for _ in range(3):
        worker.serve()
    counts = [len(json.loads(body)["epcisBody"]["queryResults"]["resultsBody"]["eventList"])
              for _, body in receiver.heard]  # fmt: skip
    assert counts == [MOST_EVENTS, 800 - MOST_EVENTS]
    assert receiver.numbers() == list(range(800))


def test_a_subscription_ends_when_it_or_its_query_is_deleted(
    border: Border, worker: Subscriptions, receiver: Receiver
) -> None:
    first = subscribe(border, receiver.url).headers["location"]
    second = subscribe(border, receiver.url).headers["location"]
    listed = border.ask("GET", f"{ROOT}/queries/shipped/subscriptions", "carrier").json()
    assert len(listed) == 2
    assert border.ask("DELETE", first, "acme").status_code == 404
    assert border.ask("DELETE", first, "carrier").status_code == 204
    assert border.ask("GET", first, "carrier").status_code == 404
    assert border.ask("DELETE", f"{ROOT}/queries/shipped", "carrier").status_code == 204
    assert border.ask("GET", second, "carrier").status_code == 404
    capture(border, event(1))
    worker.serve()
    assert receiver.heard == []


@pytest.mark.parametrize(
    "dest",
    [
        "https://example.org/hook", "http://127.0.0.2/hook", "http://example.org/", "ftp://127.0.0.1/",
        "http://127.0.0.1@example.org/", "http://user@127.0.0.1/", "http://169.254.169.254/latest",
        "https://[::ffff:7f00:1]/", "http://127.0.0.1:99999/", "not a url", "http://127.0.0.1/#x",
        "http://127.0.0.1/\x7f", "http://127.0.0.1/\u2028",
    ],
)  # fmt: skip
def test_an_address_that_is_not_listed_is_never_called(border: Border, dest: str) -> None:
    answer = subscribe(border, dest)
    assert (answer.status_code, answer.json()["field"]) == (400, "dest")
    with pytest.raises(BadTerm):
        naming.require_dest(dest, ())


def test_one_firm_does_not_take_all_that_an_agency_may_have(
    border: Border, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(MOST_OF_ACCOUNT):
        assert subscribe(border, "http://127.0.0.1/x").status_code == 201
    refused = subscribe(border, "http://127.0.0.1/x")
    assert (refused.status_code, refused.json()["code"]) == (413, "too_large")
    form = {"name": "mine", "query": {"EQ_bizStep": ["shipping"]}}
    assert border.ask("POST", f"{ROOT}/queries", "acme", json=form).status_code == 201
    wish = {"dest": "http://127.0.0.1/x", "stream": True}
    made = border.ask("POST", f"{ROOT}/queries/mine/subscriptions", "acme", json=wish)
    assert made.status_code == 201, made.text
    monkeypatch.setattr(name_query, "MOST_QUERIES", 1)
    second = border.ask("POST", f"{ROOT}/queries", "acme", json={**form, "name": "more"})
    assert second.status_code == 413, second.text
    assert border.ask("POST", f"{ROOT}/queries", "acme", json=form).status_code == 201


def test_a_host_that_is_taken_off_the_list_is_called_no_more(
    border: Border, worker: Subscriptions, receiver: Receiver
) -> None:
    subscribe(border, receiver.url)
    border.node.settings = replace(border.node.settings, epcis_hosts=())
    capture(border, event(1))
    worker.serve()
    assert receiver.heard == []


def test_an_account_that_was_closed_is_told_nothing(
    border: Border, worker: Subscriptions, receiver: Receiver
) -> None:
    made = subscribe(border, receiver.url)
    border.node.act(OWNER, lambda hand: close_account(hand, "carrier", "left")).result()
    capture(border, event(1), who="amina")
    worker.serve()
    assert receiver.heard == []
    shown = border.ask("GET", made.headers["location"], "amina").json()
    assert shown["lastFailure"] == "its account is closed"


@pytest.mark.parametrize(
    "more",
    [
        {"stream": False}, {"schedule": {"hour": "1"}},
        {"stream": False, "schedule": {"hour": "25"}}, {"colour": "red"},
        {"initialRecordTime": "soon"}, {"signatureToken": 5},
    ],
)  # fmt: skip
def test_a_subscription_that_says_not_when_or_too_much_is_refused(
    border: Border, more: dict[str, Any]
) -> None:
    assert subscribe(border, "http://127.0.0.1/x", **more).status_code == 400
