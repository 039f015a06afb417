"""Monitoring others' logs: full re-hash, two histories, one nullifier used twice. Pure.

    findings = watch(source, quorum.judge, kept=notes_seen_before)
    findings.audited.holds, findings.forks

A monitor believes nothing that it did not hash, and forgets no head that it saw: whoever showed it
one history cannot show it another later without handing it the evidence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from clearway.errors import VerificationError
from clearway.ledger.audit import Audited, Judge, audit
from clearway.ledger.fork import Fork
from clearway.ledger.quorum import Judged
from clearway.ledger.source import Source

# Of an entry: the nullifiers that it uses up, 32 bytes each; none in an entry of another kind.
NullifiersOf = Callable[[bytes], Iterable[bytes]]


@dataclass(frozen=True, slots=True)
class DoubleUse:
    """One nullifier that two entries use up.

    Args:
        nullifier: 32 bytes.
        first: place of the entry that may.
        second: place of the entry that must not.
    """

    nullifier: bytes
    first: int
    second: int


@dataclass(frozen=True, slots=True)
class Findings:
    """What a monitor found in one round.

    Args:
        audited: the full re-hash.
        forks: evidence from it, and from heads kept before.
        double_uses: in the order in which they were met.
    """

    audited: Audited
    forks: tuple[Fork, ...]
    double_uses: tuple[DoubleUse, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing was found."""
        return self.audited.holds and not self.forks and not self.double_uses


class DoubleUseSearch:
    """Looks for a nullifier used twice; keeps 32 bytes and a place for each that it met."""

    def __init__(self, nullifiers_of: NullifiersOf) -> None:
        self._nullifiers_of = nullifiers_of
        self._first: dict[bytes, int] = {}
        self.found: list[DoubleUse] = []

    def hear(self, first: int, entries: Sequence[bytes]) -> None:
        """Take verified entries from place `first` on."""
        for place, entry in enumerate(entries, first):
            for nullifier in self._nullifiers_of(entry):
                earlier = self._first.setdefault(nullifier, place)
                if earlier != place:
                    self.found.append(DoubleUse(nullifier, earlier, place))


def watch(
    source: Source,
    judge: Judge,
    *,
    kept: Sequence[str] = (),
    first: int = 0,
    nullifiers_of: NullifiersOf = lambda entry: (),
) -> Findings:
    """Re-hash a log and hold it against every head that was kept of it.

    Args:
        judge: of a note (`Quorum.judge`).
        kept: notes of this log that were seen before, in any order.
        first: entries before this place were hashed in an earlier round (`audit.audit`).
        nullifiers_of: what an entry uses up; by default nothing.

    Raises: as `audit.audit`.
    """
    search = DoubleUseSearch(nullifiers_of)
    audited = audit(source, judge, since=kept, first=first, heard=search.hear)
    forks = {fork.marshal(): fork for fork in (*audited.forks, *two_roots(kept, judge))}
    return Findings(audited, tuple(forks.values()), tuple(search.found))


def two_roots(notes: Iterable[str], judge: Judge) -> list[Fork]:
    """Return the evidence among notes: two heads of one log and size with different roots.

    Notes that do not hold are no evidence and are left out. They cost one verification each.
    """
    first: dict[tuple[str, int], tuple[bytes, str]] = {}
    forks = []
    for note in notes:
        judged = _judged(note, judge)
        if judged is None or not judged.log_signed:
            continue
        head = judged.checkpoint
        root, other = first.setdefault((head.origin, head.size), (head.root, note))
        if root != head.root:
            forks.append(Fork(other, note))
    return forks


def _judged(note: str, judge: Judge) -> Judged | None:
    try:
        return judge(note)
    except VerificationError:
        return None
