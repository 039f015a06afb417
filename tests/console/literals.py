"""Every text that the console can show, read from its templates and its code."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import clearway.console
from clearway.console import words
from clearway.console.pages.risk.tabs import TABS
from clearway.console.render import NAVIGATION
from clearway.console.translate import OWN_NAME

ROOM = Path(clearway.console.__file__).parent
_IN_TEMPLATE = re.compile(r"""\bt\(\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')""")


def in_templates() -> set[str]:
    texts = set()
    for path in (ROOM / "templates").rglob("*.html"):
        texts |= {
            ast.literal_eval(found) for found in _IN_TEMPLATE.findall(path.read_text("utf-8"))
        }
    return texts


def in_code() -> set[str]:
    texts = set()
    for path in ROOM.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute)
            if not is_call or not node.args or not isinstance(node.args[0], ast.Constant):
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            if name == "t" and isinstance(node.args[0].value, str):
                texts.add(node.args[0].value)
    return texts


def every_text() -> set[str]:
    labels = {page.label for page in (*NAVIGATION, *TABS)}
    shown = in_templates() | in_code() | set(words.every_word()) | labels | {OWN_NAME}
    return {text for text in shown if text}
