"""One border for all tests of the console: making it costs a few seconds."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from clearway.cli.server import application

from .border import PASSWORD, Border, open_border
from .browser import Browser


@pytest.fixture(scope="session")
def border(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Border]:
    """A border at three in the afternoon."""
    with open_border(tmp_path_factory.mktemp("border")) as opened:
        yield opened


@pytest.fixture
def visit(border: Border) -> Callable[[str], Browser]:
    """`visit("amina")` gives a browser in which Amina has signed in; "" for nobody."""

    def enter(account: str) -> Browser:
        browser = Browser(application(border.node))
        if account:
            proof = border.tokens.get(account, PASSWORD)
            fields = {"account": account, "password": proof}
            answer = browser.post("/console/login", data=fields)
            assert answer.status_code == 303, answer.text
        return browser

    return enter
