"""EPCIS over HTTP: capture, queries by resource and by name, pages, problems, who sees what."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from clearway.cli.setup import OWNER
from clearway.node.rebuild import rebuild
from clearway.node.rooms import projection_tables, projections

STANDARD = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
ROOT = "/v1/epcis"
BOX, OTHER = "urn:epc:id:bic:CSQU3054383", "urn:epc:id:bic:MSCU6639870"
PLACE = {"id": "urn:clearway:place:XAPRT"}


def event(number: int = 1, **more: Any) -> dict[str, Any]:
    known = {
        "type": "ObjectEvent", "eventID": f"urn:uuid:00000000-0000-4000-8000-{number:012d}",
        "eventTime": f"2026-07-14T06:{number % 60:02d}:00Z", "eventTimeZoneOffset": "+00:00",
        "action": "OBSERVE", "bizStep": "shipping", "disposition": "in_transit",
        "epcList": [f"urn:epc:id:sgtin:0614141.107346.{number}"],
    }  # fmt: skip
    return {name: value for name, value in {**known, **more}.items() if value is not None}


def document(*events: dict[str, Any]) -> dict[str, Any]:
    return {
        "@context": [STANDARD], "type": "EPCISDocument", "schemaVersion": "2.0",
        "creationDate": "2026-07-14T07:00:00Z", "epcisBody": {"eventList": list(events)},
    }  # fmt: skip


def capture(border: Any, *events: dict[str, Any], who: str = "carrier", **headers: str) -> Any:
    return border.ask("POST", f"{ROOT}/capture", who, json=document(*events), headers=headers)


def events_of(answer: Any) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["epcisBody"]["queryResults"]["resultsBody"][
        "eventList"
    ]
    return found


def numbers(answer: Any) -> list[int]:
    return [int(one["eventID"][-12:]) for one in events_of(answer)]


def find(border: Any, path: str = "/events", who: str = "carrier", **parameters: Any) -> list[int]:
    return numbers(border.ask("GET", ROOT + path, who, params=parameters))


PATHS = [
    ("/", "OPTIONS, GET"), ("/capture", "OPTIONS, POST, GET"), ("/capture/x", "OPTIONS, GET"),
    ("/events", "OPTIONS, GET, POST"), ("/events/x", "OPTIONS, GET"),
    *((f"/{name}{rest}", "OPTIONS, GET")
      for name in ("eventTypes", "epcs", "bizSteps", "bizLocations", "readPoints", "dispositions")
      for rest in ("", "/x", "/x/events")),
    ("/queries", "OPTIONS, GET, POST"), ("/queries/x", "OPTIONS, GET, DELETE"),
    ("/queries/x/events", "OPTIONS, GET"), ("/queries/x/subscriptions", "OPTIONS, GET, POST"),
    ("/queries/x/subscriptions/y", "OPTIONS, GET, DELETE"),
]  # fmt: skip


def test_each_of_the_29_paths_is_there(used_border: Any) -> None:
    assert len(PATHS) + 1 == 29  # and DELETE /nextPageToken/{token}
    for path, allowed in PATHS:
        answer = used_border.ask("OPTIONS", ROOT + path, "carrier")
        assert answer.status_code == 204, path
        assert answer.headers["allow"] == allowed, path
        for name in ("GS1-EPCIS-Version", "GS1-EPCIS-Min", "GS1-EPCIS-Max", "GS1-CBV-Version"):
            assert answer.headers[name] == "2.0"
        assert used_border.ask("OPTIONS", ROOT + path).status_code == 401
    given_back = used_border.ask("DELETE", f"{ROOT}/nextPageToken/abc", "carrier")
    assert given_back.status_code == 204
    limits = used_border.ask("OPTIONS", f"{ROOT}/capture", "carrier").headers
    assert limits["GS1-EPCIS-Capture-Limit"] == "1000"
    assert limits["GS1-Capture-Error-Behaviour"] == "rollback, proceed"


def test_a_document_is_captured_once_however_often_it_is_sent(border: Any) -> None:
    first = capture(border, event(1), event(2))
    assert first.status_code == 202
    again = capture(border, event(1), event(2))
    assert again.headers["location"] == first.headers["location"]
    assert again.json() == first.json()
    job = border.ask("GET", first.headers["location"], "carrier").json()
    assert (job["running"], job["success"], job["captured"]) == (False, True, 2)
    assert find(border) == [1, 2]
    overlapping = capture(border, event(2), event(3)).json()
    assert (overlapping["captured"], overlapping["repeated"]) == (1, 1)
    assert find(border) == [1, 2, 3]


def test_events_are_found_by_each_of_their_resources(border: Any) -> None:
    link = "https://id.gs1.org/01/10614141073464/21/1"
    place = "https://id.gs1.org/414/0614141073467"
    capture(border, event(1, readPoint={"id": place}, bizLocation={"id": place}), event(2))
    for path in (
        "/eventTypes/ObjectEvent", f"/epcs/{quote(link, safe='')}",
        "/epcs/urn:epc:id:sgtin:0614141.107346.1",
        "/bizSteps/shipping", f"/bizLocations/{quote(place, safe='')}",
        f"/readPoints/{quote(place, safe='')}", "/dispositions/in_transit",
        f"/bizSteps/{quote('https://ref.gs1.org/cbv/BizStep-shipping', safe='')}",
    ):  # fmt: skip
        assert border.ask("GET", ROOT + path, "carrier").json()["member"] == ["events"], path
        assert 1 in find(border, f"{path}/events"), path
    assert find(border, f"/readPoints/{quote(place, safe='')}/events") == [1]
    assert find(border, "/bizSteps/shipping/events", EQ_action="ADD") == []
    missing = border.ask("GET", f"{ROOT}/bizSteps/receiving", "carrier")
    assert (missing.status_code, missing.json()["type"]) == (
        404,
        "epcisException:NoSuchNameException",
    )
    members = {
        name: border.ask("GET", f"{ROOT}/{name}", "carrier").json()["member"]
        for name in ("bizSteps", "dispositions", "readPoints", "bizLocations", "epcs")
    }
    assert members["bizSteps"] == ["shipping"]
    assert members["dispositions"] == ["in_transit"]
    assert members["readPoints"] == members["bizLocations"] == [place]
    assert link in members["epcs"]


def test_pages_lead_on_without_doubles_whatever_comes_meanwhile(border: Any) -> None:
    capture(border, *(event(n) for n in range(1, 8)))
    for order in ({}, {"orderBy": "eventTime"}, {"orderBy": "eventTime", "orderDirection": "ASC"}):
        answer = border.ask("GET", f"{ROOT}/events", "carrier", params={"perPage": 3, **order})
        seen = numbers(answer)
        capture(border, event(90 + len(order)))
        while "next" in answer.links:
            answer = border.ask("GET", answer.links["next"]["url"], "carrier")
            seen += numbers(answer)
        expected = sorted(seen, reverse="orderBy" in order and "orderDirection" not in order)
        assert len(set(seen)) == len(seen)
        assert set(range(1, 8)) <= set(seen)
        if not any(n > 60 for n in seen):
            assert seen == expected


def test_a_limit_counts_over_all_pages(border: Any) -> None:
    capture(border, *(event(n) for n in range(1, 8)))
    path = f"{ROOT}/events?eventCountLimit=4&perPage=3"
    first = border.ask("GET", path, "carrier")
    second = border.ask("GET", first.links["next"]["url"], "carrier")
    assert (numbers(first), numbers(second)) == ([1, 2, 3], [4])
    assert "next" not in second.links
    many = border.ask("GET", f"{ROOT}/events?maxEventCount=6", "carrier")
    assert many.status_code == 413
    assert many.json()["type"] == "epcisException:QueryTooLargeException"
    assert len(find(border, maxEventCount=7)) == 7


def test_a_token_is_of_one_question_one_account_and_can_be_given_back(border: Any) -> None:
    capture(border, *(event(n) for n in range(1, 8)))
    link = border.ask("GET", f"{ROOT}/events?perPage=3", "carrier").links["next"]["url"]
    token = link.rpartition("nextPageToken=")[2]
    other = border.ask("GET", f"{ROOT}/events?EQ_action=ADD&nextPageToken={token}", "carrier")
    assert (other.status_code, other.json()["field"]) == (400, "nextPageToken")
    assert border.ask("GET", link, "amina").status_code == 400
    for text in ("x", "é", "!" * 2000, token[:-4]):
        answer = border.ask("GET", f"{ROOT}/events", "carrier", params={"nextPageToken": text})
        assert answer.status_code == 400
    assert border.ask("DELETE", f"{ROOT}/nextPageToken/{token}", "carrier").status_code == 204
    assert border.ask("GET", link, "carrier").status_code == 400
    fresh = border.ask("GET", f"{ROOT}/events?perPage=4", "carrier").links["next"]["url"]
    border.clock.move_to(border.clock() + timedelta(seconds=3_700))
    assert border.ask("GET", fresh, "carrier").status_code == 400


def test_one_bad_event_rolls_all_back_unless_the_sender_says_proceed(border: Any) -> None:
    bad = event(2, action="MOVE")
    job = capture(border, event(1), bad, event(3)).json()
    assert (job["success"], job["captured"]) == (False, 0)
    (error,) = job["errors"]
    assert error["position"] == 1
    assert "action" in error["detail"]
    assert find(border) == []
    proceeded = capture(
        border, event(1), bad, event(3), **{"GS1-Capture-Error-Behaviour": "proceed"}
    ).json()
    assert (proceeded["success"], proceeded["captured"]) == (False, 2)
    assert find(border) == [1, 3]
    odd = capture(border, event(1), **{"GS1-Capture-Error-Behaviour": "perhaps"})
    assert odd.status_code == 400


def test_an_id_in_use_is_a_conflict_and_changes_nothing(border: Any) -> None:
    assert capture(border, event(1)).json()["success"] is True
    job = capture(border, event(1, disposition="damaged"), event(2)).json()
    assert job["errors"][0]["type"] == "epcisException:ResourceAlreadyExistsException"
    twice = capture(border, event(5), event(5, disposition="damaged")).json()
    assert twice["captured"] == 0
    assert find(border) == [1]
    assert (
        events_of(border.ask("GET", f"{ROOT}/events", "carrier"))[0]["disposition"] == "in_transit"
    )


def test_a_single_event_is_posted_and_read_back_at_its_location(border: Any) -> None:
    body = {"@context": [STANDARD], **event(1)}
    made = border.ask("POST", f"{ROOT}/events", "carrier", json=body)
    assert made.status_code == 201, made.text
    assert numbers(border.ask("GET", made.headers["location"], "carrier")) == [1]
    assert border.ask("POST", f"{ROOT}/events", "carrier", json=body).status_code == 201
    other = border.ask("POST", f"{ROOT}/events", "carrier", json={**body, "bizStep": "receiving"})
    assert other.status_code == 409
    assert other.json()["type"] == "epcisException:ResourceAlreadyExistsException"
    nameless = {"@context": [STANDARD], **event(2, eventID=None)}
    made = border.ask("POST", f"{ROOT}/events", "carrier", json=nameless)
    assert "ni%3A%2F%2F%2Fsha-256%3B" in made.headers["location"]
    (told,) = events_of(border.ask("GET", made.headers["location"], "carrier"))
    assert told["eventID"].startswith("ni:///sha-256;")


def test_an_error_declaration_stands_beside_the_event_that_it_takes_back(border: Any) -> None:
    wrong = {
        "declarationTime": "2026-07-14T07:00:00Z", "reason": "incorrect_data",
        "correctiveEventIDs": [event(2)["eventID"]],
    }  # fmt: skip
    capture(border, event(1))
    capture(border, event(1, errorDeclaration=wrong), event(2))
    told = events_of(border.ask("GET", f"{ROOT}/events/{event(1)['eventID']}", "carrier"))
    assert ["errorDeclaration" in one for one in told] == [False, True]
    assert find(border, EXISTS_errorDeclaration="") == [1]
    assert find(border, EQ_errorReason="incorrect_data") == [1]
    assert find(border, EQ_correctiveEventID=event(2)["eventID"]) == [1]
    assert find(border, GE_errorDeclarationTime="2026-07-14T07:00:00Z") == [1]
    assert find(border, LT_errorDeclarationTime="2026-07-14T07:00:00Z") == []


def test_every_wrong_parameter_is_a_problem_that_names_it(border: Any) -> None:
    answer = border.ask("GET", f"{ROOT}/events?EQ_colour=red&GE_eventTime=soon", "carrier")
    assert answer.status_code == 400
    body = answer.json()
    assert body["type"] == "epcisException:QueryParameterException"
    assert [one["field"] for one in body["findings"]] == ["EQ_colour", "GE_eventTime"]
    twice = border.ask("GET", f"{ROOT}/events?EQ_action=ADD&EQ_action=DELETE", "carrier")
    assert twice.status_code == 400


@pytest.mark.parametrize(
    ("headers", "status", "kind"),
    [
        ({"Accept": "text/html"}, 406, "NotAcceptableException"),
        ({"GS1-EPCIS-Min": "3.0"}, 406, "NotAcceptableException"),
        ({"GS1-EPCIS-Max": "1.2"}, 406, "NotAcceptableException"),
        ({"GS1-EPC-Format": "Always_EPC_URN"}, 406, "NotAcceptableException"),
        ({"GS1-CBV-Max": "x"}, 400, "ValidationException"),
    ],
)
def test_what_is_demanded_and_cannot_be_given_is_said(
    used_border: Any, headers: dict[str, str], status: int, kind: str
) -> None:
    answer = used_border.ask("GET", f"{ROOT}/events", "carrier", headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (status, f"epcisException:{kind}")


def test_problems_come_in_xml_to_who_wants_xml(used_border: Any) -> None:
    answer = used_border.ask(
        "GET", f"{ROOT}/events?EQ_colour=<&", "carrier", headers={"Accept": "application/xml"}
    )
    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("application/problem+xml")
    assert "<type>epcisException:QueryParameterException</type>" in answer.text


def test_bodies_of_other_types_or_without_events_are_refused(used_border: Any) -> None:
    def send(body: bytes, kind: str) -> int:
        return int(
            used_border.ask(
                "POST", f"{ROOT}/capture", "carrier", content=body, headers={"Content-Type": kind}
            ).status_code
        )

    assert send(b"a,b", "text/csv") == 415
    assert send(b"{}", "application/json") == 400
    assert send(b"<a/>", "application/xml") == 400
    assert send(b"", "application/json") == 400
    assert send(json.dumps(document()).encode(), "application/json") == 400
    many = document(*(event(n) for n in range(1001)))
    answer = used_border.ask("POST", f"{ROOT}/capture", "carrier", json=many)
    assert answer.status_code == 413
    assert answer.headers["GS1-EPCIS-Capture-Limit"] == "1000"


def test_a_url_that_is_too_long_is_told_so(used_border: Any) -> None:
    long = "|".join(f"urn:epc:id:sgtin:0614141.107346.{n}" for n in range(400))
    answer = used_border.ask("GET", f"{ROOT}/events", "carrier", params={"MATCH_epc": long})
    assert answer.status_code == 414


def test_xml_goes_in_and_comes_out_and_is_the_same_event(border: Any, shared_data: Path) -> None:
    folder = shared_data / "epcis/openepcis/2.0/EPCIS"
    as_xml = (folder / "XML/Capture/Documents/ObjectEvent.xml").read_bytes()
    as_json = (folder / "JSON/Capture/Documents/ObjectEvent.json").read_bytes()
    counts = []
    for body, kind in ((as_xml, "application/xml"), (as_json, "application/json")):
        answer = border.ask(
            "POST", f"{ROOT}/capture", "carrier", content=body, headers={"Content-Type": kind}
        )
        assert answer.status_code == 202, answer.text
        job = answer.json()
        assert job["success"] is True, job
        counts.append((job["captured"], job["repeated"]))
    assert counts[0][0] > 0
    told = border.ask("GET", f"{ROOT}/events", "carrier", headers={"Accept": "application/xml"})
    assert told.headers["content-type"].startswith("application/xml")
    again = border.ask(
        "POST", f"{ROOT}/capture", "amina", content=told.content,
        headers={"Content-Type": "application/xml"},
    ).json()  # fmt: skip
    assert (again["captured"], again["success"]) == (0, True), again


def test_traders_see_their_own_containers_only_and_in_their_time(border: Any) -> None:
    border.mrn("A-1", "acme")
    old = event(3, epcList=[BOX], eventTime="2025-07-14T06:00:00Z")
    capture(border, event(1, epcList=[BOX]), event(2, epcList=[OTHER]), old, event(4))
    assert find(border, who="carrier") == [1, 2, 3, 4]
    assert find(border, who="acme") == [1]
    assert find(border, who="rival") == []
    assert find(border, f"/epcs/{BOX}/events", who="acme") == [1]
    assert border.ask("GET", f"{ROOT}/epcs", "acme").json()["member"] == [BOX]
    assert border.ask("GET", f"{ROOT}/epcs", "rival").json()["member"] == []
    assert border.ask("GET", f"{ROOT}/epcs/{OTHER}", "acme").status_code == 404
    assert border.ask("GET", f"{ROOT}/events/{event(2)['eventID']}", "acme").status_code == 404
    assert border.ask("GET", f"{ROOT}/events/{event(1)['eventID']}", "rival").status_code == 404


def test_who_may_not_record_movements_may_not_capture(border: Any) -> None:
    for who, status in (("acme", 403), ("auditor", 403), ("amina", 202), (None, 401)):
        answer = border.ask("POST", f"{ROOT}/capture", who, json=document(event(1)))
        assert answer.status_code == status, who
        if status >= 400:
            assert answer.json()["type"] == "epcisException:SecurityException"


def test_jobs_are_for_their_sender_and_its_agency(border: Any) -> None:
    location = capture(border, event(1)).headers["location"]
    for who, status in (("carrier", 200), ("amina", 200), ("acme", 404), ("bea", 404)):
        assert border.ask("GET", location, who).status_code == status, who
    capture(border, event(2))
    page = border.ask("GET", f"{ROOT}/capture?perPage=1", "carrier")
    assert len(page.json()) == 1
    second = border.ask("GET", page.links["next"]["url"], "carrier")
    assert [one["captureID"] for one in second.json()] == [location.rpartition("/")[2]]
    assert border.ask("GET", f"{ROOT}/capture", "acme").json() == []


def test_a_named_query_is_kept_asked_and_deleted(border: Any) -> None:
    capture(border, event(1), event(2, bizStep="receiving"))
    form = {
        "name": "received",
        "query": {"EQ_bizStep": ["receiving"], "eventType": ["ObjectEvent"]},
    }
    made = border.ask("POST", f"{ROOT}/queries", "carrier", json=form)
    assert made.status_code == 201, made.text
    assert border.ask("POST", f"{ROOT}/queries", "carrier", json=form).status_code == 201
    assert border.ask("GET", made.headers["location"], "carrier").json() == form
    assert find(border, "/queries/received/events") == [2]
    assert [q["name"] for q in border.ask("GET", f"{ROOT}/queries", "carrier").json()] == [
        "received"
    ]
    other = {**form, "query": {"EQ_bizStep": ["shipping"]}}
    assert border.ask("POST", f"{ROOT}/queries", "carrier", json=other).status_code == 409
    bad = {"name": "b", "query": {"EQ_colour": ["red"]}}
    refused = border.ask("POST", f"{ROOT}/queries", "carrier", json=bad)
    assert refused.json()["findings"][0]["field"] == "EQ_colour"
    assert border.ask("GET", f"{ROOT}/queries/received", "acme").status_code == 404
    assert border.ask("DELETE", f"{ROOT}/queries/received", "amina").status_code == 409
    assert border.ask("DELETE", f"{ROOT}/queries/received", "carrier").status_code == 204
    assert border.ask("GET", f"{ROOT}/queries/received", "carrier").status_code == 404


def test_lists_of_queries_lead_on_past_those_of_others(border: Any) -> None:
    for number, who in enumerate(("carrier", "amina", "amina", "carrier", "amina")):
        form = {"name": f"q{number}", "query": {"EQ_bizStep": ["shipping"]}}
        assert border.ask("POST", f"{ROOT}/queries", who, json=form).status_code == 201
    first = border.ask("GET", f"{ROOT}/queries?perPage=1", "carrier")
    assert [one["name"] for one in first.json()] == ["q0"]
    second = border.ask("GET", first.links["next"]["url"], "carrier")
    assert [one["name"] for one in second.json()] == ["q3"]
    assert "next" not in second.links
    everything = border.ask("GET", f"{ROOT}/queries", "amina").json()
    assert [one["name"] for one in everything] == ["q0", "q1", "q2", "q3", "q4"]


def test_a_rebuild_makes_the_same_tables(border: Any) -> None:
    capture(border, event(1), event(2, epcList=[BOX]))
    border.arrive()
    arriving = event(
        5, bizStep="departing", epcList=[BOX], readPoint=PLACE, eventTime="2026-07-14T07:59:00Z"
    )  # fmt: skip
    capture(border, arriving)
    form = {"name": "all", "query": {"eventType": ["ObjectEvent"]}}
    border.ask("POST", f"{ROOT}/queries", "carrier", json=form)

    def again(hand: Any) -> Any:
        return rebuild(hand.connection, projections(), projection_tables())

    found = border.node.act(OWNER, again).result().result
    assert not [name for name in found.changed if name.startswith("epcis")]


def test_what_was_captured_twice_at_once_is_recorded_once(border: Any) -> None:
    body = document(*(event(n) for n in range(1, 50)))

    def send(_: int) -> Any:
        return border.ask("POST", f"{ROOT}/capture", "carrier", json=body)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, range(16)))
    assert {one.status_code for one in answers} == {202}
    assert len({one.headers["location"] for one in answers}) == 1
    assert len(find(border, perPage=1_000)) == 49
