"""Calling a partner's door: bounded in bytes and in time, whatever the other side does."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from types import TracebackType

import httpx

from clearway.connectors.peer.formats import batch as batches
from clearway.connectors.peer.model import MOST_BATCH, Batch
from clearway.errors import MalformedMessage, Refused, TooLarge, TryLater

_MOST_PROBLEM = 4_096


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a partner may take.

    Args:
        connect_s: for a connection. read_s: between two pieces of an answer, once it has begun.
        whole_s: for a whole answer beyond the time that we let it wait.
    """

    connect_s: float = 10.0
    read_s: float = 15.0
    whole_s: float = 60.0


class Caller:
    """One partner's door, over one connection that is kept; use as a context manager."""

    def __init__(self, url: str, context: ssl.SSLContext, patience: Patience = Patience()) -> None:
        self._patience = patience
        self._http = httpx.AsyncClient(
            base_url=url,
            verify=context,
            trust_env=False,
            follow_redirects=False,
            limits=httpx.Limits(max_connections=2, max_keepalive_connections=1),
        )

    async def __aenter__(self) -> Caller:
        await self._http.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._http.__aexit__(kind, error, trace)

    async def facts(self, place: int, known: int, limit: int, wait_s: int) -> Batch | None:
        """Ask for what comes from `place` on; None: nothing came while we waited.

        Raises: TooLarge, MalformedMessage: the answer. Refused, TryLater: it says so.
        httpx.HTTPError, TimeoutError, OSError: the link.
        """
        query = {"known": str(known), "limit": str(limit), "wait": str(wait_s)}
        if place:
            query["after"] = str(place - 1)
        content = await self._ask("GET", "/v1/peer/facts", wait_s, params=query)
        return batches.parse(content) if content else None

    async def acknowledge(self, note: str) -> None:
        """Tell how far we keep the partner's log. Raises: as `facts`."""
        await self._ask("POST", "/v1/peer/acknowledgements", 0, content=note.encode())

    async def compare(self, list_name: str, points: bytes) -> bytes:
        """Ask which points of a watch list the partner's list has (`risk.sharing.psi`).

        Raises: as `facts`.
        """
        return await self._ask("POST", f"/v1/peer/lists/{list_name}", 0, content=points)

    async def cosigned(self, known: int, cosigned: int) -> tuple[str, tuple[bytes, ...]] | None:
        """Ask for a checkpoint up to `known` that more witnesses cosigned; None: there is none.

        Args:
            cosigned: size of the largest one that satisfied us.

        Returns: its note, and the proof of consistency with our checkpoint of `known`.

        Raises: as `facts`.
        """
        query = {"known": str(known), "cosigned": str(cosigned)}
        content = await self._ask("GET", "/v1/peer/checkpoint", 0, params=query)
        return batches.parse_cosigned(content) if content else None

    async def _ask(self, method: str, path: str, wait_s: int, **request: object) -> bytes:
        patience = self._patience
        times = httpx.Timeout(patience.connect_s, read=patience.read_s + wait_s)
        async with (
            asyncio.timeout(patience.whole_s + wait_s),
            self._http.stream(method, path, timeout=times, **request) as answer,  # type: ignore[arg-type]
        ):
            if answer.status_code == 204:
                return b""
            content = await _bounded(
                answer, MOST_BATCH if answer.status_code == 200 else _MOST_PROBLEM
            )
            if answer.status_code == 200:
                return content
            raise _problem(answer, content)


async def _bounded(answer: httpx.Response, most: int) -> bytes:
    """Return the body, read piece by piece; a longer one is not read to its end."""
    announced = answer.headers.get("content-length", "0")
    if not announced.isdigit() or int(announced) > most:
        raise TooLarge(f"The partner announces {announced[:20]} bytes, over {most}")
    if "content-encoding" in answer.headers:
        raise MalformedMessage("A batch travels uncompressed: a small body must not grow here")
    taken = bytearray()
    async for piece in answer.aiter_raw():
        taken += piece
        if len(taken) > most:
            raise TooLarge(f"The partner sends over {most} bytes")
    return bytes(taken)


def _problem(answer: httpx.Response, content: bytes) -> Refused | TryLater:
    text = content.decode("utf-8", "replace")[:300]
    if answer.status_code in (401, 403):
        return Refused(f"The partner refuses ({answer.status_code}): {text}")
    return TryLater(f"The partner answers {answer.status_code}: {text}", retry_after_s=5)
