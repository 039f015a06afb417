"""Several validators on this machine, for demonstrations, measurements and tests.

    with Network(folder, ("customs", "health", "plant", "port"), find_binary(""), entropy) as net:
        outcome = wait_for(net.orders[0], net.orders[0].submit(batch), timeout_s=20)

Each has its own address (127.0.0.1, 127.0.0.2, ...), free ports, home folder and two processes.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType

from clearway.errors import NotFound, TryLater
from clearway.ledger.order.cometbft.engine import CometOrder
from clearway.ledger.order.cometbft.home import Keys, Member, Timing, write_home
from clearway.ledger.order.cometbft.node import Validator
from clearway.ledger.order.cometbft.views import Status
from clearway.ledger.order.encoding import BatchSigner

_POLL_S = 0.05


class Network:
    """Validators, and the order as each of their agencies sees it; use as a context manager.

    Args:
        root: folder of the homes; made anew.
        names: one agency for each.
        entropy: random bytes.
    """

    def __init__(
        self,
        root: Path,
        names: Sequence[str],
        binary: Path,
        entropy: Callable[[int], bytes],
        *,
        order: str = "demo-order",
    ) -> None:
        keys = [Keys(entropy(96)) for _ in names]
        ports = free_addresses(2 * len(names))
        self.members = [
            Member(key.agency(name), key.node_id, *ports[2 * place : 2 * place + 2])
            for place, (name, key) in enumerate(zip(names, keys, strict=True))
        ]
        self.validators: list[Validator] = []
        self.orders: list[CometOrder] = []
        for name, key, member in zip(names, keys, self.members, strict=True):
            write_home(root / name, order, key, member, self.members, Timing())
            self.validators.append(Validator(root / name, binary))
            signer = BatchSigner(order, name, key.batch_seed)
            self.orders.append(CometOrder(member.rpc, signer))

    def __enter__(self) -> Network:
        try:
            for validator in self.validators:
                validator.start()
        except BaseException:  # whatever it was: no process is left behind
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop all that runs."""
        for order in self.orders:
            order.close()
        for validator in self.validators:
            validator.stop()

    def status(self, place: int) -> Status | None:
        """Return where an application stands, or None while it does not answer."""
        try:
            return self.orders[place].status()
        except (TryLater, NotFound):
            return None

    def wait_ready(self, *, height: int = 1, timeout_s: float = 30) -> float:
        """Return after how many seconds all have reached this height. Raises: TryLater."""
        return self._wait(
            lambda: all(
                (found := self.status(place)) is not None and found.height >= height
                for place in range(len(self.orders))
            ),
            timeout_s,
        )

    def wait_equal(self, *, timeout_s: float = 60) -> tuple[Status, float]:
        """Return the status that all share, and after how many seconds. Raises: TryLater."""

        def agreed() -> bool:
            found = [self.status(place) for place in range(len(self.orders))]
            heads = {None if s is None else (s.height, s.app_hash, s.root) for s in found}
            return len(heads) == 1 and None not in heads

        took = self._wait(agreed, timeout_s)
        status = self.status(0)
        if status is None:
            raise TryLater("A validator of the network stopped answering")
        return status, took

    def _wait(self, reached: Callable[[], bool], timeout_s: float) -> float:
        start = time.monotonic()
        while not reached():
            if time.monotonic() - start > timeout_s:
                raise TryLater(f"The network did not come so far in {timeout_s:g} s")
            time.sleep(_POLL_S)
        return time.monotonic() - start


def free_addresses(count: int) -> list[str]:
    """Return loopback addresses whose ports are free; two on each of 127.0.0.1, .2, ..."""
    probes = []
    try:
        for place in range(count):
            probe = socket.socket()
            probes.append(probe)
            probe.bind((f"127.0.0.{1 + place // 2 % 200}", 0))
        return ["{}:{}".format(*probe.getsockname()) for probe in probes]
    finally:
        for probe in probes:
            probe.close()
