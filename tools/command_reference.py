"""Print the reference of all commands, as their own help texts say it.

python -m tools.command_reference > docs/commands.md
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click
import typer

from clearway.cli.app import app

HEAD = """# Commands

What `--help` prints, for every command. `tools/command_reference.py` writes this page.

Exit codes: 0 done; 1 the answer is no; 2 wrong usage; 65 the input must be mended; 69 not available
now; 70 the node must stop; 77 not permitted.
"""


def reference() -> str:
    """Return the page."""
    root = typer.main.get_command(app)
    parts = [HEAD]
    for words, command in _commands(root, ("clearway",)):
        context = click.Context(command, info_name=" ".join(words), terminal_width=100)
        parts.append(f"## {' '.join(words)}\n\n```text\n{command.get_help(context).strip()}\n```\n")
    return "\n".join(parts)


def _commands(
    command: click.Command, words: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    children = getattr(command, "commands", {})
    if not children:
        yield words, command
    for name in sorted(children):
        yield from _commands(children[name], (*words, name))


if __name__ == "__main__":
    sys.stdout.write(reference())
