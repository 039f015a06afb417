"""What officers are told of risk models, at the addresses that they gave, in their language."""

from __future__ import annotations

from clearway.connectors.notices.actions.post import post
from clearway.connectors.notices.model import Language, Message
from clearway.ledger.fact import Fact
from clearway.policy.act import Act
from clearway.risk.monitor import actions
from clearway.risk.monitor.contest import Judgement, Verdict
from clearway.risk.monitor.facts import Drift, DriftNoticed
from clearway.risk.monitor.retraining import Because
from clearway.terms.alarm import AlarmLevel

_MOST_NAMES = 5
_DRIFT = {
    Language.ENGLISH: (
        "Risk model: drift",
        "{model} sees another world: {names}. Look at it.",
    ),
    Language.FRENCH: (
        "Modèle de risque : dérive",
        "Le modèle {model} voit un autre monde : {names}. À examiner.",
    ),
    Language.SPANISH: (
        "Modelo de riesgo: deriva",
        "El modelo {model} ve otro mundo: {names}. Conviene revisarlo.",
    ),
}
_HITS = {
    Language.ENGLISH: (
        "Risk model: other finds",
        "Examinations of {names} find another share now.",
    ),
    Language.FRENCH: (
        "Modèle de risque : autres résultats",
        "Les contrôles de {names} trouvent une autre part.",
    ),
    Language.SPANISH: (
        "Modelo de riesgo: otros hallazgos",
        "Los controles de {names} encuentran otra proporción.",
    ),
}
_FAILED = {
    Language.ENGLISH: ("Risk model: training failed", "{names} The model in use stays."),
    Language.FRENCH: (
        "Modèle de risque : échec de l'apprentissage",
        "{names} Le modèle en service reste.",
    ),
    Language.SPANISH: (
        "Modelo de riesgo: falló el entrenamiento",
        "{names} El modelo en uso se mantiene.",
    ),
}
_BETTER = {
    Language.ENGLISH: (
        "Risk model: a better one",
        "{model} finds more than the one in use. Decide.",
    ),
    Language.FRENCH: (
        "Modèle de risque : un meilleur",
        "{model} trouve plus que celui en service. À vous de décider.",
    ),
    Language.SPANISH: (
        "Modelo de riesgo: uno mejor",
        "{model} encuentra más que el que está en uso. Decida usted.",
    ),
}


def notice_drift(act: Act, noticed: DriftNoticed) -> Fact | None:
    """Record drift and tell of it; None: it was noticed before, and nobody is told twice.

    Raises: Refused: policy says no.
    """
    fact = actions.notice_drift(act, noticed)
    if fact is not None:
        words = _HITS if noticed.what is Drift.HIT_RATE else _DRIFT
        names = ", ".join(one.name for one in noticed.moved[:_MOST_NAMES])
        _tell(act, fact, words, noticed.model, names)
    return fact


def record_failure(act: Act, because: Because, code: str, detail: str) -> Fact:
    """Record that a training failed, and tell of it. Raises: Refused: policy says no."""
    fact = actions.record_failure(act, because, code, detail)
    _tell(act, fact, _FAILED, "", detail[:400])
    return fact


def record_judgement(act: Act, challenger: str, champion: str, judgement: Judgement) -> Fact:
    """Record a contest, and tell of it when the challenger is better.

    Raises: as `actions.record_judgement`.
    """
    fact = actions.record_judgement(act, challenger, champion, judgement)
    if judgement.verdict is Verdict.BETTER:
        _tell(act, fact, _BETTER, challenger, "")
    return fact


def _tell(
    act: Act, fact: Fact, words: dict[Language, tuple[str, str]], model: str, names: str
) -> None:
    told = {
        language: (title, text.format(model=model, names=names))
        for language, (title, text) in words.items()
    }
    message = Message(
        event=fact.type.partition("/")[0],
        about=fact.subject,
        due_at=act.now,
        audience="officer",
        agency=act.actor.agency,
        party="",
        level=AlarmLevel.WARNING,
        words=told,
        data={"fact": fact.seq, "model": model},
    )
    post(act, message)
