"""The pages that verify are whole files, in every language."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from clearway.console import verifier

STATIC = Path(verifier.__file__).parent / "static"
STRING = r'"((?:[^"\\]|\\.)*)"'
SHARED = ("verifier/bytes", "verifier/ui")
PAGES = {
    "receipts": (
        "verifier/verifier.html",
        (
            *SHARED,
            *(f"verifier/{name}" for name in ("note", "quorum", "fields", "receipt", "page")),
        ),
        "verifier/texts.js",
    ),
    "certificates": (
        "certificate/certificate.html",
        (
            *SHARED,
            *(
                f"certificate/{name}"
                for name in ("cose", "seal", "trust", "verdict", "kept", "scan", "page")
            ),
        ),
        "certificate/texts.js",
    ),
}
BUNDLES = {"receipts": verifier.receipts, "certificates": verifier.certificates}
# Where the scripts have texts for people.
SHOWN = (
    rf"new Fault\({STRING}",
    rf"(?<![\w.])t\({STRING}",
    rf'verdict\("\w+", {STRING}',
    rf"\[{STRING}, (?:fact|checkpoint|claims|goods|trust|String|`)",
    rf"(?:fromBase64|hash)\({STRING}",
    rf"notASeal\({STRING}",
    rf"translate\({STRING}",
    rf"\b[GAR]\d\d: {STRING}",
)
LISTS = (r"const TITLES = \{([^}]*)\}", r"const heads = \[([^\]]*)\]")


def source(name: str) -> str:
    return (STATIC / name).read_text(encoding="utf-8")


def texts(page: str) -> set[str]:
    """Return every text that a page shows, as its sources say it."""
    html, names, _ = PAGES[page]
    scripts = "".join(source(f"{name}.js") for name in names)
    shown = {found for pattern in SHOWN for found in re.findall(pattern, scripts)}
    for pattern in LISTS:
        for inner in re.findall(pattern, scripts):
            shown |= set(re.findall(STRING, inner))
    return shown | set(re.findall(r"data-t>([^<]+)<", source(html)))


@pytest.mark.parametrize("page", PAGES)
def test_a_page_asks_nobody_for_anything(page: str) -> None:
    html = BUNDLES[page]().html
    head = html.split("<script>")[0]
    assert not re.search(r"""src\s*=|url\(|<link rel="stylesheet""", head)
    own = "".join(source(f"{name}.js") for name in PAGES[page][1])
    assert not re.search(r"fetch\(|XMLHttpRequest|WebSocket|import\(|sendBeacon", own)
    assert "default-src 'none'" in head and "unsafe-inline" not in head


@pytest.mark.parametrize("page", PAGES)
def test_every_text_is_translated_into_every_language(page: str) -> None:
    wanted = texts(page)
    assert len(wanted) > 50
    for language in re.split(r"\n  (?=\w\w: \{)", source(PAGES[page][2]))[1:]:
        translated = dict(re.findall(rf"{STRING}: {STRING}", language))
        assert wanted - set(translated) == set(), language[:2]
        assert set(translated) - wanted == set(), language[:2]


@pytest.mark.parametrize("page", PAGES)
def test_translations_keep_their_placeholders(page: str) -> None:
    for text, translated in re.findall(rf"{STRING}: {STRING}", source(PAGES[page][2])):
        assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", translated)), text
