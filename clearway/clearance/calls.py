"""Which agency is called to look at a consignment, at what, and for which reason.

Reasons bear the code of their rule, `CLR_Rnn` (see `rules`). A call is for one agency and one
reason; all calls become the parts of one examination.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from clearway.clearance.claims import ClaimResult, ClaimVerdict
from clearway.clearance.model import (
    Conformity,
    Cover,
    Examination,
    Match,
    Part,
    Scope,
    Verdict,
)
from clearway.clearance.situation import Paper, Situation
from clearway.coldchain.model import AlarmLevel
from clearway.movements.alarm import MovementAlarmKind
from clearway.risk.model import Assessment, Channel, Stratum
from clearway.terms.reason import Reason

CUSTOMS = "customs"
PLANT_HEALTH = "plant_health"
FOOD_SAFETY = "food_safety"

_LANES = {
    Channel.RED: ("CLR_R10", Scope.GOODS),
    Channel.YELLOW: ("CLR_R11", Scope.DOCUMENTS),
}
_RANK = {Scope.DOCUMENTS: 0, Scope.GOODS: 1}


@dataclass(frozen=True, slots=True)
class Call:
    """One agency called for one reason."""

    agency: str
    scope: Scope
    reason: Reason
    is_mandatory: bool = False


def calls(situation: Situation) -> Iterable[Call]:
    """Yield every call of an agency, answered or not."""
    yield from _by_certificate(situation)
    yield from _by_channel(situation)
    yield from _by_law(situation)
    yield from _by_cold_chain(situation)
    yield from _by_seal(situation)
    yield from _by_movement(situation)


def _by_certificate(situation: Situation) -> Iterable[Call]:
    """CLR_R04 to R08: a certificate that does not fit calls its agency.

    CLR_R04: does not cover the goods: they are looked at.
    CLR_R05: covers them in part: the documents are looked at, the goods where amounts differ.
    CLR_R06: other declarations have used it up: customs looks at the goods as well.
    CLR_R07: two contents came under its number: the documents are looked at.
    CLR_R08: it is not usable, and no law asks for it: why is it named? (If one does, R03.)
    """
    for paper in situation.papers:
        match, agency = paper.match, paper.agency or CUSTOMS
        if match is not None and match.is_disputed:
            text = f"Two different contents came under the number {paper.number}."
            yield Call(agency, Scope.DOCUMENTS, Reason("CLR_R07", text, paper.number))
        if match is None:
            continue
        if not match.is_usable:
            if not _is_needed(situation, paper):
                reason = Reason("CLR_R08", match.for_officer, paper.number)
                yield Call(agency, Scope.DOCUMENTS, reason)
            continue
        if match.is_overdrawn:
            reason = Reason("CLR_R06", match.for_officer, paper.number)
            yield Call(agency, Scope.GOODS, reason)
            yield Call(CUSTOMS, Scope.GOODS, reason)
        elif match.cover is Cover.DOES_NOT_COVER:
            reason = Reason("CLR_R04", match.for_officer, paper.number)
            yield Call(agency, Scope.GOODS, reason)
        elif match.cover is Cover.COVERS_IN_PART:
            scope = Scope.GOODS if _touches_goods(match) else Scope.DOCUMENTS
            yield Call(agency, scope, Reason("CLR_R05", match.for_officer, paper.number))


def _is_needed(situation: Situation, paper: Paper) -> bool:
    return any(paper.code in need.type_codes for need in situation.needs)


def _touches_goods(match: Match) -> bool:
    """Return whether what differs can only be settled by looking at the goods."""
    goods = {"CLR_M09", "CLR_M10", "CLR_M11", "CLR_M12", "CLR_M13"}
    return any(each.verdict is Verdict.DIFFERS and each.code in goods for each in match.fields)


def _by_channel(situation: Situation) -> Iterable[Call]:
    """CLR_R10, R11, R16: red calls customs to the goods, yellow to the documents; so does a stop.

    Yellow that nobody began in time calls nobody any more: it is audited after clearance (R17).

    Red for nothing but controls that a law demands of another agency calls that agency (R20), not
    customs.
    """
    assessment = situation.assessment
    if situation.stop is not None:
        text = f"Stopped by an officer: {situation.stop.reason}"
        yield Call(CUSTOMS, situation.stop.scope, Reason("CLR_R16", text))
    if assessment is None or assessment.channel not in _LANES or situation.is_rerouted:
        return
    code, scope = _LANES[assessment.channel]
    demanded = assessment.stratum is Stratum.MANDATORY
    by_law = {need.code for need in situation.needs if need.is_control}
    if demanded and by_law.issuperset(assessment.mandatory):
        return
    yield Call(CUSTOMS, scope, Reason(code, *_why_chosen(assessment)), demanded)


def _why_chosen(assessment: Assessment) -> tuple[str, str]:
    """Return why risk selected the declaration, and its score."""
    score = f"{assessment.score:.2f}"
    if assessment.stratum is Stratum.RANDOM:
        return "Drawn at random, as a share of all declarations is.", score
    why = " ".join(reason.text for reason in assessment.reasons[:3])
    return f"Selected by risk: {why}", score


def _by_law(situation: Situation) -> Iterable[Call]:
    """CLR_R20: a control that a law demands calls its agency to the goods."""
    for need in situation.needs:
        if need.is_control:
            basis = f" ({need.legal_basis})" if need.legal_basis else ""
            reason = Reason("CLR_R20", f"{need.text}{basis}", need.code)
            yield Call(need.agency, Scope.GOODS, reason, is_mandatory=True)


def _by_cold_chain(situation: Situation) -> Iterable[Call]:
    """CLR_R30 to R32: a broken cold chain calls food safety, a doubtful treatment plant health.

    CLR_R30: an alarm says that the goods may be unfit.
    CLR_R31: the readings contradict a treatment that the certificate claims.
    CLR_R32: the readings neither show nor exclude it: the documents are looked at. A treatment that
    no logger can show (`not_provable`) calls nobody: the officer reads what would prove it.
    """
    for alarm in situation.alarms:
        if alarm.level is AlarmLevel.CRITICAL:
            reason = Reason("CLR_R30", alarm.message, alarm.container)
            yield Call(FOOD_SAFETY, Scope.GOODS, reason)
    for code, verdict, scope in (
        ("CLR_R31", ClaimVerdict.CONTRADICTED, Scope.GOODS),
        ("CLR_R32", ClaimVerdict.NOT_ENOUGH_DATA, Scope.DOCUMENTS),
    ):
        for result in claims_with(situation, verdict):
            said = " ".join(reason.text for reason in result.reasons)
            text = f"The certificate claims {result.claim.text} in {result.claim.container}. {said}"
            yield Call(PLANT_HEALTH, scope, Reason(code, text, result.claim.container))


def claims_with(situation: Situation, verdict: ClaimVerdict) -> Iterable[ClaimResult]:
    """Return the treatments that loggers answered so."""
    return (
        claim for paper in situation.papers for claim in paper.claims if claim.verdict is verdict
    )


def _by_seal(situation: Situation) -> Iterable[Call]:
    """CLR_R40: a broken seal calls customs to the goods."""
    for each in situation.seals:
        text = f"Seal {each.seal} of container {each.container} was found broken."
        yield Call(CUSTOMS, Scope.GOODS, Reason("CLR_R40", text, each.seal))


_BY_MOVEMENT = {
    MovementAlarmKind.SEAL_OPENED: "CLR_R41",
    MovementAlarmKind.SEAL_DIFFERS: "CLR_R42",
    MovementAlarmKind.MASS_DIFFERS: "CLR_R43",
}
CALLING = frozenset(_BY_MOVEMENT)
"""Alarms of movements that call customs; those of a look at a seal call it by R40."""


def _by_movement(situation: Situation) -> Iterable[Call]:
    """CLR_R41 to R43: what does not agree with the voyage or the declaration calls customs.

    CLR_R41: a seal was opened outside an authorised place or time.
    CLR_R42: a seal on the container is none of those declared.
    CLR_R43: the goods weigh more or less than declared.
    """
    for alarm in situation.movement_alarms:
        code = _BY_MOVEMENT.get(alarm.kind)
        if code is not None:
            what = f"{alarm.container} {alarm.mark}".strip()
            yield Call(CUSTOMS, Scope.GOODS, Reason(code, alarm.message, what))


def unsettled(made: Iterable[Call], orders: tuple[Examination, ...]) -> Iterable[Call]:
    """Yield the calls that no examination has answered yet.

    An agency that examined for a reason and found all conform is not called for it again.
    """
    answered: set[tuple[str, str, str]] = set()
    for order in orders:
        done = {one.agency for one in order.results if one.outcome is Conformity.CONFORM}
        for part in order.parts:
            if part.agency in done and order.closed_at is not None:
                answered |= {(part.agency, each.code, each.value) for each in part.reasons}
    for call in made:
        if (call.agency, call.reason.code, call.reason.value) not in answered:
            yield call


def parts_of(made: tuple[Call, ...]) -> tuple[Part, ...]:
    """Return one part per agency, customs first, with the widest scope that was asked."""
    agencies = sorted({call.agency for call in made}, key=lambda code: (code != CUSTOMS, code))
    return tuple(
        Part(
            agency,
            widest(call.scope for call in made if call.agency == agency),
            tuple(dedupe(call.reason for call in made if call.agency == agency)),
        )
        for agency in agencies
    )


def widest(scopes: Iterable[Scope]) -> Scope:
    """Return GOODS where any asks for it."""
    return max(scopes, key=_RANK.__getitem__)


def dedupe(reasons: Iterable[Reason]) -> Iterable[Reason]:
    """Return the reasons in their order, each once."""
    return dict.fromkeys(reasons)
