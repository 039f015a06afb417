"""The hub itself, driven by our client over mutual TLS."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clearway.connectors.ippc_hub.client import (
    Found,
    NotDelivered,
    OnItsWay,
    RefusedByHub,
    Unknown,
    Unreachable,
    Valid,
)
from clearway.connectors.ippc_hub.directory import Allowed
from clearway.connectors.ippc_hub.formats import soap
from clearway.connectors.ippc_hub.formats.shapes import ACKNOWLEDGEMENT
from clearway.connectors.ippc_hub.model import (
    ChannelRule,
    Envelope,
    Forwarding,
    PhytoEnvelope,
    ResponseEnvelope,
    Tracking,
)

from .conftest import House, envelope, phyto, serving


def test_a_certificate_goes_from_one_country_to_another_and_its_fate_comes_back(hub: House) -> None:
    with hub.client("EC") as ec, hub.client("NL") as nl:
        sent = ec.deliver(envelope())
        assert isinstance(sent, OnItsWay) and sent.header.tracking == Tracking.PENDING
        number = sent.header.hub_number
        assert [each.hub_number for each in ec.under_delivery()] == [number]
        assert [each.hub_number for each in nl.headers()] == [number]
        assert nl.headers("KE") == () and len(nl.headers("EC")) == len(nl.headers("NL")) == 1
        assert nl.pull(number).content == phyto()
        assert len(nl.pull_all()) == 1
        nl.acknowledge_with_warning(number, "point of entry is missing")
        assert nl.headers() == () and ec.under_delivery() == ()
        told = ec.tracking(number)
        assert (told.tracking, told.error) == (Tracking.WITH_WARNINGS, "point of entry is missing")


def test_the_same_again_is_the_same_envelope_whatever_happened_meanwhile(hub: House) -> None:
    with hub.client("EC") as ec, hub.client("NL") as nl:
        first = ec.deliver(envelope())
        assert ec.deliver(envelope()) == first
        assert isinstance(first, OnItsWay)
        nl.acknowledge(first.header.hub_number)
        nl.acknowledge(first.header.hub_number)
        again = ec.deliver(envelope())
        assert isinstance(again, OnItsWay) and again.header.tracking == Tracking.DELIVERED
        assert nl.headers() == ()


def test_other_content_under_the_same_number_is_told_as_a_conflict(hub: House) -> None:
    with hub.client("EC") as ec, hub.client("NL") as nl:
        ec.deliver(envelope())
        refused = ec.deliver(envelope(content=phyto(examination_place="Elsewhere")))
        assert isinstance(refused, RefusedByHub) and "other content" in refused.reason
        assert len(nl.headers()) == 1
        withdrawn = replace(envelope(), certificate_status=40)
        assert isinstance(ec.deliver(withdrawn), OnItsWay), "a step of its life is no conflict"


def test_a_mended_certificate_may_come_after_one_that_could_not_be_read(hub: House) -> None:
    with hub.client("EC") as ec, hub.client("NL") as nl:
        sent = ec.deliver(envelope(content="<broken"))
        assert isinstance(sent, OnItsWay)
        nl.acknowledge_failed(sent.header.hub_number, "no XML")
        assert ec.tracking(sent.header.hub_number).tracking == Tracking.NOT_READABLE
        mended = ec.deliver(envelope())
        assert isinstance(mended, OnItsWay)
        assert mended.header.hub_number != sent.header.hub_number


def test_what_a_country_cannot_receive_goes_on_paper_and_its_sender_is_told(house: House) -> None:
    house.change("NL", allowed=(Allowed(851, (70,)),))
    with serving(house), house.client("EC") as ec, house.client("NL") as nl:
        veterinary = replace(envelope(), certificate_type=853)
        on_paper = ec.deliver(veterinary)
        assert isinstance(on_paper, NotDelivered)
        assert "veterinary certificate" in on_paper.reason and "Print it" in on_paper.reason
        nobody = ec.deliver(envelope(to="FR"))
        assert isinstance(nobody, NotDelivered) and "FR does not receive" in nobody.reason
        assert nl.headers() == ()
    house.change("NL", allowed=(Allowed(853, (70,)),))
    with serving(house), house.client("EC") as ec, house.client("NL") as nl:
        able = ec.deliver(veterinary)
        assert isinstance(able, OnItsWay) and len(nl.headers()) == 1


def test_only_its_receiver_answers_an_envelope_and_its_first_word_stands(hub: House) -> None:
    with hub.client("EC") as ec, hub.client("NL") as nl, hub.client("KE") as ke:
        sent = ec.deliver(envelope())
        assert isinstance(sent, OnItsWay)
        number = sent.header.hub_number
        for meddler in (ec, ke):
            with pytest.raises(soap.Fault, match="no envelope"):
                meddler.acknowledge(number)
            with pytest.raises(soap.Fault, match="no envelope"):
                meddler.pull(number)
        assert ke.tracking(number).tracking == Tracking.NOT_EXISTS
        nl.update_tracking(replace(sent.header, tracking=Tracking.DELIVERED))
        with pytest.raises(soap.Fault, match="answered before"):
            nl.acknowledge_failed(number, "changed my mind")
        with pytest.raises(soap.Fault, match="one of"):
            nl.update_tracking(replace(sent.header, tracking="Lost"))
        assert ec.tracking(number).tracking == Tracking.DELIVERED


def test_a_country_cannot_send_in_anothers_name(hub: House) -> None:
    with hub.client("KE") as ke:
        refused = ke.deliver(envelope())
        assert isinstance(refused, RefusedByHub) and "cannot send for EC" in refused.reason


def test_validation_speaks_the_hubs_terms_and_is_never_valid_when_nobody_answers(
    hub: House,
) -> None:
    with hub.client("NL") as nl:
        assert isinstance(nl.validate(phyto()), Valid)
        bad = nl.validate("<a/>")
        assert isinstance(bad, Found) and bad.is_severe
        assert bad.results[0].area == "Schema"
        assert isinstance(nl.validate("<!DOCTYPE a><a/>"), Found)
    with hub.client("NL") as nl:
        nl._url = "https://127.0.0.1:9/none"
        assert isinstance(nl.validate(phyto()), Unknown)
        with pytest.raises(Unreachable):
            nl.deliver(envelope())


def test_validate_and_deliver_holds_back_what_has_severe_findings(hub: House) -> None:
    with hub.client("EC") as ec, hub.client("NL") as nl:
        held = ec.validate_and_deliver(envelope(content="<a/>"))
        assert isinstance(held, NotDelivered) and held.header.hub_number == ""
        assert nl.headers() == ()
        assert isinstance(ec.validate_and_deliver(envelope()), OnItsWay)


def test_a_structured_certificate_arrives_as_one_that_our_reader_reads(hub: House) -> None:
    from lxml import etree

    from clearway.certificates.formats import sps_certificate

    content = etree.tostring(etree.fromstring(phyto().encode()), method="c14n", exclusive=True)
    with hub.client("EC") as ec, hub.client("NL") as nl:
        sent = ec.deliver_structured(
            PhytoEnvelope("EC", "NL", 851, 70, "EC-1", certificate=content)
        )
        assert isinstance(sent, OnItsWay)
        came = nl.pull(sent.header.hub_number).content.encode()
        assert sps_certificate.read(came)[0].number == "EC-2026-000123"


def test_an_importer_answers_its_exporter(hub: House) -> None:
    answer = f'<a:SPSAcknowledgement xmlns:a="{ACKNOWLEDGEMENT}"></a:SPSAcknowledgement>'.encode()
    with hub.client("EC") as ec, hub.client("NL") as nl:
        sent = nl.respond(ResponseEnvelope("NL", "EC", 851, 41, "EC-1", acknowledgement=answer))
        assert isinstance(sent, OnItsWay)
        assert ec.pull(sent.header.hub_number).content.encode() == answer


def test_copies_go_to_countries_that_the_sender_or_the_receivers_rules_name(house: House) -> None:
    rule = ChannelRule(1, True, 851, 70, "FORWARD", "KE", "INC")
    house.change("NL", channel_rules=(rule,))
    with serving(house), house.client("EC") as ec, house.client("KE") as ke:
        sent = ec.deliver(replace(envelope(), forwardings=(Forwarding("FR"),)))
        assert isinstance(sent, OnItsWay)
        copies = {each.code: each.hub_number for each in sent.header.forwardings}
        assert copies["FR"] == "" and [h.hub_number for h in ke.headers()] == [copies["KE"]]
        assert ke.pull(copies["KE"]).content == phyto()


def test_pulling_all_is_bounded_and_goes_on_after_acknowledging(hub: House) -> None:
    with hub.client("EC") as ec, hub.client("NL") as nl:
        for number in range(23):
            ec.deliver(envelope(f"EC-{number}", content="<a/>"))
        seen: list[str] = []
        while batch := nl.pull_all():
            assert len(batch) <= 20
            for each in batch:
                seen.append(each.nppo_number)
                nl.acknowledge(each.hub_number)
        assert seen == [f"EC-{number}" for number in range(23)]


def test_a_country_over_its_rate_is_told_to_wait_and_others_are_not(house: House) -> None:
    house.change("EC", messages_per_second=0.01, burst=3)
    with serving(house), house.client("EC") as ec, house.client("NL") as nl:
        for _ in range(3):
            ec.headers()
        with pytest.raises(Unreachable, match="calls a second"):
            ec.headers()
        for _ in range(5):
            nl.headers()


def test_content_over_a_countrys_bound_is_refused_with_the_bound(house: House) -> None:
    house.change("EC", content_bytes=1_000)
    with serving(house), house.client("EC") as ec:
        refused = ec.deliver(Envelope("EC", "NL", 851, 70, "1", content="x" * 2_000))
        assert isinstance(refused, RefusedByHub) and "at most 1,000" in refused.reason


def test_reference_data_says_what_is_a_sample(hub: House) -> None:
    with hub.client("EC") as ec:
        members = {each.country: each for each in ec.members()}
        assert set(members) == {"EC", "NL", "KE"} and members["NL"].allowed[0].type is not None
        assert ec.profile().country == "EC" and ec.channels() == ()
        assert any("sample" in each.text for each in ec.list("GetStatements"))  # type: ignore[union-attr]
        assert len(ec.list("GetPackageTypes")) > 20 and len(ec.list("GetUnitMeasures")) > 40


def test_letters_outlive_the_hub(house: House) -> None:
    with serving(house), house.client("EC") as ec:
        sent = ec.deliver(envelope())
    with serving(house), house.client("NL") as nl:
        assert isinstance(sent, OnItsWay)
        assert nl.pull(sent.header.hub_number).content == phyto()
