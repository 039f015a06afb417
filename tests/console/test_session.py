"""Coming in and going out: passwords, cookies, seals, and what a session survives."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from clearway.cli.server import application

from .border import PASSWORD, Border
from .browser import Browser

Visit = Callable[[str], Browser]


def test_nobody_sees_a_page_without_signing_in(visit: Visit) -> None:
    nobody = visit("")
    for path in ["/", "/declarations", "/alarms", "/insight", "/map", "/data/map", "/live"]:
        answer = nobody.get("/console" + path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/console/login")


def test_a_live_part_sends_whoever_is_signed_out_to_the_way_in(visit: Visit) -> None:
    answer = visit("").get("/console/queue/rows", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["hx-redirect"]) == (401, "/console/login")


def test_a_wrong_password_opens_nothing_and_says_no_more_than_that(visit: Visit) -> None:
    nobody = visit("")
    for account in ["amina", "no-such-account"]:
        form = {"account": account, "password": "not this one"}
        answer = nobody.post("/console/login", data=form)
        assert answer.status_code == 401
        assert "The account or the password is wrong" in answer.text
        assert "set-cookie" not in answer.headers


def test_after_five_wrong_passwords_even_the_right_one_waits(border: Border, visit: Visit) -> None:
    nobody = visit("")
    for _ in range(6):
        nobody.post("/console/login", data={"account": "audit", "password": "guess"})
    right = {"account": "audit", "password": PASSWORD}
    assert nobody.post("/console/login", data=right).status_code == 503
    border.wall.move_to(border.wall() + timedelta(seconds=5))
    assert nobody.post("/console/login", data=right).status_code == 303


def test_an_api_token_opens_a_session_of_its_own_account_only(border: Border, visit: Visit) -> None:
    token = border.tokens["customs-bay"]
    own = {"account": "customs-bay", "password": token}
    assert visit("").post("/console/login", data=own).status_code == 303
    other = {"account": "amina", "password": token}
    assert visit("").post("/console/login", data=other).status_code == 401


def test_the_cookie_is_kept_from_scripts_and_from_other_sites(visit: Visit) -> None:
    form = {"account": "amina", "password": PASSWORD}
    cookie = visit("").post("/console/login", data=form).headers["set-cookie"].lower()
    for part in ["httponly", "samesite=strict", "path=/console", "max-age=28800"]:
        assert part in cookie


def test_a_login_form_that_another_site_sends_is_refused(visit: Visit) -> None:
    form = {"account": "amina", "password": PASSWORD}
    foreign = {"Sec-Fetch-Site": "cross-site"}
    answer = visit("").post("/console/login", data=form, headers=foreign)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_a_form_without_the_seal_of_the_session_is_refused(border: Border, visit: Visit) -> None:
    amina, petra = visit("amina"), visit("petra")
    place = f"/console/examinations/{border.queue()[0].examination}/start"
    before = border.node.log.size
    for fields in [{}, {"seal": "0" * 64}, {"seal": "é"}, {"seal": petra.seal("/console/")}]:
        answer = amina.post(place, data=fields)
        assert answer.status_code == 403
        assert "not from your present session" in answer.text
    assert amina.post("/console/logout", data={}).status_code == 403
    assert border.node.log.size == before


def test_signing_out_ends_the_session_for_good(border: Border, visit: Visit) -> None:
    amina = visit("amina")
    kept = Browser(application(border.node))
    kept.cookies.update(amina.cookies)
    assert kept.get("/console/").status_code == 200
    assert amina.send("/console/logout", "/console/").headers["location"] == "/console/login"
    assert kept.get("/console/").headers["location"] == "/console/login"


def test_a_session_lives_while_somebody_works_and_dies_when_nobody_does(
    border: Border, visit: Visit
) -> None:
    amina, petra = visit("amina"), visit("petra")
    for _ in range(4):
        border.wall.move_to(border.wall() + timedelta(minutes=20))
        assert amina.get("/console/present", headers={"X-Clearway-Present": "1"}).status_code == 204
        petra.get("/console/queue/rows", headers={"HX-Request": "true"})
        border.settle()
    assert amina.get("/console/").status_code == 200
    assert petra.get("/console/").headers["location"] == "/console/login"


def test_a_session_does_not_age_by_the_clock_of_a_replayed_day(
    border: Border, visit: Visit
) -> None:
    amina = visit("amina")
    border.clock.move_to(border.clock() + timedelta(hours=1))
    assert amina.get("/console/").status_code == 200


def test_a_session_ends_after_the_hours_of_the_settings(border: Border, visit: Visit) -> None:
    amina = visit("amina")
    for _ in range(8 * 3):
        border.wall.move_to(border.wall() + timedelta(minutes=20))
        last = amina.get("/console/")
        border.settle()
    assert last.headers["location"] == "/console/login"


@pytest.mark.parametrize(
    "back", ["https://evil.example/", "//evil.example", "/v1/x", "/console/\\evil", "", "/console"]
)
def test_the_choice_of_a_language_leads_nowhere_else(visit: Visit, back: str) -> None:
    answer = visit("").get("/console/language/fr", params={"back": back})
    assert answer.headers["location"] == "/console/"


def test_a_chosen_language_stays_and_beats_the_browsers(visit: Visit) -> None:
    nobody = visit("")
    assert "Se connecter" in nobody.get("/console/login", headers={"accept-language": "fr-CA"}).text
    answer = nobody.get("/console/language/es", params={"back": "/console/login"})
    assert answer.headers["location"] == "/console/login"
    shown = nobody.get("/console/login", headers={"accept-language": "fr"}).text
    assert '<html lang="es" dir="ltr">' in shown
    assert "Iniciar sesión" in shown
    assert nobody.get("/console/language/xx").status_code == 303
