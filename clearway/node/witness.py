"""The node as a witness of its partners' logs: what its door calls.

A request is read and its signature verified aside (`read`); the writer then judges it against what
was cosigned last, and stores the new state with its cosignature in one durable transaction
(`decide`). Only after that commit does the cosignature leave; a node that dies in between has
stored what nobody received, and the log asks again from that size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

import structlog
from sqlalchemy import Connection

from clearway.errors import VerificationError
from clearway.identity.actions.report_fork import report_fork
from clearway.identity.agencies import Agency, KeyKind, Status, id_of
from clearway.identity.model import Actor, ActorKind, Role
from clearway.identity.tables_agencies import list_agencies
from clearway.ledger import fork as forks
from clearway.ledger import witness, witnessed
from clearway.ledger.committer import Outcome
from clearway.ledger.cosignature import Cosigner
from clearway.ledger.fact import Fact
from clearway.ledger.log import Log
from clearway.ledger.note import read_vkey, split_note
from clearway.ledger.witness import Accepted, Refusal, Signed
from clearway.ledger.witnessed import Held
from clearway.policy.act import Act

Result = TypeVar("Result")
logger = structlog.get_logger()

# Who sends the same head again within this time gets the same lines, and nothing is written.
_FRESH = timedelta(seconds=30)
_TEXT = "text/plain"
_WITNESS = Actor(ActorKind.SYSTEM, "witness", "customs", frozenset({Role.WORKER}))


class Host(Protocol):
    """What a witness, and the feeder of witnesses, need of their node."""

    @property
    def log(self) -> Log:
        """This node's own log."""

    @property
    def wall(self) -> Callable[[], datetime]:
        """The machine's own clock, aware UTC."""

    def reading(self) -> AbstractContextManager[Connection]:
        """Give a read-only connection."""

    def act(
        self, actor: Actor, action: Callable[[Act], Result], *, lane: str | None = None
    ) -> Future[Outcome[Result]]:
        """Run an action in the writer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the door sends."""

    status: int
    body: str
    media_type: str = _TEXT


class Witness:
    """Judges and cosigns checkpoints of partners that have joined or are suspended."""

    def __init__(self, host: Host, cosigners: Sequence[Cosigner]) -> None:
        self._host = host
        self._cosigners = tuple(cosigners)
        self._partners: dict[str, Agency] | None = None
        self._version = 0

    def forget(self, facts: Sequence[Fact]) -> None:
        """Read the partners anew once facts about them were committed."""
        if any(fact.type.startswith("agency.") for fact in facts):
            self._version += 1
            self._partners = None

    def read(self, body: bytes) -> Signed | Answer:
        """Read a request and verify its log's signature; touches no state.

        Raises: TooLarge: it is over its limit. MalformedMessage: it is not in form.
        """
        request = witness.parse_request(body)
        partner = self._known().get(request.checkpoint.origin)
        size = request.checkpoint.size
        vkeys = () if partner is None else partner.keys_at(KeyKind.LOG, self._host.wall(), size)
        is_known = partner is not None and bool(partner.keys)
        signed = witness.authenticate(map(read_vkey, vkeys), request)
        if isinstance(signed, Signed):
            return signed
        # A partner whose keys all ended is known: it is its signature that is not trusted.
        status = 403 if is_known else signed.status
        return Answer(status, f"{signed.reason}\n")

    def decide(self, signed: Signed) -> Future[Outcome[Answer]]:
        """Judge what was signed; the future is answered when the new state is durable.

        Raises: TryLater: too many checkpoints of this log wait.
        """
        lane = f"witness:{signed.request.checkpoint.origin}"
        return self._host.act(_WITNESS, lambda act: self._judge(act, signed), lane=lane)

    def find_note(self, origin_hash: str) -> str | None:
        """Return the newest cosigned checkpoint of a log, by the hash of its origin, or None."""
        with self._host.reading() as connection:
            return witnessed.find_note(connection, origin_hash)

    def _known(self) -> dict[str, Agency]:
        partners = self._partners
        if partners is None:
            version = self._version
            with self._host.reading() as connection:
                found = list_agencies(connection)
            partners = {each.origin: each for each in found if each.status is not Status.LEFT}
            if version == self._version:
                self._partners = partners
        return partners

    def _judge(self, act: Act, signed: Signed) -> Answer:
        held = witnessed.find_held(act.connection, signed.request.checkpoint.origin)
        result = witness.decide(None if held is None else held.state, signed)
        if isinstance(result, Refusal):
            return self._refuse(act, held, signed, result)
        return Answer(200, "".join(self._cosign(act, held, result)))

    def _cosign(self, act: Act, held: Held | None, accepted: Accepted) -> tuple[str, ...]:
        now = self._host.wall()
        if held is not None:
            is_same = held.state == accepted.state and split_note(held.note)[0] == accepted.text
            if is_same and timedelta(0) <= now - held.at < _FRESH:
                return held.lines
            now = max(now, held.at)  # a clock set back must not deny what was said before
        lines = tuple(_lines(self._cosigners, accepted.text, now))
        witnessed.keep(act.connection, accepted, lines, now)
        return lines

    def _refuse(self, act: Act, held: Held | None, signed: Signed, refusal: Refusal) -> Answer:
        now = self._host.wall()
        is_new = witnessed.keep_refusal(act.connection, held, signed, refusal, now)
        if is_new and refusal.fork_at is not None and held is not None:
            origin = held.state.origin
            logger.critical("fork_found", origin=origin, size=refusal.fork_at)
            found = forks.of_heads(held.note, signed.note, signed.request.proof)
            if found is not None:
                report_fork(act, id_of(origin), found)
        if refusal.status == 409:
            return Answer(409, f"{refusal.size}\n", witness.SIZE_TYPE)
        return Answer(refusal.status, f"{refusal.reason}\n")


def _lines(cosigners: Sequence[Cosigner], text: str, at: datetime) -> Iterator[str]:
    """Yield the line of each key that can sign this text.

    ML-DSA-44 signs no extension lines. A partner that writes some gets the other line, and must not
    be able to stop this node by it.
    """
    for each in cosigners:
        try:
            yield each.cosign(text, at)
        except VerificationError as error:
            logger.info("not_cosigned", key=each.name, detail=error.detail)
