"""The commands as a person runs them, on a node in a temporary folder."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CODE = "import sys; sys.argv[0] = 'clearway'\nfrom clearway.cli import main\nmain()"

Clearway = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def clearway(tmp_path: Path) -> Clearway:
    """`clearway("node", "init")` runs a command with the settings of one temporary node."""
    settings = tmp_path / "settings.toml"
    settings.write_text(
        f'data_directory = "{tmp_path / "node"}"\nnode_name = "customs.example/test"\n'
    )

    def run(*words: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", CODE, *map(str, words)],
            cwd=ROOT,
            env={"CLEARWAY_SETTINGS": str(settings), "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run
