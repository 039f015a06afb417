"""The node sends what lies in its outbox, by mail and webhook, and gives nothing away."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from clearway.connectors.notices import tables
from clearway.connectors.notices.actions.post import post
from clearway.connectors.notices.actions.set_address import set_address, withdraw_address
from clearway.connectors.notices.model import Address, Channel, Language, Message, Progress
from clearway.connectors.webhooks.sender import WebhookSender
from clearway.errors import InputError
from clearway.identity.model import Actor, ActorKind, Role
from clearway.node import notifying
from clearway.node.clock import SteppedClock, seeded_entropy
from clearway.node.node import Node, create
from clearway.node.notifying import Notifying, mail_server, webhook_key, webhook_secret
from clearway.settings import Settings
from clearway.terms.alarm import AlarmLevel
from tests.connectors.receivers import http_server, smtp_server, tls

START = datetime(2026, 7, 14, 8, 0, tzinfo=UTC)
OFFICER = Actor(ActorKind.OFFICER, "amina", "customs", frozenset({Role.CUSTOMS_OFFICER}))
MAIL = Address("duty", Channel.MAIL, "duty@customs.example", "customs", "officer")
HOOK = Address("desk", Channel.WEBHOOK, "http://127.0.0.1/", "customs", "officer")


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    structlog.configure(processors=[structlog.processors.KeyValueRenderer()])
    folder = tmp_path_factory.mktemp("notices")
    settings = replace(Settings(), data_directory=folder / "node", notice_seconds=0)
    create(settings, seeded_entropy(1))
    with Node.open(settings, clock=SteppedClock(START), entropy=seeded_entropy(2)) as opened:
        yield opened


def act(node: Node, action: Any, *args: Any) -> Any:
    return node.act(OFFICER, lambda hand: action(hand, *args)).result().result


def tell(node: Node, about: str) -> None:
    words = dict.fromkeys(Language, ("Seal opened", "Look at it."))
    message = Message(
        "task.opened", about, node.clock(), "officer", "customs", "", AlarmLevel.CRITICAL, words
    )
    act(node, post, message)


def progress(node: Node, about: str) -> dict[str, Progress]:
    with node.reading() as connection:
        found = tables.list_notices(connection, about=about)
    return {notice.address: notice.progress for notice in found}


def test_mail_goes_by_the_server_that_the_settings_name(
    node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys, word = tls(tmp_path), tmp_path / "password"
    word.write_text("s3cret-word\n")
    word.chmod(0o600)
    act(node, set_address, MAIL)
    tell(node, "task:1")
    with smtp_server(keys.server) as box, capture_logs() as logs:
        chosen = replace(
            node.settings,
            mail_host="127.0.0.1", mail_port=box.port, mail_sender="border@customs.example",
            mail_user="clearway", mail_password_file=str(word), mail_authority=str(keys.authority),
        )  # fmt: skip
        monkeypatch.setattr(node, "settings", chosen)
        notifying = Notifying(node)
        assert notifying.round().delivered == 1
        box.refuse = "451 later"
        tell(node, "task:2")
        assert notifying.round().failed == 1
        assert notifying.round().failed == 0, "not due yet"
        node.clock.move_to(node.clock() + timedelta(seconds=6))  # type: ignore[attr-defined]
        box.refuse = "550 gone"
        assert notifying.round().dead == 1
    assert progress(node, "task:2") == {"duty": Progress.DEAD}
    ((is_encrypted, user, _, _, data),) = box.messages
    assert (is_encrypted, b"s3cret-word" in base64.b64decode(user)) == (True, True)
    assert message_from_bytes(data, policy=default)["subject"] == "Seal opened"
    assert "s3cret" not in repr(logs)


def test_without_a_server_mail_waits(node: Node) -> None:
    tell(node, "task:3")
    assert Notifying(node).round().failed == 1
    assert progress(node, "task:3") == {"duty": Progress.WAITING}


def test_one_address_that_fails_holds_up_no_other(node: Node) -> None:
    with http_server() as good, http_server() as bad:
        bad.statuses = [503] * 9
        act(node, set_address, replace(HOOK, target=good.url))
        act(node, set_address, replace(HOOK, name="down", target=bad.url))
        for number in range(4, 7):
            tell(node, f"task:{number}")
        report = Notifying(node, webhooks=WebhookSender(["127.0.0.1"])).round()
    assert report.delivered == 3
    assert len(bad.requests) == 1, "after a failure the others of that address wait a round"
    assert progress(node, "task:6")["desk"] is Progress.DELIVERED


@pytest.fixture
def plain_logging(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Logging as nobody configured it: a command run before may have raised its level."""
    before = structlog.get_config()
    structlog.reset_defaults()
    monkeypatch.setattr(notifying, "logger", structlog.get_logger())
    yield
    structlog.configure(**before)


@pytest.mark.usefixtures("plain_logging")
def test_the_log_holds_no_secret_and_no_target(node: Node) -> None:
    hidden = replace(HOOK, name="hidden", target="http://127.0.0.1:1/token-in-the-path")
    act(node, set_address, hidden)
    tell(node, "task:7")
    with capture_logs() as logs:
        Notifying(node, webhooks=WebhookSender(["127.0.0.1"])).round()
    assert logs
    assert "token-in-the-path" not in repr(logs)
    assert webhook_secret(node, hidden) not in repr(logs)


def test_the_key_of_secrets_lies_in_its_own_file(node: Node) -> None:
    key = webhook_key(node)
    file = node.folder.root / "notices.key"
    assert (len(key), file.stat().st_mode & 0o777) == (32, 0o600)
    assert webhook_key(node) == key
    with pytest.raises(InputError, match="mail address"):
        webhook_secret(node, MAIL)


def test_settings_of_mail_that_do_not_fit_are_named(node: Node, tmp_path: Path) -> None:
    half = replace(node.settings, mail_host="post.example")
    with pytest.raises(InputError, match="mail_sender"):
        mail_server(half)
    lost = replace(half, mail_sender="a@b.example", mail_password_file=str(tmp_path / "none"))
    with pytest.raises(InputError, match="mail_password_file"):
        mail_server(lost)
    shared = tmp_path / "shared"
    shared.write_text("s3cret-word")
    shared.chmod(0o644)
    with pytest.raises(InputError, match="0600"):
        mail_server(replace(lost, mail_password_file=str(shared)))


def test_one_address_that_is_down_keeps_nobody_else_waiting(node: Node) -> None:
    """Its backlog is older than everything else, and longer than a round."""
    with http_server() as heard:
        act(node, set_address, replace(HOOK, name="up", target=heard.url))
        act(node, set_address, replace(HOOK, name="down", target="http://127.0.0.1:1/"))
        with node.reading() as connection:
            (up,) = (one for one in tables.list_addresses(connection) if one.name == "up")
        act(node, withdraw_address, "up", "For a while.")
        for number in range(tables.MOST_LISTED):
            tell(node, f"task:{9_000 + number}")
        act(node, set_address, up)
        tell(node, "task:9999")
        Notifying(node, webhooks=WebhookSender(["127.0.0.1"])).round()
    act(node, withdraw_address, "up", "Over.")
    act(node, withdraw_address, "down", "Over.")
    assert progress(node, "task:9999")["up"] is Progress.DELIVERED


def test_an_address_that_answers_slowly_has_its_turn_and_no_more(node: Node) -> None:
    with http_server() as heard:
        heard.pause_s = 0.1
        act(node, set_address, replace(HOOK, name="slow", target=heard.url))
        for number in range(20):
            tell(node, f"task:{8_000 + number}")
        sent = Notifying(node, webhooks=WebhookSender(["127.0.0.1"]), turn_s=0.25).round().delivered
        act(node, withdraw_address, "slow", "Over.")
    assert 2 <= sent <= 5
