"""`clearway device`: who may measure. All but `simulate` run on the node's own machine."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from clearway.cli.options import URL, AsJson, SettingsFile, Url
from clearway.cli.output import emit, plain, say, show_table

app = typer.Typer(name="device", help="Devices and their certificates.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Name of the device: letters, digits, - and _.")]
Request = Annotated[
    Path | None,
    typer.Option(exists=True, dir_okay=False, help="PEM file of the device's own request (CSR)."),
]
Out = Annotated[Path, typer.Option(help="Folder for what the device must have.")]


class Tamper(StrEnum):
    """As `simulator.device_run.Tampering`, known before that is loaded."""

    REPLAY = "replay"
    BIT = "bit"
    KEY = "key"
    REWRITE = "rewrite"
    NAME = "name"


@app.command()
def enrol(
    name: Name,
    out: Out,
    container: Annotated[
        str | None, typer.Option(help="Container to which it is fixed; it speaks for no other.")
    ] = None,
    maker: Annotated[str, typer.Option(help="Who made it.")] = "",
    party: Annotated[str | None, typer.Option(help="Party number of its owner.")] = None,
    request: Request = None,
    settings: SettingsFile = None,
    as_json: AsJson = False,
) -> None:
    """Enrol a device and issue its certificate; without a request its key is made here."""
    from clearway.cli import devices

    made = devices.enrol(settings, devices.Wanted(name, container, maker, party, request, out))
    if as_json:
        emit(made)
    else:
        say(f"{plain(name)} is enrolled until {made['not_after']:%Y-%m-%d}; see {plain(out)}.")


@app.command()
def renew(
    name: Name,
    out: Out,
    request: Request = None,
    settings: SettingsFile = None,
    as_json: AsJson = False,
) -> None:
    """Issue a new certificate; what the former key sealed may still come for 90 days."""
    from clearway.cli import devices

    made = devices.renew(settings, name, request, out)
    if as_json:
        emit(made)
    else:
        say(f"{plain(name)} is certified until {made['not_after']:%Y-%m-%d}.")


@app.command()
def revoke(
    name: Name,
    reason: Annotated[str, typer.Option(help="Why, such as stolen; it is recorded.")],
    serial: Annotated[
        str | None, typer.Option(help="Only the key of this certificate; else the whole device.")
    ] = None,
    settings: SettingsFile = None,
) -> None:
    """Revoke a device for good, or one of its keys; writes the revocation list anew."""
    from clearway.cli import devices

    path = devices.revoke(settings, name, serial, reason)
    say(f"{plain(name)}: revoked. Revocation list for brokers: {plain(path)}")


@app.command("list")
def list_devices(settings: SettingsFile = None, as_json: AsJson = False) -> None:
    """List devices: container, certificate, clock, batches that are missing."""
    from clearway.cli import devices

    found = devices.listed(settings)
    if as_json:
        emit(found)
        return
    columns = ("device", "container", "state", "not_after", "drift_s_per_day", "batches_missing")
    show_table("Devices", columns, [[one[column] for column in columns] for one in found])


@app.command()
def simulate(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="As enrol wrote.")],
    broker: Annotated[str, typer.Option(help="mqtts://host:port; else HTTP.")] = "",
    url: Url = URL,
    token: Annotated[
        str, typer.Option(envvar="CLEARWAY_TOKEN", help="Token of the device's account, for HTTP.")
    ] = "",
    readings: Annotated[int, typer.Option(min=1, max=100_000)] = 288,
    every: Annotated[int, typer.Option(min=1, help="Seconds between two readings.")] = 600,
    offline: Annotated[
        str, typer.Option(help="No network from which reading to which, such as 60:130.")
    ] = "",
    cut_power: Annotated[
        list[int] | None, typer.Option(help="Lose the power before this reading; repeatable.")
    ] = None,
    drift: Annotated[float, typer.Option(help="Seconds a day that its clock gains.")] = 0.0,
    ahead: Annotated[float, typer.Option(help="Seconds that its clock is ahead.")] = 0.0,
    tamper: Annotated[
        Tamper | None, typer.Option(help="Then send what a thief makes of the last batch.")
    ] = None,
    seed: int = 1,
    as_json: AsJson = False,
) -> None:
    """Be a device: measure, seal, send, until all is durable at the other side."""
    from clearway.cli import devices
    from clearway.simulator.device_run import Plan, Tampering

    first, last = _span(offline)
    plan = Plan(
        readings, float(every), 12, (first, last), tuple(cut_power or ()), ahead, drift, seed
    )
    how = None if tamper is None else Tampering(tamper.value)
    report, said = devices.simulate(folder, broker, url, token, plan, how)
    if as_json:
        emit({"report": report, "tamper": said})
        return
    say(
        f"{report.measured} readings, {report.starts} starts, {report.lost} lost unsealed,"
        f" {report.waiting} batches without a mark, {len(report.aside)} put aside"
    )
    for refused in report.refused:
        say(f"Refused: {plain(refused.detail)}")
    if said:
        say(f"The thief was told: {plain(said)}")


def _span(text: str) -> tuple[int, int]:
    first, _, last = text.partition(":")
    if not text:
        return 0, 0
    if not (first.isdigit() and last.isdigit()):
        raise typer.BadParameter("write two numbers of readings, such as 60:130")
    return int(first), int(last)
