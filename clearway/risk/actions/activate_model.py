"""Activate a model: from this fact on, declarations are scored with it."""

from __future__ import annotations

from clearway.errors import WrongState
from clearway.ledger.fact import Fact
from clearway.policy.act import Act
from clearway.risk import tables
from clearway.risk.card import ModelCard
from clearway.risk.facts import ModelActivated
from clearway.risk.history import day_of


def activate_model(act: Act, card: ModelCard, reason: str = "") -> Fact:
    """Record which model scores from now on; the node loads its artefact.

    Args:
        card: of an artefact that was loaded and verified.
        reason: why, in the officer's words.

    Raises:
        Refused: policy says no.
        WrongState: its cut-off lies in the future, or so far back that what came since is no
            longer kept.
    """
    act.require("risk.activate_model", model=card.id)
    if card.cut_off > act.now:
        raise WrongState(f"The model {card.id} has its cut-off in the future: {card.cut_off}")
    oldest = tables.oldest_cut_off_day(act.connection)
    if oldest is not None and day_of(card.cut_off) < oldest:
        raise WrongState(
            f"The model {card.id} ends at {card.cut_off:%Y-%m-%d}, and what came since is no longer"
            " kept that far back; train it again on newer history"
        )
    body = ModelActivated(
        model=card.id,
        trained_at=card.trained_at,
        cut_off=card.cut_off,
        rows=card.rows,
        labelled=card.labelled,
        illicit=card.illicit,
        data=card.data,
        metrics=card.metrics,
        reason=reason,
    )
    return act.append(body, subject=f"model:{card.id}")
