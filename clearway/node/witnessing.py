"""Feeding the partners' witnesses with our checkpoints, in a thread of its own.

Every `witness_seconds` the newest checkpoint goes to each partner that has a witness and is due:
from the size that it cosigned last, with the proof that leads there; told another size (409), from
that one. What comes back is kept only if it holds. A witness that fails is asked again after twice
the time, five minutes at most. No answer to anybody waits for any of this: until a quorum has
cosigned, receipts are log-signed, and later ones of the same facts are cosigned.

A witness that holds MORE of our log than we do says that this node was rolled back, or that our key
signs elsewhere. It is believed only if it shows a checkpoint that bears our own signature.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime

import httpx
import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from clearway.errors import ClearwayError, VerificationError
from clearway.identity.actions.report_rollback import report_rollback
from clearway.identity.agencies import Agency, KeyKind
from clearway.identity.model import Actor, ActorKind, Role
from clearway.identity.rules_agencies import policy_text, quorum_of, witnesses_among
from clearway.identity.tables_agencies import list_agencies, list_decisions
from clearway.ledger import checkpoint as checkpoints
from clearway.ledger import cosigned, witnessed
from clearway.ledger.cosigned import MAX_ANSWER_SIZE, Cosignature, CosignedHead
from clearway.ledger.note import open_note, read_vkey, split_note
from clearway.ledger.quorum import Quorum
from clearway.ledger.witness import SIZE_TYPE, read_size, request_of
from clearway.node.links import Links
from clearway.node.witness import Host
from clearway.policy.act import Act

logger = structlog.get_logger()
_FEEDER = Actor(ActorKind.SYSTEM, "feeder", "customs", frozenset({Role.WORKER}))
_TIMEOUT_S = 5.0
_LONGEST_PAUSE_S = 300.0
_MOST_AT_ONCE = 8
# Our size, theirs, and once more if they cosigned another checkpoint of ours meanwhile.
_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Standing:
    """What is remembered of one partner's witness.

    Args:
        size: of our newest checkpoint that it cosigned; 0: none.
        at: when it last cosigned, aware UTC.
        error: why it did not, the last time; empty: it did.
        failures: in a row.
        next_try: monotonic seconds.
    """

    agency: str
    url: str
    size: int = 0
    at: datetime | None = None
    error: str = ""
    failures: int = 0
    next_try: float = 0.0


@dataclass(frozen=True, slots=True)
class Rollback:
    """A checkpoint that our key signed, of more entries than our log has: proof of a rollback.

    Args:
        agency: whose witness showed it.
    """

    agency: str
    size: int
    note: str


@dataclass(frozen=True, slots=True)
class _Client:
    """A kept connection to one witness, and what its card said when it was made."""

    card: tuple[str, str, tuple[str, ...]]
    http: httpx.Client


class _Refused(Exception):
    """A witness did not cosign, with the reason."""


def quorum_now(connection: Connection, log_vkey: str) -> Quorum | None:
    """Return what must cosign our checkpoints now; None: no partner has a witness."""
    agencies = witnesses_among(list_agencies(connection))
    if not agencies:
        return None
    k = quorum_of(list_decisions(connection), len(agencies))
    return Quorum.parse(policy_text([log_vkey], agencies, k))


def head_now(connection: Connection, log_vkey: str) -> CosignedHead | None:
    """Return our newest checkpoint that satisfies the quorum, or None."""
    quorum = quorum_now(connection, log_vkey)
    return None if quorum is None else cosigned.newest_head(connection, quorum)


class Witnessing:
    """The feeder, and what it knows.

    Args:
        links: how partners' doors are reached.
        seconds: between two rounds; 0: none are made.
    """

    def __init__(self, host: Host, links: Links, seconds: float) -> None:
        self._host = host
        self._links = links
        self._seconds = seconds
        self._standings: dict[str, Standing] = {}
        self._head: CosignedHead | None = None
        self.rollback: Rollback | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="witnesses", daemon=True)
        self._clients: dict[str, _Client] = {}
        self._guard = threading.Lock()

    def start(self) -> None:
        """Start the thread, unless rounds are off."""
        if self._seconds > 0:
            self._thread.start()

    def close(self) -> None:
        """End the thread, and let go of all connections."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()
        for held in self._clients.values():
            held.http.close()
        self._clients.clear()

    def note_for(self, seq: int) -> str:
        """Return under which of our checkpoints a fact is best shown now."""
        head = self._head
        return head.note if head is not None and seq < head.size else self._host.log.note

    @property
    def head(self) -> CosignedHead | None:
        """Our newest checkpoint that satisfies the quorum, None: there is none."""
        return self._head

    @property
    def cosigned_size(self) -> int:
        """Size of the newest checkpoint that satisfies the quorum; 0: none."""
        return 0 if self._head is None else self._head.size

    def standings(self) -> tuple[Standing, ...]:
        """Return what is remembered of each partner's witness, in order of their ids."""
        return tuple(self._standings[id] for id in sorted(self._standings))

    def open(self) -> None:
        """Take up what was stored: the newest head with its cosignatures, each witness's size."""
        with self._host.reading() as connection:
            self._take_up(connection, witnesses_among(list_agencies(connection)))

    def round(self, *, is_patient: bool = True) -> None:
        """Send the newest checkpoint to each witness that is due.

        Args:
            is_patient: leave those alone that failed a short time ago.
        """
        with self._guard:
            note = self._host.log.note
            size = _size_of(note)
            with self._host.reading() as connection:
                agencies = witnesses_among(list_agencies(connection))
                self._take_up(connection, agencies)
            now = time.monotonic()
            due = [
                each
                for each in agencies
                if each.witness_url and size > self._standings[each.id].size
                and (not is_patient or now >= self._standings[each.id].next_try)
            ]  # fmt: skip
            if not due:
                return
            with ThreadPoolExecutor(min(_MOST_AT_ONCE, len(due))) as pool:
                answers = list(pool.map(lambda each: self._ask(each, note, size), due))
            self._keep(size, [line for lines in answers for line in lines])

    def _run(self) -> None:
        while not self._ended.wait(self._seconds):
            try:
                self.round()
            except (ClearwayError, SQLAlchemyError) as error:
                logger.exception("witness_round_failed", detail=str(error))

    def _take_up(self, connection: Connection, agencies: Sequence[Agency]) -> None:
        standings = {}
        for each in agencies:
            known = self._standings.get(each.id)
            if known is None:
                keys = [(k.name, k.key_id) for k in map(read_vkey, each.witness_vkeys)]
                size = min(cosigned.newest_size_of(connection, keys), self._host.log.size)
                known = Standing(each.id, each.witness_url, size)
            standings[each.id] = replace(known, url=each.witness_url)
        self._standings = standings
        self._head = head_now(connection, self._host.log.verifier.vkey)

    def _keep(self, size: int, lines: Sequence[Cosignature]) -> None:
        if not lines:
            return

        def keep(act: Act) -> None:
            cosigned.keep(act.connection, size, lines)

        self._host.act(_FEEDER, keep).result()
        with self._host.reading() as connection:
            self._head = head_now(connection, self._host.log.verifier.vkey)

    def _client(self, agency: Agency) -> httpx.Client:
        """Return the client of one witness, made anew when its card says something new."""
        now = self._host.wall()
        card = (agency.url, agency.witness_url, agency.keys_at(KeyKind.TLS, now))
        held = self._clients.get(agency.id)
        if held is not None and held.card == card:
            return held.http
        context = self._links.to(agency, agency.witness_url, now)
        if held is not None:
            held.http.close()
        http = httpx.Client(
            timeout=_TIMEOUT_S, follow_redirects=False, trust_env=False, verify=context
        )
        self._clients[agency.id] = _Client(card, http)
        return http

    def _ask(self, agency: Agency, note: str, size: int) -> tuple[Cosignature, ...]:
        """Return what a witness gave on our checkpoint; remembers how it went."""
        standing = self._standings[agency.id]
        try:
            lines = self._cosignatures(self._client(agency), agency, standing, note, size)
        except (_Refused, ClearwayError, OSError, httpx.HTTPError, httpx.InvalidURL) as error:
            failures = standing.failures + 1
            pause = min(_LONGEST_PAUSE_S, max(self._seconds, 0.1) * 2.0 ** min(failures, 20))
            said = (str(error) or type(error).__name__)[:300]
            logger.warning("witness_failed", agency=agency.id, detail=said, failures=failures)
            self._standings[agency.id] = replace(
                standing, error=said, failures=failures, next_try=time.monotonic() + pause
            )
            return ()
        newest = max(line.at for line in lines)
        self._standings[agency.id] = Standing(agency.id, agency.witness_url, size, newest)
        return lines

    def _cosignatures(
        self, client: httpx.Client, agency: Agency, standing: Standing, note: str, size: int
    ) -> tuple[Cosignature, ...]:
        url, old = agency.witness_url.rstrip("/"), standing.size
        for _ in range(_ATTEMPTS):
            body = request_of(old, self._proof(old, size), note).marshal()
            status, kind, answer = _send(client, "POST", f"{url}/add-checkpoint", body)
            if status == 200:
                verifiers = [read_vkey(text) for text in agency.witness_vkeys]
                return cosigned.read_answer(answer, note, verifiers)
            if status != 409 or kind.partition(";")[0].strip() != SIZE_TYPE:
                said = answer[:200].decode("utf-8", "replace").strip()
                raise _Refused(f"{status}: {said}")
            theirs = read_size(answer)
            if theirs > size:
                self._look_ahead(client, agency, url)
                raise _Refused(f"It holds {theirs} entries of our log; this checkpoint has {size}")
            old = theirs
        raise _Refused("It names another size at each attempt")

    def _proof(self, old: int, size: int) -> list[bytes]:
        if old in (0, size):
            return []
        with self._host.reading() as connection:
            return self._host.log.consistency(connection, old, size)

    def _look_ahead(self, client: httpx.Client, agency: Agency, url: str) -> None:
        """Ask for the checkpoint of which a witness says that it is ahead of us."""
        log = self._host.log
        address = f"{url}/{witnessed.hash_of(log.origin)}/checkpoint"
        status, _, answer = _send(client, "GET", address, b"")
        if status != 200:
            return
        try:
            shown = answer.decode()
            head = checkpoints.parse(open_note(shown, log.signing).text)
        except (UnicodeDecodeError, VerificationError):
            return  # it shows nothing that we signed: a claim, no proof
        if head.origin != log.origin or head.size <= log.size:
            return
        if self.rollback is None:  # once in each life of the node; later ones say the same
            ours = log.size
            logger.critical("rolled_back", agency=agency.id, size=head.size, ours=ours)
            self._host.act(
                _FEEDER, lambda act: report_rollback(act, agency.id, head.size, ours, shown)
            ).result()
        self.rollback = Rollback(agency.id, head.size, shown)


def _send(client: httpx.Client, method: str, url: str, body: bytes) -> tuple[int, str, bytes]:
    """Return status, media type and bounded body of an answer."""
    headers = {"Content-Type": "text/plain"}
    with client.stream(method, url, content=body, headers=headers) as response:
        answer = b""
        for part in response.iter_bytes():
            answer += part
            if len(answer) > MAX_ANSWER_SIZE:
                raise _Refused(f"It answered with over {MAX_ANSWER_SIZE} bytes")
        return response.status_code, response.headers.get("content-type", ""), answer


def _size_of(note: str) -> int:
    return checkpoints.parse(split_note(note)[0]).size
