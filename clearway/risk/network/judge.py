"""How right links are, where the truth is known: on simulated registers only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import comb

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Judged:
    """Precision and recall over pairs of numbers.

    Args:
        proposed: pairs that were linked.
        right: of these, truly the same people.
        true: pairs that are.
    """

    proposed: int
    right: int
    true: int

    @property
    def precision(self) -> float:
        """Share of the linked pairs that are right; 1 when nothing was linked."""
        return self.right / self.proposed if self.proposed else 1.0

    @property
    def recall(self) -> float:
        """Share of the true pairs that were linked; 1 when there are none."""
        return self.right / self.true if self.true else 1.0


def of_pairs(pairs: Iterable[Pair], principals: Mapping[str, str]) -> Judged:
    """Judge pairs.

    Args:
        pairs: without repetition.
        principals: who stands behind each party, by party.
    """
    proposed, right = 0, 0
    for one, other in pairs:
        proposed += 1
        right += principals[one] == principals[other]
    return Judged(proposed, right, _pairs(principals.values()))


def of_groups(kin: Mapping[str, str], principals: Mapping[str, str]) -> Judged:
    """Judge groups by all the pairs inside them.

    Args:
        kin: group of each party.
        principals: who stands behind each party of `kin`.
    """
    both = ((kin[party], principals[party]) for party in kin)
    return Judged(_pairs(kin.values()), _pairs(both), _pairs(principals[party] for party in kin))


def _pairs(groups: Iterable[object]) -> int:
    return sum(comb(count, 2) for count in Counter(groups).values())
