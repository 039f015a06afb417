"""Which kind of fraud a find is, for the officer who is about to look.

Learnt from finds alone, since the question is asked of goods that will be opened: given that there
is something, what? A few small trees for each kind, and one temperature that calibrates them (Guo
et al., On calibration of modern neural networks, ICML 2017). Too few finds: the rates of all finds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import lightgbm
import numpy as np

from clearway.risk.card import Kinds
from clearway.risk.learning.boosting import Effort, text_of, threads_of
from clearway.risk.learning.material import Flags, Floats, Material
from clearway.risk.scale import tempered

# A kind of fewer finds is not told apart; a model of fewer finds is not learnt.
_LEAST_OF_KIND = 15
_LEAST_FINDS = 150
MOST_KINDS = 12
_ROUNDS = 40
_PARAMS = {
    "objective": "multiclass",
    "learning_rate": 0.1,
    "num_leaves": 7,
    "min_data_in_leaf": 10,
    "feature_fraction": 0.5,
    "lambda_l2": 5.0,
    "deterministic": True,
    "force_col_wise": True,
    "verbosity": -1,
}
_TEMPERATURES = np.geomspace(0.5, 4.0, 43)


@dataclass(frozen=True, slots=True)
class Learnt:
    """What is sealed.

    Args:
        kinds: names, rates and temperature.
        text: LightGBM text; "" where the rates are the answer.
    """

    kinds: Kinds
    text: str


def learn(material: Material, effort: Effort, features: tuple[str, ...]) -> Learnt:
    """Return the kinds that the finds of a history tell apart; none without named kinds."""
    finds = material.illicit & (material.mode != "")
    names, counts = np.unique(material.mode[finds], return_counts=True)
    often = np.argsort(-counts, kind="stable")[:MOST_KINDS]
    kept = sorted(str(names[place]) for place in often if counts[place] >= _LEAST_OF_KIND)
    if not kept:
        return Learnt(Kinds(), "")
    finds &= np.isin(material.mode, kept)
    target = np.searchsorted(np.array(kept), material.mode).clip(0, len(kept) - 1)
    rates = np.bincount(target[finds], minlength=len(kept)) / finds.sum()
    kinds = Kinds(tuple(kept), tuple(rates.tolist()))
    older, newer = finds & material.learn, finds & material.stop
    if len(kept) < 2 or older.sum() < _LEAST_FINDS or not newer.any():
        return Learnt(kinds, "")
    said = _fit(material.matrix, target, older, len(kept), effort).predict(material.matrix[newer])
    temperature = _coolest(np.asarray(said), target[newer])
    whole = _fit(material.matrix, target, finds, len(kept), effort, features)
    return Learnt(Kinds(kinds.names, kinds.rates, temperature), text_of(whole))


def _fit(
    matrix: Floats,
    target: np.ndarray[tuple[int], np.dtype[np.intp]],
    rows: Flags,
    classes: int,
    effort: Effort,
    features: tuple[str, ...] | None = None,
) -> lightgbm.Booster:
    params = {**_PARAMS, **threads_of(effort.params, int(rows.sum())), "num_class": classes}
    names: Any = "auto" if features is None else list(features)
    data = lightgbm.Dataset(matrix[rows], target[rows], feature_name=names, params=params)
    return lightgbm.train(params, data, _ROUNDS)


def _coolest(said: Floats, true: np.ndarray[tuple[int], np.dtype[np.intp]]) -> float:
    """Return the temperature of least log loss."""
    rows = np.arange(len(true))
    losses = [-np.log(tempered(said, each)[rows, true]).mean() for each in _TEMPERATURES]
    return float(_TEMPERATURES[int(np.argmin(losses))])
