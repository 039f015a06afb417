"""The decision on a declaration: release, examine, hold or refuse, with every reason.

Each rule bears a code `CLR_Rnn`; its docstring says what it does in one sentence. The order:

1. What an examination found decides first: refuse, or hold (R51, R52).
2. What must be examined is put in ONE order for all agencies: certificates (R04 to R08), the risk
   channel (R10, R11), controls that a law demands (R20), the cold chain (R30 to R32), seals and
   mass (R40 to R43).
3. Documents that are not there hold the release, whatever else is decided (R01 to R03); so does
   a single use that is not ordered yet, where the certificate's profile says so (R09), and the
   time in which an officer may stop a green one (R15, R16).
4. Otherwise the goods go: at once, or the moment they arrive (R60).

A prediction (score, shelf life) can only add an examination or move it up in the queue. Release
rests on documents, laws and what people found.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from clearway.certificates.treatments import TreatmentKind
from clearway.clearance.calls import (
    CUSTOMS,
    calls,
    claims_with,
    dedupe,
    parts_of,
    unsettled,
    widest,
)
from clearway.clearance.claims import ClaimVerdict
from clearway.clearance.model import (
    Conformity,
    Cover,
    Decision,
    Examination,
    Extent,
    MissingDocument,
    Outcome,
    Part,
    Result,
    Scope,
)
from clearway.clearance.situation import Need, Paper, Situation
from clearway.errors import RuleViolation, WrongState
from clearway.risk.model import Channel
from clearway.terms.reason import Reason

VERSION = "clearance-rules/4"
"""Stands in every decision; a change of any rule below takes a new one."""

REFUSING_KINDS = frozenset({"prohibited_goods", "quarantine_pest", "unfit_for_consumption"})
"""Discrepancies after which goods do not enter; other ones are held for mending or payment."""


def decide(situation: Situation) -> Decision:
    """Return the decision on a declaration; the same situation always gives the same."""
    found = _findings(situation)
    if found is not None:
        return found
    missing = tuple(missing_documents(situation))
    made = tuple(unsettled(calls(situation), situation.orders))
    reasons = tuple(dedupe(call.reason for call in made))
    documents = tuple(Reason(code, each.text, each.number) for code, each in missing)
    wanted = tuple(each for _, each in missing)
    if made:
        return Decision(
            Outcome.EXAMINE,
            reasons + documents,
            parts=parts_of(made),
            missing=wanted,
            is_mandatory=any(call.is_mandatory for call in made),
        )
    if missing:
        return Decision(Outcome.HOLD, documents, missing=wanted)
    awaited = tuple(_awaits_order(situation))
    if awaited:
        return Decision(Outcome.HOLD, awaited)
    if situation.held_until is not None:
        return Decision(Outcome.HOLD, (_held(situation.held_until),))
    return _release(situation)


def _held(until: datetime) -> Reason:
    """CLR_R15: a green one with delay goes when the time is over in which it may be stopped."""
    text = f"The release takes effect at {until:%Y-%m-%d %H:%M} UTC."
    return Reason("CLR_R15", text, until.isoformat())


def _awaits_order(situation: Situation) -> Iterable[Reason]:
    """CLR_R09: goods wait until the agencies' order has taken the use of their certificate."""
    for paper in situation.papers:
        if paper.awaits_order:
            text = f"The agencies' order has not confirmed the use of {paper.number} yet."
            yield Reason("CLR_R09", text, paper.number)


def _release(situation: Situation) -> Decision:
    """CLR_R60: goods in order go out at once, or the moment they arrive (TFA 7.1)."""
    reasons = list(_why_release(situation))
    if not situation.is_arrived:
        text = "Decided before arrival: the goods go out the moment they arrive."
        reasons.append(Reason("CLR_R60", text))
    return Decision(Outcome.RELEASE, tuple(reasons), on_arrival=not situation.is_arrived)


def _why_release(situation: Situation) -> Iterable[Reason]:
    """CLR_R50, R17, R12, R13, R14: examined and conform; else the lane; and papers in order."""
    agencies = [result.agency for order in situation.orders for result in order.results]
    if agencies:
        who = ", ".join(dict.fromkeys(agencies)).replace("_", " ")
        yield Reason("CLR_R50", f"Examined by {who} and found conform.")
    elif situation.is_rerouted:
        text = "Nobody began the documentary check in time; it is audited after clearance."
        yield Reason("CLR_R17", text)
    elif situation.assessment and situation.assessment.channel is Channel.BLUE:
        yield Reason("CLR_R12", "Released now; the documents are audited after clearance.")
    else:
        yield Reason("CLR_R13", "Nothing demands an examination.")
    for paper in situation.papers:
        if paper.match is not None and paper.match.is_usable:
            covers = paper.match.cover is Cover.COVERS
            verb = "covers the goods" if covers else "was accepted after the examination"
            yield Reason("CLR_R14", f"Document {paper.type} {paper.number} {verb}.", paper.number)
    for claim in claims_with(situation, ClaimVerdict.VERIFIED):
        is_heat = claim.claim.kind is TreatmentKind.HEAT
        shown = f"{claim.days_achieved * (24 if is_heat else 1):.1f}"
        unit = "hours" if is_heat else "days"
        text = f"The logger of {claim.claim.container} shows the treatment: {shown} {unit}."
        yield Reason("CLR_R33", text, shown)


def _findings(situation: Situation) -> Decision | None:
    """CLR_R51, R52: what the last closed examination found decides before all else."""
    closed = [order for order in situation.orders if order.closed_at is not None]
    if not closed:
        return None
    bad = [one for one in closed[-1].results if one.outcome is Conformity.NOT_CONFORM]
    if not bad:
        return None
    refused = any(each.kind in REFUSING_KINDS for one in bad for each in one.discrepancies)
    code = "CLR_R52" if refused else "CLR_R51"
    reasons = tuple(
        Reason(code, f"{_agency(one.agency)} found: {each.detail}", each.kind)
        for one in bad
        for each in one.discrepancies
    )
    return Decision(Outcome.REFUSE if refused else Outcome.HOLD, reasons)


def missing_documents(situation: Situation) -> Iterable[tuple[str, MissingDocument]]:
    """Yield each document that the release waits for, with the code of its rule.

    CLR_R01: a document that a measure demands is not named in the declaration.
    CLR_R02: a certificate is named, but has not come from its authority.
    CLR_R03: a certificate is withdrawn, replaced, expired or otherwise not usable.
    """
    for need in situation.needs:
        if need.is_control:
            continue
        named = [p for p in situation.papers if p.code in need.type_codes and _serves(p, need)]
        if not named:
            text = f"{need.text} No such document is named for {_items(need.items)}."
            yield "CLR_R01", MissingDocument(need.type_codes, need.agency, text)
            continue
        if not need.is_certificate:
            continue
        yield from _wanting(need, named)


def _wanting(need: Need, named: list[Paper]) -> Iterable[tuple[str, MissingDocument]]:
    if any(paper.match is not None and paper.match.is_usable for paper in named):
        return
    paper = named[0]
    if paper.match is None:
        code = "CLR_R02"
        text = (
            f"Document {paper.type} {paper.number} is named, but has not come from its authority;"
            " ask the authority to send it, or hand it in."
        )
    else:
        code, text = "CLR_R03", paper.match.for_trader
    yield code, MissingDocument(need.type_codes, need.agency, text, paper.number)


def _serves(paper: Paper, need: Need) -> bool:
    return not paper.items or not need.items or bool(set(paper.items) & set(need.items))


def _agency(code: str) -> str:
    return code.replace("_", " ").capitalize()


def _items(numbers: tuple[int, ...]) -> str:
    if not numbers:
        return "the goods"
    word = "item" if len(numbers) == 1 else "items"
    return f"{word} {', '.join(map(str, numbers))}"


CLOCKS_DIFFER = timedelta(minutes=5)
"""How far a sender's clock may be ahead of ours, or behind it."""
MOST_HOURS = 1_000.0
"""Of work that one examination can take."""

CONFIDENTIAL = frozenset({"CLR_R10", "CLR_R11", "CLR_R16"})
"""Why risk selected goods is for those who may read risk, which no trader and no officer of
another agency may: whoever knows it learns how not to be selected."""

TOLD_TO_OFFICERS = frozenset({"clearance.stopped/1", "clearance.rerouted/1"})
"""Facts of what an officer makes of a lane, and why; they are as confidential."""


def for_trader(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """Return the reasons as whoever may not read risk sees them (TFA 4 and 7.9.4)."""
    hidden = "Selected for examination by customs' risk management."
    return tuple(
        Reason(each.code, hidden) if each.code in CONFIDENTIAL else each for each in reasons
    )


# What may be done with an examination


def extend(order: Examination, parts: Iterable[Part]) -> tuple[Part, ...]:
    """Return the parts of an open order with more agencies, scopes and reasons in it."""
    mine = {part.agency: part for part in order.parts}
    for part in parts:
        known = mine.get(part.agency)
        if known is None:
            mine[part.agency] = part
            continue
        scope = widest((known.scope, part.scope))
        mine[part.agency] = Part(part.agency, scope, tuple(dedupe((*known.reasons, *part.reasons))))
    return tuple(mine[agency] for agency in sorted(mine, key=lambda code: (code != CUSTOMS, code)))


def require_startable(order: Examination, *, is_arrived: bool) -> None:
    """Refuse to begin an examination of goods that are not here, or that is over.

    Raises: WrongState: CLR_R61, CLR_R62.
    """
    if order.closed_at is not None:
        raise WrongState(f"Examination {order.id} is closed; nothing more can be done in it")
    goods = any(part.scope is Scope.GOODS for part in order.parts)
    if goods and not is_arrived:
        raise WrongState(
            f"The goods of {order.mrn} have not arrived; record their arrival first", rule="CLR_R61"
        )


def require_party(order: Examination, agency: str) -> None:
    """Refuse an agency that takes no part. Raises: WrongState: CLR_R63."""
    if agency not in order.agencies:
        took = " and ".join(map(_agency, order.agencies))
        detail = f"{_agency(agency)} takes no part in examination {order.id}; {took} do"
        raise WrongState(detail, rule="CLR_R63")


def require_result(order: Examination, result: Result, now: datetime) -> None:
    """Refuse a result that cannot be one.

    Raises:
        WrongState: CLR_R62 the order is closed, CLR_R63 the agency takes no part, CLR_R64 it has
            reported already.
        RuleViolation: CLR_R65 it ends before it starts, CLR_R66 not conform without saying what,
            CLR_R67 conform with a discrepancy, CLR_R68 revenue below zero, CLR_R72 in the future,
            CLR_R73 the extent contradicts the outcome, CLR_R74 hours out of bounds, CLR_R75 lines
            that come to more revenue than the whole, CLR_R79 before it was ordered.
    """
    if order.closed_at is not None:
        raise WrongState(f"Examination {order.id} is closed", rule="CLR_R62")
    require_party(order, result.agency)
    if result.agency not in order.waiting_for:
        who = _agency(result.agency)
        detail = f"{who} has reported on {order.id} already; a second report needs a new order"
        raise WrongState(detail, rule="CLR_R64")
    _require_sound(result, now)
    _require_after(result, order.ordered_at, f"examination {order.id} was ordered")


def require_audit(
    released_at: datetime | None, is_audited: bool, result: Result, now: datetime
) -> None:
    """Refuse an audit that cannot be one.

    Args:
        released_at: None: the goods are still here.

    Raises:
        WrongState: CLR_R76 the goods are still here: examine them; CLR_R77 the agency has reported.
        RuleViolation: CLR_R65 to CLR_R68 and CLR_R72 to CLR_R75, as for an examination; CLR_R79
            before the goods were released.
    """
    if released_at is None:
        raise WrongState(
            "The goods are not released; an audit looks into what has left, an examination into"
            " what is here",
            rule="CLR_R76",
        )
    if is_audited:
        who = _agency(result.agency)
        raise WrongState(f"{who} has reported its audit already; it stands", rule="CLR_R77")
    _require_sound(result, now)
    _require_after(result, released_at, "the goods were released")


def require_stoppable(held_until: datetime | None, reason: str, now: datetime, *, mrn: str) -> None:
    """Refuse to stop what is not held, or without a reason.

    Raises:
        WrongState: CLR_R78 it is not held for an officer's look, or its time is over.
        RuleViolation: CLR_R71 no reason is given.
    """
    if held_until is None or now >= held_until:
        detail = f"Declaration {mrn} is not held as green with delay; nothing of it can be stopped"
        raise WrongState(detail, rule="CLR_R78")
    if not reason.strip():
        detail = "reason is empty; say in one sentence why the goods are stopped"
        raise RuleViolation(detail, rule="CLR_R71")


def _require_after(result: Result, earliest: datetime, what: str) -> None:
    """CLR_R79: nobody reports on what could not have begun yet; clocks may differ a little."""
    for field, value in (("started_at", result.started_at), ("ended_at", result.ended_at)):
        if value < earliest - CLOCKS_DIFFER:
            detail = (
                f"{field} {value.isoformat()} lies before {earliest.isoformat()}, when {what};"
                " say when this work was done, and tell what was seen before in the note"
            )
            raise RuleViolation(detail, rule="CLR_R79", field=field)


def _require_sound(result: Result, now: datetime) -> None:
    broken = _broken(result, now) or _contradictory(result)
    if broken:
        raise RuleViolation(broken[1], rule=broken[0])


def _contradictory(result: Result) -> tuple[str, str] | None:
    if (result.found is Extent.NOTHING) != (result.outcome is Conformity.CONFORM):
        return "CLR_R73", (
            f"extent {result.found.value} contradicts {result.outcome.value}; nothing goes with"
            " conform, partial and full with not_conform"
        )
    if result.hours is not None and not 0 <= result.hours <= MOST_HOURS:
        return "CLR_R74", f"hours {result.hours:g} must lie from 0 to {MOST_HOURS:g}"
    parts = [one.revenue for one in result.discrepancies if one.revenue is not None]
    if any(part.amount < 0 for part in parts):
        return "CLR_R68", "revenue of a finding must not be below zero"
    whole = result.extra_revenue
    if whole is not None and {part.currency for part in parts} - {whole.currency}:
        return "CLR_R75", f"revenue of a finding must be in {whole.currency}, as the whole is"
    if sum(part.amount for part in parts) > (0 if whole is None else whole.amount):
        return "CLR_R75", f"the findings come to more than extra_revenue {whole or 0}"
    return None


def _broken(result: Result, now: datetime) -> tuple[str, str] | None:
    if result.ended_at > now + CLOCKS_DIFFER:
        return "CLR_R72", f"ended_at {result.ended_at.isoformat()} lies in the future"
    if result.ended_at < result.started_at:
        return "CLR_R65", "ended_at lies before started_at; an examination ends after it starts"
    conform = result.outcome is Conformity.CONFORM
    if not conform and not result.discrepancies:
        return "CLR_R66", "not_conform needs at least one finding: what was found?"
    if conform and result.discrepancies:
        return "CLR_R67", "conform goes with no finding; say not_conform, or leave findings out"
    if result.extra_revenue is not None and result.extra_revenue.amount < 0:
        return "CLR_R68", f"extra_revenue {result.extra_revenue} must not be below zero"
    return None


def require_releasable(
    last: Outcome | None, situation: Situation, reason: str, *, mrn: str
) -> None:
    """Refuse a release by hand that nobody could answer for.

    Raises:
        WrongState: CLR_R69 an examination is open, CLR_R70 the goods were refused, CLR_R61 they
            have not arrived.
        RuleViolation: CLR_R71 no reason is given.
    """
    for order in situation.orders:
        if order.is_open:
            who = " and ".join(map(_agency, order.waiting_for))
            detail = f"Examination {order.id} is open: {who} must report first"
            raise WrongState(detail, rule="CLR_R69")
    if last is Outcome.REFUSE:
        detail = "The goods were refused; they can only be re-exported, returned or destroyed"
        raise WrongState(detail, rule="CLR_R70")
    if not situation.is_arrived:
        detail = f"The goods of {mrn} have not arrived; record their arrival first"
        raise WrongState(detail, rule="CLR_R61")
    if not reason.strip():
        detail = "reason is empty; say in one sentence why the goods are released"
        raise RuleViolation(detail, rule="CLR_R71")
