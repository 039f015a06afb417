"""A corrected declaration comes: it is assessed, matched and decided on anew."""

from __future__ import annotations

from clearway.clearance import tables
from clearway.clearance.actions.assess import Version, assess_and_settle
from clearway.clearance.intake import Prepared
from clearway.declarations import tables as declarations
from clearway.declarations.actions.correct import Correction, correct
from clearway.errors import TryLater
from clearway.ledger.fact import Fact
from clearway.ledger.stored import read_fact
from clearway.policy.act import Act
from clearway.risk.selectivity import Selectivity
from clearway.terms.identifiers import Mrn


def receive_correction(
    act: Act,
    mrn: Mrn,
    prepared: Prepared,
    reason: str,
    *,
    of_version: int | None = None,
    draw: float,
    selectivity: Selectivity,
) -> Correction:
    """Put another version in the place of a declaration and decide on it.

    A repeat changes nothing.

    Args:
        prepared: the whole declaration as it should be (`intake.prepare`).
        reason: why, in words.
        of_version: the version that the sender had before it; None: whichever is present.
        draw: 0 <= draw < 1, drawn anew: nobody corrects a declaration out of the random share.

    Raises:
        NotFound, Refused.
        WrongState: it can no longer be corrected, or another version is present.
        RuleViolation: the corrected declaration breaks a rule.
        TryLater: the declaration itself is being committed just now.
    """
    accepted = _accepted(act, declarations.get_summary(act.connection, mrn).seq)
    corrected = correct(act, mrn, prepared.message, reason, of_version=of_version)
    declaration = prepared.message.declaration
    if corrected.repeated or declaration is None:
        return corrected
    last = tables.last_decision(act.connection, mrn)
    before = None if last is None else last.decided
    version = Version(mrn, declaration, accepted, corrected.seq, before)
    assess_and_settle(act, version, prepared, draw=draw, selectivity=selectivity)
    return corrected


def _accepted(act: Act, seq: int) -> Fact:
    found = read_fact(act.connection, seq)
    if found is None:
        raise TryLater("The declaration is being stored just now; send the correction again")
    return found[0]
