"""EPC URNs and GS1 Digital Links in one form: the constrained canonical Digital Link.

    canonical("urn:epc:id:sgtin:4012345.011111.9876")    # https://id.gs1.org/01/04012345111118/21/9876
    canonical("https://shop.example/gtin/4012345111118/lot/7/ser/9?17=261231")
                                                         # https://id.gs1.org/01/04012345111118/21/9

The domain becomes id.gs1.org, the query string goes, of lot and serial only the serial stays, the
consumer product variant goes, a GTIN has 14 digits. An EPC URN gets its check digit.

Source: GS1 Digital Link URI syntax 1.2 section 4.11; rules 17 and 18 of the CBV event hash; EPC Tag
Data Standard section 6.3 for the URNs.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

DOMAIN = "https://id.gs1.org/"
# Longer ones are no identifiers of GS1: the longest, 8006 with a serial, has fewer than 200.
_LONGEST = 2_048
# So much of a stranger's text is kept in memory, 32,768 times at most.
LONGEST_REMEMBERED = 160

_URN = re.compile(r"urn:epc:(id|class|idpat):([a-z]+):([0-9]{6,12})\.([^.:/]*)(?:\.([^/]*))?")
_ENCODED = str.maketrans({mark: f"%{ord(mark):02X}" for mark in "!()*+,:"})
_TEXT = r"(?:[\"'.0-9;<=>?A-Z_a-z!()*+,:-]|%[0-9A-Fa-f]{2})"
_COMPONENT = r"(?:[#0-9A-Z-]|%[0-9A-Fa-f]{2})"

_SHORT = {
    "gtin": "01",
    "itip": "8006",
    "cpid": "8010",
    "gln": "414",
    "party": "417",
    "gsrnp": "8017",
    "gsrn": "8018",
    "gcn": "255",
    "sscc": "00",
    "gdti": "253",
    "ginc": "401",
    "gsin": "402",
    "grai": "8003",
    "giai": "8004",
    "cpv": "22",
    "lot": "10",
    "ser": "21",
}
# Primary key, and the qualifiers in their order; the last one that is there is the finest.
_KEYS: dict[str, tuple[str, tuple[str, ...]]] = {
    "00": (r"[0-9]{18}", ()),
    "01": (r"[0-9]{8}|[0-9]{12,14}", ("22", "10", "21", "235")),
    "253": (rf"[0-9]{{13}}{_TEXT}{{0,17}}", ()),
    "255": (r"[0-9]{13,25}", ()),
    "401": (rf"[0-9]{{4}}{_TEXT}{{0,26}}", ()),
    "402": (r"[0-9]{17}", ()),
    "414": (r"[0-9]{13}", ("254",)),
    "417": (r"[0-9]{13}", ()),
    "8003": (rf"[0-9]{{14}}{_TEXT}{{0,16}}", ()),
    "8004": (rf"[0-9]{{4}}{_TEXT}{{0,26}}", ()),
    "8006": (r"[0-9]{18}", ("22", "10", "21")),
    "8010": (rf"[0-9]{{4}}{_COMPONENT}{{0,26}}", ("8011",)),
    "8017": (r"[0-9]{18}", ()),
    "8018": (r"[0-9]{18}", ()),
}
_FINEST = {"01": ("235", "21", "10"), "8006": ("21", "10"), "414": ("254",), "8010": ("8011",)}
_VALUES = {key: re.compile(pattern) for key, (pattern, _) in _KEYS.items()}
_QUALIFIERS = {
    "22": re.compile(rf"{_TEXT}{{1,20}}"),
    "10": re.compile(rf"{_TEXT}{{1,20}}"),
    "21": re.compile(rf"{_TEXT}{{1,20}}"),
    "235": re.compile(rf"{_TEXT}{{1,28}}"),
    "254": re.compile(rf"{_TEXT}{{1,20}}"),
    "8011": re.compile(r"[0-9]{1,12}"),
}


def canonical(text: str) -> str | None:
    """Return the constrained canonical Digital Link of a GS1 identifier, None if it is none."""
    if len(text) > LONGEST_REMEMBERED:
        return None if len(text) > _LONGEST else _canonical(text)
    return _remembered(text)


def _canonical(text: str) -> str | None:
    if text.startswith("urn:epc:"):
        return _of_urn(text)
    if text.startswith(("https://", "http://")):
        return _of_link(text)
    return None


_remembered = lru_cache(maxsize=32_768)(_canonical)


def check_digit(digits: str) -> str:
    """Return the GS1 check digit of these digits. Source: GS1 General Specifications 7.9.1."""
    total = sum(int(digit) * (1 if at % 2 else 3) for at, digit in enumerate(reversed(digits)))
    return str(-total % 10)


def _of_urn(text: str) -> str | None:
    found = _URN.fullmatch(text)
    if found is None:
        return None
    family, scheme, prefix, reference, rest = found.groups()
    make = _SCHEMES.get((family, scheme))
    if make is None:
        return None
    path = make(prefix, reference, rest)
    return None if path is None else DOMAIN + path


_Parts = Callable[[str, str, str | None], str | None]


def _gtin(prefix: str, reference: str) -> str | None:
    """Return 14 digits: the indicator, which heads the reference, comes first."""
    digits = reference[:1] + prefix + reference[1:]
    if len(digits) != 13 or not _is_digits(digits):
        return None
    return digits + check_digit(digits)


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdecimal()


def _trade_item(qualifier: str, *, is_pattern: bool = False) -> _Parts:
    def make(prefix: str, reference: str, rest: str | None) -> str | None:
        gtin = _gtin(prefix, reference)
        if gtin is None or not rest or is_pattern != (rest == "*"):
            return None
        return f"01/{gtin}" if is_pattern else f"01/{gtin}/{qualifier}/{rest.translate(_ENCODED)}"

    return make


def _checked(key: str, length: int, *, is_leading: bool = False) -> _Parts:
    """Build a key of digits only; of an SSCC the first digit of the reference leads."""

    def make(prefix: str, reference: str, rest: str | None) -> str | None:
        digits = prefix + reference
        if is_leading:
            digits = reference[:1] + prefix + reference[1:]
        if rest is not None or len(digits) != length or not _is_digits(digits):
            return None
        return f"{key}/{digits}{check_digit(digits)}"

    return make


def _serialised(key: str, lead: str = "", *, is_pattern: bool = False) -> _Parts:
    """Build a key of 13 digits with a serial right behind them."""

    def make(prefix: str, reference: str, rest: str | None) -> str | None:
        digits = prefix + reference
        if len(digits) != 12 or not _is_digits(digits) or not rest or is_pattern != (rest == "*"):
            return None
        serial = "" if is_pattern else rest.translate(_ENCODED)
        return f"{key}/{lead}{digits}{check_digit(lead + digits)}{serial}"

    return make


def _location(prefix: str, reference: str, rest: str | None) -> str | None:
    digits = prefix + reference
    if len(digits) != 12 or not _is_digits(digits) or not rest:
        return None
    gln = f"414/{digits}{check_digit(digits)}"
    return gln if rest == "0" else f"{gln}/254/{rest.translate(_ENCODED)}"


def _free(key: str) -> _Parts:
    """Build a company prefix with a reference of any characters."""

    def make(prefix: str, reference: str, rest: str | None) -> str | None:
        whole = reference if rest is None else f"{reference}.{rest}"
        return f"{key}/{prefix}{whole.translate(_ENCODED)}" if whole else None

    return make


def _component(prefix: str, reference: str, rest: str | None) -> str | None:
    if not reference or not rest:
        return None
    part = f"8010/{prefix}{reference.translate(_ENCODED)}"
    return part if rest == "*" else f"{part}/8011/{rest}"


def _piece(prefix: str, reference: str, rest: str | None) -> str | None:
    gtin = _gtin(prefix, reference)
    found = re.fullmatch(r"([0-9]{2})\.([0-9]{2})\.(.+)", rest or "")
    if gtin is None or found is None:
        return None
    piece, total, serial = found.groups()
    item = f"8006/{gtin}{piece}{total}"
    return item if serial == "*" else f"{item}/21/{serial.translate(_ENCODED)}"


_SCHEMES: dict[tuple[str, str], _Parts] = {
    ("id", "sgtin"): _trade_item("21"),
    ("id", "upui"): _trade_item("235"),
    ("class", "lgtin"): _trade_item("10"),
    ("idpat", "sgtin"): _trade_item("21", is_pattern=True),
    ("idpat", "upui"): _trade_item("235", is_pattern=True),
    ("id", "sscc"): _checked("00", 17, is_leading=True),
    ("id", "gsrn"): _checked("8018", 17),
    ("id", "gsrnp"): _checked("8017", 17),
    ("id", "gsin"): _checked("402", 16),
    ("id", "pgln"): _checked("417", 12),
    ("id", "sgln"): _location,
    ("id", "grai"): _serialised("8003", "0"),
    ("id", "gdti"): _serialised("253"),
    ("id", "sgcn"): _serialised("255"),
    ("idpat", "grai"): _serialised("8003", "0", is_pattern=True),
    ("idpat", "gdti"): _serialised("253", is_pattern=True),
    ("idpat", "sgcn"): _serialised("255", is_pattern=True),
    ("id", "giai"): _free("8004"),
    ("id", "ginc"): _free("401"),
    ("id", "cpi"): _component,
    ("idpat", "cpi"): _component,
    ("id", "itip"): _piece,
    ("idpat", "itip"): _piece,
}


def _of_link(text: str) -> str | None:
    """Find a primary key in the path that is followed by its qualifiers and nothing else."""
    _, _, path = text.partition("?")[0].partition("//")[2].partition("/")
    parts = path.removesuffix("/").split("/")
    for at in range(max(0, len(parts) - 8), len(parts) - 1):
        key = _SHORT.get(parts[at], parts[at])
        if key in _KEYS and len(parts) - at <= 8:
            found = _of_parts(key, parts[at + 1], parts[at + 2 :])
            if found is not None:
                return DOMAIN + found
    return None


def _of_parts(key: str, value: str, rest: list[str]) -> str | None:
    if not _VALUES[key].fullmatch(value) or len(rest) % 2:
        return None
    qualifiers = {}
    allowed = iter(_KEYS[key][1])
    for name, qualifier in zip(rest[::2], rest[1::2], strict=True):
        known = _SHORT.get(name, name)
        # `in` on the iterator: each qualifier once, and in its order.
        if known not in allowed or not _QUALIFIERS[known].fullmatch(qualifier):
            return None
        qualifiers[known] = qualifier
    whole = f"{key}/{value.zfill(14) if key == '01' else value}"
    for name in _FINEST.get(key, ()):
        if name in qualifiers:
            return f"{whole}/{name}/{qualifiers[name]}"
    return whole
