"""A day's mail: determinism, every message readable by our own readers, and no truth in it."""

import json
import re
from collections import Counter
from datetime import date, timedelta

import pytest

from clearway.certificates.formats import sps_certificate
from clearway.coldchain.commodities import library
from clearway.coldchain.formats import csv
from clearway.declarations import rules
from clearway.declarations.formats import json as json_form
from clearway.declarations.formats import wco
from clearway.errors import InputError
from clearway.simulator.certificates import Flaw
from clearway.simulator.day import Day, simulate
from clearway.simulator.loggers import device_of
from clearway.simulator.mail import Event, Kind
from clearway.simulator.messages import CSV, JSON
from clearway.simulator.world import build
from clearway.terms.finding import is_refusal
from clearway.terms.transport import ContainerNumber

WHEN = date(2026, 7, 14)


def of(day: Day, kind: Kind) -> list[Event]:
    return [event for event in day.events if event.kind is kind]


def is_refused(event: Event) -> bool:
    """Whether our own reader refuses the message."""
    try:
        if event.kind is Kind.CERTIFICATE:
            return is_refusal(sps_certificate.read(event.body)[1])
        reader = wco if event.content_type.endswith("xml") else json_form
        message = reader.read(event.body)
        if message.declaration is None:
            return True
        return is_refusal((*message.findings, *rules.check(message.declaration, event.at)))
    except InputError:
        return True


def test_the_same_seed_gives_the_same_bytes():
    first, second = (simulate(build(5), WHEN, 60) for _ in range(2))
    assert first.events == second.events


def test_another_day_of_the_same_world_is_another_day_of_the_same_traders(day):
    other = simulate(build(7), WHEN + timedelta(days=1), 100)
    ours = {each.importer.id for each in day.truth.consignments.values()}
    theirs = {each.importer.id for each in other.truth.consignments.values()}
    assert ours != theirs
    assert len(ours & theirs) > 10


def test_events_come_in_the_order_of_time_and_are_aware(day):
    instants = [event.at for event in day.events]
    assert instants == sorted(instants)
    assert all(at.utcoffset() == timedelta(0) for at in instants)


def test_a_day_has_the_consignments_asked_for_and_some_forty_reefers(day):
    assert len(day.truth.consignments) == 250
    assert day.truth.voyage is not None
    assert 25 <= len(day.truth.voyage.units) <= 60


def test_our_readers_refuse_exactly_what_is_meant_to_fail(day):
    mail = of(day, Kind.DECLARATION) + of(day, Kind.CERTIFICATE)
    refused = {event.key for event in mail if is_refused(event)}
    assert refused == set(day.truth.meant_to_fail)


def test_both_wire_forms_are_spoken(day):
    forms = Counter(event.content_type for event in of(day, Kind.DECLARATION))
    assert min(forms["application/xml"], forms["application/json"]) > 40


def test_a_declaration_read_back_says_what_was_declared(day):
    for event in of(day, Kind.DECLARATION):
        if event.key in day.truth.meant_to_fail or event.key in day.truth.forged_keys:
            continue
        reader = wco if event.content_type.endswith("xml") else json_form
        declaration = reader.read(event.body).declaration
        consignment = day.truth.consignments[event.subject]
        assert declaration is not None
        assert declaration.lrn == consignment.lrn
        for item, line in zip(declaration.items, consignment.lines, strict=True):
            assert item.hs == line.declared.hs
            assert item.net_mass_kg == line.declared_mass_kg
            assert item.value.amount == line.declared_value


def test_two_declarations_come_twice_and_one_is_forged_under_its_key(day):
    bodies: dict[str, list[bytes]] = {}
    for event in of(day, Kind.DECLARATION):
        bodies.setdefault(event.key, []).append(event.body)
    twice = [found for found in bodies.values() if len(found) == 2]
    assert len(twice) == 3
    assert sum(first == second for first, second in twice) == 2
    forged = next(iter(day.truth.forged_keys))
    assert len(set(bodies[forged])) == 2


def test_regulated_goods_name_a_certificate_and_it_comes_unless_it_is_absent(day):
    sent = {event.subject for event in of(day, Kind.CERTIFICATE)}
    for paper in day.truth.papers.values():
        if paper.flaw is Flaw.ABSENT:
            assert paper.number not in sent
        else:
            assert paper.number in sent


def test_certificates_show_most_kinds_of_flaws(day):
    flaws = {paper.flaw for paper in day.truth.papers.values()}
    assert len(flaws - {Flaw.NONE}) >= 7


def test_a_reused_certificate_is_named_by_two_declarations(day):
    reused = [paper for paper in day.truth.papers.values() if paper.flaw is Flaw.REUSED]
    for paper in reused:
        named = [each for each in day.truth.papers.values() if each.number == paper.number]
        assert len(named) >= 2


def rows_of(event: Event) -> int:
    """Return how many readings a message has."""
    if event.content_type == CSV:
        return len(event.body.splitlines()) - 1
    return len(json.loads(event.body)["readings"])


def test_readings_come_every_ten_minutes_and_name_a_real_container(day):
    sent = [event for event in of(day, Kind.READINGS) if event.content_type == JSON]
    batches = [json.loads(event.body) for event in sent]
    assert len(batches) > 2000
    for batch in batches[:200]:
        ContainerNumber(batch["container"])
        numbers = [reading["seq"] for reading in batch["readings"]]
        assert numbers == sorted(set(numbers))


def test_a_logger_of_the_old_kind_writes_files_that_the_cold_chain_reads(day):
    files = [event for event in of(day, Kind.READINGS) if event.content_type == CSV]
    assert files
    for event in files[:20]:
        name = device_of(event.subject)
        batches, findings = csv.read(event.body, device=name, container=event.subject)
        assert sum(len(batch.readings) for batch in batches) == rows_of(event)
        assert findings == ()
        assert all(one.powered is not None for batch in batches for one in batch.readings)


def test_journeys_name_commodities_that_the_cold_chain_knows(day):
    known = library()
    for event in of(day, Kind.JOURNEY):
        assert json.loads(event.body)["commodity"] in known


def test_set_points_ordered_fit_the_commodity(day):
    known = library()
    for event in of(day, Kind.JOURNEY):
        journey = json.loads(event.body)
        goods = known[journey["commodity"]]
        assert goods.coldest_c - 1.0 <= journey["set_point_c"] <= goods.warmest_c + 1.0


def test_no_truth_leaks_into_any_message(day):
    """Neither a word of fraud, nor a true value that the declaration hides, is in the mail."""
    words = re.compile(rb"fraud|illicit|scheme|shell|undervalu|misclass|false_origin|mishap|flaw")
    for event in day.events:
        assert not words.search(event.body), event.kind
    for event in of(day, Kind.DECLARATION):
        for line in day.truth.consignments[event.subject].lines:
            if line.mode == "undervaluation":
                assert f"{line.value_usd:.2f}".encode() not in event.body


def test_every_sender_has_an_account_and_brokers_hold_mandates(day):
    accounts = {account.id: account for account in day.accounts}
    for event in day.events:
        assert event.account in accounts
    for each in day.truth.consignments.values():
        assert each.importer.id in accounts[each.broker.id].represents


def test_an_examination_finds_what_is_there_and_the_same_each_time(day):
    found = missed = 0
    for lrn, consignment in day.truth.consignments.items():
        result = day.truth.examine(lrn, "customs", consignment.arrives_at)
        assert result == day.truth.examine(lrn, "customs", consignment.arrives_at)
        assert result.minutes > 0
        assert (result.outcome == "conform") == (not result.discoveries)
        if consignment.is_illicit:
            found += result.outcome == "not_conform"
            missed += result.outcome == "conform"
        else:
            assert result.outcome == "conform"
    assert found > missed


def test_other_agencies_find_bad_certificates_and_spoilt_goods(day):
    for lrn, paper in day.truth.papers.items():
        agency = "plant_health" if paper.type_code == "851" else "veterinary"
        arrives = day.truth.consignments[lrn].arrives_at
        kinds = {found.kind for found in day.truth.examine(lrn, agency, arrives).discoveries}
        assert ("certificate" in kinds) == bool(paper.flaw)


def test_goods_lose_life_while_they_wait(day):
    for lrn, consignment in day.truth.consignments.items():
        arrives = consignment.arrives_at
        now, later = (
            day.truth.remaining_days(lrn, at) for at in (arrives, arrives + timedelta(hours=12))
        )
        if consignment.is_perishable:
            assert now is not None and later is not None
            assert later < now
        else:
            assert now is None and later is None


def test_the_last_saleable_instant_is_when_life_meets_the_need(day):
    for lrn, consignment in day.truth.consignments.items():
        until = day.truth.saleable_until(lrn)
        if until is None or not consignment.boxes:
            continue
        if until < day.begins_at or until > day.begins_at + timedelta(days=2):
            continue
        left = day.truth.remaining_days(lrn, until)
        assert left == pytest.approx(consignment.needs_days, abs=0.15)


def test_a_small_day_works_and_an_empty_one_is_refused():
    tiny = simulate(build(7), WHEN, 1)
    assert len(tiny.truth.consignments) == 1
    with pytest.raises(ValueError, match="at least one consignment"):
        simulate(build(7), WHEN, 0)


def test_readings_can_be_sent_in_larger_batches():
    each, rare = (simulate(build(7), WHEN, 40, send_every=every) for every in (1, 6))

    def count(which: Day) -> int:
        return sum(map(rows_of, of(which, Kind.READINGS)))

    assert len(of(rare, Kind.READINGS)) < len(of(each, Kind.READINGS)) / 3
    assert count(rare) == count(each)
