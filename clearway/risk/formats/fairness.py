"""The fairness report as Markdown for people and as CSV for spreadsheets (TFA 7.4)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from clearway.risk.formats.cells import formulas_defused
from clearway.risk.intervals import Ratio, Share
from clearway.risk.monitor.fairness import LEVEL, Group, Report

_NAMES = {
    "origin": "Origin of the goods",
    "size": "Size of the trader (declarations in the period)",
    "declarant": "Declarant",
    "office": "Office",
}
COLUMNS = (
    "dimension", "group", "declarations", "selected", "selected_share", "selected_low",
    "selected_high", "ratio", "adjusted_ratio", "adjusted_low", "adjusted_high", "selected_p",
    "results", "found_share", "found_low", "found_high", "outcome_ratio", "outcome_low",
    "outcome_high", "outcome_p", "flagged",
)  # fmt: skip


def to_csv(report: Report) -> str:
    """Return one row a group; text that a spreadsheet would take for a formula is defused."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    for dimension, groups in report.groups.items():
        names = formulas_defused([one.name for one in groups])
        for one, name in zip(groups, names, strict=True):
            writer.writerow([dimension, name, *_values(one)])
    return buffer.getvalue()


def _values(one: Group) -> list[object]:
    return [
        one.declarations, one.selected.hits, one.selected.value, one.selected.low,
        one.selected.high, one.raw.value, one.adjusted.value, one.adjusted.low, one.adjusted.high,
        one.selected_p, one.found.count, one.found.value, one.found.low, one.found.high,
        one.outcome.value, one.outcome.low, one.outcome.high, one.outcome_p, one.is_flagged,
    ]  # fmt: skip


def to_markdown(report: Report) -> str:
    """Return the report in words and tables."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    yield "# Fairness of selection"
    yield ""
    yield (
        "The Agreement on Trade Facilitation, article 7.4.2, asks for risk management without"
        " arbitrary or unjustifiable discrimination. This report compares groups of"
        f" {report.declarations:,} declarations accepted from {report.since} to {report.until}."
    )
    yield ""
    yield from _verdict(report)
    for dimension, groups in report.groups.items():
        yield ""
        yield f"## {_NAMES[dimension]}"
        yield ""
        if not groups:
            yield "No group is large enough to be judged."
            continue
        yield "| group | declarations | selected | at equal risk | found | finds, to others | |"
        yield "|---|---|---|---|---|---|---|"
        for one in groups:
            yield _row(one)
    yield ""
    yield "## What these figures cannot say"
    yield ""
    yield from (f"- {text}" for text in report.limits)
    if not report.is_adjusted:
        yield "- No scores were known: groups are compared by office alone, not at equal risk."


def _verdict(report: Report) -> Iterator[str]:
    if not report.flags:
        yield (
            "No group is selected more often than others of the same risk while less is found in"
            f" it, beyond what chance explains ({LEVEL:.0%} over the groups of a table)."
        )
        return
    yield "These groups are selected more often at equal risk, and less is found in them:"
    yield ""
    for dimension, name in report.flags:
        yield f"- {_NAMES[dimension].lower()}: {_safe(name)}"
    yield ""
    yield "Look at the rules and profiles that select them; each must have a reason that holds."


def _row(one: Group) -> str:
    mark = "**look at it**" if one.is_flagged else ""
    return (
        f"| {_safe(one.name)} | {one.declarations:,} | {_share(one.selected)} |"
        f" {_ratio(one.adjusted)} | {_share(one.found)} | {_ratio(one.outcome)} | {mark} |"
    )


def _share(share: Share) -> str:
    if share.value is None:
        return "none judged"
    return f"{share.value:.1%} ({share.low:.1%} to {share.high:.1%})"


def _ratio(ratio: Ratio) -> str:
    if ratio.value is None:
        return "cannot be told"
    return f"{ratio.value:.2f} ({ratio.low:.2f} to {ratio.high:.2f})"


def _safe(text: str) -> str:
    """Return a name that cannot end its cell or bring in markup."""
    return "".join(" " if each in "|<>`[]*_\\\r\n" else each for each in text)[:80]
