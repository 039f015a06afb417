"""Write the reference of all commands, as their own help texts say it.

python -m tools.command_reference
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click
import typer

from clearway.cli.app import app

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "commands"
LONGEST = 480
HEAD = """# Commands

What `--help` prints, for every command; `tools/command_reference.py` writes these pages.

Exit codes: 0 done; 1 the answer is no; 2 wrong usage; 3 not decided yet; 65 the input must be
mended; 69 not available now; 70 the node must stop; 77 not permitted.

| command | what it is for |
|---|---|
"""


def pages() -> dict[str, str]:
    """Return the text of each page by its file name."""
    root = typer.main.get_command(app)
    commands: dict[str, click.Command] = getattr(root, "commands", {})
    index = HEAD
    found = {}
    for name in sorted(name for name, command in commands.items() if not command.hidden):
        index += f"| [{name}]({name}.md) | {commands[name].get_short_help_str(100)} |\n"
        shown = [_shown(words, each) for words, each in _leaves(commands[name], name)]
        for place, part in enumerate(_parts(shown), 1):
            title = f"# clearway {name}" + ("" if place == 1 else f", part {place}")
            file = f"{name}.md" if place == 1 else f"{name}-{place}.md"
            found[file] = "\n".join([f"{title}\n", *part])
    return {"README.md": index, **found}


def _parts(shown: list[str]) -> Iterator[list[str]]:
    """Yield as many commands at a time as one page may hold."""
    part: list[str] = []
    for each in shown:
        if sum(text.count("\n") + 1 for text in [*part, each]) > LONGEST:
            yield part
            part = []
        part.append(each)
    yield part


def _shown(words: str, command: click.Command) -> str:
    context = click.Context(command, info_name=words, terminal_width=100)
    return f"## {words}\n\n```text\n{command.get_help(context).strip()}\n```\n"


def _leaves(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    words = f"clearway {name}"
    children: dict[str, click.Command] = getattr(command, "commands", {})
    if not children:
        yield words, command
    for child in sorted(children):
        yield from _leaves(children[child], f"{name} {child}")


def main() -> None:
    """Write all pages; remove those of commands that are gone."""
    FOLDER.mkdir(exist_ok=True)
    wanted = pages()
    for stale in set(FOLDER.glob("*.md")) - {FOLDER / name for name in wanted}:
        stale.unlink()
    for name, text in wanted.items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    sys.stdout.write(f"{len(wanted)} pages in {FOLDER.relative_to(FOLDER.parents[1])}\n")


if __name__ == "__main__":
    main()
