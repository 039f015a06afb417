"""Commands of the trade knock at the same doors as everybody: HTTP, with a token."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from clearway.errors import (
    ClearwayError,
    InputError,
    MustStop,
    NotAuthenticated,
    NotFound,
    Refused,
    RuleViolation,
    TooLarge,
    TryLater,
    WrongState,
)

_SLICE = 100
_CALLER_SIDE: dict[int, type[ClearwayError]] = {
    401: NotAuthenticated,
    403: Refused,
    404: NotFound,
    409: WrongState,
    413: TooLarge,
    429: TryLater,
}
# 502 and 504 are a proxy's words for a node that is not there.
_SERVER_SIDE: dict[int, type[ClearwayError]] = {502: TryLater, 503: TryLater, 504: TryLater}


@dataclass(frozen=True, slots=True)
class _Said:
    """A finding as the node told it."""

    code: str
    level: str = ""
    field: str = ""
    message: str = ""
    area: str = ""


class Client:
    """A small client of one node's API."""

    def __init__(self, url: str, token: str) -> None:
        import httpx

        self._http = httpx.Client(
            base_url=url,
            headers={"Authorization": f"Bearer {token}"},
            timeout=60,
            trust_env=False,
        )

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        """Return the envelope of a GET."""
        return self._ask("GET", path, params={k: v for k, v in query.items() if v is not None})

    def post(self, path: str, body: Any, *, key: str | None = None) -> dict[str, Any]:
        """Return the envelope of a POST of JSON."""
        headers = {"Idempotency-Key": key} if key else {}
        return self._ask("POST", path, json=body, headers=headers)

    def put(self, path: str, body: Any) -> dict[str, Any]:
        """Return the envelope of a PUT of JSON."""
        return self._ask("PUT", path, json=body)

    def send(
        self,
        path: str,
        file: Path,
        *,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """Return the envelope of a POST of a file; its ending says what it is."""
        kind = {".xml": "application/xml", ".csv": "text/csv", ".ndjson": "application/x-ndjson"}
        type_ = kind.get(file.suffix.lower(), "application/json")
        headers = {"Content-Type": type_, **(headers or {})}
        if key:
            headers["Idempotency-Key"] = key
        return self._ask("POST", path, content=file.read_bytes(), headers=headers)

    def send_lines(self, path: str, file: Path) -> Iterator[dict[str, Any]]:
        """Yield the answer to each line of a file of many, in order; `line` counts from 1.

        Sent in slices: a node answers while it reads, and nobody should have to hold all answers.
        """
        with file.open("rb") as lines:
            done = 0
            while part := list(islice(lines, _SLICE)):
                headers = {"Content-Type": "application/x-ndjson"}
                text = self._request("POST", path, content=b"".join(part), headers=headers).text
                for line in text.splitlines():
                    answer: dict[str, Any] = json.loads(line)
                    yield {**answer, "line": done + answer["line"]}
                done += len(part)

    def _ask(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self._request(method, path, **request).json()
        return answer

    def _request(self, method: str, path: str, **request: Any) -> Any:
        import httpx

        try:
            response = self._http.request(method, path, **request)
        except httpx.HTTPError as error:
            raise TryLater(f"{self._http.base_url} cannot be reached: {error}") from error
        if response.is_success:
            return response
        raise _error_of(response.status_code, response)


def _error_of(status: int, response: Any) -> ClearwayError:
    """Return the problem of an answer as an error of ours, with its findings."""
    try:
        problem = response.json()
    except ValueError:
        problem = {}
    if not isinstance(problem, dict):
        problem = {}
    detail = problem.get("detail") or f"The node answered {status}: {response.text[:200]}"
    findings = tuple(_Said(**one) for one in problem.get("findings", ()))
    if findings:
        return RuleViolation(detail, findings)
    if status >= 500:
        return _SERVER_SIDE.get(status, MustStop)(detail)
    return _CALLER_SIDE.get(status, InputError)(detail)
