"""A real node under lodgements is killed with SIGKILL: nothing answered is lost or doubled."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from clearway.cli import store
from clearway.cli.setup import add_account, first_administrator
from clearway.ledger.verify import verify_store
from clearway.node.clock import entropy
from clearway.node.node import create
from clearway.node.rebuild import facts
from clearway.settings import load

ROOT = Path(__file__).resolve().parents[2]
KILLS, SENDERS = 3, 4
CODE = "import sys; sys.argv[0] = 'clearway'\nfrom clearway.cli import main\nmain()"


def declaration(lrn: str) -> dict[str, Any]:
    firm = {
        "id": "XA10000001", "name": "Acme", "country": "XA", "address": "1 Way", "city": "Port",
        "postcode": "100",
    }  # fmt: skip
    money = {"amount": "8400.00", "currency": "USD"}
    return {
        "format": "clearway.declaration/1", "kind": "import", "additional_type": "D", "lrn": lrn,
        "declarant": firm, "importer": firm, "office": "XAPRT", "goods_location": "XAAUXAPRTT1",
        "exporter": {"name": "Andes SA", "country": "EC", "address": "Av. 9", "city": "Guayaquil"},
        "transport_mode": "1", "vessel": "MV AURORA", "country_of_dispatch": "EC",
        "arrival_expected_at": f"{datetime.now(UTC) + timedelta(days=2):%Y-%m-%dT%H:%M:%SZ}",
        "incoterm": "CIF", "invoice": money, "gross_mass_kg": "19000", "packages": 1000,
        "item_count": 1, "containers": [{"number": "CSQU3054383", "seals": ["EC-4711"]}],
        "documents": [{"type": "N705", "number": "M1"}, {"type": "N380", "number": "INV-77"}],
        "items": [{
            "number": 1, "hs": "84713000", "description": "Laptop computers", "origin": "EC",
            "procedure": "4000", "preference": "100", "net_mass_kg": "18000.5",
            "gross_mass_kg": "19000", "value": money, "packages": 1000,
            "packaging": [{"type": "CT", "count": 1000, "marks": "ACME"}],
            "containers": ["CSQU3054383"], "documents": [],
        }],
    }  # fmt: skip


class Load:
    """Senders that lodge one after another, and what they were answered."""

    def __init__(self, url: str, token: str) -> None:
        self.url, self.head = url, {"Authorization": f"Bearer {token}"}
        self.sent: dict[str, bytes] = {}
        self.answered: dict[str, str] = {}

    def lodge(self, http: httpx.Client, lrn: str) -> None:
        body = self.sent.setdefault(lrn, json.dumps(declaration(lrn)).encode())
        kind = {"Content-Type": "application/json", "Idempotency-Key": lrn}
        answer = http.post("/v1/declarations", content=body, headers={**self.head, **kind})
        assert answer.status_code in (200, 201), answer.text
        mrn = answer.json()["data"]["mrn"]
        assert self.answered.setdefault(lrn, mrn) == mrn, "the same key, another declaration"

    def press(self, name: str, ended: threading.Event) -> None:
        with httpx.Client(base_url=self.url, timeout=10, trust_env=False) as http:
            number = 0
            while not ended.is_set():
                try:
                    self.lodge(http, f"{name}-{number}")
                except httpx.HTTPError:
                    return
                number += 1

    def again(self) -> None:
        """Send all that was ever sent again, under the same keys."""
        with httpx.Client(base_url=self.url, timeout=10, trust_env=False) as http:
            for lrn in list(self.sent):
                self.lodge(http, lrn)


def serve(settings: Path, url: str, log: Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-c", CODE, "serve", "--settings", str(settings)],
            cwd=ROOT, stdout=out, stderr=out,
        )  # fmt: skip
    until = time.monotonic() + 30
    while time.monotonic() < until:
        assert process.poll() is None, log.read_text()
        try:
            if httpx.get(f"{url}/health/live", trust_env=False).is_success:
                return process
        except httpx.HTTPError:
            time.sleep(0.05)
    process.kill()
    raise AssertionError(log.read_text())


def judge(settings: Path, answered: Iterable[str]) -> tuple[set[str], set[str]]:
    """Return which answered LRNs are lost, and which stand there twice."""
    with store.opened(settings) as (_, signer, connection):
        report = verify_store(connection, signer.name, [signer.verifier])
        assert report.holds, report.faults
        stored = Counter(
            json.loads(fact.body)["declaration"]["lrn"]
            for fact in facts(connection)
            if fact.type == "declaration.accepted/1"
        )
    return set(answered) - set(stored), {lrn for lrn, times in stored.items() if times > 1}


@pytest.mark.slow
def test_a_killed_node_loses_and_doubles_nothing_that_it_answered(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings, url = tmp_path / "settings.toml", f"http://127.0.0.1:{port}"
    settings.write_text(f'data_directory = "{tmp_path / "node"}"\nport = {port}\n')
    create(load(settings), entropy)
    first_administrator(load(settings))
    token = add_account(
        settings, "acme", ["trader"], agency="customs", party="XA10000001", person=""
    )
    load_ = Load(url, token)
    for kill in range(KILLS):
        process, ended = serve(settings, url, tmp_path / "log"), threading.Event()
        senders = [
            threading.Thread(target=load_.press, args=(f"K{kill}S{number}", ended))
            for number in range(SENDERS)
        ]
        for sender in senders:
            sender.start()
        time.sleep(0.7 + 0.2 * kill)
        process.kill()
        process.wait()
        ended.set()
        for sender in senders:
            sender.join()
        # What was sent and never answered may be absent; what was answered may not.
        assert judge(settings, load_.answered) == (set(), set())
    assert len(load_.answered) > 10 * KILLS
    assert len(load_.sent) > len(load_.answered), "no kill hit a message in flight"
    process = serve(settings, url, tmp_path / "log")
    load_.again()
    process.terminate()
    assert process.wait(timeout=20) == 0, "SIGTERM is a clean end"
    assert judge(settings, load_.sent) == (set(), set())
    # The control: an answer that was never durable is seen as lost.
    assert judge(settings, [*load_.answered, "NEVER-1"]) == ({"NEVER-1"}, set())
