"""How good each declarant's data are: shown to them, so that they can mend the cause."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from clearway.insight.figures import wilson
from clearway.insight.model import DataQuality, Lodgement

_MOST_SHOWN = 5


def data_quality(lodgements: Iterable[Lodgement]) -> tuple[DataQuality, ...]:
    """Return one row per declarant, the poorest score first."""
    mine: dict[str, list[Lodgement]] = defaultdict(list)
    for one in lodgements:
        mine[one.declarant].append(one)
    rows = (_quality(declarant, members) for declarant, members in mine.items())
    return tuple(sorted(rows, key=lambda row: (row.score, row.declarant)))


def is_clean(one: Lodgement) -> bool:
    """Return whether nothing had to be mended."""
    return not (one.is_rejected or one.is_corrected or one.findings or one.differing)


def _quality(declarant: str, members: Sequence[Lodgement]) -> DataQuality:
    clean = sum(map(is_clean, members))
    codes = Counter(code for one in members for code in (*one.findings, *one.differing))
    frequent = sorted(codes.items(), key=lambda each: (-each[1], each[0]))[:_MOST_SHOWN]
    return DataQuality(
        declarant=declarant,
        lodged=len(members),
        rejected=sum(one.is_rejected for one in members),
        corrected=sum(one.is_corrected for one in members),
        mismatched=sum(bool(one.differing) for one in members),
        clean=clean,
        score=wilson(clean, len(members))[0],
        frequent=dict(frequent),
    )
