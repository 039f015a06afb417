"""Sends what lies in the outbox of notices, in threads of its own.

    with Notifying(node):
        ...

What is due is sent, and each attempt recorded. Addresses do not wait for each other: each has its
own turn among a few threads, one that fails is left alone for the rest of the round, and a turn
ends after a while. Killed between sending and recording, the same notice goes out again under the
same id.
"""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import structlog
from sqlalchemy.exc import SQLAlchemyError

from clearway.connectors.mail.sender import MailSender, MailServer
from clearway.connectors.notices import tables
from clearway.connectors.notices.actions.record_attempt import record_attempt
from clearway.connectors.notices.facts import NoticePosted
from clearway.connectors.notices.model import Address, Attempt, Channel, Notice, Result
from clearway.connectors.webhooks.sender import WebhookSender
from clearway.connectors.webhooks.signature import secret_of, shown
from clearway.errors import ClearwayError, InputError, MustStop
from clearway.identity.model import Actor, ActorKind, Role
from clearway.ledger.fact import Fact
from clearway.node.drawn_keys import drawn_key
from clearway.node.node import Node
from clearway.settings import Settings

logger = structlog.get_logger()

FORMER_SECRET = timedelta(hours=24)
"""A secret that was made anew: the former one signs too for so long."""

_WORKER = Actor(ActorKind.SYSTEM, "notices", "customs", frozenset({Role.WORKER}))
_LANE = "notices"
_THREADS = 4
_MOST_DUE = 200
_TURN_S = 10.0
_NO_MAIL = Attempt(Result.FAILED, "no mail server is set: mail_host, mail_sender")


def webhook_key(node: Node) -> bytes:
    """Return the node's key from which webhook secrets are derived; it is made at the first use."""
    return drawn_key(node.folder.root / "notices.key", node.entropy)


def webhook_secret(node: Node, address: Address) -> str:
    """Return the secret of a webhook as its receiver gets it. Raises: InputError: it is none."""
    if address.channel is not Channel.WEBHOOK:
        raise InputError(f"{address.name} is a mail address; only webhooks have a secret")
    return shown(secret_of(webhook_key(node), address.name, address.generation))


def mail_server(settings: Settings) -> MailServer | None:
    """Return the server that the settings name, None without one.

    Raises: InputError: no sender, or a password's file that cannot be read or that others can.
    """
    if not settings.mail_host:
        return None
    if not settings.mail_sender:
        raise InputError("The setting mail_sender is empty; name the address notices come from")
    password = _password(settings.mail_password_file) if settings.mail_password_file else ""
    return MailServer(
        settings.mail_host,
        settings.mail_sender,
        settings.mail_port,
        settings.mail_user,
        password,
        settings.mail_starttls,
    )


def _password(name: str) -> str:
    file = Path(name)
    try:
        is_shared = file.stat().st_mode & 0o077
        password = file.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise InputError(f"mail_password_file cannot be read: {error.strerror}") from error
    if is_shared:
        raise InputError("mail_password_file may be read by others; give it mode 0600")
    return password


@dataclass(slots=True)
class Round:
    """What one round did: notices delivered, to be tried again, and given up."""

    delivered: int = 0
    failed: int = 0
    dead: int = 0


class Notifying:
    """Goes round the outbox; use as a context manager inside the open node.

    Args:
        webhooks: how webhooks are sent; as the settings say by default.
        turn_s: of one address in a round; what is left then waits for the next one.

    Raises: InputError: the settings of mail do not fit.
    """

    def __init__(
        self, node: Node, *, webhooks: WebhookSender | None = None, turn_s: float = _TURN_S
    ) -> None:
        self._node = node
        self._turn_s = turn_s
        self._webhooks = webhooks or WebhookSender(node.settings.webhook_hosts)
        self._mail = _mail_sender(node.settings)
        self._key = webhook_key(node)
        self._news, self._ended = threading.Event(), False
        self._thread = threading.Thread(target=self._run, name="notices", daemon=True)
        node.on_commit(self._tell)

    def __enter__(self) -> Notifying:
        if self._node.settings.notice_seconds > 0:
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended = True
        self._news.set()
        if self._thread.is_alive():
            self._thread.join()

    def round(self) -> Round:
        """Send what is due, each address in its own turn. Raises: MustStop: our store."""
        with self._node.reading() as connection:
            due = tables.list_due(connection, self._node.clock(), limit=_MOST_DUE)
            names = dict.fromkeys(notice.address for notice in due)
            known = {name: tables.find_address(connection, name) for name in names}
            since = {name: tables.set_at(connection, name) for name in names}
        report = Round()
        if not due:
            return report
        turns = [
            (address, since[name], [notice for notice in due if notice.address == name])
            for name, address in known.items()
            if address is not None
        ]
        with ThreadPoolExecutor(_THREADS, thread_name_prefix="notice") as threads:
            for attempts in threads.map(lambda turn: self._serve(*turn), turns):
                for attempt, is_final in attempts:
                    _count(report, attempt, is_final=is_final)
        return report

    def _serve(
        self, address: Address, since: datetime | None, notices: Sequence[Notice]
    ) -> list[tuple[Attempt, bool]]:
        """Send the notices of one address in order, until one fails or the turn is over."""
        made: list[tuple[Attempt, bool]] = []
        end = time.monotonic() + self._turn_s
        for notice in notices:
            if self._ended or time.monotonic() > end:
                break
            attempt = self._send(address, since, notice)
            record = partial(record_attempt, notice=notice.id, attempt=attempt)
            stored = self._node.act(_WORKER, record, lane=_LANE).result().result
            is_final = stored is None or b'"next_at":null' in stored.body
            made.append((attempt, is_final))
            if attempt.result is not Result.DELIVERED:
                log = logger.error if is_final else logger.warning
                log("notice_not_delivered", notice=notice.id, detail=attempt.detail)
                break
        return made

    def _send(self, address: Address, since: datetime | None, notice: Notice) -> Attempt:
        if address.channel is Channel.MAIL:
            if self._mail is None:
                return _NO_MAIL
            return self._mail.send(notice, address.target, address.language, self._node.wall())
        generations = [address.generation]
        is_young = since is not None and self._node.clock() - since < FORMER_SECRET
        if address.generation and is_young:
            generations.append(address.generation - 1)
        secrets = [secret_of(self._key, address.name, number) for number in generations]
        return self._webhooks.send(notice, address.target, secrets, self._node.wall())

    def _tell(self, facts: Sequence[Fact]) -> None:
        if any(fact.type == NoticePosted.TYPE for fact in facts):
            self._news.set()

    def _run(self) -> None:
        while not self._ended and self._node.failure is None:
            self._news.wait(self._node.settings.notice_seconds)
            self._news.clear()
            try:
                self.round()
            except MustStop:
                return  # the node has told it
            except (ClearwayError, SQLAlchemyError) as error:
                logger.exception("notices_failed", detail=str(error))


def _mail_sender(settings: Settings) -> MailSender | None:
    server = mail_server(settings)
    if server is None:
        return None
    try:
        authority = settings.mail_authority or None
        context = ssl.create_default_context(cafile=authority)
    except OSError as error:
        raise InputError(f"mail_authority cannot be read: {error.strerror}") from error
    return MailSender(server, context=context)


def _count(report: Round, attempt: Attempt, *, is_final: bool) -> None:
    if attempt.result is Result.DELIVERED:
        report.delivered += 1
    elif is_final:
        report.dead += 1
    else:
        report.failed += 1
