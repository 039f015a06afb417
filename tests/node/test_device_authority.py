"""The authority for devices: made once, kept privately, its brokers' certificates renewed."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from clearway.errors import StorageFailure
from clearway.identity import device_certificates as certificates
from clearway.node import device_authority
from clearway.node.clock import seeded_entropy
from clearway.node.files import Folder

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def test_it_is_made_once_and_its_keys_are_for_the_owner_only(tmp_path: Path) -> None:
    folder, entropy = Folder(tmp_path), seeded_entropy(1)
    first = device_authority.open_device_authority(folder, "Customs", entropy, NOON)
    later = NOON + timedelta(days=9)
    again = device_authority.open_device_authority(folder, "Customs", entropy, later)
    assert again.certificate == first.certificate
    device_authority.broker_files(folder, first, ["localhost"], entropy, NOON)
    device_authority.consumer_files(folder, first, "clearway.consumer", entropy, NOON)
    for key in tmp_path.glob("*.key"):
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert len(list(tmp_path.glob("*.key"))) == 3


def test_certificates_of_broker_and_consumer_are_renewed_in_time(tmp_path: Path) -> None:
    folder, entropy = Folder(tmp_path), seeded_entropy(2)
    authority = device_authority.open_device_authority(folder, "Customs", entropy, NOON)
    for make in (
        lambda at: device_authority.broker_files(folder, authority, ["localhost"], entropy, at),
        lambda at: device_authority.consumer_files(folder, authority, "c.c", entropy, at),
    ):
        path, _ = make(NOON)
        first = path.read_text()
        assert make(NOON + timedelta(days=200))[0].read_text() == first
        assert make(NOON + timedelta(days=300))[0].read_text() != first


def test_the_list_of_revoked_certificates_has_a_higher_number_each_time(tmp_path: Path) -> None:
    folder, entropy = Folder(tmp_path), seeded_entropy(3)
    authority = device_authority.open_device_authority(folder, "Customs", entropy, NOON)
    numbers = []
    for minutes in (0, 1):
        at = NOON + timedelta(minutes=minutes)
        path = device_authority.write_revocations(folder, authority, [("ab", NOON)], at)
        listed = x509.load_pem_x509_crl(path.read_bytes())
        numbers.append(listed.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number)
        assert listed.get_revoked_certificate_by_serial_number(0xAB) is not None
    assert numbers[0] < numbers[1]


def test_a_key_file_that_holds_no_key_stops_the_authority(tmp_path: Path) -> None:
    (tmp_path / "device-ca.key").write_bytes(b"nothing")
    with pytest.raises(StorageFailure, match="restore it"):
        device_authority.open_device_authority(Folder(tmp_path), "C", seeded_entropy(4), NOON)
    assert timedelta(days=90) == certificates.LIFE
