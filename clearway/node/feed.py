"""News of committed facts for whoever listens: the console's live pages, the workers."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from contextlib import suppress

from clearway.ledger.fact import Fact


class Listener:
    """One listener's bounded queue on its own event loop; when it lags, the oldest news goes."""

    def __init__(self, loop: asyncio.AbstractEventLoop, *, limit: int = 256) -> None:
        self._loop = loop
        self._queue: asyncio.Queue[Fact] = asyncio.Queue(limit)

    async def next(self) -> Fact:
        """Return the next fact, waiting for it."""
        return await self._queue.get()

    def skip(self) -> None:
        """Forget the news that waits: whoever shows a page shows the newest state anyway."""
        while not self._queue.empty():
            self._queue.get_nowait()

    def tell(self, facts: Sequence[Fact]) -> None:
        """Hand over facts from any thread; a loop that has ended hears nothing."""
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._put, facts)

    def _put(self, facts: Sequence[Fact]) -> None:
        for fact in facts:
            if self._queue.full():
                self._queue.get_nowait()
            self._queue.put_nowait(fact)


class Feed:
    """Tells every listener of every commit."""

    def __init__(self) -> None:
        self._listeners: set[Listener] = set()
        self._lock = threading.Lock()

    def listen(self) -> Listener:
        """Return a new listener on the running event loop; end it with `leave`."""
        listener = Listener(asyncio.get_running_loop())
        with self._lock:
            self._listeners.add(listener)
        return listener

    def leave(self, listener: Listener) -> None:
        """Forget a listener."""
        with self._lock:
            self._listeners.discard(listener)

    def tell(self, facts: Sequence[Fact]) -> None:
        """Pass committed facts on; called from the writer thread."""
        if not facts:
            return
        with self._lock:
            listeners = tuple(self._listeners)
        for listener in listeners:
            listener.tell(facts)
