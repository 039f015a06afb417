"""Who sees what: officers of other agencies, traders, auditors, the administrator."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

from clearway.clearance import tables as clearance
from clearway.clearance.rules import CONFIDENTIAL
from clearway.declarations import tables as declarations
from clearway.identity.model import Actor, ActorKind, Role
from clearway.movements.actions.pass_gate import pass_gate
from clearway.movements.model import Direction, GatePass
from clearway.terms.transport import ContainerNumber

from .border import PASSWORD, Border
from .browser import Browser
from .markup import Markup

Visit = Callable[[str], Browser]
OWNER_OF_GATE = Actor(ActorKind.OFFICER, "gate", "customs", frozenset({Role.CUSTOMS_OFFICER}))


def trader(border: Border) -> tuple[str, str, str]:
    """Return a trader, a declaration of its own, and one of another."""
    own = next(iter(border.mrns.values()))
    account = border.trader_of(own)
    other = next(m for m in border.mrns.values() if border.trader_of(m) != account)
    return account, own, other


def test_an_agency_cannot_begin_or_report_for_another(border: Border, visit: Visit) -> None:
    petra = visit("petra")
    entry = next(e for e in border.queue() if e.waiting.agencies == ("customs",))
    place = f"/console/examinations/{entry.examination}"
    assert f'action="{place}/start"' not in petra.get("/console/?agency=all").text
    assert "takes no part" in petra.get(place).text
    before = border.node.log.size
    for path in [f"{place}/start", place]:
        answer = petra.send(path, "/console/declarations", outcome="conform", seal=seal(petra))
        assert answer.status_code in (403, 409)
    assert border.node.log.size == before


def seal(browser: Browser) -> str:
    return browser.seal("/console/declarations")


def test_risk_is_for_those_who_may_read_it(border: Border, visit: Visit) -> None:
    mrn = next(iter(border.mrns.values()))
    assert "Chance of selection" in visit("amina").get(f"/console/declarations/{mrn}").text
    petra = visit("petra")
    assert "Chance of selection" not in petra.get(f"/console/declarations/{mrn}").text
    assert "Channel" not in petra.get("/console/declarations").text
    assessed = receipt_of(visit("amina"), mrn, "Risk assessed")
    assert petra.get(assessed).status_code == 404


def receipt_of(browser: Browser, mrn: str, step: str) -> str:
    page = browser.get(f"/console/declarations/{mrn}").text
    found = re.search(step + r".*?(/console/receipts/\d+)", page, re.DOTALL)
    assert found is not None, step
    return found[1]


def test_a_trader_sees_the_own_declarations_and_no_others(border: Border, visit: Visit) -> None:
    account, own, other = trader(border)
    browser = visit(account)
    assert browser.get("/console/").headers["location"] == "/console/declarations"
    listed = set(re.findall(r"26XA[A-Z0-9]{14}", browser.get("/console/declarations").text))
    assert own in listed
    for summary in (border.ask(declarations.get_summary, mrn) for mrn in listed):
        assert account in (summary.trader, summary.declarant)
    assert browser.get(f"/console/declarations/{own}").status_code == 200
    absent = browser.get("/console/declarations/26XAPRT0000000000A8").text
    hidden = browser.get(f"/console/declarations/{other}")
    assert hidden.status_code == 404
    assert Markup.of(hidden.text).text.replace(other, "") == Markup.of(absent).text.replace(
        "26XAPRT0000000000A8", ""
    )


def test_a_trader_learns_nothing_of_how_risk_selects(border: Border, visit: Visit) -> None:
    account, own, _ = trader(border)
    browser = visit(account)
    page = browser.get(f"/console/declarations/{own}").text
    for secret in ["Chance of selection", "Selected by risk", "Risk assessed"]:
        assert secret not in page
    officer = visit("amina")
    assert browser.get(receipt_of(officer, own, "Risk assessed")).status_code == 404
    assert browser.get(receipt_of(officer, own, "Declaration accepted")).status_code == 200


def test_a_decision_is_evidence_for_the_trader_unless_it_tells_how_risk_selects(
    border: Border, visit: Visit
) -> None:
    officer = visit("amina")
    answers = set()
    for mrn in list(border.mrns.values())[::4]:
        decided = border.ask(clearance.decisions_of, mrn)[0].decided
        is_secret = any(reason.code in CONFIDENTIAL for reason in decided.reasons)
        account = border.trader_of(mrn)
        receipt = receipt_of(officer, mrn, "Decision taken")
        browser = visit(account)
        assert browser.get(receipt).status_code == (404 if is_secret else 200)
        is_linked = f'"{receipt}"' in browser.get(f"/console/declarations/{mrn}").text
        assert is_linked is not is_secret
        answers.add(is_secret)
    assert answers == {True, False}


def test_a_trader_deals_with_agencies_and_sees_no_officers_name(
    border: Border, visit: Visit
) -> None:
    entry = next(e for e in border.queue("customs") if e.waiting.agencies == ("customs",))
    place = f"/console/examinations/{entry.examination}"
    amina = visit("amina")
    amina.send(f"{place}/start", "/console/?agency=all")
    amina.send(place, place, outcome="conform")
    account = border.trader_of(str(entry.mrn))
    page = visit(account).get(f"/console/declarations/{entry.mrn}").text
    assert "Examination begun" in page
    assert re.search(r"\bamina\b", page, re.IGNORECASE) is None


def test_a_trader_gets_no_receipt_of_anothers_fact(border: Border, visit: Visit) -> None:
    account, _, other = trader(border)
    browser = visit(account)
    foreign = receipt_of(visit("amina"), other, "Declaration accepted")
    assert browser.get(foreign).status_code == 404
    statuses = {browser.get(f"/console/receipts/{seq}").status_code for seq in range(60)}
    assert statuses == {404}  # accounts and parties, which only administrators read


def test_a_trader_opens_no_page_of_officers(border: Border, visit: Visit) -> None:
    account, _, _ = trader(border)
    browser = visit(account)
    examination = border.queue()[0].examination
    for path in [
        "/queue/rows", "/insight", "/map", "/data/map", "/data/flow", "/alarms/count",
        f"/examinations/{examination}",
    ]:  # fmt: skip
        assert browser.get("/console" + path).status_code in (403, 404), path


def test_a_trader_sees_the_reefers_of_the_own_goods_only(border: Border, visit: Visit) -> None:
    account, _, _ = trader(border)
    browser = visit(account)
    own = {
        box.number
        for lrn, mrn in border.mrns.items()
        if border.trader_of(mrn) == account
        for box in border.day.truth.consignments[lrn].boxes
    }
    for unit in border.day.truth.voyage.units:
        answer = browser.get(f"/console/reefers/{unit.container}")
        assert answer.status_code == (200 if unit.container in own else 404)
    shown = set(re.findall(r"/console/reefers/([A-Z0-9]+)", browser.get("/console/reefers").text))
    assert shown <= own


def test_a_trader_does_not_see_where_a_container_was_with_anothers_goods(
    border: Border, visit: Visit
) -> None:
    units = {unit.container for unit in border.day.truth.voyage.units}
    container, account = next(
        (box.number, border.trader_of(mrn))
        for lrn, mrn in border.mrns.items()
        for box in border.day.truth.consignments[lrn].boxes
        if box.number in units
    )
    before = border.clock() - timedelta(days=300)
    passed = GatePass(ContainerNumber(container), "XAPRT", before, "FORMER-GATE", Direction.IN)
    border.node.act(OWNER_OF_GATE, lambda hand: pass_gate(hand, passed)).result()
    assert "FORMER-GATE" in visit("amina").get(f"/console/reefers/{container}").text
    answer = visit(account).get(f"/console/reefers/{container}")
    assert answer.status_code == 200
    page = answer.text
    assert "FORMER-GATE" not in page
    linked = set(re.findall(r"/console/declarations/([A-Z0-9]+)", page))
    assert linked <= {mrn for mrn in border.mrns.values() if border.trader_of(mrn) == account}


def test_an_auditor_sees_everything_and_finds_no_button(border: Border, visit: Visit) -> None:
    auditor = visit("audit")
    mrn = str(border.queue()[0].mrn)
    for path in ["/?agency=all", "/alarms", "/insight", "/map", f"/declarations/{mrn}"]:
        page = auditor.get("/console" + path)
        assert page.status_code == 200
        actions = {form.get("action", "") for form in Markup.of(page.text).all("form")}
        assert actions <= {"/console/logout", "/console/", "/console/declarations"}


def test_the_administrator_is_led_to_what_is_theirs(border: Border, visit: Visit) -> None:
    keeper = visit("admin")
    assert keeper.get("/console/").headers["location"] == "/console/insight"
    assert keeper.get("/console/queue/rows").status_code == 403
    shown = keeper.get("/console/insight").text
    assert 'href="/console/alarms"' not in shown


def test_a_closed_account_is_out_at_once(border: Border, visit: Visit) -> None:
    from clearway.cli.setup import OWNER
    from clearway.identity.actions.close_account import close_account
    from clearway.identity.actions.open_account import open_account
    from clearway.identity.actions.set_password import set_password
    from clearway.identity.model import ActorKind, Role
    from clearway.identity.passwords import hash_password
    from clearway.policy.act import Act

    def hire(act: Act) -> None:
        roles = {Role.CUSTOMS_OFFICER}
        open_account(act, "brief", ActorKind.OFFICER, "customs", roles)
        set_password(act, "brief", hash_password(PASSWORD, "brief", b"some other salt!"))

    border.node.act(OWNER, hire).result()
    brief = visit("brief")
    assert brief.get("/console/").status_code == 200
    border.node.act(OWNER, lambda act: close_account(act, "brief", "left")).result()
    assert brief.get("/console/").headers["location"] == "/console/login"
