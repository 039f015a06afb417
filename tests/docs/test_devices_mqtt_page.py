"""The page on devices over MQTT is true: its device program runs, its messages are what is sent."""

from __future__ import annotations

import json
import re
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from clearway.coldchain import tables
from clearway.connectors.mqtt import topics, words
from clearway.connectors.mqtt.formats import mosquitto
from clearway.connectors.mqtt.model import LARGEST_MESSAGE, Incoming
from clearway.errors import InputError, Refused
from clearway.node.clock import entropy, utc_now
from clearway.node.devices_intake import DevicesIntake
from clearway.node.node import Node, create
from clearway.settings import Settings
from clearway.terms.transport import ContainerNumber
from tests.connectors.mqtt.conftest import until
from tests.node.enrolled import enrol

PAGE = Path(__file__).resolve().parents[2] / "docs" / "design" / "devices-mqtt.md"
TEXT = PAGE.read_text(encoding="utf-8")
DEVICE, BOX = "reefer-0817", ContainerNumber("CSQU3054383")
START = datetime.now(UTC).replace(microsecond=0) - timedelta(days=2)


def blocks(kind: str) -> list[str]:
    """Return the blocks of one kind on the page."""
    return re.findall(rf"```{kind}\n(.*?)```", TEXT, re.S)


def test_the_device_of_the_page_sends_and_forgets_what_is_durable(tmp_path: Path) -> None:
    settings = replace(
        Settings(), data_directory=tmp_path / "node", broker="embedded", broker_port=0
    )
    create(settings, entropy)
    with ExitStack() as closing, Node.open(settings, clock=utc_now, entropy=entropy) as node:
        files = enrol(node, tmp_path / "devices", {DEVICE: BOX})
        try:
            intake = closing.enter_context(DevicesIntake(node))
        except InputError as error:
            pytest.skip(error.detail)
        assert intake.server is not None and intake.consumer.wait_ready(20)
        (program,) = blocks("python")
        program = program.replace("device-ca.crt", str(node.folder.root / "device-ca.crt"))
        program = program.replace("reefer-0817.pem", str(files[DEVICE][0]))
        program = program.replace("reefer-0817.key", str(files[DEVICE][1]))
        measured = [(seq, (START + timedelta(minutes=seq)).isoformat()) for seq in range(120)]
        names: dict[str, Any] = {"measured": measured, "port": intake.server.port}
        exec(compile(program, PAGE.name, "exec"), names)
        closing.callback(names["device"].loop_stop)
        closing.callback(names["device"].disconnect)
        until(lambda: not names["kept"])
        with node.reading() as connection:
            assert len(tables.get_readings(connection, BOX)) == 120


def test_the_words_of_the_page_are_those_that_are_sent() -> None:
    committed, refused = map(json.loads, blocks("json"))
    assert json.loads(words.mark(DEVICE, "2026-02-14a", 2305).payload) == committed
    message = Incoming(DEVICE, b"", "json", START)
    sent = json.loads(words.refusal(message, Refused(refused["detail"]), START).payload)
    assert sent.keys() == refused.keys()
    assert (sent["code"], sent["detail"], sent["again"]) == (
        refused["code"],
        refused["detail"],
        refused["again"],
    )


def test_the_topics_of_the_page_are_those_of_the_brokers() -> None:
    named = re.findall(r"^\| `(\w+)` \| the (device|node) ", TEXT, re.M)
    assert named == [
        *((leaf, "device") for leaf in topics.FORMS),
        *((leaf, "node") for leaf in topics.ANSWERS),
    ]
    assert f"`{topics.ROOT}`" in TEXT
    assert f"{LARGEST_MESSAGE // 1024} KiB" in TEXT
    rights = mosquitto.access_list([DEVICE])
    assert f"user {topics.CONSUMER}\n" in rights
    assert f"CN={topics.CONSUMER}" in TEXT
    assert all(
        topics.published(DEVICE, leaf) in rights for leaf in (*topics.FORMS, *topics.ANSWERS)
    )
