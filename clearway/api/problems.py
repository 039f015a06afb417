"""One error shape: RFC 9457 problem details, made from the tree in `errors.py`.

    {"type": "urn:clearway:problem:rule_violation", "title": "The message breaks a rule",
     "status": 422, "detail": "...", "findings": [{"code": "DEC_R12", "field": "...", ...}]}

Whatever is not one of our errors becomes a 500 that names an incident and says nothing of our
inside; the log has the rest under the same number.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException

from clearway.errors import BadTerm, ClearwayError, RuleViolation, TryLater

MEDIA_TYPE = "application/problem+json"
log = structlog.get_logger()


class BodyRefused(Exception):
    """The body is over its limit, too slow, or broke off."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


class FindingOut(BaseModel):
    """One remark on one field of the message."""

    code: str
    area: str
    level: str
    field: str
    message: str


class Problem(BaseModel):
    """RFC 9457 problem details."""

    model_config = ConfigDict(extra="allow")

    type: str
    code: str
    title: str
    status: int
    detail: str
    findings: list[FindingOut] = []


def problem(error: ClearwayError, *, status: int | None = None) -> JSONResponse:
    """Return the answer that carries `error`."""
    if isinstance(error, TryLater) and "lane" in error.fields:
        status = 429
    own = {name: value for name, value in error.fields.items() if isinstance(value, str | int)}
    body: dict[str, Any] = own | {  # an error's own `status` of a thing never passes for HTTP's
        "type": f"urn:clearway:problem:{error.code}",
        "code": error.code,
        "title": error.title,
        "status": status or error.status,
        "detail": error.detail,
    }
    if isinstance(error, RuleViolation):
        body["findings"] = [asdict(finding) for finding in error.findings]
    if isinstance(error, BadTerm) and error.field:
        body["field"] = error.field
    headers = {}
    if isinstance(error, TryLater):
        headers["Retry-After"] = str(error.retry_after_s)
    if body["status"] == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(body, body["status"], headers, MEDIA_TYPE)


def plain_problem(code: str, title: str, status: int, detail: str, **more: Any) -> JSONResponse:
    """Return a problem that has no error of ours behind it."""
    body = {
        "type": f"urn:clearway:problem:{code}",
        "code": code,
        "title": title,
        "status": status,
        "detail": detail,
        **more,
    }
    return JSONResponse(body, status, media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Make every error of the application leave in this one shape."""

    @app.exception_handler(ClearwayError)
    async def _ours(request: Request, error: ClearwayError) -> Response:
        if error.status >= 500 and not isinstance(error, TryLater):  # a full lane is no failure
            log.error("problem", code=error.code, detail=error.detail, path=request.url.path)
        return problem(error)

    @app.exception_handler(BodyRefused)
    async def _body(request: Request, error: BodyRefused) -> Response:
        return plain_problem("body", "Refused", error.status, error.detail)

    @app.exception_handler(RequestValidationError)
    async def _parameters(request: Request, error: RequestValidationError) -> Response:
        findings = [
            {
                "code": "API_R01",
                "area": "Schema",
                "level": "SEVERE",
                "field": "/".join(str(part) for part in one["loc"]),
                "message": str(one["msg"]),
            }
            for one in error.errors()
        ]
        first = findings[0]
        detail = f"{first['field']}: {first['message']}"
        return plain_problem(
            "bad_request", "A parameter does not fit", 422, detail, findings=findings
        )

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        title = {404: "Not found", 405: "Not possible here"}.get(error.status_code, "Refused")
        answer = plain_problem("http", title, error.status_code, str(error.detail))
        answer.headers.update(error.headers or {})
        return answer

    @app.exception_handler(Exception)
    async def _unexpected(request: Request, error: Exception) -> Response:
        incident = f"{id(error):x}"
        log.error("incident", incident=incident, path=request.url.path, exc_info=error)
        return plain_problem(
            "incident",
            "Something went wrong on our side",
            500,
            "Send the same message again: a repeat is answered the same. If it goes on, tell the"
            f" operator the incident {incident}.",
        )


RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": text, "content": {MEDIA_TYPE: {}}}
    for status, text in {
        400: "The message cannot be read",
        401: "Sign in first",
        403: "Policy refuses, with its reason",
        404: "No such thing, or none that you may see",
        409: "Conflicting key, or not possible in the present state",
        413: "Over a stated limit",
        415: "A media type that this door does not read",
        422: "A value or a rule refuses, with findings",
        429: "Too many of your messages wait",
        503: "Try later",
    }.items()
}
