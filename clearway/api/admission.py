"""Who is let in now, and who waits: one sender's flood must not slow another's message.

Every message (POST) of an account takes a turn before its body is read and before anything is paid
for it. So many turns are given at once (`at_work`), shared evenly among the accounts that are at
the doors. Beyond its share an account's messages wait here, in their order; beyond `waiting` they
are refused, slowly, with 429 and Retry-After. Accounts with a backlog have all turns while they are
among themselves; beside an account without one they have a quarter, since what is at work shares
one interpreter and one commit, and whoever sends little should feel little of it.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Receive, Scope, Send

from clearway.api.access import Doorkeeper
from clearway.api.problems import problem
from clearway.errors import ClearwayError, TryLater

# An account that sent something so short a time ago still counts as being at the doors.
_PRESENT_S = 1.0
_PAUSE_S = 1


@dataclass(slots=True)
class _Lane:
    """One account at the doors."""

    at_work: int = 0
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque)
    seen_at: float = 0.0


class Turns:
    """Gives turns; lives on one event loop.

    Args:
        at_work: turns given at once, 1 or more.
        waiting: most messages of one account that wait.
        clock: monotonic seconds.
    """

    def __init__(
        self, at_work: int, waiting: int, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._at_work = at_work
        self._waiting = waiting
        self._clock = clock
        self._lanes: OrderedDict[str, _Lane] = OrderedDict()
        self._free = at_work

    async def take(self, account: str) -> None:
        """Return when it is the account's turn; `give_back` must follow.

        Raises: TryLater: too much of this account waits already.
        """
        lane = self._lanes.setdefault(account, _Lane())
        lane.seen_at = self._clock()
        self._lanes.move_to_end(account)
        if not lane.waiting and self._free and lane.at_work < self._at_work // self._present():
            self._begin(lane)
            return
        if len(lane.waiting) >= self._waiting:
            raise TryLater(
                f"{self._waiting} of your messages are waiting already; send the next ones when"
                " these are answered",
                retry_after_s=_PAUSE_S,
            )
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        lane.waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.give_back(account)  # the turn came just before the sender left
            elif turn in lane.waiting:
                lane.waiting.remove(turn)
            raise

    def give_back(self, account: str) -> None:
        """End a turn and begin the next ones."""
        self._lanes[account].at_work -= 1
        self._free += 1
        present = self._present()
        late = sorted(
            (lane for lane in self._lanes.values() if lane.waiting), key=lambda each: each.at_work
        )
        turns = self._at_work if len(late) == present else self._at_work // 4
        share = max(1, turns // max(1, len(late)))
        for lane in late:
            while self._free and lane.at_work < share and self._next(lane):
                pass

    def _next(self, lane: _Lane) -> bool:
        while lane.waiting:
            turn = lane.waiting.popleft()
            if not turn.done():
                self._begin(lane)
                turn.set_result(None)
                return True
        return False

    def _begin(self, lane: _Lane) -> None:
        lane.at_work += 1
        self._free -= 1

    def _present(self) -> int:
        """Return how many accounts are at the doors, at most as many as turns."""
        oldest = self._clock() - _PRESENT_S
        while self._lanes:
            account, lane = next(iter(self._lanes.items()))
            if lane.at_work or lane.waiting or lane.seen_at > oldest:
                break
            del self._lanes[account]
        return min(self._at_work, max(1, len(self._lanes)))


class Admission:
    """ASGI middleware: messages of known accounts take turns; all else passes."""

    def __init__(
        self, app: ASGIApp, doorkeeper: Doorkeeper, turns: Turns, free_paths: frozenset[str]
    ) -> None:
        self._app = app
        self._doorkeeper = doorkeeper
        self._turns = turns
        self._free_paths = free_paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on in turn, or refuse."""
        account = self._account(scope)
        if account is None:
            await self._app(scope, receive, send)
            return
        try:
            await self._turns.take(account)
        except TryLater as error:
            await asyncio.sleep(_PAUSE_S)  # a refusal in no time would only be asked for again
            await problem(error, status=429)(scope, receive, send)
            return
        try:
            await self._app(scope, receive, send)
        finally:
            self._turns.give_back(account)

    def _account(self, scope: Scope) -> str | None:
        """Return whose message it is; None: not one that takes turns."""
        if scope["type"] != "http" or scope["method"] != "POST":
            return None
        if scope["path"] in self._free_paths:
            return None  # it takes a turn in the lanes behind for each of its lines
        for name, value in scope["headers"]:
            if name == b"authorization" and value[:7].lower() == b"bearer ":
                try:
                    return self._doorkeeper.actor(value[7:].decode("latin-1")).reference
                except ClearwayError:
                    return None  # the door says why
        return None
