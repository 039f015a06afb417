"""Values that may stand in a broker's configuration; pure.

Neither broker's configuration has a form of quoting that can be trusted with any text, so what
could end a value is refused rather than quoted.
"""

from __future__ import annotations

import re
from pathlib import Path

from clearway.errors import BadTerm

_LONGEST = 1_024
_KEY = re.compile(r"urn:clearway:key:[0-9a-f]{64}")
_WORD = re.compile(r"[0-9A-Za-z_][0-9A-Za-z_-]{0,63}")
_HOST = re.compile(r"[0-9A-Za-z][0-9A-Za-z.-]{0,252}")


def plain(path: Path) -> str:
    """Return a path as text.

    Raises: BadTerm: relative, or with a quotation mark, backslash, dollar sign, hash, control
    character, or a blank at an end: it would be read as something else.
    """
    text = str(path)
    forbidden = set("\"'\\$#")
    if (
        not path.is_absolute()
        or len(text) > _LONGEST
        or text != text.strip()
        or not text.isprintable()
        or forbidden & set(text)
    ):
        raise BadTerm(
            "path",
            text,
            "must be absolute, without quotation marks, backslashes, $, # and control characters,"
            " to stand in a broker's configuration",
        )
    return text


def host(name: str) -> str:
    """Return an address or host name to listen on. Raises: BadTerm: it is none."""
    if _HOST.fullmatch(name) is None:
        raise BadTerm("host", name, "must be an IPv4 address or a host name")
    return name


def word(name: str) -> str:
    """Return the name of a server, a cluster or an account. Raises: BadTerm: it is none."""
    if _WORD.fullmatch(name) is None:
        raise BadTerm("name", name, "must be 1 to 64 letters, digits, hyphens and underscores")
    return name


def key_name(name: str) -> str:
    """Return the name of a key. Raises: BadTerm: it is none."""
    if _KEY.fullmatch(name) is None:
        raise BadTerm("key", name, "must be urn:clearway:key: and 64 hexadecimal digits")
    return name


def port(number: int) -> int:
    """Return a port. Raises: BadTerm: not from 1 to 65,535."""
    if not 1 <= number <= 65_535:
        raise BadTerm("port", number, "must lie between 1 and 65535")
    return number
