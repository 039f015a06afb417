"""A document of events is taken in, once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import sha256

from clearway.errors import ConflictingKey, Refused
from clearway.identity.model import ActorKind
from clearway.ledger.fact import encode
from clearway.movements import facts as movement_facts
from clearway.movements import rules
from clearway.movements.actions.record import record, require_own
from clearway.movements.epcis import meaning, standing
from clearway.movements.epcis.facts import (
    Behaviour,
    CaptureEnded,
    CaptureError,
    EventCaptured,
    MasterDataCaptured,
)
from clearway.movements.epcis.intake import Intake, Prepared
from clearway.movements.epcis.standing import Job
from clearway.movements.model import Movement
from clearway.policy.act import Act

Tell = Callable[[Act, Movement], object]
_JOBS, _EVENTS = "epcis.capture", "epcis.event"


def capture(
    act: Act, intake: Intake, places: Mapping[str, str] | None = None, tell: Tell = record
) -> Job:
    """Record a document's events and return the job that says so.

    The same bytes again from the same account are the same job. An event that is on record word for
    word is not recorded again; one under a used id with other content is an error of the job.

    Args:
        places: what locations mean (`meaning.spot_of`).
        tell: records a movement that an event tells; a room above may do more with it.

    Raises: Refused.
    """
    device = {"device": act.actor.id} if act.actor.kind is ActorKind.DEVICE else {}
    act.require("movement.record", **device)
    _require_own(act, intake)
    digest = sha256(f"{act.actor.reference} {intake.behaviour} {intake.digest}".encode()).digest()
    job = digest.hex()[:32]
    if act.tx.earlier(_JOBS, job, digest) is not None:
        return standing.get_job(act.connection, job)
    fresh, repeated, errors = _judged(act, intake)
    if errors and intake.behaviour is Behaviour.ROLLBACK:
        fresh, repeated = [], 0
    elif intake.vocabularies:
        master = MasterDataCaptured(job, intake.digest, intake.vocabularies)
        act.append(master, subject=f"epcis_job:{job}")
    for one in fresh:
        _record(act, one, intake.digest, job, places or {}, tell)
    body = CaptureEnded(
        job, intake.digest, intake.behaviour, not errors, len(fresh), repeated, tuple(errors)
    )
    fact = act.append(body, subject=f"epcis_job:{job}")
    act.tx.claim(_JOBS, job, digest, fact)
    return standing.get_job(act.connection, job)


def _require_own(act: Act, intake: Intake) -> None:
    """Refuse a device to tell of other containers, or what places are called. Raises: Refused."""
    if intake.vocabularies and act.actor.kind is ActorKind.DEVICE:
        raise Refused("A device tells events; master data is for people")
    for one in intake.events:
        containers = (epc for epc in one.event.epcs() if epc.startswith(meaning.CONTAINER))
        named = (epc.removeprefix(meaning.CONTAINER) for epc in containers)
        require_own(act, named, one.event.event_time)


def _judged(act: Act, intake: Intake) -> tuple[list[Prepared], int, list[CaptureError]]:
    """Return the events that are new, how many are on record, and what is wrong."""
    fresh, repeated, errors = [], 0, list(intake.errors)
    seen: dict[str, bytes] = {}
    for one in intake.events:
        try:
            known = act.tx.earlier(_EVENTS, one.key, one.digest) is not None
        except ConflictingKey:
            errors.append(_conflict(one))
            continue
        if known or seen.get(one.key) == one.digest:
            repeated += 1
        elif one.key in seen:
            errors.append(_conflict(one))
        else:
            seen[one.key] = one.digest
            fresh.append(one)
    return fresh, repeated, errors


def _conflict(one: Prepared) -> CaptureError:
    return CaptureError(
        "ResourceAlreadyExistsException",
        "This event id is in use",
        f"Another event is on record under {one.event_id[:200]}; send yours without an id, or"
        " declare the other one an error",
        one.position,
        "eventID",
    )


def _record(
    act: Act, one: Prepared, document: str, job: str, places: Mapping[str, str], tell: Tell
) -> None:
    possible = [
        movement
        for movement in meaning.movements_of(one.event, places)
        if not rules.check(movement, act.now)
    ]
    digests = tuple(
        sha256(encode(movement_facts.of(movement))).hexdigest() for movement in possible
    )
    body = EventCaptured(
        one.event, one.event_id, one.event_hash, document, one.position, job, digests
    )
    fact = act.append(
        body, subject=f"epcis:{one.event_id}", occurred_at=min(one.event.event_time, act.now)
    )
    act.tx.claim(_EVENTS, one.key, one.digest, fact)
    for movement in possible:
        tell(act, movement)
