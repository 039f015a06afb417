"""The shape of every textual term: a `str` that has proved it follows its standard.

A term is made by the hundred for each declaration, so a subclass is one compiled pattern and,
where the standard has more to say, one check. Equality and hash are those of str.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar, NoReturn, Self

from clearway.errors import BadTerm


class Term(str):
    """A text that matches `PATTERN`; `RULE` says so in a sentence."""

    __slots__ = ()

    PATTERN: ClassVar[re.Pattern[str]]
    RULE: ClassVar[str]

    def __new__(cls, value: str) -> Self:
        """Return the term. Raises: BadTerm: the value breaks `RULE`."""
        if type(value) is cls:
            return value
        if not isinstance(value, str) or cls.PATTERN.fullmatch(value) is None:
            cls.refuse(value)
        return str.__new__(cls, value)

    @classmethod
    def refuse(cls, value: Any, rule: str | None = None) -> NoReturn:
        """Raise the BadTerm of this term; without `rule`, its own."""
        shown = value if isinstance(value, str) else type(value).__name__
        raise BadTerm(cls.__name__, shown, rule or cls.RULE)
