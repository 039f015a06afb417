"""A small day of a border, message by message through the doors, from the mail to the last bay."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pytest

from clearway.cli.world import admit
from clearway.ledger.database import open_writer
from clearway.ledger.verify import verify_store
from clearway.node.rebuild import rebuild
from clearway.node.rooms import projection_tables, projections
from clearway.simulator.accounts import INSPECTORS
from clearway.simulator.day import Day, simulate
from clearway.simulator.mail import Kind
from clearway.simulator.world import build

PATHS = {
    Kind.CERTIFICATE: "/v1/certificates", Kind.DECLARATION: "/v1/declarations",
    Kind.JOURNEY: "/v1/journeys", Kind.READINGS: "/v1/readings", Kind.ARRIVAL: "/v1/movements",
    Kind.SEAL: "/v1/movements",
}  # fmt: skip
CONSIGNMENTS = 30
OFFICER = "release-desk"


@dataclass
class Pushed:
    """A border after a day's mail, and what the doors answered."""

    border: Any
    day: Day
    statuses: Counter[tuple[Kind, int]] = field(default_factory=Counter)
    decisions: dict[str, str] = field(default_factory=dict)
    released_on_arrival: set[str] = field(default_factory=set)
    forged: int = 0


@pytest.fixture(scope="module")
def pushed(empty_border: Any) -> Iterator[Pushed]:
    """Every message of the day, in order, each by its own account."""
    day = simulate(build(7), date(2026, 7, 14), CONSIGNMENTS, send_every=6)
    empty_border.clock.move_to(day.events[0].at)
    empty_border.tokens.update(admit(empty_border.node, day))
    told = Pushed(empty_border, day)
    for event in day.events:
        if event.kind in PATHS:
            _push(told, event)
    empty_border.clock.move_to(day.begins_at + timedelta(hours=30))
    yield told


def _push(told: Pushed, event: Any) -> None:
    told.border.clock.move_to(max(event.at, told.border.clock()))
    headers = {"Content-Type": event.content_type}
    if event.key:
        headers["Idempotency-Key"] = event.key
    answer = told.border.ask(
        "POST", PATHS[event.kind], event.account, content=event.body, headers=headers
    )
    told.statuses[event.kind, answer.status_code] += 1
    if event.key in told.day.truth.meant_to_fail:
        assert answer.status_code in (400, 422), answer.text
    elif answer.status_code == 409:
        told.forged += event.key in told.day.truth.forged_keys
    else:
        assert answer.status_code in (200, 201), (event.kind, answer.text[:400])
    if answer.status_code == 201 and event.kind is Kind.DECLARATION:
        data = answer.json()["data"]
        told.decisions[data["mrn"]] = data["decision"]
        assert answer.json()["receipt"]
    if answer.status_code == 201 and event.kind is Kind.ARRIVAL:
        told.released_on_arrival |= set(answer.json()["data"]["released"])


def seen(told: Pushed, path: str, **query: Any) -> Any:
    answer = told.border.ask("GET", path, OFFICER, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def test_every_message_is_taken_but_those_meant_to_fail(pushed: Pushed) -> None:
    taken = Counter[Kind]()
    for (kind, status), count in pushed.statuses.items():
        assert status in (200, 201, 400, 409, 422)
        taken[kind] += count if status == 201 else 0
    assert taken[Kind.DECLARATION] == len(pushed.decisions) == CONSIGNMENTS
    assert taken[Kind.READINGS] > 20
    assert pushed.statuses[Kind.DECLARATION, 200] == 2  # sent twice, answered the same
    assert pushed.forged == 1


def test_certificates_are_matched_with_the_declarations_that_name_them(pushed: Pushed) -> None:
    matched = [
        match
        for mrn in pushed.decisions
        for match in seen(pushed, f"/v1/declarations/{mrn}")["matches"]
    ]
    assert len(matched) >= 3
    assert all(match["cover"] and match["text"] for match in matched)
    assert len(seen(pushed, "/v1/certificates", limit=200)) >= len(matched) / 2


def test_arrival_releases_what_was_decided_before(pushed: Pushed) -> None:
    assert pushed.released_on_arrival
    for mrn in pushed.released_on_arrival:
        shown = seen(pushed, f"/v1/declarations/{mrn}")
        assert shown["status"] in ("released", "cleared")
        assert shown["released_at"] >= shown["arrived_at"] >= shown["accepted_at"]


def test_reefers_are_listed_with_the_life_that_is_left(pushed: Pushed) -> None:
    units = seen(pushed, "/v1/reefers", limit=200)
    assert units
    first = seen(pushed, f"/v1/reefers/{units[0]['container']}")
    assert first["readings"] > 0
    assert first["history"]


def test_the_queue_is_ordered_and_says_why(pushed: Pushed) -> None:
    queue = seen(pushed, "/v1/examinations", limit=200)
    assert queue
    assert [entry["rank"] for entry in queue] == list(range(1, len(queue) + 1))
    assert all(len(entry["why"]) > 20 for entry in queue)
    unmoved = [entry["slack_h"] for entry in queue if entry["is_perishable"] and not entry["moved"]]
    assert unmoved == sorted(unmoved)


def test_start_and_results_close_an_examination_and_its_goods_are_decided_on(
    pushed: Pushed,
) -> None:
    border, done = pushed.border, 0
    for entry in seen(pushed, "/v1/examinations", limit=200)[:4]:
        path = f"/v1/examinations/{entry['examination']}"
        bays = [INSPECTORS[agency][1] for agency in entry["agencies"]]
        begun = border.ask("POST", f"{path}/start", bays[0])
        if begun.status_code == 409:  # the goods have not arrived
            continue
        assert begun.status_code == 200, begun.text
        result = {"outcome": "conform", "started_at": border.clock().isoformat()}
        answers = [border.ask("POST", f"{path}/result", bay, json=result) for bay in bays]
        assert [answer.status_code for answer in answers] == [201] * len(bays), answers[0].text
        assert [answer.json()["data"]["decided"] for answer in answers] == [
            *[False] * (len(bays) - 1),
            True,
        ]
        for answer in answers:
            assert '"type\\":\\"clearance.examined/1' in answer.text.replace("\\\\", "\\")
        again = border.ask("POST", f"{path}/result", bays[0], json=result)
        assert again.status_code == 409
        assert seen(pushed, path)["closed_at"] is not None
        done += 1
    assert done


def test_an_examination_is_not_for_an_agency_that_takes_no_part(pushed: Pushed) -> None:
    for entry in seen(pushed, "/v1/examinations", limit=200):
        other = next(a for a in INSPECTORS if a not in entry["agencies"])
        path = f"/v1/examinations/{entry['examination']}/start"
        answer = pushed.border.ask("POST", path, INSPECTORS[other][1])
        assert answer.status_code in (403, 409)
        assert answer.json()["detail"]


def test_times_of_release_are_told_per_step(pushed: Pushed) -> None:
    assert seen(pushed, "/v1/insight/release-times")


def test_the_tables_are_the_facts_and_nothing_else(pushed: Pushed) -> None:
    engine = open_writer(pushed.border.node.folder.database)
    with engine.connect() as connection:
        found = rebuild(connection, projections(), projection_tables())
        connection.rollback()
    engine.dispose()
    assert found.facts == pushed.border.node.log.size
    assert found.changed == ()


def test_the_log_of_the_day_verifies(pushed: Pushed) -> None:
    log = pushed.border.node.log
    with pushed.border.node.reading() as connection:
        report = verify_store(connection, log.verifier.name, [log.verifier], outside=[log.note])
    assert report.faults == ()
    assert report.head.size == log.size
