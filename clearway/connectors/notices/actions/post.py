"""A message goes into the outbox, once for each address that wants it."""

from __future__ import annotations

from hashlib import sha256

from clearway.connectors.notices import rules, tables
from clearway.connectors.notices.facts import NoticePosted
from clearway.connectors.notices.model import Address, Message
from clearway.ledger.fact import Fact, encode
from clearway.policy.act import Act


def post(act: Act, message: Message) -> tuple[Fact, ...]:
    """Record a notice for each address that wants to hear of a message.

    Policy was asked by the action that makes the message. The notice lies in the outbox when the
    transaction is committed, and not otherwise; a worker sends it after that.
    """
    addresses = tables.list_addresses(act.connection, audience=message.audience)
    return tuple(
        _post(act, message, address) for address in addresses if rules.wants(address, message)
    )


def _post(act: Act, message: Message, address: Address) -> Fact:
    title, text = message.words[address.language]
    body = NoticePosted(
        id=notice_id(act.tx.next_seq, address.name, message),
        address=address.name,
        event=message.event,
        about=message.about,
        due_at=rules.not_before(address, message),
        title=title,
        text=text,
        data=encode(message.data).decode(),
    )
    return act.append(body, subject=message.about)


def notice_id(seq: int, address: str, message: Message) -> str:
    """Return the id of a notice: the same for ever, and told by no number of ours.

    It bears no full stop, which Standard Webhooks keeps for what is signed.
    """
    told = encode([seq, address, message.event, message.about, message.due_at, message.data])
    return f"msg_{sha256(told).hexdigest()[:32]}"
