"""What watching records: each is an act, asked of policy, and decides nothing on goods."""

from __future__ import annotations

from clearway.errors import WrongState
from clearway.ledger.fact import Fact
from clearway.policy.act import Act
from clearway.risk.card import ModelCard
from clearway.risk.monitor import tables
from clearway.risk.monitor.contest import Judgement
from clearway.risk.monitor.facts import (
    ChallengerJudged,
    ChallengerTrained,
    DriftNoticed,
    TrainingFailed,
)
from clearway.risk.monitor.retraining import Because


def notice_drift(act: Act, noticed: DriftNoticed) -> Fact | None:
    """Record drift; None: the same was noticed of this model already, nobody is told twice.

    Raises: Refused: policy says no.
    """
    act.require("risk.train", model=noticed.model)
    known = {
        (event.stated.what, one.name)
        for event in tables.list_events(act.connection, DriftNoticed.TYPE)
        if isinstance(event.stated, DriftNoticed) and event.stated.model == noticed.model
        for one in event.stated.moved
    }
    if all((noticed.what, one.name) in known for one in noticed.moved):
        return None
    return act.append(noticed, subject=f"model:{noticed.model}")


def record_challenger(act: Act, card: ModelCard, because: Because) -> Fact:
    """Record a model that scores in shadow from now on. Raises: Refused: policy says no."""
    act.require("risk.train", model=card.id)
    body = ChallengerTrained(
        model=card.id,
        because=because,
        trained_at=card.trained_at,
        cut_off=card.cut_off,
        rows=card.rows,
        labelled=card.labelled,
    )
    return act.append(body, subject=f"model:{card.id}")


def record_failure(act: Act, because: Because, code: str, detail: str) -> Fact:
    """Record that training failed; the active model stays. Raises: Refused: policy says no."""
    act.require("risk.train")
    return act.append(TrainingFailed(because, code, detail[:2_000]), subject="risk:training")


def record_judgement(act: Act, challenger: str, champion: str, judgement: Judgement) -> Fact:
    """Record what a contest came to.

    Raises:
        Refused: policy says no.
        WrongState: the model is no challenger any more, or this look was made already.
    """
    act.require("risk.train", model=challenger)
    known = tables.challenger(act.connection)
    if known is None or known.model != challenger or judgement.look != known.looks + 1:
        raise WrongState(
            f"The model {challenger} is not in a contest of {judgement.look - 1} looks"
        )
    body = ChallengerJudged(challenger, champion, judgement)
    return act.append(body, subject=f"model:{challenger}")
