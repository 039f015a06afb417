"""What insight calculates with, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from clearway.clearance.model import Step


@dataclass(frozen=True, slots=True)
class Passage:
    """One agency's passing of one step.

    Args:
        step: which step.
        agency: who did it; `trader` for what the trader does.
        at: aware UTC.
    """

    step: Step
    agency: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Stay:
    """One declaration's way through the border, as a time release study counts it.

    Args:
        mrn: of the declaration.
        passages: each step and agency at most once.
        mode: mode of transport, one digit of UN/ECE Recommendation 19.
        channel: red, yellow, blue or green.
        chapter: HS chapter of the largest item.
        office: customs office.
    """

    mrn: str
    passages: tuple[Passage, ...]
    mode: str = ""
    channel: str = ""
    chapter: str = ""
    office: str = ""

    def at(self, step: Step) -> datetime | None:
        """Return when the step was passed by the last agency, None if it was not."""
        return max((one.at for one in self.passages if one.step is step), default=None)


@dataclass(frozen=True, slots=True)
class ReleaseTime:
    """How long goods of one group took to a step (TFA 7.6), hours.

    Args:
        step: to which step.
        agency: whose step.
        group: values of what was grouped by, such as `{"channel": "green"}`.
        count: declarations that passed both ends.
        before: of these, how many had passed the step before the clock began: counted as 0 h.
        mean_h: arithmetic mean.
        median_h: half took no longer.
        p90_h: nine of ten took no longer (between values: linear).
    """

    step: Step
    agency: str
    group: Mapping[str, str]
    count: int
    before: int
    mean_h: float
    median_h: float
    p90_h: float


@dataclass(frozen=True, slots=True)
class Selection:
    """One declaration as selectivity saw it, and what an examination found.

    Args:
        channel: red, yellow, blue or green.
        stratum: why: mandatory, profile, score, random, none.
        propensity: probability before the draw that its goods would be examined, 0 to 1.
        is_examined: whether customs reported on the goods or the documents.
        is_opened: whether it reported on the goods: what the propensity speaks of.
        is_hit: whether it was not conform.
        extra_revenue: found.
    """

    channel: str
    stratum: str
    propensity: float
    is_examined: bool
    is_opened: bool
    is_hit: bool
    extra_revenue: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class HitRate:
    """How often examinations of one channel and stratum found something.

    Args:
        rate: hits / examined; None: nothing was examined.
        low, high: 95 % interval (Wilson) of the rate.
        extra_revenue: found in all.
    """

    channel: str
    stratum: str
    declarations: int
    examined: int
    hits: int
    rate: float | None
    low: float
    high: float
    extra_revenue: Decimal


@dataclass(frozen=True, slots=True)
class Targeting:
    """What all declarations hide, estimated from those examined, and how much targeting finds.

    Args:
        declarations: all of them.
        rate: share of them that an examination would find not conform, 0 to 1; None: unknown.
        error: standard error of `rate`.
        precision: hits among the examined that were not drawn at random.
        recall: share of all that is hidden which targeting found.
        lift: `precision / rate`: how many times better than a blind draw.
    """

    declarations: int
    rate: float | None
    error: float
    precision: float | None
    recall: float | None
    lift: float | None


@dataclass(frozen=True, slots=True)
class LifeSpent:
    """Life used up in one custody.

    Args:
        consumed_days: reference days of life used.
        elapsed_days: days that passed.
    """

    holder: str
    step: str
    consumed_days: float
    elapsed_days: float

    @property
    def excess_days(self) -> float:
        """Life used beyond what the same time at the reference temperature would have used."""
        return self.consumed_days - self.elapsed_days


@dataclass(frozen=True, slots=True)
class Lodgement:
    """One message of a declarant, as data quality counts it.

    Args:
        declarant: party id or name.
        is_rejected: refused by the rules.
        is_corrected: had to be corrected after acceptance.
        findings: codes of the remarks on it.
        differing: codes of the fields in which its certificates differ.
    """

    declarant: str
    is_rejected: bool = False
    is_corrected: bool = False
    findings: tuple[str, ...] = ()
    differing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DataQuality:
    """How good a declarant's data are.

    Args:
        clean: lodgements with nothing to mend.
        score: cautious share of clean ones, 0 to 1 (lower end of Wilson's 95 % interval), so that
            few lodgements do not make a good name.
        frequent: code -> count of what had to be mended, most frequent first, at most five.
    """

    declarant: str
    lodged: int
    rejected: int
    corrected: int
    mismatched: int
    clean: int
    score: float
    frequent: Mapping[str, int] = field(default_factory=dict)
