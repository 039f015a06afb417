"""Telling subscribers what their EPCIS queries find, in a thread of its own.

Each subscription has a place in the log up to which it was served; that place moves only after the
address answered 2xx, so what was not taken is sent again: after a failure (waiting twice as long
each time, an hour at most), after a restart, after a crash between answer and note. The id of a
delivery is the same at each attempt, so that a receiver knows a repeat. Nobody waits for any of it.

What a subscriber is told is what its account may see at that moment; an account that was closed is
told nothing. The signature is ours: `GS1-Signature: t=<unix>,v1=<hex>` with the HMAC-SHA256 by the
subscription's `signatureToken` of `<unix>.<delivery id>.<body>`.

Source: GS1 EPCIS 2.0, 8.2.5 (subscriptions) and 12 (webhooks).
"""

from __future__ import annotations

import hmac
import ssl
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from clearway.clearance.event_sight import sight_of
from clearway.connectors.notices.model import Result
from clearway.connectors.webhooks.sender import TIMEOUT_S, WebhookSender
from clearway.errors import ClearwayError, InputError
from clearway.identity.model import Actor, ActorKind, Role
from clearway.identity.tables import actor_of, find_account
from clearway.ledger.fact import Fact
from clearway.movements.epcis import answers, naming, standing, tables
from clearway.movements.epcis.query import Query
from clearway.movements.epcis.select import Place
from clearway.movements.epcis.standing import Delivery, Subscription
from clearway.node.node import Node

MOST_EVENTS = 500
"""Of one delivery; what is more comes in the next ones."""

logger = structlog.get_logger()
_WORKER = Actor(ActorKind.SYSTEM, "epcis", "customs", frozenset({Role.WORKER}))
_MOST_DUE = 64
_AT_ONCE = 4
_LONGEST_PAUSE_S = 3_600
_FAR = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class _Message:
    """What is to be sent, and how far it serves; no body: there is nothing to say."""

    body: bytes
    upto: int
    is_last: bool


class Subscriptions:
    """The worker; use as a context manager inside the open node.

    Args:
        context: for TLS; the machine's own authorities by default.
        timeout_s: for a whole delivery, however slowly its receiver answers.
    """

    def __init__(
        self,
        node: Node,
        context: ssl.SSLContext | None = None,
        *,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._node = node
        self._news = threading.Event()
        self._ended = threading.Event()
        self._context = context or ssl.create_default_context()
        self._timeout_s = timeout_s
        self._thread = threading.Thread(target=self._run, name="epcis", daemon=True)
        node.on_commit(self._hear)

    def __enter__(self) -> Subscriptions:
        if self._node.settings.epcis_seconds > 0:
            self._news.set()  # streams catch up with what came while the node was down
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()

    def serve(self) -> int:
        """Send what is due; return how many deliveries were tried."""
        now = self._node.clock()
        if self._news.is_set():
            self._news.clear()
            self._node.act(
                _WORKER, lambda hand: standing.wake_streams(hand.connection, now)
            ).result()
        with self._node.reading() as connection:
            due = standing.list_due(connection, now, _MOST_DUE)
        if due:
            with ThreadPoolExecutor(_AT_ONCE, "epcis-send") as pool:
                list(pool.map(self._deliver, due))
        return len(due)

    def _hear(self, facts: Sequence[Fact]) -> None:
        if any(map(tables.is_event, facts)):
            self._news.set()

    def _run(self) -> None:
        """Serve now and then; what fails is told and tried again, it never stops the node."""
        while not self._ended.wait(self._node.settings.epcis_seconds):
            try:
                while self.serve() == _MOST_DUE and not self._ended.is_set():
                    pass
            except (ClearwayError, SQLAlchemyError, OSError) as error:
                logger.exception("epcis_subscriptions_failed", detail=str(error))

    def _deliver(self, delivery: Delivery) -> None:
        """Send one subscription what is new for it, and note what came of it."""
        now = self._node.clock()
        try:
            with self._node.reading() as connection:
                wanted = standing.find_subscription(connection, delivery.subscription)
                message = (
                    None if wanted is None else self._message(connection, wanted, delivery, now)
                )
        except ClearwayError as error:  # its account may see nothing any more, for one
            self._fail(delivery, error.detail, now)
            return
        except SQLAlchemyError as error:  # not to be asked again at every turn
            logger.exception("epcis_not_asked", subscription=delivery.subscription)
            self._fail(delivery, f"the question failed: {type(error).__name__}", now)
            return
        if wanted is None or message is None:
            self._note(delivery, next_at=now + _FAR, last_failure="its account is closed")
            return
        failure = self._post(wanted, delivery, message, now) if message.body else ""
        if failure:
            self._fail(delivery, failure, now)
            return
        self._note(
            delivery,
            after_seq=message.upto,
            failures=0,
            last_failure="",
            next_at=_next(wanted, now) if message.is_last else now,
            last_notified_at=now if message.body else delivery.last_notified_at,
        )

    def _fail(self, delivery: Delivery, failure: str, now: datetime) -> None:
        """Note a failure; the next attempt waits twice as long, an hour at most."""
        pause = min(2 ** min(delivery.failures, 12), _LONGEST_PAUSE_S)
        id = delivery.subscription
        logger.warning("epcis_not_delivered", subscription=id, detail=failure)
        self._note(
            delivery,
            failures=delivery.failures + 1,
            next_at=now + timedelta(seconds=pause),
            last_failure=failure[:400],
        )

    def _message(
        self, connection: Connection, wanted: Subscription, delivery: Delivery, now: datetime
    ) -> _Message | None:
        """Return what is new for a subscription; None: its account is gone or may see nothing."""
        account = find_account(connection, wanted.actor.partition(":")[2])
        known = standing.find_query(connection, wanted.query)
        if account is None or account.closed_at is not None or known is None:
            return None
        sight = sight_of(connection, self._node.policy, actor_of(connection, account, now))
        asked = naming.read_definition(known.definition)
        upto = tables.last_place(connection)
        page = tables.find_events(
            connection,
            Query((*asked.clauses, *sight.clauses)),
            after=Place(delivery.after_seq, delivery.after_seq),
            upto=upto,
            limit=MOST_EVENTS,
            sees=sight.sees,
        )
        events = tuple(one.event for one in page.found)
        body = b""
        if events or (wanted.report_if_empty and not wanted.stream):
            body = answers.write(events, now=now, name=wanted.query, subscription=wanted.id)
        place = upto - 1 if page.after is None else page.after.seq
        return _Message(body, place, page.after is None)

    def _post(
        self, wanted: Subscription, delivery: Delivery, message: _Message, now: datetime
    ) -> str:
        """Send a message; return "" when it was taken, else why not."""
        allowed = self._node.settings.epcis_hosts  # it may have been narrowed since
        try:
            url = naming.require_dest(wanted.dest, allowed)
        except InputError as error:
            return error.detail
        id = f"{wanted.id}-{delivery.after_seq}"
        headers = {
            "gs1-epcis-version": "2.0",
            "gs1-cbv-version": "2.0",
            "gs1-query-min-record-time": (delivery.last_notified_at or now).isoformat(),
            "clearway-delivery": id,
        }
        if delivery.secret:
            stamp = str(int(now.timestamp()))
            signed = f"{stamp}.{id}.".encode() + message.body
            mark = hmac.new(delivery.secret.encode(), signed, "sha256").hexdigest()
            headers["gs1-signature"] = f"t={stamp},v1={mark}"
        sender = WebhookSender(allowed, context=self._context, timeout_s=self._timeout_s)
        attempt = sender.post(url, message.body, headers)
        return "" if attempt.result is Result.DELIVERED else attempt.detail

    def _note(self, delivery: Delivery, **changes: object) -> None:
        id = delivery.subscription
        self._node.act(
            _WORKER, lambda hand: standing.move_delivery(hand.connection, id, **changes)
        ).result()


def _next(wanted: Subscription, now: datetime) -> datetime:
    """Return when a subscription is due again: a stream when something comes."""
    if wanted.schedule is None:
        return now + _FAR
    return naming.next_time(wanted.schedule, now)
