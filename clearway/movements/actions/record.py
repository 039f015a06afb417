"""Any movement becomes a fact, once, and what is alarming in it an alarm."""

from __future__ import annotations

from hashlib import sha256

from clearway.identity.model import ActorKind
from clearway.ledger.fact import encode
from clearway.movements import facts, rules, tables, watch
from clearway.movements.actions.raise_alarm import raise_alarm
from clearway.movements.model import Association, CustodyChange, Movement, SealReport, Whereabouts
from clearway.policy.act import Act


def record(act: Act, movement: Movement) -> Whereabouts:
    """Record a movement with its alarms and return what is known of the container then.

    The same movement told again, word for word, is answered the same and not recorded again.

    Raises: RuleViolation: the movement cannot be (`rules.check`).
    """
    device = {"device": act.actor.id} if act.actor.kind is ActorKind.DEVICE else {}
    act.require("movement.record", container=movement.container, **device)
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


def _known(act: Act, movement: Movement) -> Whereabouts:
    found = tables.find(act.connection, movement.container)
    return found or Whereabouts(movement.container)
