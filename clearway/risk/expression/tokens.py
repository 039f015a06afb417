"""From the text of an expression to its words. Source: CEL language definition, "Syntax"."""

from __future__ import annotations

import re
from typing import NamedTuple

from clearway.risk.expression.model import OutsideTheTree

MOST_CHARACTERS = 2_000
MOST_TOKENS = 1_000


class Token(NamedTuple):
    """A word of an expression.

    Args:
        kind: name, int, double, string, sign or end.
        text: of a string, what it says; of the others, as written.
        at: where it begins.
    """

    kind: str
    text: str
    at: int


_WORD = re.compile(
    r"""
    (?P<blank>(?:[ \t\n\f\r]+|//[^\n]*)+)
  | (?P<string>[rR](?:\"{3}.*?\"{3}|'{3}.*?'{3}|\"[^\"\n\r]*\"|'[^'\n\r]*')
        |(?:\"{3}(?:[^\\]|\\.)*?\"{3}|'{3}(?:[^\\]|\\.)*?'{3}
        |\"(?:[^\"\\\n\r]|\\.)*\"|'(?:[^'\\\n\r]|\\.)*'))
  | (?P<double>(?:\d+\.\d+|\.\d+)(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+)
  | (?P<int>0[xX][0-9a-fA-F]+|\d+)(?P<unsigned>[uU])?
  | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<sign>&&|\|\||==|!=|<=|>=|[-+*/%!<>?:.,()\[\]{}])
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(
    r"\\(?:[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|(.))", re.DOTALL
)
_PLAIN = {
    "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v",
    "\\": "\\", "?": "?", '"': '"', "'": "'", "`": "`",
}  # fmt: skip


def tokens_of(text: str) -> tuple[Token, ...]:
    """Return the words of an expression, the end last.

    Raises: OutsideTheTree: a sign that is none, a text without end, too many characters or words.
    """
    if len(text) > MOST_CHARACTERS:
        raise OutsideTheTree(
            f"An expression has at most {MOST_CHARACTERS} characters", text, MOST_CHARACTERS
        )
    found: list[Token] = []
    at = 0
    while at < len(text):
        match = _WORD.match(text, at)
        if match is None:
            raise OutsideTheTree("This sign is no part of the language", text, at)
        if match["unsigned"]:
            raise OutsideTheTree("Unsigned numbers are not used in profiles", text, at)
        if not match["blank"]:
            found.append(_token(match, text))
        if len(found) > MOST_TOKENS:
            raise OutsideTheTree(f"An expression has at most {MOST_TOKENS} words", text, at)
        at = match.end()
    return (*found, Token("end", "", len(text)))


def _token(match: re.Match[str], text: str) -> Token:
    kind = str(match.lastgroup)
    written = match[0]
    if kind != "string":
        return Token(kind, written, match.start())
    is_raw = written[0] in "rR"
    quoted = written[1:] if is_raw else written
    marks = 3 if quoted[:3] in ('"""', "'''") else 1
    inner = quoted[marks:-marks]
    if not is_raw:
        inner = _ESCAPE.sub(lambda found: _escaped(found, text, match.start()), inner)
    return Token("string", inner, match.start())


def _escaped(match: re.Match[str], text: str, at: int) -> str:
    short, four, eight, octal, plain = match.groups()
    if plain is not None:
        if plain not in _PLAIN:
            raise OutsideTheTree(f"There is no escape {match[0]!r}", text, at)
        return _PLAIN[plain]
    number = int(octal, 8) if octal else int(short or four or eight, 16)
    if number > 0x10FFFF or 0xD800 <= number <= 0xDFFF:
        raise OutsideTheTree(f"{match[0]!r} is no character", text, at)
    return chr(number)
