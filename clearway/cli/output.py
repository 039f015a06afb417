"""How commands print: tables for people, JSON for machines, errors with the way out.

Exit codes: 0 done; 1 the answer is no (evidence does not hold, tables differ, a check failed);
2 wrong usage; 3 not decided yet (cosignatures pending, not to be known offline); 65 the input must
be mended; 69 not available now, try later; 70 the node must stop; 77 not permitted.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import Any

from clearway import errors

EXIT_NO = 1
EXIT_INPUT = 65
EXIT_UNAVAILABLE = 69
EXIT_STOP = 70
EXIT_NOT_PERMITTED = 77


def emit(value: Any) -> None:
    """Print a value as one JSON document."""
    from clearway.ledger.fact import encode

    sys.stdout.write(encode(value).decode() + "\n")


def say(text: str = "") -> None:
    """Print a line for people, with rich markup; never broken, so that it can be copied."""
    console().print(text, soft_wrap=True, highlight=False)


def plain(value: object) -> str:
    """Return a stranger's text as `say` must get it: its brackets are no markup."""
    from rich.markup import escape

    return escape(str(value))


def console() -> Any:
    """Return the terminal (rich)."""
    from rich.console import Console

    found = Console()
    # A pipe has no width: whatever reads it wants whole lines.
    return found if found.is_terminal else Console(width=200)


_OF_MESSAGES = (errors.InputError, errors.MalformedMessage, errors.RuleViolation)


def show_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print a table for people; long cells go on below, nothing of them is left out."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left", header_style="bold")
    for column in columns:
        table.add_column(Text(column), overflow="fold")
    for row in rows:
        table.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    console().print(table)


def show_findings(name: str, rows: Sequence[Sequence[Any]]) -> None:
    """Print what rules found in a message, or that they found nothing."""
    if rows:
        show_table(name, ("level", "rule", "field", "what"), rows)
    else:
        say(f"{plain(name)}: no rule finds anything to mend.")


def exit_code(error: errors.ClearwayError) -> int:
    """Return the stated exit code of an error."""
    if isinstance(error, errors.VerificationError):
        return EXIT_NO
    if isinstance(error, errors.MustStop):
        return EXIT_STOP
    if isinstance(error, errors.TryLater):
        return EXIT_UNAVAILABLE
    if isinstance(error, errors.Refused | errors.NotAuthenticated):
        return EXIT_NOT_PERMITTED
    return EXIT_INPUT


def report(error: errors.ClearwayError, *, as_json: bool) -> int:
    """Print an error on standard error and return the exit code."""
    if as_json:
        from clearway.ledger.fact import encode

        problem: dict[str, Any] = {"code": error.code, "title": error.title, "detail": error.detail}
        if findings := getattr(error, "findings", ()):
            problem["findings"] = findings
        sys.stderr.write(encode(problem).decode() + "\n")
    else:
        # The general title speaks of messages; here the sentence stands better alone.
        head = "" if type(error) in _OF_MESSAGES else f"{error.title}: "
        sys.stderr.write(f"{head}{error.detail}\n")
        for finding in getattr(error, "findings", ()):
            sys.stderr.write(f"  {finding.code} {finding.field}: {finding.message}\n")
    return exit_code(error)
