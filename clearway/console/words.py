"""Words for codes: what stands on a page where a fact or a model holds a code.

Every word here is a source text of `texts/`; a test holds the catalogues against `every_word`.
"""

from __future__ import annotations

from collections.abc import Iterator

from clearway.certificates.formats.profile import profile_of
from clearway.certificates.issuing import course
from clearway.certificates.issuing.model import ResultKind
from clearway.clearance.claims import ClaimVerdict
from clearway.clearance.model import (
    Conformity,
    Cover,
    Extent,
    Fraud,
    Outcome,
    Scope,
    Step,
    Verdict,
)
from clearway.clearance.record import State
from clearway.coldchain.actions_ahead import Remedy
from clearway.coldchain.faults import FaultKind
from clearway.coldchain.fleet import Tone
from clearway.coldchain.model import AlarmKind, AlarmLevel
from clearway.console import risk_words
from clearway.console.translate import MONTHS
from clearway.declarations.lifecycle import Status
from clearway.declarations.model import Kind
from clearway.errors import ClearwayError
from clearway.identity.model import AGENCIES
from clearway.movements.alarm import MovementAlarmKind
from clearway.movements.epcis.model import EventType
from clearway.movements.epcis.vocabulary import BIZ_STEPS, DISPOSITIONS
from clearway.risk.model import Channel, Stratum
from clearway.risk.profiles.model import State as RuleState
from clearway.tasks import model as tasks

CERTIFICATE_KINDS = ("851", "657", "852", "853", "636", "861", "626")
"""Kinds that can be applied for (UNECE 1001), the usual first."""

STEPS_OF_LIFE: dict[str, str] = {
    "declaration.accepted/1": "Declaration accepted",
    "declaration.rejected/1": "Declaration rejected",
    "declaration.documents_requested/1": "Documents requested",
    "declaration.control_ordered/1": "Trader told of the examination",
    "declaration.corrected/1": "Declaration corrected",
    "declaration.released/1": "Goods released",
    "declaration.cleared/1": "Declaration cleared",
    "declaration.invalidated/1": "Declaration invalidated",
    "declaration.key_conflict/1": "Other content came under the same key",
    "risk.assessed/1": "Risk assessed",
    "clearance.certificate_matched/1": "Certificate compared with the declaration",
    "clearance.examination_ordered/1": "Examination ordered",
    "clearance.examination_cancelled/1": "Examination no longer needed",
    "clearance.examination_started/1": "Examination begun",
    "clearance.examined/1": "Result of the examination",
    "clearance.decided/1": "Decision taken",
    "clearance.arrived/1": "Goods arrived",
    "clearance.delay_explained/1": "Delay explained to the importer",
}
"""What happened, by the type of its fact."""

MODES: dict[str, str] = {
    "1": "by sea",
    "2": "by rail",
    "3": "by road",
    "4": "by air",
    "5": "by post",
    "7": "by fixed installation",
    "8": "by inland waterway",
    "9": "under its own power",
}
"""How goods came, by the digit of UN/ECE Recommendation 19."""

DISCREPANCIES = (
    *(kind.value for kind in Fraud),
    "certificate",
    "quarantine_pest",
    "spoilt",
    "unfit_for_consumption",
    "broken_seal",
    "other",
)
"""Kinds of what an examination can find, as offered to officers; the core takes any code."""

CHART_WORDS = (
    "Supply air",
    "Return air",
    "Pulp",
    "Event",
    "Probe",
    "Likely from now on",
    "8 of 10 outcomes",
    "Limit",
    "Now",
    "Median",
    "9 of 10 within",
    "lodged",
    "released",
    "examined",
    "consignments",
    "selected",
    "not conform",
    "Sample country",
    "without alarm",
    "with an alarm",
    "over a limit",
    "days",
    "cautious days of life left",
    "°C above the limit",
)
"""Words in charts, sent along as data: scripts hold no text of their own."""

OTHERS = ("trader", "carrier", "terminal", "border", "unknown", "mandatory", "keeps", "spoils")


def plain(code: str) -> str:
    """Return a code as words: `not_conform` -> `not conform`."""
    return code.replace("_", " ")


def every_word() -> Iterator[str]:
    """Yield every source text that a page can show by way of a variable."""
    enums = (
        *Status, *State, *Kind, *Channel, *Stratum, *Outcome, *Conformity, *Extent,
        *Cover, *Verdict,
        *Step, *Scope, *Tone, *ClaimVerdict, *AlarmKind, *AlarmLevel,
        *course.Stage, *course.Delivery, *course.Step, *ResultKind,
        *tasks.State, *tasks.Outcome, *tasks.Audience, *MovementAlarmKind, *Remedy, *FaultKind,
        *RuleState,
    )  # fmt: skip
    yield from (plain(one.value) for one in enums)
    yield from map(plain, course.STATES)
    yield from (profile_of(kind).name for kind in CERTIFICATE_KINDS)
    yield from map(plain, DISCREPANCIES)
    yield from (*STEPS_OF_LIFE.values(), *MODES.values(), *CHART_WORDS, *AGENCIES.values())
    yield from (plain(word) for word in (*BIZ_STEPS, *DISPOSITIONS, *EventType))
    yield from (*OTHERS, *MONTHS)
    for names in risk_words.NAMES:
        yield from names.values()
    yield from _titles(ClearwayError)


def _titles(error: type[ClearwayError]) -> Iterator[str]:
    yield error.title
    for branch in error.__subclasses__():
        yield from _titles(branch)
