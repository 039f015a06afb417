"""Words of goods descriptions: which say nothing, and which tell.

Source of the idea: the WCO SAFE framework and pre-arrival systems refuse general terms such as
"consolidated", "general cargo" or "parts" in a goods description. The list is our own.
"""

from __future__ import annotations

import re
from functools import lru_cache

_WORD = re.compile(r"[^\W\d_]+")
_DIGITS = re.compile(r"\D+")
_LEAST_LETTERS = 3
_PHONE_DIGITS = 8

_GENERAL = """
a accessories accessory all and any article articles as assorted box boxes cargo carton cartons
commodities commodity consolidated consolidation container containers contents declared different
effects equipment etc food foodstuff foodstuffs for freight fresh general gift gifts good goods
household industrial item items kind load material materials merchandise misc miscellaneous mixed
new nes of or other others package packages pallet pallets part parts pieces product products
sample samples said set shipment spare stuff sundries sundry supplies the thing things to various
ware wares
"""

# A description made of these words alone tells nobody what lies in the box.
STOP_WORDS = frozenset(_GENERAL.split())


@lru_cache(maxsize=65_536)
def is_vague(description: str) -> bool:
    """Return whether the description names no goods: empty, or general words only."""
    words = _WORD.findall(description.lower())
    return all(word in STOP_WORDS for word in words)


@lru_cache(maxsize=65_536)
def telling(description: str) -> tuple[str, ...]:
    """Return its distinct words that may tell what the goods are, as they come."""
    words = _WORD.findall(description.lower())
    told = (word for word in words if len(word) >= _LEAST_LETTERS and word not in STOP_WORDS)
    return tuple(dict.fromkeys(told))


@lru_cache(maxsize=65_536)
def written(address: str) -> str:
    """Return an address without case, blanks and punctuation: what two clerks write alike."""
    return "".join(each for each in address.casefold() if each.isalnum())


@lru_cache(maxsize=65_536)
def digits_of(phone: str) -> str:
    """Return the last digits of a telephone number, whatever its country code and blanks."""
    return _DIGITS.sub("", phone)[-_PHONE_DIGITS:]
