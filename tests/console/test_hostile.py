"""What strangers write is text on our pages, whatever it looks like."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from clearway.simulator.mail import Kind

from .border import Border
from .browser import Browser
from .markup import Markup

Visit = Callable[[str], Browser]
_LONGEST = 200
_PER_DECLARATION = 90

OURS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onfocus='alert(1)' autofocus='",
    "javascript:alert(1)",
    "{{ 7 * 7 }}{% raw %}",
    "{actor.__class__}",
    "</textarea></script><svg/onload=alert(1)>",
    "&lt;b&gt;&#x3c;b>",
    "\u202egnp.exe\u202c",
    "<!--<table><tr></dialog></main>",
]


@pytest.fixture(scope="module")
def sample(border: Border) -> tuple[dict[str, Any], str]:
    """A declaration of today in JSON, and who lodged it."""
    first = next(
        event
        for event in border.day.events
        if event.kind is Kind.DECLARATION and "json" in event.content_type
    )
    return json.loads(first.body), first.account


def payloads(shared_data: Path) -> Iterator[str]:
    yield from json.loads((shared_data / "hostile/naughty/blns.json").read_text("utf-8"))
    for path in sorted((shared_data / "hostile/payloads").rglob("*.txt")):
        yield from path.read_text("utf-8", "replace").splitlines()[:120]


def lodge(border: Border, sample: tuple[dict[str, Any], str], lrn: str, texts: list[str]) -> str:
    """Lodge a declaration whose goods are described so; return its MRN."""
    declaration, account = json.loads(json.dumps(sample[0])), sample[1]
    item = declaration["items"][0]
    declaration |= {"lrn": lrn, "item_count": len(texts)}
    declaration["items"] = [
        {**item, "number": number, "description": text, "documents": []}
        for number, text in enumerate(texts, 1)
    ]
    return border.lodge(json.dumps(declaration).encode(), account)


def shown(browser: Browser, path: str) -> Markup:
    answer = browser.get("/console" + path)
    assert answer.status_code == 200
    found = Markup.of(answer.text)
    found.require_own()
    return found


def test_our_own_tricks_stay_text(border: Border, visit: Visit, sample: Any) -> None:
    mrn = lodge(border, sample, "tricks", OURS)
    amina = visit("amina")
    page = shown(amina, f"/declarations/{mrn}")
    for trick in OURS:
        assert " ".join(trick.split()) in page.text
    for path in ["/declarations", f"/declarations?search={mrn}", "/?agency=all"]:
        shown(amina, path)


def test_a_list_of_known_tricks_stays_text(
    border: Border, visit: Visit, sample: Any, shared_data: Path
) -> None:
    amina = visit("amina")
    texts = [
        text[:_LONGEST].strip()
        for text in dict.fromkeys(payloads(shared_data))
        if "<" in text or "&" in text or '"' in text or "{" in text
    ]
    usable = [text for text in texts if text and text.isprintable()][:270]
    assert len(usable) > 200
    for start in range(0, len(usable), _PER_DECLARATION):
        some = usable[start : start + _PER_DECLARATION]
        page = shown(amina, f"/declarations/{lodge(border, sample, f'list-{start}', some)}")
        for text in some:
            assert " ".join(text.split()) in page.text


@pytest.mark.parametrize("text", OURS)
def test_what_is_searched_for_stays_text(visit: Visit, text: str) -> None:
    answer = visit("amina").get("/console/declarations", params={"search": text, "status": text})
    page = Markup.of(answer.text)
    page.require_own()
    field = next(one for one in page.all("input") if one.get("id") == "search")
    assert field["value"] == text[:40].strip()


def test_what_is_typed_at_the_door_stays_text(visit: Visit) -> None:
    answer = visit("").post("/console/login", data={"account": OURS[1], "password": "x"})
    page = Markup.of(answer.text)
    page.require_own()
    assert next(one for one in page.all("input") if one.get("id") == "account")["value"] == OURS[1]


@pytest.mark.parametrize(
    "path",
    [
        "/console/static/../app.py",
        "/console/static/%2e%2e/app.py",
        "/console/static/..%2fapp.py",
        "/console/static/vendor/%2e%2e/%2e%2e/visitor.py",
        "/console/static//etc/passwd",
        "/console/static/%5c..%5capp.py",
        "/console/static/clearway.css%00.py",
        "/console/static",
    ],
)
def test_nothing_but_assets_comes_out_of_the_static_folder(visit: Visit, path: str) -> None:
    answer = visit("amina").get(path)
    assert answer.status_code in (400, 404, 405, 307)
    assert "import" not in answer.text


def test_a_form_with_files_or_too_many_fields_is_refused(visit: Visit) -> None:
    amina = visit("amina")
    many = {f"field-{number}": "x" for number in range(60)}
    place = "/console/alarms/1/acknowledge"
    assert amina.post(place, data=many).status_code in (400, 403)
    files = {"seal": ("seal.txt", b"x")}
    assert amina.post(place, files=files).status_code in (400, 403)
