"""Any movement becomes a fact, once, and what is alarming in it an alarm."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256

from clearway.errors import Refused
from clearway.identity.model import ActorKind
from clearway.identity.tables_devices import find_device
from clearway.ledger.fact import encode
from clearway.movements import facts, rules, tables, watch
from clearway.movements.actions.raise_alarm import raise_alarm
from clearway.movements.model import Association, CustodyChange, Movement, SealReport, Whereabouts
from clearway.policy.act import Act


def record(act: Act, movement: Movement) -> Whereabouts:
    """Record a movement with its alarms and return what is known of the container then.

    The same movement told again, word for word, is answered the same and not recorded again.

    Raises: RuleViolation: the movement cannot be (`rules.check`). Refused.
    """
    device = {"device": act.actor.id} if act.actor.kind is ActorKind.DEVICE else {}
    act.require("movement.record", container=movement.container, **device)
    rules.require_possible(movement, act.now)
    is_fixed = require_own(act, (str(movement.container),), movement.at)
    if isinstance(movement, Association):
        _require_no_link(act, movement, is_fixed=is_fixed)
    body = facts.of(movement)
    digest = sha256(encode(body)).digest()
    if act.tx.earlier(body.TYPE, digest.hex(), digest) is None:
        is_handover = isinstance(movement, CustodyChange)
        known = _known(act, movement) if is_handover else Whereabouts(movement.container)
        subject = f"container:{movement.container}"
        fact = act.append(body, subject=subject, occurred_at=movement.at)
        act.tx.claim(body.TYPE, digest.hex(), digest, fact)
        needs_places = isinstance(movement, SealReport | Association)
        places = tables.list_places(act.connection) if needs_places else ()
        for alarm in watch.alarms_of(known, movement, places):
            raise_alarm(act, alarm)
    return _known(act, movement)


def require_own(act: Act, containers: Iterable[str], at: datetime) -> bool:
    """Refuse a device to tell of a container to which it was not fixed.

    One that is fixed to none, such as a gate, tells of all; whoever is no device, too.

    Returns: whether it is a device that was fixed to a container.
    Raises: Refused.
    """
    if act.actor.kind is not ActorKind.DEVICE:
        return False
    device = find_device(act.connection, act.actor.id)
    if device is None or not device.placements:
        return False
    for container in containers:
        if not device.is_fixed_to(container, at, at):
            raise Refused(
                f"The device {device.id!r} was not fixed to {container[:20]} then; it tells of its"
                " own container only"
            )
    return True


def _require_no_link(act: Act, link: Association, *, is_fixed: bool) -> None:
    """Refuse a device to say what is fixed to what, but for a gate that says it of others."""
    is_device = act.actor.kind is ActorKind.DEVICE
    if is_device and (is_fixed or link.device == act.actor.id):
        raise Refused(f"The device {act.actor.id!r} does not say what is fixed to what; others do")


def _known(act: Act, movement: Movement) -> Whereabouts:
    found = tables.find(act.connection, movement.container)
    return found or Whereabouts(movement.container)
