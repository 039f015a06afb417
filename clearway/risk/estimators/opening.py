"""Opening the text of a sealed model: one interface, whatever made it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from clearway.errors import VerificationError
from clearway.risk.estimators.glass_box import GlassBoxEstimator
from clearway.risk.estimators.trees import Floats, LightGbm, XgBoost


class Estimator(Protocol):
    """Predicts from rows of features and says what each feature added."""

    def predict(self, matrix: Floats) -> Floats:
        """Return the prediction of each row, shape (rows,) or (rows, classes)."""
        ...

    def contributions(self, matrix: Floats) -> Floats:
        """Return what each feature adds to the log-odds of each row, shape (rows, features)."""
        ...


_READERS: dict[str, Callable[[str], Estimator]] = {
    "lightgbm": LightGbm,
    "xgboost": XgBoost,
    "glass_box": GlassBoxEstimator,
}
ESTIMATORS: tuple[str, ...] = tuple(_READERS)


def open_estimator(estimator: str, text: str) -> Estimator:
    """Return what reads a model's text.

    Args:
        estimator: one of `ESTIMATORS`.
        text: as sealed.

    Raises:
        VerificationError: there is no such estimator, or the text is not one of its models.
        InputError: its library is not installed; the message names the extra.
    """
    reader = _READERS.get(estimator)
    if reader is None:
        raise VerificationError(
            f"The model is of the kind {estimator!r}; this node reads {', '.join(ESTIMATORS)}"
        )
    return reader(text)
