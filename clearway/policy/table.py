"""The permissions as a table for people; the README holds one, and a test compares the two."""

from __future__ import annotations

from clearway.policy.book import Book, Entry


def action_table(book: Book) -> str:
    """Return a Markdown table: action, roles that may (* under a condition), what forbids it."""
    lines = ["| action | who may | never, if |", "|---|---|---|"]
    for action in book.actions:
        roles = [_role(entry) for entry in book.permits(action)]
        forbids = sorted(e.id for e in book.entries.values() if _forbids(e, action))
        lines.append(f"| `{action}` | {', '.join(dict.fromkeys(roles))} | {', '.join(forbids)} |")
    return "\n".join(lines) + "\n"


def _role(entry: Entry) -> str:
    return entry.role.replace("_", " ") + ("*" if entry.needs else "")


def _forbids(entry: Entry, action: str) -> bool:
    """Return whether a forbid names the action; those of every action are told below the table."""
    return not entry.is_permit and action in entry.actions
