"""`clearway broker`: a broker on another machine, through which devices send."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from clearway.cli.options import AsJson, SettingsFile
from clearway.cli.output import emit, plain, say

app = typer.Typer(
    name="broker", help="MQTT brokers through which devices send.", no_args_is_help=True
)


@app.callback()
def _group() -> None:
    """MQTT brokers through which devices send."""


@app.command()
def config(
    kind: Annotated[str, typer.Argument(help="nats or mosquitto.")],
    out: Annotated[Path, typer.Option(help="Folder to write, and to lie under that path there.")],
    name: Annotated[
        list[str], typer.Option(help="Name or address under which devices reach it; repeatable.")
    ],
    port: Annotated[int, typer.Option(help="Port on which it listens.")] = 8883,
    account: Annotated[
        str, typer.Option(help="Account that mosquitto runs as when root starts it.")
    ] = "mosquitto",
    settings: SettingsFile = None,
    as_json: AsJson = False,
) -> None:
    """Write configuration and certificates of a broker, for the devices that are enrolled now.

    Write it again after a device was enrolled or revoked, at least once a week, and send the broker
    SIGHUP. The node
    reads from it with the setting broker = "mqtts://NAME:PORT".
    """
    from clearway.cli.store import opened
    from clearway.identity import tables_devices
    from clearway.node import broker_folder, device_authority
    from clearway.node.clock import entropy, utc_now
    from clearway.node.devices_broker import admitted
    from clearway.settings import load

    chosen = load(settings)
    now = utc_now()
    with opened(settings) as (folder, _, connection):
        who = admitted(connection)
        revoked = tables_devices.list_revoked(connection, now)
    agency = chosen.agency_name or chosen.node_name
    authority = device_authority.open_device_authority(folder, agency, entropy, now)
    wanted = broker_folder.Wanted(kind, out, tuple(name), port, account)
    files = broker_folder.write(wanted, who, revoked, authority, entropy, now)
    if as_json:
        emit({"files": [str(file) for file in files], "devices": len(who.devices)})
        return
    for file in files:
        say(plain(file))
    say(f"{len(who.devices)} devices may write. Keep broker.key to that machine alone.")
