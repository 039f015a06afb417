"""What watching models states. Subjects: `model:<id>`; `risk:training` where there is no model."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from clearway.risk.monitor.contest import Judgement
from clearway.risk.monitor.retraining import Because


class Drift(StrEnum):
    """What has moved."""

    FEATURES = "features"  # what the model sees
    SCORE = "score"  # what it says
    HIT_RATE = "hit_rate"  # what examinations find


@dataclass(frozen=True, slots=True)
class Moved:
    """One thing that moved further than it may.

    Args:
        name: of the feature, or of the stratum of examinations.
        value: population stability index; for a hit rate the share found now.
        bound: above it the index is drift; for a hit rate the share found before.
    """

    name: str
    value: float
    bound: float


@dataclass(frozen=True, slots=True)
class DriftNoticed:
    """The world is not the one that the model was trained on any more.

    Args:
        model: in use.
        what: kind of drift.
        moved: the furthest first, at most 20.
        since, until: acceptances (results, for a hit rate) that were compared; aware UTC.
    """

    TYPE: ClassVar[str] = "risk.drift_noticed/1"

    model: str
    what: Drift
    moved: tuple[Moved, ...]
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class ChallengerTrained:
    """A new model scores beside the active one from now on; it decides nothing.

    Args:
        model: its id.
        because: schedule, drift, ...
        trained_at, cut_off, rows, labelled: of its card.
    """

    TYPE: ClassVar[str] = "risk.challenger_trained/1"

    model: str
    because: Because
    trained_at: datetime
    cut_off: datetime
    rows: int
    labelled: int


@dataclass(frozen=True, slots=True)
class TrainingFailed:
    """No new model could be trained; the active one stays.

    Args:
        because: why it was to be trained.
        code: of the error, stable.
        detail: a sentence for people.
    """

    TYPE: ClassVar[str] = "risk.training_failed/1"

    because: Because
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class ChallengerJudged:
    """Champion and challenger were compared on the same later declarations.

    Args:
        challenger, champion: ids of the models.
        judgement: what came out; a verdict promotes nothing by itself.
    """

    TYPE: ClassVar[str] = "risk.challenger_judged/1"

    challenger: str
    champion: str
    judgement: Judgement
