"""What the demo shows while the day is worked, and what it says at the end."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.panel import Panel
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table

from clearway.cli.output import say
from clearway.node.node import Node
from clearway.simulator.counterfactual import Effect
from clearway.simulator.messages import CSV, JSON
from clearway.simulator.replay import Progress as Standing
from clearway.simulator.summary import DaySummary, Tasks


class Scoreboard:
    """A live panel: the hour, a bar, and what has happened so far."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._live: Live | None = None
        self._bar = Progress(TextColumn("{task.description}"), BarColumn(bar_width=None))
        self._task = self._bar.add_task("mail of the day", total=1)

    def __enter__(self) -> Scoreboard:
        if not self._quiet:
            self._live = Live(console=Console(), refresh_per_second=6, transient=True)
            self._live.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live is not None:
            self._live.__exit__(kind, error, trace)

    def show(self, standing: Standing) -> None:
        """Show where the day stands."""
        if self._live is None:
            return
        self._bar.update(self._task, completed=standing.delivered, total=standing.total)
        numbers = Table.grid(padding=(0, 3))
        for _ in range(5):
            numbers.add_column(justify="center")
        counts = (
            standing.lodged, standing.released, standing.waiting, standing.examined,
            standing.alarms,
        )  # fmt: skip
        numbers.add_row(*(f"[bold]{count:,}[/]" for count in counts))
        numbers.add_row("lodged", "released", "waiting", "examined", "alarms")
        body = Table.grid()
        body.add_row(numbers)
        body.add_row(self._bar)
        title = f"{standing.now:%A %d %B, %H:%M} UTC"
        self._live.update(Panel(body, title=title, border_style="cyan"))


def print_summary(summary: DaySummary, receipt: Path, node: Node) -> None:
    """Print what the day came to, every figure computed from this run."""
    table = Table(title="The day", title_justify="left", show_header=False, box=None)
    table.add_column(style="cyan")
    table.add_column()
    for name, value in _lines(summary):
        table.add_row(name, value)
    Console().print(table)
    say(
        f"\n{node.log.size:,} facts are in the log. Verify one of {summary.receipts:,} receipts,"
        " offline:\n"
        f"  [bold].venv/bin/clearway receipt verify {receipt} --key {node.folder.vkey}[/]"
    )


def _lines(summary: DaySummary) -> list[tuple[str, str]]:
    channels = summary.released_by_channel
    ways = ", ".join(f"{channels[way]} {way}" for way in sorted(channels))
    fraud, papers = summary.fraud, summary.certificates
    alarms, effects = summary.alarms, summary.counterfactual
    lead = (
        "" if alarms.median_lead_h is None else f", {alarms.median_lead_h:.1f} h before the limit"
    )
    return [
        (
            "declarations",
            f"{summary.lodged} accepted, {summary.rejected} refused, {summary.repeated} sent twice"
            f" and answered alike, {summary.conflicts} altered under a used key or number",
        ),
        (
            "released",
            f"{sum(channels.values())} ({ways}); {summary.not_released} not yet: under way, to be"
            " examined, held or refused",
        ),
        ("examined", f"{summary.examined}; {summary.waiting} still waiting"),
        (
            "fraud",
            f"{fraud.found} of {fraud.present} found in {fraud.looked_at} examinations"
            f" (precision {fraud.precision:.0%}, recall {fraud.recall:.0%}); revenue"
            f" {summary.revenue_found:,.0f} of {summary.revenue_hidden:,.0f} USD",
        ),
        ("certificates", f"{papers.found} of {papers.present} flawed ones found"),
        ("readings", _readings(summary)),
        (
            "reefers",
            f"{alarms.raised} alarms, {alarms.true} true; {alarms.noticed} of {alarms.mishaps}"
            f" mishaps noticed{lead}; {alarms.repaired} repaired in time",
        ),
        ("tasks", _tasks(summary.tasks)),
        ("seals", _seals(summary)),
        ("queue", f"against first come, first served: {_effect(effects.order)}"),
        (
            "spoilage",
            f"{alarms.repaired} repairs against none: {_effect(effects.alarms)}",
        ),
        (
            "speed",
            f"a declaration was answered in {summary.median_ms:.0f} ms (median),"
            f" {summary.p99_ms:.0f} ms (99 of 100)",
        ),
    ]


def _readings(summary: DaySummary) -> str:
    """Return how readings came, in words."""
    sent = summary.sent
    kept = f", {sent.kept} kept without a network and sent later" if sent.kept else ""
    lost = (
        f"; {sent.refused} refused, {sent.waiting} waiting" if sent.refused + sent.waiting else ""
    )
    signed = (
        f"; {sent.readings:,} over MQTT, in {sent.batches:,} signed batches of {sent.devices}"
        f" enrolled devices{kept}{lost}"
    )
    posted = (summary.posted.get(form, 0) for form in (JSON, CSV))
    over_http = "{:,} as JSON and {:,} as CSV over HTTP".format(*posted)
    return over_http + (signed if sent.devices else "")


def _tasks(tasks: Tasks) -> str:
    """Return what alarms asked and what came of it, in words."""
    outcomes = ", ".join(
        f"{count} {name.replace('_', ' ')}" for name, count in sorted(tasks.outcomes.items())
    )
    after = "" if tasks.median_taken_h is None else f" after {60 * tasks.median_taken_h:.0f} min"
    return (
        f"{tasks.opened} opened, {tasks.taken} taken{after}, {tasks.passed_on} passed on,"
        f" {tasks.void} void, {tasks.done} done{f' ({outcomes})' if outcomes else ''};"
        f" {tasks.waiting} still open"
    )


def _seals(summary: DaySummary) -> str:
    """Return what seals asked and what came of it, in words."""
    seals = summary.seals
    return (
        f"{seals.asked} opened, broken, missing or not the declared one; {seals.examined} examined,"
        f" fraud behind {seals.fraud}; {summary.events} EPCIS events captured"
    )


def _effect(effect: Effect) -> str:
    """Return what an order or a repair was worth, in words."""
    saved = effect.lost_kg_otherwise - effect.lost_kg
    return (
        f"{effect.kg_days / 1000:+,.1f} tonne-days and {effect.life_days:+.1f} days of life for"
        f" {effect.consignments} perishable consignments; {effect.lost} lost instead of"
        f" {effect.lost_otherwise} ({saved:+,.0f} kg saved)"
    )
