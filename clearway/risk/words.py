"""Descriptions of goods that say nothing.

Source of the idea: the WCO SAFE framework and pre-arrival systems refuse general terms such as
"consolidated", "general cargo" or "parts" in a goods description. The list is our own.
"""

from __future__ import annotations

import re
from functools import lru_cache

_WORD = re.compile(r"[^\W\d_]+")

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
