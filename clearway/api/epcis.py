"""What all EPCIS doors share: media types, version headers, pages, and problems of EPCIS's types.

EPCIS 2.0 gives its answers a form of its own, so these doors have no envelope of ours; their
problems are RFC 9457 with the `type` that EPCIS names: `epcisException:NoSuchNameException`.
Source: GS1 EPCIS 2.0 REST bindings (OpenAPI 2.0.0).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode
from xml.sax.saxutils import escape

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from clearway.api.problems import BodyRefused
from clearway.errors import (
    BadTerm,
    ClearwayError,
    ConflictingKey,
    InputError,
    NotAuthenticated,
    NotFound,
    Refused,
    RuleViolation,
    TooLarge,
    TryLater,
    WrongState,
)

PREFIX = "/v1/epcis"
JSON = "application/json"
XML = "application/xml"
_JSON_TYPES = frozenset({JSON, "application/ld+json", "*/*", "application/*", ""})
_XML_TYPES = frozenset({XML, "text/xml"})
CAPTURE_LIMIT = 1_000
"""Most events of one document: so many hold the writer for about half a second."""

VERSIONS = {
    "GS1-EPCIS-Version": "2.0",
    "GS1-CBV-Version": "2.0",
    "GS1-Extensions": "",
}
DISCOVERY = {
    "GS1-EPCIS-Version": "2.0",
    "GS1-EPCIS-Min": "2.0",
    "GS1-EPCIS-Max": "2.0",
    "GS1-CBV-Version": "2.0",
    "GS1-CBV-Min": "2.0",
    "GS1-CBV-Max": "2.0",
    "GS1-EPC-Format": "Never_Translates",
    "GS1-CBV-XML-Format": "Always_Web_URI",
    "GS1-Extensions": "",
    "GS1-Vendor-Version": "clearway/1",
}


class NotAcceptable(InputError):
    """The answer exists, but in none of the forms that the caller takes."""

    code = "not_acceptable"
    title = "Not in that form"
    status = 406


class UnsupportedMedia(InputError):
    """The body is of a type that this door does not read."""

    code = "unsupported_media"
    title = "Not a type that is read here"
    status = 415


_TYPES: tuple[tuple[type[ClearwayError], str], ...] = (
    (NotAcceptable, "NotAcceptableException"),
    (UnsupportedMedia, "UnsupportedMediaTypeException"),
    (NotAuthenticated, "SecurityException"),
    (Refused, "SecurityException"),
    (NotFound, "NoSuchNameException"),
    (ConflictingKey, "ResourceAlreadyExistsException"),
    (WrongState, "ResourceAlreadyExistsException"),
    (TooLarge, "CaptureLimitExceededException"),
    (InputError, "ValidationException"),
)


class EpcisRoute(APIRoute):
    """A route whose errors leave as EPCIS says, in JSON or XML as the caller takes them."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler of this route."""
        handle = super().get_route_handler()

        async def epcis(request: Request) -> Response:
            try:
                require_versions(request)
                return await handle(request)
            except BodyRefused as error:
                kind = TooLarge if error.status == 413 else InputError
                return problem(request, kind(error.detail), status=error.status)
            except RequestValidationError as error:
                first = error.errors()[0]
                where = "/".join(str(part) for part in first["loc"])
                return problem(request, InputError(f"{where}: {first['msg']}"))
            except ClearwayError as error:
                if error.status >= 500 and not isinstance(error, TryLater):
                    raise
                return problem(request, error)

        return epcis


def problem_of(error: ClearwayError, *, status: int | None = None) -> dict[str, Any]:
    """Return an error as the members of an EPCIS problem."""
    named = str(error.fields.get("epcis", ""))
    kind = named or next((name for of, name in _TYPES if isinstance(error, of)), "")
    body: dict[str, Any] = {
        "type": f"epcisException:{kind or 'ImplementationException'}",
        "code": error.code,
        "title": error.title,
        "status": status or _status(error),
        "detail": error.detail,
    }
    if isinstance(error, RuleViolation):
        body["findings"] = [asdict(finding) for finding in error.findings]
    if isinstance(error, BadTerm) and error.field:
        body["field"] = error.field
    return body


def _status(error: ClearwayError) -> int:
    if isinstance(error, TryLater) and "lane" in error.fields:
        return 429
    # EPCIS knows 400 alone for what a caller wrote wrongly.
    return 400 if error.status == 422 else error.status


def problem(request: Request, error: ClearwayError, *, status: int | None = None) -> Response:
    """Return the answer that carries an error."""
    body = problem_of(error, status=status)
    headers = dict(VERSIONS)
    if body["status"] == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if body["status"] == 413:
        headers["GS1-EPCIS-Capture-Limit"] = str(CAPTURE_LIMIT)
    if isinstance(error, TryLater):
        headers["Retry-After"] = str(error.retry_after_s)
    if _prefers_xml(request.headers.get("accept", "")):
        return Response(_problem_xml(body), body["status"], headers, "application/problem+xml")
    return Response(_json(body), body["status"], headers, "application/problem+json")


def _problem_xml(body: Mapping[str, Any]) -> str:
    names = ("type", "title", "status", "detail")
    inner = "".join(f"<{name}>{escape(_legal(str(body[name])))}</{name}>" for name in names)
    start = '<?xml version="1.0" encoding="UTF-8"?>'
    return f'{start}<problem xmlns="urn:ietf:rfc:7807">{inner}</problem>'


def _legal(text: str) -> str:
    """Return a text without what XML 1.0 cannot hold."""
    return "".join(one if one >= " " and one not in "\ufffe\uffff" else " " for one in text)


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"), default=_plain).encode()


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def answer(value: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return an answer in JSON with the version headers."""
    return Response(_json(value), status, {**VERSIONS, **(headers or {})}, JSON)


def collection(members: list[str], headers: Mapping[str, str] | None = None) -> Response:
    """Return a list of resources."""
    context = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
    body = {"@context": context, "type": "Collection", "member": members}
    return answer(body, headers=headers)


def discovery(allow: str, more: Mapping[str, str] | None = None) -> Response:
    """Return the answer to OPTIONS: what may be done here, in which versions."""
    return Response(None, 204, {**DISCOVERY, "Allow": allow, **(more or {})})


def takes_xml(request: Request) -> bool:
    """Return whether the answer is wanted in XML; JSON where both will do.

    Raises: NotAcceptable: neither is wanted.
    """
    accept = request.headers.get("accept", "")
    kinds = _kinds(accept)
    if not kinds or any(kind in _JSON_TYPES for kind in kinds):
        return _prefers_xml(accept)
    if any(kind in _XML_TYPES for kind in kinds):
        return True
    raise NotAcceptable(f"Accept {accept[:80]!r}: events are given as {JSON} or {XML}")


def require_json(request: Request) -> None:
    """Raises: NotAcceptable: the caller does not take JSON, and this door has nothing else."""
    kinds = _kinds(request.headers.get("accept", ""))
    if kinds and not any(kind in _JSON_TYPES for kind in kinds):
        raise NotAcceptable(f"This is given as {JSON} only")


def body_is_xml(request: Request) -> bool:
    """Return whether the body says that it is XML.

    Raises: UnsupportedMedia: it is neither XML nor JSON.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in _XML_TYPES:
        return True
    if kind in (JSON, "application/ld+json"):
        return False
    raise UnsupportedMedia(f"A body of type {kind[:60]!r} is not read here; send {JSON} or {XML}")


def _kinds(accept: str) -> list[str]:
    return [part.partition(";")[0].strip().lower() for part in accept.split(",") if part.strip()]


def _prefers_xml(accept: str) -> bool:
    """Return whether XML comes before JSON among what a caller takes."""
    for kind in _kinds(accept):
        if kind in _XML_TYPES or kind == "application/problem+xml":
            return True
        if kind in _JSON_TYPES or kind == "application/problem+json":
            return False
    return False


def require_versions(request: Request) -> None:
    """Refuse what a caller demands and we do not have.

    Raises: NotAcceptable: a version of EPCIS or CBV, or a form of identifiers, that is not ours.
    """
    for name in ("GS1-EPCIS-Min", "GS1-CBV-Min"):
        if _version(request, name) > (2, 0):
            raise NotAcceptable(f"{name}: answers are of version 2.0, not above")
    for name in ("GS1-EPCIS-Max", "GS1-CBV-Max"):
        if request.headers.get(name) and _version(request, name) < (2, 0):
            raise NotAcceptable(f"{name}: answers are of version 2.0, not below")
    for name in ("GS1-EPC-Format", "GS1-CBV-XML-Format"):
        wanted = request.headers.get(name, "No_Preference")
        if wanted not in ("No_Preference", DISCOVERY[name]):
            raise NotAcceptable(f"{name} {wanted[:40]!r}: given is {DISCOVERY[name]} only")


def _version(request: Request, name: str) -> tuple[int, int]:
    parts = request.headers.get(name, "2.0").split(".")
    try:
        return int(parts[0][:4]), int(parts[1][:4]) if len(parts) > 1 else 0
    except ValueError as error:
        raise InputError(f"{name}: a version is like 2.0 or 2.0.0") from error


def extensions_of(request: Request) -> dict[str, str]:
    """Return the prefixes of extensions that the header GS1-Extensions declares."""
    found = {}
    for part in request.headers.get("gs1-extensions", "").split(",")[:50]:
        prefix, _, namespace = part.partition("=")
        if prefix.strip() and namespace.strip():
            found[prefix.strip()] = namespace.strip()
    return found


def page_headers(request: Request, token: str | None, expires: datetime | None) -> dict[str, str]:
    """Return the headers that lead to the next page, if there is one."""
    if token is None or expires is None:
        return {}
    kept = [(k, v) for k, v in request.query_params.multi_items() if k != "nextPageToken"]
    path = quote(request.url.path, safe="/:%")
    query = urlencode([*kept, ("nextPageToken", token)])
    return {
        "Link": f'<{path}?{query}>; rel="next"',
        "GS1-Next-Page-Token-Expires": expires.isoformat(timespec="seconds"),
    }
