"""What other desks noticed of a declaration's goods before risk assesses them.

    signals_of(connection, case, now)   # {1: 5}: item 1: a certificate and a mass that do not fit

Bits of `risk.model.SIGNALS`. An item that no desk has seen anything of is absent: that nothing was
noticed is known only where somebody looked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import Connection

from clearway.clearance import tables
from clearway.clearance.evidence import LONGEST_VOYAGE, Case, papers
from clearway.clearance.model import Cover, Match
from clearway.coldchain import standing
from clearway.coldchain.model import AlarmKind
from clearway.coldchain.stored import unit
from clearway.ledger.statement import run
from clearway.movements import tables as movements
from clearway.movements.alarm import MovementAlarmKind
from clearway.movements.model import Whereabouts
from clearway.risk.model import SIGNALS

_MOVED: Mapping[str, int] = {
    MovementAlarmKind.SEAL_OPENED.value: SIGNALS["seal"],
    MovementAlarmKind.SEAL_BROKEN.value: SIGNALS["seal"],
    MovementAlarmKind.SEAL_MISSING.value: SIGNALS["seal"],
    MovementAlarmKind.SEAL_DIFFERS.value: SIGNALS["seal"],
    MovementAlarmKind.MASS_DIFFERS.value: SIGNALS["mass"],
}
_WARM = frozenset(
    {
        AlarmKind.WARM_LOADING,
        AlarmKind.LIMIT_PASSED,
        AlarmKind.LIFE_ENDING,
        AlarmKind.CHILLING_RISK,
        AlarmKind.FREEZING_RISK,
    }
)
_UNIT = f"SELECT standing FROM {unit.name} WHERE container = ?"


def signals_of(connection: Connection, case: Case, now: datetime) -> Mapping[int, int]:
    """Return what is noticed of each item, by its number.

    Args:
        case: compared with its certificates, its containers held against what is declared.
        now: aware UTC.
    """
    found: dict[int, int] = {}
    numbers = [item.number for item in case.declaration.items]
    for covers, bits in _of_papers(connection, case):
        _add(found, covers or numbers, bits)
    for box in case.declaration.containers:
        seen = _of_box(connection, box.number, now)
        if seen is not None:
            inside = [
                item.number
                for item in case.declaration.items
                if not item.containers or box.number in item.containers
            ]
            _add(found, inside, seen)
    return found


def _add(found: dict[int, int], numbers: Iterable[int], bits: int) -> None:
    for number in numbers:
        found[number] = found.get(number, 0) | bits


def _of_papers(connection: Connection, case: Case) -> Iterable[tuple[tuple[int, ...], int]]:
    """Yield the items of each certificate that has come, and what is noticed of it."""
    if not case.names_certificates:
        return
    for paper in papers(case, tables.matches_of(connection, case.mrn)):
        if paper.match is not None:
            yield paper.items, 0 if _fits(paper.match) else SIGNALS["certificate"]


def _fits(match: Match) -> bool:
    is_clean = match.is_usable and not match.is_overdrawn and not match.is_disputed
    return is_clean and match.cover is Cover.COVERS


def _of_box(connection: Connection, container: str, now: datetime) -> int | None:
    """Return what is noticed of a container; None: nobody looked."""
    known = movements.find(connection, container)
    kinds = movements.standing_kinds(connection, (container,)) if known is not None else ()
    cold = run(connection, _UNIT, (container,)).fetchone()
    if cold is None and not kinds and not _is_looked_at(known, now):
        return None
    bits = 0
    for kind in kinds:
        bits |= _MOVED.get(kind, 0)
    is_warm = cold is not None and not _WARM.isdisjoint(standing.read(cold[0]))
    return bits | (SIGNALS["cold_chain"] if is_warm else 0)


def _is_looked_at(known: Whereabouts | None, now: datetime) -> bool:
    """Return whether its seal or its weight was looked at on this voyage."""
    if known is None:
        return False
    looks = [at for at in (known.seal_checked_at, known.weighed_at) if at is not None]
    return any(at >= now - LONGEST_VOYAGE for at in looks)
