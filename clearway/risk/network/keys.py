"""Names, addresses and telephone numbers in one spelling, so that they can be compared.

    of(Registration(...)) -> Keys(name="KOMARIA SEAFOOD", root="KOMARIA", address=..., phone=...)

One function serves the batch and the party that registers now. Nothing here knows a language: what
is taken away are accents, punctuation, legal forms and the usual abbreviations of streets.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from clearway.risk.network.model import Registration

# Legal forms, and words of trade that half of all importers bear.
_FORMS = frozenset(
    {
        *("LTD", "LIMITED", "COMPANY", "CO", "GMBH", "AG", "BV", "NV", "SA", "SAS", "SARL"),
        *("SPA", "SRL", "SAC", "LTDA", "PLC", "LLC", "INC", "AS", "AB", "OY", "PTY", "PVT"),
        *("ENTERPRISE", "ENTERPRISES", "SONS", "GROUP", "THE", "AND", "NEW"),
    }
)
_STREETS = {
    "ST": "STREET", "STR": "STREET", "RD": "ROAD", "AVE": "AVENUE", "AV": "AVENUE", "LN": "LANE",
    "BLVD": "BOULEVARD", "SQ": "SQUARE", "BLDG": "BUILDING", "NO": "",
}  # fmt: skip
_WORD = re.compile(r"[A-Z0-9]+")
_DOTTED = re.compile(r"\b((?:[A-Z]\.){2,})")
_MOST = 300  # characters that are looked at
_SUBSCRIBER = 9  # digits at the end: without the country's code or the leading zero
_LEAST_DIGITS = 7


class Keys(NamedTuple):
    """What is compared of one registration; empty where it says nothing.

    Args:
        name: words without legal forms.
        root: the first of them: mostly the invented or family name.
        address: with streets written out.
        phone: the last nine digits.
    """

    name: str
    root: str
    address: str
    phone: str


def of(registration: Registration) -> Keys:
    """Return the keys of a registration."""
    name = name_key(registration.name)
    return Keys(
        name, name.split(" ")[0], address_key(registration.address), phone_key(registration.phone)
    )


def name_key(name: str) -> str:
    """Return the words of a name without accents, punctuation and legal forms."""
    words = _words(name)
    kept = [word for word in words if word not in _FORMS]
    return " ".join(kept or words)


def address_key(address: str) -> str:
    """Return the words of an address, streets written out."""
    return " ".join(filter(None, (_STREETS.get(word, word) for word in _words(address))))


def phone_key(phone: str) -> str:
    """Return the last nine digits of a telephone number; empty with fewer than seven."""
    digits = "".join(sign for sign in phone[:_MOST] if "0" <= sign <= "9")
    return digits[-_SUBSCRIBER:] if len(digits) >= _LEAST_DIGITS else ""


def _words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", text[:_MOST]).upper()
    joined = _DOTTED.sub(lambda dotted: dotted[1].replace(".", ""), plain)
    bare = "".join(sign for sign in joined if not unicodedata.combining(sign))
    return _WORD.findall(bare)
