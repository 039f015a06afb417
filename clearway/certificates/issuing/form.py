"""The JSON form of an application (docs/design/application.md): read with defaults, strictly named.

    request = read(body, country=Country("XA"))
    body = write(request)

What only the authority gives (number, dates, signatures, status) may be left out. A name that is
not known is refused: a misspelt field would otherwise lose what it was meant to say.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, TypeVar

import msgspec

from clearway.certificates.issuing.model import Request, Result
from clearway.certificates.issuing.notice import Notice
from clearway.certificates.model import Status
from clearway.errors import BadTerm, MalformedMessage, TooLarge
from clearway.ledger.fact import decode, encode
from clearway.terms.places import Country

FORMAT: Final = "clearway.application/1"
LARGEST_BYTES: Final = 1 << 20
_MOST_DEPTH: Final = 16
_MOST_VALUES: Final = 50_000
Wanted = TypeVar("Wanted")


def read(body: bytes, *, country: Country) -> Request:
    """Return the application in a JSON document.

    Args:
        country: ours, which issues.

    Raises: MalformedMessage, TooLarge: no such document. BadTerm: a value or a name is wrong.
    """
    stated = _load(body)
    if stated.pop("format", None) != FORMAT:
        raise MalformedMessage(f'An application begins with "format": "{FORMAT}"')
    content = stated.get("content")
    if not isinstance(content, dict):
        raise MalformedMessage('An application has a "content": the certificate as it shall become')
    stated["content"] = {
        "number": "",
        "status": str(Status.DRAFT),
        "issuing_country": str(country),
        "importing_country": None,
        "issued": None,
        "issuer": {"name": ""},
        "consignor": {"name": ""},
        "consignee": {"name": ""},
        "lines": [],
    } | content
    return _convert(stated, Request)


def write(request: Request) -> bytes:
    """Return the JSON document of an application."""
    return encode(document(request))


def document(request: Request) -> dict[str, Any]:
    """Return an application as the values of its JSON document."""
    return {"format": FORMAT, **msgspec.json.decode(encode(request))}


def read_result(body: bytes) -> Result:
    """Return what was examined. Raises: MalformedMessage, TooLarge, BadTerm."""
    stated = _load(body)
    if stated.pop("goods", ""):
        raise MalformedMessage("A result does not state `goods`; it is of those on file")
    return _convert(stated, Result)


def read_notice(body: bytes) -> Notice:
    """Return a notification of non-compliance. Raises: MalformedMessage, TooLarge, BadTerm."""
    return _convert(_load(body), Notice)


def _load(body: bytes) -> dict[str, Any]:
    if len(body) > LARGEST_BYTES:
        raise TooLarge(
            f"The document has {len(body):,} bytes; at most {LARGEST_BYTES:,}", limit="size_bytes"
        )
    try:
        loaded = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise MalformedMessage(f"This is no JSON: {error}") from error
    if not isinstance(loaded, dict):
        raise MalformedMessage("A JSON object is expected")
    _require_small(loaded)
    return loaded


def _require_small(whole: object) -> None:
    count, level = 0, [whole]
    for _ in range(_MOST_DEPTH):
        count += len(level)
        if count > _MOST_VALUES:
            raise TooLarge(f"The document has over {_MOST_VALUES:,} values", limit="nodes")
        level = [inner for each in level for inner in _inside(each)]
        if not level:
            return
    raise TooLarge(f"The document is nested over {_MOST_DEPTH} deep", limit="depth")


def _inside(value: object) -> list[object]:
    if isinstance(value, dict):
        return list(value.values())
    return list(value) if isinstance(value, list) else []


def _convert(stated: dict[str, Any], wanted: type[Wanted]) -> Wanted:
    try:
        found: Wanted = decode(msgspec.json.encode(stated), wanted)
    except msgspec.ValidationError as error:
        raise BadTerm(
            "Application", "", str(error), field=str(error).rpartition("$.")[2]
        ) from error
    known = msgspec.json.decode(encode(found))
    unknown = next(_unknown(stated, known, ""), None)
    if unknown is not None:
        raise BadTerm("Field", unknown, "is not known here; see the form", field=unknown)
    return found


def _unknown(given: object, known: object, path: str) -> Iterator[str]:
    """Yield the names that were given but not understood."""
    if isinstance(given, dict) and isinstance(known, dict):
        for name, value in given.items():
            here = f"{path}.{name}".lstrip(".")
            if name not in known:
                yield here
            else:
                yield from _unknown(value, known[name], here)
    elif isinstance(given, list) and isinstance(known, list):
        for place, (one, other) in enumerate(zip(given, known, strict=False)):
            yield from _unknown(one, other, f"{path}[{place}]")
