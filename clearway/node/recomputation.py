"""Finding an assessment in the ledger and working it out again from the facts before it.

Risk's tables are made anew in a scratch store from the facts before the assessment, by the same
projections that made them then; so nothing is taken from tables that live on, and a changed row
there changes nothing here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, select

from clearway.declarations.facts import Accepted, Corrected
from clearway.declarations.model import Declaration
from clearway.errors import MustStop, NotFound
from clearway.ledger import tables as ledger
from clearway.ledger.database import open_writer
from clearway.ledger.fact import Fact, decode
from clearway.node.rebuild import facts
from clearway.risk import tables
from clearway.risk.facts import Assessed, ModelActivated
from clearway.risk.formats.artefact import load
from clearway.risk.lists import tables as lists
from clearway.risk.profiles import tables as rules
from clearway.risk.recompute import Case, Recomputed, recompute
from clearway.risk.rules import Profiles
from clearway.risk.scoring import Scorer, rules_only

# An activation would drop days that the model of the assessment needs.
_SKIPPED = frozenset({Assessed.TYPE, ModelActivated.TYPE})


@dataclass(frozen=True, slots=True)
class _Version:
    """What is read of an acceptance or a correction."""

    declaration: Declaration


@dataclass(frozen=True, slots=True)
class Sources:
    """Where what was sealed lies.

    Args:
        models: folder of all models that were ever active.
        scratch: empty folder for tables that are thrown away.
        profiles: gives the profiles in force, from risk's tables as they stood.
    """

    models: Path
    scratch: Path
    profiles: Callable[[Connection], Profiles]


def recompute_assessment(
    connection: Connection, mrn: str, sources: Sources, *, seq: int | None = None
) -> Recomputed:
    """Return how the assessment of a declaration comes out when it is worked out again.

    Args:
        connection: to the node's store; only the log is read.
        mrn: of the declaration.
        seq: of the fact; None: its last assessment.

    Raises: NotFound: it was not assessed, or the content of its facts was erased.
    """
    case = _case(connection, mrn, seq)
    scorer, absence = _scorer(case, sources.models)
    engine = open_writer(sources.scratch / "recompute.sqlite", synchronous="OFF")
    try:
        with engine.begin() as scratch:
            _replay(connection, scratch, case.seq)
            return recompute(
                scratch,
                case,
                scorer=scorer,
                profiles=sources.profiles(scratch),
                absence=absence,
            )
    finally:
        engine.dispose()


def _scorer(case: Case, models: Path) -> tuple[Scorer, str]:
    """Return the scorer of the model that was used, or why there is none."""
    assessment = case.assessed.assessment
    if not assessment.model:
        # The words of then are part of the reasons, which are compared too.
        return rules_only(_absence_of(case)), ""
    try:
        return Scorer(load(models / assessment.model)), ""
    except (NotFound, MustStop) as broken:
        return rules_only(), f"The model {assessment.model} cannot be used: {broken.detail}"


def _absence_of(case: Case) -> str:
    after = " Profiles and the draw decided alone."
    said = [r.text for r in case.assessed.assessment.reasons if r.code == "RISK_RULES_ONLY"]
    return said[0].removesuffix(after) if said else ""


def _case(connection: Connection, mrn: str, seq: int | None) -> Case:
    history = list(_facts_about(connection, mrn))
    assessed = [
        fact
        for fact in history
        if fact.type == Assessed.TYPE and (seq is None or fact.seq == seq) and fact.body
    ]
    if not assessed:
        which = f"Declaration {mrn}" if seq is None else f"Fact {seq}"
        raise NotFound(f"{which} holds no assessment that can be read", mrn=mrn)
    last = assessed[-1]
    stated = decode(last.body, Assessed)
    versions = [
        fact
        for fact in history
        if fact.seq < last.seq and fact.type in (Accepted.TYPE, Corrected.TYPE) and fact.body
    ]
    accepted = next((fact for fact in versions if fact.seq == stated.accepted), None)
    if accepted is None:
        raise NotFound(f"The acceptance of {mrn} cannot be read; its content was erased", mrn=mrn)
    return Case(
        stated,
        last.seq,
        last.occurred_at,
        decode(versions[-1].body, _Version).declaration,
        accepted,
    )


def _facts_about(connection: Connection, mrn: str) -> Iterator[Fact]:
    columns = [column for column in ledger.fact.c if column.name not in ("salt", "leaf_hash")]
    query = (
        select(*columns)
        .where(ledger.fact.c.subject == f"declaration:{mrn}")
        .order_by(ledger.fact.c.seq)
    )
    for row in connection.execute(query):
        yield Fact(**row._mapping)


def _replay(connection: Connection, scratch: Connection, end: int) -> None:
    """Make risk's tables as the facts before `end` make them."""
    rooms = (tables, rules, lists)
    ledger.METADATA.create_all(scratch, tables=[one for room in rooms for one in room.TABLES])
    for fact in facts(connection):
        if fact.seq >= end:
            return
        if fact.type in _SKIPPED:
            continue
        for room in rooms:
            for project in room.PROJECTIONS.get(fact.type, ()):
                project(scratch, fact)
