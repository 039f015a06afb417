"""Watch lists, and what of a declaration is looked up in them.

A list is about one thing: parties, goods codes, origins, addresses or words of the description. An
entry is looked up by a key (`party:GH000123`), so that a list of millions costs one question to an
index for a whole declaration, before any rule runs; the rule sees only the names of the lists:

    "phoenix_firms" in declaration.watch && item.value_eur > 20000.0
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import polars as pl

from clearway.errors import BadTerm
from clearway.risk.model import Goods
from clearway.terms.period import Period

MOST_AT_ONCE = 10_000
MOST_WORDS = 3
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_WORD = re.compile(r"\w+")
_MOST_CHARACTERS = 120


class Subject(StrEnum):
    """What the entries of a list are."""

    PARTY = "party"  # importer, declarant or exporter
    IMPORTER = "importer"
    DECLARANT = "declarant"
    EXPORTER = "exporter"
    ADDRESS = "address"  # of the importer
    HS = "hs"  # the first digits of a goods code
    ORIGIN = "origin"
    TEXT = "text"  # one to three words of the description, side by side


OF_GOODS = frozenset({Subject.HS, Subject.ORIGIN, Subject.TEXT})
"""These are told of an item (`item.watch`), the others of the declaration."""


@dataclass(frozen=True, slots=True)
class WatchList:
    """A list, apart from its entries.

    Args:
        name: by which rules know it: small letters, digits, `_`.
        subject: what its entries are.
        owner: who answers for it.
        reason: why it is kept.
        source: whom the entries come from.
        period: in which it counts.
    """

    name: str
    subject: Subject
    owner: str
    reason: str
    source: str
    period: Period

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise BadTerm(
                "name of a watch list", self.name, "is 1 to 40 small letters, digits or _",
                field="name",
            )  # fmt: skip


def key_of(subject: Subject, value: str) -> str:
    """Return the key under which an entry is kept and looked up.

    Raises: BadTerm: it cannot be an entry of such a list.
    """
    plain = " ".join(value.split())
    if not plain or len(plain) > _MOST_CHARACTERS:
        raise BadTerm("entry of a watch list", value, f"has 1 to {_MOST_CHARACTERS} characters")
    if subject is Subject.HS and not re.fullmatch(r"[0-9]{2,10}", plain):
        raise BadTerm("goods code of a watch list", value, "is 2 to 10 digits")
    if subject is Subject.ORIGIN and not re.fullmatch(r"[A-Z]{2}", plain):
        raise BadTerm("origin of a watch list", value, "is two capital letters")
    if subject is Subject.TEXT:
        words = _WORD.findall(plain.casefold())
        if not 1 <= len(words) <= MOST_WORDS:
            raise BadTerm("text of a watch list", value, f"has 1 to {MOST_WORDS} words")
        plain = " ".join(words)
    elif subject is Subject.ADDRESS:
        plain = " ".join(_WORD.findall(plain.casefold()))
    return f"{subject}:{plain}"


def phrases(description: str) -> Iterator[str]:
    """Yield each run of one to three words of a description, without case."""
    words = _WORD.findall(description.casefold())
    for start in range(len(words)):
        for length in range(1, min(MOST_WORDS, len(words) - start) + 1):
            yield " ".join(words[start : start + length])


def keys_of_parties(goods: Goods, address: str = "") -> set[str]:
    """Return the keys under which the parties of a declaration are looked up."""
    keys = set()
    for role, party in (
        (Subject.IMPORTER, goods.importer),
        (Subject.DECLARANT, goods.declarant),
        (Subject.EXPORTER, goods.exporter),
    ):
        if party:
            keys |= {f"{role}:{party}", f"{Subject.PARTY}:{party}"}
    words = _WORD.findall(address.casefold())
    return keys | ({f"{Subject.ADDRESS}:{' '.join(words)}"} if words else set())


def keys_of_goods(goods: Goods) -> set[str]:
    """Return the keys under which an item is looked up."""
    codes = {f"{Subject.HS}:{goods.hs[:digits]}" for digits in range(2, len(goods.hs) + 1)}
    texts = {f"{Subject.TEXT}:{phrase}" for phrase in phrases(goods.description)}
    return codes | texts | {f"{Subject.ORIGIN}:{goods.origin}"}


@dataclass(frozen=True, slots=True)
class Lists:
    """Watch lists with their entries, for a back-test: the same look-up over columns.

    Args:
        members: keys of each list, by its name.
        subjects: of each list, by its name.
    """

    READS = ("importer", "declarant", "exporter", "hs", "origin", "description", "address")

    members: Mapping[str, frozenset[str]] = field(default_factory=dict)
    subjects: Mapping[str, Subject] = field(default_factory=dict)

    def columns(self) -> dict[str, pl.Expr]:
        """Return `declaration.watch` and `item.watch` over the columns of a history."""
        goods = [name for name in self.members if self.subjects[name] in OF_GOODS]
        parties = [name for name in self.members if self.subjects[name] not in OF_GOODS]
        return {
            "item.watch": self._names(goods),
            "declaration.watch": self._names(parties),
        }

    def _names(self, names: Sequence[str]) -> pl.Expr:
        if not names:
            return pl.lit([], dtype=pl.List(pl.String))
        found = [
            pl.when(_is_on(self.subjects[name], self.members[name])).then(pl.lit(name))
            for name in sorted(names)
        ]
        return pl.concat_list(found).list.drop_nulls()


NO_LISTS = Lists()


def _is_on(subject: Subject, keys: frozenset[str]) -> pl.Expr:
    values = [key.partition(":")[2] for key in keys]
    roles = {
        Subject.PARTY: ("importer", "declarant", "exporter"),
        Subject.IMPORTER: ("importer",),
        Subject.DECLARANT: ("declarant",),
        Subject.EXPORTER: ("exporter",),
        Subject.ORIGIN: ("origin",),
    }
    if subject is Subject.HS:
        return pl.any_horizontal(
            pl.col("hs").str.slice(0, digits).is_in([one for one in values if len(one) == digits])
            for digits in sorted({len(one) for one in values} or {2})
        )
    if subject in roles:
        return pl.any_horizontal(
            pl.col(role).fill_null("").is_in(values) for role in roles[subject]
        )
    known = frozenset(values)
    if subject is Subject.TEXT:
        return _texts("description", lambda text: not known.isdisjoint(phrases(text)))
    return _texts("address", lambda text: " ".join(_WORD.findall(text.casefold())) in known)


def _texts(column: str, is_on: Callable[[str], bool]) -> pl.Expr:
    """Return where a text is on a list, each different text looked up once."""

    def look_up(texts: pl.Series) -> pl.Series:
        distinct: Iterable[str] = texts.unique().drop_nulls()
        return texts.is_in([text for text in distinct if is_on(text)]).fill_null(False)

    return pl.col(column).map_batches(look_up, return_dtype=pl.Boolean)


def named_in(expressions: Iterable[str]) -> frozenset[str]:
    """Return every name that could be that of a list, out of the texts of expressions."""
    return frozenset(
        name
        for each in expressions
        for name in re.findall(r"[\"']([a-z][a-z0-9_]{0,39})[\"']", each)
    )
