"""Officers at work in a real browser: keyboard, live news, charts, themes, accessibility."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from clearway.clearance import tables as clearance
from clearway.clearance.actions.start_examination import start_examination
from clearway.clearance.lanes import tables as lanes
from clearway.clearance.record import State
from clearway.cli.demo_analysis import prepare_desk
from clearway.coldchain.tables import list_units
from clearway.identity.model import Actor, ActorKind, Role
from clearway.risk.lists import tables as lists
from clearway.tasks.tables import list_open

from ..console.border import PASSWORD, Border
from .conftest import SCREENSHOTS, Open, wait_drawn

if TYPE_CHECKING:
    from playwright.sync_api import Page

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
LIVE = ".cw-live:not(.is-lost)"
OFFICER = Actor(ActorKind.OFFICER, "amina", "customs", frozenset({Role.CUSTOMS_OFFICER}))


def paths(border: Border) -> dict[str, str]:
    """Return every kind of page by a name for its screenshot."""
    with_reefer = next(
        mrn
        for unit in border.ask(list_units)
        for mrn in border.ask(clearance.in_container, str(unit.container))
    )
    begun = begun_examination(border)
    if not border.ask(lists.list_lists):
        prepare_desk(border.node, "amina", border.node.folder.history)
    unit = border.ask(list_units)[0].container
    return {
        "queue": "/?agency=all",
        "declarations": "/declarations",
        "consignment": f"/declarations/{with_reefer}",
        "examination": f"/examinations/{begun}",
        "alarms": "/alarms",
        "fleet": "/reefers",
        "tasks": "/tasks?show=all",
        "task": f"/tasks/{border.ask(list_open, border.clock())[0].seq}",
        "reefer": f"/reefers/{unit}",
        "risk": "/risk",
        "rules": "/risk/rules",
        "rule": "/risk/rules/S-VAGUE-1",
        "version": "/risk/rules/D-NEW-PREF-1/1",
        "lists": "/risk/lists",
        "list": "/risk/lists/found_again",
        "capacity": "/risk/capacity",
        "performance": "/risk/performance",
        "drift": "/risk/drift",
        "models": "/risk/models",
        "history": "/risk/search?q=hs%5E6403",
        "importers": "/risk/importers",
        "fairness": "/risk/fairness",
        "audit": f"/audits/{released(border)}",
        "insight": "/insight",
        "map": "/map",
        "ledger": "/ledger",
    }


def released(border: Border) -> str:
    """Return a declaration whose goods have left, one that waits for its audit if any does."""
    waiting = [str(one.mrn) for one in border.ask(lanes.list_audits)]
    found = (border.ask(clearance.find, mrn) for mrn in border.mrns.values())
    gone = [str(one.mrn) for one in found if one is not None and one.state is State.RELEASED]
    return (waiting or gone)[0]


def begun_examination(border: Border) -> str:
    """Return an examination that customs has begun and not reported; begin one if there is none."""
    found = [one for _, one in border.ask(clearance.list_examinations, agency="customs")]
    waiting = [one for one in found if "customs" in one.waiting_for]
    begun = next((one for one in waiting if one.started_at is not None), None)
    if begun is not None:
        return str(begun.id)
    entry = next(e for e in border.queue("customs") if e.waiting.agencies == ("customs",))
    border.node.act(OFFICER, lambda act: start_examination(act, entry.examination)).result()
    return str(entry.examination)


def send_readings(border: Border, url: str, *, place: int = -1, hot: bool = False) -> str:
    """Let the logger of a reefer report once more; return its container."""
    unit = border.ask(list_units)[place]
    at = max(border.clock(), unit.state.at or border.clock()) + timedelta(minutes=10)
    border.clock.move_to(at + timedelta(hours=6))
    warm = 25.0 if hot else unit.state.seen.supply_c
    readings = [
        {
            "seq": number,
            "at": (at + timedelta(minutes=30 * number)).isoformat(),
            "supply_c": warm,
            "return_c": warm,
            "powered": not hot,
        }
        for number in range(12)
    ]
    batch = {
        "device": f"extra-{at:%H%M%S}",
        "container": unit.container,
        "boot_id": f"{at:%d%H%M%S}",
        "readings": readings,
    }
    answer = httpx.post(
        f"{url}/v1/readings",
        headers={"Authorization": f"Bearer {border.tokens['carrier']}"},
        json=batch,
        trust_env=False,
    )
    assert answer.status_code == 201, answer.text
    return str(unit.container)


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.textContent.trim()"))


def test_an_officer_works_the_queue_by_keyboard_alone(
    border: Border, url: str, open_page: Open
) -> None:
    page = open_page()
    page.keyboard.type("amina")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("#queue")
    entry = next(e for e in border.queue() if e.waiting.agencies == ("customs",))
    for _ in range(entry.rank):
        page.keyboard.press("j")
    assert focused(page) == entry.mrn
    page.keyboard.press("b")
    page.wait_for_selector("#result")
    page.keyboard.press("Space")  # the first outcome has the focus: conform
    page.keyboard.press("Enter")
    page.wait_for_selector("#consignment")
    assert page.url.endswith(f"/declarations/{entry.mrn}")
    assert "conform" in page.inner_text(".list-group >> nth=0")
    page.keyboard.press("g")
    page.keyboard.press("q")
    page.wait_for_selector("#queue")
    assert page.locator(f"#q-{entry.examination}").count() == 0


def test_findings_are_recorded_with_the_keyboard_alone(border: Border, open_page: Open) -> None:
    entry = next(e for e in border.queue() if e.waiting.agencies == ("customs",))
    page = open_page("amina", f"/declarations/{entry.mrn}")
    page.keyboard.press("b")
    page.wait_for_selector("#result")
    assert page.locator("#kind-1").is_hidden()
    page.keyboard.press("ArrowDown")  # not conform
    page.wait_for_selector("#kind-1")
    page.keyboard.press("Tab")
    page.keyboard.type("underv")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type("Half of the usual price")
    page.keyboard.press("Tab")
    page.keyboard.type("1250.50")
    page.keyboard.press("Tab")
    assert focused(page) == "One more finding"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "kind-2"
    page.locator("#extra_revenue").focus()
    page.keyboard.type("1250.50")
    page.keyboard.press("Enter")
    page.wait_for_selector("#consignment")
    assert "Half of the usual price" in page.inner_text("#consignment")
    assert "1,250.50" in page.inner_text("#consignment")


def test_single_keys_can_be_turned_off(open_page: Open) -> None:
    page = open_page("amina")
    page.keyboard.press("?")
    page.wait_for_selector("dialog[open]")
    page.locator("[data-keys-toggle]").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.closest('tr') === null")
    page.keyboard.press("?")
    assert page.locator("dialog[open]").count() == 0


def test_an_alarm_appears_live_on_any_page_and_is_announced(
    border: Border, url: str, open_page: Open
) -> None:
    page = open_page("amina", "/declarations")
    page.wait_for_selector(LIVE)
    page.wait_for_selector("#alarm-count .cw-count")
    page.evaluate("document.body.dataset.mark = 'same page'")
    before = int(page.inner_text(".cw-count").split()[0])
    container = send_readings(border, url, hot=True)
    page.wait_for_selector(f"#announce:has-text('{container}')", state="attached")
    assert int(page.inner_text(".cw-count").split()[0]) > before
    assert page.evaluate("document.body.dataset.mark") == "same page"


def test_the_list_of_alarms_fills_while_it_is_looked_at(
    border: Border, url: str, open_page: Open
) -> None:
    page = open_page("amina", "/alarms")
    page.wait_for_selector(LIVE)
    first = page.locator("#standing form").first
    first.locator("button").focus()
    action = first.get_attribute("action")
    number = page.locator("#standing tbody tr").count()
    shown = page.inner_text("#standing")
    units = border.ask(list_units)
    quiet = next(at for at, unit in enumerate(units) if unit.container not in shown)
    send_readings(border, url, place=quiet, hot=True)
    page.wait_for_selector(f"#standing tbody tr >> nth={number}", timeout=20_000)
    kept = page.evaluate("document.activeElement.closest('form')?.getAttribute('action')")
    assert kept == action


def test_a_refresh_never_disturbs_whoever_types(border: Border, url: str, open_page: Open) -> None:
    held = next(
        one
        for one in border.ask(clearance.list_consignments, states=[State.HELD])
        if one.arrived_at is not None
    )
    page = open_page("amina", f"/declarations/{held.mrn}")
    page.wait_for_selector(LIVE)
    page.locator("#reason").focus()
    page.keyboard.type("Duty paid at")
    page.evaluate("scrollTo(0, 120)")
    send_readings(border, url)
    page.wait_for_timeout(2_500)
    page.keyboard.type(" the desk")
    assert page.input_value("#reason") == "Duty paid at the desk"
    assert page.evaluate("document.activeElement.id") == "reason"
    assert page.evaluate("scrollY") == 120
    page.keyboard.press("Enter")
    page.wait_for_selector("#decision:has-text('Duty paid at the desk')")


def test_the_focused_row_stays_focused_when_the_queue_changes(
    border: Border, url: str, open_page: Open
) -> None:
    page = open_page("amina", "/?agency=all")
    page.wait_for_selector(LIVE)
    for _ in range(3):
        page.keyboard.press("j")
    mrn = focused(page)
    begun = next(e for e in border.queue() if e.waiting.agencies == ("customs",) and e.mrn != mrn)
    token = border.tokens["customs-bay"]
    answer = httpx.post(
        f"{url}/v1/examinations/{begun.examination}/start",
        headers={"Authorization": f"Bearer {token}"},
        json={},
        trust_env=False,
    )
    assert answer.status_code == 200
    page.wait_for_selector(f"#s-{begun.examination}")
    assert page.locator(f"#q-{begun.examination}").count() == 0
    assert focused(page) == mrn


def test_charts_are_drawn_in_light_and_dark(border: Border, open_page: Open) -> None:
    page = open_page("amina", "/insight", color_scheme="light")
    for name in ["insight", "map", "reefer"]:
        page.goto(page.url.split("/console")[0] + "/console" + paths(border)[name])
        wait_drawn(page)
        light = page.locator("[data-chart]").first.inner_html()
        assert light.count("<path") > 10
        page.locator("[data-theme-toggle]").click()
        page.wait_for_timeout(700)
        assert page.locator("[data-chart]").first.inner_html() != light
        page.locator("[data-theme-toggle]").click()


def test_the_chosen_theme_stays_and_does_not_flash(open_page: Open) -> None:
    page = open_page("amina", "/", color_scheme="light")
    assert page.get_attribute("html", "data-bs-theme") == "light"
    page.locator("[data-theme-toggle]").click()
    page.reload()
    assert page.get_attribute("html", "data-bs-theme") == "dark"
    dark = open_page("amina", "/", color_scheme="dark")
    assert dark.get_attribute("html", "data-bs-theme") == "dark"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_accessible_and_has_its_picture_taken(
    border: Border, url: str, open_page: Open, scheme: str
) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is absent: make assets fetches it")
    SCREENSHOTS.mkdir(exist_ok=True)
    page = open_page(color_scheme=scheme)
    require_accessible(page, "login")
    page = open_page("amina", color_scheme=scheme)
    for name, path in paths(border).items():
        page.goto(f"{url}/console{path}")
        if page.locator("[data-chart]").count():
            wait_drawn(page)
        page.wait_for_selector("#alarm-count .cw-count", state="attached")
        if name == "examination":
            page.locator("input[value=not_conform]").check()
        page.screenshot(path=SCREENSHOTS / f"{name}-{scheme}.png", full_page=name != "queue")
        require_accessible(page, name)
    page.goto(f"{url}/console/")
    page.keyboard.press("?")
    require_accessible(page, "keys")


def require_accessible(page: Page, name: str) -> None:
    """Fail on any violation of WCAG 2.2 A and AA that axe-core finds."""
    page.evaluate(AXE.read_text())
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    found: dict[str, Any] = page.evaluate(
        "tags => axe.run({ runOnly: { type: 'tag', values: tags } })", tags
    )
    wrong = [
        f"{name}: {one['id']} ({one['impact']}): {one['nodes'][0]['html'][:160]}"
        for one in found["violations"]
    ]
    assert wrong == [], json.dumps(wrong, indent=1)


@pytest.mark.parametrize("path", ["/risk/capacity", "/risk/performance", "/risk/drift"])
def test_what_a_telephone_cannot_show_at_once_is_reached_by_keyboard(
    url: str, open_page: Open, path: str
) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is absent: make assets fetches it")
    page = open_page("amina", width=390)
    page.goto(f"{url}/console{path}")
    if page.locator("[data-chart]").count():
        wait_drawn(page)
    require_accessible(page, path)


@pytest.mark.parametrize("width", [768, 1024])
def test_pages_fit_a_tablet(border: Border, url: str, open_page: Open, width: int) -> None:
    page = open_page("amina", width=width)
    for name, path in paths(border).items():
        page.goto(f"{url}/console{path}")
        page.wait_for_timeout(150)
        over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        page.screenshot(path=SCREENSHOTS / f"{name}-{width}.png")
        assert over <= 0, name


def test_the_console_works_without_scripts(border: Border, url: str, open_page: Open) -> None:
    page = open_page("amina", "/?agency=all", java_script_enabled=False)
    entry = next(e for e in border.queue() if e.waiting.agencies == ("customs",))
    page.locator(f"#q-{entry.examination} button").click()
    page.locator("input[value=conform]").check()
    page.locator("#result button.btn-primary").click()
    assert page.url.endswith(f"/declarations/{entry.mrn}")
    assert "conform" in page.inner_text("#consignment")
    page.goto(f"{url}/console/insight")
    assert "released" in page.inner_text("table >> nth=0")


def test_the_language_is_chosen_at_the_foot_of_the_page(open_page: Open) -> None:
    page = open_page("amina", "/alarms", locale="en-GB")
    page.get_by_role("link", name="Français").click()
    page.wait_for_selector("h1:has-text('Alarmes de la chaîne du froid')")
    assert page.url.endswith("/alarms")
    assert page.get_attribute("html", "lang") == "fr"
