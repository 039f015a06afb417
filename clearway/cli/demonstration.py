"""The demo, step by step: a world, a model of its past, a node, a day, and what came of it."""

from __future__ import annotations

import asyncio
import importlib
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

import httpx

from clearway.cli.demo_analysis import prepare_desk
from clearway.cli.demo_devices import devices_of
from clearway.cli.logs import configure_logging
from clearway.cli.output import emit, say
from clearway.cli.scoreboard import Scoreboard, print_summary
from clearway.cli.server import Server, application
from clearway.cli.setup import OWNER
from clearway.cli.world import admit
from clearway.errors import InputError
from clearway.identity import passwords
from clearway.identity.actions.open_account import open_account
from clearway.identity.actions.set_password import set_password
from clearway.identity.model import ActorKind, Role
from clearway.node.clock import SteppedClock, entropy
from clearway.node.devices_broker import EMBEDDED
from clearway.node.files import Folder
from clearway.node.node import Node, create
from clearway.node.tending import Tending
from clearway.node.workers import Workers
from clearway.policy.act import Act
from clearway.risk.actions.activate_model import activate_model
from clearway.risk.card import ModelCard
from clearway.risk.formats import artefact
from clearway.risk.training import train
from clearway.settings import Settings
from clearway.simulator.day import Day, simulate
from clearway.simulator.diary import Diary
from clearway.simulator.enrolled import Devices
from clearway.simulator.history import past
from clearway.simulator.replay import replay
from clearway.simulator.summary import DaySummary, summarise
from clearway.simulator.world import World, build

DAY = date(2026, 7, 14)
_HISTORY_DAYS, _HISTORY_PER_DAY = 120, 110.0
_MARK = ".clearway-demo"
# What workers do by the machine's time, the day's own clock does: a seed gives one day.
_BY_THE_DAYS_CLOCK, _ROUND, _COPIED_EVERY = 86_400, timedelta(hours=1), timedelta(hours=4)
# For looking around in a node that holds nothing real and listens on this machine only.
_VISITOR, _ANALYST, _PASSWORD = "officer", "analyst", "border-day-2026"


@dataclass(frozen=True, slots=True)
class _Stage:
    """Everything made ready before the day begins."""

    settings: Settings
    day: Day
    card: ModelCard | None


def run(
    *, once: bool, seed: int, consignments: int, folder: Path, port: int, as_json: bool
) -> DaySummary:
    """Play the demo; without `once`, serve the console until interrupted."""
    configure_logging("ERROR")
    tell: Callable[[str], None] = (lambda text: None) if as_json else say
    tell(f"[bold]A border day[/], simulated with seed {seed}: every figure comes from this run.")
    stage = _prepare(folder, seed, consignments, port, tell)
    clock = SteppedClock(stage.day.events[0].at)
    with Node.open(stage.settings, clock=clock, entropy=entropy) as node, Workers(node) as work:
        _open_console(node)
        if (card := stage.card) is not None:
            node.act(OWNER, lambda act: activate_model(act, card, "trained for the demo")).result()
        prepare_desk(node, _VISITOR, node.folder.history)
        tokens = admit(node, stage.day)
        with (
            devices_of(node, stage.day, folder / "devices", tell) as devices,
            _doors(node, once=once) as (http, url),
        ):
            if url:
                tell(f"The console: [bold]{url}/[/]  account [bold]{_VISITOR}[/] or, as a second"
                     f" analyst, [bold]{_ANALYST}[/]; password [bold]{_PASSWORD}[/]")  # fmt: skip
            with Scoreboard(quiet=as_json) as board:
                steps = _steps(node, work, clock, stage.day.begins_at)
                diary = asyncio.run(_play(stage.day, http, tokens, steps, board, devices))
            work.copy_to_lake()
            work.keep_checkpoint()
            summary = summarise(stage.day, diary)
            receipt = _keep_receipt(node, folder)
            if as_json:
                emit(summary)
            else:
                print_summary(summary, receipt, node)
            if not once:
                _stay(url, tell)
    return summary


def _prepare(
    folder: Path, seed: int, consignments: int, port: int, tell: Callable[[str], None]
) -> _Stage:
    tell("Making the world: traders honest and not, goods, ships, reefers ...")
    world = build(seed)
    day = simulate(world, DAY, consignments, send_every=6)
    _make_room(folder)
    settings = replace(
        Settings(),
        data_directory=folder / "node",
        node_name="demo.clearway.example/border",
        port=port,
        secure_cookies=False,
        lake_seconds=_BY_THE_DAYS_CLOCK,
        task_seconds=0,  # by the day's clock as well
        broker=EMBEDDED,
        broker_port=0,
        arrivals_per_day=consignments,
        red_per_day=max(6, consignments // 14),
        yellow_per_day=max(4, consignments // 12),
        blue_per_day=max(4, consignments // 20),
    )
    create(settings, entropy)
    tell("Training the risk model on the four months before ...")
    card = _train(world, seed, settings, day.events[0].at)
    if card is None:
        tell("LightGBM cannot load here (install your system's package libgomp1): the day runs on"
             " rules and the draw alone.")  # fmt: skip
        return _Stage(settings, day, None)
    model = str(settings.data_directory / "models" / card.id)
    return _Stage(replace(settings, model_directory=model), day, card)


def _train(world: World, seed: int, settings: Settings, now: datetime) -> ModelCard | None:
    """Return the card of a model trained on the past; None where LightGBM cannot load."""
    try:
        importlib.import_module("lightgbm")
    except OSError:
        return None
    history = past(world, _HISTORY_DAYS, _HISTORY_PER_DAY, until=DAY)
    folder = Folder.of(settings).history
    folder.mkdir()
    history.frame.write_parquet(folder / "before.parquet")  # what analysts try rules on
    made = train(history.frame, seed=seed, now=now)
    artefact.save(made, settings.data_directory / "models")
    return made.card


def _make_room(folder: Path) -> None:
    """Empty the demo's own folder. Raises: InputError: somebody else's files lie there."""
    if folder.exists() and any(folder.iterdir()):
        if not (folder / _MARK).exists():
            raise InputError(f"{folder} is not a folder of the demo; choose another with --folder")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _MARK).touch()


def _open_console(node: Node) -> None:
    """Open accounts with which a visitor can look around; a rule takes two people."""
    people = {
        _VISITOR: ({Role.CUSTOMS_OFFICER, Role.RISK_ANALYST}, "Visiting officer"),
        _ANALYST: ({Role.RISK_ANALYST}, "Second analyst"),
    }
    hashed = {name: passwords.hash_password(_PASSWORD, name, entropy(16)) for name in people}

    def action(act: Act) -> None:
        for account, (roles, name) in people.items():
            open_account(act, account, ActorKind.OFFICER, "customs", roles, name=name)
            set_password(act, account, hashed[account])

    node.act(OWNER, action).result()


@contextmanager
def _doors(node: Node, *, once: bool) -> Iterator[tuple[httpx.AsyncClient, str]]:
    """Give a client at the doors: in process, or of a server that listens."""
    if once:
        transport = httpx.ASGITransport(application(node))
        yield httpx.AsyncClient(transport=transport, base_url="http://localhost"), ""
        return
    with Server(node, port=_free(node.settings.host, node.settings.port)) as server:
        limits = httpx.Limits(max_connections=32)
        yield (
            httpx.AsyncClient(base_url=server.url, limits=limits, timeout=60, trust_env=False),
            server.url,
        )


def _free(host: str, port: int) -> int:
    """Return `port`, or 0 (any free one) when something listens there already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return 0
    return port


async def _play(
    day: Day,
    http: httpx.AsyncClient,
    tokens: dict[str, str],
    steps: Callable[[datetime], None],
    board: Scoreboard,
    devices: Devices | None,
) -> Diary:
    async with http:
        return await replay(day, http, tokens, set_clock=steps, tell=board.show, devices=devices)


def _steps(
    node: Node, work: Workers, clock: SteppedClock, begins_at: datetime
) -> Callable[[datetime], None]:
    """Return what moves the clock, and what workers do by it: tasks pass on, silence is noticed.

    Silence counts from the second round of the day, since loggers report once in many hours before,
    to midnight, when the simulated world falls silent.
    """
    tending, due, copied_at = Tending(node), begins_at + 2 * _ROUND, begins_at
    ends_at = begins_at + timedelta(days=1)

    def step(instant: datetime) -> None:
        nonlocal due, copied_at
        clock.move_to(instant)
        if due <= instant < ends_at:
            due = instant + _ROUND
            work.look()
        if instant >= copied_at + _COPIED_EVERY:
            copied_at = instant
            work.copy_to_lake()
        tending.round()

    return step


def _keep_receipt(node: Node, folder: Path) -> Path:
    """Write one receipt of the day to a file, to be verified offline."""
    path = folder / "receipt.json"
    path.write_bytes(node.stored_receipt(node.log.size - 1))
    return path


def _stay(url: str, tell: Callable[[str], None]) -> None:
    tell(f"\nThe day is over; look around at [bold]{url}/[/]. Ctrl-C ends the demo.")
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        tell("Good-bye.")
