"""The hub's store on both engines, its bounds, and what an operator does while it serves."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future, wait
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import Connection

from clearway.cli.hub_folder import enrol
from clearway.cli.hub_server import Rereading, forget
from clearway.connectors.ippc_hub import letterbox
from clearway.connectors.ippc_hub.actions.acknowledge import acknowledge
from clearway.connectors.ippc_hub.actions.collect import list_headers, pull
from clearway.connectors.ippc_hub.actions.deliver import deliver
from clearway.connectors.ippc_hub.actions.desk import Desk
from clearway.connectors.ippc_hub.directory import Allowed, Directory, Member, read, write
from clearway.connectors.ippc_hub.model import Header
from clearway.connectors.ippc_hub.store import Store
from clearway.errors import BadTerm, ConflictingKey, InputError, TryLater
from clearway.ledger.database import Address
from clearway.node.clock import entropy, utc_now
from tests.certificates.conftest import NOW

from .conftest import House, envelope

PHYTO = (Allowed(851, (70,)),)
EC, NL = Member("EC", allowed=PHYTO), Member("NL", allowed=PHYTO)
MEMBERS = Directory((EC, NL))


@pytest.fixture(params=["sqlite", "postgresql"])
def engine_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def desk(connection: Connection, caller: Member) -> Desk:
    return Desk(connection, MEMBERS, caller, NOW)


def delivered(connection: Connection, number: str, content: str = "<a/>") -> Header:
    return deliver(desk(connection, EC), envelope(number, content=content))


def test_letters_are_kept_conflicts_undone_and_words_remembered(address: Address) -> None:
    with Store(address) as store:
        jobs = [partial(delivered, number=f"EC-{number}") for number in range(40)]
        sent = [store.submit("EC", job).result() for job in jobs]
        again = [store.submit("EC", job).result() for job in jobs]
        assert again == sent
        with pytest.raises(ConflictingKey):
            store.submit("EC", partial(delivered, number="EC-1", content="<b/>")).result()
        number = sent[0].hub_number
        store.submit("NL", lambda c: acknowledge(desk(c, NL), number)).result()
    with Store(address) as store, store.reading() as connection:
        assert len(list_headers(desk(connection, NL), "")) == 39
        assert pull(desk(connection, NL), number).content == "<a/>"
        assert letterbox.count(connection) == {"Delivered": 1, "PendingDelivery": 39}


def test_what_waits_together_is_committed_together(address: Address) -> None:
    held, go = threading.Event(), threading.Event()

    def hold(connection: Connection) -> None:
        held.set()
        go.wait()

    with Store(address) as store:
        first = store.submit("KE", hold)
        held.wait()
        before = store.commits
        waiting: list[Future[Header]] = [
            store.submit("EC", partial(delivered, number=f"EC-{number}")) for number in range(50)
        ]
        go.set()
        first.result()
        wait(waiting)
        assert store.commits - before == 2, "one for the first, one for the fifty"


def test_a_country_that_sends_without_end_fills_its_own_lane_only(tmp_path: object) -> None:
    go = threading.Event()
    with Store(tmp_path / "hub.db", lane_limit=5) as store:  # type: ignore[operator]
        first = store.submit("KE", lambda connection: go.wait())
        time.sleep(0.05)
        for number in range(5):
            store.submit("EC", partial(delivered, number=f"EC-{number}"))
        with pytest.raises(TryLater, match="waiting already"):
            store.submit("EC", partial(delivered, number="EC-9"))
        other = store.submit("NL", lambda connection: "served")
        go.set()
        assert first.result() and other.result() == "served"


def test_a_country_that_is_enrolled_while_the_hub_serves_may_call(hub: House) -> None:
    assert hub.service is not None
    with Rereading(hub.folder, hub.service, look_s=0.02):
        enrol(hub.folder, "UG", hub.members, "", utc_now, entropy)
        until(lambda: hub.service is not None and hub.service.directory.find("UG") is not None)
        with hub.client("UG") as ug:
            assert ug.profile().country == "UG"
        hub.folder.directory.write_bytes(b"{broken")
        time.sleep(0.1)
        with hub.client("UG") as ug:
            assert ug.headers() == (), "a broken directory changes nothing"


def until(holds: object) -> None:
    for _ in range(500):
        if holds():  # type: ignore[operator]
            return
        time.sleep(0.01)
    raise AssertionError("it never came")


def test_old_letters_are_emptied_and_still_known(hub: House) -> None:
    with hub.client("EC") as ec, hub.client("NL") as nl:
        taken = ec.deliver(envelope("EC-1", content="<a/>"))
        ec.deliver(envelope("EC-2", content="<b/>"))
        nl.acknowledge(taken.header.hub_number)  # type: ignore[union-attr]
        assert forget(hub.folder, NOW + timedelta(days=1)) == 1
        assert forget(hub.folder, NOW + timedelta(days=1)) == 0
        assert ec.deliver(envelope("EC-1", content="<a/>")).header.tracking == "Delivered"  # type: ignore[union-attr]
        assert [each.nppo_number for each in nl.headers()] == ["EC-2"]
        with pytest.raises(Exception, match="deleted since"):
            nl.pull(taken.header.hub_number)  # type: ignore[union-attr]


def test_a_directory_reads_back_and_its_slips_are_told() -> None:
    whole = Directory((Member("EC", certificates=("ab",), allowed=PHYTO), NL))
    assert read(write(whole)) == whole
    for bad, told in (
        (b"{", "cannot be read"),
        (b'{"members": [{"country": "E"}]}', "Country"),
        (write(Directory((NL, NL))), "twice"),
        (
            write(
                Directory((Member("EC", certificates=("a",)), Member("NL", certificates=("A",))))
            ),
            "twice",
        ),
    ):
        with pytest.raises((InputError, BadTerm), match=told):
            read(bad)
