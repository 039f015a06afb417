"""The worker that takes what partners give: one task for each, none of which waits for another.

The life of a round with one partner:
1. Ask from the cursor on; the partner's door answers at once, or when there is news (long poll).
2. Verify in a thread aside (`connectors.peer.rules`): nothing counts before.
3. Keep facts, cursor and evidence in ONE transaction, in the partner's own lane of the writer.
4. When all is taken, acknowledge, signed. A lost word costs nothing: the cursor is ours.
5. After a failure wait, longer each time, by chance shorter or longer; then go on from the cursor.

A fork or a conflict is an alarm: nothing more is taken from that partner until people say so.
"""

from __future__ import annotations

import asyncio
import random
import ssl
import threading
from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn

import httpx
import structlog
from sqlalchemy import Connection

from clearway.connectors.peer import rules, tables
from clearway.connectors.peer.actions.acknowledge import mark_cosigned
from clearway.connectors.peer.actions.receive import receive, stop
from clearway.connectors.peer.client import Caller, Patience
from clearway.connectors.peer.facts import Conflicted
from clearway.connectors.peer.formats import head as heads
from clearway.connectors.peer.model import Acknowledgement, Batch, Cursor, Fork, Partner, Verified
from clearway.connectors.peer.partners import list_partners
from clearway.errors import ClearwayError, MustStop, TryLater, VerificationError
from clearway.ledger import checkpoint as checkpoints
from clearway.ledger.quorum import Quorum
from clearway.node.node import Node
from clearway.node.partnership import WORKER, Partnership

logger = structlog.get_logger()
_PATIENCE = Patience()
LINK_ERRORS = (httpx.HTTPError, OSError, ssl.SSLError, TimeoutError)


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast we ask, and how long we wait.

    Args:
        facts: most facts in a batch: what the writer takes at once beside everybody's messages.
        wait_s: how long a partner may wait for news before it answers "nothing".
        least_s: between two batches of one partner: its share of our time is bounded.
        first_s, longest_s: after a failure, doubled each time.
        look_s: how often partners that came or went are looked for.
    """

    facts: int = 256
    wait_s: int = 25
    least_s: float = 0.02
    first_s: float = 0.5
    longest_s: float = 60.0
    look_s: float = 2.0


_PACE = Pace()


@dataclass(frozen=True, slots=True)
class Standing:
    """How the exchange with one partner stands.

    Args:
        taken_to: the next place of its log that we want. received: facts of it that we keep.
        cosigned_to: all places before it are cosigned as our policy asks; those behind are pending.
        given_to: up to which place it says to keep ours; None: it never said.
        alarm: why nothing more is taken; empty: none.
    """

    partner: str
    origin: str
    taken_to: int
    partner_size: int
    received: int
    cosigned_to: int
    given_to: int | None
    given_at: datetime | None
    alarm: str


class Exchange:
    """Takes from every partner in a thread of its own; use as a context manager."""

    def __init__(
        self, partnership: Partnership, pace: Pace = _PACE, patience: Patience = _PATIENCE
    ) -> None:
        self._with = partnership
        self._node: Node = partnership.node
        self._pace, self._patience = pace, patience
        self._loop = asyncio.new_event_loop()
        self._main: asyncio.Task[None] | None = None
        self._thread = threading.Thread(target=self._run, name="exchange", daemon=True)
        self._begun = threading.Event()

    def __enter__(self) -> Exchange:
        self._thread.start()
        self._begun.wait()
        return self

    def __exit__(self, *_: object) -> None:
        if self._main is not None:
            self._loop.call_soon_threadsafe(self._main.cancel)
        self._thread.join()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            try:
                runner.run(self._watch())
            except asyncio.CancelledError:
                return
            finally:
                self._begun.set()

    async def _watch(self) -> None:
        """Keep one task for each partner that takes part."""
        self._main = asyncio.current_task()
        self._begun.set()
        followed: dict[str, asyncio.Task[None]] = {}
        try:
            while True:
                partners = {one.id for one in await asyncio.to_thread(self._known) if one.url}
                for gone in set(followed) - partners:
                    followed.pop(gone).cancel()
                for new in partners - set(followed):
                    followed[new] = asyncio.create_task(self._follow(new))
                await asyncio.sleep(self._pace.look_s)
        finally:
            for task in followed.values():
                task.cancel()
            await asyncio.gather(*followed.values(), return_exceptions=True)

    def _known(self) -> tuple[Partner, ...]:
        try:
            return self._with.partners()
        except ClearwayError as error:
            logger.warning("exchange_partners", detail=error.detail)
            return ()

    async def _follow(self, id: str) -> None:
        """Take from one partner for ever; whatever it does costs only this task its time."""
        failures = 0
        while True:
            try:
                await self._take_all(id, self._pace.wait_s)
                failures = 0
            except MustStop as error:
                if self._node.failure is not None:
                    return
                failures += 1
                logger.warning("exchange_evidence", partner=id, detail=error.detail)
            except (*LINK_ERRORS, ClearwayError) as error:
                failures += 1
                logger.warning("exchange_link", partner=id, detail=_told(error))
            await asyncio.sleep(self._pause(failures))

    def _pause(self, failures: int) -> float:
        """Seconds until the next try, so that many nodes do not come back at one instant."""
        if failures == 0:
            return self._pace.least_s
        longest = min(self._pace.longest_s, self._pace.first_s * 2.0 ** min(failures - 1, 16))
        return longest * random.uniform(0.5, 1.0)

    async def _take_all(self, id: str, wait_s: int) -> int:
        """Take batches until there is nothing new; return how many facts were new."""
        partner, alarm = await asyncio.to_thread(self._look, id)
        if alarm:
            raise TryLater(f"The exchange with {id} stands still: {alarm}")
        context = await asyncio.to_thread(self._context, partner)
        quorum = await asyncio.to_thread(self._with.quorum_for, partner)
        new = 0
        async with Caller(partner.url, context, self._patience) as caller:
            while True:
                taken = await self._take_one(caller, partner, quorum, wait_s)
                if taken is None:
                    await self._mark(caller, partner, quorum)
                    return new
                new += taken
                await asyncio.sleep(self._pace.least_s)

    async def _take_one(
        self, caller: Caller, partner: Partner, quorum: Quorum, wait_s: int
    ) -> int | None:
        """Take one batch; return how many facts were new, None when there was no batch."""
        cursor = await asyncio.to_thread(self._cursor, partner)
        batch = await caller.facts(cursor.place, _size(cursor.note), self._pace.facts, wait_s)
        if batch is None:
            return None
        verified = await asyncio.to_thread(self._judge, batch, partner, cursor, quorum)
        new = await self._keep(partner, verified, batch)
        if isinstance(verified, Verified) and verified.head.end == verified.head.size:
            # Only once all is taken: on the way there the giver needs no word of each batch.
            await caller.acknowledge(self._acknowledgement(partner, verified))
        return new

    def _judge(
        self, batch: Batch, partner: Partner, cursor: Cursor, quorum: Quorum
    ) -> Verified | Fork:
        origin = self._node.log.origin
        return rules.judge(batch, partner, origin, cursor, self._with.unseal, quorum=quorum)

    async def _mark(self, caller: Caller, partner: Partner, quorum: Quorum) -> None:
        """Mark facts that came before their checkpoint was cosigned, once it is."""
        cursor, size = await asyncio.to_thread(self._pending, partner)
        if not cursor.place or size >= cursor.place:
            return
        came = await caller.cosigned(_size(cursor.note), size)
        if came is None:
            return
        shown = await asyncio.to_thread(rules.judge_cosigned, *came, partner, cursor, quorum)
        if isinstance(shown, Fork):
            await self._stop(partner, shown, "")
        elif shown is not None:
            good = shown
            done = self._node.act(
                WORKER, lambda act: mark_cosigned(act, partner.origin, good), lane=_lane(partner)
            )
            await asyncio.wrap_future(done)

    def _pending(self, partner: Partner) -> tuple[Cursor, int]:
        with self._node.reading() as connection:
            size = tables.cosigned_size(connection, partner.origin)
            return tables.read_cursor(connection, partner.origin), size

    async def _stop(self, partner: Partner, fork: Fork, head: str) -> NoReturn:
        """Record a fork. Raises: VerificationError: always, with its reason."""
        done = self._node.act(
            WORKER, lambda act: stop(act, partner, fork, head), lane=_lane(partner)
        )
        await asyncio.wrap_future(done)
        raise VerificationError(f"{partner.origin}: {fork.reason}")

    async def _keep(self, partner: Partner, verified: Verified | Fork, batch: Batch) -> int:
        """Record what came. Raises: VerificationError: it was an alarm, which is recorded."""
        if isinstance(verified, Fork):
            await self._stop(partner, verified, batch.head)
        good = verified
        outcome = await asyncio.wrap_future(
            self._node.act(WORKER, lambda act: receive(act, partner, good), lane=_lane(partner))
        )
        if isinstance(outcome.result, Conflicted):
            raise VerificationError(f"{partner.origin}: other content for {outcome.result.seq}")
        return outcome.result

    def _acknowledgement(self, partner: Partner, verified: Verified) -> str:
        edge = verified.after.edge
        said = Acknowledgement(partner.origin, self._node.log.origin, edge.size, edge.root)
        return self._with.signer.sign(heads.write_acknowledgement(said))

    def _cursor(self, partner: Partner) -> Cursor:
        with self._node.reading() as connection:
            return tables.read_cursor(connection, partner.origin)

    def _look(self, id: str) -> tuple[Partner, str]:
        """Raises: TryLater: it takes no part any more."""
        for partner in self._with.partners():
            if partner.id == id:
                with self._node.reading() as connection:
                    alarm = tables.find_alarm(connection, id)
                return partner, "" if alarm is None else alarm.reason
        raise TryLater(f"{id} takes no part at present")

    def _context(self, partner: Partner) -> ssl.SSLContext:
        links = self._node.links
        return links.pinned(partner.url, partner.fingerprints, self._patience.connect_s)


def take_once(
    partnership: Partnership,
    only: str = "",
    pace: Pace = _PACE,
    patience: Patience = _PATIENCE,
) -> dict[str, int | str]:
    """Take what there is from every partner once; return new facts, or why not, by partner."""
    exchange = Exchange(partnership, pace, patience)

    async def one(id: str) -> int | str:
        try:
            return await exchange._take_all(id, 0)
        except (*LINK_ERRORS, ClearwayError) as error:
            return _told(error)

    async def all_of_them() -> dict[str, int | str]:
        ids = [p.id for p in partnership.partners() if p.url and only in ("", p.id)]
        return dict(zip(ids, await asyncio.gather(*map(one, ids)), strict=True))

    with asyncio.Runner(loop_factory=lambda: exchange._loop) as runner:
        return runner.run(all_of_them())


def standings(connection: Connection, at: datetime) -> list[Standing]:
    """Return how the exchange with each partner that takes part stands."""
    return [_standing(connection, partner) for partner in list_partners(connection, at)]


def _standing(connection: Connection, partner: Partner) -> Standing:
    cursor = tables.read_cursor(connection, partner.origin)
    given = tables.read_acknowledged(connection, partner.id)
    alarm = tables.find_alarm(connection, partner.id)
    return Standing(
        partner.id,
        partner.origin,
        cursor.place,
        _size(cursor.note),
        tables.count_received(connection, partner.origin),
        tables.cosigned_size(connection, partner.origin),
        None if given is None else given[0],
        None if given is None else given[1],
        "" if alarm is None else alarm.reason,
    )


def _size(note: str) -> int:
    """Return the size of a checkpoint that was verified before; 0 without one."""
    return checkpoints.parse(note.rpartition("\n\n")[0] + "\n").size if note else 0


def _lane(partner: Partner) -> str:
    return f"peer:{partner.id}"


def _told(error: BaseException) -> str:
    if isinstance(error, ClearwayError):
        return error.detail
    return f"{type(error).__name__}: {error}"
