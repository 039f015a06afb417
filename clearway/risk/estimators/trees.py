"""Boosted trees, as LightGBM's own text or XGBoost's own JSON."""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt

from clearway.errors import InputError, VerificationError

Floats: TypeAlias = npt.NDArray[np.float64]

_LEAST_ROWS_OF_THREADS = 20_000


class LightGbm:
    """A model in LightGBM's text.

    Raises: VerificationError: the text is no model.
    """

    __slots__ = ("_booster",)

    def __init__(self, text: str) -> None:
        import lightgbm  # heavy, and only a node with such a model needs it

        try:
            self._booster: Any = lightgbm.Booster(model_str=text)
        except lightgbm.basic.LightGBMError as broken:
            raise VerificationError(f"The model is no LightGBM text: {broken}") from broken

    def predict(self, matrix: Floats) -> Floats:
        """Return the prediction of each row."""
        # One thread for a handful of rows: the others would cost more than they bring.
        threads = 1 if len(matrix) < _LEAST_ROWS_OF_THREADS else 0
        return np.asarray(self._booster.predict(matrix, num_threads=threads), dtype=np.float64)

    def contributions(self, matrix: Floats) -> Floats:
        """Return TreeSHAP values, shape (rows, features), without the expected value.

        Source: Lundberg et al., From local explanations to global understanding (2020).
        """
        added = self._booster.predict(matrix, pred_contrib=True, num_threads=1)
        return np.asarray(added, dtype=np.float64)[:, :-1]


class XgBoost:
    """A model in XGBoost's JSON, as it is saved on one machine or by Spark.

    Raises:
        InputError: xgboost is not installed.
        VerificationError: the text is no model.
    """

    __slots__ = ("_booster", "_matrix")

    def __init__(self, text: str) -> None:
        try:
            import xgboost
        except ImportError as absent:
            raise InputError(
                "This model was trained with XGBoost, which is not installed;"
                " pip install clearway[spark]"
            ) from absent
        _require_model(text)
        self._matrix = xgboost.DMatrix
        # By Spark or not: the trees alone predict, on one thread as above.
        self._booster: Any = xgboost.Booster({"nthread": 1})
        try:
            self._booster.load_model(bytearray(text.encode()))
        except xgboost.core.XGBoostError as broken:
            first = str(broken).splitlines()[0] if str(broken) else "unreadable"
            raise VerificationError(f"The model is no XGBoost JSON: {first}") from broken

    def predict(self, matrix: Floats) -> Floats:
        """Return the prediction of each row."""
        return np.asarray(
            self._booster.predict(self._rows(matrix), validate_features=False), dtype=np.float64
        )

    def contributions(self, matrix: Floats) -> Floats:
        """Return TreeSHAP values, shape (rows, features), without the bias."""
        added = self._booster.predict(
            self._rows(matrix), pred_contribs=True, validate_features=False
        )
        return np.asarray(added, dtype=np.float64)[:, :-1]

    def _rows(self, matrix: Floats) -> Any:
        return self._matrix(matrix, missing=np.nan, nthread=1)


def _require_model(text: str) -> None:
    """Refuse what is no model before the library sees it: on some of that it ends the process.

    A model that was whole when it was sealed is whole: its hash is checked before it is opened.
    """
    try:
        found = msgspec.json.decode(text)
        learner = found["learner"]
        trees = learner["gradient_booster"]["model"]["trees"]
        whole = isinstance(trees, list) and bool(learner["learner_model_param"])
    except (msgspec.DecodeError, KeyError, TypeError, UnicodeError) as broken:
        raise VerificationError(f"The model is no XGBoost JSON: {broken}") from broken
    if not whole:
        raise VerificationError("The model is no XGBoost JSON: it has no trees")
