"""Webhooks: signed, guarded, and honest about what came of them."""

from __future__ import annotations

import json
import ssl
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.connectors.notices.model import Notice, Progress, Result
from clearway.connectors.webhooks import guard, signature
from clearway.connectors.webhooks.sender import WebhookSender, body_of, verdict
from clearway.errors import MalformedMessage
from tests.connectors.receivers import http_server, tls

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SECRET = bytes(range(32))


def notice(**changed):
    values = {
        "seq": 7,
        "id": "msg_" + "a" * 32,
        "address": "gate",
        "event": "task.opened",
        "about": "task:5",
        "posted_at": NOW,
        "due_at": NOW,
        "attempts": 0,
        "progress": Progress.WAITING,
        "title": "Power is off",
        "text": "Plug it in.\n",
        "data": b'{"task":5}',
    }
    return Notice(**values | changed)


def test_the_published_example_of_the_scheme_has_the_published_signature():
    """The vector that the libraries of Standard Webhooks share in their own tests."""
    secret = signature.read_secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    at = datetime.fromtimestamp(1614265330, UTC)
    made = signature.headers("msg_p5jXN8AQM9LWM0D4loKWxJek", at, b'{"test": 2432232314}', [secret])
    assert made["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_what_is_signed_is_verified_and_nothing_else():
    body = body_of(notice())
    given_ = signature.headers("msg_1", NOW, body, [bytes(32), SECRET])
    assert signature.verify(given_, body, SECRET, NOW) == "msg_1"
    assert signature.verify(given_, body, bytes(32), NOW + timedelta(minutes=4)) == "msg_1"
    for changed, sent, now in (
        (given_, body + b" ", NOW),
        ({**given_, "webhook-id": "msg_2"}, body, NOW),
        ({**given_, "webhook-timestamp": str(int(NOW.timestamp()) + 1)}, body, NOW),
        ({**given_, "webhook-timestamp": "soon"}, body, NOW),
        ({**given_, "webhook-signature": "v1,"}, body, NOW),
        ({"webhook-id": "msg_1"}, body, NOW),
        (given_, body, NOW + timedelta(minutes=6)),
    ):
        with pytest.raises(signature.WrongSignature):
            signature.verify(changed, sent, SECRET, now)
    with pytest.raises(MalformedMessage):
        signature.read_secret("whsec_***")


@given(st.dictionaries(st.sampled_from(["webhook-id", "webhook-timestamp", "webhook-signature"]),
                       st.text(max_size=40)))  # fmt: skip
def test_any_headers_are_judged(headers):
    with pytest.raises(signature.WrongSignature):
        signature.verify(headers, b"{}", SECRET, NOW)


def test_each_address_and_generation_has_its_own_secret():
    secrets = {
        signature.secret_of(SECRET, name, number) for name in ("gate", "gate2") for number in (0, 1)
    }
    assert len(secrets) == 4
    one = signature.secret_of(SECRET, "gate", 0)
    assert signature.read_secret(signature.shown(one)) == one


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "0.0.0.0", "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "::1",
        "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1",
        "::ffff:169.254.169.254", "64:ff9b::7f00:1", "64:ff9b::a00:1", "2002:7f00:1::",
        "2002:a00:1::", "2001:db8::1", "nonsense", "",
    ],
)  # fmt: skip
def test_addresses_that_are_not_public_are_not_called(address):
    assert not guard.is_public(address)
    with pytest.raises(guard.NotCallable):
        guard.destination("https://evil.example/", (), lambda host, port: [address])


@pytest.mark.parametrize("address", ["93.184.216.34", "1.1.1.1", "2606:4700:4700::1111"])
def test_public_addresses_are_called(address):
    where = guard.destination("https://hook.example/a?b=c", (), lambda host, port: [address])
    assert (where.ip, where.host_header, where.path) == (address, "hook.example", "/a?b=c")


def test_one_address_that_is_not_public_among_others_is_enough_to_refuse():
    with pytest.raises(guard.NotCallable):
        guard.destination("https://x.example/", (), lambda host, port: ["1.1.1.1", "10.0.0.1"])


@pytest.mark.parametrize("url", ["http://hook.example/", "ftp://hook.example/", "https:///x"])
def test_only_https_is_called(url):
    with pytest.raises(guard.NotCallable):
        guard.destination(url, (), lambda host, port: ["1.1.1.1"] if host else ["nothing"])


def test_an_operator_may_list_a_host_by_name_or_with_its_port():
    def look_up(host, port):
        return ["127.0.0.1"]

    assert guard.destination("http://hook.example:81/", ["hook.example:81"], look_up).port == 81
    assert guard.destination("https://hook.example/", ["hook.example"], look_up).port == 443
    with pytest.raises(guard.NotCallable):
        guard.destination("http://hook.example:82/", ["hook.example:81"], look_up)


def test_a_notice_arrives_signed_and_is_the_same_at_each_attempt():
    with http_server() as heard:
        sender = WebhookSender(["127.0.0.1"])
        for minutes in (0, 1):
            at = NOW + timedelta(minutes=minutes)
            attempt = sender.send(notice(), heard.url + "hook?x=1", [SECRET], at)
            assert (attempt.result, attempt.detail) == (Result.DELIVERED, "HTTP 204")
    (path, headers, body), (_, again, same) = heard.requests
    assert path == "/hook?x=1"
    assert (body, headers["webhook-id"]) == (same, again["webhook-id"])
    assert headers["webhook-timestamp"] != again["webhook-timestamp"]
    assert signature.verify(headers, body, SECRET, NOW) == notice().id
    assert json.loads(body) == {
        "type": "task.opened",
        "timestamp": "2026-03-02T12:00:00Z",
        "data": {"task": 5},
    }


def test_a_redirect_is_not_followed():
    with http_server() as heard:
        heard.statuses = [302]
        attempt = WebhookSender(["127.0.0.1"]).send(notice(), heard.url, [SECRET], NOW)
    assert (attempt.result, attempt.detail) == (Result.FAILED, "HTTP 302")
    assert len(heard.requests) == 1


@pytest.mark.parametrize(
    ("status", "result"),
    [(200, "delivered"), (204, "delivered"), (400, "failed"), (404, "failed"), (410, "gone"),
     (429, "failed"), (500, "failed"), (503, "failed")],
)  # fmt: skip
def test_a_status_is_judged(status, result):
    assert verdict(status).result == result


def test_nobody_there_and_a_slow_answer_are_failures():
    with http_server() as heard:
        heard.pause_s = 0.6
        slow = WebhookSender(["127.0.0.1"], timeout_s=0.2)
        assert slow.send(notice(), heard.url, [SECRET], NOW).result is Result.FAILED
        url = heard.url
    gone = WebhookSender(["127.0.0.1"]).send(notice(), url, [SECRET], NOW)
    assert gone.result is Result.FAILED
    assert "Connect" in gone.detail

    def nowhere(host, port):
        raise OSError("no such name")

    lost = WebhookSender(look_up=nowhere).send(notice(), "https://x.example/", [SECRET], NOW)
    assert lost.result is Result.FAILED


@pytest.mark.parametrize("host", ["a" * 64, "a..b", ".example.org", f"{'a' * 64}.example.org"])
def test_a_name_that_no_resolver_takes_is_a_failure_and_stops_nobody(host):
    attempt = WebhookSender().send(notice(), f"https://{host}/", [SECRET], NOW)
    assert attempt.result is Result.FAILED


def test_this_machine_is_refused_for_good_unless_it_is_listed():
    with http_server() as heard:
        attempt = WebhookSender().send(
            notice(), heard.url.replace("http:", "https:"), [SECRET], NOW
        )
    assert attempt.result is Result.REFUSED
    assert heard.requests == []


def test_the_certificate_is_that_of_the_name_while_the_address_is_the_one_looked_at(tmp_path):
    """A name resolved once: the connection goes to that address, the certificate is the name's."""
    keys = tls(tmp_path, "hooks.example")
    with http_server(keys.server) as heard:
        port = heard.url.rsplit(":", 1)[1]
        asked = []

        def look_up(host, at_port):
            asked.append(host)
            return ["127.0.0.1"]

        good = WebhookSender(
            ["hooks.example", "other.example"], context=keys.client, look_up=look_up
        )
        sent = good.send(notice(), f"https://hooks.example:{port}", [SECRET], NOW)
        assert sent.result is Result.DELIVERED, sent.detail
        wrong = good.send(notice(), f"https://other.example:{port}", [SECRET], NOW)
        assert wrong.result is Result.FAILED
        strict = WebhookSender(["hooks.example"], look_up=look_up)
        assert strict.send(notice(), f"https://hooks.example:{port}", [SECRET], NOW).result is (
            Result.FAILED
        )
    assert asked == ["hooks.example", "other.example", "hooks.example"]
    assert heard.requests[0][1]["host"].startswith("hooks.example:")
    assert isinstance(keys.client, ssl.SSLContext)
