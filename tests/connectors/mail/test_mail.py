"""Notices by mail, to a real SMTP server."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearway.connectors.mail.compose import compose
from clearway.connectors.mail.sender import MailSender, MailServer
from clearway.connectors.notices.model import Result
from clearway.errors import BadTerm
from tests.connectors.receivers import smtp_server, tls
from tests.connectors.webhooks.test_webhooks import notice

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
TO, FROM = "gate@port.example", "border@customs.example"


def test_a_notice_arrives_encrypted_and_as_it_was_written(tmp_path):
    keys = tls(tmp_path)
    told = notice(title="Alimentation coupée : CSQU3054383", text="Débranché.\n.\n..Où ?\n")
    with smtp_server(keys.server) as box:
        server = MailServer("127.0.0.1", FROM, box.port, "clearway", "s3cret-word")
        attempt = MailSender(server, context=keys.client).send(told, TO, "fr", NOW)
    assert (attempt.result, attempt.detail) == (Result.DELIVERED, "SMTP accepted")
    ((is_encrypted, user, sender, recipient, data),) = box.messages
    assert is_encrypted
    assert base64.b64decode(user).split(b"\0")[1:] == [b"clearway", b"s3cret-word"]
    assert (FROM in sender, TO in recipient) == (True, True)
    read = message_from_bytes(data, policy=default)
    assert read["subject"] == told.title
    assert read.get_content().replace("\r\n", "\n") == told.text
    assert read["message-id"] == f"<{told.id}@customs.example>"
    assert read["auto-submitted"] == "auto-generated"
    assert read["content-language"] == "fr"
    assert read["date"].datetime == NOW


def test_without_starttls_nothing_is_sent(tmp_path):
    keys = tls(tmp_path)
    with smtp_server(keys.server) as box:
        box.starttls = False
        sender = MailSender(MailServer("127.0.0.1", FROM, box.port), context=keys.client)
        assert sender.send(notice(), TO, "en", NOW).result is Result.FAILED
        assert box.messages == []
        plain = MailServer("127.0.0.1", FROM, box.port, starttls=False)
        assert MailSender(plain).send(notice(), TO, "en", NOW).result is Result.DELIVERED


def test_a_server_that_nobody_vouches_for_gets_nothing(tmp_path):
    keys = tls(tmp_path)
    with smtp_server(keys.server) as box:
        sender = MailSender(MailServer("127.0.0.1", FROM, box.port))
        assert sender.send(notice(), TO, "en", NOW).result is Result.FAILED
    assert box.messages == []


@pytest.mark.parametrize(
    ("answer", "result"), [("550 no such user", "refused"), ("451 try later", "failed")]
)
def test_a_recipient_may_be_refused_for_good_or_for_now(tmp_path, answer, result):
    keys = tls(tmp_path)
    with smtp_server(keys.server) as box:
        box.refuse = answer
        server = MailServer("127.0.0.1", FROM, box.port)
        attempt = MailSender(server, context=keys.client).send(notice(), TO, "en", NOW)
    assert attempt.result == result
    assert attempt.detail.startswith(f"SMTP {answer[:3]}")


def test_nobody_there_is_a_failure(tmp_path):
    keys = tls(tmp_path)
    with smtp_server(keys.server) as box:
        port = box.port
    attempt = MailSender(MailServer("127.0.0.1", FROM, port)).send(notice(), TO, "en", NOW)
    assert attempt.result is Result.FAILED


def test_a_password_is_shown_nowhere():
    assert "s3cret" not in repr(MailServer("h", FROM, 25, "u", "s3cret-word"))


@settings(max_examples=40)
@given(st.text(max_size=100), st.text(max_size=100))
def test_no_title_and_no_text_becomes_a_header(title, text):
    evil = notice(title=f"x\r\nBcc: all@port.example\n{title}", text=text)
    made = compose(evil, to=TO, sender=FROM, language="en", at=NOW)
    raw = made.as_bytes()
    read = message_from_bytes(raw, policy=default)
    assert read["bcc"] is None
    assert sorted(name.lower() for name in read) == sorted(
        ["from", "to", "subject", "date", "message-id", "auto-submitted", "content-language",
         "content-type", "content-transfer-encoding", "mime-version"]
    )  # fmt: skip


@pytest.mark.parametrize(
    "address", ["", "nobody", "a@b\r\nBcc: c@d.example", "a@b.example, c@d.example", "<a@b>"]
)
def test_what_is_no_address_is_refused(address):
    with pytest.raises(BadTerm):
        compose(notice(), to=address, sender=FROM, language="en", at=NOW)
    server = MailServer("127.0.0.1", FROM, 1)
    assert MailSender(server).send(notice(), address, "en", NOW).result is Result.REFUSED
