"""A hub of three countries behind mutual TLS, on a free port, and certificates to send."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from clearway.certificates.formats import sps_certificate
from clearway.cli.hub_folder import HubFolder, create, enrol, read_directory
from clearway.cli.hub_server import hub_opened, listener
from clearway.connectors.ippc_hub import directory as directories
from clearway.connectors.ippc_hub import tls
from clearway.connectors.ippc_hub.client import HubClient
from clearway.connectors.ippc_hub.directory import Directory, Member
from clearway.connectors.ippc_hub.model import Envelope
from clearway.connectors.ippc_hub.server import PATH
from clearway.connectors.ippc_hub.service import Service
from clearway.node.clock import entropy, utc_now
from tests.certificates.conftest import NOW, certificate

__all__ = ["certificate"]
COUNTRIES = ("EC", "NL", "KE")


@dataclass(slots=True)
class House:
    """A hub, what its members hold, and where it listens once `serving`."""

    root: Path
    url: str = ""
    service: Service | None = None

    @property
    def folder(self) -> HubFolder:
        return HubFolder(self.root / "hub")

    @property
    def members(self) -> Path:
        return self.root / "members"

    @property
    def authority(self) -> Path:
        return self.folder.authority

    @property
    def port(self) -> int:
        return httpx.URL(self.url).port or 443

    def pair(self, country: str) -> tuple[Path, Path]:
        return self.members / f"{country}.crt", self.members / f"{country}.key"

    def change(self, country: str, **changes: object) -> None:
        """Write other terms for a member into the directory."""
        known = read_directory(self.folder)
        changed = tuple(
            replace(each, **changes) if each.country == country else each  # type: ignore[arg-type]
            for each in known.members
        )
        self.folder.directory.write_bytes(directories.write(Directory(changed, known.channels)))

    def client(self, country: str) -> HubClient:
        return HubClient(self.url, tls.client_context(*self.pair(country), self.authority))

    def plain(self, country: str) -> httpx.Client:
        context = tls.client_context(*self.pair(country), self.authority)
        return httpx.Client(base_url=self.url, verify=context, trust_env=False, timeout=20)

    def stranger(self, name: str, *, life: timedelta = timedelta(days=1)) -> tuple[Path, Path]:
        """A certificate of the hub's authority that no member has; `life` may be over."""
        own = tls.Pair(self.authority.read_text(), self.folder.authority_key.read_text())
        at = datetime.now(UTC) - timedelta(days=2) if life < timedelta() else datetime.now(UTC)
        made = tls.issue(own, name, ec.generate_private_key(ec.SECP256R1()), 7, at, life=abs(life))
        paths = self.members / f"{name}.crt", self.members / f"{name}.key"
        paths[0].write_text(made.certificate)
        paths[1].write_text(made.key)
        return paths


def made(root: Path) -> House:
    house = House(root)
    create(house.folder, ("127.0.0.1", "localhost"), utc_now, entropy)
    for country in COUNTRIES:
        enrol(house.folder, country, house.members, "", utc_now, entropy)
    return house


@contextmanager
def serving(house: House, port: int = 0) -> Iterator[House]:
    listening = socket.create_server(("127.0.0.1", port))
    with (
        hub_opened(house.folder, lambda: NOW) as service,
        listener(house.folder, service, listening) as door,
    ):
        house.service = service
        house.url = f"https://127.0.0.1:{door.port}{PATH}"
        yield house


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hub that nobody has used: its keys serve every test."""
    return made(tmp_path_factory.mktemp("hub")).root


@pytest.fixture
def house(template: Path, tmp_path: Path) -> House:
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    return House(tmp_path)


@pytest.fixture
def hub(house: House) -> Iterator[House]:
    with serving(house):
        yield house


def phyto(number: str = "EC-2026-000123", **changes: object) -> str:
    """A sound certificate from EC to NL, as text."""
    return sps_certificate.write(certificate(number=number, **changes)).decode()


def envelope(number: str = "EC-2026-000123", content: str = "", to: str = "NL") -> Envelope:
    return Envelope("EC", to, 851, 70, number, content=content or phyto(number))


def member(house: House, country: str) -> Member:
    found = read_directory(house.folder).find(country)
    assert found is not None
    return found
