"""An erased fact is in no file of the node's folder; tables, lake and log go on without it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from clearway.certificates.actions.apply import apply
from clearway.certificates.actions.approve import approve
from clearway.certificates.actions.cancel import cancel
from clearway.certificates.actions.record_result import record_result
from clearway.errors import Refused, WrongState
from clearway.identity.actions.register_party import register_party
from clearway.identity.model import Actor, ActorKind, Role
from clearway.lake.query import Lake
from clearway.lake.writer import LakeWriter
from clearway.ledger.database import open_writer
from clearway.ledger.verify import verify_store
from clearway.node import rooms
from clearway.node.clock import entropy, utc_now
from clearway.node.erasing import clean, erase
from clearway.node.node import Node, create
from clearway.node.rebuild import rebuild
from clearway.settings import Settings
from clearway.terms.identifiers import PartyId
from clearway.terms.places import Country
from tests.certificates.issuing.desk import CERTIFIER, INSPECTOR, TRADER, US, passed, request

OWNER = Actor(ActorKind.SYSTEM, "owner", "customs", frozenset({Role.ADMINISTRATOR}))
CLERK = replace(OWNER, kind=ActorKind.OFFICER, id="clerk")
CANARY = "12 Canary Wharf Road"
LAW = {"reason": "asked for", "legal_basis": "Data Protection Act, s. 40"}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = replace(Settings(), data_directory=tmp_path / "node", node_name="customs.example/b")
    create(made, entropy)
    with Node.open(made, clock=utc_now, entropy=entropy) as node:
        for number, address in enumerate(("1 Other Street", CANARY, "2 Other Street")):
            party = PartyId(f"KEP05123456{number}Z")
            node.act(
                CLERK,
                lambda act, party=party, address=address: register_party(
                    act, party, "Somebody", Country("KE"), address
                ),
            ).result()
        with node.reading() as connection:
            LakeWriter(node.folder.lake).copy(connection)
    return made


def found_in(settings: Settings) -> list[str]:
    files = [path for path in settings.data_directory.rglob("*") if path.is_file()]
    plain = [path.name for path in files if CANARY.encode() in path.read_bytes()]
    with Lake(settings.data_directory / "lake") as lake:
        rows = lake.rows("SELECT count(*) FROM facts WHERE body LIKE '%Canary%'")[1]
    return plain + ["lake"] * int(rows[0][0] > 0)


def erase_all(settings: Settings, seqs: list[int], actor: Actor = OWNER) -> None:
    with Node.open(settings, clock=utc_now, entropy=entropy) as node:
        node.act(actor, lambda act: erase(act, seqs, **LAW)).result()
    engine = open_writer(node.folder.store)
    clean(engine, node.folder)
    engine.dispose()


def test_a_planted_string_is_in_no_file_after_the_erasure(settings: Settings) -> None:
    assert set(found_in(settings)) == {"node.db", "lake"}, "the control"
    erase_all(settings, [1])
    assert found_in(settings) == []


def test_log_tables_and_lake_go_on(settings: Settings) -> None:
    erase_all(settings, [1])
    with Node.open(settings, clock=utc_now, entropy=entropy) as node:
        with node.reading() as connection:
            report = verify_store(connection, node.log.origin, [node.log.verifier])
            assert report.faults == ()
            parties = connection.execute(text("SELECT count(*) FROM identity_party")).scalar()
            assert parties == 2
            assert LakeWriter(node.folder.lake).copy(connection) == 1
        with Lake(node.folder.lake) as lake:
            assert lake.rows("SELECT seq FROM facts ORDER BY seq")[1] == [(0,), (2,), (3,)]
        assert node.stored_receipt(2)
    engine = open_writer(node.folder.store)
    with engine.connect() as connection:
        found = rebuild(connection, rooms.projections(), rooms.projection_tables())
        assert found.changed == ()
        connection.rollback()
    engine.dispose()


def test_policy_refuses_others_and_who_recorded_it(settings: Settings) -> None:
    officer = replace(OWNER, id="amina", roles=frozenset({Role.CUSTOMS_OFFICER}))
    for actor in (officer, CLERK):
        with pytest.raises(Refused):
            erase_all(settings, [1], actor)
    with pytest.raises(WrongState, match="erased before"):
        erase_all(settings, [1])
        erase_all(settings, [1])


def test_an_application_goes_once_it_has_ended_and_its_number_never_comes_again(
    settings: Settings,
) -> None:
    with Node.open(settings, clock=utc_now, entropy=entropy) as node:
        done = node.act(TRADER, lambda act: apply(act, request(), US)).result().result
        with pytest.raises(WrongState, match="is needed"):
            node.act(OWNER, lambda act: erase(act, [done.seq], **LAW)).result()
        node.act(TRADER, lambda act: cancel(act, done.number, "not wanted")).result()
        node.act(OWNER, lambda act: erase(act, [done.seq], **LAW)).result()
        again = node.act(TRADER, lambda act: apply(act, request(), US)).result().result
    assert (done.number[-6:], again.number[-6:]) == ("000001", "000002")
    engine = open_writer(node.folder.store)
    with engine.begin() as connection:
        projections, tables = rooms.projections(), rooms.projection_tables()
        assert rebuild(connection, projections, tables).changed == ()
    engine.dispose()


def test_a_fact_that_gives_a_number_stays(settings: Settings) -> None:
    with Node.open(settings, clock=utc_now, entropy=entropy) as node:
        done = node.act(TRADER, lambda act: apply(act, request(), US)).result().result
        node.act(INSPECTOR, lambda act: record_result(act, done.number, passed())).result()
        approved = node.act(CERTIFIER, lambda act: approve(act, done.number)).result().facts[0]
        with pytest.raises(WrongState, match="gives a number"):
            node.act(OWNER, lambda act: erase(act, [approved.seq], **LAW)).result()
