"""`clearway network demo`, step by step: four agencies, four validators, two of them killed."""

from __future__ import annotations

import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from clearway.cli.output import emit, say
from clearway.cli.setup import first_administrator
from clearway.errors import TryLater, VerificationError
from clearway.ledger import checkpoint
from clearway.ledger.database import open_writer
from clearway.ledger.note import split_note
from clearway.ledger.order import nullifier
from clearway.ledger.order.audit import audit
from clearway.ledger.order.cometbft.network import Network
from clearway.ledger.order.cometbft.node import find_binary
from clearway.ledger.order.governance import FEWEST_FOR_ORDER
from clearway.ledger.order.model import Code, Item, LogRoot, Outcome, Use, UseBatch
from clearway.ledger.order.port import wait_for
from clearway.node.clock import entropy, utc_now
from clearway.node.node import Node, create
from clearway.settings import Settings

NAMES = ("customs", "plant-health", "food-safety", "port-health", "transport", "treasury", "coast")
SCOPE = "certificate-line/2026"
_PATIENCE_S = 30.0
_SILENCE_S = 4.0
_SETTLE_S = 1.0


@dataclass(slots=True)
class Report:
    """What the demo saw; every field is measured in this run."""

    agencies: list[str]
    ready_s: float = 0.0
    roots: int = 0
    uses: int = 0
    commit_s: list[float] = field(default_factory=list)
    race: list[str] = field(default_factory=list)
    first_use: dict[str, Any] = field(default_factory=dict)
    one_killed_commit_s: float = 0.0
    two_killed_stopped: bool = False
    catch_up_s: float = 0.0
    height: int = 0
    app_hash: str = ""
    root: str = ""
    equal_on: int = 0
    audited: int = 0
    memory_mb: list[int] = field(default_factory=list)


def run(*, agencies: int, settings: Settings, as_json: bool) -> Report | None:
    """Play the demo; with fewer than four agencies say why not."""
    if agencies < FEWEST_FOR_ORDER:
        _witnesses_only(agencies, as_json)
        return None
    tell: Callable[[str], None] = (lambda text: None) if as_json else say
    binary = find_binary(settings.cometbft_path)
    folder = Path(tempfile.mkdtemp(prefix="clearway-network-"))
    names = NAMES[:agencies]
    before = signal.signal(signal.SIGTERM, _end)
    try:
        with (
            _nodes(folder, names) as nodes,
            Network(folder / "order", names, binary, entropy) as network,
        ):
            report = _Play(network, nodes, tell).play()
        _audit(folder / "order", report, tell)
    finally:
        signal.signal(signal.SIGTERM, before)
        shutil.rmtree(folder, ignore_errors=True)
    if as_json:
        emit(asdict(report))
    return report


class _Play:
    """The acts of the demo, in order."""

    def __init__(
        self, network: Network, nodes: Sequence[Node], tell: Callable[[str], None]
    ) -> None:
        self._net = network
        self._nodes = nodes
        self._tell = tell
        self._names = [member.agency.id for member in network.members]
        self._report = Report(list(self._names))

    def play(self) -> Report:
        self._begin()
        self._ordinary_day()
        self._double_use()
        self._kill_one()
        self._kill_two()
        self._bring_back()
        return self._report

    def _begin(self) -> None:
        count = len(self._names)
        self._report.ready_s = self._net.wait_ready()
        self._tell(
            f"[bold]{count} agencies[/]: {', '.join(self._names)}; a node and a validator each,"
            f" ready in {self._report.ready_s:.1f} s."
        )

    def _ordinary_day(self) -> None:
        for place, node in enumerate(self._nodes):
            head = checkpoint.parse(split_note(node.log.note)[0])
            uses = (_use(self._names[place]) for _ in range(20))
            outcome, took = self._order(place, LogRoot(head.origin, head.size, head.root), *uses)
            if outcome.code is not Code.ACCEPTED:
                raise VerificationError(f"A fresh batch came out as {outcome.code.name}")
            self._report.commit_s.append(round(took, 3))
        self._report.roots, self._report.uses = len(self._nodes), 20 * len(self._nodes)
        middle = sorted(self._report.commit_s)[len(self._nodes) // 2]
        self._tell(
            f"Each had its log's head and 20 uses ordered; a batch took {middle:.2f} s (median)."
        )

    def _double_use(self) -> None:
        secret = entropy(nullifier.SECRET_SIZE)

        def submit(place: int) -> Outcome:
            return self._order(place, _use(self._names[place], secret))[0]

        with ThreadPoolExecutor(2) as pool:
            outcomes = list(pool.map(submit, (0, 1)))
        self._report.race = [outcome.items[0].code.name.lower() for outcome in outcomes]
        if sorted(self._report.race) != ["accepted", "used_before"]:
            raise VerificationError(f"One line, used by two at once, came out {self._report.race}")
        self._show_first(secret, self._report.race.index("used_before"))

    def _show_first(self, secret: bytes, loser: int) -> None:
        used = self._net.orders[loser].use(nullifier.of(SCOPE, secret))
        if used is None:
            raise VerificationError("The first use of a line cannot be found")
        nullifier.require_holder(used.holder, secret, used.agency, f"use of {used.agency}")
        self._report.first_use = {
            "agency": used.agency, "seq": used.at.seq, "item": used.at.item, "holder": used.holder
        }  # fmt: skip
        self._tell(
            f"One certificate line, used by two at once: [bold]{self._names[loser]} is refused[/],"
            f" with the first use: {used.agency}, place {used.at.seq}."
        )

    def _kill_one(self) -> None:
        self._net.validators[-1].kill()
        outcome, took = self._order(0, _use(self._names[0]))
        self._report.one_killed_commit_s = round(took, 3)
        self._tell(
            f"{self._names[-1]} is killed: the others [bold]go on[/]"
            f" ({outcome.code.name.lower()} after {took:.2f} s)."
        )

    def _kill_two(self) -> None:
        fault = (len(self._names) - 1) // 3
        for place in range(len(self._names) - 1 - fault, len(self._names) - 1):
            self._net.validators[place].kill()
        time.sleep(_SETTLE_S)  # a block that had its votes before the kill may still be committed
        heights = self._heights()
        pending = self._net.orders[0].submit(UseBatch(entropy(16), (_use(self._names[0]),)))
        try:
            wait_for(self._net.orders[0], pending, timeout_s=_SILENCE_S)
        except TryLater:
            # All that still run stand where they stood, and at one and the same place.
            self._report.two_killed_stopped = self._heights() == heights and len(set(heights)) == 1
        if not self._report.two_killed_stopped:
            raise VerificationError("Without two thirds of the validators the order went on")
        self._pending = pending
        self._tell(
            f"{fault} more killed: the order [bold]stops[/], it does not fork: nothing was ordered"
            f" in {_SILENCE_S:g} s, at height {heights[0][0]}."
        )

    def _bring_back(self) -> None:
        start = time.monotonic()
        for validator in self._net.validators:
            if not validator.alive:
                validator.start()
        wait_for(self._net.orders[0], self._pending, timeout_s=2 * _PATIENCE_S)
        status, _ = self._net.wait_equal()
        report = self._report
        report.catch_up_s = round(time.monotonic() - start, 3)
        report.height, report.app_hash, report.root = status.height, status.app_hash, status.root
        report.equal_on = len(self._names)
        found = map(self._net.status, range(len(self._names)))
        report.memory_mb = [each.memory_kb // 1024 for each in found if each]
        self._tell(
            f"Started again: caught up in {report.catch_up_s:.1f} s, the waiting use is ordered,"
            f" and all {report.equal_on} have the same head:"
        )
        self._tell(f"  height {status.height}, app hash {status.app_hash}, root {status.root}")

    def _order(self, place: int, *items: Item) -> tuple[Outcome, float]:
        order, start = self._net.orders[place], time.monotonic()
        ticket = order.submit(UseBatch(entropy(16), items))
        outcome = wait_for(order, ticket, timeout_s=_PATIENCE_S)
        return outcome, time.monotonic() - start

    def _heights(self) -> list[tuple[int, str]]:
        """Return height and app hash of those that run."""
        found = map(self._net.status, range(len(self._names)))
        return [(each.height, each.app_hash) for each in found if each]


def _use(agency: str, secret: bytes | None = None) -> Use:
    """Return a use of a line that carries this secret, or of a new one."""
    secret = secret or entropy(nullifier.SECRET_SIZE)
    return Use(nullifier.of(SCOPE, secret), nullifier.holder(secret, agency, f"use of {agency}"))


@contextmanager
def _nodes(folder: Path, names: Sequence[str]) -> Iterator[list[Node]]:
    """Give one Clearway node for each agency, with a first fact in its log."""
    with ExitStack() as stack:
        nodes = []
        for name in names:
            chosen = Settings(data_directory=folder / name, node_name=f"{name}.example/border")
            create(chosen, entropy)
            first_administrator(chosen)
            nodes.append(stack.enter_context(Node.open(chosen, clock=utc_now, entropy=entropy)))
        yield nodes


def _audit(homes: Path, report: Report, tell: Callable[[str], None]) -> None:
    """Replay what each application stored; they must all lead to the shared head."""
    for name in report.agencies:
        engine = open_writer(homes / name / "order.db")
        with engine.begin() as connection:
            head = audit(connection)
        engine.dispose()
        if head.app_hash.hex() != report.app_hash:
            raise VerificationError(f"The stored order of {name} leads to another app hash")
        report.audited += 1
    tell(f"Replayed from each store: {report.audited} times the same app hash.")


def _witnesses_only(agencies: int, as_json: bool) -> None:
    why = (
        f"One order that survives a faulty member needs {FEWEST_FOR_ORDER} independent agencies"
        f" (3 f + 1 for f faults). With {agencies}, one that stops would stop all, or one that"
        " lies could split them. Until then each keeps its own log and witnesses the others'."
    )
    if as_json:
        emit({"mode": "witnesses only", "agencies": agencies, "why": why})
    else:
        say(f"[bold]Witnesses only.[/] {why}")


def _end(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)  # unwinds, so every process is stopped
