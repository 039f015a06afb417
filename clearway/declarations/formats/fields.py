"""Taking typed values out of an XML element, leniently: what does not fit becomes a finding.

Finding codes of every reader of declarations:

- `DEC_F01` a part that must be there is absent
- `DEC_F02` a value breaks its standard and was left out of the model
- `DEC_F03` an absent value was taken from another place of the message
- `DEC_F04` an element is kept in the original, but means nothing to this system
- `DEC_F05` the kind of message
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import TypeVar

from clearway.errors import BadTerm
from clearway.terms.finding import Area, Finding, Level
from clearway.terms.money import Currency, Money
from clearway.terms.quantity import Quantity, UnitCode
from clearway.wire import xml
from clearway.wire.xml import Element

T = TypeVar("T")

# A sender mends the first hundred; to find the place of each takes time.
_MOST_FINDINGS = 200

# WCO DM: at most 16 digits, of which at most 6 decimals.
_NUMBER = re.compile(r"[+-]?[0-9]{1,16}(?:\.[0-9]{1,6})?")
_WHOLE = re.compile(r"[+-]?[0-9]{1,9}")
# UN/EDIFACT 2379: 102 is a day, 203 a minute, 304 a second with zone.
_INSTANT = re.compile(
    r"(?P<day>[0-9]{8})(?P<time>[0-9]{4}(?:[0-9]{2})?)?(?P<zone>Z|[+-][0-9]{2}(?::?[0-9]{2})?)?"
)


class Fields:
    """Reads values of one message, and collects findings.

    Args:
        root: the element at which paths of findings start.
        namespace: of all elements.
    """

    def __init__(self, root: Element, namespace: str) -> None:
        self._root = root
        self._findings: list[Finding] = []
        self._namespace = f"{{{namespace}}}"
        self._children: dict[Element, dict[str, list[Element]]] = {}

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was remarked so far; after 200 findings there are no more."""
        return tuple(self._findings)

    def path(self, element: Element) -> str:
        """Return the place of an element in the message; "" once nothing more is remarked."""
        return "" if self._is_full else xml.path(element, self._root)

    @property
    def _is_full(self) -> bool:
        return len(self._findings) >= _MOST_FINDINGS

    def find(self, element: Element | None, path: str) -> Element | None:
        """Return the first element at `A/B/C` below `element`, or None."""
        for name in path.split("/"):
            if element is None:
                return None
            named = self._children.get(element)
            found = (self._named(element) if named is None else named).get(name)
            element = found[0] if found else None
        return element

    def all(self, element: Element | None, path: str) -> list[Element]:
        """Return every element `C` of the first `A/B` below `element`."""
        parents, _, name = path.rpartition("/")
        parent = self.find(element, parents) if parents else element
        return [] if parent is None else self._named(parent).get(name, [])

    def _named(self, element: Element) -> dict[str, list[Element]]:
        """Return the children by local name; each element is asked several times, read once."""
        known = self._children.get(element)
        if known is None:
            known = self._children[element] = {}
            for child in element:
                tag = str(child.tag)
                if tag.startswith(self._namespace):
                    known.setdefault(tag[len(self._namespace) :], []).append(child)
        return known

    def text(self, element: Element | None, path: str) -> str:
        """Return the text at a path on one line; "" where it is absent."""
        found = self.find(element, path)
        if found is None or not found.text:
            return ""
        text = found.text.strip()
        return " ".join(text.split()) if "\n" in text or "\t" in text else text

    def term(self, element: Element | None, path: str, make: Callable[[str], T]) -> T | None:
        """Return the text at a path as one of our terms; None, with a finding, where it is not."""
        found = self.find(element, path)
        if found is None or not (text := (found.text or "").strip()):
            return None
        try:
            return make(text)
        except BadTerm as error:
            self.left_out(found, error.detail)
            return None

    def number(self, element: Element | None, path: str) -> Decimal | None:
        """Return the decimal number at a path; a sign is read, so that rules can refuse it."""
        return self.term(element, path, _number)

    def whole(self, element: Element | None, path: str) -> int | None:
        """Return the whole number at a path."""
        return self.term(element, path, _whole)

    def instant(self, element: Element | None, path: str) -> datetime | None:
        """Return the instant (aware UTC) in the DateTimeString at a path."""
        found = self.find(element, path)
        inner = None if found is None else next(found.iterchildren("{*}DateTimeString"), None)
        text = xml.text(inner)
        return self._made(found, lambda: read_instant(text)) if found is not None and text else None

    def money(self, element: Element | None, path: str, default: str = "") -> Money | None:
        """Return the amount at a path in the currency that its attribute names."""
        found = self.find(element, path)
        amount = self.number(element, path)
        if found is None or amount is None:
            return None
        currency = str(found.get("currencyID", default))
        return self._made(found, lambda: Money(amount, Currency(currency)))

    def quantity(self, element: Element | None, path: str) -> Quantity | None:
        """Return the quantity at a path; a qualifier behind the unit (`KGM#G`) is dropped."""
        found = self.find(element, path)
        value = self.number(element, path)
        if found is None or value is None:
            return None
        unit = str(found.get("unitCode", "")).partition("#")[0]
        if not unit:
            self.left_out(found, "The quantity names no unit (attribute unitCode)")
            return None
        return self._made(found, lambda: Quantity(value, UnitCode(unit)))

    def _made(self, element: Element, make: Callable[[], T]) -> T | None:
        """Return what `make` gives; None, with a finding on the element, where it raises."""
        try:
            return make()
        except BadTerm as error:
            self.left_out(element, error.detail)
            return None

    def left_out(self, element: Element, why: str) -> None:
        """Remark that the value of an element breaks its standard."""
        message = f"{why}. The value is kept in the original and left out of the declaration"
        self.add("DEC_F02", Area.MAPPING, Level.WARNING, self.path(element), message)

    def wrong(self, where: str, why: str) -> None:
        """Remark that an indispensable value breaks its standard: the declaration is refused."""
        self.add("DEC_F02", Area.MAPPING, Level.SEVERE, where, why)

    def taken_as(self, element: Element, why: str, what: str) -> None:
        """Remark that a value breaks one standard and was taken for something else."""
        message = f"{why}. It was taken as {what}"
        self.add("DEC_F02", Area.MAPPING, Level.INFO, self.path(element), message)

    def absent(self, where: str, what: str, level: Level = Level.SEVERE) -> None:
        """Remark that a part which must be there is absent."""
        self.add("DEC_F01", Area.MANDATORY, level, where, f"{what} is absent; add it")

    def taken(self, where: str, what: str, source: str) -> None:
        """Remark that an absent value was taken from another place."""
        message = f"{what} is absent; it was taken from {source}"
        self.add("DEC_F03", Area.MAPPING, Level.INFO, where, message)

    def add(self, code: str, area: Area, level: Level, where: str, message: str) -> None:
        """Remark something."""
        if not self._is_full:
            self._findings.append(Finding(code, area, level, where, message))


def read_instant(text: str) -> datetime:
    """Return the aware UTC instant of `20260302`, `202603021200` or `20260302120000+01`.

    Without a zone it is UTC. Raises: BadTerm: not of that form, or no such day.
    """
    found = _INSTANT.fullmatch(text)
    rule = "must be a date and time such as 20260302120000Z (UN/EDIFACT 2379, form 304)"
    if found is None:
        raise BadTerm("Date and time", text, rule)
    time = (found["time"] or "").ljust(6, "0")
    try:
        local = datetime.strptime(found["day"] + time, "%Y%m%d%H%M%S")  # noqa: DTZ007 (zone below)
        return local.replace(tzinfo=_zone(found["zone"])).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise BadTerm("Date and time", text, rule) from error


def write_instant(instant: datetime) -> str:
    """Return an aware instant in UN/EDIFACT form 304, such as `20260302120000Z`, to the second."""
    return f"{instant.astimezone(UTC):%Y%m%d%H%M%S}Z"


def _zone(text: str | None) -> timezone:
    if text in (None, "Z"):
        return UTC
    digits = str(text)[1:].replace(":", "").ljust(4, "0")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-offset if str(text).startswith("-") else offset)


def _number(text: str) -> Decimal:
    if _NUMBER.fullmatch(text) is None:
        rule = "must be a number of at most 16 digits and 6 decimals, such as 1250.5"
        raise BadTerm("Number", text, rule)
    return Decimal(text)


def _whole(text: str) -> int:
    if _WHOLE.fullmatch(text) is None:
        raise BadTerm("Number", text, "must be a whole number of at most 9 digits")
    return int(text)
