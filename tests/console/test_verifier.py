"""The page that verifies receipts is one whole file, in every language."""

from __future__ import annotations

import re
from pathlib import Path

from clearway.console import verifier

FOLDER = Path(verifier.__file__).parent / "static" / "verifier"
STRING = r'"((?:[^"\\]|\\.)*)"'


def source(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def texts() -> set[str]:
    """Return every text that the page shows, as its sources say it."""
    scripts = "".join(
        source(f"{name}.js")
        for name in ("bytes", "ui", "note", "quorum", "fields", "receipt", "page")
    )
    shown = set(re.findall(rf"new Fault\({STRING}", scripts))
    shown |= set(re.findall(rf"(?<![\w.])t\({STRING}", scripts))
    shown |= set(re.findall(rf'verdict\("\w+", {STRING}', scripts))
    shown |= set(re.findall(rf"\[{STRING}, (?:fact|checkpoint|String|`)", scripts))
    shown |= set(re.findall(rf"(?:fromBase64|hash)\({STRING}", scripts))
    page = source("verifier.html")
    return shown | set(re.findall(r"data-t>([^<]+)<", page))


def test_the_page_asks_nobody_for_anything() -> None:
    page = verifier.receipts().html
    assert not re.search(r"""(?:src|href|url)\s*[=(]""", page.split("<script>")[0])
    assert not re.search(r"fetch\(|XMLHttpRequest|WebSocket|import\(|sendBeacon", page)
    assert "default-src 'none'" in page


def test_every_text_is_translated_into_every_language() -> None:
    wanted = texts()
    assert len(wanted) > 50
    for language in re.split(r"\n  (?=\w\w: \{)", source("texts.js"))[1:]:
        translated = dict(re.findall(rf"{STRING}: {STRING}", language))
        assert wanted - set(translated) == set(), language[:2]
        assert set(translated) - wanted == set(), language[:2]


def test_translations_keep_their_placeholders() -> None:
    for text, translated in re.findall(rf"{STRING}: {STRING}", source("texts.js")):
        assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", translated)), text
