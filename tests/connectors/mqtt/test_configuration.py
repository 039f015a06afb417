"""Configuration of the brokers: what stands in it, and what can never be put into it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.connectors.mqtt import topics
from clearway.connectors.mqtt.formats import mosquitto, nats
from clearway.connectors.mqtt.model import Denial
from clearway.errors import BadTerm

FILES = (Path("/c/ca.pem"), Path("/c/broker.pem"), Path("/c/broker.key"))
MOSQUITTO = mosquitto.Broker("127.0.0.1", 8883, Path("/var/broker"), *FILES, "clearway")
NATS = nats.Broker("n1", "127.0.0.1", 8883, 4222, Path("/var/broker"), *FILES)


def test_mosquitto_lets_in_who_has_a_certificate_and_nobody_else() -> None:
    lines = mosquitto.config(MOSQUITTO).splitlines()
    assert {
        "listener 8883 127.0.0.1",
        "require_certificate true",
        "use_identity_as_username true",
        "use_username_as_clientid true",
        "allow_anonymous false",
        "acl_file /var/broker/access.list",
    } <= set(lines)


def test_a_device_may_write_its_own_topics_and_read_its_own_answers() -> None:
    text = mosquitto.access_list(["reefer-1"])
    own = text.partition("user reefer-1\n")[2].splitlines()
    assert own == [
        "topic write clearway/v1/devices/reefer-1/readings",
        "topic write clearway/v1/devices/reefer-1/signed",
        "topic read clearway/v1/devices/reefer-1/committed",
        "topic read clearway/v1/devices/reefer-1/refused",
    ]


def test_nats_writes_through_and_maps_certificates_to_users() -> None:
    settings: dict[str, Any] = json.loads(nats.config(NATS, ["reefer-1"]))
    assert settings["jetstream"]["sync_interval"] == "always"
    assert settings["mqtt"]["tls"]["verify_and_map"] is True
    assert settings["listen"] == "127.0.0.1:4222"
    consumer, device = settings["authorization"]["users"]
    assert consumer["user"] == "CN=clearway.consumer"
    assert device == {
        "user": "CN=reefer-1",
        "allowed_connection_types": ["MQTT"],
        "permissions": {
            "publish": {
                "allow": [
                    "clearway.v1.devices.reefer-1.readings",
                    "clearway.v1.devices.reefer-1.signed",
                ]
            },
            "subscribe": {
                "allow": [
                    "clearway.v1.devices.reefer-1.committed",
                    "clearway.v1.devices.reefer-1.refused",
                ]
            },
        },
    }


def test_nats_knows_each_key_of_a_device_by_its_name() -> None:
    keys = {"reefer-1": [f"urn:clearway:key:{'0' * 64}", f"urn:clearway:key:{'1' * 64}"]}
    settings = json.loads(nats.config(NATS, ["reefer-1"], keys))
    users = settings["authorization"]["users"][1:]
    assert [user["user"] for user in users] == keys["reefer-1"]
    assert len({json.dumps(user["permissions"]) for user in users}) == 1
    with pytest.raises(BadTerm):
        nats.config(NATS, ["reefer-1"], {"reefer-1": ["CN=reefer-2"]})


def test_members_of_a_cluster_know_each_other_by_certificates() -> None:
    cluster = nats.Cluster("clearway", "127.0.0.1", 6222, (("127.0.0.1", 6223),), *FILES)
    settings = json.loads(nats.config(replace(NATS, replicas=3, cluster=cluster), []))
    assert settings["mqtt"]["stream_replicas"] == 3
    assert settings["cluster"]["routes"] == ["nats-route://127.0.0.1:6223"]
    assert settings["cluster"]["tls"]["verify"] is True


@pytest.mark.parametrize(
    "name",
    [
        "",
        "a b",
        "a\ntopic readwrite #",
        "+",
        "#",
        "a/b",
        "a.b",
        "%u",
        "é",
        "a" * 65,
        "-a",
        "*",
        ">",
    ],
)
def test_a_name_that_would_mean_more_than_a_name_is_refused(name: str) -> None:
    with pytest.raises(BadTerm):
        mosquitto.access_list([name])
    with pytest.raises(BadTerm):
        nats.config(NATS, [name])
    with pytest.raises(BadTerm):
        topics.published(name, "readings")


def test_no_device_can_bear_the_consumers_name() -> None:
    with pytest.raises(BadTerm):
        topics.require_device(topics.CONSUMER)


@pytest.mark.parametrize(
    "path",
    ["relative", "/a\nallow_anonymous true", '/a"b', "/a ", "/$HOME", "/a#b", "/a\\b", "/\0"],
)
def test_a_path_that_would_mean_more_than_a_path_is_refused(path: str) -> None:
    with pytest.raises(BadTerm):
        mosquitto.config(replace(MOSQUITTO, authority=Path(path)))
    with pytest.raises(BadTerm):
        nats.config(replace(NATS, authority=Path(path)), [])


@pytest.mark.parametrize("host", ["", "a b", "127.0.0.1\nx", "::1;", "-"])
def test_a_host_that_is_none_is_refused(host: str) -> None:
    with pytest.raises(BadTerm):
        mosquitto.config(replace(MOSQUITTO, host=host))
    with pytest.raises(BadTerm):
        nats.config(replace(NATS, host=host), [])


@given(st.text(max_size=80))
def test_a_configuration_has_as_many_lines_whatever_the_folder_is_called(name: str) -> None:
    usual = mosquitto.config(MOSQUITTO).count("\n")
    try:
        text = mosquitto.config(replace(MOSQUITTO, folder=Path("/var") / name))
    except (BadTerm, ValueError):
        return
    assert text.count("\n") == usual == len(text.splitlines())


@given(st.binary(max_size=60))
def test_a_topic_is_of_one_device_or_of_none(end: bytes) -> None:
    found = topics.read(b"clearway/v1/devices/" + end)
    if found is not None:
        device, form = found
        leaf = next(leaf for leaf, known in topics.FORMS.items() if known == form)
        assert topics.published(device, leaf).encode() == b"clearway/v1/devices/" + end


def test_a_denial_is_found_in_the_log_of_mosquitto() -> None:
    log = (
        b"Received PUBLISH from d (d0, q1, r0, m1, 'clearway/v1/devices/d/signed', ... (9 bytes))\n"
        b"Denied PUBLISH from d (d0, q1, r0, m2, 'clearway/v1/devices/e/signed', ... (12 bytes))\n"
        b"Denied PUBLISH from d (d0, q1, r0, m2, 'cut off"
    )
    assert list(mosquitto.denials(log)) == [Denial("d", "clearway/v1/devices/e/signed")]


def test_a_denial_is_found_in_the_log_of_nats() -> None:
    log = (
        b"[7] 2026/03/02 12:00:00.000001 [INF] Server is ready\n"
        b'[7] 2026/03/02 12:00:00.000002 [ERR] 127.0.0.1:44779 - mid:7 - "CN=dev1" - Publish'
        b' Violation - Subject "clearway.v1.devices.dev2.readings"\n'
    )
    assert list(nats.denials(log)) == [Denial("CN=dev1", "clearway/v1/devices/dev2/readings")]
