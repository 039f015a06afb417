"""Any movement becomes a fact, once, and what is alarming in it an alarm."""

from __future__ import annotations

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
    is_device = act.actor.kind is ActorKind.DEVICE
    device = {"device": act.actor.id} if is_device else {}
    act.require("movement.record", container=movement.container, **device)
    if is_device:
        _require_own(act, movement)
    rules.require_possible(movement, act.now)
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


def _require_own(act: Act, movement: Movement) -> None:
    """Refuse what a device may not tell: of a container to which it was not fixed, or what is fixed
    to what. One that is fixed to none, such as a gate, tells of all, but not of itself.

    Raises: Refused.
    """
    name = act.actor.id
    device = find_device(act.connection, name)
    is_fixed = device is not None and bool(device.placements)
    if isinstance(movement, Association) and (is_fixed or movement.device == name):
        raise Refused(f"The device {name!r} does not say to what devices are fixed; others do")
    container = str(movement.container)
    if (
        device is not None
        and is_fixed
        and not device.is_fixed_to(container, movement.at, movement.at)
    ):
        raise Refused(f"The device {name!r} was not fixed to {container} then; it tells of its own")


def _known(act: Act, movement: Movement) -> Whereabouts:
    found = tables.find(act.connection, movement.container)
    return found or Whereabouts(movement.container)
