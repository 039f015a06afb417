"""Whether two names mean one party: how traders are written on two documents of two countries.

`Société Générale d'Import S.A.R.L., Abidjan` and `SOCIETE GENERALE D IMPORT` are one. Names are
brought to tokens without accents, punctuation and legal forms; they agree when most of the shorter
one is found in the longer one. A name in another script is not compared: transliterations differ
too much to blame anybody.

    >>> agree("Ærø Fisk A/S", "AERO FISK AS")
    True
"""

from __future__ import annotations

import re
import unicodedata

LEAST_OVERLAP = 0.6
"""Share of the shorter name's tokens that must be found in the longer. Assumed by the house: of two
tokens one may not differ, of three one may (`Kenya Flora Export` and `Kenya Flora Exporters`)."""

_SHORTEST_FUZZY = 5
"""Tokens of this length may differ by one letter; shorter ones would agree with anything."""

_LETTERS = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th"}
)
_LEGAL_FORMS = frozenset(
    """
    ab ag aps as asa bhd bv ca cia co company corp corporation cv doo dba eirl eood ev fze fzco
    gmbh gie inc incorporated jsc kft kg kgaa kk lda limitada limited llc llp lp ltd ltda mbh nv
    ooo ou oy oyj pjsc plc private pt pte pty pvt rl sa sae sal sapi sarl sas sasu sau sdn se sia
    sl slu sociedad societe society spa spc spzoo srl sro tbk uab wll zoo
    """.split()  # noqa: SIM905
)
_FILLERS = frozenset(
    "and the of for de du des la le les el y e et und der die das da do dos".split()  # noqa: SIM905
)
_APART = re.compile(r"[^\w]+|_+")
_DOTTED = re.compile(r"\b(?:\w[./]){1,5}\w?(?!\w)")


def tokens(name: str) -> tuple[str, ...]:
    """Return the words that tell a party from others, in their order.

    A name made of nothing but legal forms and fillers keeps them all.
    """
    folded = unicodedata.normalize("NFKD", name.casefold().translate(_LETTERS))
    plain = "".join(letter for letter in folded if not unicodedata.combining(letter))
    joined = _DOTTED.sub(lambda found: re.sub(r"[./]", "", found.group()) + " ", plain)
    words = tuple(word for word in _APART.split(joined) if word)
    telling = tuple(word for word in words if word not in _LEGAL_FORMS and word not in _FILLERS)
    return telling or words


def agree(one: str, other: str) -> bool | None:
    """Return whether two names mean one party; None when they cannot be compared.

    None: a name is empty, or they are written in different scripts.
    """
    first, second = tokens(one), tokens(other)
    if not first or not second or _script(first) != _script(second):
        return None
    if "".join(first) == "".join(second):
        return True
    if len(first) == len(second):
        return min(_overlap(first, second), _overlap(second, first)) >= LEAST_OVERLAP
    shorter, longer = sorted((first, second), key=len)
    return _overlap(shorter, longer) >= LEAST_OVERLAP


def _overlap(words: tuple[str, ...], others: tuple[str, ...]) -> float:
    """Return the share of `words` that is found in `others`."""
    return sum(any(_same(word, other) for other in others) for word in words) / len(words)


def _same(one: str, other: str) -> bool:
    if one == other:
        return True
    if min(len(one), len(other)) < _SHORTEST_FUZZY:
        return False
    return one.startswith(other) or other.startswith(one) or _is_one_edit(one, other)


def _is_one_edit(one: str, other: str) -> bool:
    """Return whether one letter added, left out or changed makes one of the other."""
    if abs(len(one) - len(other)) > 1:
        return False
    shorter, longer = sorted((one, other), key=len)
    place = next((i for i, letter in enumerate(shorter) if letter != longer[i]), len(shorter))
    rest = shorter[place + 1 :] if len(shorter) == len(longer) else shorter[place:]
    return rest == longer[place + 1 :]


def _script(words: tuple[str, ...]) -> str:
    """Return the script of the first letter, by its Unicode name: `LATIN`, `ARABIC`, `CJK`."""
    for letter in "".join(words):
        if letter.isalpha():
            return unicodedata.name(letter, "?").split(" ", 1)[0]
    return "?"
