"""What does not fit in a device's chain of signed batches, kept with its proof."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from clearway.coldchain.chain import Break
from clearway.terms.transport import ContainerNumber


@dataclass(frozen=True, slots=True)
class ChainBroken:
    """A device's signed batch does not fit its chain (`chain.Break`).

    Args:
        first_seq, last_seq: numbers of the readings in the batch.
        other: digest of the batch on record that it contradicts; empty where there is none.
        message: a sentence with the values.
        envelope: the signed message, byte for byte: with the other one, which
            `coldchain.readings_received/1` holds, it proves what the device signed.
    """

    TYPE: ClassVar[str] = "coldchain.chain_broken/1"

    device: str
    container: ContainerNumber
    boot_id: str
    first_seq: int
    last_seq: int
    kind: Break
    other: bytes
    message: str
    envelope: bytes
