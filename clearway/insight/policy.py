"""What the whole selection finds and misses, and what another ranking would, by a node's tables.

The figures are `risk.offpolicy`'s; here their log is made: of each assessment its propensity, of
each examination by customs what it found. A candidate is another order of the same declarations at
the same number of examinations for each office and day.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import numpy as np
from sqlalchemy import Connection

from clearway.clearance import tables
from clearway.clearance.model import Conformity, Scope
from clearway.errors import RuleViolation
from clearway.risk import offpolicy
from clearway.risk import tables as risk
from clearway.risk.intervals import CONFIDENCE
from clearway.risk.model import Channel
from clearway.risk.offpolicy import Coverage, Figures, Flags, Log, Method
from clearway.risk.tables import StoredAssessment

MOST = 200_000
_PAGE = 2_000
_CUSTOMS = "customs"


class Ranking(StrEnum):
    """By what a candidate orders declarations."""

    SCORE = "score"
    PROBABILITY = "probability"
    REVENUE = "revenue"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one method says.

    Args:
        method: of estimating.
        policy: of the selection that ran.
        candidate: of the other ranking.
    """

    method: Method
    policy: Figures
    candidate: Figures | None


@dataclass(frozen=True, slots=True)
class PolicyValue:
    """What the selection finds, by each method.

    Args:
        coverage: of how many declarations the figures speak.
        first, last: of the assessments counted; None without any.
        ranking: the candidate's.
        naive_illicit: the share found among the examined put on all: biased, for comparison.
        judgements: one for each method.
        recommended: the one to read first.
    """

    coverage: Coverage
    first: datetime | None
    last: datetime | None
    ranking: Ranking
    naive_illicit: float
    judgements: tuple[Judgement, ...]
    recommended: Method


def value_of(
    connection: Connection,
    *,
    ranking: Ranking = Ranking.PROBABILITY,
    since: datetime | None = None,
    confidence: float = CONFIDENCE,
) -> PolicyValue:
    """Return the figures of the latest assessments, at most `MOST`.

    Args:
        since: assessments of before are not counted; None: all.

    Raises: RuleViolation: nothing was assessed since then.
    """
    found = tuple(_assessed(connection, since))
    if not found:
        raise RuleViolation("Nothing was assessed in that time; there is nothing to estimate from")
    log = _log(found, _outcomes(connection))
    chosen = _by(found, log, ranking)
    has_candidate = bool(np.any(chosen & (log.propensity > 0.0)))
    judgements = tuple(
        Judgement(
            method,
            offpolicy.of_policy(log, method, confidence),
            offpolicy.of_candidate(log, chosen, method, confidence) if has_candidate else None,
        )
        for method in Method
    )
    return PolicyValue(
        coverage=offpolicy.coverage(log),
        first=found[-1].at,
        last=found[0].at,
        ranking=ranking,
        naive_illicit=offpolicy.naive_illicit(log),
        judgements=judgements,
        recommended=offpolicy.recommended(is_scored=any(each.assessment.model for each in found)),
    )


def _assessed(connection: Connection, since: datetime | None) -> Iterable[StoredAssessment]:
    """Yield assessments, newest first."""
    before: int | None = None
    for _ in range(0, MOST, _PAGE):
        page = risk.list_assessments(connection, before=before, limit=_PAGE)
        for each in page:
            if since is not None and each.at < since:
                return
            yield each
        if len(page) < _PAGE:
            return
        before = page[-1].seq


def _outcomes(connection: Connection) -> dict[str, bool]:
    """Return whether customs found something in the goods, by declaration, of the first look."""
    found: dict[str, bool] = {}
    for mrn, scope, result in tables.reports_since(connection, 0):
        if scope is Scope.GOODS and result.agency == _CUSTOMS:
            found.setdefault(str(mrn), result.outcome is Conformity.NOT_CONFORM)
    return found


def _log(found: Sequence[StoredAssessment], outcomes: dict[str, bool]) -> Log:
    # Goods that others had opened (a broken seal) tell nothing of the selection's own odds.
    selected = np.array([each.assessment.channel is Channel.RED for each in found])
    known = np.array([each.mrn in outcomes for each in found]) & selected
    return Log(
        propensity=np.array([each.assessment.propensity for each in found]),
        selected=selected & np.array([each.assessment.propensity > 0.0 for each in found]),
        resulted=known & np.array([each.assessment.propensity > 0.0 for each in found]),
        found=np.array([float(outcomes.get(each.mrn, False)) for each in found]),
        probability=np.array([each.assessment.probability for each in found]),
    )


def _by(found: Sequence[StoredAssessment], log: Log, ranking: Ranking) -> Flags:
    """Return what another ranking selects at the same number for each office and day."""
    groups: dict[tuple[str, int], list[int]] = defaultdict(list)
    for place, each in enumerate(found):
        groups[each.office, each.at.toordinal()].append(place)
    chosen = np.zeros(len(found), dtype=bool)
    for places in groups.values():
        room = int(np.sum(log.selected[places]))
        best = sorted(places, key=lambda place: (-_rank(found[place], ranking), found[place].mrn))
        chosen[best[:room]] = True
    return chosen


def _rank(each: StoredAssessment, ranking: Ranking) -> float:
    if ranking is Ranking.REVENUE:
        return float(each.assessment.expected_revenue)
    return each.assessment.score if ranking is Ranking.SCORE else each.assessment.probability
