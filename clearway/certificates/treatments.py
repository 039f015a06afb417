"""What a certificate claims of a treatment, as numbers that readings can be held against.

    claim = claim_of(treatment)
    claim.kind            # cold, heat, fumigation, other
    claim.temperature_c   # at or below, for cold; at or above, for heat; lowest, for a fumigation
    claim.hours           # held without a break
    claim.dose_g_m3       # of the fumigant; times hours: `concentration_time_g_h_m3`
    claim.sensors         # how many probes measured it
    claim.wanting         # what is not stated and would be needed to check it

The message has codes for type, agent, concentration, temperature and duration (TTL1, TTCH, TTCO,
TTTM, DurationMeasure), none for probes and their calibration: those are read from characteristics
`TTPR` (number of probes), `TTCAL` (date of calibration) that partners may agree on, else from
plain words such as `3 pulp sensors` and `calibrated 2026-03-01`. Words with two numbers say none.
From which temperature on a treatment counts as cold or heat is assumed by the house.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Final, TypeVar

from clearway.certificates.parts import Measure, Treatment
from clearway.errors import BadTerm
from clearway.terms.quantity import UnitCode

_HOUR: Final = UnitCode("HUR")
_T = TypeVar("_T", int, date)
WARMEST_COLD_C: Final = Decimal(4)
COOLEST_HEAT_C: Final = Decimal(40)
MOST_SENSORS: Final = 999
_WORDS: Final = 4_000

_PROBES = re.compile(r"\b([0-9]{1,3})\s+(?:[a-z]{1,12}\s+)?(?:probes?|sensors?)\b", re.IGNORECASE)
_CALIBRATED = re.compile(r"\bcalibrat(?:ed|ion)\D{0,20}([0-9]{4}-[0-9]{2}-[0-9]{2})", re.IGNORECASE)
_FUMIGANTS: Final = (
    "methyl bromide",
    "phosphine",
    "sulfuryl fluoride",
    "sulphuryl fluoride",
    "ethanedinitrile",
)
# Units of a dose as they are written, to grams for each cubic metre.
_DOSES: Final = {
    "g/m3": Decimal(1), "g/m³": Decimal(1), "GM3": Decimal(1), "mg/l": Decimal(1),
    "A93": Decimal(1), "kg/m3": Decimal(1000), "KMQ": Decimal(1000), "mg/m3": Decimal("0.001"),
    "GP": Decimal("0.001"),
}  # fmt: skip


class TreatmentKind(StrEnum):
    """What held the pests off."""

    COLD = "cold"
    HEAT = "heat"
    FUMIGATION = "fumigation"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class TreatmentClaim:
    """A treatment as stated, in numbers; None where it is not stated, or not so that it counts.

    Args:
        agent: active ingredients, joined by a comma; "" for none.
        hours: above zero.
        dose_g_m3: of a fumigant, grams for each cubic metre.
        sensors: number of probes, 1 to 999.
        calibrated: day on which they were.
        started_at, ended_at: aware UTC.
        wanting: names of what a check of this kind needs and the certificate does not state.
    """

    kind: TreatmentKind
    agent: str = ""
    temperature_c: Decimal | None = None
    hours: Decimal | None = None
    dose_g_m3: Decimal | None = None
    sensors: int | None = None
    calibrated: date | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    wanting: tuple[str, ...] = ()

    @property
    def concentration_time_g_h_m3(self) -> Decimal | None:
        """Dose times hours (CT product), or None."""
        if self.dose_g_m3 is None or self.hours is None:
            return None
        return self.dose_g_m3 * self.hours


_NEEDS: Final = {
    TreatmentKind.COLD: ("temperature_c", "hours", "sensors", "calibrated"),
    TreatmentKind.HEAT: ("temperature_c", "hours", "sensors", "calibrated"),
    TreatmentKind.FUMIGATION: ("agent", "dose_g_m3", "hours", "temperature_c"),
    TreatmentKind.OTHER: (),
}


def claim_of(treatment: Treatment) -> TreatmentClaim:
    """Return what a treatment states, in numbers; never raises, whatever was written."""
    temperature, hours = _temperature(treatment), _hours(treatment)
    dose = _dose(treatment.concentration)
    kind = _kind(treatment, temperature, dose)
    stated = {
        "agent": treatment.agent,
        "temperature_c": temperature,
        "hours": hours,
        "dose_g_m3": dose,
        "sensors": _sensors(treatment),
        "calibrated": _calibrated(treatment),
    }
    wanting = tuple(name for name in _NEEDS[kind] if not stated[name] and stated[name] != 0)
    return TreatmentClaim(
        kind=kind,
        agent=treatment.agent,
        temperature_c=temperature,
        hours=hours,
        dose_g_m3=dose,
        sensors=_sensors(treatment),
        calibrated=_calibrated(treatment),
        started_at=None if treatment.started is None else treatment.started.at,
        ended_at=None if treatment.ended is None else treatment.ended.at,
        wanting=wanting,
    )


def _kind(treatment: Treatment, temperature: Decimal | None, dose: Decimal | None) -> TreatmentKind:
    """Return the kind: by the agent and its dose first, else by how warm it was."""
    if dose is not None or any(name in treatment.agent.lower() for name in _FUMIGANTS):
        return TreatmentKind.FUMIGATION
    if temperature is None:
        return TreatmentKind.OTHER
    if temperature <= WARMEST_COLD_C:
        return TreatmentKind.COLD
    return TreatmentKind.HEAT if temperature >= COOLEST_HEAT_C else TreatmentKind.OTHER


def _temperature(treatment: Treatment) -> Decimal | None:
    try:
        return treatment.temperature_c
    except BadTerm:  # a unit of something else: the reader has remarked on it
        return None


def _hours(treatment: Treatment) -> Decimal | None:
    try:
        hours = None if treatment.duration is None else treatment.duration.to(_HOUR).value
    except BadTerm:  # as above
        return None
    return hours or None


def _dose(measure: Measure | None) -> Decimal | None:
    if measure is None:
        return None
    factor = _DOSES.get(measure.unit.strip()) or _DOSES.get(measure.unit.strip().lower())
    return measure.value * factor if factor is not None and measure.value > 0 else None


def _sensors(treatment: Treatment) -> int | None:
    """Return the number of probes: as a characteristic, else in words."""
    stated = [str(each.measure.value if each.measure else each.text).strip()
              for each in treatment.others if each.code == "TTPR"]  # fmt: skip
    return _only(map(_whole, stated or _PROBES.findall(_words(treatment))))


def _calibrated(treatment: Treatment) -> date | None:
    stated = [each.text.strip() for each in treatment.others if each.code == "TTCAL"]
    return _only(map(_day, stated or _CALIBRATED.findall(_words(treatment))))


def _words(treatment: Treatment) -> str:
    texts = (*treatment.description, *treatment.information)
    return " \n ".join(each.text for each in texts)[:_WORDS]


def _only(found: Iterable[_T | None]) -> _T | None:
    values = {each for each in found if each is not None}
    return values.pop() if len(values) == 1 else None


def _whole(text: str) -> int | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    is_whole = number.is_finite() and 1 <= number <= MOST_SENSORS and number == int(number)
    return int(number) if is_whole else None


def _day(text: str) -> date | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError:
        return None
