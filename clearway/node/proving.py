"""Who may send which readings: devices' keys, and the containers to which they were fixed.

    proving = Proving(node)
    batch, proof = proving.open_signed(message.device, message.payload, message.arrived_at)
    proving.require_own(message.device, batch)    # of one that came without a signature

Everything here happens aside from the writer. What is known of devices is kept in memory and
dropped as soon as a fact of theirs is committed, so a revocation counts from the next message on.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple, Protocol

from sqlalchemy import Connection

from clearway.coldchain import links
from clearway.coldchain.chain import Proof
from clearway.coldchain.formats import signed
from clearway.coldchain.model import Batch
from clearway.coldchain.packing import Arrival
from clearway.coldchain.sheets import Sheet
from clearway.errors import Refused, RuleViolation, VerificationError
from clearway.identity import tables_devices
from clearway.identity.model import Actor, ActorKind, Device, DeviceKey
from clearway.ledger.columns import from_microseconds
from clearway.ledger.fact import Fact, decode
from clearway.terms.finding import Area, Finding, Level

_MOST_KNOWN: Final = 100_000


class Host(Protocol):
    """What this needs of its node."""

    def reading(self) -> AbstractContextManager[Connection]:
        """Give a connection that reads."""

    def on_commit(self, listener: Callable[[Sequence[Fact]], None]) -> object:
        """Call the listener at each commit."""


class _Known(NamedTuple):
    """A device, None for a stranger, and whether it has ever signed."""

    device: Device | None
    signs: bool


class Proving:
    """Proves what devices send, for one open node."""

    def __init__(self, node: Host) -> None:
        self._node = node
        self._known: dict[str, _Known] = {}
        self._lock = threading.Lock()
        self._changes = 0
        node.on_commit(self._hear)

    def open_signed(self, sender: str, payload: bytes, arrived_at: datetime) -> tuple[Batch, Proof]:
        """Return the verified batch of a signed message, and its place in the device's chain.

        Args:
            sender: proved by the transport.

        Raises: InputError: not in form, or the signature does not hold. Refused: another device's,
        a stranger, revoked, or of a container to which it was not fixed.
        """
        found = signed.read(payload)
        known = self._find(sender)
        if known.device is None:
            raise Refused(f"The device {sender!r} is not enrolled; its signature proves nothing")
        self.require_own(sender, found.batch, is_signed=True)
        _verify(found, _key(known.device, found.key_id, arrived_at))
        keys = tuple(dict.fromkeys(key.key_id for key in known.device.keys))
        return found.batch, Proof(found.link, keys)

    def require_own(self, sender: str, batch: Batch | Sheet, *, is_signed: bool = False) -> None:
        """Refuse what an enrolled device may not say; of a stranger, policy decides.

        Raises: Refused: another device's batch; it was revoked, signs else, or was not fixed to the
        container then.
        """
        _require_sender(sender, batch)
        known = self._find(sender)
        device = known.device
        if device is None:
            return
        if not device.is_valid:
            raise Refused(f"The device {device.id!r} was revoked; what it sends counts no more")
        if known.signs and not is_signed:
            raise Refused(
                f"The device {device.id!r} signs its batches; one without a signature is not taken"
            )
        span = _span(batch)
        if span and not device.is_fixed_to(batch.container, *span):
            raise Refused(
                f"The device {device.id!r} was not fixed to {batch.container} when it measured; a"
                " device speaks only for its own container. Have it associated, or enrol it there"
            )

    def require_entitled(self, actor: Actor, batch: Batch) -> None:
        """Refuse unsigned readings that somebody else sends for a device with a key of its own.

        Whoever carries a logger's file answers for it; a device that can sign needs nobody.

        Raises: Refused: also what `require_own` refuses.
        """
        self.require_own(batch.device, batch)
        device = self._find(batch.device).device
        is_itself = actor.kind is ActorKind.DEVICE and actor.id == batch.device
        if device is not None and device.keys and not is_itself:
            raise Refused(
                f"The device {device.id!r} has a key of its own; without its signature only itself"
                " sends its readings. Send its signed batches as application/cose"
            )

    def _find(self, name: str) -> _Known:
        known = self._known.get(name)
        if known is not None:
            return known
        changes = self._changes
        with self._node.reading() as connection:
            device = tables_devices.find_device(connection, name)
            known = _Known(device, device is not None and links.signs(connection, name))
        with self._lock:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            if changes == self._changes:  # else it may have been read before the change
                self._known[name] = known
        return known

    def note(self, arrivals: Iterable[Arrival]) -> None:
        """Note what is durable: a device that signed is not taken without a signature any more."""
        for one in arrivals:
            known = self._known.get(one.batch.device)
            if one.proof is not None and known is not None and not known.signs:
                with self._lock:
                    self._known.pop(one.batch.device, None)

    def _hear(self, facts: Sequence[Fact]) -> None:
        """Called by the writer at each commit: forget the devices that changed."""
        changed = [name for fact in facts if (name := _device_of(fact)) is not None]
        if changed:
            with self._lock:
                self._changes += 1
                for name in changed:
                    self._known.pop(name, None)


@dataclass(frozen=True, slots=True)
class _Moved:
    """What counts here of `movement.device_associated/1`."""

    device: str


def _device_of(fact: Fact) -> str | None:
    """Return the device that a fact changed, None for other facts."""
    if fact.type.startswith("identity.device"):
        return fact.subject.removeprefix("device:")
    if fact.type.startswith("movement.device_associated"):
        return decode(fact.body, _Moved).device
    return None


def _require_sender(sender: str, batch: Batch | Sheet) -> None:
    if batch.device != sender:
        raise Refused(
            f"The message comes from {sender} and speaks for {batch.device[:80]!r}; a device sends"
            " its own readings only"
        )


def _span(batch: Batch | Sheet) -> tuple[datetime, datetime] | None:
    """Return when the first and the last of its readings were measured, as far as they say."""
    if isinstance(batch, Sheet):
        return from_microseconds(min(batch.instants)), from_microseconds(max(batch.instants))
    times = [reading.at for reading in batch.readings if reading.at.tzinfo is not None]
    return (min(times), max(times)) if times else None


def _key(device: Device, key_id: bytes, arrived_at: datetime) -> DeviceKey:
    key = device.find_key(key_id)
    if key is None or not key.signs_at(arrived_at):
        why = "is not the device's" if key is None else "was revoked or replaced long ago"
        raise _unproved(f"The batch of {device.id!r} is signed with a key that {why}")
    return key


def _verify(found: signed.SignedBatch, key: DeviceKey) -> None:
    try:
        signed.verify(found, key.public_key)
    except VerificationError as error:
        raise _unproved(error.detail) from error


def _unproved(message: str) -> RuleViolation:
    finding = Finding("CC_S01", Area.RULE, Level.SEVERE, "signature", message)
    return RuleViolation(message, (finding,))
