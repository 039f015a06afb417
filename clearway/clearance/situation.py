"""What a decision rests on: everything the border knows of a consignment, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from clearway.clearance.claims import ClaimResult
from clearway.clearance.model import Examination, Match, Scope
from clearway.coldchain.model import Alarm
from clearway.movements.alarm import MovementAlarm
from clearway.risk.model import Assessment


@dataclass(frozen=True, slots=True)
class Need:
    """A document or a control that a measure demands for some items.

    Args:
        code: of the measure.
        agency: that asks for it.
        type_codes: documents that would do, without a national letter; empty for a control.
        text: the requirement in one sentence.
        legal_basis: the law behind it.
        items: numbers of the items.
        is_certificate: whether the document itself must be on file here, not only named.
    """

    code: str
    agency: str
    text: str
    legal_basis: str = ""
    type_codes: tuple[str, ...] = ()
    items: tuple[int, ...] = ()
    is_certificate: bool = False

    @property
    def is_control(self) -> bool:
        """Whether it demands an examination, not a document."""
        return not self.type_codes


@dataclass(frozen=True, slots=True)
class Paper:
    """A document that the declaration names, and the certificate behind it.

    Args:
        type: as the declaration names it, such as `N851`.
        code: the same without a national letter, such as `851`.
        number: as declared.
        agency: that answers for documents of this kind, empty where no profile says.
        items: numbers of the items that it is named for.
        match: compared with the declaration; None: it has not come.
        claims: treatments that it claims, against the loggers.
        awaits_order: its single use must be ordered before the goods go, and is not yet.
    """

    type: str
    code: str
    number: str
    agency: str = ""
    items: tuple[int, ...] = ()
    match: Match | None = None
    claims: tuple[ClaimResult, ...] = ()
    awaits_order: bool = False


@dataclass(frozen=True, slots=True)
class BrokenSeal:
    """A seal that was found broken or other than declared."""

    container: str
    seal: str


@dataclass(frozen=True, slots=True)
class Stop:
    """An officer stopped a green declaration while it was held.

    Args:
        scope: what customs wants to look at.
        reason: in the officer's words.
    """

    scope: Scope
    reason: str


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything that the decision rests on, and nothing else.

    Args:
        needs: what measures demand.
        papers: what the declaration names.
        assessment: of risk; None: not assessed.
        alarms: of the cold chain of the containers, those that stand.
        seals: broken ones.
        orders: examinations ordered so far, with their results.
        is_arrived: whether all goods are here.
        movement_alarms: of the containers, those that stand: seals and mass.
        held_until: until when a green one may still be stopped; None: not, or not any more.
        stop: by an officer, if there was one.
        is_rerouted: whether a documentary check that nobody began became an audit.
    """

    needs: tuple[Need, ...] = ()
    papers: tuple[Paper, ...] = ()
    assessment: Assessment | None = None
    alarms: tuple[Alarm, ...] = ()
    seals: tuple[BrokenSeal, ...] = ()
    orders: tuple[Examination, ...] = ()
    is_arrived: bool = False
    movement_alarms: tuple[MovementAlarm, ...] = ()
    held_until: datetime | None = None
    stop: Stop | None = None
    is_rerouted: bool = False
