"""Pure identity patterns: `urn:epc:idpat:sgtin:0614141.112345.*` and what they stand for.

Identifiers are kept in one canonical form: GS1 keys as Digital Links, the rest as URNs. A pattern
becomes the beginnings that its identifiers have in that form. Where a digit before the company
prefix is not known (the indicator of a GTIN, the extension of an SSCC), each of ten is meant.

Source: GS1 EPC Tag Data Standard 1.13, 8 (pure identity patterns) and 6.3 (URIs); GS1 Digital Link
URI syntax 1.3, 5 (keys and qualifiers).
"""

from __future__ import annotations

from collections.abc import Callable

from clearway.errors import BadTerm
from clearway.movements.epcis import names
from clearway.movements.epcis.digital_link import check_digit
from clearway.movements.epcis.query import Pattern

LINK = "https://id.gs1.org/"
_IDPAT = "urn:epc:idpat:"
_ID = "urn:epc:id:"
_LOT = "urn:epc:class:lgtin:"
_RULE = (
    "must be an identifier as a URI, or a pattern such as urn:epc:idpat:sgtin:0614141.112345.*"
    " whose parts are wild from some part on to the end"
)

Known = list[str]


def read(text: str) -> tuple[Pattern, ...]:
    """Return what a value of a MATCH_ parameter stands for; any of them fits.

    Raises: BadTerm: the pattern has wild parts before fixed ones, or parts are missing.
    """
    if text.startswith(_IDPAT):
        return _pattern(text)
    if text.startswith(_LOT) and text.endswith(".*"):
        company, item, *_ = [*text.removeprefix(_LOT).split("."), ""]
        _require_digits(text, company, item)
        return (Pattern(f"{_item(company, item)}/10/", is_prefix=True),)
    return (Pattern(names.identifier(text)),)


def _pattern(text: str) -> tuple[Pattern, ...]:
    scheme, _, rest = text.removeprefix(_IDPAT).partition(":")
    parts = rest.split(".")
    known = [part for part in parts if part != "*"]
    if not scheme or not all(parts) or parts[: len(known)] != known or "*" in "".join(known):
        raise BadTerm("pattern", text, _RULE)
    if len(known) == len(parts):
        return (Pattern(names.identifier(f"{_ID}{scheme}:{rest}")),)
    begin = _SCHEMES.get(scheme)
    if begin is None or not known:
        return (Pattern(f"{_ID}{scheme}:" + "".join(f"{part}." for part in known), True),)
    if scheme != "cpi":
        _require_digits(text, *known[:2])
    return begin(known)


def _require_digits(text: str, *parts: str) -> None:
    if not all(part.isascii() and part.isdigit() for part in parts):
        raise BadTerm("pattern", text, "its company prefix and reference are digits")


def _prefixes(*beginnings: str) -> tuple[Pattern, ...]:
    return tuple(Pattern(LINK + one, is_prefix=True) for one in beginnings)


def _any_digit(key: str, rest: str) -> tuple[Pattern, ...]:
    return _prefixes(*(f"{key}/{digit}{rest}" for digit in range(10)))


def _item(company: str, item: str) -> str:
    """Return the Digital Link of a GTIN from company prefix and indicator with item reference."""
    digits = f"{item[:1]}{company}{item[1:]}"
    return f"{LINK}01/{digits}{check_digit(digits)}"


def _sgtin(known: Known) -> tuple[Pattern, ...]:
    if len(known) == 1:
        return _any_digit("01", known[0])
    item = _item(*known[:2])
    # The pattern names the class itself as well (EPCIS 2.0, 8.2.7.1.1, MATCH_epcClass).
    return (Pattern(item), Pattern(f"{item}/21/", is_prefix=True))


def _upui(known: Known) -> tuple[Pattern, ...]:
    if len(known) == 1:
        return _any_digit("01", known[0])
    return (Pattern(f"{_item(*known[:2])}/235/", is_prefix=True),)


def _sscc(known: Known) -> tuple[Pattern, ...]:
    return _any_digit("00", known[0])


def _plain(key: str) -> Callable[[Known], tuple[Pattern, ...]]:
    """Return what begins a key that has its company prefix first and nothing computed."""
    return lambda known: _prefixes(f"{key}/{known[0]}")


def _checked(key: str, padding: str = "") -> Callable[[Known], tuple[Pattern, ...]]:
    """Return what begins a key of company prefix, reference and check digit."""

    def begin(known: Known) -> tuple[Pattern, ...]:
        if len(known) == 1:
            return _prefixes(f"{key}/{padding}{known[0]}")
        digits = known[0] + known[1]
        return _prefixes(f"{key}/{padding}{digits}{check_digit(digits)}")

    return begin


def _cpi(known: Known) -> tuple[Pattern, ...]:
    if len(known) == 1:
        return _prefixes(f"8010/{known[0]}")
    return _prefixes(f"8010/{known[0]}{known[1]}/8011/")


_SCHEMES: dict[str, Callable[[Known], tuple[Pattern, ...]]] = {
    "sgtin": _sgtin,
    "upui": _upui,
    "sscc": _sscc,
    "sgln": _checked("414"),
    "pgln": _checked("417"),
    "grai": _checked("8003", "0"),
    "gdti": _checked("253"),
    "sgcn": _checked("255"),
    "giai": _plain("8004"),
    "gsrn": _plain("8018"),
    "gsrnp": _plain("8017"),
    "ginc": _plain("401"),
    "gsin": _plain("402"),
    "cpi": _cpi,
}
