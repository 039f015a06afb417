"""The door for other customs systems, over real HTTP, by fifty of them at once."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from clearway.api.app import LONG_PATHS, build_api
from clearway.api.guard import Guard
from clearway.certificates import parts
from clearway.certificates.formats import sps_certificate
from clearway.cli.setup import OWNER
from clearway.identity.actions.issue_token import issue_token
from clearway.identity.actions.open_account import open_account
from clearway.identity.model import ActorKind, Role
from clearway.ledger.database import Address, Server
from clearway.node.clock import entropy, utc_now
from clearway.node.node import Node, create
from clearway.settings import Settings
from clearway.terms.goods import HsPrefix
from clearway.terms.identifiers import Mrn, PartyId
from clearway.terms.places import Country
from clearway.terms.quantity import kilograms
from tests.certificates.conftest import certificate, line

_RUN = "from clearway.cli.app import app, run; run(app)"
DECLARATIONS = 50
CERTIFIED = 1000
PATH = "/v1/quantities/851/EC/EC-2026-000123"


def asked(mrn: str, kg: str = "", **changed: Any) -> dict[str, Any]:
    whole: dict[str, Any] = {
        "type_code": "851", "country": "EC", "number": "EC-2026-000123", "mrn": mrn,
    }  # fmt: skip
    if kg:
        whole["positions"] = [
            {"item": 1, "line": 1, "hs": "080440", "quantity": kg, "unit": "KGM"} | changed
        ]
    return whole


def mrn_of(number: int) -> str:
    return str(Mrn.build(2026, "GB", f"{number:013d}"))


@contextmanager
def served(settings: Settings) -> Iterator[tuple[str, dict[str, str]]]:
    """Give the address of a running node, and a token for a customs system and a trader."""
    with Node.open(settings, clock=utc_now, entropy=entropy) as node:

        def open_all(act: Any) -> dict[str, str]:
            tokens = {}
            for name, role in (("chief", Role.CUSTOMS_OFFICER), ("acme", Role.TRADER)):
                kind = ActorKind.TRADER if role is Role.TRADER else ActorKind.OFFICER
                party = PartyId("XA10000001") if kind is ActorKind.TRADER else None
                open_account(act, name, kind, "customs", {role}, party=party, name=name)
                tokens[name] = issue_token(act, name, entropy(32))
            return tokens

        tokens = node.act(OWNER, open_all).result().result
        app = Guard(build_api(node), settings, LONG_PATHS)
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
            thread.start()
            try:
                yield f"http://127.0.0.1:{listener.getsockname()[1]}", tokens
            finally:
                server.should_exit = True
                thread.join()


@pytest.fixture(params=["sqlite", "postgresql"])
def engine_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def settings(address: Address, tmp_path: Path) -> Settings:
    chosen = replace(Settings(), data_directory=tmp_path / "node", lane_limit=128)
    if isinstance(address, Server):
        chosen = replace(chosen, database=address.url, database_schema=address.schema)
    create(chosen, entropy)
    return chosen


@pytest.fixture
def sheet() -> bytes:
    """A certificate for 1,000 kg."""
    goods = line(1, hs=(HsPrefix("0804"),), net_mass=kilograms(CERTIFIED), gross_mass=None)
    issued = parts.Stated.instant(utc_now() - timedelta(days=5))
    given = certificate(lines=(goods,), importing_country=Country("XA"), issued=issued)
    return sps_certificate.write(given)


def test_fifty_declarations_at_once_never_take_more_than_is_certified(
    settings: Settings, sheet: bytes
) -> None:
    with served(settings) as (url, tokens), ThreadPoolExecutor(DECLARATIONS) as pool:
        limits = httpx.Limits(max_connections=DECLARATIONS)
        headers = {"Authorization": f"Bearer {tokens['chief']}"}
        with httpx.Client(
            base_url=url, headers=headers, limits=limits, timeout=60, trust_env=False
        ) as http:
            kind = {"Content-Type": "application/xml"}
            assert http.post("/v1/certificates", content=sheet, headers=kind).status_code == 201
            took: list[float] = []

            def live(number: int) -> list[dict[str, Any]]:
                """Reserve, change one's mind, then release or delete; each message twice."""
                mrn, answers = mrn_of(number), []
                script = [("reserve", "45"), ("reserve", "30"),
                          ("release" if number % 3 else "delete", "")]  # fmt: skip
                for step, (operation, kg) in enumerate(script):
                    key = {"Idempotency-Key": f"{mrn}-{step}"}
                    for _ in range(2):
                        began = time.perf_counter()
                        got = http.post(
                            f"/v1/quantities/{operation}", json=asked(mrn, kg), headers=key
                        )
                        took.append(time.perf_counter() - began)
                        assert got.status_code == 200, got.text
                        answers.append(got.json()["data"])
                return answers

            lives = list(pool.map(live, range(DECLARATIONS)))
            account = http.get(PATH).json()["data"]
    held = {each["mrn"]: each for each in account["allocations"]}
    counted: Counter[str] = Counter()
    for number, answers in enumerate(lives):
        for first, again in zip(answers[::2], answers[1::2], strict=True):
            assert not first["repeated"] and again["repeated"]
            assert (first["code"], first["seq"]) == (again["code"], again["seq"])
        for answer in answers:
            (shown,) = answer["account"]["lines"]
            parts_ = [Decimal(shown[name]["value"]) for name in
                      ("reserved", "consumed", "available")]  # fmt: skip
            assert sum(parts_) == CERTIFIED and min(parts_) >= 0
        *_, last = answers
        counted[last["operation"] + last["code"]] += 1
        mine = held.get(mrn_of(number))
        if last["code"] == "01" and last["operation"] == "release":
            assert mine is not None and mine["consumed"]["value"] == "30"
        else:
            assert mine is None
    (line_,) = account["lines"]
    consumed = Decimal(line_["consumed"]["value"])
    assert consumed == 30 * counted["release01"] <= CERTIFIED
    assert counted["release01"] > 0 and line_["reserved"]["value"] == "0"
    assert sum(counted.values()) == DECLARATIONS


def test_the_door_answers_by_codes_and_refuses_who_may_not(
    settings: Settings, sheet: bytes
) -> None:
    with served(settings) as (url, tokens):
        headers = {"Authorization": f"Bearer {tokens['chief']}"}
        with httpx.Client(base_url=url, headers=headers, trust_env=False) as http:
            kind = {"Content-Type": "application/xml"}
            http.post("/v1/certificates", content=sheet, headers=kind)
            mrn = mrn_of(1)

            def code(operation: str, body: dict[str, Any]) -> Any:
                got = http.post(f"/v1/quantities/{operation}", json=body)
                return got.json()["data"]["code"] if got.status_code == 200 else got.status_code

            assert code("release", asked(mrn)) == "02"
            assert code("reserve", asked(mrn, "0.4", unit="TNE")) == "01"
            shown = http.get(PATH).json()["data"]
            assert shown["allocations"][0]["reserved"] == {"value": "0.4", "unit": "TNE"}
            assert shown["lines"][0]["available"] == {"value": "600", "unit": "KGM"}
            assert code("reserve", asked(mrn, "1", hs="0805")) == "03"
            assert code("reserve", asked(mrn, "1", line=2)) == "07"
            assert code("reserve", asked(mrn, "1", unit="H87")) == "10"
            assert code("reserve", asked(mrn, "1001")) == "05"
            assert code("delete", asked(mrn)) == "02"
            for bad in (asked(mrn), asked(mrn, "0"), asked("nonsense", "1"), asked(mrn, "-1"),
                        asked(mrn, "1", unit="XYZ"), {**asked(mrn, "1"), "more": 1}):  # fmt: skip
                assert code("reserve", bad) == 422
            unknown = {**asked(mrn, "1"), "number": "EC-0"}
            assert code("reserve", unknown) == 404
            key = {"Idempotency-Key": "once"}
            for body, status in ((asked(mrn, "1"), 200), (asked(mrn, "2"), 409)):
                got = http.post("/v1/quantities/reserve", json=body, headers=key)
                assert got.status_code == status
            assert http.get("/v1/quantities/stops").json()["data"] == []
            stranger = {"Authorization": f"Bearer {tokens['acme']}"}
            body = asked(mrn, "1")
            assert http.post("/v1/quantities/reserve", json=body,
                             headers=stranger).status_code == 403  # fmt: skip
            assert http.get(PATH, headers=stranger).status_code == 403
            assert http.get("/v1/quantities/stops", headers=stranger).status_code == 403


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_the_command_asks_the_same_door(settings: Settings, sheet: bytes) -> None:
    with served(settings) as (url, tokens):
        auth = {"Authorization": f"Bearer {tokens['chief']}", "Content-Type": "application/xml"}
        httpx.post(f"{url}/v1/certificates", content=sheet, headers=auth, trust_env=False)
        name, mrn = "851:EC:EC-2026-000123", mrn_of(1)
        known = {**os.environ, "CLEARWAY_URL": url, "CLEARWAY_TOKEN": tokens["chief"]}

        def run(*words: str) -> subprocess.CompletedProcess[str]:
            command = [sys.executable, "-c", _RUN, "certificates", "quantity", *words]
            return subprocess.run(command, env=known, capture_output=True, text=True, timeout=60)

        held = run("reserve", name, mrn, "--position", "1:1:0.4:TNE:0804", "--key", "k", "--json")
        assert (held.returncode, json.loads(held.stdout)["data"]["code"]) == (0, "01")
        refused = run("delete", name, mrn_of(2))
        assert refused.returncode == 1
        assert "02 " in refused.stdout and "600 KGM" in refused.stdout and mrn in refused.stdout
        assert run("reserve", name, mrn, "--position", "1:1:4").returncode == 65
