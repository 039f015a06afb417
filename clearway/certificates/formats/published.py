"""Certificates that authorities publish, such as GetActiveNppos.Signature of the ePhyto Hub.

They become entries for a trust list of our own; whoever signs that list has judged them. One that
is not accepted does not keep the others out: it is told, with its reason.

    found = entries([Published("EC", "CN=AGROCALIDAD", "MIIB...")], at=now)
    found.keys, found.refused
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from clearway.certificates.trust.keys import entry_of
from clearway.certificates.trust.model import TrustedKey, Usage
from clearway.errors import InputError, MalformedMessage, RuleViolation
from clearway.terms.places import Country

_PEM: Final = re.compile(r"-----(?:BEGIN|END) CERTIFICATE-----")
_LONGEST: Final = 24_576
MOST: Final = 1_000


@dataclass(frozen=True, slots=True)
class Published:
    """A certificate as somebody publishes it.

    Args:
        country: ISO 3166-1 code of the authority's country.
        name: of the authority, such as the distinguished name that stands beside it.
        certificate: base64 of its DER, with or without the lines of PEM.
    """

    country: str
    name: str
    certificate: str


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of published certificates.

    Args:
        keys: entries for a trust list, usage xml, each certificate once.
        refused: the others, with the reason.
    """

    keys: tuple[TrustedKey, ...]
    refused: tuple[tuple[Published, str], ...]


def entries(
    published: Iterable[Published], *, at: datetime, type_codes: tuple[str, ...] = ()
) -> Imported:
    """Return the entries that published certificates make.

    Args:
        published: at most 1,000.
        at: aware UTC; what has expired by then is refused.
        type_codes: kinds for which they are trusted (UNECE 1001); empty: all.

    Raises: RuleViolation: more than 1,000.
    """
    keys: dict[tuple[bytes, str], TrustedKey] = {}
    refused = []
    for count, each in enumerate(published, 1):
        if count > MOST:
            raise RuleViolation(f"At most {MOST:,} published certificates are taken at once")
        try:
            key = _entry(each, at, type_codes)
            keys[key.public, key.country] = key
        except InputError as error:
            refused.append((each, error.detail))
    return Imported(tuple(keys.values()), tuple(refused))


def _entry(each: Published, at: datetime, type_codes: tuple[str, ...]) -> TrustedKey:
    name = " ".join(each.name.split())[:200] or f"Authority of {each.country}"
    key = entry_of(
        _der(each.certificate), name, Country(each.country), Usage.XML, type_codes=type_codes
    )
    if key.valid.end is not None and key.valid.end <= at:
        raise RuleViolation(f"The certificate expired at {key.valid.end.isoformat()}")
    return key


def _der(text: str) -> bytes:
    bare = "".join(_PEM.sub("", text[:_LONGEST]).split())
    try:
        return base64.b64decode(bare.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise MalformedMessage("The certificate is not base64 of X.509") from error
