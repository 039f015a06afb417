"""What the whole policy finds and misses, and what another policy would, without bias.

Results exist only where somebody looked, and one looks where one suspects: the share found among
the examined says nothing of the rest, and a candidate judged on them is judged on its rival's
choice. What makes an estimate possible is that each declaration bears its propensity `e`: the
probability, before the draw, of physical examination. Each result then stands for `1 / e`
declarations:

    Horvitz-Thompson  sum of y / e over the results
    Hajek             the same, times declarations / sum of 1 / e
    stratified        Hajek within fifths of the model's probability
    doubly robust     sum of p over all, plus the sum of (y - p) / e over the results

`p` is the calibrated probability of the model; the last is unbiased whether p is right or not, and
the better p is, the narrower its interval. What was certain to be examined (e = 1) is known, not
estimated. What could not be examined (e = 0) is in no estimate; it is counted as not covered.

Intervals: a weighted sum of rare events is no normal number, so those of the first three are gamma
intervals (Fay and Feuer 1997, Statistics in Medicine 16:791), conservative by design; a ratio of
two such sums melds their confidence distributions (Fay, Proschan and Brittain 2015, Biometrics
71:146). The doubly robust one is normal, with the larger of its sampled and its modelled
variance, upwards with one event more, as the gamma one is.
Estimators: Horvitz and Thompson (1952); Hajek (1971); Dudik, Langford and Li (2011).

Labels may come late: results still awaited are taken to be like those that came, within what was
certain and within what was drawn. Pure; numbers in, numbers out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.special import gammaincinv, ndtri

from clearway.errors import RuleViolation
from clearway.risk.intervals import CONFIDENCE, wilson

Floats: TypeAlias = npt.NDArray[np.float64]
Flags: TypeAlias = npt.NDArray[np.bool_]

_STRATA = 5
_GRID = (np.arange(150) + 0.5) / 150


class Method(StrEnum):
    """How the unseen is estimated."""

    HORVITZ_THOMPSON = "horvitz_thompson"
    HAJEK = "hajek"
    STRATIFIED = "stratified"
    DOUBLY_ROBUST = "doubly_robust"


def recommended(*, is_scored: bool) -> Method:
    """Return the method to read first.

    Args:
        is_scored: whether a model gave the probabilities; without one there is nothing to be doubly
            robust with, and strata of equals are no worse than none.
    """
    return Method.DOUBLY_ROBUST if is_scored else Method.STRATIFIED


@dataclass(frozen=True, slots=True)
class Log:
    """What a policy chose and what was found, one element a declaration.

    Args:
        propensity: (n,), 0 to 1, of physical examination under the whole policy, before the draw.
        selected: (n,), whether it was chosen for physical examination.
        resulted: (n,), whether its result is known; only of selected ones.
        found: (n,), 0 or 1 where the result is known; ignored elsewhere.
        probability: (n,), calibrated, that an examination would find something.
    """

    propensity: Floats
    selected: Flags
    resulted: Flags
    found: Floats
    probability: Floats

    def __post_init__(self) -> None:
        """Refuse what cannot be a log. Raises: RuleViolation."""
        sizes = {len(getattr(self, name)) for name in self.__slots__}
        if len(sizes) != 1:
            raise RuleViolation(f"The columns of a log have different lengths: {sorted(sizes)}")
        for name in ("propensity", "probability"):
            column = getattr(self, name)
            if not bool(np.all((column >= 0.0) & (column <= 1.0))):
                raise RuleViolation(f"{name} must lie from 0 to 1 for every declaration")
        if bool(np.any(self.resulted & ~self.selected)):
            raise RuleViolation("A result is known of a declaration that was not selected")
        if bool(np.any(self.selected & (self.propensity == 0.0))):
            raise RuleViolation(
                "A declaration was selected though its propensity is 0: the propensities are not"
                " those of the policy that chose, so nothing can be estimated from them"
            )


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with its interval at the confidence asked for."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Figures:
    """Args: illicit: number of declarations not conform; precision, recall: of a policy."""

    illicit: Estimate
    precision: Estimate
    recall: Estimate


@dataclass(frozen=True, slots=True)
class Coverage:
    """Of how many declarations an estimate speaks.

    Args:
        declarations: all.
        certain: bound to be examined.
        drawn: examined with a chance between 0 and 1.
        uncovered: that could not be examined; no estimate speaks of them.
        results: known.
        awaited: selected, without a result yet.
    """

    declarations: int
    certain: int
    drawn: int
    uncovered: int
    results: int
    awaited: int


def coverage(log: Log) -> Coverage:
    """Return of how many declarations an estimate speaks."""
    return Coverage(
        declarations=len(log.propensity),
        certain=int(np.sum(log.propensity >= 1.0)),
        drawn=int(np.sum((log.propensity > 0.0) & (log.propensity < 1.0))),
        uncovered=int(np.sum(log.propensity == 0.0)),
        results=int(np.sum(log.resulted)),
        awaited=int(np.sum(log.selected & ~log.resulted)),
    )


def of_policy(log: Log, method: Method, confidence: float = CONFIDENCE) -> Figures:
    """Return what the policy that chose found, missed and how often it was right.

    Recall is of the covered declarations. Precision needs no estimate; its interval is Wilson's.
    """
    everything = np.ones(len(log.propensity), dtype=bool)
    illicit = total(log, everything, method, confidence)
    weights = _waiting(log)
    caught = float(np.sum(weights[log.resulted] * log.found[log.resulted]))
    recall = Estimate(
        _ratio(caught, max(illicit.value, caught)),
        _ratio(caught, max(illicit.high, caught)),
        _ratio(caught, max(illicit.low, caught)),
    )
    return Figures(illicit, _precision(log, confidence), recall)


def of_candidate(
    log: Log, chosen: Flags, method: Method, confidence: float = CONFIDENCE
) -> Figures:
    """Return what another policy would have found among the covered declarations.

    Args:
        chosen: (n,), what it selects, decided without the results of these declarations.

    Raises: RuleViolation: it selects nothing that is covered.
    """
    covered = log.propensity > 0.0
    size = int(np.sum(chosen & covered))
    if not size:
        raise RuleViolation("The candidate selects no declaration that could be examined")
    hits, rest = _part(log, chosen, method), _part(log, ~chosen, method)
    got, everything = hits.estimate(confidence), (hits + rest).estimate(confidence)
    precision = Estimate(
        got.value / size, max(0.0, got.low / size), min(1.0, max(got.high, got.value) / size)
    )
    return Figures(everything, precision, _share(hits, rest, confidence))


def total(log: Log, part: Flags, method: Method, confidence: float = CONFIDENCE) -> Estimate:
    """Return how many declarations of a part are not conform."""
    return _part(log, part, method).estimate(confidence)


def naive_precision(log: Log, chosen: Flags) -> float:
    """Return what one would say of a candidate from the results alone: biased, for comparison."""
    seen = log.resulted & chosen
    return _ratio(float(np.sum(log.found[seen])), float(np.sum(seen)))


def naive_illicit(log: Log) -> float:
    """Return the share found among the examined, put on all declarations: biased as well."""
    return naive_precision(log, np.ones_like(log.selected)) * len(log.propensity)


@dataclass(frozen=True, slots=True)
class WeightedSum:
    """A known number plus an estimated one; two of them add up.

    Args:
        known: found among what was certain.
        value: estimated of the rest.
        variance: of that.
        heaviest: most declarations that one result stands for.
        is_normal: whether the number is normal rather than a weighted sum of rare events.
    """

    known: float
    value: float
    variance: float
    heaviest: float
    is_normal: bool = False

    def __add__(self, other: WeightedSum) -> WeightedSum:
        """Return the sum of both, whose draws do not depend on each other."""
        return WeightedSum(
            self.known + other.known,
            self.value + other.value,
            self.variance + other.variance,
            max(self.heaviest, other.heaviest),
            self.is_normal,
        )

    def estimate(self, confidence: float) -> Estimate:
        """Return the number with its interval."""
        tail = (1.0 - confidence) / 2.0
        if self.is_normal:
            z = float(ndtri(1.0 - tail))
            low = max(0.0, self.value - z * self.variance**0.5)
            high = self.value + z * self.upper_variance**0.5
        else:
            low = float(self.quantiles(np.array([tail]), upper=False)[0])
            high = float(self.quantiles(np.array([1.0 - tail]), upper=True)[0])
        return Estimate(self.known + self.value, self.known + low, self.known + high)

    @property
    def upper_variance(self) -> float:
        """With one event more than was seen: who saw few by chance believes there are few."""
        return self.variance + self.heaviest**2

    def quantiles(self, at: Floats, *, upper: bool) -> Floats:
        """Return quantiles of the lower or upper confidence distribution of the estimated part."""
        value, variance = self.value, self.variance
        if upper:
            value, variance = value + self.heaviest, self.upper_variance
        if variance <= 0.0:
            return np.zeros_like(at)
        shape = value**2 / variance
        quantiles: Floats = gammaincinv(shape, at) * (variance / value)
        return quantiles


def _part(log: Log, part: Flags, method: Method) -> WeightedSum:
    """Return the number of declarations of a part that are not conform."""
    waiting = _waiting(log)
    certain = part & (log.propensity >= 1.0)
    drawn = part & (log.propensity > 0.0) & (log.propensity < 1.0)
    sure = certain & log.resulted
    known = float(np.sum(waiting[sure] * log.found[sure]))
    seen = drawn & log.resulted
    if method is Method.DOUBLY_ROBUST:
        return _doubly_robust(log, drawn, seen, waiting, known)
    weights = waiting / np.where(log.propensity > 0.0, log.propensity, 1.0)
    for group in _groups(log, drawn, method):
        counted = float(np.sum(weights[group & seen]))
        if counted:
            weights = np.where(group, weights * (float(np.sum(group)) / counted), weights)
    hits = weights[seen] * log.found[seen]
    heaviest = float(weights[seen].max()) if seen.any() else float(np.sum(drawn))
    return WeightedSum(
        known, float(hits.sum()), float(np.sum(weights[seen] * hits)), max(heaviest, 1.0)
    )


def _groups(log: Log, drawn: Flags, method: Method) -> Iterable[Flags]:
    """Yield the declarations within which weights are made to add up to their number."""
    if method is Method.HAJEK:
        yield drawn
    elif method is Method.STRATIFIED and drawn.any():
        inner = np.quantile(log.probability[drawn], np.arange(1, _STRATA) / _STRATA)
        fifth = np.searchsorted(inner, log.probability, side="right")
        for each in range(_STRATA):
            yield drawn & (fifth == each)


def _doubly_robust(
    log: Log, drawn: Flags, seen: Flags, waiting: Floats, known: float
) -> WeightedSum:
    p, e = log.probability, log.propensity
    errors = (log.found[seen] - p[seen]) / e[seen] * waiting[seen]
    value = float(np.sum(p[drawn]) + np.sum(errors))
    sampled = float(np.sum((1.0 - e[seen]) * errors**2))
    modelled = float(np.sum((1.0 - e[drawn]) / e[drawn] * p[drawn] * (1.0 - p[drawn])))
    heaviest = float((1.0 / e[drawn]).max()) if drawn.any() else 0.0
    return WeightedSum(known, max(0.0, value), max(sampled, modelled), heaviest, is_normal=True)


def _waiting(log: Log) -> Floats:
    """Return for how many selected ones each result stands, since others are still awaited."""
    weights = np.ones(len(log.propensity))
    for group in (log.propensity >= 1.0, log.propensity < 1.0):
        came = int(np.sum(group & log.resulted))
        if came:
            weights[group] = int(np.sum(group & log.selected)) / came
    return weights


def _share(hits: WeightedSum, rest: WeightedSum, confidence: float) -> Estimate:
    """Return hits / (hits + rest)."""
    one, other = hits.known + hits.value, rest.known + rest.value
    value = _ratio(one, one + other)
    tail = (1.0 - confidence) / 2.0
    if hits.is_normal:
        scale = float(ndtri(1.0 - tail)) / max(one + other, 1e-9) ** 2
        below = scale * (other**2 * hits.variance + one**2 * rest.upper_variance) ** 0.5
        above = scale * (other**2 * hits.upper_variance + one**2 * rest.variance) ** 0.5
        return Estimate(value, max(0.0, value - below), min(1.0, value + above))
    low = _melded(hits, rest, tail, upper=False)
    return Estimate(value, low, _melded(hits, rest, 1.0 - tail, upper=True))


def _melded(hits: WeightedSum, rest: WeightedSum, at: float, *, upper: bool) -> float:
    got = hits.known + hits.quantiles(_GRID, upper=upper)[:, None]
    left = rest.known + rest.quantiles(_GRID, upper=not upper)[None, :]
    both = got + left
    shares = np.divide(got, both, out=np.full(both.shape, float(upper)), where=both > 0.0)
    return float(np.quantile(shares, at))


def _precision(log: Log, confidence: float) -> Estimate:
    told = wilson(int(np.sum(log.found[log.resulted])), int(np.sum(log.resulted)), confidence)
    return Estimate(told.value or 0.0, told.low, told.high)


def _ratio(one: float, other: float) -> float:
    return one / other if other > 0.0 else 0.0
