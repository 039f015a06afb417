"""A consignment's way through clearance as this node holds it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from clearway.clearance.claims import ClaimResult
from clearway.clearance.facts import Decided
from clearway.clearance.model import Match, Outcome, Step
from clearway.terms.identifiers import Mrn


class State(StrEnum):
    """Where a consignment stands."""

    WAITING = "waiting"  # lodged, not decided
    READY = "ready"  # to be released the moment it arrives
    HELD = "held"  # a document is missing, or a finding must be settled
    TO_EXAMINE = "to_examine"  # an examination waits to begin
    UNDER_EXAMINATION = "under_examination"
    REFUSED = "refused"
    RELEASED = "released"
    CLOSED = "closed"  # invalidated


@dataclass(frozen=True, slots=True)
class Consignment:
    """One declaration's goods.

    Args:
        seq: fact of the acceptance; the place in lists.
        lodged_by: actor; `corrected_by` the last who corrected, empty if nobody did.
        importer: party id, or the name where none is given.
        goods: the weightiest item, as shown.
        commodity: code in the cold chain's library, empty for goods that do not spoil.
        chapter: HS chapter of the weightiest item.
        mass_kg: net, of all items.
        value: statistical value of all items; 0 where none is stated.
        containers: how many.
        propensity: probability, before the draw, that the goods would be examined.
        complete_at: when the last missing document came; None: none was, or one is still missing.
        examination: id of the last order, empty without one.
        arrival: fact that the goods are here, None before.
    """

    mrn: Mrn
    seq: int
    state: State
    kind: str
    office: str
    mode: str
    declarant: str
    importer: str
    importer_name: str
    lodged_by: str
    corrected_by: str
    goods: str
    commodity: str
    chapter: str
    mass_kg: Decimal
    value: Decimal
    containers: int
    lodged_at: datetime
    arrival_expected_at: datetime | None = None
    arrived_at: datetime | None = None
    arrival: int | None = None
    is_document_missing: bool = False
    complete_at: datetime | None = None
    channel: str = ""
    stratum: str = ""
    score: float = 0.0
    propensity: float = 0.0
    outcome: Outcome | None = None
    examination: str = ""
    ordered_at: datetime | None = None
    started_at: datetime | None = None
    examined_at: datetime | None = None
    released_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether a decision can still change anything."""
        return self.state not in (State.RELEASED, State.CLOSED, State.REFUSED)

    def steps(self) -> tuple[tuple[Step, datetime], ...]:
        """Return the steps passed so far and when, in the order of a clearance."""
        passed = (
            (Step.LODGED, self.lodged_at),
            (Step.ARRIVED, self.arrived_at),
            (Step.DOCUMENTS_COMPLETE, self.complete_at),
            (Step.EXAMINATION_ORDERED, self.ordered_at),
            (Step.EXAMINATION_STARTED, self.started_at),
            (Step.EXAMINED, self.examined_at),
            (Step.RELEASED, self.released_at),
        )
        return tuple((step, at) for step, at in passed if at is not None)


@dataclass(frozen=True, slots=True)
class StoredDecision:
    """A decision and the fact that states it."""

    seq: int
    at: datetime
    actor: str
    decided: Decided


@dataclass(frozen=True, slots=True)
class StoredMatch:
    """A comparison of a certificate with a declaration, and the fact that states it."""

    seq: int
    at: datetime
    document_type: str
    certificate_seq: int
    match: Match
    claims: tuple[ClaimResult, ...]


@dataclass(frozen=True, slots=True)
class Appeal:
    """All that was sealed with the decisions on a declaration (TFA 4): for whoever reviews them.

    Args:
        decisions: in their order, each with reasons, inputs, rules and model.
        matches: as they stood.
        facts: places in the log of everything that the decisions rest on, each once, in order: for
            each there is a receipt.
    """

    mrn: Mrn
    decisions: tuple[StoredDecision, ...]
    matches: tuple[StoredMatch, ...]
    facts: tuple[int, ...]
