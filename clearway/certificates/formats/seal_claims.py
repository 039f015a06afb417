"""The payload of a seal: its claims as a CBOR map with small integers as keys.

    {0: 1, 1: "EC", 2: "EC-2026-000123", 3: "NL", 6: 20526, 7: "851", 8: "70",
     9: h'...32 bytes', 10: ["851-1", 481516], 11: h'...16 bytes'}

Keys 1, 2, 3, 4 and 6 are those of the like claims in a CWT (RFC 8392); the map is none, since its
days are whole and its other keys are ours. See `docs/design/seal.md`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final, TypeVar

import cbor2

from clearway.certificates.claims import ClaimedLine, Claims, Inspection, Place
from clearway.certificates.single_use import COMMITMENT_SIZE, SECRET_SIZE, commit
from clearway.errors import BadTerm, MalformedMessage
from clearway.ledger import cbor
from clearway.terms.places import Country

FORM: Final = 1
MAX_LINES: Final = 3
MAX_CONTAINERS: Final = 4
MAX_SEALS: Final = 4
MAX_NUMBER: Final = 70
MAX_NAME: Final = 40
MAX_WHOLE: Final = (1 << 53) - 1  # what JavaScript counts exactly
MAX_PLACES: Final = 1 << 32

_EPOCH: Final = date(1970, 1, 1)
_MAX_DAY: Final = (date.max - _EPOCH).days
T = TypeVar("T")

(_FORM, _ISSUING, _NUMBER, _IMPORTING, _UNTIL) = range(5)
(_ISSUED, _TYPE, _STATUS, _DIGEST, _PLACE) = range(6, 11)
(_COMMITMENT, _SECRET, _LINES, _LINE_COUNT, _CONSIGNOR) = range(11, 16)
(_CONSIGNEE, _CONTAINERS, _CONTAINER_COUNT) = range(16, 19)
_KNOWN: Final = frozenset(range(19)) - {5}


def write(claims: Claims) -> bytes:
    """Return the payload of a seal: a deterministic CBOR map (RFC 8949, 4.2.1)."""
    known: dict[int, Any] = {
        _FORM: FORM,
        _ISSUING: str(claims.issuing_country),
        _NUMBER: claims.number,
        _IMPORTING: claims.importing_country and str(claims.importing_country),
        _UNTIL: claims.valid_until and _day(claims.valid_until),
        _ISSUED: _day(claims.issued),
        _TYPE: claims.type_code,
        _STATUS: claims.status,
        _DIGEST: claims.content_digest,
        _PLACE: claims.place and [claims.place.list_id, claims.place.index],
        _COMMITMENT: claims.secret_digest if claims.secret is None else None,
        _SECRET: claims.secret,
    }
    if claims.inspection is not None:
        known |= _write_inspection(claims.inspection)
    return cbor2.dumps(
        {k: value for k, value in known.items() if value is not None}, canonical=True
    )


def _write_inspection(shown: Inspection) -> dict[int, Any]:
    return {
        _LINES: [
            [line.number, line.hs, line.name, line.net_grams, line.packages] for line in shown.lines
        ],
        _LINE_COUNT: shown.line_count,
        _CONSIGNOR: shown.consignor or None,
        _CONSIGNEE: shown.consignee or None,
        _CONTAINERS: [list(each) for each in shown.containers] or None,
        _CONTAINER_COUNT: shown.container_count or None,
    }


def read(payload: bytes) -> Claims:
    """Return the claims of a payload. Raises: MalformedMessage: not those of a seal of form 1."""
    known = cbor.read(payload)
    if not isinstance(known, dict) or known.get(_FORM) != FORM or type(known[_FORM]) is not int:
        raise MalformedMessage("This is no seal of form 1; a newer reader may know its form")
    if strange := known.keys() - _KNOWN:
        raise MalformedMessage(f"The seal has claims that form 1 does not know: {strange!r:.40}")
    field = _Fields(known)
    secret = field.maybe(_SECRET, lambda key: field.bytes(key, SECRET_SIZE))
    try:
        return Claims(
            type_code=field.text(_TYPE, 6),
            issuing_country=Country(field.text(_ISSUING, 2)),
            number=field.text(_NUMBER, MAX_NUMBER),
            status=field.text(_STATUS, 3),
            issued=field.day(_ISSUED),
            content_digest=field.bytes(_DIGEST, 32),
            importing_country=field.maybe(_IMPORTING, lambda key: Country(field.text(key, 2))),
            valid_until=field.maybe(_UNTIL, field.day),
            place=field.maybe(_PLACE, field.place),
            secret_digest=_commitment(field, secret),
            secret=secret,
            inspection=_inspection(field) if _LINES in known else None,
        )
    except BadTerm as error:
        raise MalformedMessage(f"The seal names a country that is none: {error.detail}") from error


def _commitment(field: _Fields, secret: bytes | None) -> bytes | None:
    """Return what is committed to; a secret that is shown is not committed to beside."""
    shown = field.maybe(_COMMITMENT, lambda key: field.bytes(key, COMMITMENT_SIZE))
    if secret is None:
        return shown
    if shown is not None:
        raise MalformedMessage("A seal shows its secret or a commitment to it, not both")
    return commit(secret)


def _inspection(field: _Fields) -> Inspection:
    lines = tuple(field.line(each) for each in field.array(_LINES, MAX_LINES))
    containers = field.maybe(_CONTAINERS, field.containers) or ()
    shown = Inspection(
        lines,
        field.count(field.known.get(_LINE_COUNT)),
        field.maybe(_CONSIGNOR, lambda key: field.text(key, MAX_NAME)) or "",
        field.maybe(_CONSIGNEE, lambda key: field.text(key, MAX_NAME)) or "",
        containers,
        field.count(field.known.get(_CONTAINER_COUNT, 0)),
    )
    if shown.line_count < len(lines) or shown.container_count < len(containers):
        raise MalformedMessage("The seal shows more lines or containers than it counts")
    return shown


def _day(day: date) -> int:
    return (day - _EPOCH).days


@dataclass(frozen=True, slots=True)
class _Fields:
    """The members of a map, each checked for kind and size as it is taken."""

    known: Mapping[int | str, Any]

    def maybe(self, key: int, take: Callable[[int], T]) -> T | None:
        return take(key) if key in self.known else None

    def text(self, key: int, size: int) -> str:
        return self._short_text(self.known.get(key), size, f"claim {key}")

    def bytes(self, key: int, size: int) -> bytes:
        value = self.known.get(key)
        if not isinstance(value, bytes) or len(value) != size:
            raise MalformedMessage(f"The seal's claim {key} is not a string of {size} bytes")
        return value

    def day(self, key: int) -> date:
        return _EPOCH + timedelta(days=self._whole(self.known.get(key), _MAX_DAY, f"claim {key}"))

    def place(self, key: int) -> Place:
        list_id, index = self._parts(self.known[key], 2)
        return Place(
            self._short_text(list_id, 16, "list id"), self._whole(index, MAX_PLACES, "index")
        )

    def array(self, key: int, most: int) -> list[Any]:
        value = self.known.get(key)
        if not isinstance(value, list) or len(value) > most:
            raise MalformedMessage(f"The seal's claim {key} is not an array of at most {most}")
        return value

    def line(self, value: object) -> ClaimedLine:
        number, hs, name, grams, packages = self._parts(value, 5)
        return ClaimedLine(
            self.count(number),
            self._short_text(hs, 12, "HS code") if hs != "" else "",
            self._short_text(name, MAX_NAME, "name") if name != "" else "",
            None if grams is None else self._whole(grams, MAX_WHOLE, "net mass"),
            None if packages is None else self.count(packages),
        )

    def containers(self, key: int) -> tuple[tuple[str, ...], ...]:
        found = []
        for each in self.array(key, MAX_CONTAINERS):
            if not isinstance(each, list) or not 1 <= len(each) <= 1 + MAX_SEALS:
                raise MalformedMessage("A container in a seal is a number and at most 4 seals")
            found.append(tuple(self._short_text(part, 35, "container") for part in each))
        return tuple(found)

    def count(self, value: object) -> int:
        return self._whole(value, MAX_WHOLE, "count")

    def _parts(self, value: object, size: int) -> list[Any]:
        if not isinstance(value, list) or len(value) != size:
            raise MalformedMessage(f"A part of the seal is not an array of {size}")
        return value

    def _whole(self, value: object, most: int, what: str) -> int:
        if type(value) is not int or not 0 <= value <= most:
            raise MalformedMessage(f"The seal's {what} is not a whole number from 0 to {most}")
        return value

    def _short_text(self, value: object, size: int, what: str) -> str:
        if not isinstance(value, str) or not 1 <= len(value) <= size or not value.isprintable():
            raise MalformedMessage(f"The seal's {what} is not a text of 1 to {size} characters")
        return value
