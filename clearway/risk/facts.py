"""What risk states."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import ClassVar

from clearway.ledger.fact import BY_FIELD
from clearway.risk.card import Metric
from clearway.risk.model import Assessment, Capacity, Day, Hit


@dataclass(frozen=True, slots=True)
class Basis:
    """What an assessment rests on that no fact of before tells, so that it can be worked out again.

    Args:
        capacity: of the office, as it was set then.
        duty_rates: (number of item, percent), as the tariff had it then.
        controls: mandatory controls that the measures demanded then.
        alarms: kinds of the containers' alarms that stood.
        hazards: (number of item, rate at which partners found hazards in such goods).
        signals: (number of item, bits of `model.SIGNALS`) that other desks had noticed.
        kin: of the importer, as it was known then.
        address: of the importer, as it was registered then.
    """

    capacity: Capacity
    duty_rates: tuple[tuple[int, float], ...] = ()
    controls: tuple[Hit, ...] = ()
    alarms: tuple[str, ...] = ()
    hazards: tuple[tuple[int, float], ...] = ()
    signals: tuple[tuple[int, int], ...] = ()
    kin: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Shadow:
    """What a challenger said of a declaration; it is kept for comparison and never acts.

    Args:
        model: id of the challenger.
        score, probability, expected_revenue: as of an assessment.
        features: SHA-256 of the features as it saw them, by its own snapshot.
    """

    model: str
    score: float
    probability: float
    expected_revenue: Decimal
    features: str = ""


@dataclass(frozen=True, slots=True)
class Assessed:
    """A declaration was scored and a channel proposed. Subject: `declaration:<MRN>`.

    Args:
        mrn: the declaration.
        accepted: seq of the fact of its acceptance, whose goods were scored.
        office: whose capacity it used.
        day: of that office, days since 1970 UTC.
        assessment: the outcome, with its reasons.
        importer: whose selections of that day it adds to; "" unknown.
        so_far: what the office had assessed before it, so that it can be worked out again; None in
            facts of before.
        basis: what else it rests on; None in facts of before.
        shadow: what the challenger said; None without one.
    """

    TYPE: ClassVar[str] = "risk.assessed/1"
    FORM: ClassVar[int] = BY_FIELD

    mrn: str
    accepted: int
    office: str
    day: int
    assessment: Assessment
    importer: str = ""
    so_far: Day | None = None
    basis: Basis | None = None
    shadow: Shadow | None = None


@dataclass(frozen=True, slots=True)
class ModelActivated:
    """From now on declarations are scored with this model. Subject: `model:<id>`.

    Args:
        model: its id, which is made from the hashes of all its parts.
        trained_at: when it was trained.
        cut_off: midnight UTC; what was known before stands in its snapshot, the rest in
            `risk_history`.
        rows: items it learnt from.
        labelled: of these, with a result.
        illicit: of these, not conform.
        data: SHA-256 of what it learnt from.
        metrics: on a last period that it had not seen.
        reason: why it was activated, in the officer's words.
    """

    TYPE: ClassVar[str] = "risk.model_activated/1"

    model: str
    trained_at: datetime
    cut_off: datetime
    rows: int
    labelled: int
    illicit: int
    data: str
    metrics: tuple[Metric, ...]
    reason: str = ""
