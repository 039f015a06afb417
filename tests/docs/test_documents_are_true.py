"""The documents tell the truth: settings, help texts, links, code blocks, room plans."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from clearway.settings import table

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted(
    path
    for path in (
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/**/*.md"),
        *ROOT.glob("clearway/**/README.md"),
    )
    if "vendor" not in path.parts
)
ROOMS = ("declarations", "certificates", "movements", "coldchain", "measures", "risk", "clearance")


def test_every_setting_is_documented() -> None:
    assert table() in (ROOT / "docs" / "settings.md").read_text(encoding="utf-8"), (
        "run: clearway settings --markdown"
    )


def test_the_command_reference_is_what_help_prints() -> None:
    from tools.command_reference import FOLDER, pages

    written = {page.name: page.read_text(encoding="utf-8") for page in FOLDER.glob("*.md")}
    assert written == pages(), "run: python -m tools.command_reference"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8")):
        if not target.startswith(("http:", "https:", "mailto:")):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_page_is_over_500_lines(document: Path) -> None:
    assert len(document.read_text(encoding="utf-8").splitlines()) <= 500


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_tells_the_life_of_one_thing(room: str) -> None:
    text = (ROOT / "clearway" / room / "README.md").read_text(encoding="utf-8").lower()
    assert "life of" in text or "the life" in text


def _paths_in(document: Path) -> list[str]:
    text = document.read_text(encoding="utf-8")
    return re.findall(
        r"`((?:clearway|tests|tools|docs)/[\w/.-]+\.(?:py|md|toml|json|csv|sh))`", text
    )


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_that_a_document_names_exist(document: Path) -> None:
    for path in _paths_in(document):
        assert (ROOT / path).exists(), f"{document.name} names {path}"


def test_the_readme_s_python_blocks_run() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for block in re.findall(r"```python\n(.*?)```", text, re.S):
        subprocess.run([sys.executable, "-c", block], check=True, cwd=ROOT)


def test_help_answers_in_time_to_be_read() -> None:
    """Not a timing: the modules that are slow to import must not be needed for help."""
    heavy = (
        "duckdb polars lightgbm numpy lxml cryptography fastapi sqlalchemy pydantic httpx"
        " rich.table"
    )
    code = (
        "import sys; sys.argv = ['clearway', '--help']\n"
        "try:\n    from clearway.cli import main; main()\n"
        "except SystemExit:\n    pass\n"
        f"print([name for name in {heavy.split()!r} if name in sys.modules])"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT
    )
    assert shown.stdout.rstrip().endswith("[]"), shown.stdout[-200:]
