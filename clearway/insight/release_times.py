"""Average release times (TFA 7.6): from arrival, or lodgement, to each step of each agency.

    study(stays, since=Step.ARRIVED, by=("channel",))

counts a step that was done before the goods came as 0 h and says how many (`before`): that is what
processing before arrival (TFA 7.1) is for. A declaration that has not passed a step is not in its
figures.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from statistics import fmean

from clearway.clearance.model import Step
from clearway.errors import InputError
from clearway.insight.figures import quantile
from clearway.insight.model import ReleaseTime, Stay

GROUPS = ("mode", "channel", "chapter", "office")
"""What release times can be grouped by."""

_ORDER = {step: place for place, step in enumerate(Step)}
_Key = tuple[Step, str, tuple[str, ...]]


def study(
    stays: Iterable[Stay], *, since: Step = Step.ARRIVED, by: Sequence[str] = ()
) -> tuple[ReleaseTime, ...]:
    """Return the times of each step, agency and group, in the order of the steps.

    Args:
        stays: declarations that have passed `since` count, others do not.
        since: where the clock begins.
        by: names of `GROUPS`.

    Raises: InputError: no such group.
    """
    require_groups(by)
    times: dict[_Key, list[float]] = defaultdict(list)
    for stay in stays:
        begin = stay.at(since)
        if begin is None:
            continue
        group = tuple(str(getattr(stay, name)) for name in by)
        for one in stay.passages:
            if one.step is not since:
                elapsed = (one.at - begin).total_seconds() / 3600
                times[one.step, one.agency, group].append(elapsed)
    ordered = sorted(times.items(), key=lambda each: (each[0][2], _ORDER[each[0][0]], each[0][1]))
    return tuple(_time(key, hours, by) for key, hours in ordered)


def require_groups(by: Sequence[str]) -> None:
    """Refuse groups that there are not. Raises: InputError."""
    unknown = [name for name in by if name not in GROUPS]
    if unknown:
        raise InputError(
            f"Release times cannot be grouped by {unknown[0]!r}; choose among {', '.join(GROUPS)}",
            field="by",
        )


def _time(key: _Key, hours: list[float], by: Sequence[str]) -> ReleaseTime:
    step, agency, group = key
    counted = sorted(max(value, 0.0) for value in hours)
    return ReleaseTime(
        step=step,
        agency=agency,
        group=dict(zip(by, group, strict=True)),
        count=len(counted),
        before=sum(value < 0 for value in hours),
        mean_h=fmean(counted),
        median_h=quantile(counted, 0.5),
        p90_h=quantile(counted, 0.9),
    )
