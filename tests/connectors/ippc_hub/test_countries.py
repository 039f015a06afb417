"""Two countries' nodes and a hub: what is issued here is filed there, and its fate comes back."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from clearway.certificates.actions.withdraw_issued import withdraw_issued
from clearway.certificates.issuing.course import Delivery, Stage
from clearway.certificates.model import Assurance, Status
from clearway.certificates.tables import find
from clearway.connectors.ippc_hub import tables
from clearway.connectors.ippc_hub.client import OnItsWay, Unreachable
from clearway.connectors.ippc_hub.directory import Allowed
from clearway.connectors.ippc_hub.formats import acknowledgement
from clearway.connectors.ippc_hub.formats.acknowledgement import Acknowledgement
from clearway.connectors.ippc_hub.model import Envelope, ResponseEnvelope, Tracking
from clearway.ledger.database import open_writer
from clearway.node.hub import HubWorker
from clearway.node.rebuild import rebuild
from clearway.node.rooms import projection_tables, projections
from tests.certificates.conftest import NOW
from tests.certificates.issuing.desk import CERTIFIER

from .conftest import House, envelope, phyto, serving
from .countries import facts_of, issued, node_of, state_of


def test_a_certificate_is_issued_here_filed_there_and_its_way_is_known(
    hub: House, tmp_path: Path
) -> None:
    with node_of(hub, "EC", tmp_path) as (ec, ec_hub), node_of(hub, "NL", tmp_path) as (nl, nl_hub):
        key = issued(ec)
        assert ec_hub.round().sent == 1
        assert state_of(ec, key).delivery is Delivery.DISPATCHED
        assert ec_hub.round().is_empty, "nothing is sent twice"
        assert nl_hub.round().taken == 1
        with nl.reading() as connection:
            record = find(connection, key)
        assert record is not None and record.assurance is Assurance.CHANNEL
        assert nl_hub.round().is_empty, "what was acknowledged waits no more"
        assert ec_hub.round().learned == 1
        assert state_of(ec, key).delivery in (Delivery.DELIVERED, Delivery.WITH_WARNINGS)

        ec.act(CERTIFIER, lambda act: withdraw_issued(act, key, "goods were lost")).result()
        assert ec_hub.round().sent == 1 and nl_hub.round().taken == 1
        with nl.reading() as connection:
            ended = find(connection, key)
        assert ended is not None and ended.status == Status.WITHDRAWN


def test_an_importers_rejection_comes_home(hub: House, tmp_path: Path) -> None:
    with node_of(hub, "EC", tmp_path) as (ec, ec_hub), hub.client("NL") as nl:
        key = issued(ec)
        ec_hub.round()
        nl.acknowledge(nl.headers()[0].hub_number)
        answer = acknowledgement.write(Acknowledgement("41", "live larvae found"), NOW)
        sent = ResponseEnvelope("NL", "EC", 851, 41, key.number, acknowledgement=answer)
        assert isinstance(nl.respond(sent), OnItsWay)
        assert ec_hub.round().answers == 1
        held = state_of(ec, key)
        assert held.stage is Stage.REJECTED
        assert any("larvae" in each.remark for each in held.history)
        odd = replace(sent, nppo_number="EC-NEVER", acknowledgement=answer)
        nl.respond(odd)
        assert ec_hub.round().answers == 1, "about nothing of ours: kept, and said"
        assert nl.under_delivery() == ()


def test_what_cannot_be_received_is_left_to_paper_and_the_officer_reads_why(
    house: House, tmp_path: Path
) -> None:
    house.change("NL", allowed=(Allowed(657, (70,)),))
    with serving(house), node_of(house, "EC", tmp_path) as (ec, ec_hub):
        key = issued(ec)
        assert ec_hub.round().on_paper == 1
        held = state_of(ec, key)
        assert held.delivery is Delivery.FAILED and "Print it" in held.history[-1].remark
        assert ec_hub.round().is_empty


def test_what_cannot_be_read_is_kept_and_said_and_holds_up_nothing(
    hub: House, tmp_path: Path
) -> None:
    with node_of(hub, "NL", tmp_path) as (nl, nl_hub), hub.client("EC") as ec:
        bad = ec.deliver(envelope("EC-1", content="<SPSCertificate>"))
        good = ec.deliver(envelope("EC-2026-000123"))
        report = nl_hub.round()
        assert (report.unreadable, report.taken) == (1, 1)
        assert isinstance(bad, OnItsWay) and isinstance(good, OnItsWay)
        assert ec.tracking(bad.header.hub_number).tracking == Tracking.NOT_READABLE
        kept = facts_of(nl, "hub.received/1")
        assert len(kept) == 2 and b"original" in kept[0].body


def test_other_content_under_a_number_is_an_alarm_that_both_sides_hear(
    hub: House, tmp_path: Path
) -> None:
    with node_of(hub, "NL", tmp_path) as (nl, nl_hub), hub.client("EC") as ec:
        ec.deliver(envelope())
        nl_hub.round()
        # A hub that does not look into content lets it pass under another number of the header.
        other = Envelope(
            "EC", "NL", 851, 70, "EC-OTHER", content=phyto(examination_place="Elsewhere")
        )
        sent = ec.deliver(other)
        assert isinstance(sent, OnItsWay)
        nl_hub.round()
        assert len(facts_of(nl, "certificate.conflict/1")) == 1
        assert "Other content" in ec.tracking(sent.header.hub_number).error


def test_a_certificate_that_is_withdrawn_while_it_is_under_way_is_withdrawn_abroad_too(
    hub: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with node_of(hub, "EC", tmp_path) as (ec, ec_hub), hub.client("NL") as nl:
        key = issued(ec)
        deliver = ec_hub.client.deliver

        def overtaken(envelope: Envelope) -> object:
            sent = deliver(envelope)
            if envelope.certificate_status == 70:
                ec.act(CERTIFIER, lambda act: withdraw_issued(act, key, "a slip")).result()
            return sent

        monkeypatch.setattr(ec_hub.client, "deliver", overtaken)
        ec_hub.round()
        assert [each.certificate_status for each in nl.headers()] == [70, 40]


def test_without_a_hub_nothing_is_lost_and_nothing_is_marked(house: House, tmp_path: Path) -> None:
    with serving(house):
        url = house.url
    house.url = url
    with node_of(house, "EC", tmp_path) as (ec, ec_hub):
        key = issued(ec)
        with pytest.raises(Unreachable):
            ec_hub.round()
        assert state_of(ec, key).delivery is Delivery.DUE


def test_the_tables_follow_from_the_facts(hub: House, tmp_path: Path) -> None:
    with node_of(hub, "EC", tmp_path) as (ec, ec_hub), hub.client("NL") as nl:
        issued(ec)
        ec_hub.round()
        answer = acknowledgement.write(Acknowledgement("39"), NOW)
        nl.respond(ResponseEnvelope("NL", "EC", 851, 39, "X", acknowledgement=answer))
        ec_hub.round()
        with ec.reading() as connection:
            assert tables.count(connection) == {"awaited": 1, "warnings": 1}
        database = ec.folder.database
    engine = open_writer(database)
    with engine.connect() as connection:
        again = rebuild(connection, projections(), projection_tables())
        connection.rollback()
    engine.dispose()
    assert again.facts > 5 and again.changed == ()


def test_a_serving_node_goes_round_by_itself_and_comes_back_after_an_outage(
    house: House, tmp_path: Path
) -> None:
    with serving(house):
        port = house.port
    with node_of(house, "EC", tmp_path) as (ec, ec_hub), HubWorker(ec, ec_hub):
        key = issued(ec)
        with serving(house, port), house.client("NL") as nl:
            until(lambda: state_of(ec, key).delivery is Delivery.DISPATCHED)
            nl.acknowledge(nl.headers()[0].hub_number)
            until(lambda: state_of(ec, key).delivery is Delivery.DELIVERED)


def until(holds: Callable[[], bool]) -> None:
    for _ in range(1_500):
        if holds():
            return
        time.sleep(0.01)
    raise AssertionError("it never came")
