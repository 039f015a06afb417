"""Match the certificates of one version of a declaration, assess it and decide.

What other desks notice comes first: risk knows it when it assesses.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from clearway.clearance.actions.arrive import note_arrival
from clearway.clearance.actions.compare import compare_certificates
from clearway.clearance.actions.hold_against_declared import hold_against_declared
from clearway.clearance.actions.settle import settle
from clearway.clearance.evidence import Case
from clearway.clearance.facts import Decided
from clearway.clearance.intake import Prepared
from clearway.clearance.signals import signals_of
from clearway.clearance.standing import by_rules
from clearway.declarations.model import Declaration
from clearway.ledger.fact import Fact
from clearway.policy.act import Act
from clearway.risk.actions.assess import assess
from clearway.risk.selectivity import Selectivity
from clearway.tasks.actions.attend import attend
from clearway.terms.identifiers import Mrn


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a declaration.

    Args:
        accepted: fact of the acceptance, whose goods risk has counted.
        seq: fact of this version: the acceptance, or a correction.
        last: the last decision on the version before; None: there is none.
    """

    mrn: Mrn
    declaration: Declaration
    accepted: Fact
    seq: int
    last: Decided | None = None


def assess_and_settle(
    act: Act, version: Version, prepared: Prepared, *, draw: float, selectivity: Selectivity
) -> Fact | None:
    """Return the fact of the decision, None when it is as before.

    Args:
        draw: 0 <= draw < 1, drawn for this version alone.
    """
    act = by_rules(act)
    case = Case(version.mrn, version.declaration, version.seq, prepared.needs, last=version.last)
    note_arrival(act, case)
    for box in version.declaration.containers:
        if hold_against_declared(act, box.number):
            attend(act, box.number)
    compare_certificates(act, case)
    assessment = assess(
        act,
        version.mrn,
        version.declaration,
        version.accepted,
        draw=draw,
        selectivity=selectivity,
        demands=prepared.demands,
        signals=signals_of(act.connection, case, act.now),
    )
    assessed = replace(case, assessment=assessment, assessment_seq=act.tx.facts[-1].seq)
    return settle(act, assessed)
