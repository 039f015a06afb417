"""Working an assessment out again, to the last bit, from what came before it.

    stated   risk.assessed/1 as committed: scores, channel, reasons, and what they rested on
    found    the same function on the same inputs: the facts before it, the sealed model, the rules

Equal means equal as committed: every field of the assessment, floats to their last bit. What cannot
be worked out again is said, with why, and is never taken for equal.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import datetime

from sqlalchemy import Connection

from clearway.declarations.model import Declaration
from clearway.ledger.fact import Fact, encode
from clearway.risk.circumstances import beside_of, items_of, known_of
from clearway.risk.facts import Assessed, Basis
from clearway.risk.model import Assessment, Capacities, Capacity, Day
from clearway.risk.rules import Profiles
from clearway.risk.scoring import Scorer
from clearway.risk.selectivity import Selectivity, judge

# What the model says of the goods; the rest needs what the office knew and could do that moment.
_BY_MODEL = ("score", "probability", "expected_revenue", "features", "model")
_UNSEALED = (
    "This assessment is older than the sealing of capacity, tariff and alarms: its channel,"
    " threshold and reasons cannot be worked out again."
)


@dataclass(frozen=True, slots=True)
class Difference:
    """A field of the assessment that comes out otherwise; both as JSON."""

    field: str
    stated: str
    found: str


@dataclass(frozen=True, slots=True)
class Case:
    """One assessment, and the declaration as it stood.

    Args:
        assessed: the committed body.
        seq: of its fact.
        at: when it was assessed.
        declaration: the version that was assessed.
        accepted: the fact of the acceptance.
    """

    assessed: Assessed
    seq: int
    at: datetime
    declaration: Declaration
    accepted: Fact


@dataclass(frozen=True, slots=True)
class Recomputed:
    """What came out.

    Args:
        mrn: of the declaration.
        seq: of the fact of the assessment.
        at: when it was assessed.
        model: id of the model; "" rules only.
        rules: version of the profiles.
        compared: fields that were worked out again.
        differences: those that came out otherwise.
        missing: what could not be worked out again, and why; () nothing.
    """

    mrn: str
    seq: int
    at: datetime
    model: str
    rules: str
    compared: tuple[str, ...]
    differences: tuple[Difference, ...]
    missing: tuple[str, ...]

    @property
    def is_equal(self) -> bool:
        """Whether everything was worked out again and is as stated."""
        return not self.differences and not self.missing


def recompute(
    before: Connection, case: Case, *, scorer: Scorer, profiles: Profiles, absence: str = ""
) -> Recomputed:
    """Return how an assessment comes out when it is worked out again.

    Args:
        before: to risk's tables as the facts before the assessment make them.
        case: the assessment.
        scorer: of the model that it names, or rules only.
        profiles: as they were in force.
        absence: why the model that it names cannot be loaded; "" it was.
    """
    stated = case.assessed.assessment
    if absence:
        return _result(case, (), (), (absence,))
    basis = case.assessed.basis
    used = Basis(Capacity(red=0)) if basis is None else basis
    items = items_of(
        case.assessed.mrn,
        case.declaration,
        case.accepted,
        dict(used.duty_rates),
        beside_of(used),
    )
    known = known_of(
        before,
        case.declaration,
        case.accepted,
        items,
        used,
        so_far=case.assessed.so_far or Day(),
        scorer=scorer,
        now=case.at,
    )
    selectivity = Selectivity(scorer, profiles, Capacities(used.capacity))
    found = judge(selectivity, known, stated.random_draw)
    names = tuple(field.name for field in fields(Assessment))
    missing: tuple[str, ...] = ()
    if basis is None:
        names, missing = _BY_MODEL, (_UNSEALED,)
    if stated.rules != profiles.version:
        missing += (_other_rules(stated.rules, profiles.version),)
        names = tuple(name for name in names if name in _BY_MODEL)
        found = replace(found, rules=stated.rules)
    return _result(case, names, _differences(names, stated, found), missing)


def _other_rules(stated: str, present: str) -> str:
    return (
        f"The rules in force were version {stated}; those that can be loaded are {present}: channel"
        " and reasons cannot be worked out again."
    )


def _differences(
    names: tuple[str, ...], stated: Assessment, found: Assessment
) -> tuple[Difference, ...]:
    pairs = [(name, encode(getattr(stated, name)), encode(getattr(found, name))) for name in names]
    return tuple(
        Difference(name, then.decode(), now.decode()) for name, then, now in pairs if then != now
    )


def _result(
    case: Case,
    compared: tuple[str, ...],
    differences: tuple[Difference, ...],
    missing: tuple[str, ...],
) -> Recomputed:
    stated = case.assessed
    return Recomputed(
        stated.mrn,
        case.seq,
        case.at,
        stated.assessment.model,
        stated.assessment.rules,
        compared,
        differences,
        missing,
    )
