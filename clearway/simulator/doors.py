"""The doors of a border, as the people of a simulated day knock at them: HTTP and nothing else.

Everybody uses a token of their own. What is assumed of the API stands in this file alone.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

from clearway.errors import Refused
from clearway.simulator.diary import Knock
from clearway.simulator.loggers import device_of
from clearway.simulator.mail import Event, Kind
from clearway.simulator.messages import CSV
from clearway.simulator.truth import Examined

EPCIS = "/v1/epcis/capture"
_PATHS: dict[Kind, str] = {
    Kind.CERTIFICATE: "/v1/certificates",
    Kind.DECLARATION: "/v1/declarations",
    Kind.JOURNEY: "/v1/journeys",
    Kind.READINGS: "/v1/readings",
    Kind.ARRIVAL: "/v1/movements",
    Kind.SEAL: "/v1/movements",
    Kind.EPCIS: EPCIS,
}
_BUSY = frozenset({429, 503})
_ATTEMPTS = 8
_PAGE = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """What a door said.

    Args:
        status: of HTTP.
        data: of the envelope; the problem where there is one.
        has_receipt: whether a receipt came with it.
        took_s: real time.
        following: cursor of the next page, None at the end.
    """

    status: int
    data: Any
    has_receipt: bool
    took_s: float
    following: str | None = None

    @property
    def code(self) -> str:
        """Code of the problem, "" where there is none."""
        return str(self.data.get("code", "")) if self.status >= 400 else ""


class Doors:
    """One border's doors."""

    def __init__(self, http: httpx.AsyncClient, tokens: Mapping[str, str]) -> None:
        """Knock through `http`, whose base address is the node's.

        Args:
            tokens: API token of each account of the day.
        """
        self._http = http
        self._tokens = tokens

    async def deliver(self, event: Event, mrn: str | None = None) -> tuple[Knock, Answer]:
        """Bring one message to its door.

        Args:
            mrn: of the declaration that a presentation of goods is about.
        """
        headers = {"Content-Type": event.content_type}
        if event.key:
            headers["Idempotency-Key"] = event.key
        path = _PATHS.get(event.kind) or f"/v1/declarations/{mrn}/arrival"
        request: dict[str, Any] = {"content": event.body, "headers": headers}
        if event.content_type == CSV:
            # A logger's file does not say whose it is.
            names = {"container": event.subject, "device": device_of(event.subject)}
            request["params"] = names
        answer = await self._ask("POST", path, event.account, **request)
        knock = Knock(event.kind, event.key, answer.status, answer.code, answer.took_s)
        return knock, answer

    async def queue(self, account: str) -> list[dict[str, Any]]:
        """Return the examinations that wait to begin, first to be examined first."""
        query = {"status": "open", "order": "queue", "limit": _PAGE}
        answer = await self._ask("GET", "/v1/examinations", account, params=query)
        found: list[dict[str, Any]] = self._expected(answer, "the queue")
        return found

    async def start(self, account: str, examination: str) -> Answer:
        """Begin an examination."""
        return await self._ask("POST", f"/v1/examinations/{examination}/start", account)

    async def report(
        self, account: str, examination: str, agency: str, found: Examined, started_at: datetime
    ) -> Answer:
        """Report what one agency found."""
        body = {
            "agency": agency,
            "outcome": found.outcome,
            "findings": [
                {"kind": each.kind, "item": each.item, "detail": each.detail}
                for each in found.discoveries
            ],
            "extra_revenue": f"{found.extra_revenue:.2f}",
            "started_at": started_at.isoformat(),
        }
        path = f"/v1/examinations/{examination}/result"
        return await self._ask("POST", path, account, json=body)

    async def examination(self, account: str, examination: str) -> dict[str, Any]:
        """Return an examination: who takes part, in what, and why."""
        answer = await self._ask("GET", f"/v1/examinations/{examination}", account)
        found: dict[str, Any] = self._expected(answer, f"examination {examination}")
        return found

    async def alarms(self, account: str, after: int) -> list[dict[str, Any]]:
        """Return the alarms raised by facts after `after`, the newest first."""
        found: list[dict[str, Any]] = []
        async for page in self._pages("/v1/alarms", account, {"standing": "false"}, "the alarms"):
            new = [alarm for alarm in page if alarm["seq"] > after]
            found += new
            if len(new) < len(page):
                break
        return found

    async def tasks(self, account: str) -> list[dict[str, Any]]:
        """Return the tasks of an account that are not over, the most urgent first."""
        found: list[dict[str, Any]] = []
        async for page in self._pages("/v1/tasks", account, {}, "the tasks"):
            found += page
        return found

    async def all_tasks(self, account: str) -> list[dict[str, Any]]:
        """Return the tasks of an account, and those that are over."""
        found = await self.tasks(account)
        query = {"state": "ended"}
        async for page in self._pages("/v1/tasks", account, query, "the tasks"):
            found += page
        return found

    async def take(self, account: str, task: int, note: str) -> Answer:
        """Say that somebody acts on a task."""
        return await self._ask("POST", f"/v1/tasks/{task}/take", account, json={"note": note})

    async def complete(self, account: str, task: int, outcome: str, note: str) -> Answer:
        """Say what came of a task."""
        body = {"outcome": outcome, "note": note}
        return await self._ask("POST", f"/v1/tasks/{task}/complete", account, json=body)

    async def move(self, account: str, body: bytes, key: str, *, as_epcis: bool = False) -> Answer:
        """Tell a movement of a container."""
        headers = {"Content-Type": "application/json", "Idempotency-Key": key}
        path = EPCIS if as_epcis else "/v1/movements"
        return await self._ask("POST", path, account, content=body, headers=headers)

    async def released(self, account: str) -> list[dict[str, Any]]:
        """Return all declarations of the border that are released."""
        found: list[dict[str, Any]] = []
        query = {"status": "released"}
        async for page in self._pages("/v1/declarations", account, query, "the declarations"):
            found += page
        return found

    async def declaration(self, account: str, mrn: str) -> dict[str, Any]:
        """Return one declaration and where it stands."""
        answer = await self._ask("GET", f"/v1/declarations/{mrn}", account)
        found: dict[str, Any] = self._expected(answer, f"declaration {mrn}")
        return found

    async def decisions(self, account: str, mrn: str) -> dict[str, Any]:
        """Return all that was sealed with the decisions on a declaration."""
        answer = await self._ask("GET", f"/v1/declarations/{mrn}/decisions", account)
        found: dict[str, Any] = self._expected(answer, f"the decisions on {mrn}")
        return found

    async def has_receipt(self, account: str, seq: int) -> bool:
        """Return whether the border gives a receipt for a fact."""
        answer = await self._ask("GET", f"/v1/ledger/facts/{seq}/receipt", account)
        return answer.status == 200

    async def release(self, account: str, mrn: str, text: str) -> Answer:
        """Release goods that were held, with a reason."""
        body = {"reason": text}
        return await self._ask("POST", f"/v1/declarations/{mrn}/release", account, json=body)

    async def _pages(
        self, path: str, account: str, query: dict[str, str], what: str
    ) -> AsyncIterator[list[dict[str, Any]]]:
        """Yield the pages of a list."""
        cursor: str | None = None
        while True:
            here = query | {"limit": str(_PAGE)} | ({"cursor": cursor} if cursor else {})
            answer = await self._ask("GET", path, account, params=here)
            yield self._expected(answer, what)
            cursor = answer.following
            if cursor is None:
                return

    async def _ask(self, method: str, path: str, account: str, **request: Any) -> Answer:
        """Knock; when the border is busy, knock again a little later."""
        headers = {"Authorization": f"Bearer {self._tokens[account]}"}
        headers |= request.pop("headers", {})
        began = time.perf_counter()
        for attempt in range(_ATTEMPTS):
            response = await self._http.request(method, path, headers=headers, **request)
            if response.status_code not in _BUSY:
                break
            await asyncio.sleep(0.05 * 2**attempt)
        took = time.perf_counter() - began
        envelope = response.json() if response.content else {}
        return Answer(
            response.status_code,
            envelope.get("data", envelope),
            envelope.get("receipt") is not None,
            took,
            envelope.get("next"),
        )

    @staticmethod
    def _expected(answer: Answer, what: str) -> Any:
        """Return the data of an answer that only a wrong set-up can refuse."""
        if answer.status >= 300:
            detail = answer.data.get("detail", "") if isinstance(answer.data, dict) else ""
            raise Refused(f"The border did not show {what} ({answer.status}): {detail}")
        return answer.data
