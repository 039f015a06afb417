"""The folder: made once, private, owned by one process, opened only if it agrees."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from clearway.cli.setup import first_administrator
from clearway.errors import InputError, StorageFailure, TryLater, VerificationError
from clearway.identity.tables import TABLES
from clearway.ledger.database import open_writer
from clearway.node import rooms
from clearway.node.clock import entropy, utc_now
from clearway.node.files import Folder
from clearway.node.node import Node, create
from clearway.node.rebuild import rebuild
from clearway.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = Settings(data_directory=tmp_path / "node")
    create(made, entropy)
    first_administrator(made)
    return made


def test_the_key_is_private_and_a_node_is_made_once(settings: Settings) -> None:
    folder = Folder(settings.data_directory)
    assert folder.key.stat().st_mode & 0o777 == 0o600
    assert folder.root.stat().st_mode & 0o777 == 0o700
    with pytest.raises(InputError, match="a node already"):
        create(settings, entropy)


def test_one_process_owns_the_folder(settings: Settings) -> None:
    with (
        Folder(settings.data_directory).lock(),
        pytest.raises(TryLater, match="Another process"),
    ):
        Node.open(settings, clock=utc_now, entropy=entropy)
    with Node.open(settings, clock=utc_now, entropy=entropy):
        pass


def test_a_key_without_its_database_is_a_loss_not_a_new_node(settings: Settings) -> None:
    Folder(settings.data_directory).database.unlink()
    with pytest.raises(StorageFailure, match="restore"):
        Node.open(settings, clock=utc_now, entropy=entropy)


def test_a_store_whose_log_disagrees_is_not_opened(settings: Settings) -> None:
    engine = open_writer(Folder(settings.data_directory).database)
    with engine.begin() as connection:
        connection.execute(text("UPDATE fact SET leaf_hash = zeroblob(32) WHERE seq = 0"))
    engine.dispose()
    with pytest.raises(VerificationError):
        Node.open(settings, clock=utc_now, entropy=entropy)
    Folder(settings.data_directory).lock().close()  # and the folder is free again


def test_tables_of_another_version_are_made_anew_before_a_node_opens(settings: Settings) -> None:
    engine = open_writer(Folder(settings.data_directory).database)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE cold_unit ADD COLUMN of_before TEXT"))
    with pytest.raises(StorageFailure, match="cold_unit; run `clearway rebuild`"):
        Node.open(settings, clock=utc_now, entropy=entropy)
    with engine.begin() as connection:
        rebuild(connection, rooms.projections(), rooms.projection_tables())
    engine.dispose()
    with Node.open(settings, clock=utc_now, entropy=entropy) as node:
        assert node.failure is None


def test_a_rebuild_equals_the_live_tables_and_finds_a_change(settings: Settings) -> None:
    engine = open_writer(Folder(settings.data_directory).database)
    account = next(table for table in TABLES if "account" in table.name)

    def again() -> tuple[str, ...]:
        with engine.begin() as connection:
            return rebuild(connection, rooms.projections(), rooms.projection_tables()).changed

    assert again() == ()
    with engine.begin() as connection:
        connection.execute(account.delete())
    assert again() == (account.name,)
    assert again() == ()
    with engine.begin() as connection:  # as an older version left it
        connection.execute(text(f"ALTER TABLE {account.name} ADD COLUMN former TEXT"))
    assert again() == (account.name,)
    assert again() == ()
    engine.dispose()
