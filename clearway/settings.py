"""Settings: the only place that reads the environment and the settings file.

Each setting can stand in a TOML file (`--settings FILE`, or `CLEARWAY_SETTINGS`), or in the
environment as `CLEARWAY_<NAME>` in capitals; the environment wins. `docs/settings.md` lists them
all, and a test keeps it so. Secrets are never settings: the log's key lies in its own file.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, get_type_hints

from clearway.errors import InputError


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that an operator may choose; the defaults work on one machine."""

    data_directory: Annotated[
        Path, "Folder of the database, the log's key, the lake and the models."
    ] = Path("var")
    node_name: Annotated[
        str,
        "Origin of this node's log, as each receipt names it: a name that you own, fixed at init.",
    ] = "clearway.example/border"
    database: Annotated[
        str,
        "Where the tables lie: empty: `node.db` in the data directory; else a PostgreSQL address"
        " without a password, such as `postgresql://role@host:5432/clearway`.",
    ] = ""
    database_schema: Annotated[
        str, "PostgreSQL schema of this node alone; several nodes may share a database."
    ] = "clearway"
    database_reader: Annotated[
        str, "PostgreSQL role that only reads; empty: the role of the address reads as well."
    ] = ""
    database_passfile: Annotated[
        str, "Password file of PostgreSQL's own form; empty: PGPASSFILE or `~/.pgpass`."
    ] = ""
    country: Annotated[str, "ISO 3166 code of the administration; XA is the sample country."] = "XA"
    host: Annotated[str, "Address on which `clearway serve` listens."] = "127.0.0.1"
    port: Annotated[int, "Port on which `clearway serve` listens; 0 takes a free one."] = 8080
    peer_host: Annotated[str, "Address on which partner agencies are heard, by mutual TLS."] = (
        "127.0.0.1"
    )
    peer_port: Annotated[
        int, "Port on which partner agencies are heard; 0 takes a free one, -1: none is opened."
    ] = -1
    allowed_hosts: Annotated[
        tuple[str, ...], "Host names under which the node answers; others get 400."
    ] = ("localhost", "127.0.0.1")
    body_limit_bytes: Annotated[int, "Largest message body, in bytes."] = 2_097_152
    batch_limit_bytes: Annotated[
        int, "Largest file of many declarations (one JSON document a line), in bytes."
    ] = 1_073_741_824
    path_limit: Annotated[int, "Longest path and query of a request, in characters."] = 1_024
    lane_limit: Annotated[int, "Most messages of one sender that may wait at once."] = 64
    waiting_limit: Annotated[int, "Most messages of all senders that may wait at once."] = 4_096
    at_work_limit: Annotated[int, "Most messages that are worked on at the same instant."] = 8
    connection_limit: Annotated[int, "Most open connections; further ones are refused."] = 4_096
    page_limit: Annotated[int, "Most rows on one page of a list."] = 200
    session_hours: Annotated[int, "Hours after which a console session must sign in again."] = 8
    red_per_day: Annotated[int, "Physical examinations that an office can do in a day."] = 24
    yellow_per_day: Annotated[int, "Documentary checks that an office can do in a day."] = 40
    blue_per_day: Annotated[int, "Audits after clearance that an office can begin in a day."] = 20
    arrivals_per_day: Annotated[
        int, "Declarations of an office on an ordinary day, until its own days tell better."
    ] = 200
    random_share: Annotated[
        float, "Share examined by chance, 0 to 1, to measure what is missed."
    ] = 0.01
    explore_share: Annotated[
        float, "Share of physical examinations for goods of which the model knows least, 0 to 1."
    ] = 0.05
    capacity_file: Annotated[
        str, "TOML file of what each office can do in a day, laid over the five above; empty: none."
    ] = ""
    model_directory: Annotated[
        str, "Folder of the risk model in use; empty: the one activated last, else rules only."
    ] = ""
    risk_watch_seconds: Annotated[
        int, "Seconds between two looks after the risk models; 0 looks after none."
    ] = 3600
    risk_train_days: Annotated[
        int, "Days after which a new risk model is trained to challenge; 0: only after drift."
    ] = 0
    risk_promote_unasked: Annotated[
        bool, "Let a challenger that was judged better score without a person's word."
    ] = False
    profile: Annotated[str, "Country profile: tariff, required certificates, controls."] = "sample"
    secure_cookies: Annotated[
        bool, "Mark cookies Secure; set false only to try the console over plain HTTP."
    ] = True
    log_level: Annotated[str, "DEBUG, INFO, WARNING or ERROR."] = "INFO"
    lake_seconds: Annotated[int, "Seconds between two copies of new facts to the lake."] = 30
    readings_days: Annotated[
        int, "Days for which readings stay in the tables; older ones are asked from the lake."
    ] = 90
    checkpoint_directory: Annotated[
        str,
        "Folder where signed checkpoints are kept, best on another machine; empty: `checkpoints` in"
        " the data directory.",
    ] = ""
    checkpoint_seconds: Annotated[int, "Seconds between two checkpoints kept there."] = 3600
    order: Annotated[
        str, "Who orders uses: `local`, this node alone, or `cometbft`, with other agencies."
    ] = "local"
    order_home: Annotated[
        str,
        "Folder of the validator of a shared order (`clearway network`); empty: `order` in the data"
        " directory.",
    ] = ""
    certificate_schemas: Annotated[
        str,
        "Folder of the official SPSCertificate schema (XSD), not shipped; empty: our own structure"
        " alone is checked.",
    ] = ""
    cometbft_path: Annotated[
        str, "The cometbft binary, version 0.38; empty: beside this Python, else on the PATH."
    ] = ""
    agency_name: Annotated[
        str, "Name of this agency on the card that partners get; empty: the node's name."
    ] = ""
    public_url: Annotated[
        str, "Address of the peer port as partners reach it, such as https://border.example:9443."
    ] = ""
    witness_seconds: Annotated[
        int, "Seconds between two checkpoints sent to partners' witnesses; 0 sends none."
    ] = 5
    monitor_seconds: Annotated[
        int, "Seconds between two looks into each partner's whole log; 0 looks into none."
    ] = 300
    witness_post_quantum: Annotated[
        bool, "Let this node's witness sign with ML-DSA-44 as well: 3.3 kB more a cosignature."
    ] = False
    hub_url: Annotated[
        str, "Address of the ePhyto Hub's service, https; empty: this node uses no hub."
    ] = ""
    hub_country: Annotated[str, "Country under which the hub knows us; empty: `country`."] = ""
    hub_certificate: Annotated[str, "PEM file of the TLS client certificate for the hub."] = ""
    hub_key: Annotated[str, "PEM file of its private key, mode 0600."] = ""
    hub_authority: Annotated[str, "PEM file of the authority that signs the hub's certificate."] = (
        ""
    )
    hub_seconds: Annotated[int, "Seconds between two rounds at the hub."] = 60
    epcis_hosts: Annotated[
        tuple[str, ...],
        "Hosts that subscriptions to EPCIS queries may call; empty: none. This machine too only if"
        " it is listed.",
    ] = ()
    epcis_places: Annotated[
        tuple[str, ...],
        "What locations in EPCIS events mean: `<location URI>=<office>`, or with `:gate:<name>` or"
        " `:weighbridge:<name>` behind.",
    ] = ()
    epcis_seconds: Annotated[
        int, "Seconds between two looks for subscriptions that are due; 0 serves none."
    ] = 1
    broker: Annotated[
        str,
        "MQTT broker that devices use: `none`; `embedded` (NATS) or `mosquitto`, started by this"
        " node; or `mqtts://host:port` of others, separated by commas.",
    ] = "none"
    broker_host: Annotated[str, "IPv4 address or name on which the node's own broker listens."] = (
        "127.0.0.1"
    )
    broker_port: Annotated[int, "Port of the node's own broker; 0 takes a free one."] = 8883
    broker_names: Annotated[
        tuple[str, ...], "Names and addresses of the node's own broker, for its certificate."
    ] = ("localhost", "127.0.0.1")
    broker_authority: Annotated[
        str, "PEM file of the authority of another broker; empty: the node's own for devices."
    ] = ""
    broker_path: Annotated[
        str, "Binary of the node's own broker; empty: beside this Python, else on the PATH."
    ] = ""
    task_seconds: Annotated[
        int, "Seconds between two looks for tasks to pass on; 0 looks for none."
    ] = 5
    notice_seconds: Annotated[
        int, "Seconds between two looks into the outbox of notices; 0 sends none."
    ] = 2
    webhook_hosts: Annotated[
        tuple[str, ...],
        "Hosts (`name` or `name:port`) that webhooks may call wherever they lead, also by http;"
        " without, public addresses by https only.",
    ] = ()
    mail_host: Annotated[str, "SMTP server that takes notices; empty: none goes by mail."] = ""
    mail_port: Annotated[int, "Port of the SMTP server."] = 587
    mail_sender: Annotated[str, "Mail address from which notices come."] = ""
    mail_user: Annotated[str, "User name at the SMTP server; empty: none is told."] = ""
    mail_password_file: Annotated[str, "File of the password at the SMTP server, mode 0600."] = ""
    mail_starttls: Annotated[
        bool, "Encrypt mail by STARTTLS; set false only for a server on the same machine."
    ] = True
    mail_authority: Annotated[
        str, "PEM file of the authority of the SMTP server; empty: the machine's own."
    ] = ""
    commodities_file: Annotated[
        str, "CSV of the country's own commodities, laid over the library; empty: none."
    ] = ""
    treatments_file: Annotated[
        str, "CSV of the country's own schedule of treatments, laid over ours; empty: none."
    ] = ""


def load(file: Path | None = None, *, environment: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of a file and the environment.

    Args:
        file: TOML; without it, the one that CLEARWAY_SETTINGS names, if any.
        environment: for tests; without it, the process's own.

    Raises: InputError: an unknown name, or a value that does not fit; says which.
    """
    env = os.environ if environment is None else environment
    path = file or (Path(env["CLEARWAY_SETTINGS"]) if "CLEARWAY_SETTINGS" in env else None)
    given: dict[str, Any] = _read(path) if path else {}
    for name in NAMES:
        if (value := env.get(f"CLEARWAY_{name.upper()}")) is not None:
            given[name] = value
    unknown = sorted(set(given) - set(NAMES))
    if unknown:
        raise InputError(f"{path}: no such setting: {', '.join(unknown)}; see docs/settings.md")
    return Settings(**{name: _fit(name, value) for name, value in given.items()})


NAMES: tuple[str, ...] = tuple(f.name for f in fields(Settings))
_DEFAULTS: dict[str, Any] = {f.name: f.default for f in fields(Settings)}


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"The settings file {path} cannot be read: {error.strerror}") from error
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"The settings file {path} is not TOML: {error}") from error


def _fit(name: str, value: Any) -> Any:
    """Return `value` in the type of the setting's default."""
    wanted = type(_DEFAULTS[name])
    try:
        if wanted is bool and isinstance(value, str):
            return {"true": True, "1": True, "false": False, "0": False}[value.lower()]
        if wanted is tuple:
            parts = value.split(",") if isinstance(value, str) else value
            return tuple(text for part in parts if (text := str(part).strip()))
        return wanted(value)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"The setting {name} cannot be {value!r}: a {wanted.__name__}") from error


def meanings() -> dict[str, str]:
    """Return what each setting means."""
    hints = get_type_hints(Settings, include_extras=True)
    return {name: hints[name].__metadata__[0] for name in NAMES}


def table() -> str:
    """Return the table of `docs/settings.md`."""
    rows = ["| setting | default | meaning |", "|---|---|---|"]
    for f in fields(Settings):
        default = ", ".join(f.default) if isinstance(f.default, tuple) else str(f.default)
        rows.append(f"| `{f.name}` | `{default or ' '}` | {meanings()[f.name]} |")
    return "\n".join(rows) + "\n"
