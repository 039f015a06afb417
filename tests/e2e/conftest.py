"""A served border and a real browser; every page is watched for errors and for foreign requests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING, Any

import pytest

from clearway.cli.server import Server

from ..console.border import PASSWORD, Border, open_border

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SCREENSHOTS = Path(__file__).parents[2] / "screenshots"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="module")
def border(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Border]:
    """A border at three in the afternoon."""
    with open_border(tmp_path_factory.mktemp("border"), hour=18) as opened:
        yield opened


@pytest.fixture(scope="module")
def url(border: Border) -> Iterator[str]:
    """Where it is served."""
    with Server(border.node, port=0) as server:
        yield server.url


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The system's Chromium, headless."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is absent: make e2e")
    path = next(filter(None, map(which, ["chromium", "chromium-browser", "google-chrome"])), None)
    if path is None:
        pytest.skip("Chromium is absent: make e2e installs it")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@dataclass
class Watch:
    """What went wrong on the pages of a test, and whom they asked for something."""

    complaints: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def follow(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._hear)
        page.on("request", lambda request: self.asked.append(request.url))

    def _hear(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)


Open = Callable[..., "Page"]


@pytest.fixture
def open_page(chromium: Browser, url: str) -> Iterator[Open]:
    """`open_page("amina", "/", scheme="dark")`: a page of a fresh browser, signed in."""
    watch, contexts = Watch(), []

    def opened(account: str = "", path: str = "/", *, width: int = 1280, **context: Any) -> Page:
        made = chromium.new_context(viewport={"width": width, "height": 860}, **context)
        contexts.append(made)
        page = made.new_page()
        watch.follow(page)
        page.goto(f"{url}/console/login")
        if account:
            page.fill("#account", account)
            page.fill("#password", PASSWORD)
            page.press("#password", "Enter")
            page.wait_for_selector(".cw-me")
            page.goto(f"{url}/console{path}")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert watch.complaints == []
    assert [one for one in watch.asked if not one.startswith((url, "data:"))] == []


def wait_drawn(page: Page) -> None:
    """Wait until every chart of the page is drawn."""
    page.wait_for_selector("[data-chart]")
    page.wait_for_selector("[data-chart]:not([data-drawn])", state="detached", timeout=15_000)
    assert page.locator("[data-chart]:not([data-drawn=yes])").count() == 0
