"""Conditions as officers write them in a cell, and back.

any                     anything (also empty, or -)
0302*, 0303*            text that begins so; without the star, text that is so
> 20000    <= 5.5       numbers; also 7, and [1000..20000] or (1000..20000]
true                    a yes
not(GH, TG)             anything but
"""

from __future__ import annotations

import re

from clearway.errors import MalformedMessage
from clearway.risk.decisions.model import Cell, Contains, Plain, Span, Texts, Truth
from clearway.risk.expression.model import Kind

_MOST_CHARACTERS = 500
_ANY = ("", "-", "any")
_NOT = re.compile(r"not\s*\((.*)\)", re.DOTALL)
_NUMBER = r"[-+]?\d+(?:\.\d+)?"
_ORDER = re.compile(rf"(<=|>=|<|>|=)?\s*({_NUMBER})")
_SPAN = re.compile(rf"([\[(])\s*({_NUMBER})\s*\.\.\s*({_NUMBER})\s*([\])])")


def read(text: str, kind: Kind, where: str) -> Cell:
    """Return the condition of a cell.

    Args:
        text: of the cell.
        kind: of the column's values.
        where: of the cell, for the message.

    Raises: MalformedMessage: it is no condition on such values.
    """
    plain = text.strip().removeprefix("'")
    if len(plain) > _MOST_CHARACTERS:
        raise MalformedMessage(f"{where}: a cell has at most {_MOST_CHARACTERS} characters")
    if plain.lower() in _ANY:
        return Cell()
    turned = _NOT.fullmatch(plain)
    inner = turned[1].strip() if turned else plain
    test = _READERS[kind](inner)
    if test is None:
        raise MalformedMessage(f"{where}: {text.strip()!r} is no condition on {kind}")
    return Cell(test, is_not=turned is not None)


def _number(text: str) -> Plain | None:
    order = _ORDER.fullmatch(text)
    if order:
        value = float(order[2])
        return {
            "<": Span(None, value, True, False),
            "<=": Span(None, value),
            ">": Span(value, None, False, True),
            ">=": Span(value, None),
        }.get(order[1] or "=", Span(value, value))
    span = _SPAN.fullmatch(text)
    if span is None or float(span[2]) > float(span[3]):
        return None
    return Span(float(span[2]), float(span[3]), span[1] == "[", span[4] == "]")


def _words(text: str) -> list[str]:
    return [word.strip().strip('"') for word in text.split(",")]


def _texts(text: str) -> Plain | None:
    words = _words(text)
    if not all(words) or any("*" in word[:-1] or word == "*" for word in words):
        return None
    starts = tuple(word[:-1] for word in words if word.endswith("*"))
    return Texts(tuple(word for word in words if not word.endswith("*")), starts)


def _truth(text: str) -> Plain | None:
    answers = {"true": True, "yes": True, "false": False, "no": False}
    return Truth(answers[text.lower()]) if text.lower() in answers else None


def _contains(text: str) -> Plain | None:
    words = _words(text)
    return Contains(tuple(words)) if all(words) else None


_READERS = {
    Kind.INT: _number,
    Kind.DOUBLE: _number,
    Kind.STRING: _texts,
    Kind.BOOL: _truth,
    Kind.STRINGS: _contains,
}


def write(cell: Cell) -> str:
    """Return a condition as it is written in a cell."""
    if cell.test is None:
        return "any"
    text = _written(cell.test)
    return f"not({text})" if cell.is_not else text


def _written(test: Plain) -> str:
    match test:
        case Truth():
            return "true" if test.value else "false"
        case Contains():
            return ", ".join(test.any_of)
        case Texts():
            return ", ".join((*test.whole, *(f"{start}*" for start in test.starts)))
        case Span():
            return _written_span(test)


def _written_span(span: Span) -> str:
    if span.low is not None and span.high is not None:
        ends = ("[" if span.with_low else "("), ("]" if span.with_high else ")")
        return f"{ends[0]}{span.low:.15g}..{span.high:.15g}{ends[1]}"
    if span.low is not None:
        return f"{'>=' if span.with_low else '>'} {span.low:.15g}"
    return f"{'<=' if span.with_high else '<'} {span.high:.15g}"


def expression(cell: Cell, field: str) -> str:
    """Return a condition in the language of rules; "" for anything."""
    if cell.test is None:
        return ""
    parts = _parts(cell.test, field)
    joiner = " && " if isinstance(cell.test, Span) else " || "
    text = parts[0] if len(parts) == 1 else f"({joiner.join(parts)})"
    return f"!({text})" if cell.is_not else text


def _parts(test: Plain, field: str) -> list[str]:
    match test:
        case Truth():
            return [field if test.value else f"!{field}"]
        case Contains():
            return [f"{quoted(one)} in {field}" for one in test.any_of]
        case Texts():
            whole = [f"{field} in [{', '.join(map(quoted, test.whole))}]"] if test.whole else []
            return whole + [f"{field}.startsWith({quoted(one)})" for one in test.starts]
        case Span():
            return _ends(test, field)


def _ends(span: Span, field: str) -> list[str]:
    if span.low is not None and span.low == span.high:
        return [f"{field} == {span.low!r}"]
    ends = []
    if span.low is not None:
        ends.append(f"{field} {'>=' if span.with_low else '>'} {span.low!r}")
    if span.high is not None:
        ends.append(f"{field} {'<=' if span.with_high else '<'} {span.high!r}")
    return ends


def quoted(text: str) -> str:
    """Return a text as the language of rules has it."""
    plain = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + plain.replace("\n", "\\n").replace("\r", "\\r") + '"'
