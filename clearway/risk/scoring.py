"""Scoring: from the features of a declaration's items to one score, a probability and a revenue.

    item: features -> probability, expected revenue (trees, or a glass box: see `estimators`)
    both become ranks among recent items; the blend of the ranks is the item's weight
    declaration: the weightiest item, ranked among recent declarations -> score, 0 to 1

The score says how many of recent declarations are less risky, so a capacity translates into a
threshold by itself: who can open 3 of 100 begins at 0.97. The probability is calibrated and is
what is shown; it does not rank, since calibration ties neighbours together.

Pure: what is on disk is read by `formats.artefact`. Without a model there is a scorer too: it
scores nothing and says why.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from clearway.errors import RuleViolation, VerificationError
from clearway.ledger.fact import encode
from clearway.risk import snapshot
from clearway.risk.card import ModelCard
from clearway.risk.estimators.opening import Estimator, open_estimator
from clearway.risk.estimators.trees import Floats
from clearway.risk.features import NAMES, compute
from clearway.risk.history import Trace, day_of
from clearway.risk.model import Past
from clearway.risk.scale import Scale, tempered
from clearway.risk.snapshot import Snapshot

FORMAT = "clearway-risk-model/2"
_PREFIXES = {"lightgbm": "lgb", "xgboost": "xgb", "glass_box": "gbx"}


@dataclass(frozen=True, slots=True)
class Artefact:
    """A trained model, whole.

    Args:
        card: what is to be known of it.
        model: text of the probability of an item, as `card.estimator` reads it.
        revenue: text of the revenue of an item; "" without enough revenue.
        snapshot: pasts of all keys up to the cut-off.
        kinds: LightGBM text of the kind of fraud of a find; "" where the rates are the answer.
        reference: distribution of its features in training, by which drift is measured (JSON of
            `monitor.psi.Reference`); "" where there were too few rows, and in models of before.
    """

    card: ModelCard
    model: str
    revenue: str
    snapshot: Snapshot
    kinds: str = ""
    reference: str = ""


def seal(artefact: Artefact) -> Artefact:
    """Return the artefact with the hashes of its parts on its card, and the id made from them."""
    bare = replace(artefact.card, files=_hashes(artefact), id="")
    return replace(artefact, card=replace(bare, id=_id_of(bare)))


def weighed(artefact: Artefact, revenue_weight: float) -> Artefact:
    """Return the same model with another weight of revenue, sealed anew without training.

    Args:
        revenue_weight: one of the weights of the card's frontier.

    Raises: RuleViolation: the frontier has no such weight.
    """
    card = artefact.card
    for mix in card.frontier:
        if abs(mix.weight - revenue_weight) < 1e-9:
            changed = replace(
                card,
                revenue_weight=mix.weight,
                score_levels=mix.score_levels,
                weighed_from=card.weighed_from or card.id,
            )
            return seal(replace(artefact, card=changed))
    raise RuleViolation(
        f"The frontier of {card.id} has no weight {revenue_weight:g}; choose one of"
        f" {', '.join(f'{mix.weight:g}' for mix in card.frontier) or 'none'}"
    )


def verify(artefact: Artefact) -> None:
    """Check that every part is the one that the card names.

    Raises: VerificationError: a hash, the id, the form or the list of features differs.
    """
    card = artefact.card
    if card.format != FORMAT or card.estimator not in _PREFIXES:
        raise VerificationError(
            f"The model has the form {card.format!r}, {card.estimator!r}; this node reads {FORMAT}"
            f" of {', '.join(_PREFIXES)}; train it again"
        )
    if card.features != NAMES:
        raise VerificationError(
            f"The model {card.id} was trained on other features than this version computes;"
            " train it again"
        )
    found = dict(_hashes(artefact))
    for name, expected in card.files:
        if found.get(name) != expected:
            raise VerificationError(
                f"{name} of the model {card.id} is not the one it was sealed with"
                f" (SHA-256 {found.get(name)}, expected {expected}); copy or train it again"
            )
    if card.id != _id_of(replace(card, id="")):
        raise VerificationError(f"The card of the model {card.id} was changed after it was sealed")


def _hashes(artefact: Artefact) -> tuple[tuple[str, str], ...]:
    parts: dict[str, bytes | memoryview] = {
        "model.txt": artefact.model.encode(),
        "revenue.txt": artefact.revenue.encode(),
        "kinds.txt": artefact.kinds.encode(),
        "snapshot.npy": np.ascontiguousarray(artefact.snapshot.matrix, dtype="<i8").data,
        "recent.npy": np.ascontiguousarray(artefact.snapshot.recent, dtype="<i8").data,
    }
    if artefact.reference:
        parts["reference.json"] = artefact.reference.encode()
    return tuple((name, hashlib.sha256(data).hexdigest()) for name, data in parts.items())


def _id_of(card: ModelCard) -> str:
    return f"{_PREFIXES[card.estimator]}-{hashlib.sha256(encode(card)).hexdigest()[:16]}"


@dataclass(frozen=True, slots=True)
class Scored:
    """What the model says of one declaration.

    Args:
        score: 0 to 1, rank among recent declarations.
        probability: calibrated, of the weightiest item.
        expected_revenue: of all items together.
        weightiest: place of the item that decided, from 0.
        matrix: features, shape (items, features).
        features: SHA-256 of `matrix`.
    """

    score: float
    probability: float
    expected_revenue: float
    weightiest: int
    matrix: Floats
    features: str


class Scorer:
    """Scores declarations with one artefact, or with none.

    Args:
        artefact: verified; None: rules only.
        absence: why there is no model, for officers.
    """

    __slots__ = (
        "_kinds",
        "_model",
        "_revenue",
        "_scale",
        "absence",
        "card",
        "cut_off_day",
        "snapshot",
    )

    def __init__(self, artefact: Artefact | None, absence: str = "") -> None:
        self.card = None if artefact is None else artefact.card
        self.absence = absence
        self.snapshot = snapshot.empty() if artefact is None else artefact.snapshot
        self.cut_off_day = 0 if artefact is None else day_of(artefact.card.cut_off)
        self._scale = None if artefact is None else Scale(artefact.card)
        self._model: Estimator | None = None
        self._revenue: Estimator | None = None
        self._kinds: Estimator | None = None
        if artefact is not None:
            self._model = open_estimator(artefact.card.estimator, artefact.model)
            self._revenue = _opened(artefact.card.revenue_estimator, artefact.revenue)
            self._kinds = _opened("lightgbm", artefact.kinds)

    @property
    def model(self) -> str:
        """Id of the model; "" without one."""
        return "" if self.card is None else self.card.id

    def score(self, declaration: Sequence[Trace], pasts: Mapping[int, Past]) -> Scored:
        """Return the score of a declaration from its items and what is known of their keys."""
        rows = compute(declaration, pasts)
        matrix = np.array(rows, dtype=np.float64).reshape(len(rows), len(NAMES))
        if self._scale is None or not rows:
            return Scored(0.0, 0.0, 0.0, 0, matrix, "")
        probability, revenue = self.predict(matrix)
        weights = self._scale.blend(probability, revenue)
        place = int(np.argmax(weights))
        return Scored(
            score=float(self._scale.score(weights[place])),
            probability=float(self._scale.calibrated(probability[place])),
            expected_revenue=float(revenue.sum()),
            weightiest=place,
            matrix=matrix,
            features=digest(matrix),
        )

    def score_matrix(self, matrix: Floats) -> tuple[Floats, Floats, Floats]:
        """Return calibrated probability, expected revenue and score of each row of a batch.

        Args:
            matrix: features, shape (items, features). A declaration's score is that of its
                weightiest item, the maximum of its rows.

        Raises: VerificationError: there is no model.
        """
        probability, revenue = self.predict(matrix)
        if self._scale is None:
            raise VerificationError("There is no risk model to score with; activate one first")
        scores = self._scale.score(self._scale.blend(probability, revenue))
        return self._scale.calibrated(probability), revenue, scores

    def predict(self, matrix: Floats) -> tuple[Floats, Floats]:
        """Return raw probability and expected revenue of each row of features."""
        if self._model is None or self._scale is None:
            raise VerificationError("There is no risk model to predict with; activate one first")
        probability = self._model.predict(matrix)
        said = None if self._revenue is None else self._revenue.predict(matrix)
        return probability, self._scale.expected(probability, said, matrix)

    def contributions(self, row: Floats) -> list[float]:
        """Return what each feature adds to the log-odds of one row; [] without a model."""
        if self._model is None:
            return []
        return [float(each) for each in self._model.contributions(row.reshape(1, -1))[0]]

    def kinds(self, row: Floats) -> tuple[tuple[str, float], ...]:
        """Return the kinds of fraud that a find in this row would be, likeliest first; () unknown.

        Args:
            row: features of one item. The shares add up to 1.
        """
        if self.card is None or not self.card.kinds.names:
            return ()
        known = self.card.kinds
        shares = list(known.rates)
        if self._kinds is not None:
            said = self._kinds.predict(row.reshape(1, -1))
            shares = [float(each) for each in tempered(said, known.temperature)[0]]
        pairs = zip(known.names, shares, strict=True)
        return tuple(sorted(pairs, key=lambda pair: (-pair[1], pair[0])))


def rules_only(absence: str = "No risk model is active on this node.") -> Scorer:
    """Return the scorer of a node without a model: profiles and the draw decide alone."""
    return Scorer(None, absence)


def _opened(estimator: str, text: str) -> Estimator | None:
    return open_estimator(estimator, text) if text else None


def digest(matrix: Floats) -> str:
    """Return SHA-256 of the features as little-endian doubles, row by row."""
    return hashlib.sha256(np.ascontiguousarray(matrix, dtype="<f8").tobytes()).hexdigest()
